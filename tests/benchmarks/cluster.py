"""How far `voiceprep transcribe --cluster` scales: the cost of a file at each station.

Run from the root of the repository: python -m tests.benchmarks.cluster

A scheduler and one worker with one thread are started on this machine. What each process
spends is counted in seconds of its own CPU time, so that other programs do not count.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conftest import ANSWERS
from tests.dask_cluster import cluster
from voiceprep import audio
from voiceprep.files.batch import outcomes, planned
from voiceprep.files.outputs import Planner
from voiceprep.files.pools import Cluster, spread
from voiceprep.files.recordings import Recording
from voiceprep.files.worker import Setup

if TYPE_CHECKING:
    import psutil

COPIES = 4
EMPTY_TASKS = 400
IDLE_S = 8.0
MORE_WORKERS = 5


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = _answers(folder)
        size = sum(f.stat().st_size for f in files) / len(files)
        minutes = sum(audio.duration(f) or 0.0 for f in files) / 60 / len(files)
        with cluster(folder, workers=1) as dask, Cluster(Setup(), dask.address) as pool:
            scheduler, worker = dask.processes
            _run(pool, files[:1], folder / "warm")
            before = _cpu_s(worker), time.process_time()
            _run(pool, files, folder / "out")
            after = _cpu_s(worker), time.process_time()
            on_worker, on_client = (
                (b - a) / len(files) for a, b in zip(before, after, strict=True)
            )
            one_idle = _idle_share(scheduler)
            carried = _carrying_s(pool, files[0].read_bytes(), scheduler)
        (folder / "scheduler.json").unlink()
        with cluster(folder, workers=MORE_WORKERS) as dask, Cluster(Setup(), dask.address):
            more_idle = _idle_share(dask.processes[0])
    each_idle = max(more_idle - one_idle, 0.0) / (MORE_WORKERS - 1)
    rate = 1 / on_worker
    print(f"answers of {60 * minutes:.0f} s and {size / 1e6:.2f} MB, {len(files)} of them")
    print(f"worker     {1000 * on_worker:7.1f} ms of CPU a file: {rate:.2f} files a second")
    print(f"client     {1000 * on_client:7.1f} ms of CPU a file (reading, sending, writing)")
    print(f"scheduler  {1000 * carried:7.1f} ms of CPU a task with such a file")
    print(
        f"scheduler  {100 * one_idle:7.1f} % of a core idle, {100 * each_idle:.2f} % a worker"
    )
    limit = (1 - one_idle) / (each_idle + rate * carried)
    print(f"workers until the scheduler is the limit: {limit:.0f}")
    print(f"workers until one client is the limit:    {1 / (rate * on_client):.0f}")
    print(f"network at 100 workers: {100 * size * rate / 1e6:.0f} MB a second")


def _idle_share(scheduler: psutil.Process) -> float:
    """Return how much of a core the scheduler takes while there is nothing to do."""
    time.sleep(2.0)
    before, began = _cpu_s(scheduler), time.monotonic()
    time.sleep(IDLE_S)
    return (_cpu_s(scheduler) - before) / (time.monotonic() - began)


def _answers(folder: Path) -> list[Path]:
    spoken = [p for p in sorted(ANSWERS.glob("*.flac")) if "silent" not in p.name]
    files = []
    for i in range(COPIES):
        for path in spoken:
            files.append(folder / f"{i}-{path.name}")
            files[-1].write_bytes(path.read_bytes())
    return files


def _run(pool: Cluster, files: list[Path], out: Path) -> None:
    planner = Planner(["txt", "srt", "json"], out)
    jobs, _ = planned([(Recording(f), None) for f in files], planner, Setup())
    found = list(outcomes(jobs, lambda tasks: spread(pool, tasks), planner))
    assert [o.status for o in found] == ["done"] * len(files)


def _carrying_s(pool: Cluster, content: bytes, scheduler: psutil.Process) -> float:
    """Return what the scheduler spends on a task with this content that does nothing."""
    before = _cpu_s(scheduler)
    for _ in range(EMPTY_TASKS // 8):
        futures = [pool.executor.submit(len, content + bytes([i])) for i in range(8)]
        for future in futures:
            future.result()
    return (_cpu_s(scheduler) - before) / EMPTY_TASKS


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    main()
