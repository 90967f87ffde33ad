"""What several test modules need: recordings, a home of its own, a transcript by hand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from voiceprep.transcript import Segment, Transcript, Word

pytest_plugins = ["tests.sound_card"]

if TYPE_CHECKING:
    from collections.abc import Generator

ROOT = Path(__file__).resolve().parent.parent
ANSWERS = ROOT / "fixtures" / "answers"
RECORDINGS = ROOT.parent / "shared" / "speech"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep sessions and settings of a test away from those of the user."""
    home = tmp_path / "home"
    monkeypatch.setenv("VOICEPREP_HOME", str(home))
    monkeypatch.setenv("VOICEPREP_SETTINGS", str(tmp_path / "settings.toml"))
    monkeypatch.setenv("VOICEPREP_BANKS", str(tmp_path / "banks"))
    return home


@pytest.fixture
def recordings() -> Path:
    """Return the folder of real human recordings."""
    if not RECORDINGS.is_dir():
        pytest.skip("the recordings of real speech are not part of the project")
    return RECORDINGS


def transcript_of(*words: tuple[str, float, float], duration: float) -> Transcript:
    """Return a transcript of (word, start, end) rows."""
    timed = [Word(f" {text}", start, end, 0.9) for text, start, end in words]
    segments = [Segment.of(timed)] if timed else []
    return Transcript.from_segments(segments, duration=duration)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where every part is there, a test that skips for want of one has failed."""
    report = yield
    if report.skipped and os.environ.get("VOICEPREP_NO_SKIP") and _needs_a_part(item):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be: {report.longrepr}"
    return report


def _needs_a_part(item: pytest.Item) -> bool:
    return any(
        item.get_closest_marker(name) for name in ("weights", "sound", "browser", "shared")
    )
