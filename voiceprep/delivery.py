"""How an answer was delivered: its length, its pace and its silent pauses."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from typing import TYPE_CHECKING

from voiceprep.analysis import FillerRate, Length, Pace, Pause, Rate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from voiceprep.transcript import Filler, Transcript, Word

PAUSE_S = 1.0
"""Silence within an answer that a listener notices as a pause and that is listed."""

ARTICULATION_GAP_S = 0.25
"""Silence that is left out of the speech time when the articulation rate is taken:
the threshold that de Jong & Bosker (2013, "Choosing a threshold for silent pauses to
measure second language fluency") found best."""

PACE_BAND_WPM = (110, 170)
"""Words a minute at which prepared English speech is followed with ease: the National
Center for Voice and Speech puts the average of American English conversation at about
150, and audio books are read at 150 to 160; the band allows for slower and faster."""

FILLERS_PER_MINUTE_BAND = (1, 5)
"""Zandan (2018, Harvard Business Review, "How to Stop Saying 'Um', 'Ah' and 'You Know'"):
about one filler a minute goes unnoticed, the average speaker has five."""

SHORTEST_RATED_S = 5.0
"""Below this a rate per minute says more about the clock than about the speaker."""

_SPOKEN = re.compile(r"\w+(?:['’.,\-]\w+)*", re.UNICODE)


def count_words(text: str, hesitations: Iterable[Filler] = ()) -> int:
    """Return how many words were said, hesitations apart; a hyphenated word is one."""
    left_out = {f.char_start for f in hesitations if f.kind == "hesitation"}
    return sum(match.start() not in left_out for match in _SPOKEN.finditer(text))


def length(transcript: Transcript, fillers: Iterable[Filler] = ()) -> Length:
    """Return how long the answer was; both times are None without word times."""
    return Length(
        count_words(transcript.text, fillers),
        transcript.duration,
        speech_seconds(transcript),
    )


def speech_seconds(transcript: Transcript) -> float | None:
    """Return the seconds of speech: from first to last word, silences of 0.25 s up left out."""
    if transcript.duration is None:
        return None
    words = transcript.words
    if not words:
        return 0.0
    gaps = sum(p.seconds for p in silences(words, ARTICULATION_GAP_S))
    return round(max(words[-1].end - words[0].start - gaps, 0.0), 3)


def pauses(transcript: Transcript) -> tuple[Pause, ...]:
    """Return the silent pauses of a second and more inside the answer."""
    return silences(transcript.words, PAUSE_S)


def silences(words: Sequence[Word], shortest_s: float) -> tuple[Pause, ...]:
    """Return the silences between words that last at least `shortest_s`."""
    found = []
    for before, after in itertools.pairwise(words):
        gap = after.start - before.end
        if gap >= shortest_s:
            found.append(Pause(before.end, after.start, round(gap, 3)))
    return tuple(found)


def pace(measured: Length, transcript: Transcript) -> Pace:
    """Return words a minute over the answer (first to last word) and over speech alone.

    Both are None without times and for an answer too short to have a pace.
    """
    words = transcript.words
    if not words or measured.speech_seconds is None:
        return Pace(None, None)
    span = words[-1].end - words[0].start
    return Pace(
        _per_minute(measured.words, span), _per_minute(measured.words, measured.speech_seconds)
    )


def filler_rate(
    fillers: Sequence[Filler], silent: Sequence[Pause], measured: Length
) -> FillerRate:
    """Return how often hesitations, discourse markers and silent pauses came, each apart.

    Per minute of the recording and per 100 words.
    """
    counts = Counter(f.kind for f in fillers)
    both = _rate(len(fillers), measured)
    return FillerRate(
        both.per_minute,
        both.per_100_words,
        _rate(counts["hesitation"], measured),
        _rate(counts["discourse"], measured),
        _rate(len(silent), measured),
    )


def _rate(count: int, measured: Length) -> Rate:
    per_100 = round(100 * count / measured.words, 1) if measured.words else None
    return Rate(count, _per_minute(count, measured.seconds), per_100)


def _per_minute(count: int, time_s: float | None) -> float | None:
    if time_s is None or time_s < SHORTEST_RATED_S:
        return None
    return round(60 * count / time_s, 1)
