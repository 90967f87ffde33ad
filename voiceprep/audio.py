"""Audio samples: how recordings are read, resampled, written and played back from disk.

Everything downstream works on `Samples`: mono, 16 kHz, float32. Files are decoded
by FFmpeg through PyAV, block by block, so that the length of a recording never
decides how much memory it takes.
"""

from __future__ import annotations

import wave
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from voiceprep.errors import AudioError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

SAMPLE_RATE = 16_000
"""Samples a second, what Whisper and Silero's voice-activity detector were trained on."""

BLOCK_SECONDS = 1.0
"""How much audio `stream` yields at a time."""

BYTES_PER_SAMPLE = 2
"""Recordings are written as 16-bit PCM."""

Samples = NDArray[np.float32]
"""Shape (n,), mono, SAMPLE_RATE, in [-1, 1]."""


def seconds(samples: Samples) -> float:
    """Return the length of samples in seconds."""
    return len(samples) / SAMPLE_RATE


def silence(duration_s: float) -> Samples:
    """Return digital silence."""
    return np.zeros(round(duration_s * SAMPLE_RATE), np.float32)


def stream(source: Path | IO[bytes], block_s: float = BLOCK_SECONDS) -> Iterator[Samples]:
    """Decode a recording (or the sound track of a video) block by block.

    Every block but the last is `block_s` long. A file that breaks off in the middle
    yields what can be decoded of it.

    Raises:
        AudioError: the source cannot be opened, or holds no sound at all.
    """
    name = str(source) if isinstance(source, Path) else "standard input"
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


def read(source: Path | IO[bytes]) -> Samples:
    """Decode a whole recording into memory (230 MB an hour).

    Raises:
        AudioError: see `stream`.
    """
    blocks = list(stream(source))
    return np.concatenate(blocks) if blocks else silence(0)


def _decode(source: Path | IO[bytes], name: str) -> Iterator[Samples]:
    import av

    if isinstance(source, Path) and source.is_file() and source.stat().st_size == 0:
        raise AudioError(f"{name}: the file is empty")
    try:
        # A "file:" prefix keeps FFmpeg from taking a name such as "a:b.wav" for a protocol.
        opened = av.open(
            f"file:{source}" if isinstance(source, Path) else source,
            mode="r",
            metadata_errors="ignore",
        )
    except (av.FFmpegError, OSError) as error:
        raise AudioError(f"{name}: {_reason(error)}") from error
    with opened as container:
        if not container.streams.audio:
            raise AudioError(f"{name}: there is no sound in it")
        resampler = av.AudioResampler("flt", "mono", SAMPLE_RATE)
        decoded = False
        try:
            for frame in container.decode(audio=0):
                decoded = True
                for out in resampler.resample(frame):
                    yield _plane(out)
        except av.FFmpegError as error:
            if not decoded:
                raise AudioError(f"{name}: {_reason(error)}") from error
        if decoded:
            for out in resampler.resample(None):
                yield _plane(out)


def _plane(frame: Any) -> Samples:
    return np.asarray(frame.to_ndarray(), np.float32).reshape(-1)


def _reason(error: Exception) -> str:
    """Say what failed in words that a user knows."""
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, PermissionError):
        return "not readable (permission denied)"
    if isinstance(error, IsADirectoryError):
        return "it is a folder, not a recording"
    return "not a recording that FFmpeg can decode"


class Resampler:
    """Turns a device's own blocks into `Samples`, keeping the phase between blocks."""

    def __init__(self, rate: int) -> None:
        """Prepare for mono float32 blocks of `rate` samples a second."""
        self._rate = rate
        self._engine: Any = None

    def push(self, block: NDArray[np.float32]) -> Samples:
        """Resample one block, shape (n,)."""
        if self._rate == SAMPLE_RATE:
            return np.ascontiguousarray(block, np.float32)
        import av

        if self._engine is None:
            self._engine = av.AudioResampler("flt", "mono", SAMPLE_RATE)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(block, np.float32).reshape(1, -1), "flt", "mono"
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
        return np.concatenate([_plane(f) for f in frames]) if frames else silence(0)


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
        try:
            path.touch(mode=0o600)
            self._file = path.open("wb", buffering=0)
            self._wave = wave.open(self._file, "wb")  # noqa: SIM115 (closed in close)
            self._wave.setnchannels(1)
            self._wave.setsampwidth(BYTES_PER_SAMPLE)
            self._wave.setframerate(SAMPLE_RATE)
            self._wave.writeframes(b"")
        except OSError as error:
            raise AudioError(f"{path}: cannot record there ({error.strerror})") from error

    @property
    def seconds(self) -> float:
        """Return how much has been written."""
        return self.samples_written / SAMPLE_RATE

    def append(self, samples: Samples) -> None:
        """Write a block to disk.

        Raises:
            AudioError: the disk is full or gone; what was written before stays.
        """
        try:
            self._wave.writeframes(to_pcm16(samples))
        except OSError as error:
            raise AudioError(
                f"{self.path}: recording stopped after {self.seconds:.1f} s "
                f"({error.strerror}); free some space and try again"
            ) from error
        self.samples_written += len(samples)

    def close(self) -> None:
        """Finish the file."""
        try:
            self._wave.close()
        except OSError as error:
            raise AudioError(f"{self.path}: cannot be finished ({error.strerror})") from error
        finally:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


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
