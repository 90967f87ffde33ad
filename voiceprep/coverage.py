"""Key-point coverage: which claims of a good answer were made, and in which words.

The answer is cut into passages, runs of neighbouring clauses. Every passage is compared
with every key point, in the bank's words, in its further phrasings and in the words of
the sample answer; what all points of the question share is taken off first, so that the
topic alone earns nothing. The nearest passages are then read again in their sentences,
each together with the point, by a model that tells whether the speaker says it or turns
it down ("I never tested that"): nearness finds the place, reading decides. Pure but for
the encoder, which is passed in.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from voiceprep.analysis import Coverage, Evidence, PointCoverage, PointStatus
from voiceprep.clauses import Span, clauses, sentences, word_count
from voiceprep.keypoints import points_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from voiceprep.encoder import Tokens, Vectors
    from voiceprep.questions import KeyPoint, Question
    from voiceprep.transcript import Transcript

MAX_RUN = 4
"""Clauses in a passage, at most: a point is made in one to three of them."""

MIN_PASSAGE_WORDS, MAX_PASSAGE_WORDS = 3, 48
"""Words in a passage: nothing shorter makes a claim, the longest labelled span has 45."""

MAX_READ_WORDS = 60
"""Words read around a passage, at most: its whole sentences if they are not longer."""

PASSAGES_READ = 2
"""Passages read for a point; the right one is among the nearest two nine times in ten."""

AS_NEAR = 0.1
"""Cosine: a passage that is this much farther than the nearest one is not read at all."""

COVERED, PARTIAL = 0.5, 0.3
"""Scores from which a point counts as covered, and as partly covered."""

DENIED = 0.0
"""Logit from which the words turn the point down: more likely than not."""

ECHO = 0.75
"""Share of a passage's words standing in the question from which it only repeats it."""

VERBATIM = 0.95
"""Score of a point whose sentence of the sample answer was said word for word."""

_POINT_VALUE: dict[PointStatus, float] = {"covered": 1.0, "partial": 0.5, "missed": 0.0}

_LOOSE = re.compile(
    r"(?:[\s,;:.]*\b(?:and|so|um+|uh+|er|well|okay|like)\b)*[\s,;:.]*", re.IGNORECASE
)
_ENGLISH = frozenset(
    re.findall(
        r"[\w']+",
        "the and to that it with they this you but for my not be have i because from what "
        "when there our were are at by it's i'd i'm we they're don't didn't a of",
    )
)
"""Words that an English answer is full of."""

MIN_ENGLISH, MAX_PIECES = 0.12, 1.6
"""An answer is in another language where fewer of its words are `_ENGLISH` and each falls
into more pieces of the English vocabulary than this; English has about 0.4 and 1.2."""


