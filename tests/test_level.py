from __future__ import annotations

import numpy as np
import pytest

from voiceprep import audio
from voiceprep.sound.level import (
    CLIPPING_FOR_S,
    FLOOR_DBFS,
    SILENT_AFTER_S,
    Level,
    Meter,
    measure,
)


def tone(amplitude: float, duration_s: float = 1.0) -> audio.Samples:
    moments = np.arange(round(duration_s * audio.SAMPLE_RATE)) / audio.SAMPLE_RATE
    return (amplitude * np.sin(2 * np.pi * 440 * moments)).astype(np.float32)


@pytest.mark.parametrize(
    ("amplitude", "peak", "rms"),
    [
        (1.0, 0.0, -3.01),  # a sine's root mean square is its amplitude over root 2
        (0.5, -6.02, -9.03),
        (0.1, -20.0, -23.01),
        (0.001, -60.0, -63.01),
        (0.0, FLOOR_DBFS, FLOOR_DBFS),
    ],
)
def test_level_of_a_sine(amplitude: float, peak: float, rms: float) -> None:
    level = measure(tone(amplitude))
    assert level.peak_dbfs == pytest.approx(peak, abs=0.02)
    assert level.rms_dbfs == pytest.approx(rms, abs=0.02)


def test_nothing_is_silent() -> None:
    assert measure(audio.silence(0)) == Level(FLOOR_DBFS, FLOOR_DBFS, False)


def test_one_sample() -> None:
    assert measure(np.array([-1.0], np.float32)) == Level(0.0, 0.0, False)


def test_a_cut_wave_is_clipping_and_a_full_one_or_a_click_is_not() -> None:
    cut = np.clip(tone(1.5), -1.0, 1.0)
    click = audio.silence(1.0)
    click[100] = 1.0
    assert measure(cut).clipping
    assert not measure(tone(0.95)).clipping
    assert not measure(click).clipping


def test_clipping_survives_resampling() -> None:
    moments = np.arange(48_000) / 48_000
    cut = np.clip(2.0 * np.sin(2 * np.pi * 200 * moments), -1.0, 1.0).astype(np.float32)
    assert measure(audio.Resampler(48_000).push(cut)).clipping


def test_the_meter_warns_of_silence_and_takes_it_back() -> None:
    meter = Meter()
    assert meter.warning is None
    for _ in range(round(SILENT_AFTER_S / 0.1) - 1):
        meter.push(audio.silence(0.1))
    assert meter.warning is None
    meter.push(audio.silence(0.2))
    assert meter.warning is not None
    assert "silent for 5 s" in meter.warning
    meter.push(audio.silence(0))
    assert meter.silent_s == pytest.approx(5.1)
    meter.push(tone(0.1, 0.1))
    assert meter.warning is None
    assert meter.silent_s == 0.0


def test_the_noise_of_a_quiet_room_is_not_silence() -> None:
    meter = Meter()
    noise = np.random.default_rng(1).normal(0, 0.002, audio.SAMPLE_RATE).astype(np.float32)
    for _ in range(20):
        meter.push(noise)
    assert meter.warning is None


def test_a_warning_of_clipping_stands_for_a_while() -> None:
    meter = Meter()
    meter.push(np.clip(tone(1.5, 0.1), -1.0, 1.0))
    assert meter.warning is not None
    assert "clipping" in meter.warning
    meter.push(tone(0.1, CLIPPING_FOR_S - 0.5))
    assert meter.warning is not None
    meter.push(tone(0.1, 1.0))
    assert meter.warning is None
