"""How well hesitations are heard, beside plain faster-whisper with the same weights.

    python -m tests.benchmarks.fillers DIR [--half tuned|held-out] [--model PATH]

DIR holds `labels.json`: rows of `file`, `text` (what was said, lower case),
`hesitations` (how many, null where nobody knows) and `seconds`; a long recording has
`clips`, windows with the same fields and `start`, `end`. Files whose name begins with
`read/` hold none, those with `noise/` no word at all.

In a clip, as many found hesitations are right as are labelled; what is found beyond that
is invented. Word error rates leave hesitations out. The half called tuned is where
thresholds were set, so what counts is the other. Times are of one run, file by file, in
turn, CPU seconds of the whole process.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import time
import zlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voiceprep import audio
from voiceprep.recognition.hesitations.words import is_hesitation, unglued
from voiceprep.recognition.models import DEFAULT_MODEL, find_weights
from voiceprep.recognition.transcriber import Transcriber
from voiceprep.transcript import Word

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from voiceprep.audio import Samples

EDGE_S = 0.3  # a word of a clip may begin this much outside its window
LOOP_TIMES = 4  # a phrase that often in a row, and not said so, is a loop
Z95 = 1.96  # standard normal quantile of a two-sided 95 % interval

_SPOKEN = {"mr": "mister", "mrs": "missus", "dr": "doctor", "okay": "ok", "'er": "her"}


@dataclass(frozen=True, slots=True)
class Clip:
    """A labelled stretch of a file, which lies in the folder `kind`."""

    file: str
    kind: str
    start: float
    end: float
    text: str
    hesitations: int | None
    is_read: bool

    @property
    def half(self) -> str:
        """Return the half it belongs to; the same words are always in the same one."""
        return "held-out" if zlib.crc32(self.text.encode()) % 2 else "tuned"


@dataclass
class Tally:
    """What one system made of the clips."""

    right: int = 0
    invented: int = 0
    missed: int = 0
    read_invented: int = 0
    read_minutes: float = 0.0
    noise_words: int = 0
    noise_hesitations: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)
    suspects: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, clip: Clip, words: Sequence[Word]) -> None:
        """Compare the words heard in a clip with its labels."""
        found = sum(is_hesitation(w.text) for w in words)
        spoken = plain_words(" ".join(w.text for w in words))
        if clip.kind == "noise":
            self.noise_words += len(spoken)
            self.noise_hesitations += found
        if clip.hesitations is not None:
            self.right += min(found, clip.hesitations)
            self.invented += max(found - clip.hesitations, 0)
            self.missed += max(clip.hesitations - found, 0)
        if clip.is_read:
            self.read_invented += found
            self.read_minutes += (clip.end - clip.start) / 60
        wanted = plain_words(clip.text)
        self.suspects += [f"{clip.file}: {s}" for s in suspects(spoken, wanted)]
        self.errors[clip.kind] += edit_distance(spoken, wanted)
        self.words[clip.kind] += len(wanted)

    def lines(self) -> list[str]:
        """Return the figures as text."""
        precision = self.right, self.right + self.invented
        recall = self.right, self.right + self.missed
        f1 = 2 * self.right / max(2 * self.right + self.invented + self.missed, 1)
        return [
            f"hesitations   F1 {f1:.3f}   precision {share(*precision)}   "
            f"recall {share(*recall)}",
            f"              {self.right} right, {self.invented} invented, {self.missed} missed",
            f"read speech   {self.read_invented} invented in {self.read_minutes:.1f} min: "
            f"{self.read_invented / max(self.read_minutes, 1e-9):.2f} a minute",
            f"noise         {self.noise_words} words, "
            f"{self.noise_hesitations} hesitations invented",
            "word errors   "
            + ", ".join(
                f"{kind} {100 * self.errors[kind] / total:.2f} %"
                for kind, total in self.words.items()
                if total
            ),
            f"loops, leaks  {len(self.suspects)} {'; '.join(self.suspects)[:300]}",
            f"CPU time      {self.seconds:.1f} s",
        ]


def share(part: int, whole: int) -> str:
    """Return a proportion with its 95 % interval (Wilson 1927)."""
    if not whole:
        return "- (nothing to measure on)"
    p = part / whole
    middle = (p + Z95**2 / (2 * whole)) / (1 + Z95**2 / whole)
    reach = (
        Z95 * math.sqrt(p * (1 - p) / whole + (Z95 / (2 * whole)) ** 2) / (1 + Z95**2 / whole)
    )
    return f"{p:.3f} [{middle - reach:.3f}, {middle + reach:.3f}]"


def plain_words(text: str) -> list[str]:
    """Return the words in lower case, hesitations and punctuation left out."""
    found = re.findall(r"'?[a-z0-9]+(?:'[a-z]+)?", re.sub(r"[’`]", "'", text.lower()))
    return [_SPOKEN.get(w, w) for w in found if not is_hesitation(w)]


def edit_distance(a: Sequence[str], b: Sequence[str]) -> int:
    """Return the least number of words to insert, delete or replace (Levenshtein)."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        above, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (x != y))
    return row[-1]


