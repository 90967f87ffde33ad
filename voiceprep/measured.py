"""What the project's own benchmarks measured, so that reports can say how far to trust them.

Taken by `python -m tests.benchmarks.fillers ../shared/speech` on 53 labelled hesitations,
13 minutes of read speech and 109 s of noise, with the packaged weights; the intervals are
Wilson's at 95 %.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """A share of 1 with its 95 % confidence interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Detector:
    """How often a detector is right, and how much of what is there it finds."""

    precision: Share
    recall: Share
    examples: int


HESITATIONS = Detector(
    precision=Share(0.961, 0.868, 0.989),
    recall=Share(0.925, 0.821, 0.970),
    examples=53,
)
