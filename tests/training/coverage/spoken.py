"""Spoken answers labelled piece by piece: how they are written down, and read.

    ## machine-learning 3                 a question of a bank, by its number, or
    ## field: logistics | Tell me ...     a question of no bank, its key points below:
    * rerouted the shipment
    # Ghanaian bank analyst, dry          an answer: who speaks, how
    0c 2d | The file they handed me ...   a piece of it, and what it does for which points
    - | Anyway ...

The pieces make the answer, in order. A label is the index of a key point and a letter:
c says it, p says half of it, d turns it down (did not, did the opposite, somebody else
did, only planned), n is near it but claims something else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from voiceprep.banks import load_bank
from voiceprep.questions import KeyPoint, Question

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_PIECE = re.compile(r"(-|\d+[cpdn](?: \d+[cpdn])*) \| (.+)")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an answer; `labels` are (index of the key point, letter)."""

    text: str
    labels: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class SpokenAnswer:
    """An answer to a question, in pieces; `bank` is its bank or its field."""

    bank: str
    question: Question
    voice: str
    pieces: list[Piece] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Return the whole answer."""
        return " ".join(piece.text for piece in self.pieces)

    @property
    def is_raw(self) -> bool:
        """Return whether it is written without capitals and marks."""
        return "raw" in self.voice

    def letters(self, point: int) -> set[str]:
        """Return what the answer does for a key point, all pieces taken together."""
        return {letter for piece in self.pieces for k, letter in piece.labels if k == point}


def read_answers(paths: Iterable[Path]) -> list[SpokenAnswer]:
    """Return the answers of some files.

    Raises:
        ValueError: a line is none of the above, or a label names no key point.
    """
    return [answer for path in paths for answer in _read(path)]


def _read(path: Path) -> list[SpokenAnswer]:
    found: list[SpokenAnswer] = []
    bank, question = "", Question(0, "", "medium", None, ())
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        piece = _PIECE.fullmatch(line)
        if not line.strip():
            continue
        if line.startswith("## "):
            bank, question = asked(line[3:])
        elif line.startswith("* "):
            points = (*question.key_points, KeyPoint(line[2:].strip()))
            question = Question(question.number, question.text, "medium", None, points)
        elif line.startswith("# "):
            found.append(SpokenAnswer(bank, question, line[2:].strip()))
        elif piece and found:
            found[-1].pieces.append(_piece(piece, len(question.key_points), path, number))
        else:
            raise ValueError(f"{path}:{number}: not understood: {line[:60]}")
    return found


def asked(line: str) -> tuple[str, Question]:
    """Return the bank or field and the question that a line names."""
    if invented := re.fullmatch(r"field: ([^|]+) \| (.+)", line):
        return invented[1].strip(), Question(0, invented[2].strip(), "medium", None, ())
    bank, number = line.split()
    (question,) = (q for q in load_bank(bank).questions if q.number == int(number))
    return bank, question


def _piece(match: re.Match[str], points: int, path: Path, number: int) -> Piece:
    names = [] if match[1] == "-" else match[1].split()
    labels = tuple((int(name[:-1]), name[-1]) for name in names)
    if any(k >= points for k, _ in labels):
        raise ValueError(f"{path}:{number}: the question has {points} key points")
    return Piece(match[2].strip(), labels)