def suspects(heard: Sequence[str], said: Sequence[str]) -> list[str]:
    """Return phrases that loop, and thanks that nobody gave."""
    found = []
    text, wanted = " ".join(heard), " ".join(said)
    if "thank you" in text and "thank you" not in wanted:
        found.append("thank you")
    for length in (1, 2, 3, 4):
        for i in range(len(heard) - length * LOOP_TIMES + 1):
            phrase = list(heard[i : i + length])
            repeated = " ".join(phrase * LOOP_TIMES)
            if list(heard[i : i + length * LOOP_TIMES]) == phrase * LOOP_TIMES and (
                repeated not in wanted
            ):
                found.append(f"loop of {' '.join(phrase)!r}")
                break
    return found


def read_clips(folder: Path) -> list[Clip]:
    """Return the clips of a labelled folder; a file without clips is one."""
    clips = []
    kinds: dict[str, str] = {}
    rows: list[dict[str, Any]] = json.loads((folder / "labels.json").read_text("utf-8"))
    for row in rows:
        kind = row["file"].split("/")[0]
        if "clips" not in row:
            kinds[row["text"]] = kind
            clips.append(
                Clip(
                    row["file"],
                    kind,
                    0,
                    row["seconds"],
                    row["text"],
                    row["hesitations"],
                    kind == "read",
                )
            )
    clips.extend(
        Clip(
            row["file"],
            "composites",
            part["start"],
            part["end"],
            part["text"],
            part["hesitations"],
            kinds.get(part["text"]) == "read",
        )
        for row in rows
        for part in row.get("clips", ())
    )
    return clips


def run(clips: Sequence[Clip], folder: Path, hear: Callable[[Samples], list[Word]]) -> Tally:
    """Return what a system makes of the clips; every file is heard once."""
    tally = Tally()
    for file in dict.fromkeys(c.file for c in clips):
        samples = audio.read(folder / file)
        begun = time.process_time()
        words = hear(samples)
        tally.seconds += time.process_time() - begun
        for clip in clips:
            if clip.file == file:
                # A word belongs to the clip that its middle lies in, edges allowed for.
                inside = [
                    w
                    for w in words
                    if clip.start - EDGE_S <= (w.start + w.end) / 2 <= clip.end + EDGE_S
                ]
                tally.add(clip, inside)
    return tally


def plain_hearer(
    path: Path, compute_type: str, threads: int
) -> Callable[[Samples], list[Word]]:
    """Return plain faster-whisper: beam 5 and word times, all else its defaults."""
    from faster_whisper import WhisperModel

    model = WhisperModel(
        str(path), device="cpu", compute_type=compute_type, cpu_threads=threads
    )

    def hear(samples: Samples) -> list[Word]:
        segments, _ = model.transcribe(
            samples, language="en", beam_size=5, word_timestamps=True
        )
        words = [
            Word(w.word, float(w.start), float(w.end), float(w.probability))
            for segment in segments
            for w in segment.words or ()
        ]
        return list(unglued(words))

    return hear


def main() -> None:
    """Print the figures of both systems and the ratio of their times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--half", choices=("tuned", "held-out"))
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--compute-type", default="int8", help="of plain faster-whisper")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    clips = read_clips(options.folder)
    if options.half:
        clips = [c for c in clips if c.half == options.half]
    weights = find_weights(options.model)
    transcriber = Transcriber.load(weights, threads=options.threads)

    def hear(samples: Samples) -> list[Word]:
        return list(transcriber.transcribe([samples]).words)

    plain = plain_hearer(weights.path, options.compute_type, options.threads)
    tallies = {"voiceprep": run(clips, options.folder, hear)}
    tallies["plain faster-whisper"] = run(clips, options.folder, plain)
    for name, tally in tallies.items():
        print(f"== {name}, {len(clips)} clips")
        print("\n".join(tally.lines()))
    ratio = tallies["voiceprep"].seconds / tallies["plain faster-whisper"].seconds
    print(f"== time: {ratio:.2f} of plain faster-whisper ({options.compute_type})")


if __name__ == "__main__":
    main()
