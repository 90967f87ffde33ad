from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from voiceprep import audio
from voiceprep.errors import AudioError, DeviceError
from voiceprep.questions import Question
from voiceprep.sound.answers import FileMicrophone, answered_numbers, question_number
from voiceprep.sound.devices import Device, find_device
from voiceprep.sound.microphone import (
    Continuity,
    LiveMicrophone,
    input_devices,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.sound_card import SoundCard
    from voiceprep.sound.microphone import Stream

pytest_plugins = ("tests.sound_card",)

QUESTION = Question(3, "What did you learn?", "easy")


def speech_like(duration_s: float, seed: int = 7) -> audio.Samples:
    """Return noise in the band of speech that comes and goes: nothing else sounds like it."""
    random = np.random.default_rng(seed)
    count = round(duration_s * audio.SAMPLE_RATE)
    noise = np.convolve(random.normal(0, 1, count), np.ones(4) / 4, "same")
    moments = np.arange(count) / audio.SAMPLE_RATE
    voiced = 0.15 * noise * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * moments))
    return np.clip(voiced, -0.9, 0.9).astype(np.float32)


def likeness(heard: audio.Samples, original: audio.Samples) -> float:
    """Return the best normalised correlation of the original with a part of what was heard."""
    length = 1 << (len(heard) + len(original)).bit_length()
    spectrum = np.fft.rfft(heard, length) * np.conj(np.fft.rfft(original, length))
    at = int(np.argmax(np.fft.irfft(spectrum, length)[: len(heard)]))
    part = heard[at : at + len(original)]
    whole = original[: len(part)]
    scale = np.linalg.norm(part) * np.linalg.norm(whole)
    return float(part @ whole / scale) if scale else 0.0


def read_into(heard: list[audio.Samples], stream: Stream, duration_s: float) -> None:
    until = time.monotonic() + duration_s
    while time.monotonic() < until:
        block = stream.read(0.05)
        assert block is not None
        heard.append(block)


def read_for(stream: Stream, duration_s: float) -> audio.Samples:
    heard = [audio.silence(0)]
    read_into(heard, stream, duration_s)
    return np.concatenate(heard)


# recorded answers


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("question-03", 3),
        ("3", 3),
        ("03-good", 3),
        ("q3_anna", 3),
        ("Q03 take 2", 3),
        ("anna-question 12-take 4", 12),
        ("2024-05-01-q3", 3),
        ("take", None),
        ("faq3", 3),
        ("", None),
    ],
)
def test_the_number_in_a_file_name(name: str, number: int | None) -> None:
    assert question_number(name) == number


def test_a_recorded_answer_is_read_whole(tmp_path: Path) -> None:
    spoken = speech_like(1.234)
    audio.write(tmp_path / "03-good.wav", spoken)
    (tmp_path / "03-good.txt").write_text("the script")
    with FileMicrophone(tmp_path).listen(QUESTION) as stream:
        blocks = []
        while (block := stream.read(0.05)) is not None:
            blocks.append(block)
        assert stream.read(0.05) is None
        assert stream.overflows == 0
    assert np.allclose(np.concatenate(blocks), spoken, atol=1e-4)
    assert answered_numbers(tmp_path) == {3}


def test_a_paced_answer_takes_its_time_and_gives_empty_blocks_meanwhile(tmp_path: Path) -> None:
    spoken = speech_like(1.0)
    audio.write(tmp_path / "3.wav", spoken)
    began = time.monotonic()
    blocks = []
    with FileMicrophone(tmp_path, paced=True).listen(QUESTION) as stream:
        while (block := stream.read(0.01)) is not None:
            blocks.append(block)
    assert time.monotonic() - began >= 1.0
    assert any(not len(b) for b in blocks)
    assert len(np.concatenate(blocks)) == len(spoken)


