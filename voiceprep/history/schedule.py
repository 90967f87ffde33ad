"""What to practise next: questions scheduled by spaced repetition from spoken results.

Each answer is a review of its question. From its numbers comes a rating, and from the
ratings the Free Spaced Repetition Scheduler (py-fsrs; Ye et al. 2022, "A Stochastic
Shortest Path Algorithm for Optimizing Spaced Repetition Scheduling") computes when the
question is due again. Nothing is stored: the schedule is computed from the sessions, the
same every time.

The rule from result to rating:

    again   nothing was said, or less than 40 % of the key points
    hard    less than 70 %, or more than 10 fillers a minute
    good    70 % and more
    easy    90 % and more, with at most 5 fillers a minute

Without key points to compare with, the fillers alone decide between hard and good.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from voiceprep.delivery import FILLERS_PER_MINUTE_BAND

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    import fsrs

    from voiceprep.history.index import AnswerRow, SessionRow

Rating = Literal["again", "hard", "good", "easy"]

AGAIN_BELOW = 0.4
HARD_BELOW = 0.7
EASY_FROM = 0.9
"""Shares of the key points, a partly covered one counting half."""

HARD_ABOVE_FILLERS = 2 * FILLERS_PER_MINUTE_BAND[1]
EASY_UP_TO_FILLERS = FILLERS_PER_MINUTE_BAND[1]
"""Fillers a minute: twice the average speaker's, and the average speaker's."""


@dataclass(frozen=True, slots=True)
class Due:
    """When a question is due, and how likely its answer is still at hand (0 to 1)."""

    bank: str
    question: int
    text: str
    due: datetime
    retrievability: float
    last: datetime
    times: int
    rating: Rating


def rating(answer: AnswerRow) -> Rating:
    """Return the rating of an answer by the rule above."""
    fillers = answer.fillers_per_minute or 0.0
    if not answer.words:
        return "again"
    if answer.score is None:
        return "hard" if fillers > HARD_ABOVE_FILLERS else "good"
    if answer.score < AGAIN_BELOW:
        return "again"
    if answer.score < HARD_BELOW or fillers > HARD_ABOVE_FILLERS:
        return "hard"
    if answer.score >= EASY_FROM and fillers <= EASY_UP_TO_FILLERS:
        return "easy"
    return "good"


def schedule(sessions: Iterable[SessionRow], now: datetime) -> tuple[Due, ...]:
    """Return every question ever answered, the one most likely forgotten first."""
    reviews: dict[tuple[str, int], list[tuple[datetime, AnswerRow]]] = {}
    for session in sorted(sessions, key=lambda s: s.started):
        for answer in session.answers:
            reviews.setdefault((session.bank, answer.question), []).append(
                (session.started, answer)
            )
    found = [_due(bank, number, history, now) for (bank, number), history in reviews.items()]
    return tuple(sorted(found, key=lambda d: (d.retrievability, d.due, d.bank, d.question)))


def _due(
    bank: str, number: int, history: Sequence[tuple[datetime, AnswerRow]], now: datetime
) -> Due:
    import fsrs

    # Days, not minutes: nobody repeats an interview answer after ten minutes.
    scheduler = fsrs.Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)
    card = fsrs.Card(card_id=number, due=history[0][0])
    for when, answer in history:
        card, _ = scheduler.review_card(card, _fsrs_rating(rating(answer)), when)
    when, answer = history[-1]
    return Due(
        bank,
        number,
        answer.text,
        card.due,
        round(scheduler.get_card_retrievability(card, now), 3),
        when,
        len(history),
        rating(answer),
    )


def _fsrs_rating(name: Rating) -> fsrs.Rating:
    import fsrs

    return fsrs.Rating[name.capitalize()]
