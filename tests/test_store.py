from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.conftest import transcript_of
from voiceprep import audio
from voiceprep.analysis import Coverage, Evidence, PointCoverage
from voiceprep.assessment import assess
from voiceprep.errors import SessionError
from voiceprep.history.index import interrupted
from voiceprep.questions import KeyPoint, Question
from voiceprep.session import Answer, Session
from voiceprep.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from voiceprep.transcript import Transcript

ONE = Question(1, "Why?", "easy", "Because.", (KeyPoint("because", ("as it is",)),))
TWO = Question(2, "How?", "hard")
SAID = transcript_of(("Um,", 0.2, 0.5), ("because.", 2.0, 2.6), duration=3.0)


def covered(transcript: Transcript, question: Question) -> Coverage:
    evidence = Evidence("because", 2.0, 2.6)
    return Coverage(1.0, (PointCoverage("because", "covered", 0.9, evidence),))


def answered(question: Question, audio_name: str | None = None) -> Answer:
    transcript, analysis = assess(SAID, question, covered)
    return Answer(question, audio_name, transcript, analysis, ("a note",))


@pytest.fixture
def store(own_home: Path) -> Store:
    return Store(own_home)


def test_session_round_trip(store: Store) -> None:
    held = store.create("bank", [ONE, TWO])
    held.add(answered(ONE))
    held.skip(TWO)
    held.finish()
    held.release()
    loaded = store.load("last")
    assert loaded == held.session
    assert Session.from_dict(json.loads(json.dumps(loaded.to_dict()))) == loaded
    assert (loaded.state, loaded.remaining, loaded.skipped) == ("finished", (), (2,))


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_folders_and_files_are_private(store: Store) -> None:
    held = store.create("bank", [ONE])
    path = held.new_take(ONE)
    audio.write(path, audio.silence(0.1))
    held.add(answered(ONE, path.name))
    modes = {p.name: p.stat().st_mode & 0o777 for p in held.folder.iterdir()}
    assert set(modes.values()) == {0o600}
    assert {"session.json", "session.lock", "answer-01.wav"} == set(modes)
    for folder in (store.folder, store.sessions_folder, held.folder):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_retake_replaces_the_answer_only_once_it_is_finished(store: Store) -> None:
    held = store.create("bank", [ONE])
    first = held.new_take(ONE)
    audio.write(first, audio.silence(0.1))
    held.add(answered(ONE, first.name))
    second = held.new_take(ONE)
    audio.write(second, audio.silence(0.2))
    assert first.exists()
    assert held.unfinished_takes() == ()
    held.add(answered(ONE, second.name))
    assert not first.exists()
    assert [a.audio for a in store.load(held.session.id).answers] == [second.name]


def test_an_interrupted_session_is_found_and_taken_up(store: Store) -> None:
    code = (
        "import os, sys; from pathlib import Path; from tests.test_store import *\n"
        "held = Store(Path(sys.argv[1])).create('bank', [ONE, TWO]); held.add(answered(ONE))\n"
        "audio.write(held.new_take(TWO), audio.silence(1.0)); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(store.folder)], check=False)
    (session,) = interrupted(store)
    with store.reopen(session) as held:
        assert [a.question.number for a in held.session.answers] == [1]
        ((question, path),) = held.unfinished_takes()
        assert question == TWO
        assert len(audio.read(path)) == audio.SAMPLE_RATE
        assert interrupted(store) == ()
        with pytest.raises(SessionError, match="another voiceprep is running it"):
            store.reopen(session)


def test_a_running_session_is_not_an_interrupted_one(store: Store) -> None:
    with store.create("bank", [ONE]), store.create("bank", [TWO]):
        assert interrupted(store) == ()
    assert len(interrupted(store)) == 2


def test_damaged_sessions_do_not_hide_the_others(store: Store) -> None:
    held = store.create("bank", [ONE])
    held.add(answered(ONE))
    held.release()
    for name, content in [("a", '{"schema": 1, "id"'), ("b", "{}"), ("c", '{"schema": 99}')]:
        folder = store.sessions_folder / name
        folder.mkdir()
        (folder / "session.json").write_text(content, encoding="utf-8")
    (store.sessions_folder / "lost").mkdir()
    (store.sessions_folder / "lost" / "answer-01.wav").touch()
    killed = store.sessions_folder / "killed-at-once"
    killed.mkdir()
    (killed / "session.lock").touch()
    (killed / ".session.json.x7f").touch()
    sessions, problems = store.all()
    assert [s.id for s in sessions] == [held.session.id]
    assert len(problems) == 4
    assert any("a/session.json: damaged" in p for p in problems)
    assert any("c/session.json: written by a newer voiceprep (schema 99" in p for p in problems)


def test_names(store: Store) -> None:
    with pytest.raises(SessionError, match="nothing: no such session"):
        store.load("nothing")
    with store.create("bank", [ONE]) as held, store.create("bank", [ONE]):
        assert store.load(held.session.id[:20]).id == held.session.id
        with pytest.raises(SessionError, match="could be any of"):
            store.load("2")


def test_a_session_without_answers_leaves_nothing(store: Store) -> None:
    with store.create("bank", [ONE]) as held:
        held.finish()
    assert store.all() == ((), ())
    assert not held.folder.exists()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    with pytest.raises(SessionError, match="cannot be created"):
        Store(blocked).create("bank", [ONE])
