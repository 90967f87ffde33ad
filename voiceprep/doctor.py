"""Every part of voiceprep, tried for real, with the remedy where it fails."""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

from voiceprep import audio
from voiceprep.errors import VoiceprepError
from voiceprep.sound import level

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TONE_HZ = 440.0
TONE_S = 0.4
TONE_AMPLITUDE = 0.2
TONE_RATE = 48_000

RECORDED_S = 2.0

SENTENCES = ("This is the first sentence.", "And this is the second one.")
SHORTEST_SPOKEN_S = 0.6
"""Neither sentence can be spoken in less; a voice that is done sooner said nothing."""

CLIP_WORDS = (
    "my name does not matter here i have worked with data for seven years and i like to "
    "explain things simply"
)
FEWEST_CLIP_WORDS = 0.8
"""Share of the clip's words that a working model recognises at the least."""


@dataclass(frozen=True, slots=True)
class Check:
    """What was tried, whether it worked, and what was found or what to do."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Choices:
    """The devices, the voice and the model to try."""

    input: str | None = None
    output: str | None = None
    voice: str | None = None
    model: str | None = None


def checks(choices: Choices) -> Iterator[Check]:
    """Try everything, one part after another."""
    yield _tried("speaker", lambda: _tone(choices.output))
    yield _tried("voice", lambda: _two_sentences(choices))
    yield _tried("microphone", lambda: _recording(choices.input))
    yield _tried("model", lambda: _clip(choices.model))
    yield _tried("key points", _entailment)
    yield _tried("sessions", _sessions)


def _tried(name: str, attempt: Callable[[], str]) -> Check:
    try:
        return Check(name, True, attempt())
    except VoiceprepError as error:
        return Check(name, False, str(error))


def _tone(output: str | None) -> str:
    from voiceprep.sound.playback import find_output, play

    device = find_output(output)
    moment = np.arange(round(TONE_S * TONE_RATE)) / TONE_RATE
    fade = np.minimum(1, np.minimum(moment, TONE_S - moment) / 0.02)
    tone = TONE_AMPLITUDE * fade * np.sin(2 * np.pi * TONE_HZ * moment)
    play(tone.astype(np.float32), TONE_RATE, output)
    return f"played a tone on {device.name}"


def _two_sentences(choices: Choices) -> str:
    from voiceprep.sound.speaker import make_speaker

    speaker = make_speaker(voice=choices.voice, device=choices.output)
    for sentence in SENTENCES:
        began = time.monotonic()
        speaker.say(sentence)
        if time.monotonic() - began < SHORTEST_SPOKEN_S:
            raise VoiceprepError(f"“{sentence}” was over too soon; try another --voice")
    return "spoke two sentences in a row"


def _recording(wanted: str | None) -> str:
    from voiceprep.questions import Question
    from voiceprep.sound.microphone import LiveMicrophone

    microphone = LiveMicrophone(wanted)
    heard: list[audio.Samples] = []
    with microphone.listen(Question(1, "-", "easy")) as stream:
        until = time.monotonic() + RECORDED_S
        while time.monotonic() < until:
            block = stream.read(0.1)
            if block is not None:
                heard.append(block)
    found = level.measure(np.concatenate(heard))
    name = microphone.device().name
    if found.rms_dbfs < level.SILENT_DBFS:
        raise VoiceprepError(
            f"{name}: {RECORDED_S:g} s of silence ({found.rms_dbfs:.0f} dB); unmute it, "
            "allow this program to use it, or choose another with --input"
        )
    return f"{name}: level {found.rms_dbfs:.0f} dB, peak {found.peak_dbfs:.0f} dB"


def _clip(model: str | None) -> str:
    from voiceprep.recognition.models import find_weights
    from voiceprep.recognition.transcriber import Transcriber

    weights = find_weights(model)
    began = time.monotonic()
    transcriber = Transcriber.load(weights)
    loaded_s = time.monotonic() - began
    with resources.as_file(resources.files("voiceprep") / "data" / "doctor.flac") as clip:
        text = transcriber.transcribe(audio.stream(clip)).text
    heard = {word.strip(".,").lower() for word in text.split()}
    expected = set(CLIP_WORDS.split())
    share = len(heard & expected) / len(expected)
    if share < FEWEST_CLIP_WORDS:
        raise VoiceprepError(
            f"{weights.name}: took a clip for “{text}”; choose another --model"
        )
    return f"{weights.name}: loaded in {loaded_s:.1f} s, understood a clip"


def _entailment() -> str:
    from voiceprep.entailment import load_entailment

    load_entailment()
    return "the model that reads them is there"


def _sessions() -> str:
    from voiceprep.store import Store

    return f"kept in {Store().check_writable()}"
