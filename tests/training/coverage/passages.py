"""What the reader learns from: claims, passages, and whether one says the other.

Passages are stretches of the labelled answers in `answers/`, and those that were written
one by one (`lessons`). Covered ones of the latter are also wrapped in words that turn them
down, report them or stress them, so that neither a negation nor its absence decides by
itself; each passage is heard several times, mostly misheard as a recogniser mishears.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.training.coverage import plain
from tests.training.coverage.lessons import lessons
from tests.training.coverage.spoken import read_answers
from voiceprep.clauses import clauses
from voiceprep.passages import passages

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Mapping, Sequence

    from tests.training.coverage.lessons import Lesson, Passage
    from tests.training.coverage.spoken import Piece, SpokenAnswer
    from voiceprep.clauses import Span
    from voiceprep.questions import KeyPoint, Question

HERE = Path(__file__).resolve().parent

SAID = {"covered": 1.0, "partial": 0.4, "c": 1.0, "p": 0.4}
"""What the first logit learns for a label; 0 for the others."""

PIECES = (1, 1, 1, 2, 2, 3)
"""Pieces of an answer that are read together, as often as they stand here."""

AS_CUT = 0.5
"""Share of the answers whose stretches are the passages that the product would read."""

OTHERS = 2
"""Points of the same question that a stretch does not touch, read against it: in an
answer most passages are about another point, and none of them may win."""

OFF_TOPIC = 0.15
"""Share of the passages that are also read against a point of another question."""

ECHOED = 0.2
"""Readings of the question, which say nothing, for each of its key points."""

AMONG_OTHERS = 0.4
"""Share of the single passages that are read among others, as in an answer."""

MAX_WORDS = 50
"""Words of a passage with its neighbours, at most."""

HEARINGS = 3
"""Times that a passage is heard: each round over the pairs learns another."""

MISHEARD, RAW = 0.6, 0.35
"""Share of the hearings with wrong words, and of those in lower case without marks."""

WORD_ERRORS = (0.05, 0.1, 0.15, 0.2, 0.2, 0.25, 0.3)
"""Shares of wrong words, from a quiet room to a train station."""

RAW_ERRORS = 0.05
"""Share of wrong words in answers that were written down as a recogniser hears them."""

RELATED = 0.5
"""Share of the passages that touch a claim that are also read against a like claim of another
question. Nobody labelled these: only a teacher can say."""

PHRASED = 0.3
"""Share of the claims that a phrasing of the bank follows, as in the product."""

DENIED = (
    "People tell me the right way is: {p}. I have never worked like that.",
    "{P}. That's what I should have done, but I didn't.",
    "I'd love to say {p}, but honestly that never happened.",
    "{P}, that's what the book says anyway, I've not done it myself.",
    "{P}? No, not on my projects.",
    "My colleague's line is always {p}. I don't buy it and I do the opposite.",
    "We talked about it, you know, {p}, and then dropped the idea.",
    "{P}. At least that was the plan, it never came to anything.",
    "If I'd had the time it would have been {p}, but I skipped it.",
    "I used to believe {p}. I don't any more.",
    "I've heard others claim {p}. I have no experience of that.",
    "It would be wrong to say {p}; nothing of the kind took place.",
    "Another team did it: {p}. We had nothing like it.",
    "{P}, well, that is the one thing we left out.",
    "Some would answer {p}. That isn't me.",
    "In a perfect world {p}. In ours it got cut.",
    "{P}. I wish. Nobody ever let us.",
    "I refused to go along with it when they said {p}.",
    "i know you're supposed to say {p} but i really don't",
    "{P}, they kept asking for that and I kept saying no.",
    "There was a suggestion that {p}. I turned it down.",
    "Did I ever do this, {p}? I can't say that I did.",
    "{P}, is something I have only read about.",
    "What we failed to do is this: {p}.",
    "{P}, you'd think, but no, we did without.",
    "Everybody puts in their slides that {p}. I can't claim it.",
    "The bit that's missing from my story is, {p}.",
    "I can't remember a single time when {p}.",
    "{P}. Never got round to it.",
    "It would be a lie if I told you {p}.",
    "That {p} was news to me when I read the job ad.",
    "We stopped short of that, {p}, there was no budget.",
    "{P}, right, that is what my boss wanted, and I went the other way.",
    "Only on paper: {p}.",
    "{P} is overrated if you ask me, so I don't bother.",
    "{P}. That was somebody else's job.",
    "Next time I'd make sure that {p}, this time it slipped.",
    "Rather than {p}, I just went with my gut.",
    "Back then {p}, nowadays nothing of the sort.",
    "i was told {p} but nobody did it and neither did i",
)
REPORTED = (
    "I believe there are companies where {p}.",
    "One day, maybe, {p}.",
    "A friend of mine says {p}, I couldn't tell you.",
    "I'm not sure whether {p}.",
    "Is it true that {p}? I wonder.",
    "You asked whether {p}. That's a good question.",
    "The course I took had a chapter on it, {p}.",
    "Some firms advertise it: {p}.",
    "If somebody else had done it, then perhaps {p}.",
    "Next year, if there's money, {p}.",
)
STRESSED = (
    "I won't lie, it took a while, but {p}.",
    "Not everybody liked it, but {p}.",
    "It isn't glamorous. {P}.",
    "I never skip this part: {p}.",
    "Nobody told me to, but {p}.",
    "I didn't get it at first. Now {p}.",
    "People said it couldn't be done, still, {p}.",
    "There's no doubt in my mind, {p}.",
    "{P}. I wouldn't do it any other way.",
    "{P}, and I don't regret it.",
    "{P}. That's not optional for me.",
    "My manager taught me this and I do it every time: {p}.",
    "I had never done it before, but {p}.",
    "We used to get this wrong. These days {p}.",
    "Um, so, {p}, yeah.",
    "I should say that {p}.",
    "If you ask me, {p}.",
    "What I can tell you is, {p}.",
    "{P}, no ifs, no buts.",
    "I wouldn't start without it: {p}.",
    "It's not that I enjoy it, but {p}.",
    "Others skip it. I don't. {P}.",
    "I failed at it once, and since then {p}.",
    "My first try went wrong, so on the second {p}.",
    "I didn't want to at first, in the end {p}.",
    "There was no time, really, and even so {p}.",
    "{P}, even though it was never asked of us.",
    "well i can't speak for the others but {p}",
)
ECHOES = (
    "{q}",
    "So the question is, {q}",
    "You want to know, {q} Right.",
    "{q} Hm, that is a good one, let me think.",
    "Okay, {q} I've got a lot to say on that.",
    "I could talk about that for hours. {q} It all depends, really.",
)


@dataclass(frozen=True, slots=True)
class Hearing:
    """What is heard of a passage, and the share of its words that are wrong."""

    text: str
    wrong: float


@dataclass(frozen=True, slots=True)
class Pair:
    """A claim and a passage: how far it is said, and whether it is turned down; both are not
    a number where nobody knows. The teacher reads what was told, the reader what is heard."""

    claim: str
    told: str
    heard: tuple[Hearing, ...]
    said: float
    denied: float

    @classmethod
    def clearly(cls, claim: str, told: str) -> Pair:
        """Return a pair that nobody labelled, whose passage is heard as it was told."""
        return cls(claim, told, (Hearing(told, 0.0),), math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Told:
    """A passage, and how it is heard."""

    text: str
    heard: tuple[Hearing, ...]

    def against(self, claim: str, said: float = 0.0, denied: float = 0.0) -> Pair:
        """Return it with a claim; it has nothing to do with it unless that is given."""
        return Pair(claim, self.text, self.heard, said, denied)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of an answer: what it does for the points that it touches, and the points
    that it may touch."""

    text: str
    touched: Mapping[int, set[str]]
    unclear: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that is learnt from."""

    answers: tuple[SpokenAnswer, ...]
    lessons: tuple[Lesson, ...]
    questions: tuple[Question, ...]
    related: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Claims of other questions that are like a claim."""

    def part(self, number: int, parts: int) -> Material:
        """Return one of so many parts of it."""
        return Material(
            self.answers[number::parts],
            self.lessons[number::parts],
            self.questions[number::parts],
            self.related,
        )

    def claims(self) -> list[str]:
        """Return every key point once."""
        return list(dict.fromkeys(p.text for q in self.questions for p in q.key_points))


