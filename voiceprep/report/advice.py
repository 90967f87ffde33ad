"""One concrete thing to try next: the most useful one that the numbers name."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from voiceprep.delivery import FILLERS_PER_MINUTE_BAND
from voiceprep.report.wording import clock, counted, sample_sentence

if TYPE_CHECKING:
    from voiceprep.analysis import Analysis, PointCoverage

LONG_PAUSE_S = 4.0
"""A silence that an interviewer may take for the end of the answer."""


def advice(
    analysis: Analysis, sample_answer: str | None, pace_band: tuple[float, float]
) -> str:
    """Return one sentence or two on what to change in the next attempt.

    What was not said comes first, then fillers, then pace, then pauses.
    """
    if not analysis.length.words:
        return (
            "Nothing was heard. Check the microphone with `voiceprep doctor`, then try again."
        )
    missed = _first_missed(analysis)
    tried = (
        (missed and _say(missed, sample_answer))
        or _fillers(analysis)
        or _pace(analysis, pace_band)
        or _pauses(analysis)
    )
    return tried or "Nothing stands out. Say it once more without looking at the key points."


def _first_missed(analysis: Analysis) -> PointCoverage | None:
    """Return the first point not spoken of; one that was denied is the person's own word."""
    points = analysis.coverage.points if analysis.coverage else ()
    return next((p for p in points if p.status == "missed" and not p.denied), None)


def _say(point: PointCoverage, sample_answer: str | None) -> str:
    sentence = sample_sentence(point, sample_answer) if sample_answer else ""
    example = f" The sample answer puts it so: “{sentence}”" if sentence else ""
    return f"Add one sentence of your own on this: {point.text}.{example}"


def _fillers(analysis: Analysis) -> str | None:
    rate = analysis.filler_rate.per_minute
    if rate is None or rate <= FILLERS_PER_MINUTE_BAND[1]:
        return None
    commonest, times = Counter(f.text.lower() for f in analysis.fillers).most_common(1)[0]
    return (
        f"Where “{commonest}” would come ({counted(times, 'time')} in this answer), "
        "close your mouth and let the pause stand."
    )


def _pace(analysis: Analysis, band: tuple[float, float]) -> str | None:
    wpm = analysis.pace.wpm
    if wpm is None or band[0] <= wpm <= band[1]:
        return None
    if wpm > band[1]:
        return f"Slow down: {wpm:.0f} words a minute. Stop for a breath after each key point."
    return f"Pick up the pace: {wpm:.0f} words a minute. Note three key words before you start."


def _pauses(analysis: Analysis) -> str | None:
    longest = max(analysis.pauses, key=lambda p: p.seconds, default=None)
    if longest is None or longest.seconds < LONG_PAUSE_S:
        return None
    return (
        f"At {clock(longest.start)} there are {longest.seconds:.0f} s of silence. "
        "Say “let me think about that” and take the time openly."
    )
