"""`voiceprep replay`, `progress` and what belongs to them, as a user types them."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

from tests.test_cli import voiceprep
from tests.test_history import POINTS, keep, said
from voiceprep.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from voiceprep.session import Session


@pytest.fixture
def session(own_home: Path) -> Session:
    return keep(Store(own_home), said("missed", "partial", "covered"))


def test_listing_filters_and_searches(session: Session) -> None:
    assert session.id in voiceprep("replay").out
    assert session.id in voiceprep("replay", "--search", "FROZE the", "--bank", "bank").out
    run = voiceprep("replay", "--search", "never said")
    assert (run.code, run.out, run.err) == (0, "", "No session fits.\n")
    assert voiceprep("replay", "--since", "2099-01-01").out == ""
    assert voiceprep("replay", "--since", "yesterday").code == 2


def test_nothing_to_list(own_home: Path) -> None:
    run = voiceprep("replay")
    assert (run.code, run.out) == (0, "")
    assert "No session yet" in run.err


def test_correcting_from_the_command_line(session: Session, own_home: Path) -> None:
    run = voiceprep(
        *("replay", "last", "-q", "1", "--correct", "1=covered", "--words", "froze the schema")
    )
    assert run.code == 0
    assert "froze the schema" in run.out
    (answer,) = Store(own_home).load("last").answers
    assert [c.status for c in answer.corrections] == ["covered"]
    again = json.loads(voiceprep("replay", "last", "--json").out)
    assert again["answers"][0]["analysis"]["coverage"]["points"][0]["corrected"] is True
    assert voiceprep("replay", "last", "--correct", "9=covered").code == 1
    assert voiceprep("replay", "last", "--correct", "1=maybe").code == 2
    wrong = voiceprep("replay", "last", "--correct", "2=covered", "--words", "never said")
    assert wrong.err == "Error: “never said” was not said in this answer\n"


def test_comparing_two_attempts(session: Session, own_home: Path) -> None:
    later = keep(Store(own_home), said("covered", "partial", "missed"))
    found = json.loads(voiceprep("replay", later.id, "--compare", session.id, "--json").out)
    assert {tuple(found[0]["gained"]), tuple(found[0]["lost"])} == {(POINTS[0],), (POINTS[2],)}
    shown = voiceprep("replay", later.id, "--compare", session.id).out
    assert "Covered now" in shown
    assert max(len(line) for line in shown.splitlines()) <= 80


def test_exports(session: Session) -> None:
    rows = list(csv.DictReader(io.StringIO(voiceprep("replay", "last", "--export", "csv").out)))
    assert [(r["session"], r["hesitations"], r["covered"]) for r in rows] == [
        (session.id, "1", "1")
    ]
    markdown = voiceprep("replay", "last", "--export", "md").out
    assert "[um] we froze" in markdown
    assert "WEBVTT" in voiceprep("replay", "last", "--export", "vtt").out
    assert "00:00:00,000 -->" in voiceprep("replay", "last", "--export", "srt").out
    assert json.loads(voiceprep("replay", "last", "--export", "json").out)["id"] == session.id


def test_a_page_is_written(session: Session, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    run = voiceprep("replay", "last", "--html", str(page))
    assert (run.code, run.out) == (0, "")
    assert "froze" in page.read_text(encoding="utf-8")


def test_deleting_asks_first(session: Session, own_home: Path) -> None:
    refused = voiceprep("replay", "last", "--delete", stdin="n\n")
    assert refused.code == 1
    assert "nothing was deleted" in refused.err
    assert Store(own_home).load("last").id == session.id
    assert voiceprep("replay", "last", "--delete", "--yes").code == 0
    assert list((own_home / "sessions").iterdir()) == []


def test_actions_do_not_mix(session: Session) -> None:
    run = voiceprep("replay", "last", "--delete", "--export", "md")
    assert run.code == 2
    assert "--export and --delete do not go together" in run.err


def test_a_missing_recording_leaves_the_rest(session: Session, own_home: Path) -> None:
    held = Store(own_home).reopen(session)
    (answer,) = session.answers
    from dataclasses import replace

    held.add(replace(answer, audio="answer-01.wav"))
    held.release()
    assert "What you said" in voiceprep("replay", "last").out
    run = voiceprep("replay", "last", "--play")
    assert run.code == 1
    assert "answer-01.wav: no such file" in run.err


def test_rescoring_tells_what_changed(session: Session, own_home: Path) -> None:
    run = voiceprep("replay", "last", "--rescore")
    assert run.code == 0
    assert "before" in run.out
    (answer,) = Store(own_home).load("last").answers
    assert answer.analysis.coverage is not None
    assert [p.text for p in answer.analysis.coverage.points] == list(POINTS)


def test_progress(session: Session, own_home: Path) -> None:
    few = voiceprep("progress")
    assert "Not enough for a trend yet: 3 more sessions to go." in few.out
    for _ in range(3):
        keep(Store(own_home), said("covered", "covered", "covered"))
    run = voiceprep("progress")
    assert "over the sessions" in run.out
    assert "What to practise next" in run.out
    assert max(len(line) for line in run.out.splitlines()) <= 80
    data = json.loads(voiceprep("progress", "--json").out)
    assert data["sessions"] == 4
    assert data["due"][0]["bank"] == "bank"


def test_nothing_is_due(own_home: Path) -> None:
    run = voiceprep("practice", "behavioural", "--due", "--no-speech")
    assert (run.code, run.err) == (1, "Error: behavioural: no question is due\n")


def test_key_points_are_shown_and_written(tmp_path: Path) -> None:
    bank = tmp_path / "mine.txt"
    bank.write_text(
        "Question 1\nDifficulty: easy\nWhy?\nSample answer\nI usually start with a simple "
        "baseline. Then I compare it with stronger models. We monitor drift after launch.\n",
        encoding="utf-8",
    )
    shown = voiceprep("questions", "key-points", str(bank))
    assert shown.out.startswith("Question 1 (derived)\n- ")
    assert "I usually" not in shown.out
    assert voiceprep("questions", "key-points", str(bank), "--write").code == 0
    assert "Key points\n- " in bank.read_text(encoding="utf-8")
    assert "(derived)" not in voiceprep("questions", "key-points", str(bank)).out
    assert voiceprep("questions", "check", str(bank)).code == 0
