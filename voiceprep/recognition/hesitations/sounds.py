"""The first witness: what in the sound of a window may be a hesitation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from voiceprep.audio import SAMPLE_RATE

if TYPE_CHECKING:
    from voiceprep.audio import Samples

Array = NDArray[np.float32]

FRAMES_PER_SECOND = 50
"""Frames of Whisper's encoder output a second."""

CONTEXT_FRAMES = 4
"""The network sees each frame with the ones this far before and after it (80 ms)."""

_FRAME_SAMPLES = SAMPLE_RATE // FRAMES_PER_SECOND

LIKELY = 0.4
"""Frames that the network gives more than this belong to a possible hesitation."""

LEAST_FRAMES = 6
"""Shorter sounds are no hesitations (120 ms; O'Shaughnessy 1992: 150 ms and more)."""

SUREST = 0.97
"""The network's word counts up to here; beyond, the odds only tell synthetic voices."""

LEAST_LIKENESS = 0.75
"""Sounds whose mean is lower are not worth the decoder's time."""

GAP_FRAMES = 3
"""Frames under LIKELY that do not yet end a sound."""

VALLEY_DB = 12.0
"""A dip in level this deep parts two hesitations; "um" closes to its m by up to 10 dB."""

QUIET_DB = 25.0
"""What is this much under the loudest frame of a sound no longer belongs to it."""

ABOVE_FLOOR_DB = 6.0
"""A hesitation stands out of the window's quiet by this much."""


@dataclass(frozen=True, slots=True)
class Sound:
    """What may be a hesitation: encoder frames [first, last), and how like one it is."""

    first: int
    last: int
    likeness: float

    @property
    def start(self) -> float:
        """Return where it begins, in seconds."""
        return self.first / FRAMES_PER_SECOND

    @property
    def end(self) -> float:
        """Return where it ends, in seconds."""
        return self.last / FRAMES_PER_SECOND

    @property
    def middle(self) -> float:
        """Return its middle, in seconds."""
        return (self.start + self.end) / 2

    @property
    def weight(self) -> float:
        """Return its log odds, more for a longer one."""
        likeness = min(max(self.likeness, 0.01), SUREST)
        return math.log(likeness / (1 - likeness)) + math.log((self.end - self.start) / 0.3)


def stacked(encoded: Array) -> Array:
    """Return each frame between the ones CONTEXT_FRAMES before and after it."""
    edged = np.pad(encoded, ((CONTEXT_FRAMES, CONTEXT_FRAMES), (0, 0)), mode="edge")
    n = len(encoded)
    return np.concatenate([edged[:n], encoded, edged[2 * CONTEXT_FRAMES :][:n]], axis=1)


def likenesses(encoded: Array) -> Array:
    """Return for every encoder frame how like a hesitation it sounds, 0 to 1."""
    network = _network()
    inner = np.maximum(stacked(encoded) @ network["hidden"] + network["hidden_bias"], 0)
    score = inner @ network["output"] + network["output_bias"][0]
    return np.asarray(1 / (1 + np.exp(-np.clip(score, -30, 30))), np.float32)


def levels(samples: Samples) -> Array:
    """Return the level of every encoder frame in dB of full scale, smoothed over three."""
    whole = len(samples) // _FRAME_SAMPLES * _FRAME_SAMPLES
    frames = samples[:whole].reshape(-1, _FRAME_SAMPLES)
    level = 10 * np.log10((frames**2).mean(axis=1) + 1e-10)
    if not len(level):
        return np.zeros(0, np.float32)
    edged = np.pad(level, 1, mode="edge")
    return np.asarray(np.convolve(edged, np.full(3, 1 / 3), "valid"), np.float32)


def sounds(likeness: Array, level: Array) -> tuple[Sound, ...]:
    """Return the stretches that may be hesitations.

    `likeness` and `level` (dB) are per encoder frame; what is longer is cut.
    """
    length = min(len(likeness), len(level))
    if not length:
        return ()
    floor = float(np.percentile(level[:length], 10))
    found = []
    for first, last in _runs(likeness[:length] > LIKELY):
        for begin, end in _parted(level, first, last):
            top = float(level[begin:end].max())
            loud = np.flatnonzero(level[begin:end] > top - QUIET_DB)
            start, stop = begin + int(loud[0]), begin + int(loud[-1]) + 1
            sound = Sound(start, stop, float(likeness[start:stop].mean()))
            if (
                stop - start >= LEAST_FRAMES
                and top - floor > ABOVE_FLOOR_DB
                and sound.likeness >= LEAST_LIKENESS
            ):
                found.append(sound)
    return tuple(found)


def _runs(likely: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the (first, last) of runs of true frames, short gaps bridged."""
    runs: list[tuple[int, int]] = []
    for frame in np.flatnonzero(likely).tolist():
        if runs and frame - runs[-1][1] < GAP_FRAMES:
            runs[-1] = (runs[-1][0], frame + 1)
        else:
            runs.append((frame, frame + 1))
    return runs


def _parted(level: Array, first: int, last: int) -> list[tuple[int, int]]:
    """Return a run parted at the valleys of its level."""
    if last - first < 2 * LEAST_FRAMES:
        return [(first, last)]
    part = level[first:last]
    before = np.maximum.accumulate(part)
    after = np.maximum.accumulate(part[::-1])[::-1]
    depth = np.minimum(before, after) - part
    deepest = int(np.argmax(depth))
    if depth[deepest] < VALLEY_DB:
        return [(first, last)]
    middle = first + deepest
    return _parted(level, first, middle) + _parted(level, middle, last)


@lru_cache(maxsize=1)
def _network() -> dict[str, Array]:
    """Load the weights that `tests/training/hesitations/` made (310 kB)."""
    file = resources.files("voiceprep") / "data" / "hesitations.npz"
    with file.open("rb") as opened, np.load(opened) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}
