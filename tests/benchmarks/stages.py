"""Where the time of a transcription goes, and how far that is from the arithmetic alone.

    python -m tests.benchmarks.stages SPEECH [--minutes 5]

SPEECH holds `labels.json`; its composites in turn make the recording. One lane works, so
that the time of each stage is a core's; `all` is the CPU time of the process. For encoder
and decoder the operations are counted from the shape of the model (a multiplication and an
addition are two); `ideal` is what they would take at the speed that the same library
reaches on matrix products alone: in the encoder, on a window so short that attention,
which grows with the square, is nothing.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from voiceprep import audio
from voiceprep.recognition import recognizer as recognition
from voiceprep.recognition.decoding import BEAM, Recognizer
from voiceprep.recognition.models import find_weights
from voiceprep.recognition.transcriber import Transcriber
from voiceprep.recognition.voice_activity import VoiceActivity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from voiceprep.audio import Samples

LAYERS, WIDTH, MELS, VOCABULARY = 4, 384, 80, 51_864
"""Of Whisper's tiny.en, encoder and decoder alike."""

SHORT_COLUMNS, ROUNDS = 500, 20
"""The window on which the library's speed is taken, and how often."""


def encoder_operations(columns: int) -> float:
    """Return the operations of the encoder for a spectrogram of so many columns."""
    positions = columns // 2
    convolutions = 3 * MELS * WIDTH * columns + 3 * WIDTH * WIDTH * positions
    projections = LAYERS * 12 * WIDTH**2 * positions
    attention = LAYERS * 2 * positions**2 * WIDTH
    return 2.0 * (convolutions + projections + attention)


def decoder_operations(positions: int, tokens: int) -> float:
    """Return the operations of writing so many tokens over so many encoder positions."""
    memory = LAYERS * 2 * WIDTH**2 * positions
    projections = LAYERS * 14 * WIDTH**2 + VOCABULARY * WIDTH
    attention = LAYERS * 2 * positions * WIDTH
    return 2.0 * (memory + tokens * BEAM * (projections + attention))


class Clock(threading.local):
    """Times what a thread calls, by name; what is called inside counts for itself alone."""

    seconds: ClassVar[dict[str, float]] = defaultdict(float)

    def __init__(self) -> None:
        self._inner = [0.0]

    def timed(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*arguments: Any, **options: Any) -> Any:
            self._inner.append(0.0)
            start = time.perf_counter()
            try:
                return call(*arguments, **options)
            finally:
                took = time.perf_counter() - start
                self.seconds[name] += took - self._inner.pop()
                self._inner[-1] += took

        return measured


class Counted(Recognizer):
    """A recognizer that counts the operations it asks for."""

    operations: dict[str, float]

    def encode(self, samples: Samples, *, full: bool = False) -> Any:
        encoded = super().encode(samples, full=full)
        self.operations["encoder"] += encoder_operations(2 * encoded.positions)
        return encoded

    def decode(self, encoded: Any, *, unlooped: bool = False) -> Any:
        found = super().decode(encoded, unlooped=unlooped)
        for window, hypothesis in zip(encoded, found, strict=True):
            tokens = len(hypothesis.tokens) + 1
            self.operations["decoder"] += decoder_operations(window.positions, tokens)
        return found


def library_speed(recognizer: Recognizer) -> float:
    """Return the operations a second that the library reaches on matrix products."""
    import ctranslate2

    columns = np.zeros((1, MELS, SHORT_COLUMNS), np.float32)
    view = ctranslate2.StorageView.from_array(columns)
    recognizer.model.encode(view)
    start = time.perf_counter()
    for _ in range(ROUNDS):
        recognizer.model.encode(view)
    return ROUNDS * encoder_operations(SHORT_COLUMNS) / (time.perf_counter() - start)


def recording(speech: Path, minutes: float) -> Iterator[Samples]:
    """Yield composites, one after the other, until they last `minutes`."""
    rows = json.loads((speech / "labels.json").read_text())
    composites = [r for r in rows if r["file"].startswith("composites/")]
    turn, left_s = 0, minutes * 60
    while left_s > 0:
        samples = audio.read(speech / composites[turn % len(composites)]["file"])
        turn, left_s = turn + 1, left_s - audio.seconds(samples)
        yield samples


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("speech", type=Path)
    parser.add_argument("--minutes", type=float, default=5)
    options = parser.parse_args()
    clock, recognizer = Clock(), Counted(find_weights(), 1)
    recognizer.operations = defaultdict(float)
    for stage, name in (("encoder", "encode"), ("decoder", "decode"), ("alignment", "align")):
        setattr(recognizer, name, clock.timed(stage, getattr(recognizer, name)))
    found = "find_hesitations"
    setattr(recognition, found, clock.timed("hesitations", getattr(recognition, found)))
    push = "push"
    setattr(VoiceActivity, push, clock.timed("voice activity", VoiceActivity.push))
    blocks = [b for s in recording(options.speech, options.minutes) for b in _cut(s)]
    seconds = sum(map(audio.seconds, blocks))
    start = time.process_time()
    Transcriber(recognizer, 1).transcribe(blocks)
    total = time.process_time() - start
    speed = library_speed(recognizer)
    print(f"{seconds / 60:.1f} min; the library's matrix products: {speed / 1e9:.0f} GFLOP/s")
    print(f"{'':16}{'s':>8}{'share':>8}{'GFLOP':>8}{'GFLOP/s':>9}{'ideal s':>9}")
    rest = total - sum(clock.seconds.values())
    for stage, took in {**clock.seconds, "the rest": rest, "all": total}.items():
        count = recognizer.operations.get(stage)
        rates = (
            f"{count / 1e9:8.0f}{count / took / 1e9:9.0f}{count / speed:9.1f}" if count else ""
        )
        print(f"{stage:16}{took:8.1f}{took / total:8.0%}{rates}")


def _cut(samples: Samples) -> list[Samples]:
    return [
        samples[i : i + audio.SAMPLE_RATE] for i in range(0, len(samples), audio.SAMPLE_RATE)
    ]


if __name__ == "__main__":
    main()
