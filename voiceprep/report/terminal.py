"""The report of an answer and of a session as text for a terminal or a pipe.

What is told is told in words and signs; colour only repeats it. The lines hold in 80
columns and need nothing but to be read from top to bottom.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from voiceprep.delivery import FILLERS_PER_MINUTE_BAND
from voiceprep.measured import HESITATIONS
from voiceprep.report.advice import advice
from voiceprep.report.marking import marked
from voiceprep.report.wording import (
    against_band,
    clock,
    counted,
    duration,
    percent,
    sample_sentence,
    trust,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from voiceprep.analysis import Analysis, Evidence, PointCoverage, Rate
    from voiceprep.questions import Question
    from voiceprep.session import Answer, Session
    from voiceprep.transcript import Transcript

WIDTH = 80
"""Columns that every report holds in."""

LABEL_WIDTH = 12
"""Columns of the left-hand labels."""

STYLES = {
    "text": "",
    "hesitation": "bold yellow",
    "discourse": "yellow",
    "evidence": "green",
    "denied": "red",
    "pause": "dim",
    "covered": "bold green",
    "partial": "bold yellow",
    "missed": "bold red",
}

KEY_TO_SIGNS = "[um] hesitation  (like) discourse marker  «2 …» earned point 2  /2.0 s/ pause"


def answer_report(answer: Answer, pace_band: tuple[float, float]) -> Iterator[RenderableType]:
    """Yield the report of one answer, a block at a time."""
    yield from report(
        answer.transcript, answer.analysis, answer.question, pace_band, answer.notes
    )


def report(
    transcript: Transcript,
    analysis: Analysis,
    question: Question | None,
    pace_band: tuple[float, float],
    notes: Sequence[str] = (),
) -> Iterator[RenderableType]:
    """Yield the report of a transcript and its analysis."""
    sample = question.sample_answer if question else None
    yield _numbers(analysis, pace_band)
    for note in notes:
        yield Text(f"Note: {note}", style="bold yellow")
    yield from _said(transcript, analysis)
    yield from _points(analysis, sample)
    yield Text()
    yield _indented(Text("Try next", style="bold"))
    yield _indented(Text(advice(analysis, sample, pace_band)), 2)


def question_heading(question: Question, position: int, total: int) -> RenderableType:
    """Return the heading and the text of a question."""
    head = Text(f"Question {position} of {total} ", style="bold")
    head.append(f"(number {question.number}, {question.difficulty})", style="dim")
    return Text("\n").join([head, Text(question.text)])


def session_summary(
    session: Session, pace_band: tuple[float, float]
) -> Iterator[RenderableType]:
    """Yield the summary of a session: a row an answer."""
    if not session.answers:
        yield Text("No answer was given; nothing was kept.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("question", "length", "words/min", "fillers/min", "key points"):
        table.add_column(column, justify="right", no_wrap=True)
    for answer in session.answers:
        table.add_row(*_summary_row(answer))
    yield Text(f"Summary of {counted(len(session.answers), 'answer')}", style="bold")
    yield _indented(table, 2)
    if session.skipped:
        skipped = ", ".join(str(n) for n in session.skipped)
        yield _indented(Text(f"skipped: {skipped}", style="dim"), 2)
    yield _indented(Text(f"pace band {pace_band[0]:g} to {pace_band[1]:g} words a minute"), 2)
    yield Text(f"See it again: voiceprep replay {session.id}", style="dim")


def _summary_row(answer: Answer) -> tuple[str, ...]:
    found = answer.analysis
    covered = "-"
    if found.coverage:
        hits = sum(p.status == "covered" for p in found.coverage.points)
        covered = f"{hits} of {len(found.coverage.points)}"
    return (
        str(answer.question.number),
        duration(found.length.seconds or 0),
        _or_dash(found.pace.wpm, ".0f"),
        _or_dash(found.filler_rate.per_minute, ".1f"),
        covered,
    )


def _or_dash(value: float | None, spec: str) -> str:
    return "-" if value is None else format(value, spec)


# the numbers


def _numbers(analysis: Analysis, pace_band: tuple[float, float]) -> RenderableType:
    table = Table.grid(padding=(0, 1), expand=False)
    table.add_column(width=LABEL_WIDTH, style="bold")
    table.add_column(overflow="fold", max_width=WIDTH - LABEL_WIDTH - 2)
    for label, text in (
        ("Length", _length(analysis)),
        ("Pace", _pace(analysis, pace_band)),
        ("Pauses", _pauses(analysis)),
        ("Hesitations", _filler_line(analysis, "hesitation", analysis.filler_rate.hesitations)),
        ("Markers", _filler_line(analysis, "discourse", analysis.filler_rate.discourse)),
        ("Fillers", _both(analysis)),
        ("Key points", _coverage_line(analysis)),
    ):
        table.add_row(label, text)
    return table


def _length(analysis: Analysis) -> str:
    length = analysis.length
    words = counted(length.words, "word")
    if length.seconds is None or length.speech_seconds is None:
        return words
    return (
        f"{words} in {duration(length.seconds)} ({duration(length.speech_seconds)} of speech)"
    )


def _pace(analysis: Analysis, band: tuple[float, float]) -> str:
    pace = analysis.pace
    if pace.wpm is None or pace.articulation_wpm is None:
        return "not measured (too short, or no times)"
    return (
        f"{pace.wpm:.0f} words a minute, {against_band(pace.wpm, band)}; "
        f"{pace.articulation_wpm:.0f} with pauses left out"
    )


def _pauses(analysis: Analysis) -> str:
    if not analysis.pauses:
        return "none of a second or more"
    longest = max(analysis.pauses, key=lambda p: p.seconds)
    return (
        f"{len(analysis.pauses)} of a second or more, the longest {longest.seconds:.1f} s "
        f"at {clock(longest.start)}"
    )


def _filler_line(analysis: Analysis, kind: str, rate: Rate) -> str:
    words = Counter(f.text.lower() for f in analysis.fillers if f.kind == kind)
    if not words:
        return "none"
    which = ", ".join(f"{word} {times}" for word, times in words.most_common(6))
    return f"{rate.count} ({which}){_rates(rate.per_minute, rate.per_100_words)}"


def _both(analysis: Analysis) -> str:
    rate = analysis.filler_rate
    line = f"{len(analysis.fillers)} in all{_rates(rate.per_minute, rate.per_100_words)}"
    if rate.per_minute is None:
        return line
    low, high = FILLERS_PER_MINUTE_BAND
    return f"{line}; {low} a minute goes unnoticed, {high} is the average speaker"


def _rates(per_minute: float | None, per_100: float | None) -> str:
    minute = f", {per_minute:g} a minute" if per_minute is not None else ""
    return minute + (f", {per_100:g} per 100 words" if per_100 is not None else "")


def _coverage_line(analysis: Analysis) -> str:
    if analysis.coverage is None:
        return f"not compared: {analysis.coverage_absent}"
    statuses = Counter(p.status for p in analysis.coverage.points)
    total = len(analysis.coverage.points)
    partly = f", {statuses['partial']} in part" if statuses["partial"] else ""
    score = percent(analysis.coverage.score)
    return f"{statuses['covered']} of {total} covered{partly} (score {score})"


# the words


def _said(transcript: Transcript, analysis: Analysis) -> Iterator[RenderableType]:
    if not transcript.text:
        return
    text = Text()
    for piece in marked(transcript, analysis):
        text.append(piece.text, style=STYLES[piece.style])
    yield Text()
    yield _indented(Text("What you said", style="bold"))
    yield _indented(text, 2)
    if analysis.fillers or analysis.pauses or analysis.coverage:
        yield _indented(Text(KEY_TO_SIGNS, style="dim"), 2)
    if analysis.length.seconds is not None:
        yield _indented(Text(f"hesitations, {trust(HESITATIONS)}", style="dim"), 2)


def _points(analysis: Analysis, sample: str | None) -> Iterator[RenderableType]:
    if analysis.coverage is None or not analysis.length.words:
        return
    yield Text()
    yield _indented(Text("Key points", style="bold"))
    table = Table.grid(padding=(0, 1))
    table.add_column(width=8)
    table.add_column(overflow="fold", max_width=WIDTH - 12)
    for number, point in enumerate(analysis.coverage.points, 1):
        table.add_row(
            Text(point.status, style=STYLES[point.status]), _point(number, point, sample)
        )
    yield _indented(table, 2)


def _point(number: int, point: PointCoverage, sample: str | None) -> Text:
    text = Text(f"{number}. {point.text}")
    if point.denied:
        text.append(f"\nyou said you did not: {_quoted(point.denied)}", style="red")
    elif point.evidence:
        text.append(f"\n{_quoted(point.evidence)}", style="green")
    elif sample and (sentence := sample_sentence(point, sample)):
        text.append(f"\nnot said. The sample answer: “{sentence}”", style="dim")
    else:
        text.append("\nnot said", style="dim")
    return text


def _quoted(evidence: Evidence) -> str:
    at = "" if evidence.start is None else f"{clock(evidence.start)} "
    return f"{at}“{evidence.quote}”"


def _indented(what: RenderableType, columns: int = 0) -> RenderableType:
    return Padding(what, (0, 0, 0, columns)) if columns else what
