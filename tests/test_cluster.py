"""A real scheduler and two worker processes on the loopback interface, and their deaths."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import ANSWERS
from tests.dask_cluster import PATIENCE_S, cluster, wait_for
from voiceprep import audio

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("distributed", reason="dask.distributed is not installed")

pytestmark = pytest.mark.weights

FILES = 6
PIECE_S = 4


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
        # From here on whoever works at all works on the one that is left.
        while run.poll() is None:
            for worker in dask.busy_workers():
                worker.kill()
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
        assert "Traceback" not in err
        assert (run.returncode, out) == (1, "")
        assert err.splitlines()[-1] == (
            f"Error: cluster {address}: no scheduler answers there; start one with: "
            "dask scheduler"
        )
