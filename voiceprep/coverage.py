"""Key-point coverage: which claims of a good answer were made, and in which words.

The answer is cut into passages of a sentence or a few clauses, which are read against the
key points (`readings`). A point is made where one passage makes it, and those words are its
evidence. Pure but for the model, which is passed in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from voiceprep.analysis import Coverage, Evidence, PointCoverage, PointStatus
from voiceprep.keypoints import points_of
from voiceprep.passages import words_of
from voiceprep.readings import probability, readings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voiceprep.clauses import Span
    from voiceprep.questions import KeyPoint, Question
    from voiceprep.readings import Reader, Reading
    from voiceprep.transcript import Transcript

COVERED, PARTIAL = 0.5, 0.3
"""Scores from which a point counts as covered, and as partly covered."""

DENIED = 0.0
"""Logit from which the words turn the point down: more likely than not."""

VERBATIM = 0.95
"""Score of a point whose sentence of the sample answer was said word for word."""

_LOOSE = re.compile(
    r"(?:[\s,;:.]*\b(?:and|so|um+|uh+|er|well|okay|like)\b)*[\s,;:.]*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Head:
    """A logistic reading of all that.

    Where a passage turns a point down rather than saying it, that counts in full: no
    nearness makes up for it. It counts against the point too where another passage does
    (`refused`), and for it that the rest of the answer is about the question
    (`relevance`). The more words are wrong, the less it asks for: what was said is then
    harder to read, and in doubt it is for the speaker.
    """

    said: float
    denied: float
    similarity: float
    margin: float
    refused: float
    relevance: float
    wrong: float
    bias: float

    def score(self, reading: Reading) -> float:
        """Return how sure it is, 0 to 1, that the passage makes the point."""
        logit = (
            self.said * reading.said
            + self.denied * reading.denied
            + self.similarity * reading.similarity
            + self.margin * reading.margin
            + self.refused * reading.refused
            + self.relevance * reading.relevance
            + self.wrong * reading.wrong
            + self.bias
            - max(reading.denied - max(reading.said, 0.0), 0.0)
        )
        return probability(logit)


PHRASED = Head(
    said=0.963,
    denied=-0.082,
    similarity=5.845,
    margin=0.477,
    refused=-0.756,
    relevance=7.294,
    wrong=6.629,
    bias=-8.088,
)
PLAIN = Head(
    said=0.711,
    denied=-0.121,
    similarity=2.894,
    margin=4.784,
    refused=-1.058,
    relevance=7.697,
    wrong=4.138,
    bias=-5.115,
)
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
