"""Windows: a recording cut at its pauses into pieces that Whisper takes whole.

What the voice-activity detector hears is kept with generous padding on both sides,
because quiet words and hesitations score low; the middle of longer pauses is dropped.
Every window remembers where its samples come from, so that times stay those of the
recording. A live answer and a recorded file are cut at the same places.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from voiceprep.audio import SAMPLE_RATE
from voiceprep.recognition.voice_activity import FRAME, FRAME_SECONDS, VoiceActivity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voiceprep.audio import Samples
    from voiceprep.recognition.voice_activity import Probabilities

ONSET = 0.2
"""Speech probability from which a frame counts as speech (Silero recommends 0.5; words
said under one's breath and hesitations are lower)."""

OFFSET = 0.1
"""Speech goes on until the probability falls below this."""

PADDING_S = 0.6
"""Kept before and after speech; a pause up to twice as long is kept whole."""

LEAST_S, LONGEST_S = 24.0, 28.0
"""Sound in a window that is not the last: long windows give the decoder more context. Not
30 s, so that it hears some silence at the end."""

CLOSING_PAUSE_S, SHORT_PAUSE_S = 0.6, 0.2
"""The pause that closes a window of LEAST_S; the more it holds, the shorter the pause may
be, down to SHORT_PAUSE_S at LONGEST_S. Without one it is cut at its best place."""

_PADDING_FRAMES = round(PADDING_S / FRAME_SECONDS)
_LEAST_FRAMES, _MOST_FRAMES = round(LEAST_S / FRAME_SECONDS), round(LONGEST_S / FRAME_SECONDS)


class _Frame(NamedTuple):
    """FRAME samples, their number in the recording, and their speech probability."""

    number: int
    samples: Samples
    probability: float
    speech: bool


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Sound for one pass of Whisper: at most LONGEST_S.

    `activity` is the speech probability of each frame. `origins` says for every run of
    unbroken sound (sample in the window, sample in the recording).
    """

    samples: Samples
    activity: Probabilities
    origins: tuple[tuple[int, int], ...]

    @property
    def seconds(self) -> float:
        """Return the length of the sound in it."""
        return len(self.samples) / SAMPLE_RATE

    @property
    def start(self) -> float:
        """Return where it begins in the recording, in seconds."""
        return self.origins[0][1] / SAMPLE_RATE

    def is_the_same(self, other: Window) -> bool:
        """Return whether another window holds the same stretch of the recording."""
        return (self.origins, len(self.samples)) == (other.origins, len(other.samples))

    def time_of(self, second: float, *, is_end: bool = False) -> float:
        """Return the second of the recording for a second of the window.

        At a joint, the end of a word belongs to the run before it.
        """
        sample = round(second * SAMPLE_RATE)
        run = bisect_right([w for w, _ in self.origins], sample - is_end) - 1
        inside, outside = self.origins[max(run, 0)]
        return (outside + sample - inside) / SAMPLE_RATE


class Segmenter:
    """Cuts a recording into windows as its samples arrive."""

    def __init__(self) -> None:
        """Begin before the first sample."""
        self._activity = VoiceActivity()
        self._rest = np.zeros(0, np.float32)
        self._number = 0
        self._kept: list[_Frame] = []
        self._waiting: deque[_Frame] = deque(maxlen=_PADDING_FRAMES)
        self._quiet = _PADDING_FRAMES
        self._total = 0

    @property
    def seconds(self) -> float:
        """Return how much has been pushed."""
        return self._total / SAMPLE_RATE

    @property
    def quiet_s(self) -> float:
        """Return the length of the pause at the end, up to the padding."""
        return self._quiet * FRAME_SECONDS

    def push(self, samples: Samples) -> Iterator[Window]:
        """Take the next samples; yield the windows that they complete."""
        self._total += len(samples)
        probabilities = self._activity.push(samples)
        joined = np.concatenate([self._rest, samples])
        whole = len(joined) // FRAME * FRAME
        self._rest = joined[whole:]
        for part, probability in zip(
            joined[:whole].reshape(-1, FRAME), probabilities, strict=True
        ):
            yield from self._take(part, float(probability))

    def flush(self) -> Iterator[Window]:
        """Yield what is left at the end of the recording."""
        if len(self._rest):
            probability = float(self._activity.flush()[0])
            padded = np.pad(self._rest, (0, FRAME - len(self._rest)))
            self._rest = self._rest[:0]
            yield from self._take(padded, probability)
        if window := self.open():
            yield window
        self._kept.clear()

    def open(self) -> Window | None:
        """Return the window that would close if the recording ended here."""
        return self._window(self._kept)

    def _take(self, samples: Samples, probability: float) -> Iterator[Window]:
        speaking = bool(self._kept) and self._quiet == 0
        speech = probability >= (OFFSET if speaking else ONSET)
        frame = _Frame(self._number, samples, probability, speech)
        self._number += 1
        if speech:
            self._quiet = 0
            self._kept.extend(self._waiting)
            self._waiting.clear()
            self._kept.append(frame)
        elif self._quiet < _PADDING_FRAMES:
            self._quiet += 1
            self._kept.append(frame)
        else:
            self._waiting.append(frame)
        if self._may_close():
            yield from self._cut(len(self._kept) - self._quiet // 2)
        elif len(self._kept) >= _MOST_FRAMES:
            yield from self._cut(self._best_cut())

    def _may_close(self) -> bool:
        """Return whether the pause at the end is long enough for what comes before it."""
        held_s = (len(self._kept) - self._quiet) * FRAME_SECONDS
        share = (held_s - LEAST_S) / (LONGEST_S - LEAST_S)
        needed_s = CLOSING_PAUSE_S - share * (CLOSING_PAUSE_S - SHORT_PAUSE_S)
        return share >= 0 and needed_s <= self._quiet * FRAME_SECONDS

    def _cut(self, position: int) -> Iterator[Window]:
        """Close the window before frame `position`; keep what comes after it."""
        closed, left = self._kept[:position], self._kept[position:]
        if window := self._window(closed):
            yield window
        if any(f.speech for f in left):
            self._kept = left
        else:
            self._kept = []
            self._waiting.extend(left)
            self._quiet = _PADDING_FRAMES

    def _best_cut(self) -> int:
        """Return the middle of the longest pause in the part where a cut may fall."""
        speech = np.array([f.speech for f in self._kept])
        best, run = (0, 0), 0
        for i in range(_LEAST_FRAMES, len(speech)):
            run = 0 if speech[i] else run + 1
            if run:
                best = max(best, (run, i - run // 2))
        if best[0]:
            return best[1]
        activity = np.array([f.probability for f in self._kept[_LEAST_FRAMES:]])
        return _LEAST_FRAMES + int(np.argmin(np.convolve(activity, np.ones(5), "same")))

    def _window(self, frames: list[_Frame]) -> Window | None:
        if not any(f.speech for f in frames):
            return None
        origins = [
            (i * FRAME, frame.number * FRAME)
            for i, frame in enumerate(frames)
            if i == 0 or frame.number != frames[i - 1].number + 1
        ]
        return Window(
            np.concatenate([f.samples for f in frames]),
            np.array([f.probability for f in frames], np.float32),
            tuple(origins),
        )
