"""How well fillers are found in text: precision, recall and F1 on labelled sentences.

    python tests/benchmarks/discourse.py FILE...

Each FILE is a JSON list of `{text, fillers: [{text, kind, start_char, end_char}]}`; a
filler counts as found when span and kind are the same. Where rows carry a `half`, the
halves are reported apart: in `tests/data/discourse.json` the rules were made on "tune",
"held out" was scored without reading its errors, and "stress" was written against the
finished rules, scored once as unseen, and then learnt from. Beside the rules stands a
plain word list, which takes every occurrence of every hesitation and marker.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voiceprep.fillers import DISCOURSE_MARKERS, HESITATIONS, find_fillers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Span = tuple[int, int, str]

# Every spelling the sets and the rules know, as a tool without context would list them.
_LIST = re.compile(
    r"\b(?:(?P<hesitation>u+m+|u+h+|er+m?|h+m+|mm+|a+h+|eh)|(?P<discourse>"
    + "|".join(re.escape(m.lower()) for m in DISCOURSE_MARKERS)
    + r"))\b",
    re.IGNORECASE,
)


def by_rules(text: str) -> set[Span]:
    """Return the fillers that voiceprep finds."""
    return {(f.char_start, f.char_end, f.kind) for f in find_fillers(text)}


def by_word_list(text: str) -> set[Span]:
    """Return every listed word or phrase, whatever its use."""
    return {(m.start(), m.end(), str(m.lastgroup)) for m in _LIST.finditer(text)}


@dataclass
class Tally:
    """Spans found and labelled, and the three ways they meet."""

    hit: int = 0
    invented: int = 0
    missed: int = 0

    def line(self) -> str:
        """Return precision, recall and F1 with the counts behind them."""
        precision = self.hit / max(self.hit + self.invented, 1)
        recall = self.hit / max(self.hit + self.missed, 1)
        f1 = 2 * self.hit / max(2 * self.hit + self.invented + self.missed, 1)
        return (
            f"P {precision:.3f}  R {recall:.3f}  F1 {f1:.3f}"
            f"  ({self.hit} found, {self.invented} invented, {self.missed} missed)"
        )


@dataclass
class Score:
    """The tallies of one finder: overall, per kind and per marker."""

    tallies: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    wrong: list[str] = field(default_factory=list)

    def add(self, row: dict[str, Any], found: set[Span]) -> None:
        """Compare what was found in a row with its labels."""
        text = row["text"]
        want = {(f["start_char"], f["end_char"], f["kind"]) for f in row["fillers"]}
        for span in want | found:
            outcome = (
                "hit" if span in want & found else "missed" if span in want else "invented"
            )
            for name in ("all", span[2], f"  {text[span[0] : span[1]].lower()}"):
                tally = self.tallies[name]
                setattr(tally, outcome, getattr(tally, outcome) + 1)
            if outcome != "hit":
                self.wrong.append(f"{outcome:8} {text[span[0] : span[1]]!r:12} {text}")


def score(rows: Iterable[dict[str, Any]], finder: Callable[[str], set[Span]]) -> Score:
    """Run a finder over labelled rows."""
    total = Score()
    for row in rows:
        total.add(row, finder(row["text"]))
    return total


def show(title: str, rows: list[dict[str, Any]], *, wrong: bool) -> None:
    """Print the figures of both finders on some rows."""
    kinds = Counter(f["kind"] for row in rows for f in row["fillers"])
    print(f"\n{title}: {len(rows)} sentences, {dict(kinds)}")
    ours, listed = score(rows, by_rules), score(rows, by_word_list)
    head = ["all", "hesitation", "discourse"]
    for name in head + sorted(ours.tallies.keys() - set(head)):
        print(f"  {name:14} {ours.tallies[name].line()}")
    for name in head:
        print(f"  word list, {name:10} {listed.tallies[name].line()}")
    if wrong:
        print(*ours.wrong, sep="\n")


def bare(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as a recogniser without punctuation writes it: words and spaces only."""
    kept: list[str] = []
    places: dict[int, int] = {}
    for place, letter in enumerate(row["text"]):
        places[place] = len(kept)
        if letter.isalnum() or letter in "'’-% ":
            kept.append(letter.lower())
        elif letter in "—–…":
            kept.append(" ")
    places[len(row["text"])] = len(kept)
    moved = [
        f | {"start_char": places[f["start_char"]], "end_char": places[f["end_char"]]}
        for f in row["fillers"]
    ]
    return row | {"text": "".join(kept), "fillers": moved}


def speed(texts: list[str], words: int = 300, rounds: int = 20) -> float:
    """Return the milliseconds that an answer of `words` words takes."""
    joined = " ".join(texts).split()
    answer = " ".join((joined * (words // len(joined) + 1))[:words])
    start = time.perf_counter()
    for _ in range(rounds):
        find_fillers(answer)
    return (time.perf_counter() - start) / rounds * 1000


def main() -> None:
    """Read the command line and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--wrong", action="store_true", help="print every error as well")
    parser.add_argument("--half", help="only the rows of this half")
    parser.add_argument("--bare", action="store_true", help="without punctuation and capitals")
    chosen = parser.parse_args()
    print(f"{len(HESITATIONS)} hesitations, {len(DISCOURSE_MARKERS)} discourse markers")
    for file in chosen.files:
        rows = json.loads(file.read_text(encoding="utf-8"))
        rows = [bare(row) for row in rows] if chosen.bare else rows
        halves: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in rows:
            halves[row.get("half", "")].append(row)
        for half, members in halves.items():
            if chosen.half in (None, half):
                show(f"{file.name} {half}".strip(), members, wrong=chosen.wrong)
        print(f"  an answer of 300 words: {speed([row['text'] for row in rows]):.1f} ms")


if __name__ == "__main__":
    main()
