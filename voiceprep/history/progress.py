"""How the numbers move over sessions: measures, questions, and the points always missed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from voiceprep.history.index import AnswerRow, SessionRow

FEWEST_SESSIONS = 4
"""Two against two is the least that can be called a change."""

COMPARED = 3
"""The mean of so many last sessions is set against as many before them, if there are."""

MOST_MISSED = 5
"""How many of the key points missed most often are named."""

Better = Literal["higher", "lower", "neither"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One number over sessions, oldest first; `change` is later mean minus earlier mean."""

    name: str
    unit: str
    better: Better
    values: tuple[float, ...]
    change: float | None


@dataclass(frozen=True, slots=True)
class QuestionProgress:
    """The best and the last coverage of a question, 0 to 1, and how often it was answered."""

    bank: str
    question: int
    text: str
    times: int
    best: float
    last: float


@dataclass(frozen=True, slots=True)
class MissedPoint:
    """A key point, how often it was missed and how often it came up."""

    bank: str
    question: int
    text: str
    missed: int
    asked: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything `voiceprep progress` tells. `measures` is empty without enough sessions."""

    sessions: int
    measures: tuple[Measure, ...]
    questions: tuple[QuestionProgress, ...]
    missed: tuple[MissedPoint, ...]


def progress(rows: Iterable[SessionRow]) -> Progress:
    """Return the progress over sessions; those without an answer do not count."""
    sessions = sorted((r for r in rows if r.answers), key=lambda r: r.started)
    measures = _measures(sessions) if len(sessions) >= FEWEST_SESSIONS else ()
    return Progress(len(sessions), measures, _questions(sessions), _missed(sessions))


def _measures(sessions: Sequence[SessionRow]) -> tuple[Measure, ...]:
    return (
        _measure("key points", "%", "higher", sessions, _percent),
        _measure("fillers", "a minute", "lower", sessions, lambda a: a.fillers_per_minute),
        _measure("pace", "words a minute", "neither", sessions, lambda a: a.wpm),
        _measure("length", "s", "neither", sessions, lambda a: a.seconds),
    )


def _percent(answer: AnswerRow) -> float | None:
    return None if answer.score is None else 100 * answer.score


def _measure(
    name: str,
    unit: str,
    better: Better,
    sessions: Sequence[SessionRow],
    of: Callable[[AnswerRow], float | None],
) -> Measure:
    """Return a measure with one value a session, the mean over its answers."""
    per_session = ([v for a in s.answers if (v := of(a)) is not None] for s in sessions)
    values = tuple(round(fmean(found), 1) for found in per_session if found)
    return Measure(name, unit, better, values, _change(values))


def _change(values: Sequence[float]) -> float | None:
    if len(values) < FEWEST_SESSIONS:
        return None
    size = min(COMPARED, len(values) // 2)
    return round(fmean(values[-size:]) - fmean(values[-2 * size : -size]), 1)


def _questions(sessions: Sequence[SessionRow]) -> tuple[QuestionProgress, ...]:
    history: dict[tuple[str, int], list[AnswerRow]] = {}
    for session in sessions:
        for answer in session.answers:
            if answer.score is not None:
                history.setdefault((session.bank, answer.question), []).append(answer)
    return tuple(
        QuestionProgress(
            bank,
            number,
            answers[-1].text,
            len(answers),
            max(a.score or 0.0 for a in answers),
            answers[-1].score or 0.0,
        )
        for (bank, number), answers in sorted(history.items())
    )


def _missed(sessions: Sequence[SessionRow]) -> tuple[MissedPoint, ...]:
    missed: Counter[tuple[str, int, str]] = Counter()
    asked: Counter[tuple[str, int]] = Counter()
    for session in sessions:
        for answer in session.answers:
            asked[session.bank, answer.question] += 1
            missed.update((session.bank, answer.question, text) for text in answer.missed)
    return tuple(
        MissedPoint(bank, number, text, times, asked[bank, number])
        for (bank, number, text), times in missed.most_common(MOST_MISSED)
    )
