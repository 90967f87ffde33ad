"""Many recordings: what becomes of each, whoever does the work.

A job is a recording with its question and the plan of its results. Every job has one
outcome: done, skipped because its results are finished, or failed with one line.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from voiceprep.errors import VoiceprepError
from voiceprep.files.outputs import Journal, Stamp, keep
from voiceprep.files.recordings import Refused, printable
from voiceprep.files.worker import Task
from voiceprep.report import table
from voiceprep.report.formats import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from voiceprep.files.outputs import Plan, Planner
    from voiceprep.files.recordings import Recording
    from voiceprep.files.worker import Answer, Result, Setup
    from voiceprep.questions import Question

    Workers = Callable[[Iterable[Task]], Iterator[tuple[Task, Result]]]
    """Yields each task with its result as they are finished, in any order."""

TABLE_OWNER = "(all answers)"
"""The source of a table in the journal of its folder."""


@dataclass(frozen=True, slots=True)
class Job:
    """A recording to work on. `plan` is None where nothing is written to files."""

    recording: Recording
    question: Question | None = None
    plan: Plan | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a recording.

    `line` says why it was skipped or failed. `outputs` maps formats to the files that hold
    them now. `numbers` is its row of the table, None without an analysis. `answer` is
    given only where nothing was written to files.
    """

    name: str
    status: Literal["done", "skipped", "failed"]
    line: str = ""
    seconds: float | None = None
    outputs: dict[str, Path] = field(default_factory=dict)
    numbers: table.Row | None = None
    answer: Answer | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as JSON values."""
        data: dict[str, Any] = {
            "file": self.name,
            "status": self.status,
            "reason": self.line or None,
            "seconds": self.seconds,
            "outputs": {name: printable(str(path)) for name, path in self.outputs.items()},
        }
        if self.answer:
            data["transcript"] = self.answer.transcript.to_dict()
            if self.answer.analysis:
                data["analysis"] = self.answer.analysis.to_dict()
        elif self.numbers:
            data["numbers"] = self.numbers
        return data


def planned(
    questions: Sequence[tuple[Recording, Question | None]],
    planner: Planner | None,
    setup: Setup,
) -> tuple[list[Job], list[Refused]]:
    """Return a job for each recording, and those that cannot be planned for.

    Without a planner nothing is written to files.
    """
    if planner is None:
        return [Job(recording, question) for recording, question in questions], []
    made = [(r, made_with(setup, question)) for r, question in questions]
    jobs, refused = [], []
    for (recording, question), plan in zip(questions, planner.plan(made), strict=True):
        if isinstance(plan, Refused):
            refused.append(plan)
        else:
            jobs.append(Job(recording, question, plan))
    return jobs, refused


def made_with(setup: Setup, question: Question | None) -> str:
    """Return a short mark that changes with whatever changes a result but its recording."""
    about = {**asdict(setup), "question": question.to_dict() if question else None}
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]


def due(jobs: Iterable[Job]) -> list[Job]:
    """Return the jobs that need work."""
    return [job for job in jobs if job.plan is None or job.plan.state == "due"]


def outcomes(jobs: Sequence[Job], workers: Workers, planner: Planner) -> Iterator[Outcome]:
    """Yield the outcome of every job: of what needs no work first, then as it is done."""
    for job in jobs:
        if job.plan and job.plan.state != "due":
            yield _without_work(job.plan, planner)
    left = due(jobs)
    tasks = (
        Task(number, job.recording.name, job.recording.file, job.question)
        for number, job in enumerate(left)
    )
    if left:
        for task, result in workers(tasks):
            yield _outcome(left[task.number], result, planner)


def _without_work(plan: Plan, planner: Planner) -> Outcome:
    name = plan.recording.name
    if plan.state == "blocked":
        return Outcome(name, "failed", printable(f"{name}: {plan.why}"))
    journal = planner.journal(plan.folder)
    kept = journal.numbers(plan.stamp.source)
    numbers = {**kept, "file": name} if kept else None
    return Outcome(name, "skipped", plan.why, outputs=plan.outputs, numbers=numbers)


def _outcome(job: Job, result: Result, planner: Planner) -> Outcome:
    """Write the results of a recording, if they go to files."""
    name = job.recording.name
    if isinstance(result, VoiceprepError):
        return Outcome(name, "failed", printable(str(result)))
    transcript, analysis = result.transcript, result.analysis
    if job.plan is None:
        return Outcome(name, "done", seconds=transcript.duration, answer=result)
    numbers = table.row(analysis) | {"file": name} if analysis else None
    texts = {
        path: render(form, transcript, analysis, printable(job.recording.path.stem))
        for form, path in job.plan.outputs.items()
    }
    try:
        keep(planner.journal(job.plan.folder), job.plan.stamp, texts, numbers)
    except VoiceprepError as error:
        return Outcome(name, "failed", printable(str(error)), transcript.duration)
    return Outcome(name, "done", "", transcript.duration, job.plan.outputs, numbers)


def write_table(
    folder: Path, name: str, rows: Sequence[table.Row], *, overwrite: bool
) -> tuple[Path, ...]:
    """Write the table of all answers, CSV and Markdown; return the files.

    Raises:
        VoiceprepError: they cannot be written, or are somebody else's.
    """
    texts = {
        folder / f"{name}.csv": table.csv_table(rows),
        folder / f"{name}.md": table.markdown_table(rows),
    }
    journal = Journal.read(folder)
    for path in texts:
        if path.exists() and journal.owner(path) != TABLE_OWNER and not overwrite:
            raise VoiceprepError(
                f"{printable(str(path))}: is there already, not from this program; "
                "--overwrite replaces it"
            )
    keep(journal, Stamp(TABLE_OWNER, 0, 0, ""), texts)
    return tuple(texts)
