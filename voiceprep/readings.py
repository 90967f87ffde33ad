"""Which passages of an answer are read against which key points, and what they say.

A model finds the passages that have to do with a point and reads them against it: does the
speaker say the point, or turn it down ("that was my colleague's part")? The best passage of
a point is read once more among its neighbours. Pure but for the model, which is passed in.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from voiceprep.clauses import word_count
from voiceprep.keypoints import points_of
from voiceprep.passages import passages, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voiceprep.clauses import Span
    from voiceprep.entailment import Logits, Vectors
    from voiceprep.questions import KeyPoint, Question

NEAREST, NEAR_ENOUGH = 3, 0.5
"""Passages that a point is read against: so many that are nearest to it, and all whose cosine
with it is at least this. On the answers that the heads are fitted on, the passage that says a
covered point best is among them for 91 to 99 % of the points, and without the others the area
under the curve is no smaller."""

WORTH_A_SECOND_LOOK = -2.0
"""Logit from which the passage that says a point best is read again with its neighbours. The
mean of both readings is better than either: the next sentence may take back what this one
says, and the one before it may say what it is about."""

NEIGHBOURING = 12
"""Words of each neighbour that are read with it."""

USUAL_RELEVANCE, USUAL_PASSAGES = 0.35, 2
"""What a passage is taken to have to do with the question before it is read, and how many
such passages stand for the rest of an answer beside those that were read: a single sentence
is neither on nor off the question for being alone."""

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
    """What `cover` needs of a model; `voiceprep.entailment.EntailmentModel` is one."""

    def read(self, pairs: Sequence[tuple[str, str]]) -> Logits:
        """Return three logits a (claim, passage): said, turned down, a word of it wrong."""
        ...

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text."""
        ...

    def pieces(self, text: str) -> int:
        """Return into how many word pieces of English a text falls."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """A passage of the answer, read against a point.

    `said` and `denied` are the logits of the model, `similarity` is the cosine with the
    nearest wording of the point, `margin` that less the same for the nearest other point.
    `wrong` is the share of the words of the whole answer that seem misrecognised.
    `refused` is how strongly any passage turns the point down: the largest logit of that,
    or 0 where none does. `relevance` is how much of the rest of the answer says or denies
    any point, 0 to 1.
    """

    span: Span
    said: float
    denied: float
    similarity: float
    margin: float
    wrong: float
    refused: float = 0.0
    relevance: float = USUAL_RELEVANCE


def readings(text: str, question: Question, model: Reader) -> tuple[tuple[Reading, ...], ...]:
    """Return for every key point the passages of an answer that were read against it."""
    points = points_of(question)
    spans = passages(text, question.text)
    if not spans or _foreign(text, model):
        return tuple(() for _ in points)
    said = [text[slice(*span)] for span in spans]
    cosines = _cosines(points, said, model)
    margins = _margins(cosines)
    pairs = _promising(cosines)
    logits = model.read([(points[k].text, said[i]) for k, i in pairs])
    wrong = float(np.mean([probability(logit) for logit in logits[:, 2].tolist()]))
    rows: list[list[Reading]] = [[] for _ in points]
    for (k, i), (says, denies, _) in zip(pairs, logits.tolist(), strict=True):
        near, margin = float(cosines[k, i]), float(margins[k, i])
        rows[k].append(Reading(spans[i], says, denies, near, margin, wrong))
    return _in_context(
        [
            _looked_again(text, point.text, row, spans, model)
            for point, row in zip(points, rows, strict=True)
        ]
    )


def _promising(cosines: Vectors) -> list[tuple[int, int]]:
    """Return which points and passages are to be read: at least one passage a point."""
    ranks = np.argsort(np.argsort(-cosines, axis=1, kind="stable"), axis=1)
    near = (ranks < NEAREST) | (cosines >= NEAR_ENOUGH)
    return [(k, i) for k, i in np.argwhere(near).tolist()]


def _looked_again(
    text: str, point: str, row: Sequence[Reading], spans: Sequence[Span], model: Reader
) -> tuple[Reading, ...]:
    """Return the readings of a point, the best one's logits averaged with a wider look."""
    best = max(row, key=lambda r: r.said)
    if best.said < WORTH_A_SECOND_LOOK or len(spans) == 1:
        return tuple(row)
    wide = _among_neighbours(text, spans, spans.index(best.span))
    ((says, denies, _),) = model.read([(point, wide)]).tolist()
    wider = replace(best, said=(best.said + says) / 2, denied=(best.denied + denies) / 2)
    return tuple(wider if r is best else r for r in row)


def _in_context(rows: Sequence[Sequence[Reading]]) -> tuple[tuple[Reading, ...], ...]:
    """Return the readings with what the other passages say."""
    touched: dict[Span, float] = {}
    for reading in (r for row in rows for r in row):
        logit = max(reading.said, reading.denied)
        touched[reading.span] = max(touched.get(reading.span, 0.0), probability(logit))
    total = sum(touched.values()) + USUAL_PASSAGES * USUAL_RELEVANCE
    others = len(touched) - 1 + USUAL_PASSAGES
    rest = {span: (total - share) / others for span, share in touched.items()}
    found = []
    for row in rows:
        refused = _softplus(max(r.denied for r in row))
        found.append(tuple(replace(r, refused=refused, relevance=rest[r.span]) for r in row))
    return tuple(found)


def probability(logit: float) -> float:
    """Return the probability of a logit, 1 / (1 + e^-x), for any number."""
    return 0.5 + 0.5 * math.tanh(logit / 2)


def _softplus(logit: float) -> float:
    """Return log(1 + e^x): 0 far below zero, the logit itself far above."""
    return max(logit, 0.0) + math.log1p(math.exp(-abs(logit)))


def _among_neighbours(text: str, spans: Sequence[Span], at: int) -> str:
    """Return a passage with the words around it, as far as its neighbours reach."""
    start, end = spans[at]
    before = text[spans[max(at - 1, 0)][0] : start].split()[-NEIGHBOURING:]
    after = text[end : spans[min(at + 1, len(spans) - 1)][1]].split()[:NEIGHBOURING]
    return " ".join([*before, text[start:end], *after])


def _cosines(points: Sequence[KeyPoint], said: Sequence[str], model: Reader) -> Vectors:
    """Return how near every passage is to every point, in its nearest wording.

    Shape (points, passages).
    """
    vectors = model.vectors(said)
    wordings = [model.vectors([point.text, *point.phrasings]) for point in points]
    return np.stack([(wording @ vectors.T).max(axis=0) for wording in wordings])


def _margins(cosines: Vectors) -> Vectors:
    """Return by how much each point is nearer to a passage than any other point."""
    if len(cosines) < 2:
        return cosines
    others = [np.delete(cosines, k, axis=0).max(axis=0) for k in range(len(cosines))]
    margins: Vectors = cosines - np.stack(others)
    return margins


def _foreign(text: str, model: Reader) -> bool:
    """Tell whether the answer is in another language."""
    words = words_of(text)
    english = sum(w in _ENGLISH for w in words)
    pieces = model.pieces(text) / max(word_count(text), 1)
    return english < MIN_ENGLISH * len(words) and pieces > MAX_PIECES
