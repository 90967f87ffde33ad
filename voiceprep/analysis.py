"""The analysis of one answer: every number a report shows, computed once.

A transcript and a question go in, an `Analysis` comes out. Reports, the store and
the JSON output read it; nothing recomputes.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from voiceprep.transcript import Filler

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PointStatus = Literal["covered", "partial", "missed"]


@dataclass(frozen=True, slots=True)
class Length:
    """How long the answer was.

    `words` counts what was said, hesitations apart. `seconds` is the whole recording,
    `speech_seconds` what is left of it without the pauses; None without times.
    """

    words: int
    seconds: float | None
    speech_seconds: float | None


@dataclass(frozen=True, slots=True)
class Pace:
    """Words a minute: over the whole answer, and over the speech alone (articulation)."""

    wpm: float | None
    articulation_wpm: float | None


@dataclass(frozen=True, slots=True)
class Pause:
    """A silent pause inside the answer, in seconds."""

    start: float
    end: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something happened; `per_minute` is None without times."""

    count: int
    per_minute: float | None
    per_100_words: float | None


@dataclass(frozen=True, slots=True)
class FillerRate:
    """Fillers of both kinds together, and the three things counted apart."""

    per_minute: float | None
    per_100_words: float | None
    hesitations: Rate
    discourse: Rate
    pauses: Rate


@dataclass(frozen=True, slots=True)
class Evidence:
    """A literal span of the answer; times in seconds, None without times."""

    quote: str
    start: float | None
    end: float | None


@dataclass(frozen=True, slots=True)
class PointCoverage:
    """One key point: whether the answer says it, how sure (0 to 1), and the words for it.

    `denied` holds the words with which the speaker said the opposite, if so; such a
    point is `missed` and has no evidence. `corrected` says that the person decided.
    """

    text: str
    status: PointStatus
    score: float
    evidence: Evidence | None
    denied: Evidence | None = None
    corrected: bool = False


_WORTH: dict[PointStatus, float] = {"covered": 1.0, "partial": 0.5, "missed": 0.0}


@dataclass(frozen=True, slots=True)
class Coverage:
    """All key points of a question; `score` is the mean of 1, ½ and 0 over them."""

    score: float
    points: tuple[PointCoverage, ...]

    @classmethod
    def of(cls, points: Iterable[PointCoverage]) -> Coverage:
        """Return the coverage of these points, with its score."""
        kept = tuple(points)
        total = sum(_WORTH[p.status] for p in kept)
        return cls(round(total / len(kept), 3) if kept else 0.0, kept)


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """What an analysis remembers of its question."""

    number: int
    text: str
    difficulty: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything measured on one answer.

    `coverage` is None where there is nothing to compare with; `coverage_absent` then
    says why in one sentence.
    """

    question: AskedQuestion | None
    length: Length
    pace: Pace
    pauses: tuple[Pause, ...]
    fillers: tuple[Filler, ...]
    filler_rate: FillerRate
    coverage: Coverage | None
    coverage_absent: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON shape: the same names, nested as they stand here."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Analysis:
        """Read what `to_dict` wrote.

        Raises:
            KeyError, TypeError, ValueError: the data has another shape.
        """
        question, coverage = data["question"], data["coverage"]
        return cls(
            AskedQuestion(**question) if question else None,
            Length(**data["length"]),
            Pace(**data["pace"]),
            tuple(Pause(**p) for p in data["pauses"]),
            tuple(Filler.from_dict(f) for f in data["fillers"]),
            _filler_rate(data["filler_rate"]),
            _coverage(coverage) if coverage else None,
            data.get("coverage_absent"),
        )


def _filler_rate(data: Mapping[str, Any]) -> FillerRate:
    apart = {name: Rate(**data[name]) for name in ("hesitations", "discourse", "pauses")}
    return FillerRate(data["per_minute"], data["per_100_words"], **apart)


def _coverage(data: Mapping[str, Any]) -> Coverage:
    return Coverage(float(data["score"]), tuple(_point(p) for p in data["points"]))


def _point(data: Mapping[str, Any]) -> PointCoverage:
    evidence, denied = data["evidence"], data.get("denied")
    return PointCoverage(
        str(data["text"]),
        data["status"],
        float(data["score"]),
        Evidence(**evidence) if evidence else None,
        Evidence(**denied) if denied else None,
        bool(data.get("corrected", False)),
    )
