from __future__ import annotations

import difflib
import re
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.conftest import ANSWERS
from voiceprep import audio
from voiceprep.errors import AudioError, ModelError
from voiceprep.recognition.models import Weights, find_weights
from voiceprep.recognition.transcriber import Transcriber
from voiceprep.transcript import Transcript

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


pytestmark = pytest.mark.weights

GOOD = ANSWERS / "question-01-good.flac"
FULL_OF_FILLERS = ANSWERS / "question-03-fillers.flac"


@pytest.fixture(scope="module")
def transcriber() -> Transcriber:
    try:
        weights = find_weights()
    except ModelError as error:
        pytest.skip(str(error))
    return Transcriber.load(weights)


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def likeness(heard: str, said: str) -> float:
    return difflib.SequenceMatcher(None, words_of(heard), words_of(said), False).ratio()


def script(recording: Path) -> str:
    path = recording.parent.parent / "scripts" / f"{recording.stem}.txt"
    return path.read_text(encoding="utf-8")


def fed(
    transcriber: Transcriber, samples: audio.Samples, *, live: bool, block: int
) -> Transcript:
    transcription = transcriber.transcription(live=live)
    for start in range(0, len(samples), block):
        transcription.feed(samples[start : start + block])
    return transcription.finish()


def check_times(transcript: Transcript) -> None:
    assert transcript.duration is not None
    times = [t for w in transcript.words for t in (w.start, w.end)]
    assert times == sorted(times)
    assert all(0 <= t <= transcript.duration for t in times)


def test_the_words_of_an_answer(transcriber: Transcriber) -> None:
    transcript = transcriber.transcribe(audio.stream(GOOD))
    assert likeness(transcript.text, script(GOOD)) > 0.85
    assert transcript.duration == pytest.approx(audio.seconds(audio.read(GOOD)))
    assert all(0 <= w.probability <= 1 for w in transcript.words)
    check_times(transcript)


def test_hesitations_stand_in_the_text(transcriber: Transcriber) -> None:
    transcript = transcriber.transcribe(audio.stream(FULL_OF_FILLERS))
    assert len(re.findall(r"\b(?:um|uh|er|hmm?)\b", transcript.text.lower())) >= 2
    check_times(transcript)


def test_pieces_and_in_one_go_give_the_same(transcriber: Transcriber) -> None:
    samples = audio.read(GOOD)
    whole = transcriber.transcribe([samples])
    pieces = fed(transcriber, samples, live=False, block=5000)
    assert pieces.to_dict() == whole.to_dict()


def test_live_hears_what_a_recording_holds(transcriber: Transcriber) -> None:
    samples = audio.read(GOOD)
    whole = transcriber.transcribe([samples])
    live = fed(transcriber, samples, live=True, block=800)
    assert live.to_dict() == whole.to_dict()
    check_times(live)


def test_looking_ahead_changes_nothing(transcriber: Transcriber) -> None:
    """Feed as slowly as a microphone, so that the open window is decoded at pauses."""
    samples = np.concatenate([audio.read(GOOD)[: 5 * audio.SAMPLE_RATE], audio.silence(1)])
    transcription = transcriber.transcription(live=True)
    for start in range(0, len(samples), 1600):
        time.sleep(0.06)
        transcription.feed(samples[start : start + 1600])
    heard = transcription.heard
    transcript = transcription.finish()
    assert heard
    assert transcript.text.endswith(heard[-20:])
    assert transcript.text == transcriber.transcribe([samples]).text


@pytest.mark.parametrize("level", [0.0, 0.001, 0.05])
def test_noise_has_no_words(transcriber: Transcriber, level: float) -> None:
    noise = np.random.default_rng(0).normal(0, 1, 20 * audio.SAMPLE_RATE) * level
    transcript = transcriber.transcribe([noise.astype(np.float32)])
    assert transcript.text == ""
    assert transcript.words == ()
    assert transcript.duration == pytest.approx(20)


def test_nothing_at_all(transcriber: Transcriber) -> None:
    assert transcriber.transcribe([]).duration == 0
    assert transcriber.transcribe([audio.silence(0.01)]).text == ""


def test_words_after_a_long_pause_keep_their_times(transcriber: Transcriber) -> None:
    said = audio.read(GOOD)[: 6 * audio.SAMPLE_RATE]
    transcript = transcriber.transcribe([audio.silence(20), said, audio.silence(40), said])
    starts = [w.start for w in transcript.words]
    assert 20 <= starts[0] < 22
    assert not [s for s in starts if 27 < s < 65.5]
    assert any(s > 66 for s in starts)
    check_times(transcript)


def test_many_recordings_keep_order_and_survive_a_bad_one(transcriber: Transcriber) -> None:
    def broken() -> Iterator[audio.Samples]:
        yield audio.silence(1)
        raise AudioError("broken.wav: not a recording")

    said = audio.read(GOOD)[: 6 * audio.SAMPLE_RATE]
    results = dict(
        transcriber.transcribe_many(
            [("first", [said]), ("broken", broken()), ("silent", [audio.silence(3)])]
        )
    )
    assert list(results) == ["first", "broken", "silent"]
    assert isinstance(results["broken"], AudioError)
    first = results["first"]
    assert isinstance(first, Transcript)
    assert first.to_dict() == transcriber.transcribe([said]).to_dict()


def test_an_unreadable_recording_is_raised(transcriber: Transcriber, tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="no such file"):
        transcriber.transcribe(audio.stream(tmp_path / "nothing.wav"))


def test_a_folder_that_holds_no_whisper(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"nothing of use")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match="--model") as caught:
        Transcriber.load(Weights("broken", tmp_path, verbatim=False))
    assert "\n" not in str(caught.value)


@pytest.mark.shared
def test_real_noise_has_no_words(transcriber: Transcriber, recordings: Path) -> None:
    for path in sorted((recordings / "noise").glob("*.flac")):
        assert transcriber.transcribe(audio.stream(path)).text == "", path.name


@pytest.mark.shared
def test_real_speech(transcriber: Transcriber, recordings: Path) -> None:
    path = recordings / "read" / "1688-142285-0002.flac"
    said = "you don't mean that you thought me so silly"
    assert words_of(transcriber.transcribe(audio.stream(path)).text) == words_of(said)
