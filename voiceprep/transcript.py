"""The transcript: what was said, word by word, and when.

The JSON is the shape of OpenAI Whisper's own (`text`, `language`, `segments` with
`words`), so that existing tools read it, with `duration` and `fillers` beside it.
Times are seconds from the start of the recording.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from voiceprep.errors import VoiceprepError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FillerKind = Literal["hesitation", "discourse"]


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word as Whisper writes it: `text` keeps its leading space.

    `probability` is 0 to 1.
    """

    text: str
    start: float
    end: float
    probability: float

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON shape `{word, start, end, probability}`."""
        return {
            "word": self.text,
            "start": self.start,
            "end": self.end,
            "probability": self.probability,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Word:
        """Read the JSON shape; a missing probability is taken as 1."""
        return cls(
            str(data["word"]),
            float(data["start"]),
            float(data["end"]),
            float(data.get("probability", 1.0)),
        )


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech; its text is exactly the text of its words, joined."""

    words: tuple[Word, ...]
    text: str
    start: float
    end: float

    @classmethod
    def of(cls, words: Iterable[Word]) -> Segment:
        """Make a segment of one or more words."""
        kept = tuple(words)
        return cls(kept, "".join(w.text for w in kept), kept[0].start, kept[-1].end)


@dataclass(frozen=True, slots=True)
class Filler:
    """A filler in a transcript, with its place in the text.

    `start` and `end` are seconds, None where the transcript has no times;
    `char_start` and `char_end` are offsets into `Transcript.text`.
    """

    text: str
    kind: FillerKind
    start: float | None
    end: float | None
    char_start: int
    char_end: int

    def to_dict(self) -> dict[str, Any]:
        """Return the filler as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Filler:
        """Read what `to_dict` wrote."""
        if data["kind"] not in ("hesitation", "discourse"):
            raise ValueError(f"a filler of kind {data['kind']!r}")
        return cls(
            str(data["text"]),
            data["kind"],
            None if data["start"] is None else float(data["start"]),
            None if data["end"] is None else float(data["end"]),
            int(data["char_start"]),
            int(data["char_end"]),
        )


@dataclass(frozen=True, slots=True)
class Transcript:
    """A verbatim transcript.

    `segments` is empty and `duration` is None for a transcript made from plain text.
    `fillers` is filled by the room `fillers`; a stored transcript carries them.
    """

    text: str
    language: str = "en"
    duration: float | None = None
    segments: tuple[Segment, ...] = ()
    fillers: tuple[Filler, ...] = ()

    @classmethod
    def from_segments(
        cls, segments: Iterable[Segment], *, duration: float, language: str = "en"
    ) -> Transcript:
        """Make a transcript of timed segments; the text is theirs, joined and stripped."""
        kept = tuple(segments)
        text = "".join(s.text for s in kept).strip()
        return cls(text, language, duration, kept)

    @property
    def words(self) -> tuple[Word, ...]:
        """Every timed word, in order."""
        return tuple(word for segment in self.segments for word in segment.words)

    def word_spans(self) -> tuple[tuple[int, int], ...]:
        """Return the (char_start, char_end) of every timed word in `text`, space left out."""
        spans = []
        raw = "".join(s.text for s in self.segments)
        position = -(len(raw) - len(raw.lstrip()))
        for word in self.words:
            lead = len(word.text) - len(word.text.lstrip())
            start = max(position + lead, 0)
            position += len(word.text)
            spans.append((start, max(start, min(position, len(self.text)))))
        return tuple(spans)

    def times_of(self, char_start: int, char_end: int) -> tuple[float, float] | None:
        """Return the (start, end) in seconds of a span of `text`, None without word times."""
        words = self.words
        if not words or char_end <= char_start:
            return None
        spans = self.word_spans()
        starts = [s for s, _ in spans]
        first = max(bisect_right(starts, char_start) - 1, 0)
        last = max(bisect_right(starts, char_end - 1) - 1, first)
        return words[first].start, words[last].end

    def with_fillers(self, fillers: Iterable[Filler]) -> Transcript:
        """Return the same transcript carrying these fillers."""
        return replace(self, fillers=tuple(fillers))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON shape."""
        return {
            "text": self.text,
            "language": self.language,
            "duration": self.duration,
            "segments": [
                {
                    "id": number,
                    "start": segment.start,
                    "end": segment.end,
                    "text": segment.text,
                    "words": [word.to_dict() for word in segment.words],
                }
                for number, segment in enumerate(self.segments)
            ],
            "fillers": [filler.to_dict() for filler in self.fillers],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Transcript:
        """Read the JSON shape, also as OpenAI Whisper or faster-whisper tools write it.

        Raises:
            VoiceprepError: a key is missing or holds something else than it should.
        """
        try:
            return cls._from_dict(data)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise VoiceprepError(
                f"transcript JSON: {_complaint(error)}; expected Whisper's shape: "
                "text, language, segments with words"
            ) from error

    @classmethod
    def _from_dict(cls, data: Mapping[str, Any]) -> Transcript:
        segments = tuple(_segment(s) for s in data.get("segments") or ())
        text = "".join(s.text for s in segments) if segments else str(data["text"])
        duration = data.get("duration")
        if duration is None and segments:
            duration = segments[-1].end
        return cls(
            text.strip(),
            str(data.get("language") or "en"),
            None if duration is None else float(duration),
            segments,
            tuple(_fillers(data.get("fillers") or ())),
        )


def parse_transcript(content: str, name: str) -> Transcript:
    """Read a transcript from JSON (an object) or plain text; `name` is used in errors.

    Raises:
        VoiceprepError: it begins like JSON but is not a transcript.
    """
    if not content.lstrip().startswith("{"):
        return Transcript(" ".join(content.split()))
    try:
        return Transcript.from_dict(json.loads(content))
    except ValueError as error:
        raise VoiceprepError(f"{name}: not JSON ({error})") from error
    except VoiceprepError as error:
        raise VoiceprepError(f"{name}: {error}") from error


def _segment(data: Mapping[str, Any]) -> Segment:
    words = tuple(Word.from_dict(w) for w in data.get("words") or ())
    start, end = float(data["start"]), float(data["end"])
    if any(not math.isfinite(t) for t in (start, end)):
        raise ValueError(f"a segment runs from {start} to {end}")
    words = words or (Word(str(data["text"]), start, end, 1.0),)
    return Segment(words, "".join(w.text for w in words), start, end)


def _fillers(rows: Iterable[Mapping[str, Any]]) -> Iterator[Filler]:
    """Read the fillers; one without a place in the text is left to be found by its words."""
    return (Filler.from_dict(row) for row in rows if "char_start" in row)


def _complaint(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error)
