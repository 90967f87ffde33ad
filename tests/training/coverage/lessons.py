"""Passages written one by one for key points: how they are written down, and read.

    ## machine-learning 3                 as in `spoken`: a question of a bank, or
    ## field: logistics | Tell me ...     one of no bank
    * rerouted the shipment               a key point; of a bank's question, its index
    c | The lorry went round by Metz.     a passage for it, and what it does: c, p, d or n

is how those of `singles/` look. Those of the `*.jsonl` files, one a line, and the phrasings
and key points of the banks are of the same kind.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.training.coverage.spoken import asked
from voiceprep.banks import bank_files, load_bank
from voiceprep.questions import KeyPoint, Question

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).resolve().parent

LONE = 0.25
"""Share of the passages of the `*.jsonl` files and of the phrasings that are learnt from in
a round; those of `singles/` are richer and are all learnt from."""

_LABELS = {"c": "covered", "p": "partial", "d": "denied", "n": "not"}
_SINGLE = re.compile(r"([cpdn]) \| (.+)")


@dataclass(frozen=True, slots=True)
class Passage:
    """Words written for one key point (its index), and what they do for it."""

    point: int
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question with passages written for its key points, each by itself.

    `share` of them are learnt from in a round.
    """

    bank: str
    question: Question
    passages: tuple[Passage, ...]
    share: float


def lessons(leave_out: Sequence[str] = ()) -> list[Lesson]:
    """Return every question that has passages, but for banks and writers to be left out."""
    found = [*_in_rows(leave_out), *_singles(leave_out)]
    return [lesson for lesson in found if lesson.passages]


def _singles(leave_out: Sequence[str]) -> Iterator[Lesson]:
    """Yield the lessons of `singles/`.

    Raises:
        ValueError: a line is not understood.
    """
    for path in sorted((HERE / "singles").glob("*.txt")):
        if path.stem not in leave_out:
            for part in path.read_text(encoding="utf-8").split("## ")[1:]:
                lesson = _single(part.splitlines(), path)
                if lesson.bank not in leave_out:
                    yield lesson


def _single(lines: Sequence[str], path: Path) -> Lesson:
    bank, question = asked(lines[0])
    points, passages, point = list(question.key_points), [], 0
    for line in filter(None, lines[1:]):
        if written := _SINGLE.fullmatch(line):
            passages.append(Passage(point, _LABELS[written[1]], written[2].strip()))
        elif line.startswith("* ") and question.key_points:
            point = int(line[2:])
        elif line.startswith("* "):
            point = len(points)
            points.append(KeyPoint(line[2:].strip()))
        else:
            raise ValueError(f"{path}: not understood: {line[:60]}")
    return Lesson(bank, replace(question, key_points=tuple(points)), tuple(passages), 1.0)


def _in_rows(leave_out: Sequence[str]) -> list[Lesson]:
    """Return those of the `*.jsonl` files: the banks', then those of other fields."""
    rows = [
        json.loads(line)
        for path in sorted(HERE.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]
    found = [
        (name, question, _passages(question, [r for r in rows if r.get("bank") == name]))
        for name in bank_files()
        if name not in leave_out
        for question in load_bank(name).questions
    ]
    found += _other_fields([r for r in rows if "field" in r])
    return [Lesson(*row, LONE) for row in found]


def _passages(question: Question, rows: Sequence[dict[str, object]]) -> tuple[Passage, ...]:
    written = [
        Passage(int(str(r["point"])), str(r["label"]), str(r["text"]))
        for r in rows
        if r["question"] == question.number
    ]
    phrased = [
        Passage(i, "covered", text)
        for i, point in enumerate(question.key_points)
        for text in (*point.phrasings, point.text)
    ]
    return (*written, *phrased)


def _other_fields(
    rows: Sequence[dict[str, object]],
) -> list[tuple[str, Question, tuple[Passage, ...]]]:
    """Return the questions of other fields, their claims taken as key points."""
    by_question: dict[tuple[str, str], dict[str, list[dict[str, object]]]] = {}
    for row in rows:
        claims = by_question.setdefault((str(row["field"]), str(row["question"])), {})
        claims.setdefault(str(row["claim"]), []).append(row)
    found = []
    for (field, text), claims in by_question.items():
        points = tuple(KeyPoint(claim) for claim in claims)
        passages = tuple(
            Passage(i, str(row["label"]), str(row["text"]))
            for i, told in enumerate(claims.values())
            for row in told
        )
        found.append((field, Question(0, text, "medium", None, points), passages))
    return found
