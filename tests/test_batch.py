"""What becomes of each recording, whoever does the work; and workers that die of one."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ANSWERS, transcript_of
from voiceprep import audio
from voiceprep.assessment import assess
from voiceprep.errors import AudioError, VoiceprepError
from voiceprep.files.batch import Job, Outcome, outcomes, planned, write_table
from voiceprep.files.outputs import Planner
from voiceprep.files.pools import IN_FLIGHT_BYTES, Processes, spread
from voiceprep.files.recordings import Recording
from voiceprep.files.worker import Answer, Result, Setup, Task, Worker, work
from voiceprep.report.table import COLUMNS, csv_table, markdown_table, row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from voiceprep.analysis import Coverage
    from voiceprep.questions import Question
    from voiceprep.transcript import Transcript

SAID = transcript_of(("Um,", 0.5, 0.9), ("I", 1.0, 1.2), ("tested", 1.3, 1.9), duration=8.0)


def no_coverage(transcript: Transcript, question: Question) -> Coverage:
    raise AssertionError("nothing to compare with")


def answer() -> Answer:
    return Answer(*assess(SAID, None, no_coverage))


def by_hand(tasks: Iterable[Task]) -> Iterator[tuple[Task, Result]]:
    """Answer every task; a recording called "bad" cannot be read."""
    for task in reversed(list(tasks)):
        bad = "bad" in task.name
        yield task, AudioError(f"{task.name}: cannot\nbe read") if bad else answer()


def short_answer(folder: Path) -> Path:
    """Return a recording of "First of all the model has to reach the metric"."""
    path = folder / "short.wav"
    samples = audio.read(ANSWERS / "question-04-partial.flac")
    audio.write(path, samples[: 4 * audio.SAMPLE_RATE])
    return path


def recordings(folder: Path, *names: str) -> list[tuple[Recording, None]]:
    for name in names:
        (folder / name).write_bytes(b"sound")
    return [(Recording(folder / name), None) for name in names]


def run(folder: Path, *names: str, overwrite: bool = False) -> dict[str, Outcome]:
    planner = Planner(["txt", "json"], None, overwrite=overwrite)
    jobs, refused = planned(recordings(folder, *names), planner, Setup(analysed=True))
    assert not refused
    found = list(outcomes(jobs, by_hand, planner))
    assert len(found) == len(names)
    return {Path(o.name).name: o for o in found}


# outcomes


def test_every_recording_has_one_outcome(tmp_path: Path) -> None:
    found = run(tmp_path, "a.wav", "bad.wav", "c.wav")
    assert {n: o.status for n, o in found.items()} == {
        "a.wav": "done",
        "bad.wav": "failed",
        "c.wav": "done",
    }
    assert found["bad.wav"].line == f"{tmp_path}/bad.wav: cannot\\nbe read"
    assert (tmp_path / "a.txt").read_text() == "Um, I tested\n"
    data = json.loads((tmp_path / "c.json").read_text())
    assert (data["fillers"][0]["text"], data["analysis"]["length"]["words"]) == ("Um", 2)
    assert found["a.wav"].seconds == 8.0


def test_finished_ones_are_skipped_with_their_numbers(tmp_path: Path) -> None:
    recordings(tmp_path, "a.wav", "b.wav")
    planner = Planner(["txt"], None)
    for _ in range(2):
        planner = Planner(["txt"], None)
        pairs = [(Recording(tmp_path / n), None) for n in ("a.wav", "b.wav")]
        jobs, _ = planned(pairs, planner, Setup(analysed=True))
        found = list(outcomes(jobs, by_hand, planner))
    assert [o.status for o in found] == ["skipped", "skipped"]
    assert [o.numbers and o.numbers["words"] for o in found] == [2, 2]


def test_nobody_is_asked_to_work_when_all_is_finished(tmp_path: Path) -> None:
    def nobody(tasks: Iterable[Task]) -> Iterator[tuple[Task, Result]]:
        raise AssertionError("a model would be loaded for nothing")

    planner = Planner(["txt"], None)
    assert list(outcomes([], nobody, planner)) == []


def test_what_cannot_be_written_fails_alone(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    planner = Planner(["txt"], None, overwrite=True)
    jobs, _ = planned(recordings(tmp_path, "a.wav", "b.wav"), planner, Setup())
    found = {Path(o.name).name: o for o in outcomes(jobs, by_hand, planner)}
    assert (found["a.wav"].status, found["b.wav"].status) == ("failed", "done")
    assert "a.txt: cannot be written" in found["a.wav"].line


def test_printed_results_carry_the_answer(tmp_path: Path) -> None:
    planner = Planner(["txt"], None)
    (outcome,) = outcomes([Job(Recording(tmp_path / "a.wav"))], by_hand, planner)
    assert outcome.answer is not None
    assert outcome.to_dict()["transcript"]["text"] == "Um, I tested"


# the table


def test_table_of_all_answers(tmp_path: Path) -> None:
    numbers = row(answer().analysis or pytest.fail("no analysis"))
    rows = [{**numbers, "file": "=1+1|x.wav"}, {**numbers, "file": "b.wav"}]
    lines = csv_table(rows).splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert lines[1].startswith("./=1+1|x.wav,,8.0,1.4,2,")
    head, _, first, _ = markdown_table(rows).splitlines()
    assert head.startswith("| file | question | length | words/min |")
    assert first.startswith(r"| =1+1\|x.wav |  | 0:08 |")
    assert {line.replace(r"\|", "").count("|") for line in (head, first)} == {11}

    written = write_table(tmp_path, "answers", rows, overwrite=False)
    assert [p.name for p in written] == ["answers.csv", "answers.md"]
    write_table(tmp_path, "answers", rows[:1], overwrite=False)
    assert len((tmp_path / "answers.csv").read_text().splitlines()) == 2
    (tmp_path / "mine.md").write_text("my own")
    with pytest.raises(VoiceprepError, match=r"mine\.md: is there already"):
        write_table(tmp_path, "mine", rows, overwrite=False)


# the worker


@pytest.mark.weights
def test_a_worker_answers_files_and_bytes_alike(tmp_path: Path) -> None:
    path = short_answer(tmp_path)
    heard: list[float] = []
    tasks = [
        Task(0, "file", path),
        Task(1, "none", Path("none.wav")),
        Task(2, "bytes", path.read_bytes()),
        Task(3, "text", b"this is no sound"),
    ]
    found = {t.name: r for t, r in Worker(Setup()).results(tasks, heard.append)}
    file, content = found["file"], found["bytes"]
    assert isinstance(file, Answer)
    assert isinstance(content, Answer)
    assert file.transcript.text == content.transcript.text
    assert "model" in file.transcript.text
    assert str(found["none"]) == "none: no such file"
    assert str(found["text"]) == "text: not a recording that FFmpeg can decode"
    assert sum(heard) == pytest.approx(2 * (file.transcript.duration or 0), abs=0.01)


def test_a_model_that_is_not_there_is_one_line_for_each() -> None:
    result = work(Setup(model="/nowhere"), 1, Task(0, "a.wav", b""))
    assert isinstance(result, VoiceprepError)
    assert "/nowhere" in str(result)


# pools


class Fragile:
    """A pool by hand whose worker dies of every task that is called "deadly".

    All others in flight die with it, as in a pool of processes. It finishes tasks when
    `slots` of them wait.
    """

    lost: tuple[type[BaseException], ...] = (BrokenProcessPool,)

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.deaths = 0
        self.tried: Counter[str] = Counter()
        self._waiting: list[tuple[Task, Future[Result]]] = []
        self.most_bytes = 0

    def submit(self, task: Task) -> Future[Result]:
        future: Future[Result] = Future()
        self.tried[task.name] += 1
        self._waiting.append((task, future))
        held = sum(len(t.sound) for t, _ in self._waiting if isinstance(t.sound, bytes))
        self.most_bytes = max(self.most_bytes, held)
        threading.Timer(0.01, self._work).start()
        return future

    def _work(self) -> None:
        waiting, self._waiting = self._waiting, []
        died = any(t.name == "deadly" for t, _ in waiting)
        self.deaths += died
        for _, future in waiting:
            if died:
                future.set_exception(BrokenProcessPool())
            else:
                future.set_result(answer())

    def check(self) -> None:
        """Be there."""


def test_only_the_guilty_recording_is_reported() -> None:
    tasks = [Task(i, f"good {i}", b"") for i in range(9)]
    tasks.insert(3, Task(9, "deadly", b""))
    pool = Fragile(slots=3)
    found = list(spread(pool, tasks))
    assert Counter(t.number for t, _ in found) == Counter(range(10))
    failed = {t.name: str(r) for t, r in found if isinstance(r, VoiceprepError)}
    assert list(failed) == ["deadly"]
    assert "every worker that takes it dies" in failed["deadly"]
    assert (pool.deaths, pool.tried["deadly"]) == (2, 2)
    assert max(pool.tried.values()) == 2


class Gone(Fragile):
    """A pool that never answers and is not there any more."""

    def _work(self) -> None:
        pass

    def check(self) -> None:
        raise VoiceprepError("all its workers are gone")


def test_a_pool_that_is_gone_ends_the_run() -> None:
    with pytest.raises(VoiceprepError, match="gone"):
        list(spread(Gone(slots=2), [Task(0, "a", b"")]))


def test_the_bytes_in_flight_are_bounded(tmp_path: Path) -> None:
    paths = [tmp_path / f"{i}.wav" for i in range(4)]
    for path in paths:  # sparse files take no room
        with path.open("wb") as file:
            file.truncate(IN_FLIGHT_BYTES * 2 // 5)
    pool = Fragile(slots=4)
    started = spread(pool, [Task(i, p.name, p) for i, p in enumerate(paths)])
    next(started)
    assert sum(pool.tried.values()) == 2
    assert len(list(started)) == 3


@pytest.mark.weights
def test_a_process_that_is_killed_costs_a_retry_and_a_deadly_file_is_reported(
    tmp_path: Path,
) -> None:
    # Whoever opens the pipe is killed: a file that its decoder dies of.
    deadly = tmp_path / "deadly.wav"
    os.mkfifo(deadly)
    killed: list[int] = []
    ended = threading.Event()
    killer = threading.Thread(target=_kill_readers, args=(deadly, killed, ended))
    killer.start()
    short = short_answer(tmp_path)
    tasks = [Task(i, f"good {i}", short) for i in range(4)]
    tasks.insert(1, Task(4, "deadly", deadly))
    try:
        with Processes(Setup(), 2) as pool:
            found = list(spread(pool, tasks))
    finally:
        ended.set()
        killer.join()
    assert Counter(t.number for t, _ in found) == Counter(range(5))
    texts = {r.transcript.text for _, r in found if isinstance(r, Answer)}
    failed = [t.name for t, r in found if isinstance(r, VoiceprepError)]
    assert failed == ["deadly"]
    assert len(texts) == 1
    assert "model" in texts.pop()
    assert len(killed) == 2


def _kill_readers(pipe: Path, killed: list[int], ended: threading.Event) -> None:
    while not ended.wait(0.02):
        try:
            held = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            continue  # nobody reads
        # One that is dying still counts as a reader for a moment, and is not found any more.
        readers: list[int] = []
        looked_until = time.monotonic() + 0.5
        while not readers and time.monotonic() < looked_until:
            readers = [p for p in _children() if p not in killed and _has_open(p, pipe)]
        for pid in readers:
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
        os.close(held)


def _children() -> list[int]:
    return [p.pid for p in multiprocessing.active_children() if p.pid]


def _has_open(pid: int, path: Path) -> bool:
    try:
        return any(f.readlink() == path for f in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False