class Reader(Protocol):
    """What `cover` needs of an encoder; `voiceprep.encoder.Encoder` is one."""

    def sentences(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text."""
        ...

    def tokens(self, text: str) -> Tokens:
        """Return the vector of every token of a text, in context."""
        ...

    def entailment(self, pairs: Sequence[tuple[str, str]]) -> Vectors:
        """Return two logits a (claim, passage): said, and turned down."""
        ...


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for a passage making a point.

    `said` and `denied` are the logits of the entailment model, `similarity` is the cosine
    with the nearest wording of the point, `margin` that less the cosine with the nearest
    other point.
    """

    said: float
    denied: float
    similarity: float
    margin: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that may make a point, as a span of the answer, and what speaks for it."""

    span: Span
    signals: Signals


@dataclass(frozen=True, slots=True)
class Head:
    """A logistic reading of the signals."""

    said: float
    denied: float
    similarity: float
    margin: float
    bias: float

    def score(self, signals: Signals) -> float:
        """Return how sure it is, 0 to 1, that the passage makes the point."""
        logit = (
            self.said * signals.said
            + self.denied * signals.denied
            + self.similarity * signals.similarity
            + self.margin * signals.margin
            + self.bias
        )
        return 1.0 / (1.0 + math.exp(-max(min(logit, 30.0), -30.0)))


PHRASED = Head(said=0.778, denied=0.107, similarity=5.795, margin=-0.219, bias=-2.440)
"""For points with phrasings: fitted by `calibrate.py` of `tests/training/coverage` on its
`answers.json`."""

PLAIN = Head(said=0.73, denied=-0.14, similarity=3.7, margin=0.0, bias=-1.8)
"""For points in the bank's words alone. Fitted on two sets of answers together, rounded,
and the bias then lowered by hand (from -1.4) until answers off topic earn nothing: no
figure measured on those two sets is an independent one for it."""


def why_absent(question: Question) -> str | None:
    """Return why an answer to this question cannot be compared with anything, else None."""
    if points_of(question):
        return None
    return "the question has neither key points nor a sample answer"


def cover(transcript: Transcript, question: Question, encoder: Reader) -> Coverage:
    """Return for every key point whether the answer makes it, and the words that do.

    A question without key points has those derived from its sample answer; one with
    neither gives no points (see `why_absent`). An answer that is silent, no English or
    only the question read back covers nothing.
    """
    points = points_of(question)
    if not points:
        return Coverage(0.0, ())
    found = candidates(transcript.text, question, encoder)
    verbatim = _said_verbatim(transcript.text, question, encoder)
    return _summed(
        _judged(transcript, point, found[i], verbatim.get(i)) for i, point in enumerate(points)
    )


def candidates(
    text: str, question: Question, encoder: Reader
) -> tuple[tuple[Candidate, ...], ...]:
    """Return for every key point the passages that may make it, the nearest first."""
    points = points_of(question)
    passages = _passages(text, question.text)
    if not passages:
        return tuple(() for _ in points)
    tokens = encoder.tokens(text)
    if _foreign(text, tokens):
        return tuple(() for _ in points)
    wordings = [encoder.sentences([p.text, *p.phrasings]) for p in points]
    cosines = _cosines(_pooled(tokens, passages), wordings, question, encoder)
    nearest = np.stack([c.max(axis=0) for c in cosines])
    chosen = [
        (number, at) for number, row in enumerate(nearest) for at in _apart(row, passages)
    ]
    pairs = [
        (_claim(points[n], cosines[n][:, at]), text[slice(*_around(text, passages[at]))])
        for n, at in chosen
    ]
    logits = encoder.entailment(pairs)
    rows: list[list[Candidate]] = [[] for _ in points]
    for (number, at), (said, denied) in zip(chosen, logits.tolist(), strict=True):
        signals = Signals(said, denied, *_nearness(nearest, number, at))
        rows[number].append(Candidate(passages[at], signals))
    return tuple(tuple(row) for row in rows)


def _nearness(nearest: Vectors, number: int, at: int) -> tuple[float, float]:
    """Return the similarity of a passage with a point and its margin over other points."""
    own = float(nearest[number, at])
    others = np.delete(nearest[:, at], number)
    return own, own - float(others.max()) if len(others) else own


def _claim(point: KeyPoint, cosines: Vectors) -> str:
    """Return what the passage is read against: the point, and its phrasing nearest by."""
    if not point.phrasings:
        return point.text
    return f"{point.text}. {point.phrasings[int(cosines[1:].argmax())]}"


def _apart(nearness: Vectors, passages: list[Span]) -> list[int]:
    """Return the nearest passages that do not overlap; one if it is by far the nearest."""
    found: list[int] = []
    for at in np.argsort(-nearness, kind="stable").tolist():
        start, end = passages[at]
        if found and nearness[at] < nearness[found[0]] - AS_NEAR:
            break
        if all(end <= passages[i][0] or passages[i][1] <= start for i in found):
            found.append(at)
        if len(found) == PASSAGES_READ:
            break
    return found


def _around(text: str, passage: Span) -> Span:
    """Return the sentences around a passage, or a clause on each side where they are long."""
    start, end = passage
    whole = [s for s in sentences(text) if s[0] < end and start < s[1]]
    if word_count(text[whole[0][0] : whole[-1][1]]) <= MAX_READ_WORDS:
        return whole[0][0], whole[-1][1]
    parts = clauses(text)
    before = [s for s, e in parts if e <= start]
    after = [e for s, e in parts if s >= end]
    return (before[-1] if before else start), (after[0] if after else end)


def _passages(text: str, question: str) -> list[Span]:
    """Return every run of neighbouring clauses that may make a point."""
    parts = clauses(text)
    asked = set(_words(question))
    found = []
    for first in range(len(parts)):
        for last in range(first, min(first + MAX_RUN, len(parts))):
            span = (parts[first][0], parts[last][1])
            count = word_count(text[slice(*span)])
            if count > MAX_PASSAGE_WORDS and last > first:
                break
            if count >= MIN_PASSAGE_WORDS and not _echoes(text[slice(*span)], asked):
                found.append(span)
    return found


def _echoes(passage: str, asked: set[str]) -> bool:
    """Tell whether a passage only reads the question back."""
    words = _words(passage)
    return sum(w in asked for w in words) >= ECHO * len(words)


def _foreign(text: str, tokens: Tokens) -> bool:
    """Tell whether the answer is in another language."""
    words = _words(text)
    english = sum(w in _ENGLISH for w in words)
    pieces = len(tokens.spans) / max(word_count(text), 1)
    return english < MIN_ENGLISH * len(words) and pieces > MAX_PIECES


def _words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower().replace("’", "'"))


def _cosines(
    said: Vectors, wordings: list[Vectors], question: Question, encoder: Reader
) -> list[Vectors]:
    """Return the cosine of every passage with every wording of every point.

    One array a point, shape (wordings, passages): the point itself, then its phrasings.
    """
    shared = np.mean([w.mean(axis=0) for w in wordings], axis=0)
    shared = (shared + encoder.sentences([question.text])[0]) / 2
    centred = _unit(said - shared)
    return [_unit(w - shared) @ centred.T for w in wordings]


def _said_verbatim(text: str, question: Question, encoder: Reader) -> dict[int, Span]:
    """Return where the sample answer's words for a point were said exactly, by point."""
    if not question.sample_answer:
        return {}
    at, spoken = _spoken(text)
    if not _sixes(spoken) & _sixes(_words(question.sample_answer)):
        return {}
    found = {}
    for number, passage in enumerate(_sample_passages(question, encoder)):
        words = _words(passage)
        for i in range(len(spoken) - len(words) + 1):
            if spoken[i : i + len(words)] == words:
                found[number] = (at[i][0], at[i + len(words) - 1][1])
                break
    return found


def _spoken(text: str) -> tuple[list[Span], list[str]]:
    matches = list(re.finditer(r"[\w'’]+", text))
    return [m.span() for m in matches], [m[0].lower().replace("’", "'") for m in matches]


def _sixes(words: list[str]) -> set[tuple[str, ...]]:
    """Return every run of six words; an answer that shares none repeats no sentence."""
    return {tuple(words[i : i + 6]) for i in range(len(words) - 5)}


def _sample_passages(question: Question, encoder: Reader) -> list[str]:
    """Return for every point the passage of the sample answer nearest to it."""
    sample = question.sample_answer or ""
    spans = _passages(sample, "")
    pooled = _pooled(encoder.tokens(sample), spans)
    wanted = encoder.sentences([p.text for p in points_of(question)])
    return [sample[slice(*spans[int(i)])] for i in (wanted @ pooled.T).argmax(axis=1)]


def _pooled(tokens: Tokens, spans: list[Span]) -> Vectors:
    """Return the mean token vector of every span as a unit vector."""
    sums = np.vstack([np.zeros_like(tokens.vectors[:1]), tokens.vectors.cumsum(axis=0)])
    first = np.searchsorted(tokens.spans[:, 0], [s for s, _ in spans], side="left")
    last = np.searchsorted(tokens.spans[:, 0], [e for _, e in spans], side="left")
    return _unit((sums[last] - sums[first]) / np.maximum(last - first, 1)[:, None])


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = vectors / np.maximum(lengths, 1e-9)
    return unit


def _judged(
    transcript: Transcript,
    point: KeyPoint,
    found: Sequence[Candidate],
    verbatim: Span | None,
) -> PointCoverage:
    """Return the verdict on one point: its best passage, and how sure that is."""
    if verbatim:
        return PointCoverage(point.text, "covered", VERBATIM, _evidence(transcript, verbatim))
    if not found:
        return PointCoverage(point.text, "missed", 0.0, None)
    head = PHRASED if point.phrasings else PLAIN
    best = max(found, key=lambda c: head.score(c.signals))
    score = head.score(best.signals)
    evidence = _evidence(transcript, best.span)
    if score >= PARTIAL:
        status: PointStatus = "covered" if score >= COVERED else "partial"
        return PointCoverage(point.text, status, score, evidence)
    denying = max(found, key=lambda c: c.signals.denied)
    if denying.signals.denied < DENIED:
        return PointCoverage(point.text, "missed", score, None)
    denied = _evidence(transcript, _around(transcript.text, denying.span))
    return PointCoverage(point.text, "missed", score, None, denied)


def _evidence(transcript: Transcript, span: Span) -> Evidence:
    start, end = _trimmed(transcript.text, span)
    times = transcript.times_of(start, end)
    return Evidence(transcript.text[start:end], *(times or (None, None)))


def _trimmed(text: str, span: Span) -> Span:
    """Return a span without the loose words and commas at its ends."""
    start, end = span
    head = _LOOSE.match(text[start:end])
    if head and head.end() < end - start:
        start += head.end()
    while end > start + 1 and text[end - 1] in " ,;:.":
        end -= 1
    return start, end


def _summed(rows: Iterable[PointCoverage]) -> Coverage:
    points = tuple(rows)
    return Coverage(sum(_POINT_VALUE[p.status] for p in points) / len(points), points)
