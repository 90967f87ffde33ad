"""How long after the end of an answer its transcript is there, live and in one go.

    python -m tests.benchmarks.latency SPEECH [--seconds 15 15 20 30 60 180 300 600]

SPEECH holds `labels.json` (rows of `file`, `text`, `seconds`). Answers of the lengths
asked for are strung together from its composites and clips, and fed in blocks of 50 ms
as fast as a microphone gives them, into the thread that a session uses. An answer ends
`--key` seconds after its last word, when a person would press Enter. The wait runs from
there to the transcript; `in one go` is the time of the same transcriber on the whole
recording afterwards. `furthest behind` is the longest that the thread lagged, `MB` the
most memory that the process had held so far.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tests.benchmarks.word_error import word_error_rate
from voiceprep import audio
from voiceprep.live import LiveTranscription
from voiceprep.recognition.models import find_weights
from voiceprep.recognition.transcriber import Transcriber

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from voiceprep.audio import Samples
    from voiceprep.recognition.transcriber import Transcription
    from voiceprep.transcript import Transcript

BLOCK_S = 0.05
"""What a microphone hands over at a time."""

DEFAULT_SECONDS = (*[15.0] * 8, *[20.0] * 5, *[30.0] * 3, 60.0, 60.0, 180.0, 300.0, 600.0)


def answers(
    speech: Path, lengths: Sequence[float], key_s: float
) -> Iterator[tuple[Samples, str]]:
    """Yield (samples, what is said) of about the lengths asked for."""
    rows = json.loads((speech / "labels.json").read_text())
    said = [r for r in rows if r["file"].startswith(("read/", "hesitations/"))]
    said.sort(key=lambda r: r["file"][::-1])  # speakers mixed, the same every time
    turn = 0
    for length in lengths:
        pieces: list[Samples] = []
        texts: list[str] = []
        while sum(map(audio.seconds, pieces)) < length:
            row = said[turn % len(said)]
            turn += 1
            pieces += [audio.read(speech / row["file"]), audio.silence(0.5)]
            texts.append(row["text"])
        pieces[-1] = audio.silence(key_s)
        yield np.concatenate(pieces), " ".join(texts)


class Watched:
    """A transcription that remembers how much it was fed."""

    def __init__(self, inner: Transcription) -> None:
        self._inner = inner
        self.fed_s = 0.0
        self.heard = ""

    def feed(self, samples: Samples) -> None:
        self._inner.feed(samples)
        self.fed_s += audio.seconds(samples)

    def finish(self) -> Transcript:
        return self._inner.finish()


def live(transcriber: Transcriber, samples: Samples) -> tuple[float, float, str]:
    """Feed an answer in real time; return the wait, the longest lag, and the text."""
    watched = Watched(transcriber.transcription(live=True))
    transcription = LiveTranscription(lambda: watched)
    block = round(BLOCK_S * audio.SAMPLE_RATE)
    start = time.perf_counter()
    behind = 0.0
    for number, first in enumerate(range(0, len(samples), block)):
        due = start + (number + 1) * BLOCK_S
        time.sleep(max(due - time.perf_counter(), 0))
        transcription.feed(samples[first : first + block])
        behind = max(behind, first / audio.SAMPLE_RATE - watched.fed_s)
    ended = time.perf_counter()
    transcript = transcription.finish()
    return time.perf_counter() - ended, behind, transcript.text


def main() -> None:
    """Print a line an answer, and the summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("speech", type=Path)
    parser.add_argument("--seconds", type=float, nargs="+", default=DEFAULT_SECONDS)
    parser.add_argument("--key", type=float, default=0.7, help="from the last word to Enter")
    options = parser.parse_args()
    transcriber = Transcriber.load(find_weights())
    print(
        f"{'answer':>8}{'wait':>8}{'in one go':>11}{'ratio':>8}{'furthest behind':>17}{'MB':>6}"
    )
    waits, live_texts, whole_texts = [], [], []
    for samples, said in answers(options.speech, options.seconds, options.key):
        wait, behind, text = live(transcriber, samples)
        start = time.perf_counter()
        whole = transcriber.transcribe([samples])
        took = time.perf_counter() - start
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{audio.seconds(samples):7.0f}s{wait:7.2f}s{took:10.2f}s{took / wait:7.1f}x"
            f"{behind:16.2f}s{memory:6.0f}",
            flush=True,
        )
        waits.append(wait)
        live_texts.append((said, text))
        whole_texts.append((said, whole.text))
    print(f"wait: median {statistics.median(waits):.2f} s, worst {max(waits):.2f} s")
    print(
        f"word error rate: live {word_error_rate(live_texts):.2f} %, "
        f"in one go {word_error_rate(whole_texts):.2f} %"
    )


if __name__ == "__main__":
    main()
