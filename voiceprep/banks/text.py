"""The text of a question bank: read with every mistake named, and written back.

The format is the user's own:

    Question 1
    Difficulty: medium
    Can you walk me through ... ?
    Sample answer
    In my last role, ...
    Key points
    - framed the business definition of the target
      ~ first we agreed on what we were actually predicting
    - made the pipeline reproducible

Texts may run over several lines, blank lines may stand anywhere. `Key points` and
`Sample answer` are optional; so are the lines beginning with `~`, further ways in
which somebody might say the key point above them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from voiceprep.errors import BankError
from voiceprep.questions import DIFFICULTIES, Bank, KeyPoint, Question

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from voiceprep.questions import Difficulty

_HEADING = re.compile(r"question\s+(\S+)\s*[.:]?$", re.IGNORECASE)
_DIFFICULTY = re.compile(r"difficulty\s*:\s*(.*)$", re.IGNORECASE)
_LANGUAGE = re.compile(r"language\s*:\s*(\S+)$", re.IGNORECASE)
_SECTION = re.compile(r"(sample answer|key points)\s*:?$", re.IGNORECASE)
_POINT = re.compile(r"[-*•]\s+(.*)$")
_PHRASING = re.compile(r"~\s*(.*)$")


def parse_bank(text: str, path: Path) -> tuple[Bank, tuple[str, ...]]:
    """Parse a bank and return it with its mistakes (none if it is sound)."""
    reader = _Reader(path)
    for number, line in enumerate(text.splitlines(), 1):
        reader.take(number, line.strip())
    drafts = reader.finish()
    questions = tuple(d.question() for d in drafts if d.complete)
    return Bank(path.stem, path, questions, reader.language), tuple(reader.problems)


@dataclass(slots=True)
class _Draft:
    """A question being read; each text with the lines it came from."""

    line: int
    number: int | None
    difficulty: Difficulty | None = None
    has_difficulty_line: bool = False
    text: list[str] = field(default_factory=list)
    sample: list[str] = field(default_factory=list)
    points: list[tuple[list[str], list[list[str]]]] = field(default_factory=list)
    sections: dict[str, int] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return self.number is not None and self.difficulty is not None and bool(self.text)

    def question(self) -> Question:
        assert self.number is not None
        assert self.difficulty is not None
        points = tuple(
            KeyPoint(" ".join(words), tuple(" ".join(p) for p in phrasings))
            for words, phrasings in self.points
        )
        sample = " ".join(self.sample) or None
        return Question(self.number, " ".join(self.text), self.difficulty, sample, points)


class _Reader:
    """Reads a bank line by line and goes on after every mistake."""

    def __init__(self, path: Path) -> None:
        self.language = "en"
        self.problems: list[str] = []
        self._path = path
        self._drafts: list[_Draft] = []
        self._section = "question"
        self._lines = 0

    def take(self, number: int, line: str) -> None:
        self._lines = number
        if not line:
            return
        if heading := _HEADING.match(line):
            self._begin(number, heading[1])
        elif not self._drafts:
            self._preamble(number, line)
        elif section := _SECTION.match(line):
            self._enter(number, section[1].lower())
        else:
            self._content(number, line)

    def finish(self) -> list[_Draft]:
        if self._drafts:
            self._close(self._drafts[-1])
        elif not self.problems:
            self._problem(max(self._lines, 1), "'Question 1'", "an empty file")
        return self._drafts

    def _begin(self, line: int, number: str) -> None:
        if self._drafts:
            self._close(self._drafts[-1])
        value = int(number) if number.isascii() and number.isdigit() else None
        if not value:
            self._problem(line, "'Question' and a whole number from 1", f"'Question {number}'")
        first = next((d for d in self._drafts if d.number == value and value), None)
        if first:
            self._problem(
                line,
                "a number not used before",
                f"a second 'Question {value}' (the first is on line {first.line})",
            )
        self._drafts.append(_Draft(line, value))
        self._section = "question"

    def _preamble(self, line: int, text: str) -> None:
        if language := _LANGUAGE.match(text):
            self.language = language[1]
        elif not text.startswith("#"):
            self._problem(line, "'Question 1'", _shown(text))

    def _enter(self, line: int, section: str) -> None:
        draft = self._drafts[-1]
        if section in draft.sections:
            self._problem(
                line,
                f"one {section!r} a question",
                f"a second (line {draft.sections[section]})",
            )
        elif section == "sample answer" and "key points" in draft.sections:
            self._problem(line, "'Sample answer' before 'Key points'", "it after them")
        draft.sections.setdefault(section, line)
        self._section = section

    def _content(self, line: int, text: str) -> None:
        draft = self._drafts[-1]
        if self._section == "question":
            self._question_text(draft, line, text)
        elif self._section == "sample answer":
            draft.sample.append(text)
        else:
            self._key_point(draft, line, text)

    def _question_text(self, draft: _Draft, line: int, text: str) -> None:
        difficulty = _DIFFICULTY.match(text)
        if not difficulty:
            draft.text.append(text)
            return
        draft.has_difficulty_line = True
        for known in DIFFICULTIES:
            if difficulty[1].lower() == known:
                draft.difficulty = known
        if draft.difficulty is None:
            self._problem(line, "Difficulty easy, medium or hard", _shown(difficulty[1]))

    def _key_point(self, draft: _Draft, line: int, text: str) -> None:
        if point := _POINT.match(text):
            draft.points.append(([point[1]], []))
        elif text in ("-", "*", "•"):
            self._problem(line, "a key point after the dash", "nothing")
        elif not draft.points:
            self._problem(line, "a key point beginning with '- '", _shown(text))
        elif phrasing := _PHRASING.match(text):
            if phrasing[1]:
                draft.points[-1][1].append([phrasing[1]])
            else:
                self._problem(line, "a phrasing after the '~'", "nothing")
        else:
            words, phrasings = draft.points[-1]
            (phrasings[-1] if phrasings else words).append(text)

    def _close(self, draft: _Draft) -> None:
        """Report what a finished question lacks or repeats."""
        label = f"question {draft.number}" if draft.number else "the question"
        if not draft.text:
            self._problem(draft.line, f"the text of {label}", "none")
        if not draft.has_difficulty_line:
            self._problem(draft.line, f"a line 'Difficulty: ...' in {label}", "none")
        for section, line in draft.sections.items():
            if section == "sample answer" and not draft.sample:
                self._problem(line, f"the sample answer of {label}", "nothing")
            if section == "key points" and not draft.points:
                self._problem(line, f"key points of {label}", "none")
        for repeated in _repeated(draft):
            self._problem(
                draft.sections["key points"], f"each wording once in {label}", _shown(repeated)
            )

    def _problem(self, line: int, expected: str, found: str) -> None:
        self.problems.append(f"{self._path}:{line}: expected {expected}, found {found}")


def _repeated(draft: _Draft) -> Iterator[str]:
    seen: set[str] = set()
    for words, phrasings in draft.points:
        for text in (" ".join(words), *(" ".join(p) for p in phrasings)):
            if text.lower() in seen:
                yield f"{text} twice"
            seen.add(text.lower())


def _shown(text: str) -> str:
    return f"'{text if len(text) <= 60 else text[:57] + '...'}'"


def with_key_points(text: str, derived: Mapping[int, Sequence[KeyPoint]]) -> str:
    """Return a bank's text with key points added to questions that have none, by number.

    Everything else stays as it is, to the letter.
    """
    out: list[str] = []
    open_number: int | None = None
    lines = text.splitlines(keepends=True)
    ending = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    for line in [*lines, None]:
        heading = _HEADING.match(line.strip()) if line is not None else None
        if (line is None or heading) and open_number in derived:
            out = _with_section(out, derived[open_number or 0], ending)
        if heading:
            open_number = int(heading[1]) if heading[1].isdigit() else None
        if line is not None:
            out.append(line)
    return "".join(out)


def _with_section(lines: list[str], points: Sequence[KeyPoint], ending: str) -> list[str]:
    """Return lines with a section of key points before the blank lines that end them."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    if end and not lines[end - 1].endswith(("\n", "\r")):
        lines[end - 1] += ending
    section = ["Key points", *(f"- {p.text}" for p in points)]
    return [*lines[:end], *(f"{line}{ending}" for line in section), *lines[end:]]


