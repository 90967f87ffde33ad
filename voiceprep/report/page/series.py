"""The numbers behind the pictures: pace along an answer, measures along sessions."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING

from voiceprep import delivery

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from voiceprep.session import Answer, Session
    from voiceprep.transcript import Transcript

WINDOW_S = 10.0
"""Stretch of an answer over which its pace is counted: two or three sentences, so that
one long word does not swing it and a rush through one thought still shows."""

STEP_S = 2.5
"""From one window to the next."""

MOST_SESSIONS = 20
"""Sessions that a picture of progress reaches back."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The pace around a moment, both in seconds and words a minute."""

    at_s: float
    wpm: float


def pace_along(transcript: Transcript) -> tuple[Stretch, ...]:
    """Return the pace in windows that slide from the first word to the last.

    Hesitations are no words, as everywhere. Empty for an answer shorter than two
    windows, which has no course to speak of.
    """
    words = transcript.words
    if not words or words[-1].end - words[0].start < 2 * WINDOW_S:
        return ()
    middles = _spoken_at(transcript)
    first, last = words[0].start, words[-1].end
    count = int((last - first - WINDOW_S) / STEP_S) + 1
    starts = [first + i * STEP_S for i in range(count)]
    if last - WINDOW_S - starts[-1] > STEP_S / 4:
        starts.append(last - WINDOW_S)
    return tuple(Stretch(s + WINDOW_S / 2, _rate(middles, s)) for s in starts)


def _rate(middles: Sequence[float], start_s: float) -> float:
    said = sum(start_s <= m < start_s + WINDOW_S for m in middles)
    return 60 * said / WINDOW_S


def _spoken_at(transcript: Transcript) -> tuple[float, ...]:
    """Return the middle of every word that counts as one, in seconds."""
    hesitations = [f for f in transcript.fillers if f.kind == "hesitation"]
    left_out = {f.char_start for f in hesitations}
    pairs = zip(transcript.words, transcript.word_spans(), strict=True)
    return tuple(
        (word.start + word.end) / 2
        for word, (start, _) in pairs
        if start not in left_out and delivery.count_words(word.text)
    )


@dataclass(frozen=True, slots=True)
class Measures:
    """A session in three numbers; None where it gives none.

    Rates are over all its answers together, `coverage` is the mean score (0 to 1).
    """

    id: str
    started: datetime
    fillers_per_minute: float | None
    wpm: float | None
    coverage: float | None


def measures(session: Session) -> Measures:
    """Return a session's numbers, answers weighted by how long they are."""
    scores = [a.analysis.coverage.score for a in session.answers if a.analysis.coverage]
    return Measures(
        session.id,
        session.started,
        _fillers_per_minute(session.answers),
        _words_per_minute(session.answers),
        mean(scores) if scores else None,
    )


def measures_along(session: Session, history: Iterable[Session]) -> tuple[Measures, ...]:
    """Return the numbers of this session and of the ones before it, oldest first."""
    others = [
        s
        for s in history
        if s.answers
        and s.id != session.id
        and (s.started, s.id) < (session.started, session.id)
    ]
    others.sort(key=lambda s: (s.started, s.id))
    return tuple(measures(s) for s in (*others[1 - MOST_SESSIONS :], session))


def _fillers_per_minute(answers: Iterable[Answer]) -> float | None:
    timed = [a.analysis for a in answers if a.analysis.filler_rate.per_minute is not None]
    minutes = sum(a.length.seconds or 0.0 for a in timed) / 60
    return sum(len(a.fillers) for a in timed) / minutes if minutes else None


def _words_per_minute(answers: Iterable[Answer]) -> float | None:
    """Return the mean pace, each answer weighted by its words' time."""
    paced = [(a.analysis.length.words, a.analysis.pace.wpm) for a in answers]
    known = [(words, wpm) for words, wpm in paced if words and wpm]
    minutes = sum(words / wpm for words, wpm in known)
    return sum(words for words, _ in known) / minutes if minutes else None
