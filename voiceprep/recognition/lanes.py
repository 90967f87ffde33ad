"""Lanes: windows of any number of recordings, recognised side by side.

Each lane is a thread with a core of its own. The matrices of one window are too small
to gain much from several cores, and decoding several windows as one batch costs a CPU
as much as decoding them one by one; so independent windows on independent cores are
the fastest there is. Words come back in the order in which windows were put in.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from voiceprep.recognition.windows import Window
    from voiceprep.transcript import Word

WAITING = 4
"""Windows a lane that may be under way, so that memory stays bounded."""


class Owner(Protocol):
    """Whoever put a window in and is given its words."""

    def deliver(self, words: Sequence[Word]) -> None:
        """Take the words of the next window."""


class Lanes:
    """A queue of windows, worked on by some threads."""

    def __init__(self, recognise: Callable[[Window], tuple[Word, ...]], lanes: int) -> None:
        """Work in `lanes` threads."""
        self._recognise = recognise
        self._most = lanes * WAITING
        self._pool = ThreadPoolExecutor(lanes, thread_name_prefix="recognition")
        self._running: deque[tuple[Owner, Future[tuple[Word, ...]]]] = deque()

    def put(self, owner: Owner, window: Window) -> None:
        """Take a window; waits while too many are under way."""
        self._running.append((owner, self._pool.submit(self._recognise, window)))
        self._deliver(self._most)

    def drain(self) -> None:
        """Wait for all that was put in."""
        self._deliver(0)

    def _deliver(self, most: int) -> None:
        """Hand out words in order, until at most `most` windows are under way."""
        while self._running and (len(self._running) > most or self._running[0][1].done()):
            owner, words = self._running.popleft()
            owner.deliver(words.result())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._pool.shutdown(cancel_futures=True)
