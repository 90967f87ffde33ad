"""Old transcripts analysed with today's rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from voiceprep.assessment import assess
from voiceprep.history.comparison import compare

if TYPE_CHECKING:
    from voiceprep.assessment import Coverer, FillerWords
    from voiceprep.history.comparison import Comparison
    from voiceprep.session import Session


@dataclass(frozen=True, slots=True)
class Rescored:
    """A session analysed anew, and per answer what that changed."""

    session: Session
    comparisons: tuple[Comparison, ...]


def rescore(session: Session, cover: Coverer, filler_words: FillerWords) -> Rescored:
    """Analyse every answer again from its transcript; corrections are made again."""
    comparisons = []
    answers = []
    for answer in session.answers:
        bare = replace(answer.transcript, fillers=())
        transcript, analysis = assess(bare, answer.question, cover, filler_words)
        fresh = answer.reanalysed(transcript, analysis)
        comparisons.append(compare(answer, fresh))
        answers.append(fresh)
    return Rescored(replace(session, answers=tuple(answers)), tuple(comparisons))
