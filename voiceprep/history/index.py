"""An index of all sessions, so that a thousand of them are listed and searched at once.

It is a SQLite file beside the session folders that holds nothing of its own: each row
carries the size and the time of change of the `session.json` it was made from and is made
again when they differ. Thrown away, it is rebuilt from the folders.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from voiceprep.errors import SessionError
from voiceprep.store import SESSION_FILE, read_session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from voiceprep.session import Answer, Session
    from voiceprep.store import Store

INDEX_FILE = "index.sqlite"

FORMAT = 1
"""Raised when a row changes; an index of another format is made anew."""


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """The numbers of one answer. `missed` holds the texts of the key points missed."""

    question: int
    text: str
    words: int
    seconds: float | None
    wpm: float | None
    fillers_per_minute: float | None
    covered: int
    points: int
    score: float | None
    missed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """What a list, a search and the progress need of a session."""

    id: str
    started: datetime
    bank: str
    state: str
    answers: tuple[AnswerRow, ...]

    @property
    def covered(self) -> int:
        """Return how many key points were covered in all answers."""
        return sum(a.covered for a in self.answers)

    @property
    def points(self) -> int:
        """Return how many key points there were in all answers."""
        return sum(a.points for a in self.answers)

    @property
    def fillers_per_minute(self) -> float | None:
        """Return the mean over the answers that are long enough to have a rate."""
        rates = [a.fillers_per_minute for a in self.answers if a.fillers_per_minute is not None]
        return sum(rates) / len(rates) if rates else None

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON values."""
        return {**asdict(self), "started": self.started.isoformat(timespec="seconds")}


@dataclass(frozen=True, slots=True)
class Query:
    """Which sessions are wanted; what is None does not matter."""

    bank: str | None = None
    question: int | None = None
    since: datetime | None = None
    text: str | None = None


def find(
    store: Store, query: Query | None = None
) -> tuple[tuple[SessionRow, ...], tuple[str, ...]]:
    """Return the sessions wanted, newest first, and a line for each that cannot be read."""
    wanted = query or Query()
    with _opened(store.folder / INDEX_FILE) as index:
        problems = _refresh(index, store)
        rows = [
            row
            for data, text in index.execute("SELECT data, text FROM session")
            if _fits(row := _row(json.loads(data)), wanted, text)
        ]
    rows.sort(key=lambda r: (r.started, r.id), reverse=True)
    return tuple(rows), tuple(problems)


def interrupted(store: Store) -> tuple[Session, ...]:
    """Return the sessions that were neither finished nor are running, newest first."""
    rows = find(store)[0]
    return tuple(
        store.load(row.id)
        for row in rows
        if row.state == "running" and not store.is_running(row.id)
    )


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the index; one that is damaged, locked or cannot be written is done without."""
    try:
        index = _connect(path)
    except sqlite3.DatabaseError:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        index = _connect_somewhere(path)
    try:
        yield index
        with contextlib.suppress(sqlite3.OperationalError):
            index.commit()
    finally:
        index.close()


def _connect_somewhere(path: Path) -> sqlite3.Connection:
    try:
        return _connect(path)
    except sqlite3.DatabaseError:
        return _connect(None)


def _connect(path: Path | None) -> sqlite3.Connection:
    if path is not None and not path.parent.is_dir():
        path = None
    if path is not None and not path.exists():
        with contextlib.suppress(OSError):
            path.touch(mode=0o600)
    index = sqlite3.connect(str(path) if path else ":memory:", timeout=2.0)
    try:
        if index.execute("PRAGMA user_version").fetchone()[0] != FORMAT:
            index.execute("DROP TABLE IF EXISTS session")
        index.execute(
            "CREATE TABLE IF NOT EXISTS session "
            "(folder TEXT PRIMARY KEY, size INTEGER, changed INTEGER, data TEXT, text TEXT)"
        )
        index.execute(f"PRAGMA user_version = {FORMAT}")
    except sqlite3.DatabaseError:
        index.close()
        raise
    return index


def _refresh(index: sqlite3.Connection, store: Store) -> list[str]:
    """Bring the index up to date with the folders; return what could not be read."""
    known = {
        folder: (size, changed)
        for folder, size, changed in index.execute("SELECT folder, size, changed FROM session")
    }
    problems = []
    seen = set()
    for folder in store.folders():
        try:
            stat = (folder / SESSION_FILE).stat()
            seen.add(folder.name)
            if known.get(folder.name) != (stat.st_size, stat.st_mtime_ns):
                _put(index, folder, (stat.st_size, stat.st_mtime_ns))
        except FileNotFoundError:
            problems.append(f"{folder / SESSION_FILE}: missing; the folder holds no session")
        except SessionError as error:
            problems.append(str(error))
            index.execute("DELETE FROM session WHERE folder = ?", (folder.name,))
    for gone in set(known) - seen:
        index.execute("DELETE FROM session WHERE folder = ?", (gone,))
    return problems


def _put(index: sqlite3.Connection, folder: Path, stamp: tuple[int, int]) -> None:
    session = read_session(folder)
    text = "\n".join(a.transcript.text for a in session.answers)
    data = json.dumps(row_of(session).to_dict(), ensure_ascii=False)
    index.execute(
        "INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?)",
        (folder.name, *stamp, data, text.casefold()),
    )


def _fits(row: SessionRow, wanted: Query, text: str) -> bool:
    return (
        (wanted.bank is None or row.bank == wanted.bank)
        and (wanted.question is None or any(a.question == wanted.question for a in row.answers))
        and (wanted.since is None or row.started >= wanted.since)
        and (wanted.text is None or wanted.text.casefold() in text)
    )


def row_of(session: Session) -> SessionRow:
    """Return the row of a session."""
    answers = tuple(_answer_row(a) for a in session.answers)
    return SessionRow(session.id, session.started, session.bank, session.state, answers)


def _answer_row(answer: Answer) -> AnswerRow:
    found = answer.analysis
    points = found.coverage.points if found.coverage else ()
    return AnswerRow(
        answer.question.number,
        answer.question.text,
        found.length.words,
        found.length.seconds,
        found.pace.wpm,
        found.filler_rate.per_minute,
        sum(p.status == "covered" for p in points),
        len(points),
        found.coverage.score if found.coverage else None,
        tuple(p.text for p in points if p.status == "missed"),
    )


def _row(data: Mapping[str, Any]) -> SessionRow:
    answers = tuple(
        AnswerRow(**{**answer, "missed": tuple(answer["missed"])}) for answer in data["answers"]
    )
    started = datetime.fromisoformat(data["started"]).astimezone(UTC)
    return SessionRow(data["id"], started, data["bank"], data["state"], answers)
