"""Measure key-point coverage on labelled answers, beside a keyword baseline.

    python -m tests.benchmarks.coverage FILE... [--no-phrasings] [--seed N]

A file holds `questions` (`q`, `question`, `sample`, `key_points`) and `answers` (`q`,
`transcript`, `labels` of `kp`, `gold` covered / partly / not, `hard_negative`, `quote`);
one whose name ends in `.txt` holds answers as in `tests/training/coverage/answers/`.
Where a question of a packaged bank has the same text and key points, its phrasings are
used. Only `covered` counts as positive; `partly` is left out.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from voiceprep.banks import bank_files, load_bank
from voiceprep.coverage import cover
from voiceprep.entailment import load_entailment
from voiceprep.questions import KeyPoint, Question
from voiceprep.transcript import Transcript

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tests.training.coverage.spoken import SpokenAnswer
    from voiceprep.entailment import EntailmentModel

WORD_ERRORS = 0.20
"""Share of wrong words in the simulated recognition: what a noisy room costs tiny.en."""


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled point with what was found for it."""

    question: int
    gold: str
    denied: bool
    score: float
    covered: bool
    overlap: float | None


@dataclass(frozen=True, slots=True)
class Answer:
    """One labelled answer with its question."""

    text: str
    question: Question
    labels: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge says of one key point; `quote` are the words that earn it."""

    score: float
    covered: bool
    quote: str | None = None


Judge: TypeAlias = "Callable[[str, Question], list[Verdict]]"


def read(path: Path, *, phrasings: bool) -> list[Answer]:
    """Return the labelled answers of a file, phrasings added where a bank has them."""
    found = _spoken(path) if path.suffix == ".txt" else _transcripts(path)
    packaged = {q.text: q for name in bank_files() for q in load_bank(name).questions}
    known = packaged if phrasings else {}
    return [
        replace(a, question=_phrased(a.question, known.get(a.question.text))) for a in found
    ]


def _transcripts(path: Path) -> list[Answer]:
    data = json.loads(path.read_text(encoding="utf-8"))
    questions = {q["q"]: _question(q) for q in data["questions"]}
    return [
        Answer(a["transcript"], questions[a["q"]], tuple(a["labels"])) for a in data["answers"]
    ]


def _spoken(path: Path) -> list[Answer]:
    from tests.training.coverage.spoken import read_answers  # not there for a lone script

    return [
        Answer(
            a.text, a.question, tuple(_label(a, k) for k in range(len(a.question.key_points)))
        )
        for a in read_answers([path])
    ]


def _label(answer: SpokenAnswer, point: int) -> dict[str, Any]:
    """Return what an answer does for a point: the best that any piece of it does."""
    letters = answer.letters(point)
    gold = "covered" if "c" in letters else "partly" if "p" in letters else "not"
    earned = [p.text for p in answer.pieces if (point, "c") in p.labels]
    denied = gold == "not" and "d" in letters
    return {"kp": point, "gold": gold, "hard_negative": denied, "quote": " ".join(earned)}


def _question(row: dict[str, Any]) -> Question:
    points = tuple(KeyPoint(text) for text in row["key_points"])
    return Question(row["q"], row["question"], "medium", row.get("sample"), points)


def _phrased(question: Question, known: Question | None) -> Question:
    """Return the question with the phrasings that are known, and no others."""
    more = {p.text: p for p in known.key_points} if known else {}
    points = tuple(more.get(p.text, KeyPoint(p.text)) for p in question.key_points)
    return replace(question, key_points=points)


def misheard(text: str, rng: random.Random, rate: float = WORD_ERRORS) -> str:
    """Return the text with that share of its words dropped, doubled, cut or swapped."""
    words = text.split()
    heard: list[str] = []
    for word in words:
        if rng.random() >= rate:
            heard.append(word)
            continue
        error = rng.choice(("drop", "swap", "cut", "swap", "extra"))
        if error == "extra":
            heard += [word, rng.choice(words)]
        elif error == "swap":
            heard.append(rng.choice(words))
        elif error == "cut":
            heard.append(word[: max(len(word) // 2, 1)])
    return " ".join(heard)


def judge_rows(
    answers: Iterable[Answer], judge: Judge, *, change: Callable[[str], str] | None = None
) -> list[Row]:
    """Return every labelled point with the verdict of a judge on it."""
    rows = []
    for answer in answers:
        text = change(answer.text) if change else answer.text
        verdicts = judge(text, answer.question)
        for label in answer.labels:
            verdict = verdicts[label["kp"]]
            overlap = None
            if verdict.covered and label["gold"] == "covered" and not change:
                overlap = _overlap(verdict.quote or "", label["quote"])
            rows.append(
                Row(
                    answer.question.number,
                    label["gold"],
                    bool(label.get("hard_negative")),
                    verdict.score,
                    verdict.covered,
                    overlap,
                )
            )
    return rows


def _overlap(quote: str, earned: str) -> float:
    """Return the share of the shorter text's words that stand in the longer."""
    a, b = quote.lower().split(), earned.lower().split()
    shorter, longer = sorted((a, b), key=len)
    return sum(w in longer for w in shorter) / max(len(shorter), 1)


