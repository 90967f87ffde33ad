"""Audio samples: how recordings are read, resampled, written and played back from disk.

Everything downstream works on `Samples`: mono, 16 kHz, float32. Files are decoded
by FFmpeg through PyAV, block by block, so that the length of a recording never
decides how much memory it takes.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from voiceprep.errors import AudioError

if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLE_RATE = 16_000
"""Samples a second, what Whisper and Silero's voice-activity detector were trained on."""

BLOCK_SECONDS = 1.0
"""How much audio `stream` yields at a time."""

BYTES_PER_SAMPLE = 2
"""Recordings are written as 16-bit PCM."""

_BINARY = getattr(os, "O_BINARY", 0)  # Windows translates line ends without it
_LOCAL = {"protocol_whitelist": "file"}
_PLAYLISTS = {"concat", "hls", "dash", "applehttp"}
"""What FFmpeg would follow to other files, or out into the network."""

_RIFF_LIMIT = 2**32 - 1  # 37 hours at this rate

Samples = NDArray[np.float32]
"""Shape (n,), mono, SAMPLE_RATE, in [-1, 1]."""


def seconds(samples: Samples) -> float:
    """Return the length of samples in seconds."""
    return len(samples) / SAMPLE_RATE


def silence(duration_s: float) -> Samples:
    """Return digital silence."""
    return np.zeros(round(duration_s * SAMPLE_RATE), np.float32)


def stream(
    source: Path | IO[bytes], block_s: float = BLOCK_SECONDS, *, name: str | None = None
) -> Iterator[Samples]:
    """Decode a recording (or the sound track of a video) block by block.

    Every block but the last is `block_s` long. A file that breaks off in the middle
    yields what can be decoded of it. `name` is what errors call the source.

    Raises:
        AudioError: the source cannot be opened, or holds no sound at all.
    """
    name = name or (str(source) if isinstance(source, Path) else "standard input")
    wanted = round(block_s * SAMPLE_RATE)
    pending: list[Samples] = []
    held = 0
    for piece in _decode(source, name):
        pending.append(piece)
        held += len(piece)
        while held >= wanted:
            joined = np.concatenate(pending)
            yield joined[:wanted]
            pending, held = [joined[wanted:]], held - wanted
    if held:
        yield np.concatenate(pending)


def duration(path: Path) -> float | None:
    """Return how long a recording says it is, in seconds; None if it does not say."""
    import av

    try:
        with av.open(f"file:{path}", metadata_errors="ignore", options=_LOCAL) as container:
            return container.duration / av.time_base if container.duration else None
    except (av.FFmpegError, OSError, ValueError):
        return None


def read(source: Path | IO[bytes]) -> Samples:
    """Decode a whole recording into memory (230 MB an hour).

    Raises:
        AudioError: see `stream`.
    """
    blocks = list(stream(source))
    return np.concatenate(blocks) if blocks else silence(0)


def _decode(
    source: Path | IO[bytes], name: str, rate: int = SAMPLE_RATE
) -> Iterator[NDArray[np.float32]]:
    import av

    if isinstance(source, Path) and source.is_file() and source.stat().st_size == 0:
        raise AudioError(f"{name}: the file is empty")
    try:
        # A "file:" prefix keeps FFmpeg from taking a name such as "a:b.wav" for a protocol.
        opened = av.open(
            f"file:{source}" if isinstance(source, Path) else source,
            mode="r",
            metadata_errors="ignore",
            options=_LOCAL,
        )
    except (av.FFmpegError, OSError) as error:
        raise AudioError(f"{name}: {_reason(error)}") from error
    with opened as container:
        if container.format.name in _PLAYLISTS:
            raise AudioError(f"{name}: a list of other recordings; give those instead")
        if not container.streams.audio:
            raise AudioError(f"{name}: there is no sound in it")
        resampler = av.AudioResampler("fltp", rate=rate)
        decoded = False
        try:
            for frame in container.decode(audio=0):
                decoded = True
                for out in resampler.resample(frame):
                    yield _mono(out)
        except av.FFmpegError as error:
            if not decoded:
                raise AudioError(f"{name}: {_reason(error)}") from error
        if decoded:
            for out in resampler.resample(None):
                yield _mono(out)


def _mono(frame: Any) -> Samples:
    """Return the mean of a frame's channels; FFmpeg's own mixdown may exceed full scale."""
    channels: Samples = frame.to_ndarray()
    mixed: Samples = channels.mean(axis=0, dtype=np.float32)
    return channels[0] if len(channels) == 1 else mixed


def _reason(error: Exception) -> str:
    """Say what failed in words that a user knows."""
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, PermissionError):
        return "not readable (permission denied)"
    if isinstance(error, IsADirectoryError):
        return "it is a folder, not a recording"
    return "not a recording that FFmpeg can decode"


