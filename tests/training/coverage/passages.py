"""What the entailment model learns from: claims, passages, and whether one says the other.

Passages come from the labelled `*.jsonl` files beside this one and from the phrasings of
the banks. Covered passages are also wrapped in words that turn them down, report them or
stress them, so that neither a negation nor its absence decides by itself.
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

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from voiceprep.encoder import Encoder, Vectors
    from voiceprep.questions import Question

HERE = Path(__file__).resolve().parent

SAID = {"covered": 1.0, "partial": 0.4}
"""What the first logit learns for a label; 0 for the others."""

OFF_TOPIC = 0.2
"""Share of the passages that are also read against a point of another question."""

OTHER_POINT_WEIGHT = 0.6
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
)
REPORTED = (
    "I believe there are companies where {p}.",
    "One day, maybe, {p}.",
    "A friend of mine says {p}, I couldn't tell you.",
    "I'm not sure whether {p}.",
    "Is it true that {p}? I wonder.",
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
    """Return every question of the banks that has passages."""
    rows = [
        json.loads(line)
        for path in sorted(HERE.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]
    found = []
    for name in bank_files():
        if name in leave_out:
            continue
        for question in load_bank(name).questions:
            passages = _passages(question, [r for r in rows if r["bank"] == name])
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
        Passage(i, "covered", phrasing)
        for i, point in enumerate(question.key_points)
        for phrasing in point.phrasings
    ]
    return (*written, *phrased)


def pairs(found: Sequence[Lesson], rng: random.Random) -> list[Pair]:
    """Return one round of pairs: every passage with its own point and with a near one."""
    made = []
    for lesson in found:
        for passage in lesson.passages:
            text, label = _restated(passage, rng)
            text = _misheard(_neighboured(text, passage, lesson, rng), rng)
            claim = _claim(lesson, passage.point, passage.text, rng)
            denied = float(label == "denied")
            made.append(Pair(claim, text, SAID.get(label, 0.0), denied, 1.0))
            if len(lesson.question.key_points) > 1:
                other = _other_point(lesson, passage, rng)
                claim = _claim(lesson, other, passage.text, rng)
                made.append(Pair(claim, text, 0.0, 0.0, OTHER_POINT_WEIGHT))
            if rng.random() < OFF_TOPIC and (elsewhere := rng.choice(found)) is not lesson:
                made.append(Pair(_any_claim(elsewhere, rng), text, 0.0, 0.0, 1.0))
    rng.shuffle(made)
    return made


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


def _neighboured(text: str, passage: Passage, lesson: Lesson, rng: random.Random) -> str:
    """Return the text with a clause about another point before or after it, now and then."""
    if rng.random() >= 0.35:
        return text
    other = rng.choice(lesson.passages)
    if other.point == passage.point:
        return text
    parts = [other.text[a:b] for a, b in clauses(other.text)]
    return f"{parts[-1]} {text}" if rng.random() < 0.5 else f"{text} {parts[0]}"


def _misheard(text: str, rng: random.Random) -> str:
    """Return the text with wrong words now and then, and often without punctuation."""
    if rng.random() < 0.15:
        text = _with_errors(text, rng.choice((0.05, 0.1, 0.2)), rng) or text
    if rng.random() < 0.3:
        text = re.sub(r"[.,?!;:—]+( |$)", r"\1", text).lower()
    return text


def _with_errors(text: str, rate: float, rng: random.Random) -> str:
    words = text.split()
    heard = []
    for word in words:
        error = rng.random() if rng.random() < rate else 1.0
        if error >= 0.7 and error < 1.0:
            heard.append(rng.choice(words))
        elif error >= 0.4 and len(word) > 3 and error < 1.0:
            heard.append(word[: rng.randrange(2, len(word))])
        elif error >= 0.4:
            heard.append(word)
    return " ".join(heard)


def _claim(lesson: Lesson, point: int, passage: str, rng: random.Random) -> str:
    """Return a point as the product asks for it: alone, or with its phrasing nearest by."""
    key_point, chance = lesson.question.key_points[point], rng.random()
    phrasings = [p for p in key_point.phrasings if p != passage]
    if chance < 0.3 or not phrasings:
        return key_point.text
    if rng.random() < 0.7:
        said = lesson.vectors[passage]
        phrasing = max(phrasings, key=lambda p: float(lesson.vectors[p] @ said))
    else:
        phrasing = rng.choice(phrasings)
    return f"{key_point.text}. {phrasing}" if chance < 0.85 else phrasing


def _any_claim(lesson: Lesson, rng: random.Random) -> str:
    """Return any point of a question, alone or with any of its phrasings."""
    point = rng.choice(lesson.question.key_points)
    if point.phrasings and rng.random() < 0.6:
        return f"{point.text}. {rng.choice(point.phrasings)}"
    return point.text


def _other_point(lesson: Lesson, passage: Passage, rng: random.Random) -> int:
    """Return another point of the question, the more likely the nearer it is."""
    weights = np.exp(6 * lesson.nearness(passage.text))
    weights[passage.point] = 0
    return rng.choices(range(len(weights)), weights.tolist())[0]
