"""The formats of a transcript: what `voiceprep transcribe -f` writes.

Each takes a transcript with its fillers, its analysis or None, and a title.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from voiceprep.report.marking import marked
from voiceprep.report.subtitles import srt, vtt
from voiceprep.report.wording import clock, counted, duration, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from voiceprep.analysis import Analysis, PointCoverage
    from voiceprep.transcript import Transcript

    Rendering = Callable[[Transcript, Analysis | None, str], str]

_MARKDOWN = str.maketrans({c: f"\\{c}" for c in "\\`*_[]<>#|"})


def render(
    name: str, transcript: Transcript, analysis: Analysis | None = None, title: str = ""
) -> str:
    """Return the transcript in the format of that name (one of FORMATS)."""
    return FORMATS[name](transcript, analysis, title)


def _txt(transcript: Transcript, _analysis: Analysis | None, _title: str) -> str:
    """Return a line for each segment."""
    return "".join(f"{line}\n" for line in _sentences(transcript))


def _sentences(transcript: Transcript) -> list[str]:
    texts = [s.text for s in transcript.segments] or [transcript.text]
    return [line for text in texts if (line := " ".join(text.split()))]


def _srt(transcript: Transcript, _analysis: Analysis | None, _title: str) -> str:
    return srt(transcript)


def _vtt(transcript: Transcript, _analysis: Analysis | None, _title: str) -> str:
    return vtt(transcript)


def _tsv(transcript: Transcript, _analysis: Analysis | None, _title: str) -> str:
    """Return the table that OpenAI's Whisper writes: times in whole milliseconds."""
    rows = (
        f"{round(1000 * s.start)}\t{round(1000 * s.end)}\t{' '.join(s.text.split())}\n"
        for s in transcript.segments
    )
    return "start\tend\ttext\n" + "".join(rows)


def _json(transcript: Transcript, analysis: Analysis | None, _title: str) -> str:
    data = transcript.to_dict()
    if analysis:
        data["analysis"] = analysis.to_dict()
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _md(transcript: Transcript, analysis: Analysis | None, title: str) -> str:
    blocks = [f"# {escaped(title)}"] if title else []
    if analysis:
        blocks += _report(transcript, analysis)
    elif transcript.segments:
        blocks += [
            f"**{clock(s.start)}** {escaped(' '.join(s.text.split()))}"
            for s in transcript.segments
        ]
    else:
        blocks.append(escaped(transcript.text) or "*Nothing was said.*")
    return "\n\n".join(blocks) + "\n"


def escaped(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line."""
    return " ".join(text.split()).translate(_MARKDOWN)


def _report(transcript: Transcript, analysis: Analysis) -> Iterator[str]:
    question = analysis.question
    if question:
        about = f"question {question.number}, {question.difficulty}"
        yield f"> {escaped(question.text)} ({about})"
    yield "\n".join(f"- {line}" for line in _numbers(analysis))
    yield "## What was said"
    pieces = "".join(p.text for p in marked(transcript, analysis))
    yield escaped(pieces) or "*Nothing was said.*"
    yield "\\[um\\] hesitation, (like) discourse marker, «2 …» earned point 2, /2.0 s/ pause"
    if analysis.coverage:
        yield "## Key points"
        yield "\n".join(
            f"{number}. {_point(point)}"
            for number, point in enumerate(analysis.coverage.points, 1)
        )


def _numbers(analysis: Analysis) -> Iterator[str]:
    length, pace, rate = analysis.length, analysis.pace, analysis.filler_rate
    seconds = "" if length.seconds is None else f" in {duration(length.seconds)}"
    yield counted(length.words, "word") + seconds
    if pace.wpm is not None and pace.articulation_wpm is not None:
        yield f"{pace.wpm:.0f} words a minute, {pace.articulation_wpm:.0f} without pauses"
    yield f"{counted(len(analysis.pauses), 'pause')} of a second or more"
    per_minute = "" if rate.per_minute is None else f", {rate.per_minute:g} a minute"
    yield (
        f"{counted(rate.hesitations.count, 'hesitation')} and "
        f"{counted(rate.discourse.count, 'discourse marker')}{per_minute}"
    )
    if analysis.coverage:
        covered = sum(p.status == "covered" for p in analysis.coverage.points)
        total = counted(len(analysis.coverage.points), "key point")
        yield f"{covered} of {total} covered (score {percent(analysis.coverage.score)})"
    else:
        yield f"key points not compared: {escaped(analysis.coverage_absent or '')}"


def _point(point: PointCoverage) -> str:
    line = f"**{point.status}** {escaped(point.text)}"
    evidence = point.denied or point.evidence
    if evidence is None:
        return line
    at = "" if evidence.start is None else f"{clock(evidence.start)} "
    lead = "said the opposite: " if point.denied else ""
    return f"{line}: {lead}{at}“{escaped(evidence.quote)}”"


FORMATS: dict[str, Rendering] = {
    "txt": _txt,
    "srt": _srt,
    "vtt": _vtt,
    "tsv": _tsv,
    "json": _json,
    "md": _md,
}
"""Every format by its name, which is also the ending of its files."""
