from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from voiceprep import audio
from voiceprep.banks import load_bank
from voiceprep.errors import AudioError, DeviceError, VoiceError
from voiceprep.sound import playback
from voiceprep.sound.speaker import SilentSpeaker, SpeechCache, SpokenSpeaker, make_speaker
from voiceprep.sound.synthesizer import Synthesizer
from voiceprep.sound.voices import Voice, choose_voice, natural_voice, system_voices, voices

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sound_card import SoundCard

pytest_plugins = ("tests.sound_card",)

ROOT = Path(__file__).resolve().parent.parent

QUESTION = "What steps do you take to make your machine learning code reliable?"


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower().replace("’", "'"))


@pytest.fixture(scope="session")
def recognized() -> Callable[[audio.Samples], list[str]]:
    """Return what tells the words in samples."""
    from voiceprep.recognition.models import find_weights
    from voiceprep.recognition.transcriber import Transcriber

    transcriber = Transcriber.load(find_weights(), threads=2)
    return lambda samples: words(transcriber.transcribe([samples]).text)


def share_recognized(spoken: str, heard: list[str]) -> float:
    """Return the share of the words spoken that were heard."""
    left = list(heard)
    found = 0
    for word in words(spoken):
        if word in left:
            left.remove(word)
            found += 1
    return found / len(words(spoken))


# choosing a voice

LINUX = (
    Voice("gmw/af", "Afrikaans", ("af",)),
    Voice("gmw/en-029", "English (Caribbean)", ("en-029",)),
    Voice("gmw/en", "English (Great Britain)", ("en-gb",), default=True),
    Voice("gmw/en-gb-scotland", "English (Scotland)", ("en-gb-scotland",)),
    Voice("gmw/en-us", "English (America)", ("en-us",)),
    Voice("gmw/de", "German", ("de",)),
    Voice("cel/gd", "Gaelic (Scottish)", ("gd",)),
    Voice("sit/cmn", "Chinese (Mandarin)", ("cmn",)),
)
MACOS = (
    Voice("com.apple.speech.synthesis.voice.Albert", "Albert", ("en-us",)),
    Voice("com.apple.voice.compact.de-DE.Anna", "Anna", ("de-de",), default=True),
    Voice("com.apple.voice.compact.en-GB.Daniel", "Daniel", ("en-gb",)),
    Voice("com.apple.voice.compact.en-US.Samantha", "Samantha", ("en-us",)),
)
WINDOWS = (
    Voice("HKEY\\TTS_MS_DE-DE_HEDDA", "Microsoft Hedda - German", ("de-de",), default=True),
    Voice("HKEY\\TTS_MS_EN-GB_HAZEL", "Microsoft Hazel - English", ("en-gb",)),
)


@pytest.mark.parametrize(
    ("available", "language", "wanted", "name"),
    [
        (LINUX, "en", None, "English (America)"),
        (LINUX, "en-GB", None, "English (Great Britain)"),
        (LINUX, "de", None, "German"),
        (LINUX, "zh", None, "Chinese (Mandarin)"),
        (LINUX, "en", "en-gb", "English (Great Britain)"),
        (LINUX, "en", "EN_US", "English (America)"),
        (LINUX, "en", "gmw/en", "English (Great Britain)"),
        (LINUX, "en", "german", "German"),
        (LINUX, "en", "scot", "English (Scotland)"),
        (MACOS, "en", None, "Samantha"),
        (MACOS, "en-GB", None, "Daniel"),
        (MACOS, "de", None, "Anna"),
        (MACOS, "en", "albert", "Albert"),
        (WINDOWS, "en", None, "Microsoft Hazel - English"),
        (WINDOWS, "de-AT", None, "Microsoft Hedda - German"),
    ],
)
def test_the_voice_for_a_bank(
    available: tuple[Voice, ...], language: str, wanted: str | None, name: str
) -> None:
    assert choose_voice(available, language, wanted).name == name


@pytest.mark.parametrize(
    ("language", "wanted", "complaint"),
    [
        ("fi", None, "no voice speaks 'fi'"),
        ("en", "Germn", "voice 'Germn': not found; try gmw/de (German)"),
        ("en", "english (", "fits 4 voices; say which: gmw/en-029 (English (Caribbean)), "),
        ("de", "zzzzzz", "voice 'zzzzzz': not found; try gmw/de (German)"),
    ],
)
def test_no_such_voice(language: str, wanted: str | None, complaint: str) -> None:
    with pytest.raises(VoiceError) as error:
        choose_voice(LINUX, language, wanted)
    assert complaint in str(error.value)


