"""What the entailment model learns from: claims, passages, and whether one says the other.

Passages come from the labelled `*.jsonl` files beside this one, some of them about claims
of other fields than the banks', and from the phrasings, key points and questions of the
banks. Covered passages are also wrapped in words that turn them down, report them or stress
them, so that neither a negation nor its absence decides by itself; many stand among
passages about other points, and many are misheard as a recogniser mishears.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from voiceprep.banks import bank_files, load_bank
from voiceprep.clauses import clauses
from voiceprep.questions import KeyPoint, Question

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from voiceprep.encoder import Encoder, Vectors

HERE = Path(__file__).resolve().parent

SAID = {"covered": 1.0, "partial": 0.4}
"""What the first logit learns for a label; 0 for the others."""

OFF_TOPIC = 0.2
"""Share of the passages that are also read against a point of another question."""

ECHOED = 0.5
"""Readings of the question, which say nothing, for each of its key points."""

AMONG_OTHERS = 0.4
"""Share of the passages that are read among others, as in an answer."""

MAX_WORDS = 50
"""Words of a passage with its neighbours, at most; the product reads up to 60."""

MISHEARD, RAW = 0.4, 0.4
"""Share of the passages with wrong words, and of those in lower case without marks."""

WORD_ERRORS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
"""Shares of wrong words, from a quiet room to a train station."""

OTHER_FIELDS = "other-fields.jsonl"
"""Passages about claims that no bank holds; each line names its field and its claim."""

OTHER_POINT = 0.5
"""Share of the passages that are also read against another point of their question."""

OTHER_POINT_WEIGHT = 0.8
"""A passage written for one point is taken as not making another one, with some doubt."""

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
class Passage:
    """Words written for one key point (its index), and what they do for it."""

    point: int
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question with its passages and the vectors of all texts, for finding near ones."""

    bank: str
    question: Question
    passages: tuple[Passage, ...]
    vectors: dict[str, Vectors]

    def nearness(self, text: str) -> Vectors:
        """Return the cosine of a text with every key point."""
        points = np.stack([self.vectors[p.text] for p in self.question.key_points])
        cosines: Vectors = points @ self.vectors[text]
        return cosines


@dataclass(frozen=True, slots=True)
class Pair:
    """A claim and a passage: how far it is said, whether it is turned down, and the weight."""

    claim: str
    passage: str
    said: float
    denied: float
    weight: float