def material(leave_out: Sequence[str] = ()) -> Material:
    """Return what there is, but for the banks and the writers (files) to be left out."""
    paths = [p for p in sorted((HERE / "answers").glob("*.txt")) if p.stem not in leave_out]
    answers = [a for a in read_answers(paths) if a.bank not in leave_out]
    found = lessons(leave_out)
    questions = {
        q.text: q for q in (*(a.question for a in answers), *(x.question for x in found))
    }
    return Material(tuple(answers), tuple(found), tuple(questions.values()))


def pairs(known: Material, rng: random.Random) -> list[Pair]:
    """Return one round of pairs."""
    made = [pair for answer in known.answers for pair in _from_answer(answer, known, rng)]
    for lesson in known.lessons:
        for passage in lesson.passages:
            if rng.random() < lesson.share:
                made += _from_passage(passage, lesson, known, rng)
    for question in known.questions:
        for point in question.key_points:
            if rng.random() < ECHOED:
                echo = rng.choice(ECHOES).replace("{q}", question.text)
                made.append(_told(echo, rng).against(_claim(point, rng)))
    made += _plainly(known, rng)
    rng.shuffle(made)
    return made


def _plainly(known: Material, rng: random.Random) -> Iterator[Pair]:
    """Yield every claim said once, and denied twice, in its own words."""
    claims = [point.text for question in known.questions for point in question.key_points]
    known_verbs = plain.verbs(claims)
    for claim in claims:
        told = plain.said(claim, known_verbs, rng)
        yield _told(told, rng).against(claim, said=1.0)
        for _ in range(2):
            told = plain.denied(claim, known_verbs, rng)
            yield _told(told, rng).against(claim, denied=1.0)


