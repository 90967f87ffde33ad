"""Key-point coverage: which claims of a good answer were made, and in which words.

The answer is cut into passages, runs of neighbouring clauses. Every passage is compared
with every key point, in the bank's words, in its further phrasings and in the words of
the sample answer; what all points of the question share is taken off first, so that the
topic alone earns nothing. A passage that turns the point down ("I never tested that")
denies it. Pure but for the encoder, which is passed in.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from voiceprep.analysis import Coverage, Evidence, PointCoverage, PointStatus
from voiceprep.clauses import Span, clauses, word_count
from voiceprep.keypoints import points_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from voiceprep.encoder import Tokens, Vectors
    from voiceprep.questions import KeyPoint, Question
    from voiceprep.transcript import Transcript

MAX_RUN = 4
"""Clauses in a passage, at most: a point is made in one to three of them."""

MAX_PASSAGE_WORDS = 48
"""Words in a passage, at most; the labelled spans have 5 to 45."""

MIN_PASSAGE_WORDS = 3
"""Words in a passage, at least: nothing shorter makes a claim."""

COVERED = 0.5
"""Score from which a point counts as covered."""

PARTIAL = 0.3
"""Score from which a point counts as partly covered."""

ECHO = 0.75
"""Share of a passage's words standing in the question from which it only repeats it."""

_POINT_VALUE: dict[PointStatus, float] = {"covered": 1.0, "partial": 0.5, "missed": 0.0}


class SentenceEncoder(Protocol):
    """What `cover` needs of an encoder; `voiceprep.encoder.Encoder` is one."""

    def sentences(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text."""
        ...

    def tokens(self, text: str) -> Tokens:
        """Return the vector of every token of a text, in context."""
        ...


@dataclass(frozen=True, slots=True)
class _Head:
    """A logistic reading of similarity and margin, both of them cosines."""

    similarity: float = 9.0
    margin: float = 4.0
    bias: float = -3.6

    def score(self, similarity: float, margin: float) -> float:
        logit = self.similarity * similarity + self.margin * margin + self.bias
        return 1.0 / (1.0 + math.exp(-logit))


HEAD = _Head()

_LOOSE = re.compile(
    r"(?:[\s,;:.]*\b(?:and|so|um+|uh+|er|well|okay|like)\b)*[\s,;:.]*", re.IGNORECASE
)
_DENIAL = re.compile(
    r"\b(?:never|haven't|have not|hadn't|didn't|did not|don't|do not|doesn't|wouldn't|"
    r"would not|won't|couldn't|can't|wasn't|weren't|isn't|no one|nobody|skipped?|ignored?|"
    r"instead of|not (?:really|something|my|our)|there (?:was|is|were) no|we had no|"
    r"should have|wish (?:i|we)|never got)\b",
    re.IGNORECASE,
)


def why_absent(question: Question) -> str | None:
    """Return why an answer to this question cannot be compared with anything, else None."""
    if points_of(question):
        return None
    return "the question has neither key points nor a sample answer"


def cover(transcript: Transcript, question: Question, encoder: SentenceEncoder) -> Coverage:
    """Return for every key point whether the answer makes it, and the words that do.

    A question without key points has those derived from its sample answer; one with
    neither gives no points (see `why_absent`).
    """
    points = points_of(question)
    if not points:
        return Coverage(0.0, ())
    passages = _passages(transcript.text, question.text)
    if not passages:
        return _summed(PointCoverage(p.text, "missed", 0.0, None) for p in points)
    similarity = _similarities(transcript.text, passages, points, question, encoder)
    rows = [
        _judged(transcript, point, passages, similarity, number)
        for number, point in enumerate(points)
    ]
    return _summed(rows)


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


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower())


def _similarities(
    text: str,
    passages: list[Span],
    points: tuple[KeyPoint, ...],
    question: Question,
    encoder: SentenceEncoder,
) -> Vectors:
    """Return the cosine of every point with every passage, shape (points, passages)."""
    variants = [encoder.sentences([p.text, *p.phrasings]) for p in points]
    shared = np.mean([v.mean(axis=0) for v in variants], axis=0)
    shared = (shared + encoder.sentences([question.text])[0]) / 2
    said = _centred(_pooled(encoder.tokens(text), passages), shared)
    if question.sample_answer:
        sample = _sample_variants(question.sample_answer, variants, encoder)
        variants = [np.vstack([v, s]) for v, s in zip(variants, sample, strict=True)]
    rows = [(_centred(v, shared) @ said.T).max(axis=0) for v in variants]
    return np.stack(rows)


def _sample_variants(sample: str, variants: list[Vectors], encoder: SentenceEncoder) -> Vectors:
    """Return for every point the passage of the sample answer that makes it best."""
    spans = _passages(sample, "")
    pooled = _pooled(encoder.tokens(sample), spans)
    best = [int((pooled @ v[0]).argmax()) for v in variants]
    return pooled[best]


def _pooled(tokens: Tokens, spans: list[Span]) -> Vectors:
    """Return the mean token vector of every span as a unit vector."""
    sums = np.vstack([np.zeros_like(tokens.vectors[:1]), tokens.vectors.cumsum(axis=0)])
    first = np.searchsorted(tokens.spans[:, 0], [s for s, _ in spans], side="left")
    last = np.searchsorted(tokens.spans[:, 0], [e for _, e in spans], side="left")
    return _unit((sums[last] - sums[first]) / np.maximum(last - first, 1)[:, None])


def _centred(vectors: Vectors, shared: Vectors) -> Vectors:
    return _unit(vectors - shared)


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = vectors / np.maximum(lengths, 1e-9)
    return unit


def _judged(
    transcript: Transcript,
    point: KeyPoint,
    passages: list[Span],
    similarity: Vectors,
    number: int,
) -> PointCoverage:
    """Return the verdict on one point: its best passage, and how sure that is."""
    own = similarity[number]
    best = int(own.argmax())
    others = np.delete(similarity, number, axis=0)
    margin = float(own[best] - others[:, best].max()) if len(others) else 0.0
    score = HEAD.score(float(own[best]), margin)
    evidence = _evidence(transcript, passages[best])
    if _denies(evidence.quote, point):
        denied = evidence if score >= PARTIAL else None
        return PointCoverage(point.text, "missed", min(score, PARTIAL) / 2, None, denied)
    if score >= PARTIAL:
        status: PointStatus = "covered" if score >= COVERED else "partial"
        return PointCoverage(point.text, status, score, evidence)
    return PointCoverage(point.text, "missed", score, None)


def _denies(quote: str, point: KeyPoint) -> bool:
    """Tell whether the words turn down a point that itself has nothing negative."""
    return bool(_DENIAL.search(quote)) and not re.search(r"\bnot?\b", point.text)


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
