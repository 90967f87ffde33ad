"""Word error rate, hesitations and spelling variants left out on both sides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from voiceprep.recognition.hesitations.words import is_hesitation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = [
    "_",
    "ten",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
]
_SPELLINGS = {"mr": "mister", "mrs": "missus", "dr": "doctor", "ok": "okay"}


def words_of(text: str) -> list[str]:
    """Return the words in lower case, numbers written out, hesitations left out."""
    text = re.sub(r"(?<=\d),(?=\d)", "", text.lower())
    text = re.sub(r"['’]", "", text).replace("yknow", "you know")
    words: list[str] = []
    for word in re.findall(r"[a-z]+|\d+", text):
        if word.isdigit():
            words += _spoken(int(word))
        elif not is_hesitation(word):
            words.append(_SPELLINGS.get(word, word))
    return words


def edit_distance(said: Sequence[str], heard: Sequence[str]) -> int:
    """Return the least number of words to insert, delete or replace (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, x in enumerate(said, 1):
        above, row[0] = row[0], i
        for j, y in enumerate(heard, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (x != y))
    return row[-1]


def word_error_rate(pairs: Iterable[tuple[str, str]]) -> float:
    """Return errors per 100 words over (said, heard) texts."""
    errors = total = 0
    for said, heard in pairs:
        reference = words_of(said)
        errors += edit_distance(reference, words_of(heard))
        total += len(reference)
    return 100 * errors / max(total, 1)


def _spoken(number: int) -> list[str]:
    if number < 20:
        return [_ONES[number]]
    if number < 100:
        rest = number % 10
        return [_TENS[number // 10], *([_ONES[rest]] if rest else [])]
    for size, name in ((1_000_000, "million"), (1000, "thousand"), (100, "hundred")):
        if number >= size:
            rest = number % size
            return [*_spoken(number // size), name, *(_spoken(rest) if rest else [])]
    raise AssertionError(number)
