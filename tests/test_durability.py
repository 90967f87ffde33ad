"""Killed at any instant, voiceprep loses no finished answer and half a second of audio."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ANSWERS
from tests.test_interview import Notes, nothing_to_compare
from voiceprep import audio
from voiceprep.assessment import FillerWords
from voiceprep.engines import load_transcriber
from voiceprep.history.index import interrupted
from voiceprep.interruption import Interruption
from voiceprep.interview import Interview, Setup
from voiceprep.keys import NoKeys
from voiceprep.listening import Limits
from voiceprep.recognition.voice_activity import VoiceActivity
from voiceprep.sound.answers import FileMicrophone
from voiceprep.sound.speaker import SilentSpeaker
from voiceprep.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from voiceprep.recognition.transcriber import Transcriber

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")

KILLS = 50
AT_ONCE = 4
BEHIND_S = 0.5
"""How far the audio on disk may be behind the microphone."""
SLOW_MACHINE_S = 0.5
"""What a loaded machine may add to that between a write and the kill."""

BANK = """Question 1
Difficulty: easy
What do you check?

Question 2
Difficulty: easy
What went wrong?
"""


@dataclass(frozen=True)
class Scene:
    """A bank of two questions with recorded answers of a few seconds."""

    bank: Path
    answers: Path
    lengths: dict[int, float]

    def command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "voiceprep", "practice", str(self.bank)),
            *("--answers", str(self.answers), "--paced", "--no-speech"),
        ]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("scene")
    bank = folder / "bank.txt"
    bank.write_text(BANK, encoding="utf-8")
    speech = audio.read(ANSWERS / "question-04-partial.flac")
    audio.write(folder / "q1.wav", speech[: 16_000 * 4])
    audio.write(folder / "q2.wav", speech[16_000 * 10 : 16_000 * 13])
    return Scene(bank, folder, {1: 4.0, 2: 3.0})


@dataclass(frozen=True)
class Killed:
    """What was left of a killed run: its home, its reports, and when it was killed."""

    home: Path
    reports: int
    at: float


def kill(scene: Scene, home: Path, after_s: float) -> Killed:
    with subprocess.Popen(
        scene.command(),
        env={**os.environ, "VOICEPREP_HOME": str(home), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as run:
        try:
            run.wait(after_s)
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
        at = time.time()
        out, _ = run.communicate()
    return Killed(home, out.count(b"\nTry next"), at)


def resume(scene: Scene, home: Path, transcriber: Transcriber) -> dict[int, float | None]:
    """Take up the interrupted session, if there is one; return the answers' lengths."""
    store = Store(home)
    for session in interrupted(store):
        setup = Setup(
            SilentSpeaker(),
            FileMicrophone(scene.answers),
            lambda context: transcriber.transcription(context=context),
            nothing_to_compare,
            NoKeys(),
            Notes(),
            Limits(60),
            VoiceActivity,
            FillerWords(),
        )
        with store.reopen(session) as held, Interruption() as interruption:
            Interview(setup, held, interruption).run()
    sessions, problems = store.all()
    assert problems == ()
    return {a.question.number: a.transcript.duration for s in sessions for a in s.answers}


def check_disk(scene: Scene, killed: Killed) -> None:
    """The take that was going on is on disk but for the last half second."""
    store = Store(killed.home)
    for session in interrupted(store):
        with store.reopen(session) as held:
            for question, path in held.unfinished_takes():
                written = audio.seconds(audio.read(path))
                if written < scene.lengths[question.number] - 0.11:
                    behind = killed.at - path.stat().st_mtime
                    assert behind <= BEHIND_S + SLOW_MACHINE_S


@pytest.mark.weights
def test_killed_at_fifty_random_moments(scene: Scene, tmp_path: Path) -> None:
    began = time.monotonic()
    whole = kill(scene, tmp_path / "whole", 300)
    duration = time.monotonic() - began
    assert whole.reports == 2
    moments = random.Random(20)
    times = [moments.uniform(0.05, 1.1) * duration for _ in range(KILLS)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = list(pool.map(lambda i: kill(scene, tmp_path / str(i), times[i]), range(KILLS)))
    transcriber = load_transcriber(None)()
    begun = 0
    for run in runs:
        check_disk(scene, run)
        before, _ = Store(run.home).all()
        begun += len(before)
        finished = {a.question.number for s in before for a in s.answers}
        assert len(finished) >= run.reports - 1  # the last may have been on its way to disk
        answers = resume(scene, run.home, transcriber)
        assert finished <= set(answers)
        if before:
            assert set(answers) == {1, 2}
            assert run.reports <= len(answers)
    assert begun >= KILLS // 2, "most kills should hit a session"


@pytest.mark.weights
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_the_answer_and_keeps_it(scene: Scene, tmp_path: Path, name: str) -> None:
    home = tmp_path / "home"
    with subprocess.Popen(
        scene.command(),
        env={**os.environ, "VOICEPREP_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as run:
        wait_for(lambda: any(home.rglob("answer-01.wav")))
        time.sleep(1.5)
        run.send_signal(getattr(signal, name))
        out, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert b"What you said" in out
    assert b"Traceback" not in err
    (session,) = interrupted(Store(home))
    (answer,) = session.answers
    assert answer.transcript.duration is not None
    assert 1.0 < answer.transcript.duration < 4.0


def wait_for(condition: Callable[[], bool], limit_s: float = 60.0) -> None:
    until = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


@pytest.mark.weights
def test_a_full_disk_ends_the_recording_and_is_reported(tmp_path: Path) -> None:
    home = tmp_path / "home"
    code = (
        "import resource, sys; from voiceprep.cli import main\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "sys.argv = ['voiceprep', *sys.argv[1:]]; main()"
    )
    command = [sys.executable, "-c", code, "practice", "--answers", str(ANSWERS), "-q", "4"]
    run = subprocess.run(
        command,
        env={**os.environ, "VOICEPREP_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0
    assert "recording stopped after 6." in run.stdout
    assert "free some space" in run.stdout
    (session,) = Store(home).all()[0]
    assert session.answers[0].analysis.length.words > 5
