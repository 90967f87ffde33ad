"""Does a recording suffer while the machine is busy?

    python -m tests.benchmarks.overflow SPEECH [--seconds 600] [--busy 2]

SPEECH holds `labels.json`. An answer of that length, strung together from its clips, is
played into the microphone of a virtual sound card (pulseaudio) while `voiceprep practice`
records and transcribes it, and other processes keep all cores busy. Prints what the
session noted (overflows, sleep, lag), and how much of the answer its words cover.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import pexpect

from tests.benchmarks.report_wait import busy, strung
from tests.benchmarks.word_error import word_error_rate
from tests.sound_card import running
from voiceprep import audio
from voiceprep.store import Store

SPARE_S = 60.0
"""How long the program may take to begin, and for its report."""


def main() -> None:
    """Hold the session and print what it noted."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("speech", type=Path)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--busy", type=int, default=os.cpu_count() or 1, metavar="N")
    options = parser.parse_args()
    ((samples, said),) = strung(options.speech, [options.seconds])
    with (
        tempfile.TemporaryDirectory(prefix="card-") as name,
        running(Path(name)) as card,
        busy(options.busy),
    ):
        home = Path(name) / "home"
        terminal = pexpect.spawn(
            sys.executable,
            ["-m", "voiceprep", "practice", "-q", "1", "--no-speech", "--limit", "3600"],
            env=card.environment | {"VOICEPREP_HOME": str(home), "TERM": "xterm-256color"},
            dimensions=(40, 80),
            timeout=audio.seconds(samples) + SPARE_S,
            encoding="utf-8",
        )
        terminal.expect_exact("recording")
        with card.spoken_into(samples):
            try:
                terminal.expect(pexpect.EOF, timeout=audio.seconds(samples) + 1)
            except pexpect.TIMEOUT:
                terminal.send("\r")
            terminal.expect_exact("Try next", timeout=SPARE_S)
        terminal.send("q")
        terminal.expect(pexpect.EOF)
        (held,) = Store(home).all()[0]
    (answer,) = held.answers
    print(f"{audio.seconds(samples):.0f} s spoken, {answer.transcript.duration:.0f} s recorded")
    print(f"{word_error_rate([(said, answer.transcript.text)]):.1f} % word errors")
    print("noted: " + ("; ".join(answer.notes) or "nothing"))


if __name__ == "__main__":
    main()
