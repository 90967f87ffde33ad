"""What was to be said: the next step, the key points with their evidence, the sample answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voiceprep.report.advice import advice
from voiceprep.report.page import spoken
from voiceprep.report.page.markup import Markup, joined, tag
from voiceprep.report.wording import clock, sample_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voiceprep.analysis import Evidence, PointCoverage
    from voiceprep.session import Answer

STATUS_SIGNS = {"covered": "●", "partial": "◐", "missed": "○", "denied": "✕"}
"""Signs beside a key point, told apart by their shape."""


def next_step(answer: Answer, band: tuple[float, float]) -> Markup:
    """Return the one thing to try next."""
    said = advice(answer.analysis, answer.question.sample_answer, band)
    return tag("section", tag("h3", "Try next"), tag("p", *_commands(said)), class_="advice")


def _commands(text: str) -> Iterator[str]:
    """Yield a text with what stands between backticks as code."""
    for i, part in enumerate(text.split("`")):
        yield tag("code", part) if i % 2 else part


def key_points(answer: Answer) -> Markup:
    """Return the key points, each with the words for it, or why there are none."""
    heading = tag("h3", "Key points")
    coverage = answer.analysis.coverage
    if coverage is None:
        why = answer.analysis.coverage_absent or "there is nothing to compare with"
        return tag("section", heading, tag("p", f"Not compared: {why}.", class_="absent"))
    items = (_point(answer, n, point) for n, point in enumerate(coverage.points, 1))
    return tag("section", heading, tag("ol", *items, class_="points"))


def _point(answer: Answer, number: int, point: PointCoverage) -> Markup:
    status = "denied" if point.denied else point.status
    sign = tag("span", STATUS_SIGNS[status], class_="sign", aria_hidden="true")
    return tag(
        "li",
        tag("p", sign, tag("span", status, class_="status"), class_="verdict"),
        tag("p", tag("span", f"{number}. ", class_="muted"), point.text, class_="claim"),
        _said_of(answer, point),
        id=spoken.point_id(answer, number),
        class_=status,
        data_point=number,
    )


def _said_of(answer: Answer, point: PointCoverage) -> Markup:
    if point.denied:
        quote = _quote(answer, point.denied)
        return tag("p", "You said that you did not: ", quote, class_="evidence")
    if point.evidence:
        return tag("p", _quote(answer, point.evidence), class_="evidence")
    sample = answer.question.sample_answer
    sentence = sample_sentence(point, sample) if sample else ""
    if not sentence:
        return tag("p", "Not said.", class_="evidence muted")
    return tag("p", f"Not said. The sample answer: “{sentence}”", class_="evidence muted")


def _quote(answer: Answer, evidence: Evidence) -> Markup:
    """Return the words of the answer as a link that plays them."""
    span = spoken.place(answer.transcript, spoken.units(answer.transcript), evidence)
    at = "" if evidence.start is None else f"{clock(evidence.start)} "
    label = joined([tag("span", at, class_="at"), f"“{evidence.quote}”"])
    if span is None:
        return label
    return tag(
        "a",
        label,
        href=f"#{spoken.word_id(answer, span[0])}",
        data_seek=None if evidence.start is None else f"{evidence.start:.2f}",
        data_until=None if evidence.end is None else f"{evidence.end:.2f}",
    )


def sample_answer(answer: Answer) -> Markup | None:
    """Return the sample answer, folded away, None where the bank has none."""
    sample = answer.question.sample_answer
    if not sample:
        return None
    return tag("details", tag("summary", "Sample answer"), tag("p", sample), class_="sample")
