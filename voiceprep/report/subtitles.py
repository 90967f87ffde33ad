"""Subtitles of a transcript: cues that a person can read while they listen, as SRT or VTT.

The limits are those of the Netflix Timed Text Style Guide (General Requirements, and
English: 42 characters a line, two lines, 20 characters a second, 5/6 s to 7 s, a gap of
two frames); where a cue and a line may end follows it and the BBC Subtitle Guidelines
(3.2 single sentences, 3.4 break at natural points): after punctuation, at a pause, before
a conjunction or a preposition, and not between words that belong together.

Both choices are made by least cost over all ways to break, as paragraphs are set in type
(Knuth and Plass, Breaking paragraphs into lines, Software: Practice and Experience 11,
1981): the cues of a stretch of speech, then the lines of a cue.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from voiceprep.fillers import wordclasses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from voiceprep.transcript import Transcript, Word

LINE_CHARACTERS = 42
LINES = 2
CHARACTERS_PER_S = 20.0
MIN_S = 5 / 6
MAX_S = 7.0
GAP_S = 2 / 24
"""Between two cues, two frames of a film."""

LONG_PAUSE_S = 1.5
"""A pause after which a cue always ends: BBC Subtitle Guidelines 4.5 leave a gap there."""

SHORTEST_S = 0.04
"""What a cue gets at least, one frame of television, where words have no time at all."""

_SENTENCE_END = re.compile(r"[.?!…][\"')\]”’]*$")
_CLAUSE_END = re.compile(r"[,;:—–-][\"')\]”’]*$")
_CLINGING = (
    wordclasses.DETERMINER
    | wordclasses.POSSESSIVE
    | wordclasses.PREPOSITION
    | wordclasses.CONJUNCTION
    | wordclasses.SUBJECT_PRONOUN
    | wordclasses.MODAL
    | wordclasses.BE
)
"""Words that belong to the one after them: no break follows."""

_OPENING = wordclasses.CONJUNCTION | wordclasses.PREPOSITION
"""Words before which a break is natural."""

# Costs of ending a cue or a line after a word; only their order and rough ratio matter.
_AT_SENTENCE, _AT_CLAUSE, _AT_OPENING, _ANYWHERE, _INSIDE_PHRASE = 0.0, 1.0, 2.0, 4.0, 8.0
_PAUSE_RELIEF_PER_S = 6.0
_CUE = 1.5  # of having one more cue
_TOO_FAST = 3.0  # for each second that reading takes longer than the cue can stand
_TOO_SHORT = 4.0  # for each second that a cue cannot stand, below the least
_SENTENCE_INSIDE = 3.0  # of a sentence that ends within a cue


@dataclass(frozen=True, slots=True)
class Cue:
    """What stands on the screen from `start` to `end` (seconds), one line or two."""

    start: float
    end: float
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return the lines as one."""
        return " ".join(self.lines)


@dataclass(frozen=True, slots=True)
class _Token:
    """A word without the space around it, no longer than a line."""

    text: str
    start: float
    end: float


def cues(transcript: Transcript) -> tuple[Cue, ...]:
    """Return the cues of a timed transcript, in order, apart, inside the recording.

    A transcript without times has none.
    """
    tokens = list(_tokens(transcript))
    last = tokens[-1].end if tokens else 0.0
    duration = last if transcript.duration is None else transcript.duration
    found = [
        Cue(group[0].start, group[-1].end, _lines(group))
        for stretch in _stretches(tokens)
        for group in _best_groups(stretch)
    ]
    return tuple(_timed(found, duration))


def srt(transcript: Transcript) -> str:
    """Return SubRip text."""
    blocks = (
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n"
        + "\n".join(cue.lines)
        for number, cue in enumerate(cues(transcript), 1)
    )
    return "".join(f"{block}\n\n" for block in blocks)


def vtt(transcript: Transcript) -> str:
    """Return WebVTT (W3C)."""
    blocks = (
        f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n"
        + "\n".join(_escaped(line) for line in cue.lines)
        for cue in cues(transcript)
    )
    return "WEBVTT\n\n" + "".join(f"{block}\n\n" for block in blocks)


def _clock(time_s: float, point: str) -> str:
    milliseconds = round(time_s * 1000)
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{point}{rest:03d}"