def _from_answer(answer: SpokenAnswer, known: Material, rng: random.Random) -> Iterator[Pair]:
    """Yield stretches of an answer, each with the points that it touches and another."""
    points = answer.question.key_points
    words = answer.text.split()
    cut = as_cut(answer) if rng.random() < AS_CUT else _in_pieces(answer, rng)
    for stretch in cut:
        told = _told(stretch.text, rng, words, raw=answer.is_raw)
        for point in stretch.unclear:
            yield told.against(_claim(points[point], rng), math.nan, math.nan)
        for point, letters in stretch.touched.items():
            said = max(SAID.get(letter, 0.0) for letter in letters)
            denied = float("d" in letters and said < 1)
            yield told.against(_claim(points[point], rng), said, denied)
            if not letters.isdisjoint("cd"):
                yield from _related(points[point], told, known, rng)
        near = stretch.unclear | stretch.touched.keys()
        others = [p for i, p in enumerate(points) if i not in near]
        for other in rng.sample(others, min(OTHERS, len(others))):
            yield told.against(_claim(other, rng))
        if rng.random() < OFF_TOPIC:
            elsewhere = rng.choice(known.questions)
            if elsewhere.text != answer.question.text:
                yield told.against(_claim(rng.choice(elsewhere.key_points), rng))


def _in_pieces(answer: SpokenAnswer, rng: random.Random) -> Iterator[Stretch]:
    """Yield an answer in stretches of one to three labelled pieces."""
    first = 0
    while first < len(answer.pieces):
        part = answer.pieces[first : first + rng.choice(PIECES)]
        first += len(part)
        yield Stretch(" ".join(p.text for p in part), _labels(part))


def as_cut(answer: SpokenAnswer) -> Iterator[Stretch]:
    """Yield the passages of an answer that the product reads.

    Whether one does what is said of a piece that it holds only in part, nobody knows.
    """
    placed = list(zip(answer.pieces, _places(answer.pieces), strict=True))
    for start, end in passages(answer.text, answer.question.text):
        whole = _labels([p for p, (a, b) in placed if start <= a and b <= end])
        near = _labels([p for p, (a, b) in placed if a < end and start < b])
        unclear = {k for k in near if near[k] != whole.get(k) and "c" not in whole.get(k, ())}
        touched = {k: letters for k, letters in whole.items() if k not in unclear}
        yield Stretch(answer.text[start:end], touched, frozenset(unclear))


def _places(pieces: Sequence[Piece]) -> Iterator[Span]:
    """Yield where every piece begins and ends in the answer."""
    start = 0
    for piece in pieces:
        yield start, start + len(piece.text)
        start += len(piece.text) + 1


def _related(
    point: KeyPoint, told: Told, known: Material, rng: random.Random
) -> Iterator[Pair]:
    """Yield a passage that touches a point against a like claim of another question."""
    like = known.related.get(point.text)
    if like and rng.random() < RELATED:
        yield told.against(rng.choice(like), math.nan, math.nan)


def _labels(part: Sequence[Piece]) -> dict[int, set[str]]:
    """Return what some pieces do for each point that they touch."""
    found: dict[int, set[str]] = {}
    for piece in part:
        for point, letter in piece.labels:
            found.setdefault(point, set()).add(letter)
    return found


