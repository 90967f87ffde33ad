"""What lies behind: the list of sessions, progress, comparisons and what is due, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from voiceprep.report.wording import counted, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from rich.console import RenderableType

    from voiceprep.history.comparison import Change, Comparison
    from voiceprep.history.index import SessionRow
    from voiceprep.history.progress import Measure, Progress
    from voiceprep.history.schedule import Due

SPARKS = "▁▂▃▄▅▆▇█"

SHOWN_VALUES = 20
"""How many sessions a sparkline goes back."""

NEVER_CHANGED = 0.05
"""A change below this is rounding."""


def session_list(sessions: Sequence[SessionRow]) -> RenderableType:
    """Return a table of sessions, one a row."""
    table = _table("session", "started", "answers>", "points>", "fill/min>", "bank")
    for row in sessions:
        rate = row.fillers_per_minute
        table.add_row(
            row.id,
            row.started.astimezone().strftime("%Y-%m-%d %H:%M"),
            str(len(row.answers)),
            f"{row.covered}/{row.points}" if row.points else "-",
            "-" if rate is None else f"{rate:.1f}",
            row.bank,
        )
    return table


def progress_report(found: Progress, fewest: int) -> Iterator[RenderableType]:
    """Yield how the numbers moved, the questions and the points missed most."""
    yield Text(f"{counted(found.sessions, 'session')} with answers", style="bold")
    if not found.measures:
        missing = fewest - found.sessions
        yield Text(f"Not enough for a trend yet: {counted(missing, 'more session')} to go.")
    else:
        yield _measures(found.measures)
    if found.questions:
        yield Text("\nQuestions, key points covered", style="bold")
        table = _table("question", "times>", "best>", "last>", "")
        for q in found.questions:
            name = f"{q.bank} {q.question}"
            table.add_row(name, str(q.times), percent(q.best), percent(q.last), q.text)
        yield table
    if found.missed:
        yield Text("\nMissed most often", style="bold")
        table = _table("question", "missed>", "")
        for point in found.missed:
            name = f"{point.bank} {point.question}"
            table.add_row(name, f"{point.missed} of {point.asked}", point.text)
        yield table


def _measures(measures: Sequence[Measure]) -> Table:
    table = _table("measure", "last>", "unit", "change>", "over the sessions")
    for measure in measures:
        if not measure.values:
            continue
        table.add_row(
            measure.name,
            f"{measure.values[-1]:g}",
            measure.unit,
            _change(measure),
            sparkline(measure.values[-SHOWN_VALUES:]),
        )
    return table


def _change(measure: Measure) -> str:
    """Say how a measure changed, in words where one way is better."""
    change = measure.change
    if change is None:
        return "-"
    if abs(change) < NEVER_CHANGED:
        return "unchanged"
    better = {"higher": change > 0, "lower": change < 0}.get(measure.better)
    word = "" if better is None else " better" if better else " worse"
    return f"{change:+g}{word}"


def sparkline(values: Sequence[float]) -> str:
    """Return values as a row of bars, the least lowest and the greatest highest."""
    low, high = min(values), max(values)
    if high == low:
        return SPARKS[len(SPARKS) // 2] * len(values)
    top = len(SPARKS) - 1
    return "".join(SPARKS[round(top * (v - low) / (high - low))] for v in values)


def due_report(due: Sequence[Due], now: datetime) -> Iterator[RenderableType]:
    """Yield which question is due when, the one most likely forgotten first."""
    if not due:
        return
    yield Text("\nWhat to practise next", style="bold")
    table = _table("question", "due", "recall>", "rated", "")
    for item in due:
        table.add_row(
            f"{item.bank} {item.question}",
            _when(item.due, now),
            percent(item.retrievability),
            item.rating,
            item.text,
        )
    yield table
    yield Text("`voiceprep practice BANK --due` asks what is due, worst first.", style="dim")


def _when(due: datetime, now: datetime) -> str:
    days = (due.astimezone().date() - now.astimezone().date()).days
    if days <= 0:
        return "now"
    return "tomorrow" if days == 1 else f"in {days} days"


def comparison_report(found: Comparison, before: str, after: str) -> Iterator[RenderableType]:
    """Yield what changed between two attempts, each called by its name."""
    yield Text(f"Question {found.question}: {found.text}", style="bold")
    table = _table("", f"{before}>", f"{after}>", "change>")
    for change in found.changes:
        table.add_row(change.name, _value(change.before), _value(change.after), _delta(change))
    yield table
    points = Table.grid(padding=(0, 2))
    for title, texts in (
        ("Covered now", found.gained),
        ("Lost", found.lost),
        ("Missed both times", found.still_missed),
    ):
        for number, text in enumerate(texts):
            points.add_row("" if number else title, text)
    if points.row_count:
        yield points


def _value(value: float | None) -> str:
    return "-" if value is None else f"{round(value, 1):g}"


def _delta(change: Change) -> str:
    if change.before is None or change.after is None:
        return ""
    return f"{round(change.after - change.before, 1):+g}"


def _table(*columns: str) -> Table:
    """Return a table without lines; a column whose name ends in > is aligned right.

    The last column gives way where 80 columns are too few.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for column in columns:
        name = column.rstrip(">")
        last = column == columns[-1] and name == column
        table.add_column(
            name,
            justify="right" if name != column else "left",
            no_wrap=not last,
        )
    return table
