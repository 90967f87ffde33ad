"""What coverage learns from: the readers of its files, and that they keep to themselves."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import pytest

from tests.training.coverage import lessons as lessons_module
from tests.training.coverage.calibrate import Case, fit, score
from tests.training.coverage.lessons import Passage, lessons
from tests.training.coverage.passages import HERE, Material, as_cut, material, pairs
from tests.training.coverage.spoken import read_answers
from voiceprep.readings import Reading

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
    told = {(p.claim, p.told): (p.said, p.denied) for p in made}
    shipment, customer = "rerouted the shipment", "told the customer"
    assert told[shipment, "The lorry went round by Metz."] == (1.0, 0.0)
    assert told[customer, "The lorry went round by Metz."] == (0.0, 0.0)
    assert told[shipment, "It stayed in the yard until they were back."] == (0.0, 1.0)


def test_the_share_of_wrong_words_is_learnt_as_it_is(folder: Path) -> None:
    (lesson,) = invented(folder)
    known = Material((), (lesson,), (lesson.question,))
    made = [p for seed in range(20) for p in pairs(known, random.Random(seed))]
    as_written = {w.strip(".,?!").lower() for p in made for w in f"{p.told} {p.claim}".split()}
    heard = [h for p in made for h in p.heard]
    broken = [h for h in heard if {*h.text.lower().split()} - as_written]
    assert all(0 <= h.wrong <= 1 for h in heard)
    assert {h.wrong for h in heard if h.text == "The lorry went round by Metz."} == {0.0}
    assert [h for h in broken if h.wrong > 0]


def test_a_passage_with_a_part_of_a_piece_is_left_to_the_teacher(tmp_path: Path) -> None:
    whole = "The lorry went round by Metz."
    long = ", and ".join(["nobody rang the customer about it that day"] * 6)
    path = tmp_path / "answers.txt"
    head, point, *_ = INVENTED.splitlines()
    path.write_text(
        f"{head}\n{point}\n* told the customer\n# dry\n0c | {whole}\n1d | {long}.\n"
    )
    (answer,) = read_answers([path])
    first, *rest = as_cut(answer)
    assert (first.text, first.touched) == (whole, {0: {"c"}})
    assert not first.unclear
    assert len(rest) > 1
    assert not any(s.touched for s in rest)
    assert all(s.unclear == {1} for s in rest)
    told = {s.text for s in rest}
    known = Material((answer,), (), (answer.question,))
    made = [p for seed in range(20) for p in pairs(known, random.Random(seed))]
    assert {p.claim for p in made if math.isnan(p.said)} == {"told the customer"}
    assert told <= {p.told for p in made if math.isnan(p.said)}


def test_a_like_claim_of_another_question_is_left_to_the_teacher(folder: Path) -> None:
    (lesson,) = invented(folder)
    like = {"rerouted the shipment": ("sent the goods another way",)}
    known = Material((), (lesson,), (lesson.question,), like)
    made = [p for seed in range(20) for p in pairs(known, random.Random(seed))]
    left = [p for p in made if math.isnan(p.said)]
    assert {p.claim for p in left} == {"sent the goods another way"}
    assert all(math.isnan(p.denied) for p in left)
    assert not [p for p in made if p.claim == "sent the goods another way" and p not in left]


def test_the_threshold_falls_where_words_are_wrong() -> None:
    """Misheard points read worse, those that are made and those that are not."""
    rng = random.Random(0)

    def case(number: int, *, misheard: bool) -> Case:
        covered, denied = number % 2 == 0, number % 4 == 1
        said = rng.gauss(3.0 if covered else -3.0, 1.5) - 3.0 * misheard
        wrong = rng.gauss(0.2 if misheard else 0.02, 0.01)
        read = Reading((0, 9), said, rng.gauss(-2.0, 1.0), rng.random(), 0.0, wrong)
        return Case(str(number % 7), covered, denied, False, misheard, (read,))

    train = [case(i, misheard=i >= 200) for i in range(400)]
    head = fit(train, most_denied=0.1)
    heard = [c for c in train if c.misheard]
    called = score(head, heard) >= 0.5
    assert head.wrong > 0
    assert sum(called == [c.covered for c in heard]) > 0.9 * len(heard)
    denied = [c for c in train if c.denied and not c.misheard]
    assert (score(head, denied) >= 0.5).mean() <= 0.12


def test_what_is_validated_on_was_not_learnt() -> None:
    """Three claims of nine hundred stand in a bank or a `*.jsonl` file too."""
    tested = read_answers(sorted((HERE / "validation").glob("inv-*.txt")))
    learnt = material().questions
    claims = {p.text.lower() for a in tested for p in a.question.key_points}
    known = {p.text.lower() for q in learnt for p in q.key_points}
    assert len(known) > 60_000
    assert len(claims & known) <= 3
    assert not {a.question.text for a in tested} & {q.text for q in learnt}
