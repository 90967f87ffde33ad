"""Fit the scales of key-point coverage on labelled answers, and say how good they are.

    python -m tests.training.coverage.calibrate FILE... [--plain]

prints the scale for points with phrasings, or (`--plain`) for key points alone. FILE is
read as by `tests/benchmarks/coverage.py`; none of it may have been learnt from. The
figures are cross-validated by question.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tests.benchmarks.coverage import read
from voiceprep.coverage import Scale, readings
from voiceprep.entailment import load_entailment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]
    Numbers = NDArray[np.float64]

FOLDS = 5

LEAST_LOGIT = -12.0
"""Of a point that no passage was read for."""


@dataclass(frozen=True, slots=True)
class Cases:
    """Points with a clear label, a row each: the question, the best logit, the label."""

    questions: Sequence[str]
    said: Numbers
    covered: Flags
    denied: Flags


def cases(files: Sequence[Path], *, phrasings: bool) -> Cases:
    """Return the points of some files that are covered or not."""
    model = load_entailment()
    rows = []
    for answer in (a for path in files for a in read(path, phrasings=phrasings)):
        found = readings(answer.text, answer.question, model)
        for label in answer.labels:
            if label["gold"] != "partly":
                said = max((r.said for r in found[label["kp"]]), default=LEAST_LOGIT)
                hard = bool(label.get("hard_negative"))
                rows.append((answer.question.text, said, label["gold"] == "covered", hard))
    questions, said, covered, denied = zip(*rows, strict=True)
    return Cases(questions, np.array(said), np.array(covered), np.array(denied))


def fit(said: Numbers, covered: Flags) -> Scale:
    """Return the scale with its middle where F1 is highest.

    Its slope is that of a logistic regression (Platt 1999), by Newton's method.
    """
    slope, bias = 1.0, 0.0
    for _ in range(50):
        p = 1 / (1 + np.exp(-(slope * said + bias)))
        x = np.column_stack([said, np.ones_like(said)])
        step = np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x, x.T @ (covered - p))
        slope, bias = slope + float(step[0]), bias + float(step[1])
    middle = max(np.unique(said), key=lambda t: f1(covered, said >= t))
    return Scale(round(slope, 2), round(float(middle), 2))


def f1(wanted: Flags, called: Flags) -> float:
    """Return the F1 score."""
    return float(2 * (wanted & called).sum() / max(wanted.sum() + called.sum(), 1))


def crossed(known: Cases) -> Flags:
    """Return what is called covered, by scales that have not seen the question."""
    questions = sorted(set(known.questions))
    called = np.zeros(len(known.said), bool)
    for fold in range(FOLDS):
        out = np.isin(known.questions, questions[fold::FOLDS])
        scale = fit(known.said[~out], known.covered[~out])
        called[out] = known.said[out] >= scale.middle
    return called


def main() -> None:
    """Print the scale and the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--plain", action="store_true", help="key points alone")
    options = parser.parse_args()
    known = cases(options.files, phrasings=not options.plain)
    called = crossed(known)
    print(f"{'PLAIN' if options.plain else 'PHRASED'} = {fit(known.said, known.covered)}")
    print(
        f"{len(called)} points, by question: F1 {f1(known.covered, called):.3f}, denied called "
        f"covered {called[known.denied].mean():.2f} of {known.denied.sum()}"
    )


if __name__ == "__main__":
    main()
