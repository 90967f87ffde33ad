"""Hesitations among the words of a window: how they are spelled, and put in."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from voiceprep.transcript import Word

if TYPE_CHECKING:
    from collections.abc import Sequence

_SPELLINGS = re.compile(r"u+[hm]+|e+r+m*|h+m+|m+h*m+|a+h+")


@dataclass(frozen=True, slots=True)
class Hesitation:
    """One hesitation; times in seconds of the window, probability 0 to 1.

    `position` is the number of words said before it in the window, hesitations apart.
    """

    text: str
    start: float
    end: float
    probability: float
    position: int


def insert(words: Sequence[Word], hesitations: Sequence[Hesitation]) -> tuple[Word, ...]:
    """Return the verbatim words: the plain ones with the hesitations in their places.

    The hesitations that the plain words hold give way to those given; every other word
    stays as it is, but for a comma before a hesitation and for times that overlap it.
    """
    merged: list[Word] = []
    waiting = sorted(hesitations, key=lambda h: (h.position, h.start))
    plain = [w for w in unglued(words) if not is_hesitation(w.text)]
    for position in range(len(plain) + 1):
        while waiting and waiting[0].position <= position:
            _put(merged, waiting.pop(0), is_last=position == len(plain) and not waiting)
        if position < len(plain):
            merged.append(plain[position])
    for late in waiting:
        _put(merged, late, is_last=late is waiting[-1])
    return _without_overlap(merged)


def is_hesitation(text: str) -> bool:
    """Return whether a word is spelled like a hesitation."""
    return bool(_SPELLINGS.fullmatch(re.sub(r"[^a-z]", "", text.lower())))


def unglued(words: Sequence[Word]) -> tuple[Word, ...]:
    """Return the words with "forced...um...a" taken apart, its time shared by letters."""
    parted: list[Word] = []
    for word in words:
        pieces = re.findall(r"\s*[^.…]+[.…]*", word.text)
        if len(pieces) < 2 or not any(is_hesitation(p) for p in pieces):
            parted.append(word)
            continue
        at, pace = word.start, (word.end - word.start) / len(word.text)
        for piece in pieces:
            text = piece if piece.startswith(" ") else f" {piece}"
            parted.append(Word(text, at, at + pace * len(piece), word.probability))
            at += pace * len(piece)
    return tuple(parted)


def _put(merged: list[Word], hesitation: Hesitation, *, is_last: bool) -> None:
    """Append a hesitation as a word, punctuated."""
    before = merged[-1].text.rstrip() if merged else "."
    if merged and before[-1:] not in ".,?!…;:-":
        merged[-1] = replace(merged[-1], text=f"{merged[-1].text},")
    starts = before[-1:] in ".?!" and not before.endswith("...")
    text = hesitation.text.capitalize() if starts else hesitation.text
    merged.append(
        Word(
            f" {text}{'.' if is_last else ','}",
            hesitation.start,
            hesitation.end,
            hesitation.probability,
        )
    )


def _without_overlap(words: Sequence[Word]) -> tuple[Word, ...]:
    """Return the words with times in order; plain words give way to hesitations."""
    kept = list(words)
    for i, word in enumerate(kept):
        if not is_hesitation(word.text):
            continue
        if i and kept[i - 1].end > word.start:
            end = max(word.start, kept[i - 1].start)
            kept[i - 1] = replace(kept[i - 1], end=end)
        if i + 1 < len(kept) and kept[i + 1].start < word.end:
            start = word.end
            kept[i + 1] = replace(kept[i + 1], start=start, end=max(start, kept[i + 1].end))
    latest = 0.0
    for i, word in enumerate(kept):
        start = max(word.start, latest)
        kept[i] = replace(word, start=start, end=max(word.end, start))
        latest = start
    return tuple(kept)
