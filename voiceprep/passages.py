"""Passages: the stretches of a spoken answer that are read for its key points."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from voiceprep.clauses import Span, clauses, sentences, word_count

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST_WORDS, MOST_WORDS = 6, 32
"""Words of a passage: shorter sentences are read with the next one, longer ones in parts.
Most points are made in 10 to 30 words."""

FEWEST_WORDS = 3
"""Nothing shorter makes a claim."""

ECHO = 0.75
"""Share of a passage's words standing in the question from which it only repeats it."""


def passages(text: str, question: str) -> list[Span]:
    """Return the stretches of an answer that are read, but for the question read back."""
    asked = set(words_of(question))
    spans: list[Span] = []
    for sentence in _merged(text, sentences(text)):
        spans += _parts(text, sentence)
    return [span for span in spans if _claims_something(text[slice(*span)], asked)]


def _merged(text: str, spans: Sequence[Span]) -> list[Span]:
    """Return sentences, those of a few words joined to the next, or else to the last."""
    found: list[Span] = []
    begin: int | None = None
    for start, end in spans:
        begin = start if begin is None else begin
        if word_count(text[begin:end]) >= LEAST_WORDS:
            found.append((begin, end))
            begin = None
    if begin is not None:
        first = found.pop()[0] if found else begin
        found.append((first, spans[-1][1]))
    return found


def _parts(text: str, sentence: Span) -> list[Span]:
    """Return a sentence, a long one in runs of clauses that overlap by one."""
    start, end = sentence
    if word_count(text[start:end]) <= MOST_WORDS:
        return [sentence]
    inside = [(start + a, start + b) for a, b in clauses(text[start:end])]
    found: list[Span] = []
    first = 0
    while first < len(inside):
        last = first
        while last + 1 < len(inside) and _fits(text, inside[first], inside[last + 1]):
            last += 1
        found.append((inside[first][0], inside[last][1]))
        if last + 1 == len(inside):
            break
        first = max(last, first + 1)
    return found


def _fits(text: str, first: Span, last: Span) -> bool:
    return word_count(text[first[0] : last[1]]) <= MOST_WORDS


def _claims_something(passage: str, asked: set[str]) -> bool:
    """Tell whether a passage is long enough, and not only the question read back."""
    words = words_of(passage)
    return len(words) >= FEWEST_WORDS and sum(w in asked for w in words) < ECHO * len(words)


def words_of(text: str) -> list[str]:
    """Return the words of a text, in lower case and without marks."""
    return re.findall(r"[\w']+", text.lower().replace("’", "'"))
