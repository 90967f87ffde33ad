"""Listening to one answer: from the first block of the microphone to the end of the take.

The loop here moves blocks on (to disk, to the transcription, to the meter) and decides
when the answer is over. It touches no device and no model itself.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from voiceprep import audio
from voiceprep.errors import AudioError, DeviceError
from voiceprep.sound.level import Meter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from voiceprep.audio import Recording, Samples
    from voiceprep.interruption import Interruption
    from voiceprep.keys import Keys
    from voiceprep.sound.level import Level
    from voiceprep.sound.microphone import Stream

READ_TIMEOUT_S = 0.05
"""How long the loop waits for a block before it looks at keys and signals again."""

VIEW_INTERVAL_S = 0.1
"""How often the meter is redrawn."""

SHORTEST_SILENCE_S = 4.0
"""Nobody is cut off while thinking: an answer never ends on less silence than this."""

End = Literal[
    "key", "silence", "limit", "source", "retake", "skip", "quit", "interrupted", "failed"
]

KEYS: dict[str, End] = {
    "enter": "key",
    "space": "key",
    "r": "retake",
    "s": "skip",
    "q": "quit",
}
"""The keys that end a take, and how."""


class VoiceActivity(Protocol):
    """Says of samples fed in pieces how long nobody has spoken."""

    def push(self, samples: Samples) -> object:
        """Take the next samples."""

    @property
    def silent_s(self) -> float | None:
        """Return the seconds since the last speech, None before any."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When an answer ends by itself: after `limit_s`, or (if given) `silence_s` of silence."""

    limit_s: float
    silence_s: float | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """What a person sees while speaking."""

    elapsed_s: float
    limit_s: float
    level: Level
    warning: str | None
    paused: bool
    heard: str


@dataclass(frozen=True, slots=True)
class Take:
    """How a take ended, how long it is, and what happened to it on the way."""

    end: End
    seconds: float
    notes: tuple[str, ...]


@dataclass(slots=True)
class Listener:
    """Takes one answer.

    `feed` hands samples to the transcription and `heard` asks it for its words so far;
    `show` draws a moment; `repeat` speaks the question again, with the recording paused.
    """

    stream: Stream
    recording: Recording
    keys: Keys
    limits: Limits
    interruption: Interruption
    feed: Callable[[Samples], None]
    heard: Callable[[], str]
    show: Callable[[Moment], None]
    repeat: Callable[[], None]
    voice_activity: VoiceActivity | None = None
    _meter: Meter = field(default_factory=Meter)
    _paused: bool = False
    _shown_at: float = 0.0
    _notes: list[str] = field(default_factory=list)

    def take(self) -> Take:
        """Listen until the answer is over."""
        end: End | None = None
        while end is None:
            end = self._step()
        self._notes.extend(_device_notes(self.stream))
        return Take(end, self.recording.seconds, tuple(self._notes))

    def _step(self) -> End | None:
        """Move one block on; return how the answer ended, if it did."""
        try:
            samples = self.stream.read(READ_TIMEOUT_S)
        except DeviceError as error:
            self._notes.append(f"{error}; kept {self.recording.seconds:.1f} s")
            return "failed"
        if samples is None:
            return "source"
        try:
            ended = self._keep(samples)
        except AudioError as error:
            self._notes.append(str(error))
            return "failed"
        return self._asked_to_end() or ended

    def _keep(self, samples: Samples) -> End | None:
        """Record, transcribe and measure a block, unless paused."""
        if self._paused or not len(samples):
            self._draw()
            return None
        room = round(self.limits.limit_s * audio.SAMPLE_RATE) - self.recording.samples_written
        samples = samples[: max(room, 0)]
        self.recording.append(samples)
        self.feed(samples)
        self._meter.push(samples)
        self._draw()
        if self.recording.seconds >= self.limits.limit_s:
            self._notes.append(f"stopped at the limit of {self.limits.limit_s:g} s")
            return "limit"
        return self._ended_by_silence(samples)

    def _ended_by_silence(self, samples: Samples) -> End | None:
        if self.voice_activity is None or self.limits.silence_s is None:
            return None
        self.voice_activity.push(samples)
        silent_s = self.voice_activity.silent_s
        enough = max(self.limits.silence_s, SHORTEST_SILENCE_S)
        return "silence" if silent_s is not None and silent_s >= enough else None

    def _asked_to_end(self) -> End | None:
        if self.interruption.requested:
            return "interrupted"
        key = self.keys.poll()
        if key == "p":
            self._paused = not self._paused
        elif key == "a":
            self._repeat()
        return KEYS.get(key) if key else None

    def _repeat(self) -> None:
        """Speak the question again and leave out what the microphone heard of it."""
        self.repeat()
        while (stale := self.stream.read(0)) is not None and len(stale):
            pass

    def _draw(self) -> None:
        now = time.monotonic()
        if now - self._shown_at < VIEW_INTERVAL_S:
            return
        self._shown_at = now
        self.show(
            Moment(
                self.recording.seconds,
                self.limits.limit_s,
                self._meter.level,
                self._meter.warning,
                self._paused,
                self.heard(),
            )
        )


def _device_notes(stream: Stream) -> Iterator[str]:
    """Yield what went wrong at the device while it listened."""
    if stream.overflows:
        yield (
            f"the microphone lost audio {stream.overflows} times (overflow); "
            "close other programs and try again"
        )
    for gap in stream.gaps:
        yield f"nothing was heard for {gap.seconds:.0f} s at {gap.at_s:.0f} s (computer asleep)"
