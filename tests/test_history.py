"""The index, progress, schedule, comparison, corrections and rescoring of sessions."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.conftest import transcript_of
from voiceprep.analysis import Coverage, Evidence, PointCoverage
from voiceprep.assessment import FillerWords, assess
from voiceprep.banks.own import learn_phrasings
from voiceprep.errors import BankError, SessionError
from voiceprep.history.comparison import compare
from voiceprep.history.index import INDEX_FILE, AnswerRow, Query, SessionRow, find
from voiceprep.history.progress import progress
from voiceprep.history.rescoring import rescore
from voiceprep.history.schedule import rating, schedule
from voiceprep.questions import KeyPoint, Question
from voiceprep.report.history import sparkline
from voiceprep.session import Answer, Correction, Session
from voiceprep.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from voiceprep.analysis import PointStatus
    from voiceprep.transcript import Transcript

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
POINTS = ("agreed on the business definition of churn", "improved data quality", "told")


def question(number: int = 1) -> Question:
    return Question(number, f"Question {number}?", "easy", None, tuple(map(KeyPoint, POINTS)))


def said(*statuses: PointStatus, text: str = "um we froze the schema") -> Answer:
    """Return an answer of ten seconds with these key points."""
    words = text.split()
    rows = [(w, float(i), i + 0.5) for i, w in enumerate(words)]
    transcript = transcript_of(*rows, duration=10.0)

    def cover(transcript: Transcript, question: Question) -> Coverage:
        evidence = Evidence("schema", 4.0, 4.5)
        return Coverage.of(
            PointCoverage(p, s, 0.9, evidence if s == "covered" else None)
            for p, s in zip(POINTS, statuses, strict=True)
        )

    asked = question()
    transcript, analysis = assess(transcript, asked, cover)
    return Answer(asked, None, transcript, analysis)


def row(day: int, score: float, fillers: float, number: int = 1) -> SessionRow:
    covered = round(3 * score)
    answer = AnswerRow(
        number, "Why?", 50, 30.0, 120.0, fillers, covered, 3, score, POINTS[covered:]
    )
    return SessionRow(str(day), NOON + timedelta(days=day), "bank", "finished", (answer,))


def keep(store: Store, *answers: Answer, bank: str = "bank") -> Session:
    with store.create(bank, [a.question for a in answers]) as held:
        for answer in answers:
            held.add(answer)
        held.finish()
        return held.session


# the index


def test_sessions_are_found_by_bank_question_date_and_words(own_home: Path) -> None:
    store = Store(own_home)
    one = keep(store, said("covered", "missed", "missed"))
    other = keep(store, said("missed", "missed", "missed", text="Über beans"), bank="other")
    assert {r.id for r in find(store)[0]} == {one.id, other.id}
    assert [r.id for r in find(store, Query(bank="bank"))[0]] == [one.id]
    assert [r.id for r in find(store, Query(text="FROZE the"))[0]] == [one.id]
    assert [r.id for r in find(store, Query(text="über"))[0]] == [other.id]
    assert find(store, Query(question=2))[0] == ()
    assert find(store, Query(since=datetime.now(UTC) + timedelta(days=1)))[0] == ()
    (found,) = find(store, Query(bank="bank"))[0]
    assert (found.covered, found.points, found.answers[0].missed) == (1, 3, POINTS[1:])


def test_the_index_follows_changes_and_can_be_thrown_away(own_home: Path) -> None:
    store = Store(own_home)
    session = keep(store, said("missed", "missed", "missed"))
    assert find(store)[0][0].covered == 0
    with store.reopen(session) as held:
        held.replace(session.with_answer(said("covered", "covered", "missed")))
    assert find(store)[0][0].covered == 2
    (own_home / INDEX_FILE).write_bytes(b"not a database at all" * 100)
    assert find(store)[0][0].covered == 2
    (own_home / INDEX_FILE).unlink()
    assert find(store)[0][0].covered == 2
    store.delete(session)
    assert find(store) == ((), ())


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_the_index_is_private(own_home: Path) -> None:
    keep(Store(own_home), said("missed", "missed", "missed"))
    find(Store(own_home))
    assert (own_home / INDEX_FILE).stat().st_mode & 0o777 == 0o600


def test_a_damaged_session_is_named_and_the_others_are_found(own_home: Path) -> None:
    store = Store(own_home)
    session = keep(store, said("missed", "missed", "missed"))
    find(store)
    other = keep(store, said("missed", "missed", "missed"))
    (store.path_of(other.id) / "session.json").write_text('{"schema"', encoding="utf-8")
    rows, problems = find(store)
    assert [r.id for r in rows] == [session.id]
    assert "damaged" in problems[0]


# progress


def test_progress_needs_four_sessions() -> None:
    assert progress([row(d, 0.5, 4) for d in range(3)]).measures == ()
    found = progress([row(d, s, 8 - 2 * d) for d, s in enumerate([0.0, 0.33, 0.67, 1.0])])
    points, fillers = found.measures[0], found.measures[1]
    assert points.values == (0.0, 33.0, 67.0, 100.0)
    assert points.change == pytest.approx((67 + 100) / 2 - 33 / 2)
    assert fillers.change == -4.0
    assert (found.questions[0].best, found.questions[0].last) == (1.0, 1.0)
    assert [(m.text, m.missed, m.asked) for m in found.missed] == [
        (POINTS[2], 3, 4),
        (POINTS[1], 2, 4),
        (POINTS[0], 1, 4),
    ]


def test_no_session_at_all() -> None:
    found = progress([])
    assert (found.sessions, found.measures, found.questions, found.missed) == (0, (), (), ())


def test_sparkline() -> None:
    assert sparkline([1, 2, 3]) == "▁▅█"
    assert sparkline([2, 2]) == "▅▅"


# the schedule


@pytest.mark.parametrize(
    ("score", "fillers", "words", "expected"),
    [
        (1.0, 0.0, 0, "again"),
        (0.39, 0.0, 50, "again"),
        (0.4, 0.0, 50, "hard"),
        (0.69, 0.0, 50, "hard"),
        (0.7, 0.0, 50, "good"),
        (0.7, 10.0, 50, "good"),
        (0.95, 10.1, 50, "hard"),
        (0.9, 5.0, 50, "easy"),
        (0.9, 5.1, 50, "good"),
        (0.9, None, 50, "easy"),
        (None, 11.0, 50, "hard"),
        (None, 3.0, 50, "good"),
    ],
)
def test_the_rule_from_result_to_rating(
    score: float | None, fillers: float | None, words: int, expected: str
) -> None:
    answer = replace(
        row(0, 0.0, 0.0).answers[0], score=score, fillers_per_minute=fillers, words=words
    )
    assert rating(answer) == expected


def test_weak_answers_come_back_before_strong_ones() -> None:
    sessions = [row(0, 0.0, 3, number=1), row(0, 1.0, 3, number=2), row(0, 0.7, 3, number=3)]
    later = NOON + timedelta(days=2)
    found = schedule(sessions, later)
    assert [d.question for d in found] == [1, 3, 2]
    assert found[0].due < found[1].due < found[2].due
    assert found[0].due <= later
    assert schedule(reversed(sessions), later) == found


def test_good_answers_grow_the_interval() -> None:
    once = schedule([row(0, 0.8, 3)], NOON)[0]
    twice = schedule([row(0, 0.8, 3), row(3, 0.8, 3)], NOON + timedelta(days=3))[0]
    assert twice.due - twice.last > once.due - once.last
    assert (twice.times, twice.rating) == (2, "good")


# comparing, correcting, rescoring


def test_comparison_names_what_was_gained_and_lost() -> None:
    found = compare(said("covered", "missed", "missed"), said("missed", "covered", "missed"))
    assert (found.gained, found.lost, found.still_missed) == (
        (POINTS[1],),
        (POINTS[0],),
        (POINTS[2],),
    )
    other = replace(said("missed", "missed", "missed"), question=question(2))
    with pytest.raises(SessionError, match="are different questions"):
        compare(said("missed", "missed", "missed"), other)


def test_a_correction_is_stored_and_survives_rescoring(own_home: Path) -> None:
    answer = said("missed", "missed", "covered")
    corrected = answer.corrected(
        Correction(POINTS[0], "covered", "WE froze the schema"), Correction(POINTS[2], "missed")
    )
    session = keep(Store(own_home), corrected)
    (stored,) = Store(own_home).load(session.id).answers
    assert stored == corrected
    assert stored.analysis.coverage is not None
    first, second, third = stored.analysis.coverage.points
    assert (first.status, first.corrected) == ("covered", True)
    assert first.evidence == Evidence("we froze the schema", 1.0, 4.5)
    assert (second.status, second.corrected) == ("missed", False)
    assert (third.status, third.evidence) == ("missed", None)
    assert stored.analysis.coverage.score == pytest.approx(1 / 3, abs=1e-3)

    def all_missed(transcript: Transcript, question: Question) -> Coverage:
        return Coverage.of(PointCoverage(p, "missed", 0.0, None) for p in POINTS)

    done = rescore(session, all_missed, FillerWords(off=("um",)))
    (fresh,) = done.session.answers
    assert fresh.analysis.fillers == ()
    assert fresh.analysis.coverage is not None
    assert [p.status for p in fresh.analysis.coverage.points] == ["covered", "missed", "missed"]


def test_corrections_of_what_is_not_there() -> None:
    answer = said("missed", "missed", "missed")
    with pytest.raises(SessionError, match="no key point “nope”"):
        answer.corrected(Correction("nope", "covered"))
    with pytest.raises(SessionError, match="“never” was not said"):
        answer.corrected(Correction(POINTS[0], "covered", "never"))


def test_corrected_words_are_learned_into_the_users_own_bank(
    own_home: Path, tmp_path: Path
) -> None:
    answer = replace(
        said("missed", "missed", "missed"),
        question=Question(3, "?", "easy", None, (KeyPoint(POINTS[0]),)),
    )
    asked = replace(answer.question, number=1)
    answer = replace(answer, question=asked)
    session = keep(Store(own_home), answer, bank="machine-learning")
    with pytest.raises(BankError, match="no key point was corrected"):
        learn_phrasings(session)
    fixed = answer.corrected(Correction(POINTS[0], "covered", "we froze the schema"))
    learned = learn_phrasings(session.with_answer(fixed))
    assert learned.phrasings == ("we froze the schema",)
    assert learned.path == tmp_path / "banks" / "machine-learning.txt"
    again = learn_phrasings(session.with_answer(fixed))
    assert again.phrasings == ()
    assert learned.path.read_text(encoding="utf-8").count("~ we froze the schema") == 1
