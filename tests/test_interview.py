"""The session controller, run with recorded answers, scripted keys and real files."""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.conftest import ANSWERS, transcript_of
from voiceprep import audio
from voiceprep.assessment import FillerWords
from voiceprep.errors import DeviceError, VoiceError
from voiceprep.history.index import interrupted
from voiceprep.interruption import Interruption
from voiceprep.interview import Interview, Setup
from voiceprep.keys import NoKeys
from voiceprep.listening import Limits
from voiceprep.questions import Question
from voiceprep.recognition.voice_activity import VoiceActivity
from voiceprep.sound.answers import FileMicrophone
from voiceprep.sound.microphone import Gap
from voiceprep.sound.speaker import SilentSpeaker
from voiceprep.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from voiceprep.analysis import Coverage
    from voiceprep.keys import Keys
    from voiceprep.listening import Moment
    from voiceprep.session import Answer, Session
    from voiceprep.sound.microphone import Microphone, Stream
    from voiceprep.sound.speaker import Speaker
    from voiceprep.transcript import Transcript

PLAN = (Question(1, "Why?", "easy"), Question(2, "How?", "hard"), Question(3, "Who?", "medium"))


@dataclass
class Notes:
    """A view that remembers."""

    asked: list[int] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    counted: list[int] = field(default_factory=list)
    session: Session | None = None

    def ask(self, question: Question, position: int, total: int) -> None:
        self.asked.append(question.number)

    def speaking(self) -> None:
        pass

    def countdown(self, seconds_left: int) -> None:
        self.counted.append(seconds_left)

    def listening(self, moment: Moment) -> None:
        self.moments.append(moment)

    def transcribing(self) -> None:
        pass

    def report(self, answer: Answer) -> None:
        self.answers.append(answer)

    def after_answer(self) -> None:
        pass

    def notice(self, line: str) -> None:
        self.notices.append(line)

    def summary(self, session: Session) -> None:
        self.session = session


class Counting:
    """A transcription that says how many seconds it was given."""

    heard = settled = "so far"

    def __init__(self, _context: str) -> None:
        self.samples = 0

    def feed(self, samples: audio.Samples) -> None:
        self.samples += len(samples)

    def finish(self) -> Transcript:
        length = self.samples / audio.SAMPLE_RATE
        return transcript_of((f"{length:.1f}", 0.0, length), duration=length)


class Pressed:
    """Keys pressed one a poll; None is a poll without one."""

    def __init__(self, *keys: str | None) -> None:
        self._keys = deque(keys)

    def poll(self) -> str | None:
        return self._keys.popleft() if self._keys else None


@dataclass
class Hands:
    """A microphone that plays these blocks, and then does this."""

    blocks: int
    then: Callable[[], audio.Samples | None] = lambda: None
    overflows: int = 0
    gaps: tuple[Gap, ...] = ()

    @contextmanager
    def listen(self, question: Question) -> Iterator[Stream]:
        self._left = self.blocks
        yield self

    def read(self, timeout_s: float) -> audio.Samples | None:
        if self._left <= 0:
            return self.then()
        self._left -= 1
        return np.full(1600, 0.1, np.float32)


def unplugged() -> audio.Samples | None:
    raise DeviceError("microphone USB: was disconnected")


def nothing_to_compare(transcript: Transcript, question: Question) -> Coverage:
    raise AssertionError("these questions have no key points")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    answers = tmp_path / "answers"
    answers.mkdir()
    for number, length in ((1, 1.0), (2, 2.0)):
        audio.write(answers / f"q{number}.wav", np.full(int(16_000 * length), 0.1, np.float32))
    return answers


