from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import ANSWERS
from voiceprep import audio
from voiceprep.recognition.voice_activity import (
    FRAME,
    FRAME_SECONDS,
    SPEECH_THRESHOLD,
    VoiceActivity,
)


def spoken() -> audio.Samples:
    return audio.read(ANSWERS / "question-01-good.flac")[: 20 * audio.SAMPLE_RATE]


@pytest.mark.parametrize("size", [1, 160, 800, 5000])
def test_pieces_of_any_size_give_the_same(size: int) -> None:
    samples = spoken()[: 3 * audio.SAMPLE_RATE if size > 1 else 2000]
    whole = VoiceActivity().push(samples)
    fed = VoiceActivity()
    pieces = [fed.push(samples[i : i + size]) for i in range(0, len(samples), size)]
    assert np.allclose(np.concatenate(pieces), whole, atol=1e-5)
    assert len(whole) == len(samples) // FRAME


def test_speech_is_told_from_silence() -> None:
    samples = np.concatenate([audio.silence(2), spoken()])
    heard = VoiceActivity().push(samples) >= SPEECH_THRESHOLD
    quiet = round(1.5 / FRAME_SECONDS)
    assert not heard[:quiet].any()
    assert heard[quiet:].mean() > 0.4


def test_silence_since_the_last_word() -> None:
    detector = VoiceActivity()
    assert detector.silent_s is None
    detector.push(audio.silence(5))
    assert detector.silent_s is None
    detector.push(spoken())
    detector.push(audio.silence(3))
    assert detector.silent_s is not None
    assert 2.5 < detector.silent_s < 6


def test_the_rest_is_judged_at_the_end() -> None:
    detector = VoiceActivity()
    assert len(detector.push(audio.silence(0))) == 0
    assert len(detector.push(np.zeros(100, np.float32))) == 0
    assert len(detector.flush()) == 1
    assert len(detector.flush()) == 0
