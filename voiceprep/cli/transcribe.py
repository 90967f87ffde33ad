"""`voiceprep transcribe`: recordings to text, one or a folder of them."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from voiceprep.cli import options
from voiceprep.errors import VoiceprepError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from voiceprep.cli.bar import Bar
    from voiceprep.files.batch import Job, Outcome, Workers
    from voiceprep.files.outputs import Planner
    from voiceprep.files.recordings import Recording, Refused
    from voiceprep.files.worker import Result, Setup, Task
    from voiceprep.questions import Bank, Question

FORMATS = ("txt", "srt", "vtt", "tsv", "json", "md")
"""The same as report.formats.FORMATS, which --help shall not import."""

TABLE = "answers"
"""The table of all answers is called so."""


class _Formats(click.ParamType[tuple[str, ...]]):
    """Formats separated by commas."""

    name = "formats"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        names = [n.strip().lower() for n in str(value).split(",") if n.strip()]
        unknown = [n for n in names if n not in (*FORMATS, "all")]
        if unknown or not names:
            known = ", ".join(FORMATS)
            self.fail(f"{', '.join(unknown) or 'nothing'}: known are {known}, all", param, ctx)
        return FORMATS if "all" in names else tuple(dict.fromkeys(names))


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="FILE|FOLDER|-...")
@click.option(
    "-f", "--format", "formats", type=_Formats(), metavar="LIST",
    help="Any of txt,srt,vtt,tsv,json,md, or all [default: txt]",
)  # fmt: skip
@click.option(
    "-o", "--output", metavar="DIR", help="Where to write [default: beside the recording]"
)
@click.option("-r", "--recursive", is_flag=True, help="Look into folders below folders.")
@click.option("--overwrite", is_flag=True, help="Write again what is there already.")
@click.option("--bank", "against", metavar="BANK", help="Add the analysis of each answer.")
@click.option(
    "--question", "-q", "number", type=int, metavar="N",
    help="The question they answer [default: the number in the file's name]",
)  # fmt: skip
@click.option(
    "--jobs", type=click.IntRange(min=1), default=1, metavar="N",
    help="Worker processes on this machine.",
)  # fmt: skip
@click.option("--cluster", metavar="ADDRESS", help="Use a running Dask cluster.")
@options.model
@options.verbatim
@options.fillers
@options.no_fillers
@options.as_json
def transcribe(
    inputs: tuple[str, ...],
    formats: tuple[str, ...] | None,
    output: str | None,
    recursive: bool,
    overwrite: bool,
    against: str | None,
    number: int | None,
    jobs: int,
    cluster: str | None,
    model: str | None,
    verbatim: bool | None,
    fillers: tuple[str, ...],
    no_fillers: tuple[str, ...],
    as_json: bool,
) -> None:
    """Transcribe recordings, hesitations included: files, folders, or "-" for stdin.

    One recording is printed. Several, or any with -f or -o, are written to files; what
    is finished already is skipped, so that the same command takes up an interrupted
    run. With --bank every answer is analysed, and a table of all of them is written
    (answers.csv and answers.md).

    \b
    Examples:
      voiceprep transcribe answer.m4a
      voiceprep transcribe talk.mp4 -f srt
      voiceprep transcribe term/ --recursive -f all -o transcripts
      voiceprep transcribe term/ --bank machine-learning -o reports -f json,md
    """
    _check_usage(against, number, jobs, cluster, formats, output)
    from voiceprep.assessment import FillerWords
    from voiceprep.cli.bar import Bar
    from voiceprep.files.batch import due, planned
    from voiceprep.files.outputs import Planner
    from voiceprep.files.worker import Setup

    bank = _bank(against, number)
    setup = Setup(model, verbatim, FillerWords(fillers, no_fillers), bank is not None)
    with ExitStack() as stack:
        recordings, refused = _inputs(inputs, stack, recursive=recursive)
        printed = _is_printed(inputs, recordings, refused, formats, output)
        planner = Planner(
            formats or ("txt",),
            Path(output) if output and not printed else None,
            overwrite=overwrite,
            reserved=(f"{TABLE}.csv", f"{TABLE}.md") if bank else (),
        )
        questions = [(r, _question(bank, number, r)) for r in recordings]
        todo, unplanned = planned(questions, None if printed else planner, setup)
        bar = stack.enter_context(Bar([j.recording.file for j in due(todo)]))
        ended: list[Outcome] = []
        try:
            workers = _workers(setup, jobs, cluster, bar, stack)
            for outcome in _all((*refused, *unplanned), todo, workers, planner):
                ended.append(outcome)
                bar.tell(outcome)
        except (KeyboardInterrupt, VoiceprepError):
            bar.stop()
            if ended:
                click.echo(_counts(ended), err=True)
            raise
    tables = [] if printed or not bank else _tables(ended, inputs, output, overwrite)
    _finish(ended, formats, tables, printed=printed, as_json=as_json)


def _check_usage(
    bank: str | None,
    number: int | None,
    jobs: int,
    cluster: str | None,
    formats: Sequence[str] | None,
    output: str | None,
) -> None:
    if number is not None and bank is None:
        raise click.UsageError("--question needs --bank.")
    if cluster and jobs > 1:
        raise click.UsageError("--jobs and --cluster exclude each other.")
    if output == "-" and formats and len(formats) > 1:
        raise click.UsageError("-o - prints one format.")


def _bank(against: str | None, number: int | None) -> Bank | None:
    if against is None:
        return None
    from voiceprep.banks import load_bank

    bank = load_bank(against)
    if number is not None:
        bank.question(number)
    return bank


def _inputs(
    inputs: Sequence[str], stack: ExitStack, *, recursive: bool
) -> tuple[list[Recording], list[Refused]]:
    from voiceprep.files.recordings import STANDARD_INPUT, find, spooled

    files = [i for i in inputs if i != STANDARD_INPUT]
    recordings, refused = find(files, recursive=recursive)
    from_stdin = []
    if len(files) < len(inputs):
        from_stdin.append(stack.enter_context(spooled(sys.stdin.buffer)))
    return [*from_stdin, *recordings], list(refused)


def _is_printed(
    inputs: Sequence[str],
    recordings: Sequence[Recording],
    refused: Sequence[Refused],
    formats: Sequence[str] | None,
    output: str | None,
) -> bool:
    """Tell whether the result goes to standard output: that of one file named alone."""
    alone = len(inputs) == 1 and len(recordings) + len(refused) == 1
    if output == "-" and not alone:
        raise click.UsageError("-o - prints one recording; give a folder for several.")
    named = alone and not Path(inputs[0]).is_dir()
    return output == "-" or (named and not formats and not output)


def _question(bank: Bank | None, number: int | None, recording: Recording) -> Question | None:
    """Return the question that a recording answers, None (and a line) if none is known."""
    from voiceprep.sound.answers import question_number

    if bank is None:
        return None
    asked = question_number(recording.path.stem) if number is None else number
    found = next((q for q in bank.questions if q.number == asked), None)
    if found is None:
        which = "its name has no number" if asked is None else f"{bank.name} has no {asked}"
        click.echo(f"{recording.name}: no question known ({which})", err=True)
    return found


def _workers(
    setup: Setup, jobs: int, cluster: str | None, bar: Bar, stack: ExitStack
) -> Workers:
    """Return who does the work: this process, several, or a cluster; none starts before it."""
    from voiceprep.files.pools import Cluster, Processes, spread
    from voiceprep.files.worker import Worker

    def here(tasks: Iterable[Task]) -> Iterator[tuple[Task, Result]]:
        return Worker(setup).results(tasks, bar.heard)

    def elsewhere(tasks: Iterable[Task]) -> Iterator[tuple[Task, Result]]:
        pool: Cluster | Processes
        pool = Cluster(setup, cluster) if cluster else Processes(setup, jobs)
        stack.enter_context(pool)
        return bar.counted(spread(pool, tasks))

    return elsewhere if cluster or jobs > 1 else here


def _all(
    refused: Sequence[Refused], todo: Sequence[Job], workers: Workers, planner: Planner
) -> Iterator[Outcome]:
    from voiceprep.files.batch import Outcome, outcomes
    from voiceprep.files.recordings import printable

    for one in refused:
        name = printable(one.name)
        line = printable(f"{one.name}: {one.why}")
        yield Outcome(name, "skipped" if one.harmless else "failed", line)
    yield from outcomes(todo, workers, planner)


def _tables(
    ended: Sequence[Outcome], inputs: Sequence[str], output: str | None, overwrite: bool
) -> list[Path]:
    """Write the table of all answers into the output folder, or beside what was given."""
    from voiceprep.files.batch import write_table

    rows = sorted((o.numbers for o in ended if o.numbers), key=lambda r: str(r["file"]))
    if not rows:
        return []
    first = Path(inputs[0])
    beside = first if first.is_dir() else first.parent
    folder = Path(output) if output else beside
    return list(write_table(folder, TABLE, rows, overwrite=overwrite))


def _finish(
    ended: Sequence[Outcome],
    formats: Sequence[str] | None,
    tables: Sequence[Path],
    *,
    printed: bool,
    as_json: bool,
) -> None:
    if as_json:
        options.echo_json(_summary(ended, tables))
    elif printed:
        for outcome in ended:
            _print(outcome, formats)
    if len(ended) > 1 or not printed:
        click.echo(_counts(ended), err=True)
    if any(o.status == "failed" for o in ended):
        sys.exit(1)


def _print(outcome: Outcome, formats: Sequence[str] | None) -> None:
    from voiceprep.report.formats import render

    if outcome.answer is None:
        return
    answer = outcome.answer
    form = formats[0] if formats else ("md" if answer.analysis else "txt")
    title = outcome.name if answer.analysis else ""
    click.echo(render(form, answer.transcript, answer.analysis, title), nl=False)


def _summary(ended: Sequence[Outcome], tables: Sequence[Path]) -> dict[str, Any]:
    counts = {s: sum(o.status == s for o in ended) for s in ("done", "skipped", "failed")}
    files = [o.to_dict() for o in ended]
    return {"files": files, **counts, "tables": [str(t) for t in tables]}


def _counts(ended: Sequence[Outcome]) -> str:
    counts = ((s, sum(o.status == s for o in ended)) for s in ("done", "skipped", "failed"))
    return ", ".join(f"{count} {status}" for status, count in counts)
