"""Pools of workers: processes of this machine, or a Dask cluster.

Both are handed tasks through `concurrent.futures`, and both may lose a worker: it crashes
in a decoder, is killed for its memory, or its machine goes away. Whatever was in flight
is then suspected, and worked on again after everything else, one recording at a time; one
that loses its worker even alone is reported. So an innocent recording is never blamed for
its neighbour, and a guilty one cannot stop the rest.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from concurrent.futures import (
    FIRST_COMPLETED,
    CancelledError,
    Future,
    ProcessPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from voiceprep import __version__
from voiceprep.errors import AudioError, VoiceprepError
from voiceprep.files.worker import Result, Setup, Task, work

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CHECK_S = 2.0
"""How often a pool is asked whether it is still there, while nothing comes back."""

CONNECT_S = 10.0
"""How long a scheduler is waited for."""

WORKER_WAIT_S = 60.0
"""How long a cluster may be without any worker; a nanny starts one again in seconds."""

IN_FLIGHT_BYTES = 1 << 30
"""Recordings that are on their way to a cluster at a time; its scheduler holds them."""


class Pool(Protocol):
    """Workers somewhere."""

    @property
    def slots(self) -> int:
        """Return how many tasks keep all workers busy."""

    @property
    def lost(self) -> tuple[type[BaseException], ...]:
        """Return what a future raises whose worker died."""

    def submit(self, task: Task) -> Future[Result]:
        """Hand over a task.

        Raises:
            VoiceprepError: the pool is gone.
        """

    def check(self) -> None:
        """Return if the pool can still finish what it was given.

        Raises:
            VoiceprepError: it cannot.
        """


def spread(pool: Pool, tasks: Iterable[Task]) -> Iterator[tuple[Task, Result]]:
    """Yield each task with its result as they come back, in any order.

    Raises:
        VoiceprepError: the pool is gone; what was yielded before stands.
    """
    suspects: list[Task] = []
    yield from _together(pool, tasks, pool.slots, suspects)
    guilty: list[Task] = []
    yield from _together(pool, suspects, 1, guilty)
    for task in guilty:
        yield (
            task,
            AudioError(
                f"{task.name}: every worker that takes it dies (a crash, or too little memory)"
            ),
        )


def _together(
    pool: Pool, tasks: Iterable[Task], slots: int, lost: list[Task]
) -> Iterator[tuple[Task, Result]]:
    """Yield the results of tasks, up to `slots` of them in flight; note whose worker died."""
    waiting: dict[Future[Result], Task] = {}
    pending = iter(tasks)
    task = next(pending, None)
    while task or waiting:
        while task and _has_room(waiting.values(), task, slots):
            waiting[pool.submit(task)] = task
            task = next(pending, None)
        done, _ = wait(waiting, timeout=CHECK_S, return_when=FIRST_COMPLETED)
        if not done:
            pool.check()
            slots = slots if slots == 1 else pool.slots
        for future in done:
            finished = waiting.pop(future)
            try:
                yield finished, future.result()
            except pool.lost:
                lost.append(finished)


def _has_room(waiting: Iterable[Task], task: Task, slots: int) -> bool:
    sizes = [_size(t) for t in waiting]
    small = not sizes or sum(sizes) + _size(task) <= IN_FLIGHT_BYTES
    return len(sizes) < slots and small


def _size(task: Task) -> int:
    if isinstance(task.sound, bytes):
        return len(task.sound)
    try:
        return task.sound.stat().st_size
    except OSError:
        return 0


class Processes:
    """Worker processes on this machine."""

    lost: tuple[type[BaseException], ...] = (BrokenProcessPool,)

    def __init__(self, setup: Setup, jobs: int) -> None:
        """Begin with no process; they start with the first tasks."""
        self._setup = setup
        self._jobs = jobs
        self._threads = max(_cores() // jobs, 1)
        self._executor = self._started()

    @property
    def slots(self) -> int:
        """Return the processes, and one task to wait at the door."""
        return self._jobs + 1

    def submit(self, task: Task) -> Future[Result]:
        """Hand over a task; a pool that lost a process is replaced."""
        try:
            return self._executor.submit(work, self._setup, self._threads, task)
        except BrokenProcessPool:
            self._executor.shutdown(wait=True)
            self._executor = self._started()
            return self._executor.submit(work, self._setup, self._threads, task)

    def check(self) -> None:
        """Do nothing: a process that dies is noticed at once."""

    def _started(self) -> ProcessPoolExecutor:
        # A forked copy of a process whose engines run threads may hang.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._jobs, context, initializer=_end_with_its_parent)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)
        if exception[0] is not None:
            # The rest of an hour's recording is not waited for.
            for process in multiprocessing.active_children():
                process.terminate()


def _cores() -> int:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _end_with_its_parent() -> None:
    """Leave Ctrl-C to the parent, which ends its processes itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Cluster:
    """The workers of a running Dask cluster."""

    def __init__(self, setup: Setup, address: str) -> None:
        """Connect to a scheduler, and see that its workers can do this.

        Raises:
            VoiceprepError: dask.distributed is not installed, the scheduler does not
                answer, or its workers have no voiceprep of this version.
        """
        self._setup = setup
        self._address = address
        self._client = _connected(address)
        from distributed import KilledWorker

        self.lost: tuple[type[BaseException], ...] = (KilledWorker, CancelledError)
        self._alone_since: float | None = None
        try:
            self._greet()
        except VoiceprepError:
            self._client.close()
            raise
        self.executor = self._client.get_executor(pure=False)

    def _greet(self) -> None:
        """Wait for a worker and compare versions."""
        try:
            self._client.wait_for_workers(1, timeout=WORKER_WAIT_S)
        except TimeoutError as error:
            raise VoiceprepError(
                f"cluster {self._address}: has no workers; start some with: "
                f"dask worker {self._address}"
            ) from error
        for worker, version in self._client.run(_version, on_error="return").items():
            if version != __version__:
                had = f"voiceprep {version}" if isinstance(version, str) else "no voiceprep"
                raise VoiceprepError(
                    f"cluster {self._address}: worker {worker} has {had}; install "
                    f"voiceprep[cluster]=={__version__} there"
                )

    @property
    def slots(self) -> int:
        """Return two tasks for every thread that the workers have now."""
        threads: int = sum(self._client.nthreads().values())
        return 2 * max(threads, 1)

    def submit(self, task: Task) -> Future[Result]:
        """Send a task with the content of its recording."""
        self.check()
        try:
            content = task.sound.read_bytes() if isinstance(task.sound, Path) else task.sound
        except OSError as error:
            refused: Future[Result] = Future()
            refused.set_result(AudioError(f"{task.name}: cannot be read ({error.strerror})"))
            return refused
        sent = replace(task, sound=content)
        future: Future[Result] = self.executor.submit(_work_there, self._setup, sent)
        return future

    def check(self) -> None:
        """Return if there are workers, or there were until a moment ago.

        Raises:
            VoiceprepError: the scheduler is gone, or all workers are and none comes back.
        """
        if self._client.status != "running":
            raise VoiceprepError(
                f"cluster {self._address}: the connection is lost; finished results stay, "
                "the same command goes on from there"
            )
        now = time.monotonic()
        if self._client.nthreads():
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = now
        elif now - self._alone_since > WORKER_WAIT_S:
            raise VoiceprepError(
                f"cluster {self._address}: all its workers are gone; finished results "
                "stay, the same command goes on from there"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._client.close()


def _connected(address: str) -> Any:
    try:
        import dask
        from distributed import Client
        from distributed.comm.addressing import get_address_host_port, resolve_address
    except ImportError as error:
        raise VoiceprepError(
            "--cluster needs dask.distributed; run: pip install 'voiceprep[cluster]'"
        ) from error
    # A recording travels inside its task, which Dask would warn of.
    dask.config.set({"distributed.admin.large-graph-warning-threshold": IN_FLIGHT_BYTES})
    try:
        # A client would go on trying with an address that can never be right.
        get_address_host_port(resolve_address(address), strict=True)
        client: Any = Client
        return client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise VoiceprepError(
            f"cluster {address}: no scheduler answers there; start one with: dask scheduler"
        ) from error


def _version() -> str:
    return __version__


def _work_there(setup: Setup, task: Task) -> Result:
    """Run on a worker of a cluster: use as many threads as it was started with."""
    from distributed import get_worker

    return work(setup, get_worker().state.nthreads, task)
