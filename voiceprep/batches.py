"""Batches: windows of any number of recordings, recognised together and in parallel.

A batch decodes several windows at once, which reads the decoder's weights once for all
of them. Lanes work on batches side by side, one thread each: small matrices gain little
from several threads. Results come back in the order in which windows were put in.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from voiceprep.transcript import Word
    from voiceprep.windows import Window

    Recognise = Callable[[Sequence[Window]], list[tuple[Word, ...]]]

BATCH_WINDOWS = 8
"""Windows decoded together: eight take 2.6 times as long as one."""


class Owner(Protocol):
    """Whoever put a window in and is given its words."""

    def deliver(self, words: Sequence[Word]) -> None:
        """Take the words of the next window."""


@dataclass(frozen=True, slots=True)
class _Batch:
    owners: tuple[Owner, ...]
    words: Future[list[tuple[Word, ...]]]


class Batches:
    """A queue of windows; what waits in it is bounded, so memory is too."""

    def __init__(self, recognise: Recognise, lanes: int) -> None:
        """Work in `lanes` threads."""
        self._recognise = recognise
        self._lanes = lanes
        self._pool = ThreadPoolExecutor(lanes, thread_name_prefix="recognition")
        self._waiting: list[tuple[Owner, Window]] = []
        self._running: deque[_Batch] = deque()

    def put(self, owner: Owner, window: Window) -> None:
        """Take a window; waits where too many are under way."""
        self._waiting.append((owner, window))
        if len(self._waiting) >= BATCH_WINDOWS:
            self._start()
        self._deliver(self._lanes + 1)

    def drain(self) -> None:
        """Recognise all that was put in."""
        self._start()
        self._deliver(0)

    def _start(self) -> None:
        if not self._waiting:
            return
        owners = tuple(owner for owner, _ in self._waiting)
        windows = [window for _, window in self._waiting]
        self._waiting = []
        self._running.append(_Batch(owners, self._pool.submit(self._recognise, windows)))

    def _deliver(self, most: int) -> None:
        """Hand out results in order, until at most `most` batches are under way."""
        while self._running and (len(self._running) > most or self._running[0].words.done()):
            batch = self._running.popleft()
            for owner, words in zip(batch.owners, batch.words.result(), strict=True):
                owner.deliver(words)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
