"""The microphone: an answer's samples as they are spoken.

A `Microphone` is asked to listen to the answer to a question and gives a `Stream` of
16 kHz mono blocks. `LiveMicrophone` is a device; `answers.FileMicrophone` is a folder of
recorded answers, and everything after them is the same.
"""

from __future__ import annotations

import sys
import time
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from voiceprep import audio
from voiceprep.audio import Resampler
from voiceprep.errors import DeviceError
from voiceprep.sound.devices import (
    Device,
    devices,
    find_device,
    portaudio,
    settings_to_try,
    why,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from voiceprep.audio import Samples
    from voiceprep.questions import Question

BLOCK_S = 0.05
"""How much sound a device hands over at a time."""

BUFFER_S = 0.5
"""How long the device's own buffer lasts when the machine is too busy to fetch from it."""

STALLED_S = 3.0
"""A device that has delivered nothing for this long is taken to be gone."""

GAP_S = 1.0
"""A device this much further behind the clock than before has missed something."""

CATCH_UP_S = 2.0
"""How much more sound may pass before what is late is taken for lost."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch for which the device delivered nothing, while the machine slept."""

    at_s: float
    seconds: float


class Stream(Protocol):
    """The samples of one answer."""

    overflows: int

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Return where sound is missing."""

    def read(self, timeout_s: float) -> Samples | None:
        """Return the next samples: none yet is an empty array, None is the end.

        Raises:
            DeviceError: the device is gone; all it heard before has been returned.
        """


class Microphone(Protocol):
    """Something that answers are heard through."""

    def listen(self, question: Question) -> AbstractContextManager[Stream]:
        """Listen to the answer to a question.

        Raises:
            DeviceError: the device cannot be opened.
            AudioError: there is no recorded answer, or it cannot be read.
        """


def input_devices() -> tuple[Device, ...]:
    """Return the microphones there are.

    Raises:
        DeviceError: the PortAudio library is missing, or fails.
    """
    return devices("input")


class LiveMicrophone:
    """A microphone of this machine, opened anew for every answer."""

    def __init__(self, device: str | int | None = None) -> None:
        """Take a device by number, name or part of its name; None is the system's own."""
        self._wanted = device

    def device(self) -> Device:
        """Return the device that is meant.

        Raises:
            DeviceError: there is none, or the name fits several.
        """
        return find_device(input_devices(), self._wanted, "input")

    def probe(self) -> Device:
        """Open the device once and return it.

        Raises:
            DeviceError: it cannot be opened.
        """
        device = self.device()
        with _open(device) as stream:
            stream.await_sound()
        return device

    @contextmanager
    def listen(self, question: Question) -> Iterator[LiveStream]:  # noqa: ARG002 (any will do)
        """Listen until the context is left.

        Raises:
            DeviceError: the device cannot be opened.
        """
        with _open(self.device()) as stream:
            stream.await_sound()
            yield stream


def _open(device: Device) -> LiveStream:
    """Open a device with the first settings that it accepts."""
    engine = portaudio()
    refusal = "it refuses every sample rate"
    for rate, channels in settings_to_try(device, 1):
        try:
            return LiveStream(engine, device, rate, channels)
        except engine.PortAudioError as error:
            refusal = why(error)
    raise DeviceError(
        f"microphone {device.name}: cannot be opened ({refusal}); is another program "
        "using it, and is this one allowed to?"
    )


class Continuity:
    """Compares the sound of a device with the clock, to find where some is missing.

    Blocks that come late in a bundle catch up and are no gap.
    """

    def __init__(self) -> None:
        self.gaps: tuple[Gap, ...] = ()
        self._heard_s = 0.0
        self._began: float | None = None
        self._usual_s = 0.0
        self._late_from_s: float | None = None

    def push(self, at_s: float, length_s: float) -> None:
        """Take the clock's time at the end of a block, and the block's length."""
        if self._began is None:
            self._began = at_s - length_s
        behind_s = at_s - self._began - self._heard_s - length_s
        if behind_s - self._usual_s <= GAP_S:
            self._late_from_s = None
        elif self._late_from_s is None:
            self._late_from_s = self._heard_s
        elif self._heard_s - self._late_from_s >= CATCH_UP_S:
            self.gaps = (*self.gaps, Gap(self._late_from_s, behind_s - self._usual_s))
            self._usual_s, self._late_from_s = behind_s, None
        self._heard_s += length_s


class LiveStream:
    """What a device hears, from its opening on."""

    def __init__(self, engine: Any, device: Device, rate: int, channels: int) -> None:
        """Open and start the device.

        Raises:
            PortAudioError: it refuses.
        """
        self.overflows = 0
        self.rate = rate
        self._device = device
        self._blocks: SimpleQueue[tuple[float, NDArray[np.float32]] | None] = SimpleQueue()
        self._resampler = Resampler(rate)
        self._continuity = Continuity()
        self._ready = audio.silence(0)
        self._idle_s = 0.0
        self._gone = False
        self._engine = engine
        self._stream = engine.InputStream(
            samplerate=rate,
            blocksize=round(rate * BLOCK_S),
            device=device.number,
            channels=channels,
            dtype="float32",
            latency=BUFFER_S,
            callback=self._take,
            finished_callback=self._finish,
        )
        try:
            self._stream.start()
        except engine.PortAudioError:
            self._stream.close(ignore_errors=True)
            raise

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Return where sound is missing, because the machine slept or could not keep up."""
        return self._continuity.gaps

    def await_sound(self) -> None:
        """Wait until the device delivers: wireless ones take a second to wake up.

        Raises:
            DeviceError: it delivers nothing.
        """
        try:
            item = self._blocks.get(timeout=STALLED_S)
        except Empty:
            item = None
        if item is None:
            raise DeviceError(
                f"microphone {self._device.name}: no sound comes; choose another with --input"
            )
        self._ready = self._mono(*item)

    def _take(self, block: NDArray[np.float32], _frames: int, _when: Any, status: Any) -> None:
        """Run on PortAudio's thread: copy, count, enqueue, nothing else."""
        if status.input_overflow:
            self.overflows += 1
        self._blocks.put((_now(), block.copy()))

    def _finish(self) -> None:
        self._blocks.put(None)

    def read(self, timeout_s: float) -> Samples | None:
        """Return what was heard since the last read, waiting up to `timeout_s` for it.

        Raises:
            DeviceError: the device is gone; all it heard before has been returned.
        """
        if self._gone:
            raise DeviceError(f"microphone {self._device.name}: was disconnected")
        heard = [self._ready] if len(self._ready) else []
        self._ready = audio.silence(0)
        heard += [self._mono(*item) for item in self._waiting(timeout_s)]
        if self._gone:
            heard.append(self._resampler.flush())
        if not heard:
            return audio.silence(0)
        return np.concatenate(heard)

    def _waiting(self, timeout_s: float) -> Iterator[tuple[float, NDArray[np.float32]]]:
        """Yield every block enqueued, waiting only for the first."""
        began = time.monotonic()
        try:
            item = (
                self._blocks.get(timeout=max(timeout_s, 0.0))
                if timeout_s > 0
                else (self._blocks.get_nowait())
            )
            while item is not None:
                self._idle_s = 0.0
                yield item
                item = self._blocks.get_nowait()
            self._gone = True
        except Empty:
            # A sleep of the machine lies inside one wait and does not count as stalling.
            self._idle_s += min(time.monotonic() - began, timeout_s)
            self._gone = self._idle_s >= STALLED_S

    def _mono(self, at: float, block: NDArray[np.float32]) -> Samples:
        self._continuity.push(at, len(block) / self.rate)
        mono = block[:, 0] if block.shape[1] == 1 else block.mean(axis=1)
        return self._resampler.push(mono)

    def __enter__(self) -> LiveStream:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)


def _now() -> float:
    """Return a time in seconds that goes on while the machine sleeps."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.time()
