"""Recorded answers in place of a microphone: found by their names, played into a session."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from voiceprep import audio
from voiceprep.errors import AudioError, DeviceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from voiceprep.audio import Samples
    from voiceprep.questions import Question
    from voiceprep.sound.microphone import Gap

FILE_BLOCK_S = 0.1
"""How much of a recorded answer is handed over at a time."""

RECORDINGS = frozenset(
    {
        ".aac",
        ".aif",
        ".aiff",
        ".amr",
        ".flac",
        ".m4a",
        ".mka",
        ".mkv",
        ".mov",
        ".mp3",
        ".mp4",
        ".oga",
        ".ogg",
        ".opus",
        ".wav",
        ".weba",
        ".webm",
        ".wma",
    }
)
"""Endings by which recorded answers are told from what else lies in their folder."""


class FileMicrophone:
    """Recorded answers in place of a microphone, found by the question's number."""

    def __init__(self, folder: Path, *, paced: bool = False) -> None:
        """Take answers from a folder; `paced` plays them in real time.

        Raises:
            DeviceError: there is no such folder.
        """
        if not folder.is_dir():
            what = "it is not a folder" if folder.exists() else "no such folder"
            raise DeviceError(f"{folder}: {what}; give the folder that holds the answers")
        self._folder = folder
        self._paced = paced

    def answer_to(self, number: int) -> Path:
        """Return the recording that answers a question.

        Raises:
            AudioError: there is none, or more than one.
        """
        files = _recordings(self._folder)
        found = sorted(f for f in files if question_number(f.stem) == number)
        if not found:
            raise AudioError(
                f"{self._folder}: no answer to question {number} (a file named like "
                f"question-{number:02}.wav)"
            )
        if len(found) > 1:
            names = ", ".join(f.name for f in found)
            raise AudioError(
                f"{self._folder}: several answers to question {number} ({names}); keep one"
            )
        return found[0]

    @contextmanager
    def listen(self, question: Question) -> Iterator[FileStream]:
        """Play the recorded answer to a question.

        Raises:
            AudioError: there is none, more than one, or it cannot be decoded.
        """
        yield FileStream(self.answer_to(question.number), paced=self._paced)


def answered_numbers(folder: Path) -> frozenset[int]:
    """Return the numbers of the questions that a folder holds answers to.

    Raises:
        AudioError: it cannot be read.
    """
    numbers = (question_number(f.stem) for f in _recordings(folder))
    return frozenset(n for n in numbers if n is not None)


def _recordings(folder: Path) -> list[Path]:
    try:
        return [f for f in folder.iterdir() if f.suffix.lower() in RECORDINGS]
    except OSError as error:
        raise AudioError(f"{folder}: cannot be read ({error.strerror})") from error


def question_number(stem: str) -> int | None:
    """Return the number of the question that a file name answers, None without one.

    A number after "q" or "question" goes before any other; then the first counts.
    """
    named = re.search(r"(?<![a-z])(?:question|q)[\s_.-]*(\d+)", stem, re.IGNORECASE)
    first = named or re.search(r"(\d+)", stem)
    return int(first[1]) if first else None


class FileStream:
    """One recorded answer, as fast as it is read or at the pace it was spoken."""

    def __init__(self, path: Path, *, paced: bool = False) -> None:
        """Open the recording.

        Raises:
            AudioError: it cannot be decoded.
        """
        self.overflows = 0
        self.gaps: tuple[Gap, ...] = ()
        self._blocks = audio.stream(path, FILE_BLOCK_S)
        self._next = next(self._blocks, None)
        self._paced = paced
        self._began: float | None = None
        self._handed_s = 0.0

    def read(self, timeout_s: float) -> Samples | None:
        """Return the next block, an empty one while it has not been spoken yet.

        Raises:
            AudioError: the recording cannot be decoded any further.
        """
        if self._next is None:
            return None
        if self._paced and not self._spoken(timeout_s):
            return audio.silence(0)
        block, self._next = self._next, next(self._blocks, None)
        self._handed_s += audio.seconds(block)
        return block

    def _spoken(self, timeout_s: float) -> bool:
        """Wait up to `timeout_s` for the end of the next block; return whether it came."""
        assert self._next is not None
        now = time.monotonic()
        if self._began is None:
            self._began = now
        due_s = self._handed_s + audio.seconds(self._next) - (now - self._began)
        time.sleep(max(min(due_s, timeout_s), 0.0))
        return due_s <= timeout_s
