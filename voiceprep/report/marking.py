"""A transcript with its findings marked by sign: the pieces that every report draws.

[um] is a hesitation, (like) a discourse marker, «2 ...» the words that earned key
point 2, /1.8 s/ a silent pause.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voiceprep.analysis import Analysis, Evidence
    from voiceprep.transcript import Transcript

Style = Literal["text", "hesitation", "discourse", "evidence", "pause", "denied"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text and what it is."""

    text: str
    style: Style


@dataclass(frozen=True, slots=True)
class _Mark:
    at: int
    rank: float  # what opens comes after what closes at the same place
    piece: Piece


def marked(transcript: Transcript, analysis: Analysis) -> tuple[Piece, ...]:
    """Return the transcript in pieces, in order, signs included."""
    text = transcript.text
    pieces: list[Piece] = []
    position = 0
    kinds = _filler_kinds(analysis)
    for mark in sorted(_marks(transcript, analysis), key=lambda m: (m.at, m.rank)):
        pieces.extend(_plain(text, position, mark.at, kinds))
        position = max(position, mark.at)
        pieces.append(mark.piece)
    pieces.extend(_plain(text, position, len(text), kinds))
    return tuple(pieces)


def _filler_kinds(analysis: Analysis) -> list[tuple[int, int, Style]]:
    return [(f.char_start, f.char_end, f.kind) for f in analysis.fillers]


def _plain(
    text: str, start: int, end: int, kinds: list[tuple[int, int, Style]]
) -> Iterator[Piece]:
    """Yield a stretch without marks inside; one that is a filler keeps its style."""
    if start >= end:
        return
    style: Style = next((kind for a, b, kind in kinds if a <= start and end <= b), "text")
    yield Piece(text[start:end], style)


def _marks(transcript: Transcript, analysis: Analysis) -> Iterator[_Mark]:
    for filler in analysis.fillers:
        opening, closing = "[]" if filler.kind == "hesitation" else "()"
        yield _Mark(filler.char_start, 3, Piece(opening, filler.kind))
        yield _Mark(filler.char_end, 0, Piece(closing, filler.kind))
    for number, evidence, style in _evidence(analysis):
        start = transcript.text.find(evidence.quote)
        if start >= 0:
            yield _Mark(start, 2, Piece(f"«{number} ", style))
            yield _Mark(start + len(evidence.quote), 1, Piece("»", style))
    yield from _pause_marks(transcript, analysis)


def _evidence(analysis: Analysis) -> Iterator[tuple[int, Evidence, Style]]:
    for number, point in enumerate(analysis.coverage.points if analysis.coverage else (), 1):
        if point.evidence:
            yield number, point.evidence, "evidence"
        if point.denied:
            yield number, point.denied, "denied"


def _pause_marks(transcript: Transcript, analysis: Analysis) -> Iterator[_Mark]:
    spans = transcript.word_spans()
    words = transcript.words
    for pause in analysis.pauses:
        after = next((i for i, w in enumerate(words) if w.start >= pause.end), None)
        if after is not None:
            yield _Mark(spans[after][0], 1.5, Piece(f"/{pause.seconds:.1f} s/ ", "pause"))
