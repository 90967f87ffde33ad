"""Results of recorded files: where they go, which are finished, and how they are written.

A folder that results are written to keeps a journal, `.voiceprep.jsonl`: which file was
made from which recording, and with what. By it a later run tells a finished result from
somebody else's file of the same name, and from one whose recording has changed since.
Every file is replaced atomically, and its recording is marked as finished last.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from voiceprep.errors import VoiceprepError
from voiceprep.files.recordings import Refused
from voiceprep.interruption import held_back

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from voiceprep.files.recordings import Recording

JOURNAL = ".voiceprep.jsonl"

# what a result was made from


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a result depends on: the recording as it is now, and the settings."""

    source: str
    size: int
    modified_ns: int
    made_with: str

    @classmethod
    def of(cls, recording: Recording, made_with: str, folder: Path) -> Stamp:
        """Return the stamp of a recording; its path is told from the journal's folder."""
        state = recording.file.stat()
        source = _seen_from(recording.path, folder)
        return cls(source, state.st_size, state.st_mtime_ns, made_with)


def _seen_from(path: Path, folder: Path) -> str:
    """Return a path relative to a folder, so that both can be moved together."""
    try:
        return os.path.relpath(os.path.realpath(path), os.path.realpath(folder))
    except ValueError:  # another drive of Windows
        return str(path.resolve())


@dataclass(slots=True)
class Journal:
    """What is known of the results in a folder."""

    folder: Path
    _owner: dict[str, str] = field(default_factory=dict)  # output name -> source
    _stamp: dict[str, dict[str, Any]] = field(default_factory=dict)  # output name -> stamp
    _numbers: dict[str, Any] = field(default_factory=dict)  # source -> row of the table

    @classmethod
    def read(cls, folder: Path) -> Journal:
        """Return the journal of a folder; one that is missing or torn knows less."""
        journal = cls(folder)
        try:
            lines = (folder / JOURNAL).read_bytes().splitlines()
        except OSError:
            return journal
        for line in lines:
            try:
                journal._take(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError):
                continue  # the end of a killed run
        return journal

    def owner(self, output: Path) -> str | None:
        """Return the recording that a file was made from, None if it is not ours."""
        return self._owner.get(output.name)

    def is_current(self, output: Path, stamp: Stamp) -> bool:
        """Tell whether a file was finished from this very recording with these settings."""
        return output.is_file() and self._stamp.get(output.name) == _as_dict(stamp)

    def is_finished(self, output: Path) -> bool:
        """Tell whether a file was completed, from whatever version of its recording.

        One that was claimed but never finished is what an interrupted run left.
        """
        return output.name in self._stamp

    def numbers(self, source: str) -> Any:
        """Return what was kept for the table of a finished recording."""
        return self._numbers.get(source)

    def begin(self, source: str, outputs: Iterable[Path]) -> None:
        """Claim files before they are written."""
        self._append({"source": source, "claims": [p.name for p in outputs]})

    def finish(self, stamp: Stamp, outputs: Iterable[Path], numbers: Any = None) -> None:
        """Note that files are complete."""
        names = [p.name for p in outputs]
        self._append({**_as_dict(stamp), "outputs": names, "numbers": numbers})

    def _append(self, record: dict[str, Any]) -> None:
        line = json.dumps(record).encode() + b"\n"
        path = self.folder / JOURNAL
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            if _ends_torn(handle):
                line = b"\n" + line
            if os.write(handle, line) < len(line):
                raise OSError(None, "no space left")
        finally:
            os.close(handle)
        self._take(record)

    def _take(self, record: Mapping[str, Any]) -> None:
        source = record["source"]
        for name in record.get("claims", ()):
            self._owner[name] = source
            self._stamp.pop(name, None)
        stamp = {key: record.get(key) for key in ("source", "size", "modified_ns", "made_with")}
        for name in record.get("outputs", ()):
            self._owner[name] = source
            self._stamp[name] = stamp
        if "outputs" in record:
            self._numbers[source] = record.get("numbers")


def _as_dict(stamp: Stamp) -> dict[str, Any]:
    return {
        "source": stamp.source,
        "size": stamp.size,
        "modified_ns": stamp.modified_ns,
        "made_with": stamp.made_with,
    }


def _ends_torn(handle: int) -> bool:
    """Tell whether the last line of a journal was cut off by a kill or a full disk."""
    size = os.lseek(handle, 0, os.SEEK_END)
    if not size:
        return False
    os.lseek(handle, size - 1, os.SEEK_SET)
    return os.read(handle, 1) != b"\n"


