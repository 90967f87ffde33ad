from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT
from voiceprep.banks import bank_files, check_bank, find_bank, load_bank
from voiceprep.banks.text import parse_bank, with_key_points, with_phrasing
from voiceprep.errors import BankError
from voiceprep.questions import KeyPoint, select

SOUND = """Question 1
Difficulty: medium
Can you walk me through
a project?

Sample answer
In my last role,

I worked on churn.
Key points
- framed the business
  definition of the target
  ~ first we agreed on
    what churn is
- made the pipeline reproducible

Question 2
Difficulty: Easy
Why?
"""


def parsed(text: str) -> tuple[list[str], list[str]]:
    bank, problems = parse_bank(text, Path("bank.txt"))
    return [q.text for q in bank.questions], list(problems)


def test_texts_run_over_lines_and_blank_lines() -> None:
    bank, problems = parse_bank(SOUND, Path("bank.txt"))
    assert problems == ()
    first, second = bank.questions
    assert first.text == "Can you walk me through a project?"
    assert first.sample_answer == "In my last role, I worked on churn."
    assert first.key_points[0].text == "framed the business definition of the target"
    assert first.key_points[0].phrasings == ("first we agreed on what churn is",)
    assert first.key_points[1].phrasings == ()
    assert (second.difficulty, second.sample_answer, second.key_points) == ("easy", None, ())


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_any_line_ending_with_or_without_byte_order_mark(
    tmp_path: Path, ending: str, mark: bytes
) -> None:
    path = tmp_path / "bank.txt"
    path.write_bytes(mark + SOUND.replace("\n", ending).encode())
    assert [q.number for q in load_bank(str(path)).questions] == [1, 2]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "bank.txt:1: expected 'Question 1', found an empty file"),
        ("Hello\n", "bank.txt:1: expected 'Question 1', found 'Hello'"),
        (
            "Question one\nDifficulty: easy\nWhy?\n",
            "bank.txt:1: expected 'Question' and a whole number from 1, found 'Question one'",
        ),
        (
            "Question 1\nDifficulty: brutal\nWhy?\n",
            "bank.txt:2: expected Difficulty easy, medium or hard, found 'brutal'",
        ),
        (
            "Question 1\nWhy?\n",
            "bank.txt:1: expected a line 'Difficulty: ...' in question 1, found none",
        ),
        (
            "Question 1\nDifficulty: easy\n",
            "bank.txt:1: expected the text of question 1, found none",
        ),
        (
            "Question 1\nDifficulty: easy\nWhy?\nSample answer\n\n",
            "bank.txt:4: expected the sample answer of question 1, found nothing",
        ),
        (
            "Question 1\nDifficulty: easy\nWhy?\nKey points\nnot a point\n- a\n",
            "bank.txt:5: expected a key point beginning with '- ', found 'not a point'",
        ),
        (
            "Question 1\nDifficulty: easy\nWhy?\nKey points\n-\n- a b c\n",
            "bank.txt:5: expected a key point after the dash, found nothing",
        ),
        (
            "Question 1\nDifficulty: easy\nWhy?\nKey points\n- a b c\n  ~\n",
            "bank.txt:6: expected a phrasing after the '~', found nothing",
        ),
        (
            "Question 1\nDifficulty: easy\nWhy?\nQuestion 1\nDifficulty: easy\nHow?\n",
            "bank.txt:4: expected a number not used before, found a second 'Question 1' "
            "(the first is on line 1)",
        ),
    ],
)
def test_each_mistake_names_line_expectation_and_finding(text: str, problem: str) -> None:
    assert problem in parsed(text)[1]


def test_all_mistakes_in_one_run() -> None:
    text = "Question 1\nDifficulty: x\nWhy?\nQuestion 1\nHow?\nSample answer\nQuestion 3\n"
    problems = parsed(text)[1]
    assert [p.split(":")[1] for p in problems] == ["2", "4", "4", "6", "7", "7"]


def test_a_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "bank.txt"
    path.write_bytes(b"Question 1\nDifficulty: easy\nWhat is a caf\xe9?\n")
    with pytest.raises(BankError, match=r"bank\.txt:3: expected UTF-8 text, found byte 0xe9"):
        load_bank(str(path))


