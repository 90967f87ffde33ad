"""What is done about a window that the decoder does not write down whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from voiceprep.audio import SAMPLE_RATE
from voiceprep.recognition.decoding import Alignment, Encoded, Hypothesis
from voiceprep.recognition.recognizer import HALVED_S, recognise
from voiceprep.recognition.voice_activity import FRAME
from voiceprep.recognition.windows import Window
from voiceprep.transcript import Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voiceprep.audio import Samples

PAUSE_S = 9.0
"""Where the speech of the window below pauses."""


class ShortOfBreath:
    """Writes one word a second, but nothing where it is given more than `most_s`."""

    verbatim = True

    def __init__(self, most_s: float) -> None:
        self.most_s = most_s
        self.read: list[float] = []

    def encode(self, samples: Samples, *, full: bool = False) -> Encoded:
        del full
        self.read.append(len(samples) / SAMPLE_RATE)
        return Encoded(samples, len(samples) // 160)

    def decode(self, encoded: Sequence[Encoded], *, unlooped: bool = False) -> list[Hypothesis]:
        del unlooped
        lengths = [len(one.output) / SAMPLE_RATE for one in encoded]
        return [
            Hypothesis(tuple(range(int(s))) if s <= self.most_s else (), "", -0.2, 0.1)
            for s in lengths
        ]

    def align(self, encoded: Encoded, hypothesis: Hypothesis) -> Alignment:
        del encoded
        words = tuple(Word(f" word{i}", i + 0.1, i + 0.8, 0.9) for i in hypothesis.tokens)
        return Alignment(words, (0.9,) * len(words))


def window(seconds: float) -> Window:
    frames = int(seconds * SAMPLE_RATE) // FRAME
    activity = np.full(frames, 0.99, np.float32)
    pause = int(PAUSE_S * SAMPLE_RATE) // FRAME
    activity[pause : pause + 8] = 0.01
    return Window(np.zeros(frames * FRAME, np.float32), activity, ((0, 0),))


def starts(recognizer: Any, seconds: float) -> list[float]:
    (words,) = recognise(recognizer, [window(seconds)])
    return [word.start for word in words]


def test_a_stretch_that_is_missed_twice_is_read_in_halves() -> None:
    recognizer = ShortOfBreath(most_s=13)
    found = starts(recognizer, 20)
    assert len(found) >= 18
    assert found == sorted(found)
    assert recognizer.read[:2] == pytest.approx([20, 20], abs=0.05)
    assert recognizer.read[2] == pytest.approx(PAUSE_S, abs=0.3)


def test_what_is_written_down_whole_is_read_once() -> None:
    recognizer = ShortOfBreath(most_s=30)
    assert len(starts(recognizer, 20)) == 20
    assert len(recognizer.read) == 1


def test_a_short_stretch_without_words_is_left_alone() -> None:
    recognizer = ShortOfBreath(most_s=0)
    assert starts(recognizer, HALVED_S - 0.5) == []
    assert len(recognizer.read) == 2
