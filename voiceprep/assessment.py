"""From a transcript and a question to the analysis: the one place where it is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from voiceprep import delivery, fillers
from voiceprep.analysis import Analysis, AskedQuestion, Coverage
from voiceprep.errors import ModelError

if TYPE_CHECKING:
    from voiceprep.questions import Question
    from voiceprep.transcript import Transcript


class Coverer(Protocol):
    """Says which key points of a question an answer covers."""

    def __call__(self, transcript: Transcript, question: Question) -> Coverage:
        """Return the coverage.

        Raises:
            ModelError: the model that reads key points cannot be used.
        """
        ...


@dataclass(frozen=True, slots=True)
class FillerWords:
    """The user's own choice of filler words: further ones, and those not to count."""

    extra: tuple[str, ...] = ()
    off: tuple[str, ...] = ()


def assess(
    transcript: Transcript,
    question: Question | None,
    cover: Coverer,
    filler_words: FillerWords | None = None,
) -> tuple[Transcript, Analysis]:
    """Return the transcript with its fillers marked, and its analysis."""
    chosen = filler_words or FillerWords()
    marked = fillers.find_in(transcript, extra=chosen.extra, off=chosen.off)
    length = delivery.length(marked, marked.fillers)
    pauses = delivery.pauses(marked)
    coverage, absent = _coverage(marked, question, cover)
    analysis = Analysis(
        AskedQuestion(question.number, question.text, question.difficulty)
        if question
        else None,
        length,
        delivery.pace(length, marked),
        pauses,
        marked.fillers,
        delivery.filler_rate(marked.fillers, pauses, length),
        coverage,
        absent,
    )
    return marked, analysis


def _coverage(
    transcript: Transcript, question: Question | None, cover: Coverer
) -> tuple[Coverage | None, str | None]:
    """Return the coverage, or None and the reason why there is none."""
    if question is None:
        return None, "no question was given to compare with"
    if not question.key_points and not question.sample_answer:
        return None, "the bank has neither key points nor a sample answer for this question"
    try:
        return cover(transcript, question), None
    except ModelError as error:
        return None, str(error)
