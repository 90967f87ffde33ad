"""How long after the end of an answer its printed report stands there, and at what price.

    python -m tests.benchmarks.report_wait SPEECH [--seconds 15 20 30 60 180 300 600]
        [--busy N]

SPEECH holds `labels.json` (rows of `file`, `text`, `seconds`). Answers of the lengths
asked for are strung together from its composites, read and spontaneous clips, and played
in real time into `voiceprep practice`, some to a session. An answer ends a second after
its last word, when a person would press Enter. The wait runs from the last audio written
to disk to the line of the report that closes it: transcript, fillers, coverage and
printing are all in it. Beside it, afterwards, `in one go` is what the same transcriber
takes for the whole recording, as a file; both transcripts are compared with what was said
and with each other. `MB` is the most memory that the session held. `--busy` keeps that
many more processes busy all the while.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tests.benchmarks.word_error import edit_distance, word_error_rate, words_of
from voiceprep import audio
from voiceprep.recognition.hesitations.words import is_hesitation
from voiceprep.recognition.models import find_weights
from voiceprep.recognition.transcriber import Transcriber
from voiceprep.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from voiceprep.audio import Samples
    from voiceprep.transcript import Transcript

SESSIONS = {
    "machine-learning": (15.0, 20.0, 30.0, 15.0, 60.0, 20.0, 15.0, 40.0, 20.0),
    "behavioural": (15.0, 30.0, 45.0, 20.0, 90.0, 25.0, 15.0, 60.0, 30.0),
    "system-design": (180.0, 300.0, 600.0),
}
"""Lengths of the answers in seconds, by the bank whose first questions they are given to."""

KEY_S = 1.0
"""How long after the last word somebody presses Enter."""


@dataclass(frozen=True, slots=True)
class Waited:
    """An answer that was given: what it holds, what was said, what a session heard."""

    samples: Samples
    said: str
    heard: Transcript
    wait_s: float
    notes: tuple[str, ...]


def strung(
    speech: Path, lengths: Sequence[float], first: int = 0
) -> Iterator[tuple[Samples, str]]:
    """Yield (samples, what is said) of about the lengths asked for, from clip `first` on."""
    rows = json.loads((speech / "labels.json").read_text())
    said = [r for r in rows if r["file"].startswith(("composites/", "read/", "hesitations/"))]
    said.sort(key=lambda r: r["file"][::-1])  # speakers mixed, the same every time
    turn = first
    for length in lengths:
        pieces: list[Samples] = []
        texts: list[str] = []
        while sum(map(audio.seconds, pieces)) < length:
            row = said[turn % len(said)]
            turn += 1
            if row["seconds"] < length:
                pieces += [audio.read(speech / row["file"]), audio.silence(0.5)]
                texts.append(row["text"])
        pieces[-1] = audio.silence(KEY_S)
        yield np.concatenate(pieces), " ".join(texts)


def session(
    bank: str, answers: Sequence[tuple[Samples, str]], folder: Path
) -> tuple[list[Waited], float]:
    """Give answers to the first questions of a bank; return them and the peak in MB."""
    recorded, home = folder / "answers", folder / "home"
    recorded.mkdir(parents=True)
    for number, (samples, _) in enumerate(answers, 1):
        audio.write(recorded / f"q{number}.wav", samples)
    answers = [
        (audio.read(recorded / f"q{n}.wav"), said) for n, (_, said) in enumerate(answers, 1)
    ]
    command = [sys.executable, "-m", "voiceprep", "practice", bank, "--no-speech", "--paced"]
    process = subprocess.Popen(
        [*command, "--limit", "3600", "--answers", str(recorded)],
        env={**os.environ, "VOICEPREP_HOME": str(home), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    reported, megabytes = [], 0.0
    for line in process.stdout:
        if line.startswith("Try next"):
            reported.append(time.time())
        megabytes = max(megabytes, most_memory(process.pid))
    process.wait()
    (held,) = Store(home).all()[0]
    place = Store(home).path_of(held.id)
    ended = [(place / str(a.audio)).stat().st_mtime for a in held.answers]
    waited = [
        Waited(samples, said, answer.transcript, shown - end, answer.notes)
        for (samples, said), answer, shown, end in zip(
            answers, held.answers, reported, ended, strict=True
        )
    ]
    return waited, megabytes


def most_memory(pid: int) -> float:
    """Return the most memory that a running process has held, in MB.

    Not what the system reports when it has ended: that counts what the process which
    started it held, and this one holds all the answers.
    """
    held = Path(f"/proc/{pid}/status").read_text().partition("VmHWM:")[2].split()
    return int(held[0]) / 1024 if held else 0.0  # nothing once it has ended


def hesitations(transcript: Transcript) -> int:
    """Return how many there are."""
    return sum(is_hesitation(word.text) for word in transcript.words)


def compared(waited: Sequence[Waited]) -> None:
    """Print every answer beside what one go makes of it, and the sums."""
    transcriber = Transcriber.load(find_weights())
    print(f"\n{'answer':>8}{'wait':>8}{'in one go':>11}{'ratio':>8}{'words apart':>13}")
    whole = []
    for answer in waited:
        start = time.perf_counter()
        whole.append(transcriber.transcribe([answer.samples]))
        took = time.perf_counter() - start
        apart = edit_distance(words_of(whole[-1].text), words_of(answer.heard.text))
        print(
            f"{audio.seconds(answer.samples):7.0f}s{answer.wait_s:7.2f}s{took:10.2f}s"
            f"{took / answer.wait_s:7.1f}x{apart:13}  {'; '.join(answer.notes)}",
            flush=True,
        )
    waits = [answer.wait_s for answer in waited]
    median, worst = statistics.median(waits), max(waits)
    print(f"{len(waits)} answers: median {median:.2f} s, worst {worst:.2f} s")
    for name, texts in (("live", [a.heard for a in waited]), ("in one go", whole)):
        errors = word_error_rate((a.said, t.text) for a, t in zip(waited, texts, strict=True))
        print(f"{name}: {errors:.2f} % word errors, {sum(map(hesitations, texts))} hesitations")


@contextlib.contextmanager
def busy(count: int) -> Iterator[None]:
    """Keep processes busy while the context lasts."""
    burners = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)
    ]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def main() -> None:
    """Hold the sessions and print what came of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("speech", type=Path)
    parser.add_argument("--seconds", type=float, nargs="+", help="of one session's answers")
    parser.add_argument("--busy", type=int, default=0, metavar="N")
    options = parser.parse_args()
    sessions = {"machine-learning": options.seconds} if options.seconds else SESSIONS
    waited: list[Waited] = []
    with tempfile.TemporaryDirectory() as name, busy(options.busy):
        for bank, lengths in sessions.items():
            answers = list(strung(options.speech, lengths, first=len(waited) * 7))
            given, megabytes = session(bank, answers, Path(name) / bank)
            print(f"{bank}: {len(given)} answers, {megabytes:.0f} MB", flush=True)
            waited += given
    compared(waited)


if __name__ == "__main__":
    main()
