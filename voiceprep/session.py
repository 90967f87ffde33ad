"""A practice session as a value: what was asked, what was answered, what was found."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from voiceprep.analysis import Analysis, Coverage, Evidence, PointCoverage
from voiceprep.errors import SessionError, VoiceprepError
from voiceprep.questions import KeyPoint, Question
from voiceprep.transcript import Transcript

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voiceprep.analysis import PointStatus

SCHEMA = 1
"""Raised whenever `session.json` changes in a way that older readers cannot take."""

State = Literal["running", "finished"]


@dataclass(frozen=True, slots=True)
class Correction:
    """The person's own judgement of a key point, named by its text.

    `words` are the words of the answer that made the point, if the person named them.
    """

    point: str
    status: PointStatus
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `audio` is a file name inside the session's folder, None if not kept.

    `notes` says what happened to it in one line each (microphone unplugged, overflow...).
    `analysis` has the corrections in it already; they are kept to survive a new analysis.
    """

    question: Question
    audio: str | None
    transcript: Transcript
    analysis: Analysis
    notes: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()

    def corrected(self, *corrections: Correction) -> Answer:
        """Return the answer with further corrections; a later one of a point wins.

        Raises:
            SessionError: there is no such key point, or its words were not said.
        """
        by_point = {c.point: c for c in (*self.corrections, *corrections)}
        analysis = self.analysis
        for correction in by_point.values():
            analysis = _with_correction(analysis, self.transcript, correction)
        return replace(self, analysis=analysis, corrections=tuple(by_point.values()))

    def reanalysed(self, transcript: Transcript, analysis: Analysis) -> Answer:
        """Return the answer with a new analysis, the corrections made to it again.

        A correction of a point that the question no longer has is dropped.
        """
        points = analysis.coverage.points if analysis.coverage else ()
        kept = {p.text for p in points}
        corrections = tuple(c for c in self.corrections if c.point in kept)
        fresh = replace(self, transcript=transcript, analysis=analysis, corrections=())
        return fresh.corrected(*corrections)

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as JSON values."""
        return {
            "question": self.question.to_dict(),
            "audio": self.audio,
            "transcript": self.transcript.to_dict(),
            "analysis": self.analysis.to_dict(),
            "notes": list(self.notes),
            "corrections": [asdict(c) for c in self.corrections],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Answer:
        """Read what `to_dict` wrote."""
        return cls(
            _question(data["question"]),
            data["audio"],
            Transcript.from_dict(data["transcript"]),
            Analysis.from_dict(data["analysis"]),
            tuple(data.get("notes", ())),
            tuple(Correction(**c) for c in data.get("corrections", ())),
        )


@dataclass(frozen=True, slots=True)
class Session:
    """A session: `plan` holds the questions chosen, `answers` what was answered so far.

    `bank` is the bank's name, `started` is in UTC.
    """

    id: str
    started: datetime
    bank: str
    plan: tuple[Question, ...]
    answers: tuple[Answer, ...] = ()
    state: State = "running"
    skipped: tuple[int, ...] = ()

    @property
    def remaining(self) -> tuple[Question, ...]:
        """Return the questions neither answered nor skipped yet, in order."""
        done = {a.question.number for a in self.answers} | set(self.skipped)
        return tuple(q for q in self.plan if q.number not in done)

    def with_answer(self, answer: Answer) -> Session:
        """Return the session with this answer in the place of an earlier take, or added."""
        number = answer.question.number
        if any(a.question.number == number for a in self.answers):
            kept = tuple(answer if a.question.number == number else a for a in self.answers)
        else:
            kept = (*self.answers, answer)
        return replace(self, answers=kept)

    def without(self, question: Question) -> Session:
        """Return the session with this question skipped."""
        return replace(self, skipped=(*self.skipped, question.number))

    def finished(self) -> Session:
        """Return the session, closed."""
        return replace(self, state="finished")

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON shape of `session.json`."""
        return {
            "schema": SCHEMA,
            "id": self.id,
            "started": self.started.isoformat(timespec="seconds"),
            "bank": self.bank,
            "state": self.state,
            "plan": [question.to_dict() for question in self.plan],
            "skipped": list(self.skipped),
            "answers": [answer.to_dict() for answer in self.answers],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Session:
        """Read what `to_dict` wrote.

        Raises:
            SessionError: it is of a newer schema, or not a session.
        """
        try:
            _check_schema(int(data["schema"]))
            return cls(
                str(data["id"]),
                datetime.fromisoformat(data["started"]).astimezone(UTC),
                str(data["bank"]),
                tuple(_question(q) for q in data["plan"]),
                tuple(Answer.from_dict(a) for a in data["answers"]),
                data["state"],
                tuple(int(n) for n in data["skipped"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SessionError(f"not a session ({type(error).__name__}: {error})") from error
        except SessionError:
            raise
        except VoiceprepError as error:
            raise SessionError(f"not a session ({error})") from error


def _with_correction(
    analysis: Analysis, transcript: Transcript, correction: Correction
) -> Analysis:
    if analysis.coverage is None:
        raise SessionError("this answer has no key points to correct")
    points = list(analysis.coverage.points)
    place = next((i for i, p in enumerate(points) if p.text == correction.point), None)
    if place is None:
        raise SessionError(f"no key point “{correction.point}” in this answer")
    before = points[place]
    evidence = _words_of(transcript, correction) or before.evidence
    points[place] = PointCoverage(
        before.text,
        correction.status,
        1.0 if correction.status == "covered" else 0.0,
        evidence if correction.status == "covered" else None,
        None if correction.status == "covered" else before.denied,
        corrected=True,
    )
    return replace(analysis, coverage=Coverage.of(points))


def _words_of(transcript: Transcript, correction: Correction) -> Evidence | None:
    """Return the words that the person named, as they stand in the transcript."""
    if correction.words is None:
        return None
    start = transcript.text.lower().find(correction.words.lower())
    if start < 0 or not correction.words:
        raise SessionError(f"“{correction.words}” was not said in this answer")
    end = start + len(correction.words)
    times = transcript.times_of(start, end) or (None, None)
    return Evidence(transcript.text[start:end], *times)


def _check_schema(schema: int) -> None:
    if schema > SCHEMA:
        raise SessionError(
            f"written by a newer voiceprep (schema {schema}, this one reads {SCHEMA}); "
            "upgrade voiceprep"
        )


def _question(data: Mapping[str, Any]) -> Question:
    return Question(
        int(data["number"]),
        str(data["text"]),
        data["difficulty"],
        data["sample_answer"],
        tuple(KeyPoint(p["text"], tuple(p["phrasings"])) for p in data["key_points"]),
    )
