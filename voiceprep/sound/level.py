"""The level of what is heard: loudness, peaks, clipping, and when to warn about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from voiceprep import audio

if TYPE_CHECKING:
    from voiceprep.audio import Samples

FLOOR_DBFS = -96.0
"""The quietest level told apart, what 16 bits can hold (20 log10 2^-16)."""

SILENT_DBFS = -60.0
"""A root mean square below this is a muted or unplugged microphone, not a quiet room."""

FULL_SCALE = 0.985
"""A sample this near to 1 was cut; resampling moves a cut peak a little to either side."""

CLIPPED_SAMPLES = 3
"""So many samples at full scale in a block are clipping; a single one is a click."""

SILENT_AFTER_S = 5.0
"""How long nothing may arrive before it is said."""

CLIPPING_FOR_S = 3.0
"""How long a warning of clipping stands after the last of it."""


@dataclass(frozen=True, slots=True)
class Level:
    """How loud a block is: root mean square and peak in dBFS, FLOOR_DBFS to 0."""

    rms_dbfs: float = FLOOR_DBFS
    peak_dbfs: float = FLOOR_DBFS
    clipping: bool = False


def measure(samples: Samples) -> Level:
    """Return the level of a block; an empty one is silent."""
    if not len(samples):
        return Level()
    magnitude = np.abs(samples)
    return Level(
        _dbfs(float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))),
        _dbfs(float(magnitude.max())),
        bool(np.count_nonzero(magnitude >= FULL_SCALE) >= CLIPPED_SAMPLES),
    )


def _dbfs(amplitude: float) -> float:
    """Return an amplitude relative to full scale in decibels."""
    if amplitude <= 0.0:
        return FLOOR_DBFS
    return float(np.clip(20.0 * np.log10(amplitude), FLOOR_DBFS, 0.0))


@dataclass(slots=True)
class Meter:
    """Follows the level of a recording, and warns by its own time, not the clock's."""

    level: Level = field(default_factory=Level)
    _heard_s: float = 0.0
    _silent_s: float = 0.0
    _clipped_at: float | None = None

    def push(self, samples: Samples) -> None:
        """Take the next block; an empty one changes nothing."""
        if not len(samples):
            return
        self.level = measure(samples)
        length_s = audio.seconds(samples)
        self._heard_s += length_s
        silent = self.level.rms_dbfs < SILENT_DBFS
        self._silent_s = self._silent_s + length_s if silent else 0.0
        if self.level.clipping:
            self._clipped_at = self._heard_s

    @property
    def silent_s(self) -> float:
        """Return for how many seconds nothing has arrived."""
        return self._silent_s

    @property
    def clipping(self) -> bool:
        """Return whether it was too loud a moment ago."""
        return (
            self._clipped_at is not None and self._heard_s - self._clipped_at < CLIPPING_FOR_S
        )

    @property
    def warning(self) -> str | None:
        """Return what to tell the person speaking, None if all is well."""
        if self.clipping:
            return "clipping: too loud, move away or turn the microphone down"
        if self._silent_s >= SILENT_AFTER_S:
            return f"silent for {self._silent_s:.0f} s: is the microphone muted?"
        return None
