"""All answers of a folder with their numbers, one a row, as CSV and as Markdown."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from voiceprep.report.formats import escaped
from voiceprep.report.wording import clock, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from voiceprep.analysis import Analysis

Row = dict[str, Any]

COLUMNS = (
    "file",
    "question",
    "seconds",
    "speech_seconds",
    "words",
    "wpm",
    "articulation_wpm",
    "pauses",
    "longest_pause",
    "hesitations",
    "discourse_markers",
    "fillers_per_minute",
    "fillers_per_100_words",
    "covered",
    "partial",
    "missed",
    "coverage",
)
"""Of a row; what is None stays empty."""

_HEADINGS = {
    "file": "file",
    "question": "question",
    "seconds": "length",
    "wpm": "words/min",
    "pauses": "pauses",
    "hesitations": "hesitations",
    "discourse_markers": "markers",
    "fillers_per_minute": "fillers/min",
    "covered": "key points",
    "coverage": "score",
}
"""The columns that the Markdown table shows, and what it calls them."""

_FORMULA = ("=", "+", "-", "@")
"""A spreadsheet takes a cell that begins so for a formula, a file's name included."""


def row(analysis: Analysis) -> Row:
    """Return the numbers of one answer; its file is added by who knows it."""
    length, pace, rate = analysis.length, analysis.pace, analysis.filler_rate
    coverage = analysis.coverage
    statuses = [p.status for p in coverage.points] if coverage else []
    counts: Row = {
        status: statuses.count(status) if coverage else None
        for status in ("covered", "partial", "missed")
    }
    return {
        "question": analysis.question.number if analysis.question else None,
        "seconds": _rounded(length.seconds),
        "speech_seconds": _rounded(length.speech_seconds),
        "words": length.words,
        "wpm": _rounded(pace.wpm),
        "articulation_wpm": _rounded(pace.articulation_wpm),
        "pauses": len(analysis.pauses),
        "longest_pause": _rounded(max((p.seconds for p in analysis.pauses), default=None)),
        "hesitations": rate.hesitations.count,
        "discourse_markers": rate.discourse.count,
        "fillers_per_minute": rate.per_minute,
        "fillers_per_100_words": rate.per_100_words,
        **counts,
        "coverage": round(coverage.score, 3) if coverage else None,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def csv_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows as CSV with a heading (RFC 4180)."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore")
    writer.writeheader()
    writer.writerows({**r, "file": _no_formula(str(r["file"]))} for r in rows)
    return text.getvalue()


def _no_formula(name: str) -> str:
    return f"./{name}" if name.startswith(_FORMULA) else name


def markdown_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows as a table of Markdown, numbers aligned to the right."""
    lines = [_line(_HEADINGS.values()), _line(["---"] + ["--:"] * (len(_HEADINGS) - 1))]
    lines += [_line(_cell(r, column) for column in _HEADINGS) for r in rows]
    return "".join(f"{line}\n" for line in lines)


def _line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(numbers: Mapping[str, Any], column: str) -> str:
    value = numbers.get(column)
    if value is None:
        return ""
    if column == "seconds":
        return clock(value)
    if column == "covered":
        return f"{value} of {value + numbers['partial'] + numbers['missed']}"
    if column == "wpm":
        return f"{value:.0f}"
    if column == "coverage":
        return percent(value)
    return escaped(str(value))
