"""The deep judge: a language model says for every key point whether the answer makes it.

What a model says of an answer means little by itself: some claims get a yes whatever was
said. So every claim is also put to it with silence and with the sample answer in place
of the answer, and only where the reply lies between these two counts (after contextual
calibration, Zhao et al. 2021, "Calibrate Before Use"). The words that earn a point are
chosen among the clauses of the answer, never written by the model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from voiceprep.analysis import Coverage, PointCoverage, PointStatus
from voiceprep.coverage import best_evidence
from voiceprep.keypoints import points_of
from voiceprep.readings import probability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voiceprep.language_model import YesNoModel
    from voiceprep.questions import KeyPoint, Question
    from voiceprep.readings import Reader
    from voiceprep.transcript import Transcript

INSTRUCTIONS = (
    "You check what a candidate said in a job interview. For a claim, reply Yes if the "
    "answer says, in any words, that the speaker did it or holds it. Reply No if the answer "
    "leaves it out, only touches the topic, or says that it was not done."
)

SILENCE = "(The candidate said nothing.)"

COVERED, PARTIAL = 0.5, 0.3
"""Scores from which a point counts as covered and as partly covered, as in `coverage`."""

OWN_SHARE = 1 / 3
"""Share of a claim's own middle in its calibration; the rest is that of its question."""

SLOPE = 2.0
"""Of the score over the logit. This and OWN_SHARE were chosen on eight answers to one
question, with a model of 1.5 billion parameters; on no others."""

LEAST_SPREAD = 1.0
"""Logits between silence and the sample answer below which the model cannot tell the two
apart, so that its reply on an answer says nothing either."""

ECHO = 0.75
"""Share of an answer's words standing in the question from which it only repeats it."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a reply on one claim is compared with.

    `spread` is the logit for the sample answer less that for silence; replies count as
    covered from the logit `begin` on.
    """

    spread: float
    begin: float

    @property
    def tells_apart(self) -> bool:
        """Return whether the model distinguishes the sample answer from silence at all."""
        return self.spread >= LEAST_SPREAD

    def score(self, logit: float) -> float:
        """Return the score, 0 to 1, of an answer with this logit; ½ where it begins."""
        return probability(SLOPE * (logit - self.begin))


def calibrate(silence: Sequence[float], sample: Sequence[float]) -> list[Calibration]:
    """Return the calibration of all claims of a question from their two logits each.

    A claim's own middle between the two is one noisy reading, so it is drawn towards the
    mean over the question (shrinkage, James & Stein 1961), claims apart that the model
    cannot tell.
    """
    spreads = [high - low for low, high in zip(silence, sample, strict=True)]
    middles = [(low + high) / 2 for low, high in zip(silence, sample, strict=True)]
    sound = [m for m, spread in zip(middles, spreads, strict=True) if spread >= LEAST_SPREAD]
    mean = sum(sound) / len(sound) if sound else 0.0
    begins = [OWN_SHARE * middle + (1 - OWN_SHARE) * mean for middle in middles]
    return [Calibration(*row) for row in zip(spreads, begins, strict=True)]


def request(question: str, answer: str, claim: str) -> str:
    """Return what is asked. The claim stands last: the rest is read once an answer."""
    return (
        f"Question: {question}\n\nAnswer: {answer}\n\nClaim: {claim}\n"
        "Does the answer say so? Reply Yes or No."
    )


class Judge:
    """Asks one model, and remembers its calibration for every key point it has met."""

    def __init__(self, model: YesNoModel) -> None:
        self._model = model
        self._known: dict[tuple[str, str], Calibration] = {}

    def __call__(
        self,
        transcript: Transcript,
        question: Question,
        coverage: Coverage,
        reader: Reader,
    ) -> Coverage:
        """Return the coverage as the model judges it; `coverage` is the reader's own.

        A point on which the model cannot tell the sample answer from silence keeps the
        reader's verdict. Silence and a question read back are not put to the model.

        Raises:
            ModelError: the model gives no usable reply.
        """
        text = transcript.text.strip()
        if not text or _echoes(text, question.text):
            return coverage
        points = points_of(question)
        calibrations = self._calibrations(question, points)
        rows = []
        for number, (known, row) in enumerate(zip(calibrations, coverage.points, strict=True)):
            if known.tells_apart:
                score = known.score(self._logit(question.text, text, points[number].text))
                row = _judged(row, score)
            if row.status != "missed" and row.evidence is None:
                evidence = best_evidence(transcript, question, number, reader)
                row = replace(row, evidence=evidence)
            rows.append(row)
        return Coverage.of(rows)

    def _calibrations(
        self, question: Question, points: tuple[KeyPoint, ...]
    ) -> list[Calibration]:
        """Return the calibration of every point, asked for once a question."""
        keys = [(question.text, p.text) for p in points]
        if any(key not in self._known for key in keys):
            sample = question.sample_answer or ". ".join(p.text for p in points)
            low = [self._logit(question.text, SILENCE, p.text) for p in points]
            high = [self._logit(question.text, sample, p.text) for p in points]
            self._known.update(zip(keys, calibrate(low, high), strict=True))
        return [self._known[key] for key in keys]

    def _logit(self, question: str, answer: str, claim: str) -> float:
        return self._model.logit(INSTRUCTIONS, request(question, answer, claim))


def _judged(row: PointCoverage, score: float) -> PointCoverage:
    """Return the reader's row with the model's verdict in it."""
    if score < PARTIAL:
        return replace(row, status="missed", score=score, evidence=None)
    status: PointStatus = "covered" if score >= COVERED else "partial"
    return PointCoverage(row.text, status, score, row.evidence)


def _echoes(text: str, question: str) -> bool:
    """Tell whether an answer only reads its question back."""
    asked, said = (re.findall(r"[a-z0-9']+", t.lower()) for t in (question, text))
    return sum(word in set(asked) for word in said) >= ECHO * len(said)