# planning


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done with one recording.

    `state` is `due`, `finished`, or `blocked`: its results stand there, but of an older
    recording or with other settings. `outputs` maps each format to its file; of one that
    is due, those that are still to be written.
    """

    recording: Recording
    outputs: dict[str, Path]
    stamp: Stamp
    state: Literal["due", "finished", "blocked"]
    why: str = ""

    @property
    def folder(self) -> Path:
        """Return where the results go."""
        return next(iter(self.outputs.values())).parent


class Planner:
    """Finds names for results that collide neither with each other nor with other files."""

    def __init__(
        self,
        formats: Sequence[str],
        into: Path | None,
        *,
        overwrite: bool = False,
        reserved: Collection[str] = (),
    ) -> None:
        """Plan for these formats (file endings without the dot).

        `into` None puts results beside their recordings; `reserved` are names not to use.
        """
        self._formats = tuple(formats)
        self._into = into
        self._overwrite = overwrite
        self._reserved = frozenset(name.casefold() for name in reserved)
        self._journals: dict[Path, Journal] = {}
        self._claimed: set[tuple[Path, str]] = set()

    def journal(self, folder: Path) -> Journal:
        """Return the journal of a folder that results go to."""
        if folder not in self._journals:
            self._journals[folder] = Journal.read(folder)
        return self._journals[folder]

    def plan(self, made: Sequence[tuple[Recording, str]]) -> Iterator[Plan | Refused]:
        """Yield a plan for every recording, in order, given what it is made with."""
        stems = Counter((self._folder(r), r.path.stem.casefold()) for r, _ in made)
        for recording, made_with in made:
            folder = self._folder(recording)
            rivals = stems[folder, recording.path.stem.casefold()] > 1
            try:
                stamp = Stamp.of(recording, made_with, folder)
                yield self._plan(recording, stamp, folder, rivals=rivals)
            except OSError as error:
                yield Refused(recording.name, f"cannot be read ({error.strerror or error})")

    def _folder(self, recording: Recording) -> Path:
        return self._into / recording.inside if self._into else recording.path.parent

    def _plan(self, recording: Recording, stamp: Stamp, folder: Path, *, rivals: bool) -> Plan:
        journal = self.journal(folder)
        outputs = self._named(recording, journal, stamp.source, rivals=rivals)
        if self._overwrite:
            return Plan(recording, outputs, stamp, "due")
        due = {f: p for f, p in outputs.items() if not journal.is_current(p, stamp)}
        if not due:
            return Plan(recording, outputs, stamp, "finished", "finished before")
        blocked = [p for p in due.values() if _stands_in_the_way(journal, p, stamp)]
        if blocked:
            why = f"{blocked[0].name} is there already, {_of_what(journal, blocked[0])}"
            return Plan(recording, due, stamp, "blocked", f"{why}; --overwrite replaces it")
        return Plan(recording, due, stamp, "due")

    def _named(
        self, recording: Recording, journal: Journal, source: str, *, rivals: bool
    ) -> dict[str, Path]:
        """Return the outputs of a recording under its own earlier name or the best free one."""
        names = list(_candidates(recording.path, rivals=rivals))
        mine = [n for n in (recording.path.stem, *names) if self._owned(journal, n, source)]
        free = [n for n in (*mine, *names) if self._is_free(journal, n, source)]
        outputs = self._outputs(journal.folder, free[0] if free else names[-1])
        self._claimed |= {(journal.folder, p.name.casefold()) for p in outputs.values()}
        return outputs

    def _outputs(self, folder: Path, base: str) -> dict[str, Path]:
        return {ending: folder / f"{base}.{ending}" for ending in self._formats}

    def _owned(self, journal: Journal, base: str, source: str) -> bool:
        outputs = self._outputs(journal.folder, base).values()
        return any(journal.owner(p) == source for p in outputs)

    def _is_free(self, journal: Journal, base: str, source: str) -> bool:
        """Tell whether no other recording, no other file and no table has these names."""
        for path in self._outputs(journal.folder, base).values():
            key = (journal.folder, path.name.casefold())
            if key in self._claimed or path.name.casefold() in self._reserved:
                return False
            owner = journal.owner(path)
            foreign = owner is None and os.path.lexists(path) and not self._overwrite
            if foreign or owner not in (None, source):
                return False
        return True


def _candidates(path: Path, *, rivals: bool) -> Iterator[str]:
    """Yield names for the results of a recording, the best first.

    "answer", with its ending if another recording has the same stem, or with a mark of
    its folder.
    """
    if not rivals:
        yield path.stem
    yield path.name
    mark = hashlib.sha256(os.fsencode(os.path.realpath(path))).hexdigest()[:8]
    yield f"{path.name}-{mark}"


def _stands_in_the_way(journal: Journal, output: Path, stamp: Stamp) -> bool:
    """Tell whether a file is there that is neither the result itself nor a part of one."""
    if not os.path.lexists(output) or journal.is_current(output, stamp):
        return False
    return journal.owner(output) != stamp.source or journal.is_finished(output)


def _of_what(journal: Journal, output: Path) -> str:
    if journal.owner(output) is None:
        return "not from this program"
    return "made from another version of the recording or with other settings"


# writing


def keep(
    journal: Journal, stamp: Stamp, texts: Mapping[Path, str], numbers: Any = None
) -> None:
    """Write the results of a recording and note them as finished.

    Raises:
        VoiceprepError: one cannot be written; what stood there before stays.
    """
    ready: list[tuple[Path, Path]] = []
    path = journal.folder
    try:
        journal.folder.mkdir(parents=True, exist_ok=True)
        # All are on disk before the first is in place.
        for path, text in texts.items():
            ready.append((_written(path, text), path))
        with held_back():
            path = journal.folder / JOURNAL
            journal.begin(stamp.source, texts)
            for temporary, path in ready:
                temporary.replace(path)
            path = journal.folder / JOURNAL
            journal.finish(stamp, texts, numbers)
    except OSError as error:
        raise VoiceprepError(
            f"{path}: cannot be written ({error.strerror or error})"
        ) from error
    finally:
        for temporary, _ in ready:
            temporary.unlink(missing_ok=True)


def _written(path: Path, text: str) -> Path:
    """Write a text to a new file beside its place, with the rights that new files get."""
    temporary = path.with_name(f".voiceprep-{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            file.write(text.encode("utf-8", "backslashreplace"))
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary
