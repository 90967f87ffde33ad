"""A Dask cluster of this machine: a scheduler and worker processes, as a user starts them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE_S = 120.0


class Dask:
    """A cluster of this machine, made of the programs that a user starts."""

    def __init__(self, folder: Path, *, workers: int, restarts: bool) -> None:
        self._folder = folder
        # One death is proof enough: Dask's own retries (three) only take time here.
        allowed = {} if not restarts else {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
        self._environment = {**os.environ, **allowed}
        self._programs = [
            self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        ]
        self.address = str(self._told()["address"])
        nanny = "--nanny" if restarts else "--no-nanny"
        for _ in range(workers):
            options = ("--nthreads", "1", nanny, "--no-dashboard", "--host", "127.0.0.1")
            self._programs.append(self._start("worker", self.address, *options))

    def _start(self, program: str, *options: str) -> subprocess.Popen[bytes]:
        file = () if program == "worker" else ("--scheduler-file", str(self._file))
        with (self._folder / "dask.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", program, *options, *file],
                cwd=self._folder,
                env=self._environment,
                stdout=log,
                stderr=log,
            )

    @property
    def _file(self) -> Path:
        return self._folder / "scheduler.json"

    def _told(self) -> dict[str, Any]:
        wait_for(lambda: self._file.exists() and self._file.stat().st_size > 0)
        told: dict[str, Any] = json.loads(self._file.read_text())
        return told

    def busy_workers(self) -> list[psutil.Process]:
        """Return the processes that have loaded the model."""
        found = []
        for program in self._programs[1:]:
            with contextlib.suppress(psutil.Error):
                top = psutil.Process(program.pid)
                found += [p for p in (top, *top.children(recursive=True)) if _has_model(p)]
        return found

    @property
    def processes(self) -> list[psutil.Process]:
        """Return the scheduler and the workers."""
        return [psutil.Process(program.pid) for program in self._programs]

    def close(self) -> None:
        for program in reversed(self._programs):
            with contextlib.suppress(psutil.Error):
                for process in psutil.Process(program.pid).children(recursive=True):
                    process.kill()
            program.kill()
            program.wait()


def _has_model(process: psutil.Process) -> bool:
    """Tell whether a process is transcribing, by the library it has mapped."""
    try:
        return "ctranslate2" in Path(f"/proc/{process.pid}/maps").read_text()
    except OSError:
        return False


def wait_for(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextlib.contextmanager
def cluster(folder: Path, *, workers: int = 2, restarts: bool = False) -> Iterator[Dask]:
    dask = Dask(folder, workers=workers, restarts=restarts)
    try:
        yield dask
    finally:
        dask.close()