def with_phrasing(text: str, number: int, point: str, phrasing: str) -> str:
    """Return a bank's text with one more phrasing under a key point of a question.

    Raises:
        BankError: the question has no such key point.
    """
    out: list[str] = []
    current: int | None = None
    held: list[str] = []  # the lines of the key point being read
    added = False
    for line in [*text.splitlines(keepends=True), ""]:
        bare = line.strip()
        heading = _HEADING.match(bare)
        begins = not line or heading or _POINT.match(bare) or not bare
        if held and begins:
            added = added or _add_phrasing(held, point, phrasing)
            out += held
            held = []
        if heading:
            current = int(heading[1]) if heading[1].isdigit() else None
        if held or (current == number and not added and _POINT.match(bare)):
            held.append(line)
        else:
            out.append(line)
    if not added:
        raise BankError(f"question {number} has no key point “{point}”")
    return "".join(out)


def _add_phrasing(held: list[str], point: str, phrasing: str) -> bool:
    """Add a phrasing to the lines of a key point if it is the one; say whether it is."""
    words = [line.strip() for line in held]
    first_phrasing = next((i for i, w in enumerate(words) if _PHRASING.match(w)), len(words))
    own = " ".join(words[:first_phrasing])
    match = _POINT.match(own)
    if match is None or match[1] != point:
        return False
    if not held[-1].endswith(("\n", "\r")):
        held[-1] += "\n"
    held.append(f"  ~ {phrasing}\n")
    return True