def lessons(encoder: Encoder, leave_out: Sequence[str] = ()) -> list[Lesson]:
    """Return every question that has passages: those of the banks, then of other fields.

    `leave_out` names banks that are not to be learnt from.
    """
    rows = [
        json.loads(line)
        for path in sorted(HERE.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]
    asked = [
        (name, question, _passages(question, [r for r in rows if r.get("bank") == name]))
        for name in bank_files()
        if name not in leave_out
        for question in load_bank(name).questions
    ]
    asked += _other_fields([r for r in rows if "field" in r])
    found = []
    for name, question, passages in asked:
        texts = [p.text for p in passages] + [p.text for p in question.key_points]
        vectors = dict(zip(texts, encoder.sentences(texts), strict=True))
        found.append(Lesson(name, question, passages, vectors))
    return [lesson for lesson in found if lesson.passages]


def _passages(question: Question, rows: Sequence[dict[str, object]]) -> tuple[Passage, ...]:
    written = [
        Passage(int(str(r["point"])), str(r["label"]), str(r["text"]))
        for r in rows
        if r["question"] == question.number
    ]
    phrased = [
        Passage(i, "covered", text)
        for i, point in enumerate(question.key_points)
        for text in (*point.phrasings, point.text)
    ]
    return (*written, *phrased)


def _other_fields(
    rows: Sequence[dict[str, object]],
) -> list[tuple[str, Question, tuple[Passage, ...]]]:
    """Return the questions of other fields, their claims taken as key points."""
    by_question: dict[tuple[str, str], dict[str, list[dict[str, object]]]] = {}
    for row in rows:
        asked = by_question.setdefault((str(row["field"]), str(row["question"])), {})
        asked.setdefault(str(row["claim"]), []).append(row)
    found = []
    for number, ((field, text), claims) in enumerate(by_question.items(), 1):
        points = tuple(KeyPoint(claim) for claim in claims)
        passages = tuple(
            Passage(i, str(row["label"]), str(row["text"]))
            for i, told in enumerate(claims.values())
            for row in told
        )
        found.append((field, Question(number, text, "medium", None, points), passages))
    return found


def pairs(found: Sequence[Lesson], rng: random.Random) -> list[Pair]:
    """Return one round of pairs: every passage with its own point and with a near one."""
    made = []
    for lesson in found:
        for passage in lesson.passages:
            made += _pairs_of(passage, lesson, rng)
            if rng.random() < OFF_TOPIC and (elsewhere := rng.choice(found)) is not lesson:
                text = _misheard(_neighboured(passage.text, (), lesson, rng), rng)
                claim = _claim(elsewhere, _any_point(elsewhere, rng), None, rng)
                made.append(Pair(claim, text, 0.0, 0.0, 1.0))
        for point in range(len(lesson.question.key_points)):
            if rng.random() < ECHOED:
                text = _misheard(rng.choice(ECHOES).replace("{q}", lesson.question.text), rng)
                made.append(Pair(_claim(lesson, point, None, rng), text, 0.0, 0.0, 1.0))
    rng.shuffle(made)
    return made


def _pairs_of(passage: Passage, lesson: Lesson, rng: random.Random) -> list[Pair]:
    """Return a passage with its own point, and with another that its words do not make."""
    several = len(lesson.question.key_points) > 1
    other = _other_point(lesson, passage, rng) if several else passage.point
    text, label = _restated(passage, rng)
    text = _misheard(_neighboured(text, (passage.point, other), lesson, rng), rng)
    claim = _claim(lesson, passage.point, passage.text, rng)
    own = Pair(claim, text, SAID.get(label, 0.0), float(label == "denied"), 1.0)
    if not several or rng.random() >= OTHER_POINT:
        return [own]
    claim = _claim(lesson, other, passage.text, rng)
    return [own, Pair(claim, text, 0.0, 0.0, OTHER_POINT_WEIGHT)]


def _restated(passage: Passage, rng: random.Random) -> tuple[str, str]:
    """Return the text and label of a passage, a third of the covered ones wrapped."""
    chance = rng.random()
    if passage.label == "covered":
        if chance < 0.15:
            return _wrapped(passage.text, rng.choice(DENIED)), "denied"
        if chance < 0.18:
            return _wrapped(passage.text, rng.choice(REPORTED)), "not"
        if chance < 0.33:
            return _wrapped(passage.text, rng.choice(STRESSED)), "covered"
    return passage.text, passage.label


def _wrapped(text: str, wrapper: str) -> str:
    bare = text.rstrip(" .!?")
    lowered = bare if re.match(r"I\b|I'|[A-Z]{2}", bare) else bare[:1].lower() + bare[1:]
    return wrapper.replace("{p}", lowered).replace("{P}", bare)


def _neighboured(text: str, points: Sequence[int], lesson: Lesson, rng: random.Random) -> str:
    """Return the text, now and then among passages of the question about other points."""
    if rng.random() >= AMONG_OTHERS:
        return text
    for _ in range(rng.choice((1, 1, 2, 2))):
        other = rng.choice(lesson.passages)
        if other.point in points:
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


def _misheard(text: str, rng: random.Random) -> str:
    """Return the text with wrong words now and then, and often without punctuation."""
    if rng.random() < MISHEARD:
        text = _with_errors(text, rng.choice(WORD_ERRORS), rng) or text
    if rng.random() < RAW:
        text = re.sub(r"[.,?!;:—]+( |$)", r"\1", text).lower()
    return text


def _with_errors(text: str, rate: float, rng: random.Random) -> str:
    """Return the text with that share of its words dropped, doubled, swapped or broken."""
    words = text.split()
    heard: list[str] = []
    for word in words:
        heard += [word] if rng.random() >= rate else _error(word, words, rng)
    return " ".join(heard)


def _error(word: str, words: Sequence[str], rng: random.Random) -> list[str]:
    """Return what a recogniser may make of a word: nothing, another, two, a like one."""
    kind = rng.choice(("drop", "swap", "swap", "double", "cut", "split", "blur"))
    if kind == "drop":
        return []
    if kind == "double":
        return [word, rng.choice(words)]
    if kind == "swap" or len(word) < 4:
        return [rng.choice(words)]
    at = rng.randrange(2, len(word) - 1)
    if kind == "cut":
        return [word[:at]]
    if kind == "split":
        return [word[:at], word[at:]]
    letter = rng.choice("aeiou" if word[at] in "aeiou" else "bdfgklmnprst")
    return [word[:at] + letter + word[at + 1 :]]


def _claim(lesson: Lesson, point: int, passage: str | None, rng: random.Random) -> str:
    """Return a point as the product asks for it: alone, or with its phrasing nearest by.

    Now and then another passage that makes the point stands in for a phrasing.
    """
    key_point, chance = lesson.question.key_points[point], rng.random()
    if chance < 0.35:
        return key_point.text
    phrasings = [p for p in key_point.phrasings if p != passage]
    if not phrasings or chance > 0.9:
        phrasings = [
            p.text
            for p in lesson.passages
            if p.point == point and p.label == "covered" and p.text != passage
        ]
    if not phrasings:
        return key_point.text
    phrasing = rng.choice(phrasings)
    if passage is not None and rng.random() < 0.7:
        said = lesson.vectors[passage]
        phrasing = max(phrasings, key=lambda p: float(lesson.vectors[p] @ said))
    return f"{key_point.text}. {phrasing}"


def _any_point(lesson: Lesson, rng: random.Random) -> int:
    return rng.randrange(len(lesson.question.key_points))


def _other_point(lesson: Lesson, passage: Passage, rng: random.Random) -> int:
    """Return another point of the question, the more likely the nearer it is."""
    weights = np.exp(6 * lesson.nearness(passage.text))
    weights[passage.point] = 0
    return rng.choices(range(len(weights)), weights.tolist())[0]