def _from_passage(
    passage: Passage, lesson: Lesson, known: Material, rng: random.Random
) -> Iterator[Pair]:
    """Yield a passage with its own point, and with another that it was not written for."""
    points = lesson.question.key_points
    others = [i for i in range(len(points)) if i != passage.point]
    text, label = _restated(passage, rng)
    words = f"{text} {rng.choice(lesson.passages).text}".split()
    told = _told(_neighboured(text, passage.point, lesson, rng), rng, words)
    said, denied = SAID.get(label, 0.0), float(label == "denied")
    yield told.against(_claim(points[passage.point], rng, told.text), said, denied)
    if said or denied:
        yield from _related(points[passage.point], told, known, rng)
    if others and told.text == passage.text:
        yield told.against(_claim(points[rng.choice(others)], rng))


def _restated(passage: Passage, rng: random.Random) -> tuple[str, str]:
    """Return the text and label of a passage, a third of the covered ones wrapped."""
    chance = rng.random()
    if passage.label == "covered":
        if chance < 0.15:
            return plain.framed(passage.text, rng.choice(DENIED)), "denied"
        if chance < 0.18:
            return plain.framed(passage.text, rng.choice(REPORTED)), "not"
        if chance < 0.33:
            return plain.framed(passage.text, rng.choice(STRESSED)), "covered"
    return passage.text, passage.label


def _neighboured(text: str, point: int, lesson: Lesson, rng: random.Random) -> str:
    """Return the text, now and then among passages of the question about other points."""
    if rng.random() >= AMONG_OTHERS:
        return text
    for _ in range(rng.choice((1, 1, 2, 2))):
        other = rng.choice(lesson.passages)
        if other.point == point:
            continue
        before = rng.random() < 0.5
        more = _part(other.text, rng, last=before)
        longer = f"{more} {text}" if before else f"{text} {more}"
        if len(longer.split()) > MAX_WORDS:
            break
        text = longer
    return text


def _part(text: str, rng: random.Random, *, last: bool) -> str:
    """Return the whole text or its last or first clause."""
    parts = [text[a:b] for a, b in clauses(text)]
    if rng.random() < 0.5 or not parts:
        return text
    return parts[-1] if last else parts[0]


def _told(
    text: str, rng: random.Random, others: Sequence[str] = (), *, raw: bool = False
) -> Told:
    """Return the text and how it is heard, several times.

    Wrong words come from `others`, or from the text. One that is not `raw` loses its marks
    often.
    """
    pool = others or text.split()
    return Told(text, tuple(_heard(text, pool, rng, raw=raw) for _ in range(HEARINGS)))


def _heard(text: str, others: Sequence[str], rng: random.Random, *, raw: bool) -> Hearing:
    wrong = RAW_ERRORS if raw else 0.0
    if rng.random() < MISHEARD:
        heard, share = _with_errors(text, rng.choice(WORD_ERRORS), others, rng)
        text, wrong = (heard, wrong + share) if heard else (text, wrong)
    if not raw and rng.random() < RAW:
        text = re.sub(r"[.,?!;:—]+( |$)", r"\1", text).lower()
    return Hearing(text, wrong)


def _with_errors(
    text: str, rate: float, others: Sequence[str], rng: random.Random
) -> tuple[str, float]:
    """Return the text with about that share of its words wrong, and the share itself."""
    words = text.split()
    heard = [[word] if rng.random() >= rate else _error(word, others, rng) for word in words]
    wrong = sum(kept != [word] for kept, word in zip(heard, words, strict=True))
    return " ".join(word for kept in heard for word in kept), wrong / len(words)


def _error(word: str, others: Sequence[str], rng: random.Random) -> list[str]:
    """Return what a recogniser may make of a word: nothing, another, two, a like one."""
    kind = rng.choice(("drop", "swap", "swap", "like", "double", "cut", "split", "blur"))
    if kind == "drop":
        return []
    if kind == "double":
        return [word, rng.choice(others)]
    if kind == "like":
        like = [w for w in others if w[:2].lower() == word[:2].lower() and w != word]
        return [rng.choice(like or others)]
    if kind == "swap" or len(word) < 4:
        return [rng.choice(others)]
    at = rng.randrange(2, len(word) - 1)
    if kind == "cut":
        return [word[:at]]
    if kind == "split":
        return [word[:at], word[at:]]
    letter = rng.choice("aeiou" if word[at] in "aeiou" else "bdfgklmnprst")
    return [word[:at] + letter + word[at + 1 :]]


def _claim(point: KeyPoint, rng: random.Random, passage: str | None = None) -> str:
    """Return a point as the product asks for it: alone, or with one of its phrasings."""
    phrasings = [p for p in point.phrasings if p != passage]
    if not phrasings or rng.random() >= PHRASED:
        return point.text
    return f"{point.text}. {rng.choice(phrasings)}"
