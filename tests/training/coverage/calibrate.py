"""Fit the logistic heads of key-point coverage on labelled answers, and say how good.

    python -m tests.training.coverage.calibrate FILE... [--plain] [--test FILE]...

prints the head for points with phrasings, or (`--plain`) for key points alone. FILE is
read as by `tests/benchmarks/coverage.py`, as written and misheard; none of it may have
been learnt from. Its own figures are cross-validated by question, those of a `--test` file
come from a head that has seen nothing of it.
"""

from __future__ import annotations

import argparse
import math
import random
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tests.benchmarks.coverage import misheard, read
from voiceprep.coverage import Head, Reading, readings
from voiceprep.entailment import load_entailment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tests.benchmarks.coverage import Answer
    from voiceprep.entailment import EntailmentModel

    Flags = NDArray[np.bool_]
    Numbers = NDArray[np.float64]

FOLDS = 5
ROUNDS = 6
"""Times that the best passage of each point is chosen anew and the head fitted to it."""
RIDGE = 2.0
"""Strength of the pull of the standardised weights towards zero."""
MOST_DENIED = 0.15
"""Share of the points turned down that may be called covered, at most."""
MOST_DENIED_PLAIN = 0.25
"""The same for key points alone; a stricter threshold would miss most of what is said."""
START = Head(said=1.0, denied=0.0, similarity=4.0, margin=0.0, bias=0.0)


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled point with the passages of its answer."""

    question: str
    covered: bool
    denied: bool
    off_topic: bool
    read: tuple[Reading, ...]


def cases(answers: Sequence[Answer], model: EntailmentModel) -> list[Case]:
    """Return every point with a clear label, and those of another question, off topic."""
    made = []
    for number, answer in enumerate(answers):
        question = answer.question.text
        found = readings(answer.text, answer.question, model)
        for label in answer.labels:
            row = found[label["kp"]]
            if label["gold"] != "partly" and row:
                covered, hard = label["gold"] == "covered", bool(label["hard_negative"])
                made.append(Case(question, covered, hard, False, row))
        other = answers[number - len(answers) // 2].question
        if other.text != question:
            unrelated = readings(answer.text, other, model)
            made += [Case(question, False, False, True, row) for row in unrelated if row]
    return made


def as_heard(answers: Sequence[Answer]) -> list[Answer]:
    """Return answers as a recogniser writes them in a noisy room."""
    rng = random.Random(0)
    return [replace(a, text=misheard(a.text, rng)) for a in answers]


def fit(train: Sequence[Case], most_denied: float) -> Head:
    """Return the head that suits the best passages best.

    Answers to another question count as negatives, so that it is a careful one. Its
    threshold, a half, lets through that share of the points turned down.
    """
    head = START
    wanted = np.array([c.covered for c in train], float)
    for _ in range(ROUNDS):
        chosen = [max(c.read, key=head.score) for c in train]
        head = _logistic(np.array([astuple(r)[1:] for r in chosen]), wanted)
    denied = score(head, [c for c in train if c.denied])
    threshold = float(np.quantile(denied, 1 - most_denied))
    return replace(head, bias=head.bias - math.log(threshold / (1 - threshold)))


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
    return np.array([max(map(head.score, c.read)) for c in chosen])


def f1(wanted: Flags, called: Flags) -> float:
    """Return the F1 score."""
    return float(2 * (wanted & called).sum() / max(wanted.sum() + called.sum(), 1))


def report(name: str, tested: Sequence[Case], scores: Numbers) -> None:
    """Print AUC, F1 and how many denied points are called covered."""
    wanted = np.array([c.covered for c in tested])
    denied = np.array([c.denied for c in tested])
    strayed = np.array([c.off_topic for c in tested])
    above = scores[wanted][:, None] - scores[~wanted & ~strayed]
    area = float(np.mean((above > 0) + 0.5 * (above == 0)))
    called = scores >= 0.5
    print(
        f"{name:<40} AUC {area:.3f}  F1 {f1(wanted[~strayed], called[~strayed]):.3f}  "
        f"denied called covered {called[denied].mean():.2f} of {denied.sum()}  "
        f"off topic called covered {called[strayed].mean():.2f}"
    )


def crossed(tested: Sequence[Case], most_denied: float) -> Numbers:
    """Return scores from heads that have not seen the question."""
    questions = sorted({c.question for c in tested})
    scores = np.zeros(len(tested))
    for fold in range(FOLDS):
        out = set(questions[fold::FOLDS])
        head = fit([c for c in tested if c.question not in out], most_denied)
        for i, case in enumerate(tested):
            if case.question in out:
                scores[i] = score(head, [case])[0]
    return scores


def main() -> None:
    """Print the head and the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--plain", action="store_true", help="key points alone")
    parser.add_argument("--test", action="append", default=[], type=Path, metavar="FILE")
    options = parser.parse_args()
    model, phrasings = load_entailment(threads=1), not options.plain
    answers = [a for f in options.files for a in read(f, phrasings=phrasings)]
    train = cases(answers, model) + cases(as_heard(answers), model)
    most_denied = MOST_DENIED_PLAIN if options.plain else MOST_DENIED
    head = fit(train, most_denied)
    print(f"{'PLAIN' if options.plain else 'PHRASED'} = {head}")
    report("fitted on, by question", train, crossed(train, most_denied))
    for path in options.test:
        written = read(path, phrasings=phrasings)
        for name, said in ((path.name, written), (f"{path.name}, misheard", as_heard(written))):
            tested = cases(said, model)
            report(name, tested, score(head, tested))


if __name__ == "__main__":
    main()
