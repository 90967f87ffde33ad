"""Sessions on disk: one folder each, `session.json` beside the audio of every answer.

Folders are 0700 and files 0600. `session.json` is replaced atomically, so that a
reader or a killed program never sees half of one. A running session holds a lock;
one that is neither locked nor finished was interrupted and can be taken up again.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from voiceprep.atomic import replace_file
from voiceprep.errors import SessionError
from voiceprep.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voiceprep.questions import Question
    from voiceprep.session import Answer

SESSION_FILE = "session.json"
LOCK_FILE = "session.lock"


def home() -> Path:
    """Return the folder of all sessions; VOICEPREP_HOME overrides the platform's own."""
    override = os.environ.get("VOICEPREP_HOME")
    if override:
        return Path(override).expanduser()
    import platformdirs

    return platformdirs.user_data_path("voiceprep", appauthor=False)


class OpenSession:
    """A session being held: locked against others, saved after every change."""

    def __init__(self, folder: Path, session: Session) -> None:
        """Take the lock of a folder that holds, or is to hold, this session.

        Raises:
            SessionError: another voiceprep holds it.
        """
        from filelock import FileLock, Timeout

        self.folder = folder
        self.session = session
        self._lock = FileLock(folder / LOCK_FILE, mode=0o600)
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise SessionError(f"{session.id}: another voiceprep is running it") from error

    def new_take(self, question: Question) -> Path:
        """Return a free name for the audio of an answer; an earlier take stays untouched."""
        number = 1 + len(self._takes(question.number))
        suffix = "" if number == 1 else f"-take{number}"
        return self.folder / f"answer-{question.number:02d}{suffix}.wav"

    def unfinished_takes(self) -> tuple[tuple[Question, Path], ...]:
        """Return the audio of answers that were interrupted before their report."""
        takes = ((q, self._takes(q.number)) for q in self.session.remaining)
        return tuple((question, paths[-1]) for question, paths in takes if paths)

    def _takes(self, number: int) -> list[Path]:
        return sorted(
            self.folder.glob(f"answer-{number:02d}*.wav"), key=lambda p: p.stat().st_mtime
        )

    def add(self, answer: Answer) -> None:
        """Keep an answer; the audio of earlier takes goes.

        Raises:
            SessionError: it cannot be written.
        """
        self._save(self.session.with_answer(answer))
        for path in self._takes(answer.question.number):
            if path.name != answer.audio:
                path.unlink(missing_ok=True)

    def skip(self, question: Question) -> None:
        """Leave a question out, with whatever audio there was of it."""
        self._save(self.session.without(question))
        for path in self._takes(question.number):
            path.unlink(missing_ok=True)

    def replace(self, session: Session) -> None:
        """Write a changed session in place of the one held.

        Raises:
            SessionError: it cannot be written.
        """
        self._save(session)

    def finish(self) -> None:
        """Close the session; one without any answer is removed."""
        if self.session.answers:
            self._save(self.session.finished())
        else:
            self._lock.release()
            shutil.rmtree(self.folder, ignore_errors=True)

    def release(self) -> None:
        """Let go of the session as it is; unfinished, it can be taken up again."""
        self._lock.release()

    def _save(self, session: Session) -> None:
        write_json(self.folder / SESSION_FILE, session.to_dict())
        self.session = session

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()


