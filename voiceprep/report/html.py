"""A session as one HTML file: heard, read and looked at in any browser, without network."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from voiceprep.atomic import replace_file
from voiceprep.audio import stream
from voiceprep.delivery import PACE_BAND_WPM
from voiceprep.errors import AudioError, SessionError
from voiceprep.report.page.document import document
from voiceprep.sound import mp3

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from voiceprep.session import Session

BLOCK_S = 10.0
"""Sound that is decoded and encoded at a time."""


def session_page(
    session: Session,
    audio: Mapping[int, bytes],
    *,
    history: Sequence[Session] = (),
    pace_band: tuple[float, float] = PACE_BAND_WPM,
) -> str:
    """Return the page of a session.

    `audio` holds the sound of the answers by question number, MP3 as `mp3.encode` makes
    it; an answer without any is shown without a player. `history` holds other sessions;
    those before this one make the pictures of progress.
    """
    return document(session, audio, history, pace_band)


def write_page(
    path: Path,
    session: Session,
    folder: Path,
    history: Sequence[Session] = (),
    *,
    pace_band: tuple[float, float] = PACE_BAND_WPM,
) -> tuple[str, ...]:
    """Write the page of a session, atomically and readable by its owner alone.

    `folder` is where the audio of the session lies. Returns one line for each recording
    that could not be read; its answer is shown without sound.

    Raises:
        SessionError: the file cannot be written; what was there before stays.
    """
    audio, problems = read_audio(session, folder)
    _write(path, session_page(session, audio, history=history, pace_band=pace_band))
    return problems


def read_audio(session: Session, folder: Path) -> tuple[dict[int, bytes], tuple[str, ...]]:
    """Return the sound of the answers as MP3, and a line for each that cannot be read."""
    paths = {a.question.number: folder / a.audio for a in session.answers if a.audio}
    problems = []
    audio = {}
    # PyAV works without the lock of the interpreter, so that threads share the cores.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = {number: pool.submit(_compressed, path) for number, path in paths.items()}
        for number, job in jobs.items():
            try:
                audio[number] = job.result()
            except AudioError as error:
                problems.append(str(error))
    return audio, tuple(problems)


def _compressed(path: Path) -> bytes:
    return mp3.encode(stream(path, BLOCK_S))


def _write(path: Path, page: str) -> None:
    try:
        # The policy's hashes are over these very bytes: line ends stay as they are.
        replace_file(path, page)
    except OSError as error:
        raise SessionError(f"{path}: cannot be written ({error.strerror})") from error
