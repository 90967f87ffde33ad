from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import metadata
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.conftest import transcript_of
from voiceprep import entailment as room
from voiceprep.banks import bank_files, load_bank
from voiceprep.coverage import PARTIAL, cover, why_absent
from voiceprep.entailment import EntailmentModel, load_entailment
from voiceprep.errors import ModelError
from voiceprep.questions import KeyPoint, Question
from voiceprep.readings import NEAR_ENOUGH, USUAL_RELEVANCE, WORTH_A_SECOND_LOOK, readings
from voiceprep.transcript import Transcript

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

QUESTIONS = [
    pytest.param(question, id=f"{name}-{question.number}")
    for name in bank_files()
    for question in load_bank(name).questions
]

TESTING = Question(
    1,
    "How do you make sure that a release does not break anything?",
    "easy",
    None,
    (
        KeyPoint("runs the automated tests before every release"),
        KeyPoint("rolls the release out to a few users first"),
        KeyPoint("keeps a way to roll back within minutes"),
    ),
)


@pytest.fixture(scope="module")
def reader() -> EntailmentModel:
    return load_entailment()


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_sample_answer_word_for_word_covers_every_point(
    question: Question, reader: EntailmentModel
) -> None:
    found = cover(Transcript(question.sample_answer or ""), question, reader)
    assert [p.text for p in found.points if p.status != "covered"] == []
    assert found.score == 1


@pytest.mark.parametrize("question", QUESTIONS)
def test_reading_the_question_back_covers_nothing(
    question: Question, reader: EntailmentModel
) -> None:
    found = cover(Transcript(question.text), question, reader)
    assert [p.text for p in found.points if p.status != "missed"] == []


@pytest.mark.parametrize(
    "said",
    [
        "",
        "   ",
        "Um.",
        "Yes.",
        "Testing",
        "...",
        "I had pasta with tomatoes yesterday, and then my sister called from Lisbon about her "
        "new flat, which has a small balcony with a view of the river.",
        "Wir testen alles automatisch, bevor wir eine neue Version ausliefern, und können "
        "jederzeit innerhalb weniger Minuten zurückgehen.",
        "Nous lançons toujours les tests automatiques avant chaque livraison et nous pouvons "
        "revenir en arrière en quelques minutes.",
        "すべてのリリースの前に自動テストを実行します。",
    ],
)
def test_silence_a_word_another_topic_or_language_covers_nothing(
    said: str, reader: EntailmentModel
) -> None:
    found = cover(Transcript(said), TESTING, reader)
    assert [p.status for p in found.points] == ["missed"] * 3
    assert found.score == 0
    assert all(p.evidence is None and 0 <= p.score < PARTIAL for p in found.points)


def test_a_point_made_in_other_words_is_covered_with_the_words_that_make_it(
    reader: EntailmentModel,
) -> None:
    said = (
        "Well, we always run the whole automated test suite before each release goes out. "
        "And my favourite colour is green."
    )
    first, *_ = cover(Transcript(said), TESTING, reader).points
    assert first.status == "covered"
    assert first.evidence is not None
    assert first.evidence.quote in said
    assert "test suite" in first.evidence.quote
    assert "green" not in first.evidence.quote
    assert (first.evidence.start, first.evidence.end) == (None, None)


def test_a_denied_point_is_missed_and_says_so(reader: EntailmentModel) -> None:
    said = "Honestly, we never ran any automated tests before a release, there were none."
    first, *_ = cover(Transcript(said), TESTING, reader).points
    assert (first.status, first.evidence) == ("missed", None)
    assert first.denied is not None
    assert "never ran any automated tests" in first.denied.quote


def test_evidence_carries_the_times_of_its_words(reader: EntailmentModel) -> None:
    text = "before each release we always run all of our automated tests"
    said = text.split()
    words = [(word, 2.0 + i / 2, 2.4 + i / 2) for i, word in enumerate(said)]
    first, *_ = cover(transcript_of(*words, duration=9.0), TESTING, reader).points
    assert first.evidence is not None
    quoted = first.evidence.quote.split()
    at = said.index(quoted[0])
    assert said[at : at + len(quoted)] == quoted
    assert first.evidence.start == words[at][1]
    assert first.evidence.end == words[at + len(quoted) - 1][2]


def test_the_same_answer_gives_the_same_coverage_also_when_very_long(
    reader: EntailmentModel,
) -> None:
    said = Transcript("We run the automated tests before every release. " * 120)
    assert cover(said, TESTING, reader) == cover(said, TESTING, reader)
    assert cover(said, TESTING, reader).points[0].status == "covered"


def test_a_question_without_points_takes_them_from_its_sample_answer(
    reader: EntailmentModel,
) -> None:
    sample = "I always run the automated tests first. Then I ship to a few users."
    question = replace(TESTING, key_points=(), sample_answer=sample)
    found = cover(Transcript(sample), question, reader)
    assert [p.text for p in found.points] == [
        "run the automated tests first",
        "ship to a few users",
    ]
    assert found.score == 1


def test_a_question_with_nothing_to_compare_says_why(reader: EntailmentModel) -> None:
    question = replace(TESTING, key_points=())
    assert why_absent(question) == "the question has neither key points nor a sample answer"
    assert why_absent(TESTING) is None
    assert cover(Transcript("Anything."), question, reader).points == ()


