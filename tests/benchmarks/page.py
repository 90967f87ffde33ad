"""Measure how long the page of a session takes to make and how large it gets.

    python -m tests.benchmarks.page [--answers N] [--minutes M]

The recordings are the fixtures', repeated to the length asked for; encoding them is
nearly all of the work.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.browser.sessions import SPOKEN, answered, session_of_all_kinds, timed
from voiceprep import audio
from voiceprep.questions import Question
from voiceprep.report.html import read_audio, session_page

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "answers"


def main() -> None:
    """Print time and size."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--answers", type=int, default=10)
    arguments.add_argument("--minutes", type=float, default=2.0)
    options = arguments.parse_args()
    spoken = np.concatenate([audio.read(p) for p in sorted(FIXTURES.glob("*.flac"))])
    wanted = round(options.minutes * 60 * audio.SAMPLE_RATE)
    samples = np.tile(spoken, -(-wanted // len(spoken)))[:wanted]
    script = " ".join([SPOKEN] * max(round(options.minutes / 1.3), 1))
    answers = tuple(
        answered(Question(n, "Why?", "easy"), timed(script), f"answer-{n:02d}.wav")
        for n in range(1, options.answers + 1)
    )
    session = replace(session_of_all_kinds(), answers=answers)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for answer in answers:
            audio.write(folder / str(answer.audio), samples)
        begun = time.perf_counter(), time.process_time()
        sound, _ = read_audio(session, folder)
        encoded = time.perf_counter(), time.process_time()
        page = session_page(session, sound)
        done = time.perf_counter(), time.process_time()
    print(f"encoding {encoded[0] - begun[0]:.2f} s ({encoded[1] - begun[1]:.2f} s of CPU)")
    print(f"page     {done[0] - encoded[0]:.2f} s ({done[1] - encoded[1]:.2f} s of CPU)")
    print(f"size     {len(page.encode()) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
