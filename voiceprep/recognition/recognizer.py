"""Recognition: windows of sound to words that the sound bears out.

Whisper sometimes ends a window early, skips a sentence inside it, loops, or writes
words over noise. Voice activity tells each of these: speech that no word covers is
decoded once more on its own, and words without a sound behind them are dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from voiceprep.recognition.decoding import loops
from voiceprep.recognition.hesitations import find_hesitations
from voiceprep.recognition.hesitations.support import WindowEvidence
from voiceprep.recognition.hesitations.words import insert
from voiceprep.recognition.voice_activity import FRAME, FRAME_SECONDS, SPEECH_THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from voiceprep.recognition.decoding import Encoded, Hypothesis, Recognizer
    from voiceprep.recognition.voice_activity import Probabilities
    from voiceprep.recognition.windows import Window
    from voiceprep.transcript import Word

RETRIES = (False, True)
"""A window that looks wrong is decoded twice more in full length, the second time without
repeating anything."""

REPAIRS = 3
"""How often what is still missed is looked at again."""

HALVED_S, PAUSE_FRAMES = 4.0, 5
"""A stretch at least this long is parted where it is still missed, in a pause of about so
many frames."""

MISSED_SPEECH_S = 1.0
"""Speech without words that is worth another look."""

HEARD_THRESHOLD = 0.3
"""Speech probability of a frame that can belong to a word."""

_BASE_WORD_S, _CHARACTER_S = 0.4, 0.08
"""A plausible longest duration: slow speech takes about 0.08 s a letter."""

LEAST_TRUST, LEAST_TRUST_UNCLEAR = -1.05, -0.75
"""Mean log probability less probability of no speech: below, Whisper writes over noise.
Read and spontaneous speech gave -0.9 and more, an office and a fan -1.2 and less."""

CLEAR_PEAK, CLEAR_S = 0.95, 0.2
"""Clear speech reaches this probability, and is above a half for this long."""

_INNER_GAP_S = 0.2
"""A stop consonant is silent for up to this long inside a word."""

RUSHED_WORDS, RUSHED_S = 3, 0.2
"""Nobody says this many words in this time; a decoder that repeats itself does."""

SHORTEST_WORD_S = 0.12
"""Nobody says a word and begins it again within this."""

DOUBTFUL = 0.5
"""Probability below which a word needs a sound behind it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A window with its words; times are seconds of the window.

    `tokens` were written by the decoder, which finds each as likely as
    `token_probabilities` say; some of the words may since have been dropped or added.
    """

    window: Window
    encoded: Encoded
    words: tuple[Word, ...]
    tokens: tuple[int, ...] = ()
    token_probabilities: tuple[float, ...] = ()


def recognise(recognizer: Recognizer, windows: Sequence[Window]) -> list[tuple[Word, ...]]:
    """Return what was said in each window of a batch; times are those of the recording.

    Hesitations are included.
    """
    encoded = [recognizer.encode(window.samples) for window in windows]
    hypotheses = recognizer.decode(encoded)
    return [
        _recognised(recognizer, *first)
        for first in zip(windows, encoded, hypotheses, strict=True)
    ]


def _recognised(
    recognizer: Recognizer, window: Window, encoded: Encoded, hypothesis: Hypothesis
) -> tuple[Word, ...]:
    heard = _repair(recognizer, _checked(recognizer, window, encoded, hypothesis))
    return _placed(window, _verbatim(recognizer, heard))


def _verbatim(recognizer: Recognizer, heard: Heard) -> tuple[Word, ...]:
    """Return the words with the hesitations that Whisper leaves out."""
    if recognizer.verbatim:
        return heard.words
    evidence = WindowEvidence(
        heard.window.samples,
        heard.encoded.output,
        recognizer.model,
        recognizer.tokenizer,
        heard.tokens,
        heard.token_probabilities,
    )
    return insert(heard.words, find_hesitations(evidence, heard.words))


def _placed(window: Window, words: Sequence[Word]) -> tuple[Word, ...]:
    """Return words with times of the recording."""
    return tuple(
        replace(
            word,
            start=window.time_of(word.start),
            end=window.time_of(word.end, is_end=True),
        )
        for word in words
    )


def _decode(recognizer: Recognizer, window: Window) -> Heard:
    """Decode a window by itself."""
    encoded = recognizer.encode(window.samples)
    (hypothesis,) = recognizer.decode([encoded])
    return _checked(recognizer, window, encoded, hypothesis)


def _checked(
    recognizer: Recognizer,
    window: Window,
    encoded: Encoded,
    hypothesis: Hypothesis,
    retries: Sequence[bool] = RETRIES,
) -> Heard:
    """Return the words of a window; what looks wrong is decoded again, with more effort."""
    if _made_up(hypothesis, window.activity):
        return Heard(window, encoded, ())
    aligned = recognizer.align(encoded, hypothesis)
    if retries and (loops(hypothesis) or _rushes(aligned.words)):
        encoded = recognizer.encode(window.samples, full=True)
        (hypothesis,) = recognizer.decode([encoded], unlooped=retries[0])
        return _checked(recognizer, window, encoded, hypothesis, retries[1:])
    words = _borne_out(aligned.words, window.activity)
    return Heard(window, encoded, words, hypothesis.tokens, aligned.token_probabilities)


def _made_up(hypothesis: Hypothesis, activity: Probabilities) -> bool:
    """Return whether a text is what Whisper writes over noise."""
    clear = (
        activity.max() >= CLEAR_PEAK
        and (activity >= SPEECH_THRESHOLD).sum() * FRAME_SECONDS >= CLEAR_S
    )
    trust = hypothesis.log_probability - hypothesis.no_speech
    return trust < (LEAST_TRUST if clear else LEAST_TRUST_UNCLEAR)


def _rushes(words: Sequence[Word]) -> bool:
    """Return whether words follow each other faster than anyone speaks."""
    return any(
        last.end - first.start < RUSHED_S
        for first, last in zip(words, words[RUSHED_WORDS - 1 :], strict=False)
    )


def _repair(recognizer: Recognizer, heard: Heard, attempts: int = REPAIRS) -> Heard:
    """Decode missed stretches again, and take what is found where it says more."""
    words: list[Word] = []
    position = 0
    for first, last, start, end in _missed(heard) if attempts else ():
        found = _second_look(recognizer, heard.window, start, end, attempts)
        replaced = heard.words[first:last]
        if len(found) > len(replaced):
            replaced = found
        words.extend((*heard.words[position:first], *replaced))
        position = last
    return replace(heard, words=(*words, *heard.words[position:]))


def _second_look(
    recognizer: Recognizer, window: Window, start: float, end: float, attempts: int
) -> tuple[Word, ...]:
    """Return the words of a stretch decoded by itself; without any it is taken in halves.

    Now and then the decoder ends a long stretch of clear speech after a word or two, and
    says all of it when it begins elsewhere.
    """
    offset, piece = _cut(window, start, end)
    found = _decode(recognizer, piece)
    if found.words:
        words = _repair(recognizer, found, attempts - 1).words
        return tuple(replace(w, start=w.start + offset, end=w.end + offset) for w in words)
    if attempts <= 1 or piece.seconds < HALVED_S:
        return ()
    middle = offset + _quietest(piece)
    return (
        *_second_look(recognizer, window, start, middle, attempts - 1),
        *_second_look(recognizer, window, middle, end, attempts - 1),
    )


def _quietest(window: Window) -> float:
    """Return the second in the middle half of a window that holds the least speech."""
    quarter = len(window.activity) // 4
    middle = np.convolve(window.activity, np.ones(PAUSE_FRAMES), "same")[quarter:-quarter]
    return (quarter + int(np.argmin(middle))) * FRAME_SECONDS


def _missed(heard: Heard) -> Iterator[tuple[int, int, float, float]]:
    """Yield (first word, end word, start, end) of stretches with more speech than words."""
    words, activity = heard.words, heard.window.activity
    edges = [0.0, *(w.end for w in words)], [*(w.start for w in words), heard.window.seconds]
    stretches: list[tuple[int, int, float, float]] = []
    for i, (start, end) in enumerate(zip(*edges, strict=True)):
        if end > start:
            stretches.append((i, i, start, end))
        if i < len(words) and words[i].end - words[i].start > _longest(words[i]):
            stretches.append((i, i + 1, words[i].start, words[i].end))
    for first, last, start, end in _joined(stretches):
        spoken = _speech_in(activity, start, end)
        explained = sum(_longest(w) for w in words[first:last])
        if spoken - explained >= MISSED_SPEECH_S:
            yield first, last, start, end


def _joined(
    stretches: list[tuple[int, int, float, float]],
) -> list[tuple[int, int, float, float]]:
    """Join stretches that touch."""
    joined: list[tuple[int, int, float, float]] = []
    for stretch in stretches:
        if joined and joined[-1][1] == stretch[0] and joined[-1][3] >= stretch[2]:
            joined[-1] = (joined[-1][0], stretch[1], joined[-1][2], stretch[3])
        else:
            joined.append(stretch)
    return joined


def _longest(word: Word) -> float:
    return _BASE_WORD_S + _CHARACTER_S * len(word.text.strip())


def _speech_in(activity: Probabilities, start: float, end: float) -> float:
    """Return the seconds of speech from `start` to `end`."""
    inside = activity[round(start / FRAME_SECONDS) : round(end / FRAME_SECONDS)]
    return float((inside >= SPEECH_THRESHOLD).sum()) * FRAME_SECONDS


def _cut(window: Window, start: float, end: float) -> tuple[float, Window]:
    """Return a stretch of a window as a window, and the second at which it begins."""
    first = max(round(start / FRAME_SECONDS), 0)
    last = min(round(end / FRAME_SECONDS), len(window.activity))
    return first * FRAME_SECONDS, replace(
        window,
        samples=window.samples[first * FRAME : last * FRAME],
        activity=window.activity[first:last],
    )


def _borne_out(words: Sequence[Word], activity: Probabilities) -> tuple[Word, ...]:
    """Return the words that have a sound of their own, with times drawn close around it."""
    words = [w for i, w in enumerate(words) if not (i and _stutters(words[i - 1], w))]
    return tuple(tight for word in words if (tight := _tightened(word, activity)) is not None)


def _stutters(before: Word, word: Word) -> bool:
    """Return whether a word only repeats the one before it, faster than anyone speaks."""
    return (
        word.text.strip().lower() == before.text.strip().lower()
        and word.start - before.start < SHORTEST_WORD_S
    )


def _tightened(word: Word, activity: Probabilities) -> Word | None:
    """Draw a word's times to its longest run of sound; None if there is none to a guess."""
    first = int(word.start / FRAME_SECONDS)
    last = max(int(np.ceil(word.end / FRAME_SECONDS)), first + 1)
    loud = first + np.flatnonzero(activity[first:last] >= HEARD_THRESHOLD)
    if not len(loud):
        return word if word.probability >= DOUBTFUL else None
    breaks = np.flatnonzero(np.diff(loud) * FRAME_SECONDS > _INNER_GAP_S) + 1
    bounds = [0, *(int(b) for b in breaks), len(loud)]
    start, stop = max(pairwise(bounds), key=lambda b: b[1] - b[0])
    return replace(
        word,
        start=max(word.start, float(loud[start]) * FRAME_SECONDS),
        end=min(word.end, float(loud[stop - 1] + 1) * FRAME_SECONDS),
    )
