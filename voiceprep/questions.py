"""Questions: what is asked, what a good answer says, and which of them to ask."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from voiceprep.errors import BankError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Difficulty = Literal["easy", "medium", "hard"]
DIFFICULTIES: tuple[Difficulty, ...] = get_args(Difficulty)
Order = Literal["bank", "shuffle", "easy-first"]


@dataclass(frozen=True, slots=True)
class KeyPoint:
    """One claim that a good answer makes, and further spoken ways of making it."""

    text: str
    phrasings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a bank. `sample_answer` is None and `key_points` empty if not given."""

    number: int
    text: str
    difficulty: Difficulty
    sample_answer: str | None = None
    key_points: tuple[KeyPoint, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the question as JSON values."""
        return {
            "number": self.number,
            "text": self.text,
            "difficulty": self.difficulty,
            "sample_answer": self.sample_answer,
            "key_points": [
                {"text": p.text, "phrasings": list(p.phrasings)} for p in self.key_points
            ],
        }


@dataclass(frozen=True, slots=True)
class Bank:
    """A question bank: its name, its file, its language (BCP 47) and its questions."""

    name: str
    path: Path
    questions: tuple[Question, ...]
    language: str = "en"

    def question(self, number: int) -> Question:
        """Return the question of that number.

        Raises:
            BankError: there is none.
        """
        for question in self.questions:
            if question.number == number:
                return question
        known = ", ".join(str(q.number) for q in self.questions)
        raise BankError(f"{self.name}: no question {number} (there are {known})")


def select(
    questions: Sequence[Question],
    *,
    numbers: Sequence[int] = (),
    difficulties: Sequence[Difficulty] = (),
    count: int | None = None,
    order: Order = "bank",
    seed: int | None = None,
) -> tuple[Question, ...]:
    """Choose questions: by number (in the order given), by difficulty, and how many.

    `shuffle` with the same seed gives the same order every time.

    Raises:
        BankError: nothing fits, or a number is not there.
    """
    chosen = list(questions)
    if numbers:
        by_number = {q.number: q for q in chosen}
        unknown = [n for n in numbers if n not in by_number]
        if unknown:
            raise BankError(f"no question {unknown[0]} in this bank")
        chosen = [by_number[n] for n in dict.fromkeys(numbers)]
    if difficulties:
        chosen = [q for q in chosen if q.difficulty in difficulties]
    if order == "shuffle":
        random.Random(seed).shuffle(chosen)
    elif order == "easy-first":
        chosen.sort(key=lambda q: DIFFICULTIES.index(q.difficulty))
    if not chosen:
        raise BankError("no question fits the selection; widen --difficulty or --question")
    return tuple(chosen[:count])