def test_what_a_passage_says_does_not_hang_on_the_others(reader: EntailmentModel) -> None:
    passages = ["We run the tests.", "A few users get it first, the others on Monday.", "Yes."]
    claims = [point.text for point in TESTING.key_points]
    pairs = [(c, p) for p in passages for c in claims]
    together = load_entailment().read(pairs)
    assert together.shape == (9, 3)
    alone = [reader.read([(c, p) for c in claims]) for p in passages]
    assert np.array_equal(together, np.concatenate(alone))
    assert reader.read([]).shape == (0, 3)


def test_a_passage_is_near_a_claim_that_it_is_about(reader: EntailmentModel) -> None:
    claim, made, denied, beside = reader.vectors(
        [
            TESTING.key_points[0].text,
            "The automated tests are run before every single release.",
            "We skipped the automated tests and released.",
            "My sister lives in Lisbon with a view of the river.",
        ]
    )
    assert np.linalg.norm(claim) == pytest.approx(1, abs=1e-5)
    assert min(claim @ made, claim @ denied) > NEAR_ENOUGH > claim @ beside


def test_the_next_sentence_may_take_a_point_back(reader: EntailmentModel) -> None:
    said = "Yes, we run the whole automated test suite before each release goes out."
    point = TESTING.key_points[0].text
    kept, taken = (
        readings(f"{said} {more}", TESTING, reader)[0]
        for more in (
            "That takes about ten minutes on a good day.",
            "At least that was the plan, and in the end we never did.",
        )
    )
    assert reader.read([(point, said)])[0][0] > WORTH_A_SECOND_LOOK
    assert max(r.said for r in kept) > max(r.said for r in taken)
    assert max(r.denied for r in taken) > max(r.denied for r in kept)


SAID = "Before every release we run the automated tests."
OTHER_POINTS = (
    "Then the release goes to a few users first. If something is wrong, we can roll back "
    "within minutes."
)
OFF_THE_QUESTION = (
    "Then I went to Lisbon to see my sister. Her new flat has a small balcony and a view."
)


def test_the_rest_of_the_answer_counts(reader: EntailmentModel) -> None:
    def first(rest: str) -> tuple[float, float]:
        text = f"{SAID} {rest}".strip()
        score = cover(Transcript(text), TESTING, reader).points[0].score
        return score, readings(text, TESTING, reader)[0][0].relevance

    (alone, usual), (on, high), (off, low) = map(first, ("", OTHER_POINTS, OFF_THE_QUESTION))
    assert usual == pytest.approx(USUAL_RELEVANCE)
    assert low < usual < high
    assert off < alone < on


def test_a_point_that_another_passage_turns_down_is_in_doubt(reader: EntailmentModel) -> None:
    stands = f"{SAID} {OTHER_POINTS}"
    denied = f"{stands} But honestly, we never ran any automated test before a release."
    (before, *_), (after, *_) = (readings(t, TESTING, reader)[0] for t in (stands, denied))
    assert before.said == pytest.approx(after.said)
    assert before.refused < 0.5 < after.refused
    sure, doubted = (cover(Transcript(t), TESTING, reader).points[0] for t in (stands, denied))
    assert doubted.score < sure.score


def test_what_was_read_while_speaking_is_not_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = load_entailment()
    found: list[str] = []
    read: list[tuple[str, str]] = []

    def finding(texts: Collection[str]) -> dict[str, NDArray[np.float32]]:
        found.extend(texts)
        return EntailmentModel._find(model, texts)

    def reading(
        pairs: Collection[tuple[str, str]],
    ) -> dict[tuple[str, str], NDArray[np.float32]]:
        read.extend(pairs)
        return EntailmentModel._read(model, pairs)

    monkeypatch.setattr(model, "_find", finding)
    monkeypatch.setattr(model, "_read", reading)
    said = "We run all the tests before anything else. Then a few users have it for a day."
    more = "My colleague wrote all of that down in the handbook."
    cover(Transcript(said), TESTING, model)
    first = set(read)
    found.clear()
    cover(Transcript(f"{said} {more}"), TESTING, model)
    assert found == [more]
    assert first
    assert len(read) == len(set(read))


def test_two_threads_may_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_PREPARED", 0)
    monkeypatch.setattr(room, "MOST_KNOWN", 0)
    model, said = (
        load_entailment(),
        "We run all the tests first. A few users have it for a day.",
    )
    expected = cover(Transcript(said), TESTING, model)
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that they meet
    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(lambda _: cover(Transcript(said), TESTING, model), range(60)))
    sys.setswitchinterval(usual)
    assert again == [expected] * 60


def test_a_missing_package_is_named_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "PACKAGE", "voiceprep-no-such-package")
    with pytest.raises(
        ModelError, match=r"voiceprep-no-such-package is not installed; install"
    ):
        load_entailment()


def test_another_version_of_the_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PACKAGE_VERSION", "0.0.1")
    installed = metadata.version(room.PACKAGE)
    with pytest.raises(ModelError, match=rf"is version {installed}, not 0\.0\.1; install"):
        load_entailment()


@pytest.mark.parametrize("changed", ["the package's", room.ALONE, room.READ])
def test_altered_weights_are_refused(changed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if changed in room.SHA256:
        monkeypatch.setitem(room.SHA256, changed, "0" * 64)
    else:
        monkeypatch.setattr(room, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(ModelError, match="has been altered; reinstall"):
        load_entailment()


@pytest.mark.parametrize(
    "said",
    [
        "We didn't run automated tests before a release.",
        "We never ran automated tests before each release, to be honest.",
        "Nobody ran automated tests before every release.",
    ],
)
def test_a_claim_denied_in_its_own_words_is_missed(said: str, reader: EntailmentModel) -> None:
    first, *_ = cover(Transcript(said), TESTING, reader).points
    assert first.status == "missed"
