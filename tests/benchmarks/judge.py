"""Measure the deep judge on labelled answers, beside the packaged model.

    python -m tests.benchmarks.judge FILE... --judge MODEL [--answers N]

MODEL is what `voiceprep score --judge` takes; FILE has the shape that
`tests.benchmarks.coverage` reads. `both` is the mean of the two scores. A local model is
slow: with --answers N only the first N answers are judged, question by question.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.coverage import Answer, Row, Verdict, auc, decided, f1, judge_rows, read
from voiceprep.coverage import cover
from voiceprep.entailment import load_entailment
from voiceprep.judge import COVERED, Judge
from voiceprep.language_model import find_model, load_model
from voiceprep.transcript import Transcript

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from voiceprep.analysis import Coverage
    from voiceprep.entailment import EntailmentModel
    from voiceprep.questions import Question


class Timed:
    """Both judgements of each answer, and how long the model took for it.

    The first answer to a question takes its calibration too and is timed apart.
    """

    def __init__(self, judge: Judge, reader: EntailmentModel) -> None:
        self._judge = judge
        self._reader = reader
        self._known: dict[tuple[str, str], tuple[Coverage, Coverage]] = {}
        self._questions: set[str] = set()
        self.seconds: list[float] = []
        self.first_seconds: list[float] = []

    def __call__(self, text: str, question: Question) -> tuple[Coverage, Coverage]:
        """Return the coverage of the packaged model and that of the judge."""
        key = (question.text, text)
        if key not in self._known:
            transcript = Transcript(text)
            alone = cover(transcript, question, self._reader)
            start = time.perf_counter()
            judged = self._judge(transcript, question, alone, self._reader)
            taken = time.perf_counter() - start
            seen = question.text in self._questions
            (self.seconds if seen else self.first_seconds).append(taken)
            self._questions.add(question.text)
            self._known[key] = alone, judged
        return self._known[key]


def verdicts(coverage: Coverage) -> list[Verdict]:
    """Return the points of a coverage as verdicts."""
    return [
        Verdict(p.score, p.status == "covered", p.evidence.quote if p.evidence else None)
        for p in coverage.points
    ]


def mean_verdicts(one: Coverage, other: Coverage) -> list[Verdict]:
    """Return verdicts by the mean of two scores."""
    scores = [(a.score + b.score) / 2 for a, b in zip(one.points, other.points, strict=True)]
    return [Verdict(s, s >= COVERED) for s in scores]


def report(path: Path, timed: Timed, count: int | None) -> None:
    """Print the table of one file."""
    answers = sorted(read(path, phrasings=True), key=lambda a: a.question.number)[:count]
    columns: dict[str, Callable[[str, Question], list[Verdict]]] = {
        "judge": lambda text, question: verdicts(timed(text, question)[1]),
        "packaged": lambda text, question: verdicts(timed(text, question)[0]),
        "both": lambda text, question: mean_verdicts(*timed(text, question)),
    }
    rows = {name: judge_rows(answers, column) for name, column in columns.items()}
    clear = decided(rows["judge"])
    real = sum(r.gold == "covered" for r in clear)
    print(f"\n{path.name}: {len(answers)} answers, {len(clear)} points, {real} covered")
    print(f"{'':34}" + "".join(f"{name:>10}" for name in columns))
    _line("F1, covered", [f1(decided(r)) for r in rows.values()])
    _line("AUC of the scores", [auc(decided(r)) for r in rows.values()])
    _line("denied points called covered", [_denied(r) for r in rows.values()])
    _line(
        "evidence overlaps (half or more)", [_overlapping(rows[n]) for n in rows if n != "both"]
    )
    _seconds(answers, timed)


def _seconds(answers: Sequence[Answer], timed: Timed) -> None:
    words = statistics.mean(len(a.text.split()) for a in answers)
    for name, taken in (
        (f"s an answer ({words:.0f} words), median", timed.seconds),
        ("s with a new question, median", timed.first_seconds),
    ):
        if taken:
            _line(name, [statistics.median(taken)])


def _denied(rows: Sequence[Row]) -> float:
    called = [r.covered for r in decided(rows) if r.denied]
    return sum(called) / len(called) if called else float("nan")


def _overlapping(rows: Sequence[Row]) -> float:
    overlaps = [r.overlap for r in rows if r.overlap is not None]
    return sum(o >= 0.5 for o in overlaps) / len(overlaps) if overlaps else float("nan")


def _line(name: str, values: Sequence[float]) -> None:
    print(f"{name:<34}" + "".join(f"{value:>10.3f}" for value in values))


def main() -> None:
    """Print one table a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--judge", required=True, metavar="MODEL", help="as for `score`")
    parser.add_argument("--answers", type=int, metavar="N", help="only the first N of a file")
    options = parser.parse_args()
    timed = Timed(Judge(load_model(find_model(options.judge))), load_entailment())
    for path in options.files:
        report(path, timed, options.answers)


if __name__ == "__main__":
    main()
