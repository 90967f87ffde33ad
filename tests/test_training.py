"""What coverage learns from: the readers of its files, and that they keep to themselves."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.training.coverage import lessons as lessons_module
from tests.training.coverage.lessons import Passage, lessons
from tests.training.coverage.passages import HERE, Material, pairs
from tests.training.coverage.spoken import read_answers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.training.coverage.lessons import Lesson

INVENTED = """\
## field: logistics | What did you do about the strike?
* rerouted the shipment
c | The lorry went round by Metz.
d | It stayed in the yard until they were back.
* told the customer
n | The customer makes shoes.
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty `singles/` folder that the reader looks into."""
    monkeypatch.setattr(lessons_module, "HERE", tmp_path)
    (tmp_path / "singles").mkdir()
    return tmp_path / "singles"


def invented(folder: Path, text: str = INVENTED) -> list[Lesson]:
    (folder / "writer.txt").write_text(text, encoding="utf-8")
    return [lesson for lesson in lessons() if lesson.bank == "logistics"]


def test_single_passages_are_read(folder: Path) -> None:
    (lesson,) = invented(folder)
    assert [p.text for p in lesson.question.key_points] == [
        "rerouted the shipment",
        "told the customer",
    ]
    assert lesson.passages == (
        Passage(0, "covered", "The lorry went round by Metz."),
        Passage(0, "denied", "It stayed in the yard until they were back."),
        Passage(1, "not", "The customer makes shoes."),
    )


def test_a_line_of_no_kind_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"not understood: x \| what"):
        invented(folder, INVENTED + "x | what\n")


def test_a_writer_is_left_out(folder: Path) -> None:
    invented(folder)
    assert not [lesson for lesson in lessons(["writer"]) if lesson.bank == "logistics"]


def test_answers_are_read_piece_by_piece(tmp_path: Path) -> None:
    path = tmp_path / "answers.txt"
    head, point = INVENTED.splitlines()[:2]
    path.write_text(f"{head}\n{point}\n# dry, raw\n0c | round by metz\n- | you see\n")
    (answer,) = read_answers([path])
    assert (answer.text, answer.letters(0), answer.is_raw) == (
        "round by metz you see",
        {"c"},
        True,
    )
    path.write_text(f"{head}\n{point}\n# dry\n1c | round by Metz\n")
    with pytest.raises(ValueError, match=":4: the question has 1 key points"):
        read_answers([path])


def test_a_covered_passage_says_its_point_and_a_denied_one_does_not(folder: Path) -> None:
    (lesson,) = invented(folder)
    known = Material((), (lesson,), (lesson.question,))
    made = [p for seed in range(20) for p in pairs(known, random.Random(seed))]
    told = {(p.claim, p.passage): (p.said, p.denied) for p in made}
    shipment, customer = "rerouted the shipment", "told the customer"
    assert told[shipment, "The lorry went round by Metz."] == (1.0, 0.0)
    assert told[customer, "The lorry went round by Metz."] == (0.0, 0.0)
    assert told[shipment, "It stayed in the yard until they were back."] == (0.0, 1.0)


def test_what_is_validated_on_was_hardly_learnt() -> None:
    """Writers who know nothing of each other sometimes write the same claim."""
    tested = read_answers(sorted((HERE / "validation").glob("inv-*.txt")))
    claims = {p.text.lower() for a in tested for p in a.question.key_points}
    learnt = {p.text.lower() for x in lessons() for p in x.question.key_points}
    assert len(learnt) > 6_000
    assert len(claims & learnt) < 0.04 * len(claims)