def run(
    home: Path,
    microphone: Microphone,
    *,
    keys: Keys | None = None,
    speaker: Speaker | None = None,
    limits: Limits | None = None,
    prep_s: float = 0.0,
    interactive: bool = False,
    begin: Callable[[str], Counting] = Counting,
    real_time: bool = False,
) -> tuple[Session, Notes]:
    view = Notes()
    setup = Setup(
        speaker=speaker or SilentSpeaker(),
        microphone=microphone,
        begin=begin,
        cover=nothing_to_compare,
        keys=keys or NoKeys(),
        view=view,
        limits=limits or Limits(60.0),
        voice_activity=VoiceActivity,
        filler_words=FillerWords(),
        prep_s=prep_s,
        interactive=interactive,
        real_time=real_time,
    )
    with Store(home).create("bank", PLAN) as held, Interruption() as interruption:
        return Interview(setup, held, interruption).run(), view


def seconds_of(session: Session) -> dict[int, float | None]:
    return {a.question.number: a.transcript.duration for a in session.answers}


def test_recorded_answers_and_one_that_is_missing(own_home: Path, folder: Path) -> None:
    session, view = run(own_home, FileMicrophone(folder))
    assert view.asked == [1, 2, 3]
    assert seconds_of(session) == {1: 1.0, 2: 2.0}
    assert session.skipped == (3,)
    assert session.state == "finished"
    assert "no answer to question 3" in view.notices[0]
    stored = Store(own_home)
    assert stored.load("last") == session
    path = stored.path_of(session.id) / str(session.answers[1].audio)
    assert audio.seconds(audio.read(path)) == 2.0


def test_the_limit_ends_an_answer_and_is_noted(own_home: Path, folder: Path) -> None:
    session, _ = run(own_home, FileMicrophone(folder), limits=Limits(1.5))
    assert seconds_of(session) == {1: 1.0, 2: 1.5}
    assert session.answers[1].notes == ("stopped at the limit of 1.5 s",)


@pytest.mark.parametrize("key", ["enter", "space"])
def test_a_key_ends_an_answer(own_home: Path, key: str) -> None:
    keys = Pressed(None, None, key, "q")
    session, _ = run(own_home, Hands(1000), keys=keys, interactive=True)
    assert seconds_of(session) == {1: pytest.approx(0.3)}
    assert session.state == "finished"


def test_pause_leaves_out_what_comes_meanwhile(own_home: Path) -> None:
    keys = Pressed(None, "p", None, None, "p", None, "q")
    session, _view = run(own_home, Hands(1000), keys=keys, interactive=True)
    assert seconds_of(session) == {1: pytest.approx(0.4)}


def test_retake_drops_the_take_and_asks_again(own_home: Path) -> None:
    keys = Pressed(None, None, "r", None, "enter", "q")
    session, _view = run(own_home, Hands(1000), keys=keys, interactive=True)
    assert seconds_of(session) == {1: pytest.approx(0.2)}
    folder = Store(own_home).path_of(session.id)
    assert [p.name for p in folder.glob("*.wav")] == [session.answers[0].audio]


def test_retake_after_the_report_replaces_the_answer(own_home: Path) -> None:
    keys = Pressed("enter", "r", None, None, "enter", "q")
    session, view = run(own_home, Hands(1000), keys=keys, interactive=True)
    assert len(view.answers) == 2
    assert seconds_of(session) == {1: pytest.approx(0.3)}


def test_skip_goes_on_with_the_next_question(own_home: Path) -> None:
    keys = Pressed(None, "s", None, "q")
    session, view = run(own_home, Hands(1000), keys=keys, interactive=True)
    assert view.asked == [1, 2]
    assert (session.skipped, list(seconds_of(session))) == ((1,), [2])


def test_quitting_keeps_the_answer(own_home: Path) -> None:
    session, view = run(own_home, Hands(1000), keys=Pressed(None, "q"), interactive=True)
    assert seconds_of(session) == {1: pytest.approx(0.2)}
    assert view.asked == [1]


def test_ctrl_c_ends_the_answer_keeps_it_and_can_be_resumed(own_home: Path) -> None:
    def interrupt() -> audio.Samples:
        os.kill(os.getpid(), signal.SIGINT)
        return audio.silence(0)

    session, _ = run(own_home, Hands(5, interrupt), interactive=True)
    assert seconds_of(session) == {1: 0.5}
    assert session.state == "running"
    assert [s.id for s in interrupted(Store(own_home))] == [session.id]


