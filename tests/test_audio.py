from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from voiceprep import audio
from voiceprep.errors import AudioError

TONE = (
    0.5 * np.sin(2 * np.pi * 440 * np.arange(audio.SAMPLE_RATE) / audio.SAMPLE_RATE)
).astype(np.float32)


def encode(path: Path, codec: str, rate: int, layout: str, seconds: float = 1.0) -> Path:
    """Encode a 440 Hz tone by FFmpeg."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        stream.bit_rate = 96_000
        time = np.arange(round(rate * seconds)) / rate
        wave = (0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
        channels = 2 if layout == "stereo" else 1
        frame = av.AudioFrame.from_ndarray(np.tile(wave, (channels, 1)), "fltp", layout)
        frame.sample_rate = rate
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return path


def pitch(samples: audio.Samples) -> float:
    """Return the strongest frequency in Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * audio.SAMPLE_RATE / len(samples)


@pytest.mark.parametrize(
    ("name", "codec", "rate", "layout"),
    [
        ("a.wav", "pcm_s16le", 16_000, "mono"),
        ("b.wav", "pcm_s24le", 48_000, "stereo"),
        ("c.wav", "pcm_f32le", 8_000, "mono"),
        ("d.flac", "flac", 44_100, "stereo"),
        ("e.mp3", "mp3", 22_050, "mono"),
        ("f.m4a", "aac", 44_100, "stereo"),
        ("g.ogg", "libopus", 48_000, "stereo"),
        ("h.opus", "libopus", 48_000, "mono"),
        ("i.webm", "libopus", 48_000, "stereo"),
        ("j.wma", "wmav2", 44_100, "stereo"),
    ],
)
def test_formats(tmp_path: Path, name: str, codec: str, rate: int, layout: str) -> None:
    samples = audio.read(encode(tmp_path / name, codec, rate, layout))
    assert samples.dtype == np.float32
    assert audio.seconds(samples) == pytest.approx(1.0, abs=0.1)
    assert pitch(samples) == pytest.approx(440, abs=5)
    assert np.abs(samples[4000:12000]).max() == pytest.approx(0.5, abs=0.12)


def test_blocks_have_the_length_asked_for(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.wav", "pcm_s16le", 44_100, "mono", seconds=2.25)
    lengths = [len(b) for b in audio.stream(path, 0.5)]
    assert lengths[:4] == [8000] * 4
    assert sum(lengths) == pytest.approx(36_000, abs=50)


def test_reading_gives_back_what_was_written(tmp_path: Path) -> None:
    audio.write(tmp_path / "a.wav", TONE)
    assert np.abs(audio.read(tmp_path / "a.wav") - TONE).max() < 2 / 32768


def test_a_file_that_breaks_off_gives_what_it_has(tmp_path: Path) -> None:
    whole = encode(tmp_path / "a.flac", "flac", 16_000, "mono", seconds=10)
    cut = tmp_path / "cut.flac"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert 3 < audio.seconds(audio.read(cut)) < 7


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("none.wav", None, "no such file"),
        ("empty.wav", b"", "the file is empty"),
        ("text.wav", b"this is not a recording at all\n" * 20, "FFmpeg can decode"),
    ],
)
def test_what_is_no_recording_is_said_in_one_line(
    tmp_path: Path, name: str, content: bytes | None, complaint: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AudioError, match=complaint) as caught:
        audio.read(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_folder_and_a_video_without_sound(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="folder"):
        audio.read(tmp_path)
    silent = tmp_path / "silent.mp4"
    with av.open(str(silent), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    with pytest.raises(AudioError, match="there is no sound in it"):
        audio.read(silent)


@pytest.mark.parametrize(
    "text",
    [
        "ffconcat version 1.0\nfile a.wav\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.wav\n#EXT-X-ENDLIST\n",
    ],
)
def test_a_list_is_not_followed(tmp_path: Path, text: str) -> None:
    audio.write(tmp_path / "a.wav", TONE)
    playlist = tmp_path / "list.wav"
    playlist.write_text(text, encoding="utf-8")
    with pytest.raises(AudioError, match=r"list of other recordings|FFmpeg can decode"):
        audio.read(playlist)


def test_an_empty_recording_is_silence_not_an_error(tmp_path: Path) -> None:
    audio.write(tmp_path / "a.wav", audio.silence(0))
    assert len(audio.read(tmp_path / "a.wav")) == 0


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_resampling_keeps_the_phase_between_blocks(rate: int) -> None:
    time = np.arange(rate) / rate
    wave = np.sin(2 * np.pi * 440 * time).astype(np.float32)
    resampler = audio.Resampler(rate)
    blocks = [resampler.push(wave[i : i + 480]) for i in range(0, rate, 480)]
    out = np.concatenate([*blocks, resampler.flush()])
    assert len(out) == pytest.approx(audio.SAMPLE_RATE, abs=32)
    assert pitch(out) == pytest.approx(440, abs=2)
    middle = out[2000:14000]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(np.sqrt(0.5), abs=0.01)


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX's")
def test_a_killed_recording_is_a_valid_file(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    code = (
        "import os, signal, sys; from pathlib import Path; from voiceprep import audio\n"
        "recording = audio.Recording(Path(sys.argv[1]))\n"
        "for _ in range(7): recording.append(audio.silence(0.1))\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert audio.seconds(audio.read(path)) == pytest.approx(0.7)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    full = tmp_path / "full.wav"
    full.symlink_to("/dev/full")
    with pytest.raises(AudioError, match="No space left on device"):
        audio.write(full, TONE)
