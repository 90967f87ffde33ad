"""The spoken interview on a virtual sound card, driven through a pseudo-terminal.

The question is heard at the speaker, a recorded answer is played into the microphone, and
keys are pressed as a person would press them.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.conftest import ANSWERS
from voiceprep import audio
from voiceprep.engines import load_transcriber
from voiceprep.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.sound_card import SoundCard
    from voiceprep.session import Session

    Practise = Callable[..., Any]


pexpect = pytest.importorskip("pexpect", reason="pseudo-terminals are POSIX's")

pytestmark = [pytest.mark.sound, pytest.mark.weights]

LIMIT_S = 90

QUESTION = "How do you decide which model to use when starting a new machine learning problem?"
"""Question 2 of the bank."""

ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


@pytest.fixture
def practise(sound_card: SoundCard, own_home: Path) -> Iterator[Practise]:
    """Return what starts `voiceprep practice` in a terminal of 80 columns."""
    running = []

    def start(*options: str) -> Any:
        terminal = pexpect.spawn(
            sys.executable,
            ["-m", "voiceprep", "practice", *options],
            env=sound_card.environment
            | {"VOICEPREP_HOME": str(own_home), "TERM": "xterm-256color"},
            dimensions=(40, 80),
            timeout=LIMIT_S,
            encoding="utf-8",
        )
        running.append(terminal)
        return terminal

    yield start
    for terminal in running:
        terminal.close(force=True)


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def shared(heard: str, said: str) -> float:
    """Return the share of the words said that were heard."""
    found = set(words(heard))
    return sum(w in found for w in words(said)) / len(words(said))


def the_session(home: Path) -> Session:
    (session,) = Store(home).all()[0]
    return session


def test_asked_aloud_answered_aloud_ended_by_silence(
    sound_card: SoundCard,
    practise: Practise,
    own_home: Path,
) -> None:
    answer = audio.read(ANSWERS / "question-01-good.flac")[: 16_000 * 14]
    with sound_card.recorded() as heard:
        terminal = practise("-q", "2", "--silence", "4", "--limit", "60")
        terminal.expect_exact("Question 1 of 1")
        terminal.expect_exact("recording")
        with sound_card.spoken_into(answer):
            terminal.expect_exact("What you said")
    terminal.expect_exact("Summary of 1 answer")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0

    question_heard = load_transcriber(None)().transcribe([heard.samples]).text
    assert shared(question_heard, QUESTION) >= 0.8

    (given,) = the_session(own_home).answers
    assert shared(given.transcript.text, "it began as an experiment in a notebook") >= 0.8
    assert given.analysis.length.seconds is not None
    assert 14 < given.analysis.length.seconds < 25
    assert not any("overflow" in note for note in given.notes)
    # Recording began after the question: none of it stands in the answer.
    assert "starting a new" not in given.transcript.text
    recorded = Store(own_home).path_of(the_session(own_home).id) / str(given.audio)
    assert np.abs(audio.read(recorded)).max() > 0.05


def test_keys(sound_card: SoundCard, practise: Practise, own_home: Path) -> None:
    terminal = practise("--no-speech", "-q", "1", "-q", "2", "-q", "3")
    answer = audio.read(ANSWERS / "question-03-fillers.flac")
    terminal.expect_exact("Question 1 of 3")
    terminal.expect_exact("recording")
    terminal.send("p")
    terminal.expect_exact("paused")
    terminal.send("p")
    terminal.expect_exact("recording")
    terminal.send("r")  # retake
    terminal.expect_exact("recording")
    terminal.send("s")  # skip
    terminal.expect_exact("Question 2 of 3")
    terminal.expect_exact("recording")
    with sound_card.spoken_into(answer):
        terminal.expect(r"0:0[6-9] of")
        terminal.send("\r")
        terminal.expect_exact("What you said")
    terminal.expect_exact("goes on")
    terminal.send("\r")
    terminal.expect_exact("Question 3 of 3")
    terminal.expect_exact("recording")
    terminal.expect(r"0:0[2-9] of")
    terminal.send("q")
    terminal.expect_exact("Summary of 2 answers")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    session = the_session(own_home)
    assert (session.state, session.skipped) == ("finished", (1,))
    assert [a.question.number for a in session.answers] == [2, 3]
    assert session.answers[0].analysis.length.words >= 5


def test_ctrl_c_ends_the_answer_and_keeps_it(
    sound_card: SoundCard,
    practise: Practise,
    own_home: Path,
) -> None:
    terminal = practise("--no-speech", "-q", "4", "-q", "5")
    with sound_card.spoken_into(audio.read(ANSWERS / "question-04-partial.flac")):
        terminal.expect_exact("recording")
        terminal.expect(r"0:0[6-9] of")
        terminal.sendintr()
        terminal.expect_exact("What you said")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    session = the_session(own_home)
    assert session.answers[0].analysis.length.words >= 5

    resumed = practise("--no-speech", "--resume")
    resumed.expect_exact("Question 2 of 2")
    resumed.expect_exact("recording")
    resumed.send("q")
    resumed.expect(pexpect.EOF)
    resumed.close()
    assert [a.question.number for a in the_session(own_home).answers] == [4, 5]


def test_a_microphone_unplugged_in_mid_answer(
    sound_card: SoundCard,
    practise: Practise,
    own_home: Path,
) -> None:
    terminal = practise("--no-speech", "-q", "4")
    with sound_card.spoken_into(audio.read(ANSWERS / "question-04-partial.flac")):
        terminal.expect_exact("recording")
        terminal.expect(r"0:0[6-9] of")
        sound_card.unplug()
    try:
        terminal.expect_exact("disconnected")
        terminal.expect_exact("What you said")
        terminal.send("q")
        terminal.expect(pexpect.EOF)
    finally:
        sound_card.plug()
    (given,) = the_session(own_home).answers
    assert given.analysis.length.words >= 5
    assert "disconnected" in given.notes[0]
