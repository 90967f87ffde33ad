"""The pictures of one answer: its timeline and its pace, over the same axis of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voiceprep import delivery
from voiceprep.report.page.markup import Markup, joined, tag
from voiceprep.report.page.plot import (
    AXIS_PX,
    HIGH_PX,
    MARGIN_PX,
    PLOT_PX,
    Scale,
    band_behind,
    behind,
    grid,
    image,
    line,
    picture,
    table_of,
)
from voiceprep.report.wording import clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voiceprep.report.page.series import Stretch
    from voiceprep.session import Answer

TICK_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
"""Steps at which a time axis is labelled, in seconds."""

MOST_TICKS = 6
"""Labels on a time axis: what fits on a telephone's width."""


def pace_picture(
    answer: Answer, stretches: Sequence[Stretch], total_s: float, band: tuple[float, float]
) -> Markup:
    """Return the pace along an answer over the band it is rated against."""
    scale = Scale.over([*(s.wpm for s in stretches), band[1]], 50)
    points = [(100 * s.at_s / total_s, s.wpm) for s in stretches]
    drawing = joined(
        [
            band_behind(scale, band),
            grid(scale, lambda v: f"{v:g}"),
            _time_axis(total_s, MARGIN_PX + PLOT_PX),
            line(points, scale),
        ]
    )
    low, high = min(s.wpm for s in stretches), max(s.wpm for s in stretches)
    heading = "Pace along the answer: words a minute over min:s"
    said = (
        f"Between {low:.0f} and {high:.0f} words a minute, counted over 10 seconds at a time. "
        f"The band is {band[0]:g} to {band[1]:g}."
    )
    rows = ((clock(s.at_s), f"{s.wpm:.0f}") for s in stretches)
    table = table_of(heading, ("Around", "Words a minute"), rows)
    name = f"a{answer.question.number}pace"
    return picture(heading, image(name, heading, said, drawing, HIGH_PX), table)


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
    heading = "Speech, pauses and fillers along the answer, in min:s"
    said = (
        f"{len(runs)} stretches of speech, {len(found.pauses)} long pauses and "
        f"{len(found.fillers)} fillers in {total_s:.0f} seconds."
    )
    drawn = image(name, heading, said, drawing, 52 + AXIS_PX)
    return drawn, behind(heading, _timeline_table(answer, runs, heading))


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
