"""The pictures of a session: key points by question, measures from session to session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from voiceprep.report.page.markup import Markup, joined, tag
from voiceprep.report.page.plot import (
    HIGH_PX,
    MARGIN_PX,
    PLOT_PX,
    Row,
    Scale,
    band_behind,
    grid,
    image,
    line,
    picture,
    table_of,
)
from voiceprep.report.wording import percent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from voiceprep.analysis import Coverage, PointCoverage
    from voiceprep.report.page.series import Measures
    from voiceprep.session import Answer, Session

CELL_PX = 24
"""From the cell of one key point to the next."""

ROW_PX = 28
"""From one row of cells to the next."""

CELLS_A_ROW = 9
"""Cells side by side: what fits on a telephone's width; more go into further rows."""


def coverage_picture(session: Session) -> Markup | None:
    """Return the key points of every answer as cells, None without any compared answer."""
    rows = [(a, c) for a in session.answers if (c := a.analysis.coverage)]
    if not rows:
        return None
    widest = max(len(c.points) for _, c in rows)
    parts, y = [_column_numbers(widest)], 24
    for answer, coverage in rows:
        parts.append(_cells(answer, coverage, y))
        y += ROW_PX * max(-(-len(coverage.points) // CELLS_A_ROW), 1)
    heading = "Key points, by question"
    scores = "; ".join(f"question {a.question.number}: {percent(c.score)}" for a, c in rows)
    said = f"Covered, partial and missed key points of every question. Scores: {scores}."
    head = ("Question", *(f"Point {n}" for n in range(1, widest + 1)), "Score")
    table = table_of(heading, head, (_coverage_row(a, c, widest) for a, c in rows))
    return picture(heading, image("coverage", heading, said, joined(parts), y), table)


def _column_numbers(widest: int) -> Markup:
    """Return the numbers of the key points over their cells, if each has its column."""
    columns = range(widest if widest <= CELLS_A_ROW else 0)
    return joined(
        tag("text", str(n + 1), x=CELL_PX * n + 9, y=14, text_anchor="middle") for n in columns
    )


def _cells(answer: Answer, coverage: Coverage, y: int) -> Markup:
    label = f"Q{answer.question.number}"
    parts = [
        tag("text", label, x=-10, y=y + 13, text_anchor="end", class_="strong"),
        tag("text", percent(coverage.score), x="100%", y=y + 13, text_anchor="end"),
    ]
    for i, point in enumerate(coverage.points):
        row, column = divmod(i, CELLS_A_ROW)
        kind = _kind(point)
        x, down = CELL_PX * column, y + ROW_PX * row
        parts.append(tag("use", href=f"#point-{kind}", class_=kind, x=x, y=down))
    return joined(parts)


def _kind(point: PointCoverage) -> str:
    return "denied" if point.denied else point.status


def _coverage_row(answer: Answer, coverage: Coverage, widest: int) -> Row:
    kinds = [_kind(p) for p in coverage.points]
    blank = ["–"] * (widest - len(kinds))
    return (f"Question {answer.question.number}", *kinds, *blank, percent(coverage.score))


@dataclass(frozen=True, slots=True)
class Trend:
    """A measure over sessions: how it is drawn and worded."""

    name: str
    heading: str
    step: float
    worded: Callable[[float], str]
    band: tuple[float, float] | None = None
    band_said: str = ""
    least_top: float = 0


def trend_picture(
    trend: Trend, along: Sequence[Measures], values: Sequence[float | None]
) -> Markup | None:
    """Return a measure over sessions, the last one lettered; None below two values."""
    known = [(i, v) for i, v in enumerate(values) if v is not None]
    if len(known) < 2:
        return None
    band_top = trend.band[1] if trend.band else 0.0
    scale = Scale.over([*(v for _, v in known), band_top, trend.least_top], trend.step)
    # Half a step of margin on both sides keeps dots and their lettering inside.
    places = [(4 + 92 * i / (len(values) - 1), v) for i, v in known]
    drawing = joined(
        [
            band_behind(scale, trend.band) if trend.band else None,
            grid(scale, trend.worded),
            line(places, scale),
            *(
                _dot(x, v, trend, scale, last=i == len(places) - 1)
                for i, (x, v) in enumerate(places)
            ),
            *_dates(along),
        ]
    )
    first, last = known[0][1], known[-1][1]
    said = (
        f"From {trend.worded(first)} to {trend.worded(last)} over {len(along)} sessions."
        f" {trend.band_said}"
    ).strip()
    rows = (
        (_when(m), "–" if v is None else trend.worded(v))
        for m, v in zip(along, values, strict=True)
    )
    table = table_of(trend.heading, ("Session", trend.heading), rows)
    return picture(
        trend.heading,
        image(f"trend-{trend.name}", trend.heading, said, drawing, HIGH_PX),
        table,
    )


def _dot(x: float, value: float, trend: Trend, scale: Scale, *, last: bool) -> Markup:
    y = scale.y(value)
    dot = tag(
        "circle", class_="dot last" if last else "dot", cx=f"{x:.2f}%", cy=y, r=5 if last else 3
    )
    if not last:
        return dot
    # The lettering goes below a dot that has no room above.
    at = y - 10 if y > 24 else y + 20
    label = tag(
        "text", trend.worded(value), class_="strong", x=f"{x + 1:.2f}%", y=at, text_anchor="end"
    )
    return joined([dot, label])


def _dates(along: Sequence[Measures]) -> tuple[Markup, ...]:
    y = MARGIN_PX + PLOT_PX
    days = [f"{m.started.astimezone():%d %b %Y}" for m in (along[0], along[-1])]
    first, last = days if days[0] != days[1] else (_when(along[0]), _when(along[-1]))
    return (
        tag("line", class_="axis", x1="0", x2="100%", y1=y, y2=y),
        tag("text", first, x="0", y=y + 18, text_anchor="start"),
        tag("text", last, x="100%", y=y + 18, text_anchor="end"),
    )


def _when(measured: Measures) -> str:
    return f"{measured.started.astimezone():%d %b %Y, %H:%M}"