def test_an_empty_recording_is_over_at_once(tmp_path: Path) -> None:
    audio.write(tmp_path / "3.wav", audio.silence(0))
    with FileMicrophone(tmp_path).listen(QUESTION) as stream:
        assert stream.read(0.05) is None


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({}, "no answer to question 3 (a file named like question-03.wav)"),
        ({"3.txt": b"x", "4.wav": b"x"}, "no answer to question 3"),
        ({"3.wav": b"x", "q3.mp3": b"x"}, "several answers to question 3 (3.wav, q3.mp3)"),
        ({"3.wav": b"not audio"}, "not a recording that FFmpeg can decode"),
        ({"3.wav": b""}, "the file is empty"),
    ],
)
def test_what_cannot_be_played_is_one_line(
    tmp_path: Path, files: dict[str, bytes], complaint: str
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(AudioError) as error, FileMicrophone(tmp_path).listen(QUESTION):
        pass
    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


def test_answers_come_from_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="no such folder"):
        FileMicrophone(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(DeviceError, match="not a folder"):
        FileMicrophone(tmp_path / "file")


# choosing a device

DEVICES = (
    Device(0, "Microphone (USB Audio)", "MME", 2, 44100, False),
    Device(1, "Built-in", "MME", 1, 48000, True),
    Device(5, "Microphone (USB Audio)", "WASAPI", 2, 48000, False),
    Device(6, "Line in", "WASAPI", 2, 48000, False),
    Device(7, "Line in 2", "WASAPI", 2, 48000, False),
)


@pytest.mark.parametrize(
    ("wanted", "number"),
    [(None, 1), (6, 6), ("5", 5), ("built-in", 1), ("usb", 0), ("line in", 6), ("in 2", 7)],
)
def test_the_device_that_is_meant(wanted: str | int | None, number: int) -> None:
    assert find_device(DEVICES, wanted, "input").number == number


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        (9, "microphone 9: no such number; there are 0 Microphone (USB Audio), 1 Built-in"),
        ("nowhere", "microphone 'nowhere': not found"),
        ("line", "fits 2 devices; choose by number: 6 Line in, 7 Line in 2"),
    ],
)
def test_a_device_that_cannot_be_told(wanted: str | int, complaint: str) -> None:
    with pytest.raises(DeviceError) as error:
        find_device(DEVICES, wanted, "input")
    assert complaint in str(error.value)


def test_no_device_at_all() -> None:
    with pytest.raises(DeviceError, match="no microphone found"):
        find_device((), None, "input")


# a live microphone


@pytest.mark.sound
def test_the_microphone_hears_what_is_said_at_its_own_rate(sound_card: SoundCard) -> None:
    spoken = speech_like(3.0)
    with LiveMicrophone().listen(QUESTION) as stream, sound_card.spoken_into(spoken):
        heard = read_for(stream, 4.0)
        assert stream.rate != audio.SAMPLE_RATE
        assert stream.overflows == 0
        assert stream.gaps == ()
    assert audio.seconds(heard) == pytest.approx(4.0, abs=0.5)
    assert likeness(heard, spoken) > 0.9


@pytest.mark.sound
def test_a_recorded_human_is_heard(sound_card: SoundCard, recordings: Path) -> None:
    files = sorted(f for f in recordings.rglob("*") if f.suffix in (".flac", ".wav", ".mp3"))
    spoken = audio.read(files[0])[: 5 * audio.SAMPLE_RATE]
    with LiveMicrophone().listen(QUESTION) as stream, sound_card.spoken_into(spoken):
        heard = read_for(stream, audio.seconds(spoken) + 1.0)
    assert likeness(heard, spoken) > 0.9


@pytest.mark.sound
def test_what_is_heard_is_handed_over_soon(sound_card: SoundCard) -> None:
    with LiveMicrophone().listen(QUESTION) as stream:
        read_for(stream, 1.0)
        began = time.monotonic()
        heard = read_for(stream, 2.0)
        behind_s = time.monotonic() - began - audio.seconds(heard)
    assert abs(behind_s) < 0.3


@pytest.mark.sound
def test_devices_are_listed_and_chosen_by_name(sound_card: SoundCard) -> None:
    names = [device.name for device in input_devices()]
    assert "pulse" in names
    assert LiveMicrophone("puls").probe().name == "pulse"
    assert sum(device.default for device in input_devices()) == 1
    with (
        pytest.raises(DeviceError, match="'nothing like it': not found"),
        LiveMicrophone("nothing like it").listen(QUESTION),
    ):
        pass


@pytest.fixture
def unplugged(sound_card: SoundCard) -> Iterator[Callable[[], None]]:
    """Return what pulls the microphone out; it is put back after the test."""
    yield sound_card.unplug
    sound_card.plug()


