"""A real scheduler and two worker processes on the loopback interface, and their deaths."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import ANSWERS
from voiceprep import audio

psutil = pytest.importorskip("psutil", reason="dask.distributed is not installed")
pytest.importorskip("distributed", reason="dask.distributed is not installed")

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.weights

PATIENCE_S = 120.0
FILES = 6
PIECE_S = 4


class Dask:
    """A cluster of this machine, made of the programs that a user starts."""

    def __init__(self, folder: Path, *, restarts: bool) -> None:
        self._folder = folder
        # One death is proof enough: Dask's own retries (three) only take time here.
        allowed = {} if not restarts else {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
        self._environment = {**os.environ, **allowed}
        self._programs = [
            self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        ]
        self.address = str(self._told()["address"])
        nanny = "--nanny" if restarts else "--no-nanny"
        for _ in range(2):
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

    def busy_workers(self) -> list[Any]:
        """Return the processes that have loaded the model."""
        found = []
        for program in self._programs[1:]:
            with contextlib.suppress(psutil.Error):
                top = psutil.Process(program.pid)
                found += [p for p in (top, *top.children(recursive=True)) if has_model(p)]
        return found

    def close(self) -> None:
        for program in reversed(self._programs):
            with contextlib.suppress(psutil.Error):
                for process in psutil.Process(program.pid).children(recursive=True):
                    process.kill()
            program.kill()
            program.wait()


def has_model(process: Any) -> bool:
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


@pytest.fixture
def term(tmp_path: Path) -> Path:
    """Return a folder of short answers."""
    folder = tmp_path / "term"
    folder.mkdir()
    samples = audio.read(ANSWERS / "question-04-partial.flac")
    for i in range(FILES):
        start = i * audio.SAMPLE_RATE
        audio.write(folder / f"{i}.wav", samples[start : start + PIECE_S * audio.SAMPLE_RATE])
    return folder


@contextlib.contextmanager
def cluster(folder: Path, *, restarts: bool) -> Iterator[Dask]:
    dask = Dask(folder, restarts=restarts)
    try:
        yield dask
    finally:
        dask.close()


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "voiceprep", "transcribe", *arguments]


def ended(run: subprocess.Popen[str]) -> tuple[dict[str, Any], str]:
    """Return the summary and the messages of a run."""
    out, err = run.communicate(timeout=PATIENCE_S)
    assert "Traceback" not in err, err
    summary: dict[str, Any] = json.loads(out)
    return summary, err


def started(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*arguments),
        cwd=cwd,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_killed_worker_costs_a_retry_and_no_transcript(tmp_path: Path, term: Path) -> None:
    with cluster(tmp_path, restarts=False) as dask:
        arguments = ("term", "-o", "out", "-f", "json", "--json", "--cluster", dask.address)
        run = started(*arguments, cwd=tmp_path)
        wait_for(lambda: list(tmp_path.glob("out/*.json")) and len(dask.busy_workers()) == 2)
        before = len(list(tmp_path.glob("out/*.json")))
        dask.busy_workers()[0].kill()
        summary, err = ended(run)
    assert before < FILES
    assert (run.returncode, summary["done"], summary["failed"]) == (0, FILES, 0), err
    assert Counter(f["file"] for f in summary["files"]) == Counter(
        f"term/{i}.wav" for i in range(FILES)
    )
    written = {p.stem: json.loads(p.read_text())["text"] for p in tmp_path.glob("out/*.json")}

    here = started("term", "-o", "here", "-f", "json", "--json", cwd=tmp_path)
    ended(here)
    alone = {p.stem: json.loads(p.read_text())["text"] for p in tmp_path.glob("here/*.json")}
    assert written == alone
    assert "model" in written["0"]


def test_a_file_that_kills_its_workers_is_reported_and_the_rest_goes_on(
    tmp_path: Path, term: Path
) -> None:
    samples = audio.read(ANSWERS / "question-01-good.flac")
    with audio.Recording(term / "0-deadly.wav") as deadly:
        for _ in range(20):  # so long that nothing else is left while it runs
            deadly.append(samples)
    with cluster(tmp_path, restarts=True) as dask:
        arguments = ("term", "-o", "out", "--json", "--cluster", dask.address)
        run = started(*arguments, cwd=tmp_path)
        wait_for(lambda: len(list(tmp_path.glob("out/*.txt"))) == FILES)
        # From here on, whoever works at all works on the one that is left.
        idle = {p.pid for p in dask.busy_workers()}
        killed = 0
        while run.poll() is None:
            for worker in dask.busy_workers():
                if worker.pid in idle and killed == 0:
                    worker.kill()
                elif worker.pid not in idle:
                    worker.kill()
                    killed += 1
            killed += bool(idle)
            idle = set()
            time.sleep(0.2)
        summary, err = ended(run)
    assert (run.returncode, summary["done"], summary["failed"]) == (1, FILES, 1)
    (failed,) = (f for f in summary["files"] if f["status"] == "failed")
    assert failed["file"] == "term/0-deadly.wav"
    assert "every worker that takes it dies" in failed["reason"]
    assert f"Error: {failed['reason']}\n" in err


def test_no_scheduler_is_one_line(tmp_path: Path, term: Path) -> None:
    for address in ("tcp://127.0.0.1:9", "no such address"):
        run = started("term", "--cluster", address, cwd=tmp_path)
        out, err = run.communicate(timeout=PATIENCE_S)
        assert (run.returncode, out) == (1, "")
        assert err.splitlines()[-1] == (
            f"Error: cluster {address}: no scheduler answers there; start one with: "
            "dask scheduler"
        )
