from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from voiceprep.recognition.lanes import BATCH, Lanes
from voiceprep.recognition.windows import Window
from voiceprep.transcript import Word

if TYPE_CHECKING:
    from collections.abc import Sequence


def window(number: int) -> Window:
    """Return a window that says its number by where it begins."""
    return Window(np.zeros(0, np.float32), np.zeros(0, np.float32), ((0, number),))


class Recording:
    """An owner that keeps what it is given."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def deliver(self, words: Sequence[Word]) -> None:
        self.words += [word.text for word in words]


class Numbering:
    """A recogniser that hears the number of a window, the later batches sooner."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self._second = threading.Event()

    def __call__(self, windows: Sequence[Window]) -> list[tuple[Word, ...]]:
        self.batches.append(len(windows))
        if len(self.batches) == 1:
            self._second.wait(0.2)
        else:
            self._second.set()
        return [(Word(str(w.origins[0][1]), 0, 0, 1),) for w in windows]


@pytest.mark.parametrize("count", [0, 1, BATCH, 2 * BATCH + 3, 9 * BATCH])
@pytest.mark.parametrize("lanes", [1, 2])
def test_words_come_back_in_order(count: int, lanes: int) -> None:
    recording, recognise = Recording(), Numbering()
    with Lanes(recognise, lanes) as running:
        for number in range(count):
            running.put(recording, window(number))
        running.drain()
    assert recording.words == [str(number) for number in range(count)]
    assert all(size <= BATCH for size in recognise.batches)


def test_what_is_left_is_shared_among_the_lanes() -> None:
    recognise = Numbering()
    with Lanes(recognise, 2) as running:
        for number in range(3):
            running.put(Recording(), window(number))
        running.drain()
    assert sorted(recognise.batches) == [1, 2]


def test_windows_of_several_recordings_go_to_their_own() -> None:
    first, second = Recording(), Recording()
    with Lanes(Numbering(), 2) as running:
        for number in range(7):
            running.put((first, second)[number % 2], window(number))
        running.drain()
    assert first.words == ["0", "2", "4", "6"]
    assert second.words == ["1", "3", "5"]


def test_an_error_is_raised_where_it_is_waited_for() -> None:
    def broken(windows: Sequence[Window]) -> list[tuple[Word, ...]]:
        raise RuntimeError("no model")

    with Lanes(broken, 1) as running:
        running.put(Recording(), window(0))
        with pytest.raises(RuntimeError, match="no model"):
            running.drain()