@pytest.mark.sound
def test_unplugged_in_mid_answer_everything_heard_is_kept(
    sound_card: SoundCard, unplugged: Callable[[], None]
) -> None:
    spoken = speech_like(2.0)
    with LiveMicrophone().listen(QUESTION) as stream:
        with sound_card.spoken_into(spoken):
            heard = [read_for(stream, 2.5)]
        unplugged()
        with pytest.raises(DeviceError, match=r"^microphone \w+: was disconnected$"):
            read_into(heard, stream, 10.0)
        with pytest.raises(DeviceError):
            stream.read(0.05)
    assert likeness(np.concatenate(heard), spoken) > 0.9


@pytest.mark.sound
def test_a_device_that_is_gone_cannot_be_opened(
    sound_card: SoundCard, unplugged: Callable[[], None]
) -> None:
    unplugged()
    complaint = r"^microphone \w+: (cannot be opened|no sound comes)"
    with pytest.raises(DeviceError, match=complaint), LiveMicrophone().listen(QUESTION):
        pass


@pytest.mark.sound
def test_a_machine_too_busy_to_listen_loses_nothing_unsaid(sound_card: SoundCard) -> None:
    interval = sys.getswitchinterval()
    with LiveMicrophone().listen(QUESTION) as stream:
        read_for(stream, 0.5)
        began = time.monotonic()
        sys.setswitchinterval(10)  # no other thread runs while this one computes
        try:
            while time.monotonic() < began + 2.5:
                pass
        finally:
            sys.setswitchinterval(interval)
        heard = read_for(stream, 1.0)
        lost_s = time.monotonic() - began - audio.seconds(heard)
        assert lost_s < 0.5 or stream.overflows >= 1


@pytest.mark.sound
def test_overflows_are_counted(sound_card: SoundCard) -> None:
    import sounddevice

    with LiveMicrophone().listen(QUESTION) as stream:
        block = np.zeros((10, 1), np.float32)
        for flag in (0, 2, 2, 4):  # PortAudio: 2 is paInputOverflow
            stream._take(block, 10, None, sounddevice.CallbackFlags(flag))
        assert stream.overflows == 2


def test_late_blocks_that_catch_up_are_no_gap() -> None:
    continuity = Continuity()
    for number in range(1, 101):
        late_s = 3.0 if number == 50 else 0.0
        continuity.push(number * 0.1 + late_s, 0.1)
    assert continuity.gaps == ()


def test_a_sleep_is_a_gap_with_its_place_and_length() -> None:
    continuity = Continuity()
    for number in range(1, 301):
        slept_s = (600.0 if number > 50 else 0.0) + (5.0 if number > 150 else 0.0)
        continuity.push(1e9 + number * 0.1 + slept_s, 0.1)
    assert [gap.at_s for gap in continuity.gaps] == pytest.approx([5.0, 15.0])
    assert [gap.seconds for gap in continuity.gaps] == pytest.approx([600.0, 5.0])


@pytest.mark.sound
def test_sound_missing_after_a_sleep_is_noted(sound_card: SoundCard) -> None:
    with LiveMicrophone().listen(QUESTION) as stream:
        read_for(stream, 1.0)
        began = time.monotonic()
        os.kill(sound_card.server, signal.SIGSTOP)
        try:
            heard = [read_for(stream, 2.5)]
        finally:
            os.kill(sound_card.server, signal.SIGCONT)
        heard.append(read_for(stream, 4.0))
        missing_s = time.monotonic() - began - sum(map(audio.seconds, heard))
        noted_s = sum(gap.seconds for gap in stream.gaps)
    assert noted_s == pytest.approx(missing_s, abs=0.7)


@pytest.mark.sound
def test_a_device_that_delivers_nothing_more_is_gone(sound_card: SoundCard) -> None:
    with LiveMicrophone().listen(QUESTION) as stream:
        read_for(stream, 0.5)
        os.kill(sound_card.server, signal.SIGSTOP)
        try:
            with pytest.raises(DeviceError, match="was disconnected"):
                read_for(stream, 10.0)
        finally:
            os.kill(sound_card.server, signal.SIGCONT)
