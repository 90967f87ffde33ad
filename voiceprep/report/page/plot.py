"""What all pictures of the page share: frame, scale, grid and the table behind.

Places along the width are percentages and heights are pixels, so that a picture takes
whatever width it gets while its lettering keeps its size. Every picture is an image
with a title and a description, and its numbers stand in a table behind it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voiceprep.report.page.markup import Markup, joined, tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Row = tuple[str, ...]

PLOT_PX = 116
"""Height of a plot, its axis apart."""

AXIS_PX = 22
"""Height of the labels under a plot."""

MARGIN_PX = 8
"""Room above the highest line of a plot."""

HIGH_PX = MARGIN_PX + PLOT_PX + AXIS_PX
"""Height of a picture with one plot."""


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


def image(name: str, heading: str, description: str, drawing: Markup, high_px: int) -> Markup:
    """Return a drawing as an image with its title and its description."""
    return tag(
        "svg",
        tag("title", heading, id=f"{name}-t"),
        tag("desc", description, id=f"{name}-d"),
        drawing,
        role="img",
        width="100%",
        height=high_px,
        aria_labelledby=f"{name}-t {name}-d",
    )


def picture(heading: str, drawn: Markup, table: Markup) -> Markup:
    """Return an image under its heading, with the table behind it."""
    return tag(
        "figure",
        tag("figcaption", heading),
        tag("div", drawn, class_="plot"),
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


def band_behind(scale: Scale, band: tuple[float, float]) -> Markup:
    """Return the band that values are rated against, behind them."""
    top, bottom = scale.y(band[1]), scale.y(band[0])
    parts = [tag("rect", class_="band", x="0", y=top, width="100%", height=bottom - top)]
    parts += [
        tag("line", class_="band-edge", x1="0", x2="100%", y1=y, y2=y) for y in (top, bottom)
    ]
    return joined(parts)


def grid(scale: Scale, worded: Callable[[float], str]) -> Markup:
    """Return the lines across a plot and the values they stand for."""
    parts: list[Markup] = []
    for tick in scale.ticks:
        y = scale.y(tick)
        if tick:
            parts.append(tag("line", class_="grid", x1="0", x2="100%", y1=y, y2=y))
        parts.append(tag("text", worded(tick), x=-8, y=y + 4, text_anchor="end"))
    return joined(parts)


def line(points: Sequence[tuple[float, float]], scale: Scale) -> Markup:
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
