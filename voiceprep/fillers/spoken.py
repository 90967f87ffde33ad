"""A text as a listener has it: words, the gaps between them, fillers skipped over."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# A number with its unit, or letters joined by apostrophes and hyphens.
TOKEN = re.compile(r"[$€£~]?\d+(?:[.,:]\d+)*%?[^\W\d_]*|[^\W\d_]+(?:['\-][^\W_]+)*")
_QUOTES = frozenset("\"“”‘’'*`«»")

BOUNDARY, PAUSE, NO_GAP = ".", ",", ""


@dataclass(frozen=True, slots=True)
class Token:
    """A word in lower case with its place in the text and the gaps around it.

    `clipped` has an apostrophe before it ('er for her). A gap is "." at a sentence
    boundary, "," at any other punctuation, "" at a space.
    """

    word: str
    start: int
    end: int
    before: str
    after: str
    question: bool
    quoted: bool
    clipped: bool
    capitals: bool


class Words:
    """The words of a text as the rules see them: neighbours with other fillers skipped."""

    def __init__(self, tokens: Sequence[Token], *, stopped: bool = False) -> None:
        self.tokens = tokens
        self.fillers: set[int] = set()
        self.markers: set[int] = set()
        commas = sum(t.after == PAUSE for t in tokens)
        stops = sum(t.after == BOUNDARY for t in tokens[:-1])
        # Speech transcribed with punctuation has a mark every dozen words or so; short
        # texts are taken as punctuated when they end or begin like sentences.
        self.sentences = bool(tokens) and stopped
        self.punctuated = commas + stops > 0 or bool(tokens and tokens[-1].question)

    def index(self, i: int, step: int) -> int | None:
        """Return the place `step` words from `i`, fillers not counted, in its sentence."""
        way = 1 if step > 0 else -1
        while step:
            edge = self.tokens[i].after if way > 0 else self.tokens[i].before
            if edge == BOUNDARY or not 0 <= i + way < len(self.tokens):
                return None
            i += way
            step -= 0 if i in self.fillers else way
        return i

    def word(self, i: int, step: int) -> str:
        """Return the word `step` places from `i`, "" beyond the sentence."""
        place = self.index(i, step)
        return "" if place is None else self.tokens[place].word

    def before(self, i: int) -> str:
        """Return the gap before `i`; punctuation around a hesitation is the hesitation's."""
        gap = self.tokens[i].before
        while gap != BOUNDARY and i - 1 in self.fillers:
            i -= 1
            gap = BOUNDARY if self.tokens[i].before == BOUNDARY else NO_GAP
        return gap

    def after(self, i: int) -> str:
        """Return the gap after `i`; punctuation around a hesitation is the hesitation's."""
        gap = self.tokens[i].after
        while gap != BOUNDARY and i + 1 in self.fillers:
            i += 1
            gap = BOUNDARY if self.tokens[i].after == BOUNDARY else NO_GAP
        return gap

    def beside_filler(self, i: int, way: int) -> bool:
        """Return whether the very next word, before or after, is a filler already found."""
        return i + way in self.fillers

    def marker_after(self, i: int) -> bool:
        """Return whether a discourse marker already found stands right after `i`."""
        return i + 1 in self.markers

    def left(self, i: int, count: int) -> list[str]:
        """Return up to `count` words before `i`, nearest first, within the sentence."""
        found = (self.word(i, -step) for step in range(1, count + 1))
        return [w for w in found if w]

    def right(self, i: int, count: int) -> list[str]:
        """Return up to `count` words after `i`, nearest first, within the sentence."""
        found = (self.word(i, step) for step in range(1, count + 1))
        return [w for w in found if w]


def tokens_of(text: str) -> list[Token]:
    """Split a text into words; offsets are those of `text`."""
    plain = text.replace("’", "'").replace("‘", "'")
    matches = list(TOKEN.finditer(plain))
    shouting = plain.isupper()
    tokens = []
    for n, match in enumerate(matches):
        start, end = match.span()
        lead = plain[matches[n - 1].end() if n else 0 : start]
        tail = plain[end : matches[n + 1].start() if n + 1 < len(matches) else len(plain)]
        tokens.append(
            Token(
                match.group().lower(),
                start,
                end,
                BOUNDARY if n == 0 else _gap(lead),
                BOUNDARY if n + 1 == len(matches) else _gap(tail),
                "?" in tail,
                lead[-1:] in _QUOTES and tail.lstrip(",.!?")[:1] in _QUOTES,
                lead.endswith("'"),
                match.group().isupper() and not shouting and end - start > 1,
            )
        )
    return tokens


def _gap(between: str) -> str:
    between = between.replace("...", "…")
    if re.search(r"[.!?\n]", between):
        return BOUNDARY
    return PAUSE if between.strip() else NO_GAP


@dataclass(frozen=True, slots=True)
class Place:
    """Where a marker stands: the words `first` to `last`, and the gaps around them."""

    words: Words
    first: int
    last: int

    @property
    def before(self) -> str:
        """The gap before the marker."""
        return self.words.before(self.first)

    @property
    def after(self) -> str:
        """The gap after the marker."""
        return self.words.after(self.last)

    @property
    def parenthetical(self) -> bool:
        """Set off on both sides, by punctuation or by a filler already found."""
        opened = self.before != NO_GAP or self.words.beside_filler(self.first, -1)
        closed = self.after != NO_GAP or self.words.beside_filler(self.last, 1)
        return opened and closed

    def left(self, count: int = 1) -> list[str]:
        """Return up to `count` words before the marker, nearest first."""
        return self.words.left(self.first, count)

    def right(self, count: int = 1) -> list[str]:
        """Return up to `count` words after the marker, nearest first."""
        return self.words.right(self.last, count)

    @property
    def previous(self) -> str:
        """The word before the marker, "" at the start of a sentence."""
        return next(iter(self.left()), "")

    @property
    def next(self) -> str:
        """The word after the marker, "" at the end of a sentence."""
        return next(iter(self.right()), "")
