"""Lanes: windows of any number of recordings, recognised side by side.

Each lane is a thread with a core of its own: the matrices of a window are too small to
gain much from several cores. What a lane takes at a time is a batch of windows, because
the decoder reads all its weights for every word that it writes, once for a whole batch.
Words come back in the order in which windows were put in.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from voiceprep.recognition.windows import Window
    from voiceprep.transcript import Word

    Recognise = Callable[[Sequence[Window]], Sequence[tuple[Word, ...]]]
    """Returns the words of each window of a batch."""

BATCH = 4
"""Windows that a lane takes at a time: the decoder needs 0.46 s of a core for a window of
28 s alone, 0.33 s among four and 0.29 s among eight, which take twice the memory."""

WAITING = 2
"""Batches a lane that may be under way, so that memory stays bounded."""


class Owner(Protocol):
    """Whoever put a window in and is given its words."""

    def deliver(self, words: Sequence[Word]) -> None:
        """Take the words of the next window."""


class Lanes:
    """A queue of windows, worked on by some threads."""

    def __init__(self, recognise: Recognise, lanes: int) -> None:
        """Work in `lanes` threads."""
        self._recognise = recognise
        self._lanes = lanes
        self._pool = ThreadPoolExecutor(lanes, thread_name_prefix="recognition")
        self._open: list[tuple[Owner, Window]] = []
        self._running: deque[tuple[list[Owner], Future[Sequence[tuple[Word, ...]]]]] = deque()

    def put(self, owner: Owner, window: Window) -> None:
        """Take a window; waits while too many are under way."""
        self._open.append((owner, window))
        if len(self._open) >= BATCH:
            self._start(BATCH)
        self._deliver(self._lanes * WAITING)

    def drain(self) -> None:
        """Wait for all that was put in."""
        while self._open:
            self._start(-(-len(self._open) // self._lanes))
        self._deliver(0)

    def _start(self, count: int) -> None:
        """Hand the first open windows to the lanes as a batch."""
        batch, self._open = self._open[:count], self._open[count:]
        owners, windows = [owner for owner, _ in batch], [window for _, window in batch]
        self._running.append((owners, self._pool.submit(self._recognise, windows)))

    def _deliver(self, most: int) -> None:
        """Hand out words in order, until at most `most` batches are under way."""
        while self._running and (len(self._running) > most or self._running[0][1].done()):
            owners, results = self._running.popleft()
            for owner, words in zip(owners, results.result(), strict=True):
                owner.deliver(words)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._pool.shutdown(cancel_futures=True)