def test_an_unplugged_microphone_keeps_what_was_recorded(own_home: Path) -> None:
    session, _view = run(own_home, Hands(12, unplugged))
    assert session.answers[0].transcript.duration == pytest.approx(1.2)
    assert session.answers[0].notes == ("microphone USB: was disconnected; kept 1.2 s",)


def test_overflows_are_counted_and_told(own_home: Path) -> None:
    session, _ = run(own_home, Hands(3, overflows=2))
    assert session.answers[0].notes[0].startswith("the microphone lost audio 2 times")


def test_a_computer_that_slept_is_told(own_home: Path) -> None:
    session, _ = run(own_home, Hands(3, gaps=(Gap(0.2, 61.0),)))
    assert session.answers[0].notes == ("nothing was heard for 61 s at 0 s (computer asleep)",)


def test_a_transcription_that_falls_behind_is_told_where_it_matters(
    own_home: Path,
) -> None:
    class Slow(Counting):
        def feed(self, samples: audio.Samples) -> None:
            time.sleep(0.002)
            super().feed(samples)

    session, _ = run(own_home, Hands(200), begin=Slow, real_time=True)
    assert session.answers[0].transcript.duration == pytest.approx(20.0)
    assert "behind and caught up" in session.answers[0].notes[0]
    session, _ = run(own_home, Hands(200), begin=Slow)
    assert session.answers[0].notes == ()


def test_a_voice_that_fails_is_said_once_and_the_session_goes_on(
    own_home: Path, folder: Path
) -> None:
    class Hoarse(SilentSpeaker):
        def say(self, text: str, stop: Callable[[], bool] = lambda: False) -> bool:
            raise VoiceError("voice: none here")

    session, view = run(own_home, FileMicrophone(folder), speaker=Hoarse())
    assert list(seconds_of(session)) == [1, 2]
    assert view.notices[0] == "voice: none here (the questions are shown, not spoken)"
    assert sum("voice: none here" in n for n in view.notices) == 1


def test_the_countdown_counts_and_any_key_ends_it(own_home: Path, folder: Path) -> None:
    _, view = run(own_home, FileMicrophone(folder), prep_s=1.2)
    assert view.counted[:3] == [2, 1, 0]
    _, view = run(own_home, Hands(3), prep_s=600, keys=Pressed(None, "x", "q"))
    assert view.counted[0] == 600
    assert view.counted[-1] == 0


def test_silence_ends_an_answer_only_after_speech(own_home: Path, tmp_path: Path) -> None:
    speech = audio.read(ANSWERS / "question-04-partial.flac")[: 16_000 * 8]
    quiet = audio.silence(7.0)
    (tmp_path / "answers").mkdir()
    audio.write(tmp_path / "answers" / "1.wav", np.concatenate([quiet, speech, quiet, speech]))
    session, _ = run(own_home, FileMicrophone(tmp_path / "answers"), limits=Limits(60, 4.0))
    ended_at = session.answers[0].transcript.duration
    assert ended_at is not None
    assert 7 + 8 + 3.0 < ended_at < 7 + 8 + 5.0


def test_an_interrupted_session_is_recovered(own_home: Path) -> None:
    held = Store(own_home).create("bank", PLAN)
    audio.write(held.new_take(PLAN[0]), audio.silence(2.0))
    held.release()
    (session,) = interrupted(Store(own_home))
    view = Notes()
    setup = Setup(
        SilentSpeaker(),
        Hands(4),
        Counting,
        nothing_to_compare,
        NoKeys(),
        view,
        Limits(60),
        VoiceActivity,
        FillerWords(),
    )
    with Store(own_home).reopen(session) as held, Interruption() as interruption:
        resumed = Interview(setup, held, interruption).run()
    assert seconds_of(resumed) == {1: 2.0, 2: pytest.approx(0.4), 3: pytest.approx(0.4)}
    assert resumed.answers[0].notes == ("recovered after an interruption at 2 s",)
    assert resumed.state == "finished"
