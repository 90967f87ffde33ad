"""The page around the answers: heading, summary, progress over sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voiceprep.delivery import FILLERS_PER_MINUTE_BAND
from voiceprep.report.page.answer import answer_id
from voiceprep.report.page.markup import Markup, joined, tag
from voiceprep.report.page.series import measures_along
from voiceprep.report.page.session_pictures import Trend, coverage_picture, trend_picture
from voiceprep.report.wording import counted, duration, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voiceprep.session import Answer, Session

KEYS_HELP = (
    ("Space", "play, stop"),
    ("← →", "5 seconds back, on"),
    ("Shift ← →", "one word back, on"),
    ("Shift ↑ ↓", "faster, slower"),
)
"""What the keyboard does on the page, as the script implements it."""


def title(session: Session) -> str:
    """Return the title of the page."""
    return f"{session.bank}, {session.started.astimezone():%d %B %Y} – voiceprep"


def heading(session: Session) -> Markup:
    """Return the head of the page."""
    started = session.started.astimezone()
    when = tag("time", f"{started:%A, %d %B %Y, %H:%M}", datetime=session.started.isoformat())
    facts = [counted(len(session.answers), "answer")]
    spoken_s = sum(a.analysis.length.seconds or 0 for a in session.answers)
    if spoken_s:
        facts.append(duration(spoken_s))
    if session.skipped:
        facts.append(f"skipped: {', '.join(str(n) for n in session.skipped)}")
    if session.state == "running":
        facts.append("not finished")
    return tag(
        "header",
        tag("p", "Interview practice", class_="eyebrow"),
        tag("h1", session.bank),
        tag("p", when, f" · {' · '.join(facts)}", class_="muted"),
        class_="top",
    )


def summary(session: Session) -> Markup:
    """Return all answers at a glance: a table that leads to each, and its picture."""
    if not session.answers:
        return tag(
            "section",
            tag("h2", "Overview"),
            tag("p", "No answer was given in this session.", class_="absent"),
        )
    head = ("Question", "Length", "Words a minute", "Fillers a minute", "Key points")
    columns = tag("tr", *(tag("th", label, scope="col") for label in head))
    rows = [tag("tr", *_row(answer)) for answer in session.answers]
    table = tag(
        "table",
        tag("caption", "The answers of this session", class_="sr"),
        tag("thead", columns),
        tag("tbody", *rows),
    )
    scrolled = tag(
        "div",
        table,
        class_="scroll",
        tabindex=0,
        role="group",
        aria_label="The answers of this session",
    )
    return tag(
        "section",
        tag("h2", "Overview"),
        tag("div", scrolled, coverage_picture(session), class_="glance"),
    )


def _row(answer: Answer) -> list[Markup]:
    found = answer.analysis
    points = "–"
    if found.coverage:
        covered = sum(p.status == "covered" for p in found.coverage.points)
        points = f"{covered} of {len(found.coverage.points)}"
    seconds = found.length.seconds
    topic = tag("span", f" {_shortened(answer.question.text)}", class_="topic")
    link = tag("a", f"Q{answer.question.number}", topic, href=f"#{answer_id(answer)}")
    cells = (
        "–" if seconds is None else duration(seconds),
        _or_dash(found.pace.wpm, ".0f"),
        _or_dash(found.filler_rate.per_minute, ".1f"),
        points,
    )
    return [tag("th", link, scope="row"), *(tag("td", cell) for cell in cells)]


def _shortened(text: str, most: int = 64) -> str:
    """Return a text cut at a word, with an ellipsis where something is left out."""
    if len(text) <= most:
        return text
    return f"{text[: most - 1].rsplit(' ', 1)[0].rstrip(' ,;:')} …"


def _or_dash(value: float | None, spec: str) -> str:
    return "–" if value is None else format(value, spec)


def progress(
    session: Session, history: Sequence[Session], pace_band: tuple[float, float]
) -> Markup | None:
    """Return how the measures moved up to this session, None without an earlier one."""
    along = measures_along(session, history)
    if len(along) < 2:
        return None
    low, high = FILLERS_PER_MINUTE_BAND
    fillers = Trend(
        "fillers",
        "Fillers a minute",
        2,
        _rate,
        FILLERS_PER_MINUTE_BAND,
        f"{low} a minute goes unnoticed, {high} is the average speaker.",
    )
    pace = Trend(
        "pace",
        "Words a minute",
        50,
        "{:.0f}".format,
        pace_band,
        f"The band is {pace_band[0]:g} to {pace_band[1]:g}.",
    )
    coverage = Trend("coverage", "Key points covered", 0.25, percent, least_top=1.0)
    drawn = [
        trend_picture(fillers, along, [m.fillers_per_minute for m in along]),
        trend_picture(pace, along, [m.wpm for m in along]),
        trend_picture(coverage, along, [m.coverage for m in along]),
    ]
    pictures = [p for p in drawn if p]
    if not pictures:
        return None
    said = (
        f"This session and the {counted(len(along) - 1, 'session')} before it, evenly spaced. "
        "The shaded bands are those that answers are rated against."
    )
    return tag(
        "section",
        tag("h2", "Over your sessions"),
        tag("p", said, class_="muted"),
        tag("div", *pictures, class_="trends"),
        class_="progress",
    )


def _rate(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def keys_help() -> Markup:
    """Return what the keyboard does."""
    rows = [
        joined([tag("dt", *(tag("kbd", k) for k in keys.split(" "))), tag("dd", does)])
        for keys, does in KEYS_HELP
    ]
    return tag(
        "section",
        tag("h2", "Keyboard"),
        tag("p", "They work on the answer that plays, or on the one in view."),
        tag("dl", *rows, class_="keys"),
        class_="keyboard",
        id="keyboard",
    )