def _escaped(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# words to cues


def _tokens(transcript: Transcript) -> Iterator[_Token]:
    """Yield the words; one longer than a line in pieces, its time shared among them."""
    for word in _whole(transcript.words):
        # An arrow inside a cue would be read as its times.
        for text in word.text.replace("-->", "->").split():
            pieces = [
                text[i : i + LINE_CHARACTERS] for i in range(0, len(text), LINE_CHARACTERS)
            ]
            step = (word.end - word.start) / len(pieces)
            for number, piece in enumerate(pieces):
                start = word.start + number * step
                yield _Token(piece, start, start + step)


def _whole(words: Iterable[Word]) -> Iterator[Word]:
    """Yield words with what Whisper wrote on to them ("fold", "-out") joined again."""
    held: Word | None = None
    for word in words:
        if held and word.text and not word.text[0].isspace():
            held = replace(held, text=held.text + word.text, end=word.end)
            continue
        if held:
            yield held
        held = word
    if held:
        yield held


def _stretches(tokens: Sequence[_Token]) -> Iterator[list[_Token]]:
    """Part the words at long pauses."""
    held: list[_Token] = []
    for token in tokens:
        if held and token.start - held[-1].end >= LONG_PAUSE_S:
            yield held
            held = []
        held.append(token)
    if held:
        yield held


def _best_groups(tokens: Sequence[_Token]) -> list[Sequence[_Token]]:
    """Return the words in groups of a cue each, at the least cost over the whole stretch."""
    breaks = [_break_cost(a, b) for a, b in pairwise(tokens)] + [_AT_SENTENCE]
    full = [bool(_SENTENCE_END.search(t.text)) for t in tokens]
    costs = [0.0] + [float("inf")] * len(tokens)
    begins = [0] * (len(tokens) + 1)
    for end in range(1, len(tokens) + 1):
        inside = 0
        for begin, characters in _begins(tokens, end):
            inside += begin + 1 < end and full[begin]
            cost = (
                costs[begin]
                + _CUE
                + breaks[end - 1]
                + _SENTENCE_INSIDE * inside
                + _pressed(tokens, begin, end, characters)
            )
            if cost < costs[end] and _fits(tokens, begin, end, characters):
                costs[end], begins[end] = cost, begin
    groups = []
    end = len(tokens)
    while end:
        groups.append(tokens[begins[end] : end])
        end = begins[end]
    return groups[::-1]


def _begins(tokens: Sequence[_Token], end: int) -> Iterator[tuple[int, int]]:
    """Yield where a cue that ends before `end` may begin, and its length in characters."""
    characters = -1
    for begin in range(end - 1, -1, -1):
        characters += 1 + len(tokens[begin].text)
        too_long = characters > LINES * LINE_CHARACTERS + 1
        if begin + 1 < end and (too_long or tokens[end - 1].end - tokens[begin].start > MAX_S):
            return
        yield begin, characters


def _fits(tokens: Sequence[_Token], begin: int, end: int, characters: int) -> bool:
    """Tell whether a cue fits its lines: one, or two with a break between words."""
    if characters <= LINE_CHARACTERS:
        return True
    first = -1
    for token in tokens[begin:end]:
        first += 1 + len(token.text)
        if first > LINE_CHARACTERS:
            return False
        if characters - first - 1 <= LINE_CHARACTERS:
            return True
    return False


def _break_cost(before: _Token, after: _Token) -> float:
    """Return what a break between two words costs; a pause makes it cheaper."""
    if _SENTENCE_END.search(before.text):
        cost = _AT_SENTENCE
    elif _CLAUSE_END.search(before.text):
        cost = _AT_CLAUSE
    elif before.text.lower() in _CLINGING:
        cost = _INSIDE_PHRASE
    elif after.text.lower() in _OPENING:
        cost = _AT_OPENING
    else:
        cost = _ANYWHERE
    return max(cost - _PAUSE_RELIEF_PER_S * (after.start - before.end), 0.0)


def _pressed(tokens: Sequence[_Token], begin: int, end: int, characters: int) -> float:
    """Return the cost of a cue that cannot stand as long as it takes to read."""
    stands = tokens[end].start if end < len(tokens) else tokens[-1].end + LONG_PAUSE_S
    room_s = min(stands - tokens[begin].start, MAX_S)
    reading = max(characters / CHARACTERS_PER_S - room_s, 0.0)
    return _TOO_FAST * reading + _TOO_SHORT * max(MIN_S - room_s, 0.0)


# the lines of a cue


def _lines(tokens: Sequence[_Token]) -> tuple[str, ...]:
    at = _line_break(tokens)
    parts = (tokens[:at], tokens[at:]) if at else (tokens,)
    return tuple(" ".join(t.text for t in part) for part in parts)


def _line_break(tokens: Sequence[_Token]) -> int:
    """Return where the second line begins, 0 if one line is enough.

    Among breaks of the same kind the one nearest the middle is taken.
    """
    ends = list(accumulate(len(t.text) + 1 for t in tokens))
    whole = ends[-1] - 1
    if whole <= LINE_CHARACTERS:
        return 0
    fitting = [
        i
        for i in range(1, len(tokens))
        if ends[i - 1] - 1 <= LINE_CHARACTERS and whole - ends[i - 1] <= LINE_CHARACTERS
    ]

    def cost(at: int) -> float:
        off_middle = abs(2 * ends[at - 1] - whole) / LINE_CHARACTERS
        return _break_cost(tokens[at - 1], tokens[at]) + 2 * off_middle

    return min(fitting, key=cost)


# times


def _timed(found: Sequence[Cue], duration: float) -> Iterator[Cue]:
    """Give every cue the time that reading takes, as far as there is room for it."""
    standing = _lengthened(found, duration)
    # A cue without any room takes it from the one before, and at the very start from the
    # one after: every word is shown.
    limit = duration
    ends: list[float] = []
    for cue in reversed(standing):
        ends.append(min(cue.end, limit))
        limit = min(cue.start, ends[-1] - SHORTEST_S)
    free = 0.0
    for cue, end in zip(standing, reversed(ends), strict=True):
        start = max(min(cue.start, end - SHORTEST_S), free)
        free = max(end, start + SHORTEST_S)
        yield replace(cue, start=round(start, 3), end=round(min(free, duration), 3))


def _lengthened(found: Sequence[Cue], duration: float) -> list[Cue]:
    """Let cues stand on after their last word: to be read, and not to flicker."""
    lengthened = []
    for number, cue in enumerate(found, 1):
        after = found[number].start if number < len(found) else duration + GAP_S
        wanted = cue.start + max(len(cue.text) / CHARACTERS_PER_S, MIN_S)
        room_end = max(after - GAP_S, min(cue.end, after))
        end = min(max(cue.end, wanted), room_end, cue.start + MAX_S, duration)
        lengthened.append(replace(cue, end=max(end, cue.start)))
    return lengthened
