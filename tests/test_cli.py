"""The commands as a user types them: standard output, standard error and the exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
import pytest

from tests.conftest import ANSWERS
from voiceprep.cli import main

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = ("practice", "transcribe", "score", "replay", "questions", "doctor")
QUESTION_4 = ("--bank", "machine-learning", "--question", "4")


@dataclass(frozen=True)
class Run:
    code: int
    out: str
    err: str


def voiceprep(*arguments: str, stdin: str = "", **environment: str) -> Run:
    """Run the command line in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-m", "voiceprep", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert "Traceback" not in run.stderr
    return Run(run.returncode, run.stdout, run.stderr)


def every_command() -> list[tuple[str, ...]]:
    """Return every command and subcommand."""
    found: list[tuple[str, ...]] = [()]
    context = click.Context(main)
    for name in main.list_commands(context):
        found.append((name,))
        command = main.get_command(context, name)
        if isinstance(command, click.Group):
            found += [(name, sub) for sub in command.list_commands(context)]
    return found


@pytest.mark.parametrize("command", every_command(), ids=" ".join)
def test_every_command_has_help_with_an_example(command: tuple[str, ...]) -> None:
    run = voiceprep(*command, "--help")
    assert (run.code, run.err) == (0, "")
    assert "Example" in run.out
    assert max(len(line) for line in run.out.splitlines()) <= 80


def test_mistyped_options_and_commands() -> None:
    wrong = voiceprep("practice", "--limt", "3")
    assert (wrong.code, wrong.out) == (2, "")
    assert "No such option" in wrong.err
    assert "--limit" in wrong.err
    assert voiceprep("practise").code == 2


def test_settings_give_defaults_and_options_go_before_them(tmp_path: Path) -> None:
    settings = tmp_path / "mine.toml"
    settings.write_text('fillers = ["because"]\npace_band = [10, 20]\n', encoding="utf-8")
    text = "It failed because of the data."
    run = voiceprep("score", "-", "--json", stdin=text, VOICEPREP_SETTINGS=str(settings))
    assert [f["text"] for f in json.loads(run.out)["fillers"]] == ["because"]
    settings.write_text("fillrs = []\n", encoding="utf-8")
    run = voiceprep("score", "-", stdin=text, VOICEPREP_SETTINGS=str(settings))
    assert (run.code, run.out) == (1, "")
    assert run.err == f"Error: {settings}: unknown key 'fillrs'; did you mean fillers?\n"


def test_score_of_plain_text_has_no_times() -> None:
    run = voiceprep("score", "-", "--json", stdin="Um, I pin the dependencies.")
    data = json.loads(run.out)
    assert run.code == 0
    assert data["question"] is None
    assert data["length"] == {"words": 4, "seconds": None, "speech_seconds": None}
    assert data["pace"] == {"wpm": None, "articulation_wpm": None}
    assert [(f["text"], f["kind"], f["start"]) for f in data["fillers"]] == [
        ("Um", "hesitation", None)
    ]
    assert data["coverage"] is None
    assert "no question" in data["coverage_absent"]


def test_score_of_text_against_a_question(tmp_path: Path) -> None:
    path = tmp_path / "answer.txt"
    path.write_text("I split by date, and I measure on a holdout set.", encoding="utf-8")
    data = json.loads(voiceprep("score", str(path), *QUESTION_4, "--json").out)
    assert data["question"]["number"] == 4
    assert len(data["coverage"]["points"]) == 7
    for point in data["coverage"]["points"]:
        assert point["status"] in ("covered", "partial", "missed")
        if point["evidence"]:
            assert point["evidence"]["quote"] in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("score", "none.wav"), "none.wav: no such file"),
        (("score", "none.txt"), "none.txt: cannot be read (No such file or directory)"),
        (("score", "-", "--bank", "nope", "-q", "1"), "nope: no such file or bank"),
        (("score", "-", "--bank", "behavioural", "-q", "99"), "no question 99"),
        (("practice", "nope"), "nope: no such file or bank"),
        (("practice", "--resume"), "no session was interrupted"),
        (("practice", "--model", "/nowhere", "--no-speech"), "/nowhere"),
        (("replay", "nope"), "nope: no such session"),
        (("questions", "show", "behavioural", "-q", "99"), "no question 99"),
    ],
)
def test_bad_input_is_one_line(arguments: tuple[str, ...], complaint: str) -> None:
    run = voiceprep(*arguments)
    assert (run.code, run.out) == (1, "")
    assert complaint in run.err
    assert run.err.startswith("Error: ")
    assert run.err.count("\n") == 1


def test_misuse_is_2() -> None:
    run = voiceprep("score", "-", "--bank", "behavioural")
    assert run.code == 2
    assert "--bank and --question go together" in run.err


def test_check_prints_every_mistake(tmp_path: Path) -> None:
    bank = tmp_path / "bank.txt"
    bank.write_text("Question 1\nDifficulty: x\nWhy?\nQuestion 1\nHow?\n", encoding="utf-8")
    run = voiceprep("questions", "check", str(bank))
    assert run.code == 1
    assert len(run.out.splitlines()) == 3
    assert run.err == f"Error: {bank}: 3 mistakes\n"


@pytest.mark.weights
def test_a_session_from_recorded_answers_and_its_replay(own_home: Path) -> None:
    run = voiceprep("practice", "--answers", str(ANSWERS), "-q", "4", "-q", "9")
    assert run.code == 0
    assert "Question 1 of 2 (number 4, hard)" in run.out
    assert "holdout" in run.out
    assert "Nothing was heard." in run.out
    assert "Summary of 2 answers" in run.out
    assert "\x1b" not in run.out
    assert max(len(line) for line in run.out.splitlines()) <= 80
    assert all(line == line.rstrip() for line in run.out.splitlines())

    listed = json.loads(voiceprep("replay", "--json").out)
    assert len(listed) == 1
    shown = voiceprep("replay", "last")
    assert "Question 2 of 2 (number 9, easy)" in shown.out
    assert "Summary of 2 answers" in shown.out
    one = json.loads(voiceprep("replay", "last", "-q", "9", "--json").out)
    (silent,) = one["answers"]
    assert silent["analysis"]["length"]["words"] == 0
    assert silent["transcript"]["text"] == ""


@pytest.mark.weights
def test_practice_json_prints_the_session_and_nothing_else(own_home: Path) -> None:
    run = voiceprep("practice", "--answers", str(ANSWERS), "-q", "9", "--json")
    session = json.loads(run.out)
    (folder,) = (own_home / "sessions").iterdir()
    assert session == json.loads((folder / "session.json").read_text(encoding="utf-8"))
    assert session["schema"] == 1
    assert session["answers"][0]["audio"] == "answer-09.wav"


@pytest.mark.weights
def test_no_library_reports_what_is_done(tmp_path: Path) -> None:
    """ONNX Runtime would leave an identifier and a queue of events in the user's cache."""
    run = voiceprep(
        *("score", str(ANSWERS / "question-09-silent.flac"), *QUESTION_4),
        HOME=str(tmp_path),
        XDG_CACHE_HOME=str(tmp_path / ".cache"),
    )
    assert run.code == 0
    assert [p for p in tmp_path.rglob("*") if "onnxruntime" in str(p).lower()] == []