def read_at_own_rate(path: Path) -> tuple[NDArray[np.float32], int]:
    """Return a sound file's samples, mixed to mono, and how many of them are a second.

    Raises:
        AudioError: see `stream`.
    """
    import av

    try:
        with av.open(f"file:{path}", options=_LOCAL) as container:
            rate = container.streams.audio[0].rate if container.streams.audio else SAMPLE_RATE
    except (av.FFmpegError, OSError) as error:
        raise AudioError(f"{path}: {_reason(error)}") from error
    blocks = list(_decode(path, str(path), rate))
    if not blocks:
        raise AudioError(f"{path}: there is no sound in it")
    return np.concatenate(blocks), rate


def resampled(samples: NDArray[np.float32], rate: int, wanted: int) -> NDArray[np.float32]:
    """Return mono samples at another rate."""
    resampler = Resampler(rate, wanted)
    return np.concatenate([resampler.push(samples), resampler.flush()])


class Resampler:
    """Turns a device's own blocks into samples of another rate, keeping the phase between."""

    def __init__(self, rate: int, wanted: int = SAMPLE_RATE) -> None:
        """Prepare for mono float32 blocks of `rate` samples a second."""
        self._rate = rate
        self._wanted = wanted
        self._engine: Any = None

    def push(self, block: NDArray[np.float32]) -> Samples:
        """Resample one block, shape (n,)."""
        if self._rate == self._wanted:
            return np.ascontiguousarray(block, np.float32)
        import av

        if self._engine is None:
            self._engine = av.AudioResampler("fltp", "mono", self._wanted)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(block, np.float32).reshape(1, -1), "fltp", "mono"
        )
        frame.sample_rate = self._rate
        return self._join(self._engine.resample(frame))

    def flush(self) -> Samples:
        """Return what the resampler still holds."""
        if self._engine is None:
            return silence(0)
        return self._join(self._engine.resample(None))

    @staticmethod
    def _join(frames: list[Any]) -> Samples:
        return np.concatenate([_mono(f) for f in frames]) if frames else silence(0)


class Recording:
    """A WAV file that grows while somebody speaks and is a valid file at every moment.

    The header is brought up to date with every append and nothing is held back in a
    buffer, so that a killed program loses only what was never appended.
    """

    def __init__(self, path: Path) -> None:
        """Create the file, readable by its owner alone.

        Raises:
            AudioError: it cannot be created.
        """
        self.path = path
        self.samples_written = 0
        self._closed = False
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, 0o600)
        except OSError as error:
            raise AudioError(f"{path}: cannot record there ({error.strerror})") from error
        try:
            self._write(_wav_header(0))
        except AudioError:
            self.close()
            raise

    @property
    def seconds(self) -> float:
        """Return how much has been written."""
        return self.samples_written / SAMPLE_RATE

    def append(self, samples: Samples) -> None:
        """Write a block to disk.

        Raises:
            AudioError: the disk is full or gone; what was written before stays.
        """
        end = os.lseek(self._file, 0, os.SEEK_END)
        try:
            self._write(to_pcm16(samples))
        except AudioError:
            os.truncate(self._file, end)
            raise
        self.samples_written += len(samples)
        os.lseek(self._file, 0, os.SEEK_SET)
        self._write(_wav_header(self.samples_written * BYTES_PER_SAMPLE))

    def _write(self, data: bytes) -> None:
        """Write all of it; a disk that is nearly full takes a part and fails at the next."""
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as error:
            raise AudioError(
                f"{self.path}: recording stopped after {self.seconds:.1f} s "
                f"({error.strerror}); free some space and try again"
            ) from error

    def close(self) -> None:
        """Finish the file."""
        if not self._closed:
            self._closed = True
            os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _wav_header(data_bytes: int) -> bytes:
    """Return the 44 bytes before the samples of a mono 16-bit PCM file (RIFF WAVE, 1991)."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        min(36 + data_bytes, _RIFF_LIMIT),
        b"WAVE",
        b"fmt ",
        16,  # bytes of the format chunk
        1,  # PCM
        1,  # channels
        SAMPLE_RATE,
        SAMPLE_RATE * BYTES_PER_SAMPLE,
        BYTES_PER_SAMPLE,
        8 * BYTES_PER_SAMPLE,
        b"data",
        min(data_bytes, _RIFF_LIMIT - 36),
    )


def write(path: Path, samples: Samples) -> None:
    """Write samples as a 16-bit WAV file.

    Raises:
        AudioError: the file cannot be written.
    """
    with Recording(path) as recording:
        recording.append(samples)


def to_pcm16(samples: Samples) -> bytes:
    """Return 16-bit little-endian PCM; louder than full scale is clipped."""
    scaled = np.clip(samples, -1.0, 1.0) * 32767.0
    return bytes(np.round(scaled).astype("<i2").tobytes())
