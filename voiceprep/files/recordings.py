"""Recorded files: which ones are meant by files, folders, globs and standard input."""

from __future__ import annotations

import glob
import os
import re
import shutil
import stat
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from voiceprep.errors import VoiceprepError
from voiceprep.sound.answers import RECORDINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STANDARD_INPUT = "-"

_WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording to transcribe.

    `inside` is its folder as seen from the folder that was searched; results that go
    elsewhere keep that place. `spooled` is where the sound lies if not at `path`.
    """

    path: Path
    inside: Path = Path()
    spooled: Path | None = None

    @property
    def name(self) -> str:
        """Return what messages and tables call it, one line of printable text."""
        return "standard input" if self.spooled else printable(str(self.path))

    @property
    def file(self) -> Path:
        """Return the file to read."""
        return self.spooled or self.path


@dataclass(frozen=True, slots=True)
class Refused:
    """An input that yields no recording, and why in one line.

    `harmless` says that nothing is lost by it.
    """

    name: str
    why: str
    harmless: bool = False


def printable(text: str) -> str:
    """Return a name or a message on one line, whatever bytes a file name is made of."""
    sound = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in sound)


# finding


def find(
    inputs: Iterable[str], *, recursive: bool = False
) -> tuple[tuple[Recording, ...], tuple[Refused, ...]]:
    """Return the recordings that files, folders and globs mean, each once, in order.

    A file that is named is taken whatever its ending; of a folder, those that end like a
    recording.
    """
    recordings: dict[str, Recording] = {}
    refused: list[Refused] = []
    for given in inputs:
        for found in _found(given, recursive):
            if isinstance(found, Refused):
                refused.append(found)
            else:
                recordings.setdefault(os.path.normpath(found.path.absolute()), found)
    return tuple(recordings.values()), tuple(refused)


def _found(given: str, recursive: bool) -> Iterator[Recording | Refused]:
    path = Path(given)
    problem = _problem(path)
    if problem is None:
        yield from _folder(path, recursive) if path.is_dir() else [Recording(path)]
    elif isinstance(problem, FileNotFoundError) and _WILD.search(given):
        yield from _globbed(given, recursive)
    else:
        yield Refused(given, _why(problem))


def _problem(path: Path) -> OSError | None:
    """Return why a path cannot be followed to a file or folder, None if it can."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return error
    except ValueError:  # a NUL character
        return FileNotFoundError()
    # Reading a named pipe or a device would wait for ever.
    return None if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else OSError("not a file")


def _why(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file"
    return f"cannot be read ({error.strerror or error})"


def _globbed(pattern: str, recursive: bool) -> Iterator[Recording | Refused]:
    any_ending = not _WILD.search(Path(pattern).suffix or "*")
    matches = sorted(glob.glob(pattern, recursive=True), key=_natural)  # noqa: PTH207 (Path.glob takes no absolute pattern)
    for match in matches:
        path = Path(match)
        if path.is_dir():
            if recursive:
                yield from _folder(path, recursive)
        elif any_ending or path.suffix.lower() in RECORDINGS:
            yield from _found(match, recursive)
    if not matches:
        yield Refused(pattern, "nothing has such a name")


def _folder(top: Path, recursive: bool) -> Iterator[Recording | Refused]:
    """Yield the recordings of a folder, and of those below it."""
    seen: dict[tuple[int, int], Path] = {}
    pending = [top]
    empty = True
    while pending:
        folder = pending.pop()
        try:
            state = folder.stat()
            entries = sorted(folder.iterdir(), key=lambda p: _natural(p.name))
        except OSError as error:
            empty = False
            yield Refused(str(folder), _why(error))
            continue
        first = seen.setdefault((state.st_dev, state.st_ino), folder)
        if first != folder:
            yield Refused(str(folder), f"the same folder as {first}", harmless=True)
            continue
        below = [p for p in entries if recursive and p.is_dir()]
        pending.extend(reversed([p for p in below if not p.name.startswith(".")]))
        for path in entries:
            if path.suffix.lower() not in RECORDINGS or path.name.startswith("."):
                continue
            problem = _problem(path)
            if problem is not None:
                empty = False
                yield Refused(str(path), _why(problem))
            elif path.is_file():
                empty = False
                yield Recording(path, folder.relative_to(top))
    if empty:
        deeper = "" if recursive else "; --recursive looks into the folders below it too"
        yield Refused(str(top), f"no recordings in it{deeper}")


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a key by which "answer 10" comes after "answer 9"."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in parts]


# standard input


@contextmanager
def spooled(source: IO[bytes]) -> Iterator[Recording]:
    """Keep standard input in a file meanwhile: some containers are read from their end.

    Raises:
        VoiceprepError: there is no room for it.
    """
    with tempfile.TemporaryDirectory(prefix="voiceprep-") as folder:
        path = Path(folder) / "stdin"
        try:
            with path.open("wb") as file:
                shutil.copyfileobj(source, file)
        except OSError as error:
            raise VoiceprepError(
                f"standard input: cannot be kept in {folder} ({error.strerror})"
            ) from error
        yield Recording(Path("stdin"), spooled=path)
