"""Fit the logistic heads of key-point coverage on labelled answers, and say how good.

    python -m tests.training.coverage.calibrate FILE... [--plain] [--test FILE]...

prints the head for points with phrasings, or (`--plain`) for key points alone. FILE is
read as by `tests/benchmarks/coverage.py`, as written and misheard; none of it may have
been learnt from. Its own figures are cross-validated by question, those of a `--test` file
come from a head that has seen nothing of it.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tests.benchmarks.coverage import area, misheard, read
from voiceprep.coverage import Head
from voiceprep.entailment import load_entailment
from voiceprep.readings import Reading, readings

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
MOST_DENIED = 0.12
"""Share of the points turned down that may be called covered, at most: 15 % are too many, and
other writers turn them down in other ways."""
OFF_TOPIC = 0.2
"""Weight of a point of another question: few people answer another one."""
SIGNALS = ("said", "denied", "similarity", "margin", "refused", "relevance")
"""What the regression weighs; what wrong words weigh is found after it (`_lenient`)."""
START = Head(
    said=1.0,
    denied=0.0,
    similarity=4.0,
    margin=0.0,
    refused=0.0,
    relevance=0.0,
    wrong=0.0,
    bias=0.0,
)
HEARINGS = 2
"""Times that each answer is misheard anew."""


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled point with the passages of its answer."""

    question: str
    covered: bool
    denied: bool
    off_topic: bool
    misheard: bool
    read: tuple[Reading, ...]


def all_cases(answers: Sequence[Answer], model: EntailmentModel) -> list[Case]:
    """Return the cases of answers as written, and as misheard several times."""
    made = cases(answers, model)
    for seed in range(HEARINGS):
        made += cases(as_heard(answers, seed), model, misheard=True)
    return made


def cases(
    answers: Sequence[Answer], model: EntailmentModel, *, misheard: bool = False
) -> list[Case]:
    """Return every point with a clear label, and those of another question, off topic."""
    made = []
    for number, answer in enumerate(answers):
        question = answer.question.text
        found = readings(answer.text, answer.question, model)
        for label in answer.labels:
            row = found[label["kp"]]
            if label["gold"] != "partly" and row:
                covered, hard = label["gold"] == "covered", bool(label["hard_negative"])
                made.append(Case(question, covered, hard, False, misheard, row))
        other = answers[number - len(answers) // 2].question
        if other.text != question:
            unrelated = readings(answer.text, other, model)
            made += [
                Case(question, False, False, True, misheard, row) for row in unrelated if row
            ]
    return made


def as_heard(answers: Sequence[Answer], seed: int = 0) -> list[Answer]:
    """Return answers as a recogniser writes them in a noisy room."""
    rng = random.Random(seed)
    return [replace(a, text=misheard(a.text, rng)) for a in answers]


def fit(train: Sequence[Case], most_denied: float) -> Head:
    """Return the head that suits the best passages best.

    Answers to another question count as negatives, so that it is a careful one. Its
    threshold, a half, is the best for answers as written; for answers that are misheard it
    falls until as many points are called covered as are.
    """
    head = START
    wanted = np.array([c.covered for c in train], float)
    weights = np.where([c.off_topic for c in train], OFF_TOPIC, 1.0)
    for _ in range(ROUNDS):
        chosen = [max(c.read, key=head.score) for c in train]
        head = _logistic(np.array([_signals(r) for r in chosen]), wanted, weights)
    written = [c for c in train if not c.misheard and not c.off_topic]
    heard = [c for c in train if c.misheard and not c.off_topic]
    lenient = _lenient(_strict(head, written, most_denied), written, heard)
    return _strict(lenient, written, most_denied)


def _strict(head: Head, written: Sequence[Case], most_denied: float) -> Head:
    """Return the head with the bias of the best F1 that lets through so many denied points."""
    logits, wanted = _logits(head, written), np.array([c.covered for c in written])
    denied = np.array([c.denied for c in written])
    allowed = [t for t in np.unique(logits) if (logits[denied] >= t).mean() <= most_denied]
    return replace(
        head, bias=head.bias - max(allowed, key=lambda t: f1(wanted, logits >= t)).item()
    )


def _lenient(head: Head, written: Sequence[Case], heard: Sequence[Case]) -> Head:
    """Return the head with the weight of wrong words that suits misheard answers."""
    logits = np.sort(_logits(head, heard))[::-1]
    shift = max(-logits[sum(c.covered for c in heard) - 1].item(), 0.0)
    usual = _wrong(written)
    weight = shift / (_wrong(heard) - usual)
    return replace(head, wrong=weight, bias=head.bias - weight * usual)


def _logits(head: Head, chosen: Sequence[Case]) -> Numbers:
    scores = score(head, chosen)
    return np.log(scores / (1 - scores))


def _wrong(chosen: Sequence[Case]) -> float:
    """Return the mean share of the words that seem wrong."""
    return float(np.mean([c.read[0].wrong for c in chosen]))


def _signals(reading: Reading) -> tuple[float, ...]:
    return tuple(getattr(reading, name) for name in SIGNALS)


def _logistic(x: Numbers, y: Numbers, counted: Numbers) -> Head:
    """Return a ridge logistic regression, by Newton's method on standardised signals."""
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
    z = np.column_stack([(x - mean) / spread, np.ones(len(x))])
    pull = np.diag([RIDGE] * x.shape[1] + [0.0])
    w = np.zeros(z.shape[1])
    for _ in range(25):
        p = 1 / (1 + np.exp(-z @ w))
        slope = z.T @ (counted * (y - p)) - pull @ w
        w += np.linalg.solve((z * (counted * p * (1 - p))[:, None]).T @ z + pull, slope)
    weights = w[:-1] / spread
    bias = float(w[-1] - weights @ mean)
    return Head(**dict(zip(SIGNALS, weights.tolist(), strict=True)), wrong=0.0, bias=bias)


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
    under = area(scores[wanted].tolist(), scores[~wanted & ~strayed].tolist())
    called = scores >= 0.5
    print(
        f"{name:<40} AUC {under:.3f}  F1 {f1(wanted[~strayed], called[~strayed]):.3f}  "
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
    train = all_cases(answers, model)
    head = fit(train, MOST_DENIED)
    print(f"{'PLAIN' if options.plain else 'PHRASED'} = {head}")
    scores = crossed(train, MOST_DENIED)
    for name, heard in (("fitted on, by question", False), ("the same, misheard", True)):
        chosen = [i for i, c in enumerate(train) if c.misheard == heard]
        report(name, [train[i] for i in chosen], scores[chosen])
    for path in options.test:
        written = read(path, phrasings=phrasings)
        for name, said in ((path.name, written), (f"{path.name}, misheard", as_heard(written))):
            tested = cases(said, model)
            print(f"{name}: share of words that seem wrong {_wrong(tested):.3f}")
            report(name, tested, score(head, tested))


if __name__ == "__main__":
    main()