def test_the_system_speaks_english_and_not_by_the_first_of_its_voices() -> None:
    found = system_voices()
    assert len(found) > 1
    chosen = choose_voice(found, "en")
    assert chosen.languages[0].startswith("en")
    if sys.platform == "linux":
        assert not found[0].languages[0].startswith("en")
    assert chosen in voices("en")
    assert found[0] in voices()


def test_a_voice_that_does_not_exist_is_known_before_anything_is_said(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match="voice 'nobody': not found"):
        make_speaker("nobody", cache=tmp_path)


# the child process


def program(folder: Path, body: str) -> Path:
    path = folder / "program.py"
    path.write_text(f"import json, os, sys, time\n{body}\n")
    return path


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("time.sleep(60)", "the system's voices: no answer within"),
        ("raise OSError('no such\\nengine')", "cannot speak (engine)"),
        ("sys.stdin.readline(); os._exit(3)", "cannot speak (exit code 3)"),
        ("print('Hm?', flush=True)", "the engine answered 'Hm?"),
        ("os.abort()", "cannot speak (exit code -6)"),
        ("raise RuntimeError('eSpeak is not installed')", "install the package espeak-ng"),
        (
            "sys.stdin.readline(); print('{}', flush=True); time.sleep(9)",
            "nothing was written",
        ),
    ],
)
def test_an_engine_that_fails_is_one_line(tmp_path: Path, body: str, complaint: str) -> None:
    if sys.platform != "linux" and ("espeak" in complaint or "-6" in complaint):
        pytest.skip("said otherwise on this system")
    with (
        Synthesizer("system", program(tmp_path, body), start_limit_s=1.0) as synthesizer,
        pytest.raises(VoiceError) as error,
    ):
        synthesizer.speak("Hello", "any", 150, tmp_path / "hello.wav")
    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


