"""Key points from a sample answer: the same short claims every time."""

from __future__ import annotations

import re

from voiceprep.clauses import clauses, word_count
from voiceprep.questions import KeyPoint, Question

FEWEST, MOST = 4, 7
"""How many key points a question has; the shipped banks have 5 to 7."""

MIN_WORDS, MAX_WORDS = 4, 18
"""Length of a key point in words."""

_SUBJECT = r"(?:i|we|you|they|it|this|that)"
_ADVERB = (
    r"(?:usually|often|generally|typically|normally|also|always|really|then|now|just|"
    r"quickly|personally|first|finally|actually|basically|mostly|sometimes)"
)
_OPENING = re.compile(
    r"^(?:(?:and|but|so|or|then|also|because|while|which|instead|finally|first|second|third|"
    r"next|after that|after launch|overall|in general|for me|to me|in my last role|"
    r"on one project|from there|at that point|since then|in practice|in short|of course|"
    r"well|okay|sure|for example|for instance)\b[\s,:]*)+",
    re.IGNORECASE,
)
_FRAME = re.compile(
    rf"^(?:(?:what )?i(?:'d| would)? (?:{_ADVERB} )?(?:think|believe|feel|learned|found|"
    rf"realized|realised|say|guess)(?: that)?|(?:the|one|my) (?:main|big|biggest|key)? ?"
    rf"(?:lesson|goal|point|takeaway|experience)(?: was| is| reinforced)?(?: that| to)?)\s+",
    re.IGNORECASE,
)
_HEDGED_SUBJECT = re.compile(
    rf"^(?:i|we)(?:'d|'ll|'ve| would| will| had to| have to| try to| tried to| like to|"
    rf" prefer to| tend to| want to| make sure to| had| have| can| could)?"
    rf"(?: {_ADVERB})*\s+(?=\w)",
    re.IGNORECASE,
)
_EDGE = re.compile(r"^[\s,;:.!?\"'()-]+|[\s,;:.!?\"'()-]+$")


def derive(sample_answer: str) -> tuple[KeyPoint, ...]:
    """Return 4 to 7 short claims of a sample answer, in its order; fewer if it says less.

    Hedges and first persons are taken off ("I usually start by" gives "start by"). Of
    more than seven claims, those with the most words of their own are kept.
    """
    texts = [_claim(sample_answer[a:b]) for a, b in _units(sample_answer)]
    kept = [t for t in dict.fromkeys(texts) if word_count(t) >= MIN_WORDS]
    if len(kept) > MOST:
        best = sorted(range(len(kept)), key=lambda i: (-_weight(kept[i], kept), i))[:MOST]
        kept = [kept[i] for i in sorted(best)]
    return tuple(KeyPoint(text) for text in kept)


def _units(text: str) -> list[tuple[int, int]]:
    """Return the clauses, each joined to the next as long as the two fit a key point."""
    units: list[tuple[int, int]] = []
    for start, end in clauses(text):
        ended = units and text[units[-1][1] - 1] in ".?!"
        joined = word_count(text[units[-1][0] : end]) if units else MAX_WORDS + 1
        if units and not ended and joined <= MAX_WORDS:
            units[-1] = (units[-1][0], end)
        else:
            units.append((start, end))
    return units


def _claim(clause: str) -> str:
    """Return a clause as a key point: no opening word, no "I usually", no full stop."""
    text = _EDGE.sub("", clause)
    for pattern in (_OPENING, _FRAME, _OPENING, _HEDGED_SUBJECT, _OPENING):
        shorter = _EDGE.sub("", pattern.sub("", text))
        text = shorter if word_count(shorter) >= MIN_WORDS else text
    words = text.split()
    if words and words[0][:1].isupper() and not words[0].isupper():
        words[0] = words[0][:1].lower() + words[0][1:]
    return " ".join(words)


def _weight(text: str, others: list[str]) -> float:
    """Return how much a claim says that the other claims do not: its own long words."""
    elsewhere = {w for other in others if other != text for w in _content(other)}
    return sum(0.5 if w in elsewhere else 1.0 for w in _content(text))


def _content(text: str) -> set[str]:
    return {w for w in re.findall(r"[a-z]+", text.lower()) if len(w) > 3}


def points_of(question: Question) -> tuple[KeyPoint, ...]:
    """Return the key points of a question: the bank's, else derived ones, else none."""
    if question.key_points or not question.sample_answer:
        return question.key_points
    return derive(question.sample_answer)
