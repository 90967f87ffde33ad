"""A session in the forms that other programs read."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from voiceprep.report.marking import marked
from voiceprep.report.terminal import KEY_TO_SIGNS
from voiceprep.report.wording import clock, counted, duration, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from voiceprep.analysis import PointCoverage
    from voiceprep.session import Answer, Session

COLUMNS = (
    "session",
    "started",
    "bank",
    "question",
    "difficulty",
    "words",
    "seconds",
    "speech_seconds",
    "wpm",
    "articulation_wpm",
    "pauses",
    "hesitations",
    "discourse_markers",
    "fillers_per_minute",
    "fillers_per_100_words",
    "points",
    "covered",
    "score",
    "transcript",
)


def table(session: Session, answers: Sequence[Answer]) -> str:
    """Return CSV, a row an answer."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for answer in answers:
        writer.writerow(_row(session, answer))
    return out.getvalue()


def _row(session: Session, answer: Answer) -> dict[str, object]:
    found = answer.analysis
    points = found.coverage.points if found.coverage else ()
    return {
        "session": session.id,
        "started": session.started.isoformat(),
        "bank": session.bank,
        "question": answer.question.number,
        "difficulty": answer.question.difficulty,
        "words": found.length.words,
        "seconds": found.length.seconds,
        "speech_seconds": found.length.speech_seconds,
        "wpm": found.pace.wpm,
        "articulation_wpm": found.pace.articulation_wpm,
        "pauses": len(found.pauses),
        "hesitations": found.filler_rate.hesitations.count,
        "discourse_markers": found.filler_rate.discourse.count,
        "fillers_per_minute": found.filler_rate.per_minute,
        "fillers_per_100_words": found.filler_rate.per_100_words,
        "points": len(points),
        "covered": sum(p.status == "covered" for p in points),
        "score": found.coverage.score if found.coverage else None,
        "transcript": answer.transcript.text,
    }


def markdown(session: Session, answers: Sequence[Answer]) -> str:
    """Return Markdown for people: numbers, transcript and key points of every answer."""
    started = session.started.astimezone().strftime("%Y-%m-%d %H:%M")
    blocks = [f"# {session.bank}, {started}\n"]
    blocks += ["\n".join(_answer(a)) for a in answers]
    return "\n".join(blocks)


def _answer(answer: Answer) -> Iterator[str]:
    found = answer.analysis
    yield f"## {answer.question.number}. {answer.question.text}\n"
    length = counted(found.length.words, "word")
    if found.length.seconds is not None:
        length += f" in {duration(found.length.seconds)}"
    yield f"- length: {length}"
    if found.pace.wpm is not None:
        yield f"- pace: {found.pace.wpm:.0f} words a minute"
    yield f"- silent pauses of a second or more: {len(found.pauses)}"
    yield f"- hesitations: {found.filler_rate.hesitations.count}"
    yield f"- discourse markers: {found.filler_rate.discourse.count}"
    yield from (f"- note: {note}" for note in answer.notes)
    said = "".join(piece.text for piece in marked(answer.transcript, found))
    yield f"\n> {said or '(nothing)'}\n"
    yield f"<sub>{KEY_TO_SIGNS}</sub>\n"
    if found.coverage:
        yield f"Key points: {percent(found.coverage.score)}\n"
        yield from (_point(p) for p in found.coverage.points)
        yield ""


def _point(point: PointCoverage) -> str:
    evidence = point.denied or point.evidence
    quote = f" — “{evidence.quote}”" if evidence else ""
    if evidence and evidence.start is not None:
        quote += f" ({clock(evidence.start)})"
    said = "denied" if point.denied else point.status
    return f"- **{said}**: {point.text}{quote}"


def subtitles(answer: Answer, kind: str) -> str:
    """Return the transcript of an answer as SubRip (srt) or WebVTT (vtt)."""
    from voiceprep.report.formats import render

    return render(kind, answer.transcript)
