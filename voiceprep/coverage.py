"""Key-point coverage: which claims of a good answer were made, and in which words.

The answer is cut into passages of a sentence or a few clauses. A model skims every passage
against every key point, and reads those that promise something: does the speaker say the
point, or turn it down ("that was my colleague's part")? The best passage of a point is read
once more among its neighbours. A point is made where one passage makes it, and those words
are its evidence. Pure but for the model, which is passed in.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from voiceprep.analysis import Coverage, Evidence, PointCoverage, PointStatus
from voiceprep.clauses import word_count
from voiceprep.keypoints import points_of
from voiceprep.passages import passages, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from voiceprep.clauses import Span
    from voiceprep.entailment import Logits, Promises, Vectors
    from voiceprep.questions import KeyPoint, Question
    from voiceprep.transcript import Transcript

POINTS_SKIMMED, PASSAGES_SKIMMED = (4, 6), 3
"""A passage is skimmed for a point if the point is one of so many nearest to it (with
phrasings, or without), or it is one of so many nearest to the point. On the answers that the
heads are fitted on, 2 % and none of the passages that promise most are thus left out."""

PROMISING = -0.75
"""Logit of the skim from which a passage is read against a point: a fifth are, and about
1 % of those that make a point or turn it down are not, on the same answers."""

WORTH_A_SECOND_LOOK = -3.0
"""Logit from which the passage that says a point best is read again with its neighbours. The
mean of both readings is better than either: the next sentence may take back what this one
says, and the one before it may say what it is about."""

NEIGHBOURING = 12
"""Words of each neighbour that are read with it."""

COVERED, PARTIAL = 0.5, 0.3
"""Scores from which a point counts as covered, and as partly covered."""

DENIED = 0.0
"""Logit from which the words turn the point down: more likely than not."""

VERBATIM = 0.95
"""Score of a point whose sentence of the sample answer was said word for word."""

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
    """What `cover` needs of a model; `voiceprep.entailment.EntailmentModel` is one."""

    def skim(self, pairs: Sequence[tuple[str, str]]) -> Promises:
        """Return one logit a (claim, passage): worth to be read."""
        ...

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
    """

    span: Span
    said: float
    denied: float
    similarity: float
    margin: float
    wrong: float


@dataclass(frozen=True, slots=True)
class Head:
    """A logistic reading of all that.

    Where a passage turns a point down rather than saying it, that counts in full: no
    nearness makes up for it. The more words are wrong, the less it asks for: what was
    said is then harder to read, and in doubt it is for the speaker.
    """

    said: float
    denied: float
    similarity: float
    margin: float
    wrong: float
    bias: float

    def score(self, reading: Reading) -> float:
        """Return how sure it is, 0 to 1, that the passage makes the point."""
        logit = (
            self.said * reading.said
            + self.denied * reading.denied
            + self.similarity * reading.similarity
            + self.margin * reading.margin
            + self.wrong * reading.wrong
            + self.bias
            - max(reading.denied - max(reading.said, 0.0), 0.0)
        )
        return 0.5 + 0.5 * math.tanh(logit / 2)


PHRASED = Head(
    said=0.916, denied=0.094, similarity=7.425, margin=-1.748, wrong=0.0, bias=-2.963
)
PLAIN = Head(said=0.757, denied=0.030, similarity=0.226, margin=1.904, wrong=1.444, bias=0.208)
"""For points with phrasings and without: fitted by `calibrate.py` of
`tests/training/coverage` on answers that nothing else learnt from."""


def why_absent(question: Question) -> str | None:
    """Return why an answer to this question cannot be compared with anything, else None."""
    if points_of(question):
        return None
    return "the question has neither key points nor a sample answer"


def cover(transcript: Transcript, question: Question, model: Reader) -> Coverage:
    """Return for every key point whether the answer makes it, and the words that do.

    A question without key points has those derived from its sample answer; one with
    neither gives no points (see `why_absent`). An answer that is silent, no English or
    only the question read back covers nothing.
    """
    points = points_of(question)
    if not points:
        return Coverage.of(())
    read = readings(transcript.text, question, model)
    verbatim = _said_verbatim(transcript.text, question, model)
    return Coverage.of(
        _judged(transcript, point, read[i], verbatim.get(i)) for i, point in enumerate(points)
    )


def readings(text: str, question: Question, model: Reader) -> tuple[tuple[Reading, ...], ...]:
    """Return for every key point the passages of an answer that were read against it."""
    points = points_of(question)
    spans = passages(text, question.text)
    if not spans or _foreign(text, model):
        return tuple(() for _ in points)
    said = [text[slice(*span)] for span in spans]
    cosines = _cosines(points, said, question, model)
    margins = _margins(cosines)
    pairs = _promising(points, said, cosines, model)
    logits = model.read([(points[k].text, said[i]) for k, i in pairs])
    wrong = float(np.mean(0.5 + 0.5 * np.tanh(logits[:, 2] / 2)))
    rows: list[list[Reading]] = [[] for _ in points]
    for (k, i), (says, denies, _) in zip(pairs, logits.tolist(), strict=True):
        near, margin = float(cosines[k, i]), float(margins[k, i])
        rows[k].append(Reading(spans[i], says, denies, near, margin, wrong))
    return tuple(
        _looked_again(text, point.text, row, spans, model)
        for point, row in zip(points, rows, strict=True)
    )