def test_what_engines_print_is_not_seen(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    english = choose_voice(system_voices(), "en")
    with Synthesizer("system") as synthesizer:
        synthesizer.speak("Hello", english.id, 150, tmp_path / "hello.wav")
    assert capfd.readouterr() == ("", "")
    assert 0.2 < audio.seconds(audio.read(tmp_path / "hello.wav")) < 2.0


@pytest.mark.skipif(sys.platform != "linux", reason="only eSpeak NG keeps the voice it had")
def test_a_voice_that_the_engine_does_not_take_is_an_error(tmp_path: Path) -> None:
    with (
        Synthesizer("system") as synthesizer,
        pytest.raises(VoiceError, match="in place of gmw/nowhere"),
    ):
        synthesizer.speak("Hello", "gmw/nowhere", 150, tmp_path / "hello.wav")


def test_the_engines_under_the_gpl_stay_out_of_this_process() -> None:
    check = (
        "import sys; from voiceprep.sound.voices import voices; voices();"
        "print([m for m in ('pyttsx3', 'piper', 'espeakng_loader') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout == "[]\n"


# synthesised ahead and kept


def english_speaker(folder: Path, rate_wpm: int = 150) -> SpokenSpeaker:
    return make_speaker(rate_wpm=rate_wpm, cache=folder)


def files_after(folder: Path, count: int) -> list[Path]:
    until = time.monotonic() + 20
    while len(found := sorted(folder.glob("[!.]*.wav"))) < count:
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


def test_texts_are_synthesised_ahead_and_once(tmp_path: Path) -> None:
    folder = tmp_path / "speech"
    speaker = english_speaker(folder)
    for text in ("One.", "Two.", "One.", "  "):
        speaker.prepare(text)
    first = files_after(folder, 2)
    times = [f.stat().st_mtime_ns for f in first]
    again = english_speaker(folder)
    again.prepare("One.")
    again.prepare("Three.")
    assert len(files_after(folder, 3)) == 3
    assert [f.stat().st_mtime_ns for f in first] == times
    if sys.platform != "win32":
        assert folder.stat().st_mode & 0o777 == 0o700


def test_the_rate_changes_the_pace(tmp_path: Path) -> None:
    lengths = []
    for rate_wpm in (120, 240):
        folder = tmp_path / str(rate_wpm)
        english_speaker(folder, rate_wpm).prepare(QUESTION)
        lengths.append(audio.seconds(audio.read(files_after(folder, 1)[0])))
    assert lengths[0] > 1.5 * lengths[1]


def test_every_text_is_spoken_at_its_own_rate(tmp_path: Path) -> None:
    english = choose_voice(system_voices(), "en")
    lengths: dict[int, list[float]] = {120: [], 240: []}
    for _ in range(4):
        with Synthesizer("system") as synthesizer:
            for k in range(6):
                rate_wpm, file = (120, 240)[k % 2], tmp_path / f"{k}.wav"
                synthesizer.speak("How are you?", english.id, rate_wpm, file)
                lengths[rate_wpm].append(audio.seconds(audio.read(file)))
    assert min(lengths[120]) > 1.5 * max(lengths[240])


LOOPS = """
import sys
sys.path.insert(0, sys.argv[1])
import synthesis
synthesis._load_packaged_espeak()
from pyttsx3.drivers import _espeak
from pyttsx3.engine import Engine
done = []
def noted(owner, name):
    call = getattr(owner, name)
    setattr(owner, name, lambda *a, **k: (done.append(name), call(*a, **k))[1])
noted(_espeak, "SetParameter")
noted(_espeak, "Synchronize")
noted(Engine, "runAndWait")
synthesis.SystemEngine().speak("Hello", sys.argv[2], 120, sys.argv[3])
print([before for before, now in zip(done, done[1:]) if now == "runAndWait"])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="eSpeak NG alone takes the rate later")
def test_nothing_waits_in_espeak_when_the_loop_starts(tmp_path: Path) -> None:
    """It would be cancelled, once in a hundred times, and with it this text or the next."""
    english = choose_voice(system_voices(), "en")
    file = tmp_path / "hello.wav"
    program = [sys.executable, "-c", LOOPS, str(ROOT / "voiceprep" / "sound"), english.id]
    done = subprocess.run([*program, str(file)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "['Synchronize', 'Synchronize']"
    assert file.is_file()


def test_only_so_much_is_kept_and_the_oldest_goes_first(tmp_path: Path) -> None:
    cache = SpeechCache(tmp_path / "speech", most_bytes=250)
    for name in "abcd":
        cache.fill(cache.folder / f"{name}.wav", lambda draft: _filled(draft, 100))
        time.sleep(0.02)
    assert sorted(f.name for f in cache.folder.iterdir()) == ["b.wav", "c.wav", "d.wav"]


def _filled(path: Path, size: int) -> None:
    path.write_bytes(bytes(size))


def test_a_failed_synthesis_leaves_nothing_behind(tmp_path: Path) -> None:
    cache = SpeechCache(tmp_path / "speech")

    def fail(draft: Path) -> None:
        draft.write_bytes(b"half")
        raise VoiceError("on the way")

    with pytest.raises(VoiceError, match="on the way"):
        cache.fill(cache.folder / "a.wav", fail)
    assert list(cache.folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VoiceError, match="speech cannot be kept there"):
        make_speaker(cache=tmp_path / "file" / "speech").say("Hello")


def test_a_failure_is_told_each_time_and_the_next_text_is_tried_anew(tmp_path: Path) -> None:
    asked = []

    def choose() -> Voice:
        asked.append(1)
        raise VoiceError("no voice today")

    speaker = SpokenSpeaker(choose, cache=SpeechCache(tmp_path))
    for _ in range(2):
        with pytest.raises(VoiceError, match="no voice today"):
            speaker.say("Hello")
    assert len(asked) == 2


def test_waiting_for_a_voice_can_be_stopped(tmp_path: Path) -> None:
    held = threading.Event()

    def choose() -> Voice:
        held.wait(10)
        raise VoiceError("too late")

    began = time.monotonic()
    assert not SpokenSpeaker(choose, cache=SpeechCache(tmp_path)).say("Hello", lambda: True)
    assert time.monotonic() - began < 1.0
    held.set()


def test_silence_says_nothing_at_once() -> None:
    speaker = SilentSpeaker()
    speaker.prepare("Hello")
    assert speaker.say("Hello")


# heard on a sound card


@pytest.mark.sound
@pytest.mark.weights
@pytest.mark.parametrize("voice", [None, "natural"])
def test_a_question_is_heard_at_the_speaker(
    sound_card: SoundCard,
    tmp_path: Path,
    recognized: Callable[[audio.Samples], list[str]],
    voice: str | None,
) -> None:
    if voice == "natural" and natural_voice() is None:
        pytest.skip("the extra 'natural' is not installed")
    speaker = make_speaker(voice, cache=tmp_path)
    for question in load_bank("machine-learning").questions[2:4]:
        with sound_card.recorded() as heard:
            assert speaker.say(question.text)
        assert share_recognized(question.text, recognized(heard.samples)) >= 0.75


@pytest.mark.sound
@pytest.mark.weights
def test_two_sentences_in_a_row_are_both_heard_to_their_ends(
    sound_card: SoundCard, tmp_path: Path, recognized: Callable[[audio.Samples], list[str]]
) -> None:
    speaker = make_speaker(cache=tmp_path)
    with sound_card.recorded() as heard:
        assert speaker.say("My first question is about the weather.")
        assert speaker.say("The second question is about music.")
    text = recognized(heard.samples)
    assert {"first", "weather", "second", "music"} <= set(text)


@pytest.mark.sound
def test_a_key_stops_the_speaker_at_once(sound_card: SoundCard, tmp_path: Path) -> None:
    speaker = make_speaker(cache=tmp_path)
    speaker.prepare(QUESTION)
    files_after(tmp_path, 1)
    pressed = 0.0
    began = time.monotonic()

    def stop() -> bool:
        nonlocal pressed
        if not pressed and time.monotonic() - began > 1.5:
            pressed = time.monotonic()
        return bool(pressed)

    with sound_card.recorded() as heard:
        began = time.monotonic()
        assert not speaker.say(QUESTION, stop)
        returned = time.monotonic()
    assert returned - pressed < 0.3
    assert heard.last_sound_s() > 0.5
    assert heard.began + heard.last_sound_s() - pressed < 0.3


@pytest.mark.sound
def test_a_damaged_file_is_replaced(sound_card: SoundCard, tmp_path: Path) -> None:
    make_speaker(cache=tmp_path).say("Hello")
    (file,) = files_after(tmp_path, 1)
    file.write_bytes(b"RIFF")
    speaker = make_speaker(cache=tmp_path)
    with pytest.raises(VoiceError, match="it was deleted, try again"):
        speaker.say("Hello")
    assert speaker.say("Hello")


def tone(duration_s: float, rate: int, hertz: float = 440.0) -> audio.Samples:
    moments = np.arange(round(duration_s * rate)) / rate
    return (0.3 * np.sin(2 * np.pi * hertz * moments)).astype(np.float32)


@pytest.mark.sound
@pytest.mark.parametrize("rate", [16_000, 22_050, 48_000, 1_000_000])
def test_a_tone_keeps_its_pitch_and_length_also_where_its_rate_is_refused(
    sound_card: SoundCard, rate: int
) -> None:
    positions: list[float] = []
    with sound_card.recorded() as heard:
        assert playback.play(tone(1.0, rate), rate, on_position=positions.append)
    loud = np.flatnonzero(np.abs(heard.samples) > 0.01)
    played = heard.samples[loud[0] : loud[-1]]
    assert audio.seconds(played) == pytest.approx(1.0, abs=0.1)
    spectrum = np.abs(np.fft.rfft(played))
    hertz = np.argmax(spectrum) * audio.SAMPLE_RATE / len(played)
    assert hertz == pytest.approx(440, abs=3)
    assert positions == sorted(positions)
    assert 0.3 < positions[-1] <= 1.0


def test_nothing_is_played_at_once() -> None:
    assert playback.play(audio.silence(0), audio.SAMPLE_RATE, "no such device")


@pytest.mark.sound
def test_a_speaker_that_does_not_exist(sound_card: SoundCard) -> None:
    with pytest.raises(DeviceError, match="speaker 'nowhere': not found; there are"):
        playback.play(tone(0.1, 48_000), 48_000, "nowhere")


@pytest.mark.sound
def test_a_speaker_unplugged_in_mid_sentence(sound_card: SoundCard) -> None:
    unplug = threading.Timer(1.0, sound_card.unplug)
    unplug.start()
    try:
        with pytest.raises(DeviceError, match=r"^speaker \w+: was disconnected$"):
            playback.play(tone(8.0, 48_000), 48_000)
    finally:
        unplug.join()
        sound_card.plug()


@pytest.mark.parametrize("content", [b"", b"not sound"])
def test_what_is_no_sound_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=re.escape(str(path))):
        audio.read_at_own_rate(path)
