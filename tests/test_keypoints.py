from __future__ import annotations

import re

import pytest

from voiceprep.banks import bank_files, load_bank
from voiceprep.clauses import clauses, sentences
from voiceprep.keypoints import FEWEST, MAX_WORDS, MOST, derive, points_of
from voiceprep.questions import KeyPoint, Question

ANSWERS = [
    pytest.param(question.sample_answer, id=f"{name}-{question.number}")
    for name in bank_files()
    for question in load_bank(name).questions
    if question.sample_answer
]


@pytest.mark.parametrize("sample", ANSWERS)
def test_every_sample_answer_gives_four_to_seven_short_claims(sample: str) -> None:
    points = derive(sample)
    assert FEWEST <= len(points) <= MOST
    assert points == derive(sample)
    for point in points:
        assert len(point.text.split()) <= MAX_WORDS + 4
        assert not re.match(r"(?:i|we) (?:usually|often|always|also|would)\b", point.text, re.I)
        assert not point.text.endswith((".", ",", " and"))


@pytest.mark.parametrize("sample", ANSWERS[:10])
def test_derived_claims_are_the_words_of_the_sample_answer_in_its_order(sample: str) -> None:
    at = [sample.lower().replace("’", "'").find(p.text[5:25].lower()) for p in derive(sample)]
    assert -1 not in at
    assert at == sorted(at)


@pytest.mark.parametrize(
    ("sentence", "claim"),
    [
        ("I usually start by asking why.", "start by asking why"),
        (
            "If it is tabular data, I often begin with a plain baseline.",
            "begin with a plain baseline",
        ),
        (
            "We would always write the tests first, because they are the design.",
            "write the tests first",
        ),
        (
            "One big lesson was that people matter more than tools.",
            "people matter more than tools",
        ),
        ("And I also want monitoring in place.", "monitoring in place"),
        ("SQL was the tool of choice.", "SQL was the tool of choice"),
    ],
)
def test_hedges_settings_and_reasons_come_off(sentence: str, claim: str) -> None:
    assert [p.text for p in derive(sentence)] == [claim]


@pytest.mark.parametrize("nothing", ["", "   ", "Yes.", "..."])
def test_an_answer_that_says_nothing_gives_none(nothing: str) -> None:
    assert derive(nothing) == ()


def test_the_points_of_the_bank_come_before_derived_ones() -> None:
    points = (KeyPoint("tested it first"),)
    assert points_of(Question(1, "Why?", "easy", "I always ask why first.", points)) == points
    assert points_of(Question(1, "Why?", "easy", "I always ask why first.")) == (
        KeyPoint("ask why first"),
    )
    assert points_of(Question(1, "Why?", "easy")) == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Yes",
        "so i took the data and i cleaned it but nobody had told me which of the three tables "
        "was the right one so in the end we asked finance and they said it was none of them",
        "First, we met. Then, after a while, she left; I stayed on, because I liked it.",
    ],
)
def test_clauses_cover_every_word_once(text: str) -> None:
    parts = [text[a:b] for a, b in clauses(text)]
    assert " ".join(parts).split() == text.split()
    assert " ".join(text[a:b] for a, b in sentences(text)).split() == text.split()
