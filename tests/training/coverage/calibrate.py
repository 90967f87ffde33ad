"""Fit the logistic heads of key-point coverage on labelled answers, and say how good.

    python -m tests.training.coverage.calibrate [FILE] [--test FILE]...

FILE (by default `answers.json` here) has the shape that `tests/benchmarks/coverage.py`
reads. The figures for FILE itself are cross-validated by question; those for a `--test`
file come from a head that has seen nothing of it.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tests.benchmarks.coverage import Answer, read
from voiceprep.coverage import Candidate, Head, candidates
from voiceprep.encoder import load_encoder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from voiceprep.encoder import Encoder

    Numbers = NDArray[np.float64]

FOLDS = 5
ROUNDS = 6
"""Times that the best passage of each point is chosen anew and the head fitted to it."""
RIDGE = 2.0
"""Strength of the pull of the standardised weights towards zero."""
START = Head(said=1.0, denied=0.0, similarity=1.0, margin=0.0, bias=0.0)


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled point with the passages that may make it."""

    question: str
    covered: bool
    denied: bool
    off_topic: bool
    found: tuple[Candidate, ...]


def cases(answers: Sequence[Answer], encoder: Encoder) -> list[Case]:
    """Return every point with a clear label, and those of another question, off topic."""
    made = []
    for number, answer in enumerate(answers):
        question = answer.question.text
        found = candidates(answer.text, answer.question, encoder)
        for label in answer.labels:
            row = found[label["kp"]]
            if label["gold"] != "partly" and row:
                covered, hard = label["gold"] == "covered", bool(label["hard_negative"])
                made.append(Case(question, covered, hard, False, row))
        other = answers[number - len(answers) // 2].question
        if other.text != question:
            unrelated = candidates(answer.text, other, encoder)
            made += [Case(question, False, False, True, row) for row in unrelated if row]
    return made


def row_of(candidate: Candidate) -> list[float]:
    """Return the signals as numbers."""
    s = candidate.signals
    return [s.said, s.denied, s.similarity, s.margin]


def fit(train: Sequence[Case]) -> Head:
    """Return the head that suits the best passages best, its F1 highest at a half.

    Answers to another question count as negatives, so that the choice is a careful one.
    """
    head = START
    wanted = np.array([c.covered for c in train], float)
    for _ in range(ROUNDS):
        chosen = [max(c.found, key=lambda f: head.score(f.signals)) for c in train]
        head = _logistic(np.array([row_of(f) for f in chosen]), wanted)
    scores, called = score(head, train), wanted > 0
    threshold = max(np.unique(scores), key=lambda t: f1(called, scores >= t))
    shift = float(np.log(threshold / (1 - threshold)))
    return replace(head, bias=head.bias - shift)


def _logistic(x: Numbers, y: Numbers) -> Head:
    """Return a ridge logistic regression, by Newton's method on standardised signals."""
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
    z = np.column_stack([(x - mean) / spread, np.ones(len(x))])
    pull = np.diag([RIDGE] * x.shape[1] + [0.0])
    w = np.zeros(z.shape[1])
    for _ in range(25):
        p = 1 / (1 + np.exp(-z @ w))
        slope = z.T @ (y - p) - pull @ w
        w += np.linalg.solve((z * (p * (1 - p))[:, None]).T @ z + pull, slope)
    weights = w[:-1] / spread
    said, denied, similarity, margin = weights.tolist()
    return Head(said, denied, similarity, margin, float(w[-1] - weights @ mean))


def score(head: Head, chosen: Sequence[Case]) -> Numbers:
    """Return the score of every case, that of its best passage."""
    return np.array([max(head.score(f.signals) for f in c.found) for c in chosen])


def f1(wanted: NDArray[np.bool_], called: NDArray[np.bool_]) -> float:
    """Return the F1 score."""
    return float(2 * (wanted & called).sum() / max(wanted.sum() + called.sum(), 1))


def report(name: str, tested: Sequence[Case], scores: Numbers) -> None:
    """Print AUC, F1 and how many denied points are called covered."""
    wanted = np.array([c.covered for c in tested])
    denied = np.array([c.denied for c in tested])
    near = np.array([not c.off_topic for c in tested])
    above = scores[wanted][:, None] - scores[~wanted & near]
    area = float(np.mean((above > 0) + 0.5 * (above == 0)))
    called = scores >= 0.5
    strayed = called[np.array([c.off_topic for c in tested])].mean()
    print(
        f"{name:<40} AUC {area:.3f}  F1 {f1(wanted[near], called[near]):.3f}  "
        f"denied called covered {called[denied].mean():.2f} of {denied.sum()}  "
        f"off topic called covered {strayed:.2f}"
    )


def crossed(tested: Sequence[Case]) -> Numbers:
    """Return scores from heads that have not seen the question."""
    questions = sorted({c.question for c in tested})
    scores = np.zeros(len(tested))
    for fold in range(FOLDS):
        out = set(questions[fold::FOLDS])
        head = fit([c for c in tested if c.question not in out])
        for i, case in enumerate(tested):
            if case.question in out:
                scores[i] = score(head, [case])[0]
    return scores


def main() -> None:
    """Print the heads and the figures, with phrasings and without."""
    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(__file__).with_name("answers.json")
    parser.add_argument("file", nargs="?", type=Path, default=default, metavar="FILE")
    parser.add_argument("--test", action="append", default=[], type=Path, metavar="FILE")
    options = parser.parse_args()
    encoder = load_encoder()
    for phrasings in (True, False):
        train = cases(read(options.file, phrasings=phrasings), encoder)
        head = fit(train)
        print(f"\n{'PHRASED' if phrasings else 'PLAIN'} = {head}")
        report(f"{options.file.name}, by question", train, crossed(train))
        for path in options.test:
            tested = cases(read(path, phrasings=phrasings), encoder)
            report(f"{path.name}, fitted on {options.file.name}", tested, score(head, tested))


if __name__ == "__main__":
    main()
