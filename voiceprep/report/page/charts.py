"""The pictures of the page, drawn as SVG by hand.

Places along the width are percentages and heights are pixels, so that a picture takes
whatever width it gets while its lettering keeps its size. Every picture is an image
with a title and a description, and its numbers stand in a table behind it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voiceprep import delivery
from voiceprep.report.page.markup import Markup, joined, tag
from voiceprep.report.wording import clock, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from voiceprep.report.page.series import Measures, Stretch
    from voiceprep.session import Answer, Session

Row = tuple[str, ...]

TICK_STEPS_S = (5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
"""Steps at which a time axis is labelled, in seconds."""

MOST_TICKS = 6
"""Labels on a time axis: what fits on a telephone's width."""

PLOT_PX = 116
"""Height of a plot, its axis apart."""

AXIS_PX = 22
"""Height of the labels under a plot."""

MARGIN_PX = 8
"""Room above the highest line of a plot."""


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to places: heights in pixels, `ticks` are what the axis names."""

    top: float
    ticks: tuple[float, ...]

    @classmethod
    def over(cls, values: Iterable[float], step: float) -> Scale:
        """Return a scale from 0 that holds the values, with ticks at multiples of a step."""
        highest = max((0.0, *values))
        count = max(int(-(-highest // step)), 1)
        every = -(-count // 4)  # no more than five labels
        return cls(count * step, tuple(i * step for i in range(0, count + 1, every)))

    def y(self, value: float) -> float:
        """Return the height of a value, in pixels from above."""
        return round(MARGIN_PX + PLOT_PX * (1 - min(value / self.top, 1)), 1)


def picture(
    name: str, heading: str, description: str, drawing: Markup, height: int, table: Markup
) -> Markup:
    """Return a drawing as a figure with its title, description and the table behind it."""
    image = tag(
        "svg",
        tag("title", heading, id=f"{name}-t"),
        tag("desc", description, id=f"{name}-d"),
        drawing,
        role="img",
        width="100%",
        height=height,
        aria_labelledby=f"{name}-t {name}-d",
    )
    return tag(
        "figure",
        tag("figcaption", heading),
        tag("div", image, class_="plot"),
        behind(heading, table),
        class_="picture",
    )


def behind(heading: str, table: Markup) -> Markup:
    """Return a table folded away behind its picture."""
    label = tag("span", f": {heading}", class_="sr")
    return tag("details", tag("summary", "Numbers", label), table, class_="numbers")


def table_of(caption: str, head: Row, rows: Iterable[Row]) -> Markup:
    """Return a table; the first column names its rows."""
    body = [
        tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:]))
        for row in rows
    ]
    columns = tag("tr", *(tag("th", cell, scope="col") for cell in head))
    inner = [tag("caption", caption, class_="sr"), tag("thead", columns), tag("tbody", *body)]
    return tag(
        "div",
        tag("table", *inner),
        class_="scroll",
        tabindex=0,
        role="group",
        aria_label=caption,
    )


# along the time of an answer


def pace_picture(
    answer: Answer, stretches: Sequence[Stretch], total_s: float, band: tuple[float, float]
) -> Markup:
    """Return the pace along an answer over the band it is rated against."""
    scale = Scale.over([*(s.wpm for s in stretches), band[1]], 50)
    points = [(100 * s.at_s / total_s, s.wpm) for s in stretches]
    drawing = joined(
        [
            _band(scale, band),
            _grid(scale, lambda v: f"{v:g}"),
            _time_axis(total_s, MARGIN_PX + PLOT_PX),
            _line(points, scale),
        ]
    )
    low, high = min(s.wpm for s in stretches), max(s.wpm for s in stretches)
    heading = "Pace along the answer, words a minute"
    said = (
        f"Between {low:.0f} and {high:.0f} words a minute, counted over 10 seconds at a time. "
        f"The band is {band[0]:g} to {band[1]:g}."
    )
    rows = ((clock(s.at_s), f"{s.wpm:.0f}") for s in stretches)
    table = table_of(heading, ("Around", "Words a minute"), rows)
    name = f"a{answer.question.number}pace"
    return picture(name, heading, said, drawing, _height(), table)


def timeline(answer: Answer, total_s: float) -> tuple[Markup, Markup]:
    """Return the picture of speech, pauses and fillers, and the table behind it."""
    found = answer.analysis
    runs = _speech(answer)
    drawing = joined(
        [
            *(_bar("speech", s, e, 18, 20, total_s) for s, e in runs),
            *(_bar("silence", p.start, p.end, 22, 12, total_s) for p in found.pauses),
            *(_filler_mark(f.kind, f.start, total_s) for f in found.fillers),
            *(
                _bar("earned", p.evidence.start, p.evidence.end, 43, 4, total_s)
                for p in (found.coverage.points if found.coverage else ())
                if p.evidence and p.evidence.start is not None and p.evidence.end is not None
            ),
            _time_axis(total_s, 52),
        ]
    )
    name = f"a{answer.question.number}time"
    heading = "Speech, pauses and fillers along the answer"
    said = (
        f"{len(runs)} stretches of speech, {len(found.pauses)} long pauses and "
        f"{len(found.fillers)} fillers in {total_s:.0f} seconds."
    )
    image = tag(
        "svg",
        tag("title", heading, id=f"{name}-t"),
        tag("desc", said, id=f"{name}-d"),
        drawing,
        role="img",
        width="100%",
        height=52 + AXIS_PX,
        aria_labelledby=f"{name}-t {name}-d",
    )
    return image, behind(heading, _timeline_table(answer, runs, heading))


def _timeline_table(
    answer: Answer, runs: Sequence[tuple[float, float]], caption: str
) -> Markup:
    found = answer.analysis
    rows = [(s, e, "speech") for s, e in runs]
    rows += [(p.start, p.end, "pause") for p in found.pauses]
    names = {"hesitation": "hesitation", "discourse": "discourse marker"}
    rows += [
        (f.start, f.end, f"{names[f.kind]} “{f.text}”")
        for f in found.fillers
        if f.start is not None and f.end is not None
    ]
    rows.sort(key=lambda row: row[0])
    texts = ((f"{s:.1f} s", f"{e:.1f} s", f"{e - s:.1f} s", what) for s, e, what in rows)
    return table_of(caption, ("From", "To", "Length", "What"), texts)


def _speech(answer: Answer) -> list[tuple[float, float]]:
    """Return the stretches of speech: words without a silence between them."""
    words = answer.transcript.words
    if not words:
        return []
    gaps = delivery.silences(words, delivery.ARTICULATION_GAP_S)
    starts = [words[0].start, *(g.end for g in gaps)]
    ends = [*(g.start for g in gaps), words[-1].end]
    return list(zip(starts, ends, strict=True))


def _bar(
    kind: str, start_s: float, end_s: float, y: float, height: float, total_s: float
) -> Markup:
    return tag(
        "rect",
        class_=kind,
        x=_share(start_s, total_s),
        y=y,
        width=_share(max(end_s - start_s, 0), total_s),
        height=height,
        rx=2,
    )


def _filler_mark(kind: str, start_s: float | None, total_s: float) -> Markup | None:
    if start_s is None:
        return None
    return tag(
        "use", href=f"#mark-{kind}", class_=f"at-{kind}", x=_share(start_s, total_s), y=3
    )


def _time_axis(total_s: float, y: float) -> Markup:
    fitting = (s for s in TICK_STEPS_S if total_s / s <= MOST_TICKS)
    step = next(fitting, TICK_STEPS_S[-1])
    ticks = [i * step for i in range(int(total_s // step) + 1)]
    parts = [tag("line", class_="axis", x1="0", x2="100%", y1=y, y2=y)]
    for tick in ticks:
        x = _share(tick, total_s)
        parts.append(tag("line", class_="axis", x1=x, x2=x, y1=y, y2=y + 4))
        near_end = tick > 0.95 * total_s
        anchor = "start" if not tick else "end" if near_end else "middle"
        parts.append(tag("text", clock(tick), x=x, y=y + 18, text_anchor=anchor))
    return joined(parts)


def _share(time_s: float, total_s: float) -> str:
    return f"{100 * min(max(time_s / total_s, 0), 1):.2f}%"


# across questions and sessions


def coverage_picture(session: Session) -> Markup | None:
    """Return a row of key points for every answer, None without any compared answer."""
    rows = [(a, a.analysis.coverage) for a in session.answers if a.analysis.coverage]
    if not rows:
        return None
    widest = max(len(c.points) for _, c in rows if c)
    parts: list[Markup] = [
        tag("text", str(n), x=_cell_x(n) + 9, y=14, text_anchor="middle")
        for n in range(1, widest + 1)
    ]
    for i, (answer, coverage) in enumerate(rows):
        y = 24 + 28 * i
        label = f"Q{answer.question.number}"
        parts.append(tag("text", label, x=-10, y=y + 13, text_anchor="end", class_="strong"))
        points = coverage.points if coverage else ()
        for n, point in enumerate(points, 1):
            kind = "denied" if point.denied else point.status
            parts.append(tag("use", href=f"#point-{kind}", class_=kind, x=_cell_x(n), y=y))
        score = percent(coverage.score) if coverage else ""
        parts.append(tag("text", score, x="100%", y=y + 13, text_anchor="end"))
    heading = "Key points, by question"
    said = "; ".join(
        f"question {a.question.number}: {percent(c.score)}" for a, c in rows if c is not None
    )
    table = table_of(
        heading,
        ("Question", *(f"Point {n}" for n in range(1, widest + 1)), "Score"),
        (_coverage_row(a, widest) for a, _ in rows),
    )
    height = 24 + 28 * len(rows)
    said = f"Covered, partial and missed key points of every question. Scores: {said}."
    return picture("coverage", heading, said, joined(parts), height, table)


def _cell_x(number: int) -> int:
    return 24 * (number - 1)


def _coverage_row(answer: Answer, widest: int) -> Row:
    coverage = answer.analysis.coverage
    points = coverage.points if coverage else ()
    said = ["denied" if p.denied else str(p.status) for p in points]
    filled = [*said, *["–"] * (widest - len(said))]
    score = percent(coverage.score) if coverage else "–"
    return (f"Question {answer.question.number}", *filled, score)


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
            _band(scale, trend.band) if trend.band else None,
            _grid(scale, trend.worded),
            _line(places, scale),
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
        (_day(m), "–" if v is None else trend.worded(v))
        for m, v in zip(along, values, strict=True)
    )
    table = table_of(trend.heading, ("Session", trend.heading), rows)
    return picture(f"trend-{trend.name}", trend.heading, said, drawing, _height(), table)


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
    return (
        tag("line", class_="axis", x1="0", x2="100%", y1=y, y2=y),
        tag("text", _day(along[0]), x="0", y=y + 18, text_anchor="start"),
        tag("text", _day(along[-1]), x="100%", y=y + 18, text_anchor="end"),
    )


def _day(measured: Measures) -> str:
    return f"{measured.started.astimezone():%d %b %Y}"


# what every plot has


def _height() -> int:
    return MARGIN_PX + PLOT_PX + AXIS_PX


def _band(scale: Scale, band: tuple[float, float]) -> Markup:
    top, bottom = scale.y(band[1]), scale.y(band[0])
    parts = [tag("rect", class_="band", x="0", y=top, width="100%", height=bottom - top)]
    parts += [
        tag("line", class_="band-edge", x1="0", x2="100%", y1=y, y2=y) for y in (top, bottom)
    ]
    return joined(parts)


def _grid(scale: Scale, worded: Callable[[float], str]) -> Markup:
    parts: list[Markup] = []
    for tick in scale.ticks:
        y = scale.y(tick)
        if tick:
            parts.append(tag("line", class_="grid", x1="0", x2="100%", y1=y, y2=y))
        parts.append(tag("text", worded(tick), x=-8, y=y + 4, text_anchor="end"))
    return joined(parts)


def _line(points: Sequence[tuple[float, float]], scale: Scale) -> Markup:
    """Return straight lines from point to point, (percent of the width, value) each."""
    return joined(
        tag(
            "line",
            class_="course",
            x1=f"{x1:.2f}%",
            y1=scale.y(v1),
            x2=f"{x2:.2f}%",
            y2=scale.y(v2),
        )
        for (x1, v1), (x2, v2) in itertools.pairwise(points)
    )
