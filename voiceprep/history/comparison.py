"""Two attempts at the same question, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from voiceprep.errors import SessionError

if TYPE_CHECKING:
    from voiceprep.session import Answer


@dataclass(frozen=True, slots=True)
class Change:
    """A number before and after; None where it was not measured."""

    name: str
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the second attempt covers that the first did not, and the other way round."""

    question: int
    text: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    still_missed: tuple[str, ...]
    changes: tuple[Change, ...]


def compare(before: Answer, after: Answer) -> Comparison:
    """Return what changed between two answers to the same question.

    Raises:
        SessionError: they answer different questions.
    """
    if before.question.text != after.question.text:
        raise SessionError(
            f"“{before.question.text}” and “{after.question.text}” are different questions"
        )
    first, second = _covered(before), _covered(after)
    points = [p.text for p in after.analysis.coverage.points] if after.analysis.coverage else []
    return Comparison(
        after.question.number,
        after.question.text,
        tuple(p for p in points if p in second - first),
        tuple(p for p in points if p in first - second),
        tuple(p for p in points if p not in first | second),
        tuple(Change(name, _number(before, name), _number(after, name)) for name in _NUMBERS),
    )


_NUMBERS = ("words", "seconds", "words a minute", "fillers a minute", "pauses", "key points")


def _covered(answer: Answer) -> set[str]:
    coverage = answer.analysis.coverage
    return {p.text for p in coverage.points if p.status == "covered"} if coverage else set()


def _number(answer: Answer, name: str) -> float | None:
    found = answer.analysis
    numbers: dict[str, float | None] = {
        "words": found.length.words,
        "seconds": found.length.seconds,
        "words a minute": found.pace.wpm,
        "fillers a minute": found.filler_rate.per_minute,
        "pauses": len(found.pauses),
        "key points": len(_covered(answer)) if found.coverage else None,
    }
    return numbers[name]