def _promising(
    points: Sequence[KeyPoint], said: Sequence[str], cosines: Vectors, model: Reader
) -> list[tuple[int, int]]:
    """Return which points and passages are to be read: at least one passage a point."""
    most = np.array([[POINTS_SKIMMED[not p.phrasings]] for p in points])
    near = (_ranks(cosines, axis=0) < most) | (_ranks(cosines, axis=1) < PASSAGES_SKIMMED)
    pairs = [(k, i) for i in range(len(said)) for k in np.flatnonzero(near[:, i]).tolist()]
    promises = np.full(near.shape, -np.inf)
    promises[tuple(zip(*pairs, strict=True))] = model.skim(
        [(points[k].text, said[i]) for k, i in pairs]
    )
    best = promises.argmax(axis=1)
    return [(k, i) for k, i in pairs if promises[k, i] >= PROMISING or best[k] == i]


def _ranks(cosines: Vectors, axis: int) -> NDArray[np.int64]:
    """Return 0 for the greatest along an axis, 1 for the next, and so on."""
    return np.argsort(np.argsort(-cosines, axis=axis, kind="stable"), axis=axis)


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


def _among_neighbours(text: str, spans: Sequence[Span], at: int) -> str:
    """Return a passage with the words around it, as far as its neighbours reach."""
    start, end = spans[at]
    before = text[spans[max(at - 1, 0)][0] : start].split()[-NEIGHBOURING:]
    after = text[end : spans[min(at + 1, len(spans) - 1)][1]].split()[:NEIGHBOURING]
    return " ".join([*before, text[start:end], *after])


def _cosines(
    points: Sequence[KeyPoint], said: Sequence[str], question: Question, model: Reader
) -> Vectors:
    """Return how near every passage is to every point, in its nearest wording.

    Shape (points, passages). What all points and the question share is taken off first,
    so that the topic alone earns nothing.
    """
    wordings = [model.vectors([point.text, *point.phrasings]) for point in points]
    shared = np.mean([wording.mean(axis=0) for wording in wordings], axis=0)
    shared = (shared + model.vectors([question.text])[0]) / 2
    centred = _unit(model.vectors(said) - shared)
    return np.stack([(_unit(w - shared) @ centred.T).max(axis=0) for w in wordings])


def _margins(cosines: Vectors) -> Vectors:
    """Return by how much each point is nearer to a passage than any other point."""
    if len(cosines) < 2:
        return cosines
    others = [np.delete(cosines, k, axis=0).max(axis=0) for k in range(len(cosines))]
    margins: Vectors = cosines - np.stack(others)
    return margins


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = vectors / np.maximum(lengths, 1e-9)
    return unit


def best(point: KeyPoint, read: Sequence[Reading]) -> tuple[float, Reading]:
    """Return the score of a point and the passage that earns it."""
    head = PHRASED if point.phrasings else PLAIN
    return max(((head.score(r), r) for r in read), key=lambda pair: pair[0])


def best_evidence(
    transcript: Transcript, question: Question, number: int, model: Reader
) -> Evidence | None:
    """Return the words that come nearest to making a point, None where there are none."""
    read = readings(transcript.text, question, model)[number]
    if not read:
        return None
    return _evidence(transcript, best(points_of(question)[number], read)[1].span)


def _foreign(text: str, model: Reader) -> bool:
    """Tell whether the answer is in another language."""
    words = words_of(text)
    english = sum(w in _ENGLISH for w in words)
    pieces = model.pieces(text) / max(word_count(text), 1)
    return english < MIN_ENGLISH * len(words) and pieces > MAX_PIECES


def _said_verbatim(text: str, question: Question, model: Reader) -> dict[int, Span]:
    """Return where the sample answer's words for a point were said exactly, by point."""
    if not question.sample_answer:
        return {}
    at, spoken = _spoken(text)
    if not _sixes(spoken) & _sixes(words_of(question.sample_answer)):
        return {}
    found = {}
    for number, passage in enumerate(_sample_passages(question, model)):
        words = words_of(passage)
        for i in range(len(spoken) - len(words) + 1):
            if words and spoken[i : i + len(words)] == words:
                found[number] = (at[i][0], at[i + len(words) - 1][1])
                break
    return found


def _spoken(text: str) -> tuple[list[Span], list[str]]:
    matches = list(re.finditer(r"[\w'’]+", text))
    return [m.span() for m in matches], [m[0].lower().replace("’", "'") for m in matches]


def _sixes(words: list[str]) -> set[tuple[str, ...]]:
    """Return every run of six words; an answer that shares none repeats no sentence."""
    return {tuple(words[i : i + 6]) for i in range(len(words) - 5)}


def _sample_passages(question: Question, model: Reader) -> list[str]:
    """Return for every point the passage of the sample answer that makes it."""
    sample = question.sample_answer or ""
    read = readings(sample, replace(question, text=""), model)
    return [
        sample[slice(*best(point, row)[1].span)] if row else ""
        for point, row in zip(points_of(question), read, strict=True)
    ]


def _judged(
    transcript: Transcript,
    point: KeyPoint,
    read: Sequence[Reading],
    verbatim: Span | None,
) -> PointCoverage:
    """Return the verdict on one point: its best passage, and how sure that is."""
    if verbatim:
        return PointCoverage(point.text, "covered", VERBATIM, _evidence(transcript, verbatim))
    if not read:
        return PointCoverage(point.text, "missed", 0.0, None)
    score, chosen = best(point, read)
    if score >= PARTIAL:
        status: PointStatus = "covered" if score >= COVERED else "partial"
        evidence = _evidence(transcript, chosen.span)
        return PointCoverage(point.text, status, score, evidence)
    denying = max(read, key=lambda r: r.denied)
    if denying.denied < DENIED:
        return PointCoverage(point.text, "missed", score, None)
    denied = _evidence(transcript, denying.span)
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
