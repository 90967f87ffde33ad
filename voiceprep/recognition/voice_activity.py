"""Voice activity: how likely each moment of a recording holds speech.

The detector is Silero's (github.com/snakers4/silero-vad, MIT), the ONNX file that
faster-whisper carries. It is driven block by block with its own recurrent state, so
that a recording of any length takes the same memory.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from voiceprep.audio import SAMPLE_RATE
from voiceprep.errors import ModelError

if TYPE_CHECKING:
    from voiceprep.audio import Samples

FRAME = 512
"""Samples that the detector judges at a time (32 ms), fixed by its training."""

FRAME_SECONDS = FRAME / SAMPLE_RATE

_CONTEXT = 64
"""Samples of the frame before that the detector wants in front of each frame."""

_STATE_SIZE = 128
"""Width of the detector's recurrent layer."""

SPEECH_THRESHOLD = 0.5
"""Silero's own recommendation for where speech begins."""

Probabilities = NDArray[np.float32]
"""Shape (frames,): the probability of speech, 0 to 1, one every FRAME samples."""


class VoiceActivity:
    """A detector fed in pieces of any size."""

    def __init__(self) -> None:
        """Begin before the first sample.

        Raises:
            ModelError: the detector's weights are not there.
        """
        self._session = _session()
        self._h = np.zeros((1, 1, _STATE_SIZE), np.float32)
        self._c = np.zeros((1, 1, _STATE_SIZE), np.float32)
        self._context = np.zeros(_CONTEXT, np.float32)
        self._rest = np.zeros(0, np.float32)
        self._frames = 0
        self._last_speech: int | None = None

    def push(self, samples: Samples) -> Probabilities:
        """Take the next samples; return the probabilities of the frames they complete."""
        joined = np.concatenate([self._rest, samples])
        whole = len(joined) // FRAME * FRAME
        self._rest = joined[whole:]
        return self._judge(joined[:whole])

    def flush(self) -> Probabilities:
        """Judge the last incomplete frame, filled up with silence."""
        if not len(self._rest):
            return np.zeros(0, np.float32)
        return self.push(np.zeros(FRAME - len(self._rest), np.float32))

    @property
    def silent_s(self) -> float | None:
        """Return the seconds since the last speech, None before any."""
        if self._last_speech is None:
            return None
        return (self._frames - self._last_speech - 1) * FRAME_SECONDS

    def _judge(self, samples: Samples) -> Probabilities:
        if not len(samples):
            return np.zeros(0, np.float32)
        frames = samples.reshape(-1, FRAME)
        lead = np.concatenate([self._context[None], frames[:-1, -_CONTEXT:]])
        self._context = frames[-1, -_CONTEXT:]
        output, self._h, self._c = self._session.run(
            None, {"input": np.concatenate([lead, frames], 1), "h": self._h, "c": self._c}
        )
        probabilities = np.asarray(output, np.float32).reshape(-1)
        spoken = np.flatnonzero(probabilities >= SPEECH_THRESHOLD)
        if len(spoken):
            self._last_speech = self._frames + int(spoken[-1])
        self._frames += len(probabilities)
        return probabilities


@lru_cache(maxsize=1)
def _session() -> Any:
    """Load the detector; it holds no state of its own and is shared."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = 1
    options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(
        str(_weights()), options, providers=["CPUExecutionProvider"]
    )


def _weights() -> Path:
    package = find_spec("faster_whisper")
    folders = package.submodule_search_locations if package else None
    found = sorted(Path(folders[0]).glob("assets/silero_vad*.onnx")) if folders else []
    if not found:
        raise ModelError(
            "the voice-activity detector is missing from faster-whisper; "
            "run: pip install --force-reinstall 'faster-whisper>=1.2'"
        )
    return found[-1]