def test_banks_are_found_by_name_and_path(tmp_path: Path) -> None:
    assert find_bank("machine-learning").name == "machine-learning.txt"
    own = tmp_path / "mine.txt"
    own.write_text(SOUND, encoding="utf-8")
    assert find_bank(str(own)) == own
    with pytest.raises(BankError, match="no such file or bank; packaged banks: behavioural"):
        find_bank("machine-lerning")


@pytest.mark.parametrize("name", sorted(bank_files()))
def test_packaged_banks_are_sound(name: str) -> None:
    bank, problems = check_bank(name)
    assert problems == ()
    assert len(bank.questions) == 10
    for question in bank.questions:
        assert question.sample_answer is not None
        assert 5 <= len(question.key_points) <= 7
        assert all(len(p.phrasings) >= 10 for p in question.key_points)


def test_the_users_own_bank_is_word_for_word_as_given() -> None:
    given = ROOT.parent / "shared" / "bank" / "machine-learning.txt"
    if not given.is_file():
        pytest.skip("the bank as it was given is not part of the project")
    theirs, ours = load_bank(str(given)), load_bank("machine-learning")
    for mine, original in zip(ours.questions, theirs.questions, strict=True):
        assert (mine.number, mine.text, mine.difficulty, mine.sample_answer) == (
            original.number,
            original.text,
            original.difficulty,
            original.sample_answer,
        )
        assert [p.text for p in mine.key_points] == [p.text for p in original.key_points]


def test_selection() -> None:
    questions = load_bank("machine-learning").questions
    assert [q.number for q in select(questions, numbers=[7, 2, 7])] == [7, 2]
    assert {q.difficulty for q in select(questions, difficulties=["hard"])} == {"hard"}
    easy_first = select(questions, order="easy-first")
    assert [q.difficulty for q in easy_first] == ["easy"] * 3 + ["medium"] * 4 + ["hard"] * 3
    shuffled = select(questions, order="shuffle", seed=4, count=5)
    assert shuffled == select(questions, order="shuffle", seed=4, count=5)
    assert [q.number for q in shuffled] != [1, 2, 3, 4, 5]
    with pytest.raises(BankError, match="no question 11"):
        select(questions, numbers=[11])
    with pytest.raises(BankError, match="no question fits"):
        select(questions, numbers=[2], difficulties=["hard"])


# writing banks


def test_key_points_are_written_where_there_are_none_and_nothing_else_changes() -> None:
    text = SOUND.replace("Why?", "Why?\nSample answer\nBecause.")
    points = {2: (KeyPoint("says why"), KeyPoint("says because"))}
    written = with_key_points(text, points)
    assert written == text.rstrip("\n") + "\nKey points\n- says why\n- says because\n"
    bank, problems = parse_bank(written, Path("bank.txt"))
    assert problems == ()
    assert bank.questions[1].key_points == points[2]


def test_key_points_keep_line_endings_and_the_next_question() -> None:
    text = (
        "Question 1\r\nDifficulty: easy\r\nWhy?\r\n\r\nQuestion 2\r\nDifficulty: easy\r\nHow?"
    )
    written = with_key_points(text, {1: (KeyPoint("a"),), 2: (KeyPoint("b"),)})
    assert written == (
        "Question 1\r\nDifficulty: easy\r\nWhy?\r\nKey points\r\n- a\r\n\r\n"
        "Question 2\r\nDifficulty: easy\r\nHow?\r\nKey points\r\n- b\r\n"
    )


def test_a_phrasing_goes_under_its_own_key_point() -> None:
    written = with_phrasing(SOUND, 1, "framed the business definition of the target", "we sat")
    bank, problems = parse_bank(written, Path("bank.txt"))
    assert problems == ()
    first, second = bank.questions[0].key_points
    assert first.phrasings == ("first we agreed on what churn is", "we sat")
    assert second.phrasings == ()
    written = with_phrasing(SOUND, 1, "made the pipeline reproducible", "rerun it")
    assert parse_bank(written, Path("b"))[0].questions[0].key_points[1].phrasings == (
        "rerun it",
    )
    with pytest.raises(BankError, match="question 2 has no key point"):
        with_phrasing(SOUND, 2, "made the pipeline reproducible", "x")
