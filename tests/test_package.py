"""The shape of the package: every module has a layer, and imports point down."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import voiceprep

PACKAGE = Path(voiceprep.__file__).parent

LAYERS: dict[str, int] = {}
for layer, names in enumerate(
    [
        "errors measured atomic",
        "audio transcript questions clauses model_server machine",
        "analysis settings keys interruption language_model",
        "session sound fillers delivery recognition entailment keypoints passages",
        "readings",
        "banks store coverage assessment",
        "judge history",
        "report",
        "engines live doctor",
        "files",
        "listening",
        "interview",
        "cli",
        "__main__",
    ]
):
    LAYERS.update(dict.fromkeys(names.split(), layer))

ENGINES = {
    "sounddevice",
    "pyttsx3",
    "faster_whisper",
    "ctranslate2",
    "onnxruntime",
    "av",
    "llama_cpp",
}
ENGINE_ROOMS = {
    "sounddevice": {"devices"},
    "pyttsx3": {"synthesis"},
    "faster_whisper": {"decoding", "models", "voice_activity", "transcriber", "hesitations"},
    "av": {"audio", "mp3"},
    "llama_cpp": {"language_model"},
}


def room(path: Path) -> str:
    """Return the room that a module belongs to: its first folder, or itself."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def modules() -> list[Path]:
    return [p for p in sorted(PACKAGE.rglob("*.py")) if p != PACKAGE / "__init__.py"]


def imports(path: Path) -> set[str]:
    """Return every module imported anywhere in a file, types included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            if node.module == "voiceprep":
                found |= {f"voiceprep.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    own = room(path)
    assert own in LAYERS, f"{own} has no layer"
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "voiceprep" and len(parts) > 1 and parts[1] in LAYERS:
            other = parts[1]
            assert other == own or LAYERS[other] < LAYERS[own], f"{own} imports {other}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_engine_rooms_touch_engines(path: Path) -> None:
    for name in imports(path):
        allowed = ENGINE_ROOMS.get(name.split(".")[0])
        assert allowed is None or path.stem in allowed


def test_the_command_line_loads_no_engine() -> None:
    code = "import sys, voiceprep.cli; print(' '.join(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded = {name.split(".")[0] for name in run.stdout.split()}
    assert not loaded & (ENGINES | {"numpy", "rich"})
