"""The transcript as it stands on the page: words that can be clicked, findings marked.

A hesitation is boxed, a discourse marker underlined with a wave, the words that earned
a key point underlined and numbered, denied ones underlined twice, a pause is a chip of
its own. Every mark has a shape, so that nothing hangs on its colour.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voiceprep.report.page.markup import Markup, joined, tag
from voiceprep.report.wording import clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from voiceprep.analysis import Analysis, Evidence
    from voiceprep.session import Answer
    from voiceprep.transcript import FillerKind, Transcript

MISPLACED_S = 0.05
"""Times of a quote and of the words it is looked for in agree within this."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One word on the page: its place in the text, its times (None without any)."""

    char_start: int
    char_end: int
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True)
class _Finding:
    """What a word is part of: a filler (its kind and number), key points from 1 on."""

    filler: tuple[FillerKind, int] | None = None
    points: tuple[int, ...] = ()
    denied: tuple[int, ...] = ()

    @property
    def earned(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the key points that the word speaks for and against."""
        return self.points, self.denied


def units(transcript: Transcript) -> tuple[Unit, ...]:
    """Return the words of a transcript; those of plain text have no times."""
    words = transcript.words
    if not words:
        return tuple(Unit(*m.span()) for m in re.finditer(r"\S+", transcript.text))
    spans = transcript.word_spans()
    return tuple(Unit(a, b, w.start, w.end) for (a, b), w in zip(spans, words, strict=True))


def word_id(answer: Answer, index: int) -> str:
    """Return the id of a word on the page."""
    return f"a{answer.question.number}w{index}"


def point_id(answer: Answer, number: int) -> str:
    """Return the id of a key point on the page."""
    return f"a{answer.question.number}p{number}"


def word_at(spoken: tuple[Unit, ...], char_start: int) -> int:
    """Return the index of the word that a place in the text belongs to."""
    return max(bisect_right([u.char_start for u in spoken], char_start) - 1, 0)


def place(
    transcript: Transcript, spoken: tuple[Unit, ...], evidence: Evidence
) -> tuple[int, int] | None:
    """Return the first word of a quote and the one after its last, None if it is not there.

    A quote that stands in the answer more than once is told by its time.
    """
    length = len(evidence.quote)
    found = [m.start() for m in re.finditer(re.escape(evidence.quote), transcript.text)]
    if not found or not length or not spoken:
        return None
    here = next((at for at in found if _fits(spoken[word_at(spoken, at)], evidence)), found[0])
    return word_at(spoken, here), word_at(spoken, here + length - 1) + 1


def _fits(unit: Unit, evidence: Evidence) -> bool:
    return (
        unit.start is not None
        and evidence.start is not None
        and abs(unit.start - evidence.start) <= MISPLACED_S
    )


def spoken_text(answer: Answer) -> Markup:
    """Return the transcript, each word an element with its time, the findings marked."""
    spoken = units(answer.transcript)
    findings = _findings(answer, spoken)
    leads = _leads(answer, spoken)
    pieces: list[_Piece] = []
    earlier = _Finding()
    for _, run in itertools.groupby(range(len(spoken)), lambda i: findings[i].earned):
        indices = list(run)
        finding = findings[indices[0]]
        words = list(_fillers_marked(answer, spoken, findings, leads, indices))
        pieces.append(_evidence_marked(answer, finding, earlier, words))
        earlier = finding
    return joined(part for piece in pieces for part in (piece.lead, piece.body))


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of words; `lead` is the text and the pause before it, outside its marks."""

    lead: Markup
    body: Markup


def _together(pieces: Sequence[_Piece]) -> _Piece:
    """Return pieces as one, the lead of the first in front."""
    first, *rest = pieces
    parts = [first.body, *(part for p in rest for part in (p.lead, p.body))]
    return _Piece(first.lead, joined(parts))


def _evidence_marked(
    answer: Answer, finding: _Finding, earlier: _Finding, words: Sequence[_Piece]
) -> _Piece:
    """Return words marked as evidence, with the numbers of the points that begin here."""
    whole = _together(words)
    if not finding.points and not finding.denied:
        return whole
    badges = [
        *_badges(answer, finding.points, earlier.points, "ev"),
        *_badges(answer, finding.denied, earlier.denied, "den"),
    ]
    kind = "den" if finding.denied else "ev"
    numbers = " ".join(str(n) for n in (*finding.points, *finding.denied))
    body = tag("span", whole.body, class_=f"said {kind}", data_points=numbers)
    return _Piece(whole.lead, joined([*badges, body]))


def _fillers_marked(
    answer: Answer,
    spoken: tuple[Unit, ...],
    findings: list[_Finding],
    leads: list[Markup],
    indices: Iterable[int],
) -> Iterator[_Piece]:
    """Yield the words of a run, those of a filler as one marked piece."""
    for kind, group in itertools.groupby(indices, lambda i: findings[i].filler):
        words = [_Piece(leads[i], _word(answer, spoken[i], i)) for i in group]
        if kind is None:
            yield from words
        else:
            whole = _together(words)
            yield _Piece(whole.lead, tag("span", whole.body, class_=f"filler {kind[0]}"))


def _leads(answer: Answer, spoken: tuple[Unit, ...]) -> list[Markup]:
    """Return what stands before each word: a space mostly, and a pause if there was one."""
    text = answer.transcript.text
    ends = [0, *(u.char_end for u in spoken)]
    chips = _pauses(answer, spoken)
    return [
        joined([text[end : unit.char_start], chips.get(i)])
        for i, (end, unit) in enumerate(zip(ends, spoken, strict=False))
    ]


def _word(answer: Answer, unit: Unit, index: int) -> Markup:
    return tag(
        "span",
        answer.transcript.text[unit.char_start : unit.char_end],
        id=word_id(answer, index),
        class_="w",
        data_s=_seconds(unit.start),
        data_e=_seconds(unit.end),
    )


def _seconds(time_s: float | None) -> str | None:
    return None if time_s is None else f"{time_s:.2f}"


def _badges(
    answer: Answer, numbers: tuple[int, ...], before: tuple[int, ...], kind: str
) -> list[Markup]:
    """Return the numbers of the key points whose words begin here."""
    label = "denied key point" if kind == "den" else "key point"
    return [
        tag(
            "a",
            f"{'✕' if kind == 'den' else ''}{n}",
            class_=f"badge {kind}",
            href=f"#{point_id(answer, n)}",
            aria_label=f"{'✕' if kind == 'den' else ''}{n}, {label}",
        )
        for n in numbers
        if n not in before
    ]


def _findings(answer: Answer, spoken: tuple[Unit, ...]) -> list[_Finding]:
    """Return what each word is part of."""
    points: list[list[int]] = [[] for _ in spoken]
    denied: list[list[int]] = [[] for _ in spoken]
    for number, evidence, into in _evidence(answer.analysis, points, denied):
        span = place(answer.transcript, spoken, evidence)
        for i in range(*span) if span else ():
            into[i].append(number)
    kinds = _filler_kinds(answer.analysis, spoken)
    return [
        _Finding(kinds.get(i), tuple(points[i]), tuple(denied[i])) for i in range(len(spoken))
    ]


def _evidence(
    analysis: Analysis, points: list[list[int]], denied: list[list[int]]
) -> Iterator[tuple[int, Evidence, list[list[int]]]]:
    for number, point in enumerate(analysis.coverage.points if analysis.coverage else (), 1):
        if point.evidence:
            yield number, point.evidence, points
        if point.denied:
            yield number, point.denied, denied


def _filler_kinds(
    analysis: Analysis, spoken: tuple[Unit, ...]
) -> dict[int, tuple[FillerKind, int]]:
    kinds: dict[int, tuple[FillerKind, int]] = {}
    for number, filler in enumerate(analysis.fillers if spoken else ()):
        last = word_at(spoken, max(filler.char_end - 1, filler.char_start))
        for i in range(word_at(spoken, filler.char_start), last + 1):
            kinds[i] = (filler.kind, number)
    return kinds


def _pauses(answer: Answer, spoken: tuple[Unit, ...]) -> dict[int, Markup]:
    """Return the chips of the pauses, each by the word that it stands before."""
    chips = {}
    for pause in answer.analysis.pauses:
        after = word_after(spoken, pause.end)
        if after is None:
            continue
        length = f"{pause.seconds:.1f} s"
        chip = tag(
            "a",
            length,
            class_="pause",
            href=f"#{word_id(answer, after)}",
            data_seek=_seconds(pause.start),
            aria_label=f"{length} pause at {clock(pause.start)}",
        )
        chips[after] = joined([chip, " "])
    return chips


def word_after(spoken: tuple[Unit, ...], time_s: float) -> int | None:
    """Return the index of the first word that begins at a time or later."""
    later = (i for i, u in enumerate(spoken) if u.start is not None and u.start >= time_s)
    return next(later, None)
