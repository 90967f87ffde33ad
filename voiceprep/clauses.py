"""Clauses: where a spoken text can be cut into single statements.

Recognised speech has little punctuation or none, so cuts fall at punctuation, before
connectives and before a new subject, and never leave a piece of a word or two.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Span = tuple[int, int]
"""Character offsets (start, end) into a text, end excluded."""

MIN_WORDS = 4
"""A clause shorter than this joins its neighbour: "you know", "I mean", "at first"."""

MAX_WORDS = 18
"""A longer clause is cut again, at the weaker places; English clauses average 8 to 12."""

_WORD = re.compile(r"\S+")
_SENTENCE_END = re.compile(r"[.?!…]+[\"')\]]*$")
_PAUSE_END = re.compile(r"[,;:—–]+[\"')\]]*$")
_STRONG = frozenset(
    ("but", "because", "although", "though", "whereas", "unless", "except", "however")
)
_CONNECTIVES = _STRONG | set(
    re.findall(
        r"\w+",
        "and so then when while if or which who where after before until since once instead",
    )
)
_SUBJECTS = frozenset(
    re.findall(
        r"[\w']+",
        "i i'm i'd i'll i've we we're we'd we'll we've you you're it it's that's there there's "
        "they they're he she this",
    )
)


def sentences(text: str) -> tuple[Span, ...]:
    """Return the spans of the sentences of a text; one for a text without full stops."""
    return tuple(_joined(group) for group in _grouped(text, _SENTENCE_END))


def clauses(text: str) -> tuple[Span, ...]:
    """Return the spans of the clauses of a text, in order, covering every word once."""
    found: list[Span] = []
    for sentence in _grouped(text, _SENTENCE_END):
        found += [_joined(group) for group in _cut(text, sentence)]
    return tuple(found)


def word_count(text: str) -> int:
    """Return the number of words, as separated by spaces."""
    return len(text.split())


def _joined(group: list[Span]) -> Span:
    return group[0][0], group[-1][1]


def _grouped(text: str, end: re.Pattern[str]) -> Iterator[list[Span]]:
    group: list[Span] = []
    for word in _WORD.finditer(text):
        group.append(word.span())
        if end.search(word[0]):
            yield group
            group = []
    if group:
        yield group


def _cut(text: str, words: list[Span]) -> list[list[Span]]:
    """Cut one sentence: at its pauses and strong connectives, long pieces at weaker places."""
    pieces = _split(words, [_is_break(text, words, i) for i in range(len(words))])
    result: list[list[Span]] = []
    for piece in pieces:
        if len(piece) > MAX_WORDS:
            result += _halved(text, piece)
        else:
            result.append(piece)
    return result


def _is_break(text: str, words: list[Span], at: int) -> bool:
    """Tell whether a new clause may begin at this word."""
    if at == 0:
        return False
    before = text[slice(*words[at - 1])]
    word = text[slice(*words[at])].lower().strip(",.;:")
    if _PAUSE_END.search(before) or word in _STRONG:
        return True
    if word in ("and", "so", "then") and at + 1 < len(words):
        return text[slice(*words[at + 1])].lower().strip(",.;:") in _SUBJECTS
    return False


def _split(words: list[Span], breaks: list[bool]) -> list[list[Span]]:
    """Cut where it breaks, joining what would be shorter than MIN_WORDS to what follows."""
    pieces: list[list[Span]] = []
    current: list[Span] = []
    for word, is_break in zip(words, breaks, strict=True):
        if is_break and len(current) >= MIN_WORDS:
            pieces.append(current)
            current = []
        current.append(word)
    if pieces and len(current) < MIN_WORDS:
        pieces[-1] += current
    elif current:
        pieces.append(current)
    return pieces


def _halved(text: str, words: list[Span]) -> list[list[Span]]:
    """Cut a long piece at the connective or subject nearest its middle, until none is long."""
    if len(words) <= MAX_WORDS:
        return [words]
    middle = len(words) / 2
    inner = range(MIN_WORDS, len(words) - MIN_WORDS + 1)
    at = min(inner, key=lambda i: (abs(i - middle) + _reluctance(text, words, i), i))
    return _halved(text, words[:at]) + _halved(text, words[at:])


def _reluctance(text: str, words: list[Span], at: int) -> float:
    """Return how many words off the middle a cut here costs: none before a connective."""
    word = text[slice(*words[at])].lower().strip(",.;:")
    if word in _CONNECTIVES:
        return 0.0
    return 2.0 if word in _SUBJECTS else 8.0
