"""Playing sound on a chosen device, until its end or until somebody stops it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from voiceprep import audio
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
    from collections.abc import Callable

    from numpy.typing import NDArray

BUFFER_S = 0.5
"""How much sound the device holds, so that a busy machine does not make it stutter."""

SPARE_S = 0.05
"""How much longer than its own word a device's buffer may be."""

POLL_S = 0.02
"""How often somebody who wants to stop is asked."""

STALLED_S = 3.0
"""A device that has taken nothing for this long is taken to be gone."""


def output_devices() -> tuple[Device, ...]:
    """Return the speakers there are.

    Raises:
        DeviceError: the PortAudio library is missing, or fails.
    """
    return devices("output")


def find_output(device: str | int | None = None) -> Device:
    """Return the speaker somebody means, None being the system's own.

    Raises:
        DeviceError: there is none, or the name fits several.
    """
    return find_device(output_devices(), device, "output")


def never() -> bool:
    """Return False: nobody stops it."""
    return False


def play(
    samples: NDArray[np.float32],
    rate: int,
    device: str | int | None = None,
    stop: Callable[[], bool] = never,
    on_position: Callable[[float], None] | None = None,
) -> bool:
    """Play mono samples; return True at their end, False if `stop` said so before.

    `on_position` is told every POLL_S how many seconds have been heard.

    Raises:
        DeviceError: there is no such device, it cannot be opened, or it is gone.
    """
    if not len(samples):
        return True
    with _open(find_output(device), samples, rate) as player:
        while not player.wait(POLL_S):
            if stop():
                return False
            if on_position:
                on_position(player.position_s)
        return True


def _open(device: Device, samples: NDArray[np.float32], rate: int) -> _Player:
    """Open a device at the sound's rate or, if it refuses, at one it accepts."""
    engine = portaudio()
    refusal = "it refuses every sample rate"
    for channels in dict.fromkeys((1, min(2, device.channels))):
        try:
            return _Player(engine, device, samples, rate, channels)
        except engine.PortAudioError as error:
            refusal = why(error)
    for accepted, channels in settings_to_try(device, 1):
        try:
            return _Player(
                engine, device, audio.resampled(samples, rate, accepted), accepted, channels
            )
        except engine.PortAudioError as error:
            refusal = why(error)
    raise DeviceError(
        f"speaker {device.name}: cannot be opened ({refusal}); choose another with --output"
    )


class _Player:
    """A sound on its way to a device."""

    def __init__(
        self,
        engine: Any,
        device: Device,
        samples: NDArray[np.float32],
        rate: int,
        channels: int,
    ) -> None:
        """Open the device and begin.

        Raises:
            PortAudioError: it refuses.
        """
        self._engine = engine
        self._device = device
        self._samples = samples
        self._rate = rate
        self._sent = 0
        self._over = threading.Event()
        self._stalled_s = 0.0
        self._stream = engine.OutputStream(
            samplerate=rate,
            device=device.number,
            channels=channels,
            dtype="float32",
            latency=BUFFER_S,
            callback=self._give,
            finished_callback=self._over.set,
        )
        # A finished stream is closed, and its last buffer with it: silence goes into that.
        self._end = len(samples) + round((float(self._stream.latency) + SPARE_S) * rate)
        try:
            self._stream.start()
        except engine.PortAudioError:
            self._stream.close(ignore_errors=True)
            raise

    def _give(self, block: NDArray[np.float32], frames: int, _when: Any, _status: Any) -> None:
        """Run on PortAudio's thread: hand over the next frames."""
        piece = self._samples[self._sent : self._sent + frames]
        block[: len(piece)] = piece[:, np.newaxis]
        block[len(piece) :] = 0.0
        self._sent += frames
        if self._sent >= self._end:
            raise self._engine.CallbackStop

    @property
    def position_s(self) -> float:
        """Return how much has been heard: what was sent, less what the device holds."""
        heard_s = self._sent / self._rate - float(self._stream.latency)
        return min(max(heard_s, 0.0), len(self._samples) / self._rate)

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end; return whether it has come.

        Raises:
            DeviceError: the device has gone.
        """
        before = self._sent
        over = self._over.wait(timeout_s)
        self._stalled_s = 0.0 if self._sent > before else self._stalled_s + timeout_s
        if (over and self._sent < self._end) or self._stalled_s >= STALLED_S:
            raise DeviceError(f"speaker {self._device.name}: was disconnected")
        return over

    def __enter__(self) -> _Player:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)