class Store:
    """All sessions of one user."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or home()

    @property
    def sessions_folder(self) -> Path:
        """Return the folder with one folder a session."""
        return self.folder / "sessions"

    def create(self, bank: str, plan: Iterable[Question]) -> OpenSession:
        """Begin a session.

        Raises:
            SessionError: nothing can be written there.
        """
        started = datetime.now(UTC).replace(microsecond=0)
        name = f"{started:%Y%m%d-%H%M}-{secrets.token_hex(2)}"
        folder = self._new_folder(name)
        held = OpenSession(folder, Session(name, started, bank, tuple(plan)))
        held._save(held.session)
        return held

    def check_writable(self) -> Path:
        """Return the folder of all sessions once a session could be kept there.

        Raises:
            SessionError: nothing can be written there.
        """
        self._new_folder(f"check-{secrets.token_hex(4)}").rmdir()
        return self.sessions_folder

    def _new_folder(self, name: str) -> Path:
        folder = self.sessions_folder / name
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.sessions_folder.mkdir(mode=0o700, exist_ok=True)
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise SessionError(f"{folder}: cannot be created ({error.strerror})") from error
        return folder

    def load(self, name: str) -> Session:
        """Return the session of that id, or the only one that it begins; `last` is the newest.

        Raises:
            SessionError: there is none, there are several, or it cannot be read.
        """
        return read_session(self.path_of(name))

    def path_of(self, name: str) -> Path:
        """Return the folder of a session named as for `load`."""
        known = self.folders()
        if name == "last" and known:
            return known[0]
        fitting = [p for p in known if p.name == name] or [
            p for p in known if p.name.startswith(name)
        ]
        if len(fitting) == 1:
            return fitting[0]
        if not fitting:
            raise SessionError(f"{name}: no such session; `voiceprep replay` lists them")
        raise SessionError(f"{name}: could be any of {', '.join(p.name for p in fitting[:5])}")

    def all(self) -> tuple[tuple[Session, ...], tuple[str, ...]]:
        """Return every readable session, newest first, and a line for each that is not."""
        sessions, problems = [], []
        for folder in self.folders():
            try:
                sessions.append(read_session(folder))
            except SessionError as error:
                problems.append(str(error))
        return tuple(sorted(sessions, key=lambda s: (s.started, s.id), reverse=True)), tuple(
            problems
        )

    def is_running(self, name: str) -> bool:
        """Return whether a voiceprep holds the session of that id."""
        return _is_locked(self.sessions_folder / name)

    def reopen(self, session: Session) -> OpenSession:
        """Take up an interrupted session again.

        Raises:
            SessionError: another voiceprep is running it.
        """
        return OpenSession(self.sessions_folder / session.id, replace(session))

    def delete(self, session: Session) -> None:
        """Remove a session and everything of it.

        Raises:
            SessionError: it is running, or cannot be removed.
        """
        with self.reopen(session) as held:
            try:
                shutil.rmtree(held.folder)
            except OSError as error:
                raise SessionError(
                    f"{held.folder}: cannot be removed ({error.strerror})"
                ) from error

    def folders(self) -> list[Path]:
        """Return the folders of all sessions, newest name first.

        One that a program was killed over before it wrote anything does not count.

        Raises:
            SessionError: they cannot be listed.
        """
        try:
            found = [p for p in self.sessions_folder.iterdir() if _holds_something(p)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise SessionError(
                f"{self.sessions_folder}: cannot be read ({error.strerror})"
            ) from error
        return sorted(found, key=lambda p: p.name, reverse=True)


def read_session(folder: Path) -> Session:
    """Read the session of a folder.

    Raises:
        SessionError: there is none in it, or it cannot be read.
    """
    path = folder / SESSION_FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SessionError(f"{path}: missing; the folder holds no session") from error
    except OSError as error:
        raise SessionError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise SessionError(f"{path}: damaged ({error})") from error
    try:
        return Session.from_dict(data)
    except SessionError as error:
        raise SessionError(f"{path}: {error}") from error


def write_json(path: Path, data: Any) -> None:
    """Replace a JSON file atomically, readable by its owner alone.

    Raises:
        SessionError: it cannot be written; the file that was there stays.
    """
    try:
        replace_file(path, json.dumps(data, ensure_ascii=False, indent=1))
    except OSError as error:
        raise SessionError(f"{path}: cannot be written ({error.strerror})") from error


def _holds_something(folder: Path) -> bool:
    """Return whether a folder has a session in it, or anything else that somebody may miss."""
    if (folder / SESSION_FILE).exists():
        return True
    kept = (p for p in folder.iterdir() if p.name != LOCK_FILE) if folder.is_dir() else ()
    return any(not p.name.startswith(f".{SESSION_FILE}.") for p in kept)


def _is_locked(folder: Path) -> bool:
    from filelock import FileLock, Timeout

    try:
        with FileLock(folder / LOCK_FILE, timeout=0, mode=0o600):
            return False
    except Timeout:
        return True
