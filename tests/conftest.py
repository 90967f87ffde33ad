"""What several test modules need: recordings, a home of its own, a transcript by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from voiceprep.transcript import Segment, Transcript, Word

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
