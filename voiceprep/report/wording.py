"""How numbers, times and judgements are worded; shared by every report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voiceprep.clauses import sentences

if TYPE_CHECKING:
    from voiceprep.analysis import PointCoverage
    from voiceprep.measured import Detector


def clock(time_s: float) -> str:
    """Return a moment as minutes and seconds, "1:07"."""
    whole = int(time_s + 0.5)
    return f"{whole // 60}:{whole % 60:02d}"


def duration(time_s: float) -> str:
    """Return a length of time in words, "48 s" or "2 min 05 s"."""
    whole = int(time_s + 0.5)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, "1 pause", "3 pauses"."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def percent(share: float) -> str:
    """Return a share of 1 as a whole percentage."""
    return f"{round(100 * share)} %"


def trust(detector: Detector) -> str:
    """Say how far a count of a detector can be trusted."""
    found, right = detector.recall, detector.precision
    return (
        f"measured: {percent(found.value)} of them found "
        f"({100 * found.low:.0f} to {100 * found.high:.0f}), "
        f"{percent(right.value)} of those found real "
        f"({100 * right.low:.0f} to {100 * right.high:.0f})"
    )


def against_band(value: float, band: tuple[float, float]) -> str:
    """Say where a value lies: inside the band, below it or above it."""
    low, high = band
    where = "below" if value < low else "above" if value > high else "within"
    return f"{where} {low:g} to {high:g}"


def sample_sentence(point: PointCoverage, sample_answer: str) -> str:
    """Return the sentence of the sample answer that shares most words with a key point."""
    wanted = _stems(point.text)
    texts = [sample_answer[a:b].strip() for a, b in sentences(sample_answer)]
    return max(texts, key=lambda t: len(wanted & _stems(t)), default="")


def _stems(text: str) -> set[str]:
    """Return the longer words of a text, cut to five letters so that endings do not count."""
    return {w.strip(".,;:?!'’\"()").lower()[:5] for w in text.split() if len(w) > 3}