def coverage_judge(reader: EntailmentModel) -> Judge:
    """Return the product as a judge."""

    def judge(text: str, question: Question) -> list[Verdict]:
        points = cover(Transcript(text), question, reader).points
        return [
            Verdict(p.score, p.status == "covered", p.evidence.quote if p.evidence else None)
            for p in points
        ]

    return judge


def keyword_judge(threshold: float) -> Judge:
    """Return the baseline: the share of a point's word stems that the answer holds."""

    def judge(text: str, question: Question) -> list[Verdict]:
        said = _stems(text)
        found = []
        for point in question.key_points:
            stems = _stems(point.text)
            share = len(stems & said) / max(len(stems), 1)
            found.append(Verdict(share, share >= threshold))
        return found

    return judge


def _stems(text: str) -> set[str]:
    words = re.findall(r"[a-z]+", text.lower())
    return {re.sub(r"(ing|ed|es|s|ly|ion|ions)$", "", w)[:7] for w in words if len(w) > 3}


def decided(rows: Sequence[Row]) -> list[Row]:
    """Return the rows with a clear label."""
    return [r for r in rows if r.gold in ("covered", "not")]


def f1(rows: Sequence[Row]) -> float:
    """Return the F1 score of `covered`."""
    hits = sum(r.covered and r.gold == "covered" for r in rows)
    called = sum(r.covered for r in rows)
    real = sum(r.gold == "covered" for r in rows)
    return 2 * hits / max(called + real, 1)


def auc(rows: Sequence[Row]) -> float:
    """Return the chance that a covered point scores above one that is not."""
    positive = [r.score for r in rows if r.gold == "covered"]
    return area(positive, [r.score for r in rows if r.gold == "not"])


def area(positive: Iterable[float], negative: Sequence[float]) -> float:
    """Return the chance that one of the former is greater than one of the latter."""
    wins = [(p > n) + 0.5 * (p == n) for p in positive for n in negative]
    return sum(wins) / max(len(wins), 1)


def best_keyword_rows(answers: Sequence[Answer]) -> list[Row]:
    """Return the baseline at the threshold that suits it best on these very answers."""
    tried = [judge_rows(answers, keyword_judge(t / 20)) for t in range(1, 21)]
    return max(tried, key=lambda rows: f1(decided(rows)))


def milliseconds(answers: Sequence[Answer], judge: Judge) -> list[float]:
    """Return how long each answer took, its question read before, as while it is spoken."""
    for question in {answer.question.text: answer.question for answer in answers}.values():
        judge(question.sample_answer or "Nothing of the kind.", question)
    taken = []
    for answer in answers:
        start = time.perf_counter()
        judge(answer.text, answer.question)
        taken.append(1000 * (time.perf_counter() - start))
    return taken


def report(path: Path, *, phrasings: bool, seed: int, reader: EntailmentModel) -> None:
    """Print the table of one file."""
    answers = read(path, phrasings=phrasings)
    judge = coverage_judge(reader)
    all_rows = judge_rows(answers, judge)
    rows, keywords = decided(all_rows), decided(best_keyword_rows(answers))
    rng = random.Random(seed)
    noisy = decided(judge_rows(answers, judge, change=lambda text: misheard(text, rng)))
    overlaps = [r.overlap for r in all_rows if r.overlap is not None]
    phrased = sum(len(p.phrasings) > 0 for a in answers for p in a.question.key_points)
    words = statistics.mean(len(a.text.split()) for a in answers)
    real = sum(r.gold == "covered" for r in rows)
    print(
        f"\n{path.name}: {len(answers)} answers, {len(rows)} points, {real} covered, "
        f"{'with' if phrased else 'without'} phrasings"
    )
    print(f"{'':34}{'coverage':>10}{'keywords':>10}")
    _line("F1, covered", f1(rows), f1(keywords))
    _line("AUC of the scores", auc(rows), auc(keywords))
    _line("denied points called covered", _denied(rows), _denied(keywords))
    _line("partly said: called covered", _partly(all_rows), None)
    _line("evidence overlaps (half or more)", _share(o >= 0.5 for o in overlaps), None)
    _line(f"F1 at {WORD_ERRORS:.0%} wrong words", f1(noisy), None)
    _line(
        f"ms an answer ({words:.0f} words), median",
        statistics.median(milliseconds(answers, coverage_judge(load_entailment()))),
        None,
    )


def _denied(rows: Sequence[Row]) -> float:
    return _share(r.covered for r in rows if r.denied)


def _partly(rows: Sequence[Row]) -> float:
    return _share(r.covered for r in rows if r.gold == "partly")


def _share(flags: Iterable[bool]) -> float:
    kept = list(flags)
    return sum(kept) / len(kept) if kept else float("nan")


def _line(name: str, value: float, baseline: float | None) -> None:
    beside = "" if baseline is None else f"{baseline:>10.3f}"
    print(f"{name:<34}{value:>10.3f}{beside}")


def main() -> None:
    """Print one table a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--no-phrasings", action="store_true", help="key points alone")
    parser.add_argument("--seed", type=int, default=1, help="of the simulated word errors")
    options = parser.parse_args()
    reader = load_entailment()
    for path in options.files:
        report(path, phrasings=not options.no_phrasings, seed=options.seed, reader=reader)


if __name__ == "__main__":
    main()
