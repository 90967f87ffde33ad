"""Sound devices: PortAudio itself, what it finds, and which device somebody means.

Only the rooms that play or record come here. PortAudio is loaded on first use, so that
nothing else in voiceprep ever needs it.
"""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from voiceprep.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Direction = Literal["input", "output"]

_WORD = {"input": "microphone", "output": "speaker"}

NO_PORTAUDIO = (
    "sound: the PortAudio library is missing; install the package libportaudio2 "
    "(Debian, Ubuntu) or portaudio (Fedora, Arch, Homebrew)"
)

COMMON_RATES = (48_000, 44_100, 16_000)
"""Samples a second to try where a device refuses the rate it claims to prefer."""


@dataclass(frozen=True, slots=True)
class Device:
    """A microphone or a speaker.

    `number` and `name` choose it; `host` is the system it is reached through (ALSA,
    Core Audio, WASAPI ...); `rate` is the one it prefers, in samples a second.
    """

    number: int
    name: str
    host: str
    channels: int
    rate: int
    default: bool


def portaudio() -> Any:
    """Return the module sounddevice.

    Raises:
        DeviceError: the PortAudio library is missing or cannot be loaded.
    """
    try:
        import sounddevice
    except OSError as error:
        # The Linux wheel of sounddevice brings no PortAudio.
        raise DeviceError(NO_PORTAUDIO) from error
    except ImportError as error:
        raise DeviceError(f"sound: {error}; reinstall voiceprep") from error
    _silence_alsa()
    return sounddevice


_ALSA_HANDLER = ctypes.CFUNCTYPE(
    None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
)


@cache
def _silence_alsa() -> Any:
    """Keep ALSA from writing its own remarks between the lines of a terminal.

    What goes wrong comes back through PortAudio; this is a second, untranslated copy.
    """
    if not sys.platform.startswith("linux"):
        return None
    handler = _ALSA_HANDLER(lambda *_: None)
    try:
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(handler)
    except (OSError, AttributeError):
        return None  # PortAudio plays through something else here
    return handler  # kept by the cache for as long as ALSA may call it


def devices(direction: Direction) -> tuple[Device, ...]:
    """Return the devices of one direction that PortAudio finds.

    Raises:
        DeviceError: the PortAudio library is missing, or fails.
    """
    engine = portaudio()
    try:
        hosts = [host["name"] for host in engine.query_hostapis()]
        default = engine.default.device["input" if direction == "input" else "output"]
        rows = list(engine.query_devices())
    except engine.PortAudioError as error:
        raise DeviceError(f"{_WORD[direction]}s cannot be listed ({why(error)})") from error
    return tuple(
        Device(
            row["index"],
            row["name"],
            hosts[row["hostapi"]],
            row[f"max_{direction}_channels"],
            round(row["default_samplerate"]),
            row["index"] == default,
        )
        for row in rows
        if row[f"max_{direction}_channels"] > 0
    )


def find_device(
    available: Sequence[Device], wanted: str | int | None, direction: Direction
) -> Device:
    """Return the device somebody means: by number, by name or part of it, or the default.

    Raises:
        DeviceError: there is none, or the name fits several.
    """
    word = _WORD[direction]
    if not available:
        raise DeviceError(f"no {word} found; connect one and try again")
    if wanted is None:
        return next((d for d in available if d.default), available[0])
    if isinstance(wanted, int) or wanted.isdecimal():
        for device in available:
            if device.number == int(wanted):
                return device
        raise DeviceError(f"{word} {wanted}: no such number; there are {_listed(available)}")
    found = _named(available, wanted)
    if not found:
        raise DeviceError(f"{word} {wanted!r}: not found; there are {_listed(available)}")
    if len(found) > 1:
        raise DeviceError(
            f"{word} {wanted!r}: fits {len(found)} devices; choose by number: {_listed(found)}"
        )
    return found[0]


def _named(available: Sequence[Device], wanted: str) -> list[Device]:
    """Return what a name fits; an exact name goes first, then the default's host.

    Windows shows the same device once for each of its sound systems.
    """
    name = wanted.casefold()
    found = [d for d in available if d.name.casefold() == name]
    found = found or [d for d in available if name in d.name.casefold()]
    hosts = {d.host for d in available if d.default}
    preferred = [d for d in found if d.host in hosts]
    return preferred or found


def _listed(available: Sequence[Device]) -> str:
    return ", ".join(f"{d.number} {d.name}" for d in available)


def settings_to_try(device: Device, channels: int) -> Iterator[tuple[int, int]]:
    """Yield (rate, channels) to open a device with, the likeliest first."""
    for rate in dict.fromkeys((device.rate, *COMMON_RATES)):
        for count in dict.fromkeys((channels, min(2, device.channels), device.channels)):
            yield rate, count


def why(error: Exception) -> str:
    """Return PortAudio's reason, without the name of its function."""
    text = str(error.args[0]) if error.args else str(error)
    return text.partition("[PaErrorCode")[0].strip().rstrip(".") or "no reason given"
