"""How long after the end of an answer its printed report stands there.

    python -m tests.benchmarks.report_wait SPEECH [--seconds 15 15 20 20 30 30 45 60 120 180]

SPEECH holds `labels.json`, as for the latency benchmark. Answers of these lengths are
strung together from its clips and played in real time into `voiceprep practice`, up to
ten of them to the questions of the packaged bank. The wait runs from the last audio
written to disk to the line of the report that closes it: transcript, fillers, coverage
and printing are all in it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.latency import answers
from voiceprep import audio

DEFAULT_SECONDS = (15, 15, 15, 20, 20, 30, 30, 45, 60, 120)
KEY_S = 1.0
"""How long after the last word somebody presses Enter."""


def main() -> None:
    """Print the wait after every answer."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("speech", type=Path)
    parser.add_argument("--seconds", type=float, nargs="+", default=DEFAULT_SECONDS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recorded = folder / "answers"
        recorded.mkdir()
        lengths = options.seconds[:10]
        for number, (samples, _) in enumerate(answers(options.speech, lengths, KEY_S), 1):
            audio.write(recorded / f"q{number}.wav", samples)
        waits = list(measured(recorded, folder / "home"))
    for length, wait in waits:
        print(f"{length:7.0f} s answer {wait:7.2f} s wait")
    each = [wait for _, wait in waits]
    print(f"median {statistics.median(each):.2f} s, worst {max(each):.2f} s")


def measured(recorded: Path, home: Path) -> list[tuple[float, float]]:
    """Return (length of the answer, wait for its report), both in seconds."""
    command = [sys.executable, "-m", "voiceprep", "practice", "--no-speech", "--paced"]
    environment = {**os.environ, "VOICEPREP_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*command, "--limit", "3600", "--answers", str(recorded)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout is not None
        reported = [time.time() for line in run.stdout if line.startswith("Try next")]
    written = sorted(home.rglob("answer-*.wav"))
    ended = [path.stat().st_mtime for path in written]
    lengths = [audio.seconds(audio.read(path)) for path in written]
    waits = [at - end for at, end in zip(reported, ended, strict=True)]
    return list(zip(lengths, waits, strict=True))


if __name__ == "__main__":
    main()
