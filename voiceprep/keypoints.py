"""Key points from a sample answer: the same short claims every time."""

from __future__ import annotations

import re

from voiceprep.clauses import clauses, sentences, word_count
from voiceprep.questions import KeyPoint, Question

FEWEST, MOST = 4, 7
"""How many key points a question has; the shipped banks have 5 to 7."""

MIN_WORDS, MAX_WORDS = 3, 16
"""Length of a key point in words; those of the shipped banks have 4 to 15."""

_ADVERB = (
    r"(?:usually|often|generally|typically|normally|also|always|really|then|now|just|quickly|"
    r"personally|first|finally|actually|basically|mostly|sometimes|once|still|therefore|even)"
)
_CONNECTIVE = re.compile(
    r"^(?:(?:and|but|so|or|then|also|because|since|while|which|instead|finally|first|firstly|"
    r"second|secondly|third|thirdly|next|last|lastly|overall|in general|generally|of course|"
    r"well|okay|sure|for example|for instance|that said|in short|in practice|above all|"
    r"after that|since then|from there|at that point|for me|to me|where|who|that)\b[\s,:]*)+",
    re.IGNORECASE,
)
_FRAME = re.compile(
    rf"^(?:i(?:'d|'ve| would| have)? (?:{_ADVERB} )*(?:think|believe|feel|learned|learnt|found|"
    r"realized|realised|say|guess|know|remember)(?: that)?(?! about| of| how| out)|"
    r"(?:one|my|the)(?: \w+)? (?:lesson|takeaway|experience|goal|aim|point|rule|approach)"
    r"(?: \w+)?(?: (?:was|is|reinforced|taught me))(?: that| to)?(?! not))\s+",
    re.IGNORECASE,
)
_FIRST_PERSON = re.compile(
    rf"^(?:i|we)(?:'d|'ll|'ve| would| will| can| could| had to| have to| try to| tried to|"
    rf" like to| prefer to| tend to| want to| make sure to| had| have)?(?: {_ADVERB})*"
    r"(?: want(?! to))?\s+(?=\w)",
    re.IGNORECASE,
)
_SETTING = re.compile(
    r"^(?:if|when|whenever|while|although|though|since|because|as|after|before|once|instead of|"
    r"rather than|in|on|at|for|from|with|without|to|depending)\b",
    re.IGNORECASE,
)
_REASON = re.compile(r"^(?:because|since|so that|so|as|which|otherwise)\b", re.IGNORECASE)
_EDGE = re.compile(r"^[\s,;:.!?\"()—–-]+|[\s,;:.!?\"()—–-]+$")


def points_of(question: Question) -> tuple[KeyPoint, ...]:
    """Return the key points of a question: the bank's, else derived ones, else none."""
    if question.key_points or not question.sample_answer:
        return question.key_points
    return derive(question.sample_answer)


def derive(sample_answer: str) -> tuple[KeyPoint, ...]:
    """Return up to 7 short claims of a sample answer, in its order.

    Hedges, first persons, settings and reasons are taken off: "If it is urgent, I
    usually start by asking why, because that saves time" gives "start by asking why".
    Of more than seven claims those that say most that the others do not are kept; an
    answer of a sentence or two gives fewer than four.
    """
    claims = [
        claim
        for start, end in sentences(sample_answer)
        for claim in _claims(sample_answer[start:end])
    ]
    kept = [c for c in dict.fromkeys(claims) if word_count(c) >= MIN_WORDS]
    while len(kept) > MOST:
        kept.remove(min(kept, key=lambda claim: (_own_words(claim, kept), kept.index(claim))))
    return tuple(KeyPoint(text) for text in kept)


def _claims(sentence: str) -> list[str]:
    """Return the claims of one sentence."""
    parts = _without_reason(_without_setting([sentence[a:b] for a, b in clauses(sentence)]))
    joined: list[str] = []
    for part in parts:
        if joined and word_count(joined[-1]) + word_count(part) <= MAX_WORDS:
            joined[-1] += f" {part}"
        else:
            joined.append(part)
    return [_claim(part) for part in joined]


def _without_setting(parts: list[str]) -> list[str]:
    """Leave out an opening "if it is tabular data," where a main clause follows."""
    main = [i for i, part in enumerate(parts) if not _SETTING.match(part)]
    if not main or word_count(" ".join(parts[main[0] :])) <= MIN_WORDS:
        return parts
    return parts[main[0] :]


def _without_reason(parts: list[str]) -> list[str]:
    """Leave out a closing "because they are easy to explain"."""
    for i, part in enumerate(parts[1:], 1):
        if _REASON.match(part):
            return parts[:i]
    return parts


def _claim(clause: str) -> str:
    """Return a clause as a key point: no opening word, no "I usually", no full stop."""
    text = _EDGE.sub("", clause.replace("’", "'"))
    for pattern in (_CONNECTIVE, _FRAME, _CONNECTIVE, _FIRST_PERSON):
        shorter = _EDGE.sub("", pattern.sub("", text))
        text = shorter if word_count(shorter) >= MIN_WORDS else text
    words = text.split()
    if words and words[0][:1].isupper() and words[0][1:].islower() | (len(words[0]) == 1):
        words[0] = words[0] if words[0] == "I" else words[0].lower()
    return " ".join(words)


def _own_words(claim: str, all_claims: list[str]) -> float:
    """Return how many long words a claim has, those that others have too counted half."""
    elsewhere = {w for other in all_claims if other != claim for w in _content(other)}
    return sum(0.5 if w in elsewhere else 1.0 for w in _content(claim))


def _content(text: str) -> set[str]:
    return {w for w in re.findall(r"[a-z]+", text.lower()) if len(w) > 3}
