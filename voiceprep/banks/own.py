"""The user's own copy of a bank: key points written into it, phrasings learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from voiceprep.atomic import replace_file
from voiceprep.banks import bank_folders, find_bank, own_banks, read_text
from voiceprep.banks.text import with_key_points, with_phrasing
from voiceprep.errors import BankError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from voiceprep.questions import Bank, KeyPoint
    from voiceprep.session import Session


@dataclass(frozen=True, slots=True)
class Learned:
    """The phrasings that a bank was taught, and where it lies."""

    path: Path
    phrasings: tuple[str, ...]


def write_key_points(bank: Bank, points: Mapping[int, Sequence[KeyPoint]]) -> Path:
    """Write key points into a bank, by question number; return where it lies then.

    Raises:
        BankError: it cannot be read or written.
    """
    text = with_key_points(read_text(bank.path), points)
    return _write(_own(bank.path), text)


def learn_phrasings(session: Session, number: int | None = None) -> Learned:
    """Add the words of points corrected to covered to the bank of a session.

    Raises:
        BankError: nothing was corrected so, or the bank cannot be written.
    """
    corrected = tuple(_corrected(session, number))
    if not corrected:
        raise BankError(
            f"{session.id}: no key point was corrected to covered; "
            "`voiceprep replay SESSION -q N --correct` does that"
        )
    path = find_bank(session.bank)
    text = read_text(path)
    learned = []
    for question, point, words in corrected:
        if f"~ {words}" not in text:
            text = with_phrasing(text, question, point, words)
            learned.append(words)
    return Learned(_write(_own(path), text), tuple(learned))


def _corrected(session: Session, number: int | None) -> Iterator[tuple[int, str, str]]:
    for answer in session.answers:
        if number is not None and answer.question.number != number:
            continue
        points = answer.analysis.coverage.points if answer.analysis.coverage else ()
        for point in points:
            if point.corrected and point.status == "covered" and point.evidence:
                words = " ".join(point.evidence.quote.split())
                yield answer.question.number, point.text, words


def _own(path: Path) -> Path:
    """Return where a bank may be written: itself, or the user's copy of a packaged one."""
    packaged = any(path.resolve().parent == folder.resolve() for folder in bank_folders())
    return own_banks() / path.name if packaged else path


def _write(path: Path, text: str) -> Path:
    """Replace a bank atomically."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, text)
    except OSError as error:
        raise BankError(f"{path}: cannot be written ({error.strerror})") from error
    return path
