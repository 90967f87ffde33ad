from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tests.conftest import ANSWERS
from voiceprep import audio
from voiceprep.recognition.voice_activity import FRAME
from voiceprep.recognition.windows import (
    LEAST_S,
    LONGEST_S,
    PADDING_S,
    Segmenter,
    Window,
)


def windows(samples: audio.Samples, block: int = 16_000) -> list[Window]:
    segmenter = Segmenter()
    found: list[Window] = []
    for start in range(0, len(samples), block):
        found += segmenter.push(samples[start : start + block])
    return [*found, *segmenter.flush()]


def places(window: Window) -> list[tuple[int, int]]:
    """Return the stretches of the recording (first and end sample) that a window holds."""
    ends = [*(w for w, _ in window.origins[1:]), len(window.samples)]
    return [
        (place, place + end - inside)
        for (inside, place), end in zip(window.origins, ends, strict=True)
    ]


@pytest.fixture
def speech() -> audio.Samples:
    return audio.read(ANSWERS / "question-01-good.flac")


def test_windows_are_short_in_order_and_true_to_the_recording(
    speech: audio.Samples,
) -> None:
    found = windows(speech)
    assert len(found) > 1
    stretches = [place for window in found for place in places(window)]
    assert all(end <= start for (_, end), (start, _) in pairwise(stretches))
    padded = np.pad(speech, (0, FRAME))
    for window in found:
        assert window.seconds <= LONGEST_S
        taken = np.concatenate([padded[start:end] for start, end in places(window)])
        assert np.array_equal(taken, window.samples)


def test_pieces_of_any_size_give_the_same_windows(speech: audio.Samples) -> None:
    whole, fed = windows(speech, len(speech)), windows(speech, 800)
    assert [w.origins for w in whole] == [w.origins for w in fed]


@pytest.mark.parametrize("seconds", [0.0, 0.01, 3.0, 90.0])
def test_silence_has_no_windows(seconds: float) -> None:
    assert windows(audio.silence(seconds)) == []


def test_a_long_pause_is_dropped_and_times_stay_right(speech: audio.Samples) -> None:
    first, second = speech[: 4 * audio.SAMPLE_RATE], speech[4 * audio.SAMPLE_RATE :]
    found = windows(np.concatenate([first, audio.silence(60), second]))
    kept = sum(end - start for window in found for start, end in places(window))
    assert kept < len(speech) + (2 * PADDING_S + 0.2) * audio.SAMPLE_RATE
    assert found[-1].time_of(found[-1].seconds, is_end=True) > 60
    assert found[0].start < 1.0


def test_an_hour_of_silence_is_not_held() -> None:
    segmenter = Segmenter()
    for _ in range(600):
        assert not list(segmenter.push(audio.silence(1)))
    assert segmenter.open() is None
    assert len(segmenter._kept) + len(segmenter._waiting) <= 2 * PADDING_S * 32


def test_only_the_last_window_is_short(speech: audio.Samples) -> None:
    assert all(w.seconds >= LEAST_S for w in windows(speech)[:-1])


def test_unbroken_sound_is_cut_all_the_same(speech: audio.Samples) -> None:
    level = np.abs(speech)
    loud = speech[np.convolve(level, np.ones(1600) / 1600, "same") > 0.01]
    found = windows(np.tile(loud, 3))
    assert len(found) > 1
    assert max(w.seconds for w in found) <= LONGEST_S


def test_more_silence_leaves_the_open_window_as_it_is(speech: audio.Samples) -> None:
    segmenter = Segmenter()
    said = speech[: 4 * audio.SAMPLE_RATE]
    list(segmenter.push(np.concatenate([said, audio.silence(PADDING_S + 0.1)])))
    before = segmenter.open()
    list(segmenter.push(audio.silence(2.0)))
    after = segmenter.open()
    assert before is not None
    assert after is not None
    assert before.is_the_same(after)
    assert np.array_equal(before.samples, after.samples)
    list(segmenter.push(said))
    later = segmenter.open() or next(iter(segmenter.flush()))
    assert not before.is_the_same(later)
