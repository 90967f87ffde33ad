"""Throughput, memory and accuracy beside whisper-ctranslate2, with the same weights.

    python -m tests.benchmarks.transcribe SPEECH --peer /path/to/whisper-ctranslate2
        [--minutes 60] [--short 100] [--memory 10 60 180]

SPEECH holds `labels.json` (rows of `file`, `text`, `seconds`); its composites, in turn
and over again, make the long file, its read and spontaneous clips the short ones. Every
run is a process of its own, model loading included, and reports its wall time, its CPU
time (which a busy machine distorts less) and the most memory it held. The peer runs as
it comes, then with `--batched True` and with `--batched True --beam_size 1`, its fastest;
ours writes hesitations and word times, the peer's default writes neither. With
`--memory` ours alone goes on to longer files.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.benchmarks.word_error import word_error_rate
from voiceprep import audio
from voiceprep.errors import VoiceprepError
from voiceprep.recognition.models import find_weights
from voiceprep.recognition.transcriber import Transcriber

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voiceprep.audio import Samples

PEER_RUNS = {
    "peer, default": [],
    "peer, --batched": ["--batched", "True"],
    "peer, --batched, beam 1": ["--batched", "True", "--beam_size", "1"],
}


LATER_S, QUIETER = 0.11, 0.9
"""What sets a recording that is used once more apart from the last time."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording and what is said in it."""

    path: Path
    text: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Run:
    """What one process took: wall and CPU seconds, and peak memory in MB."""

    seconds: float
    cpu_seconds: float
    megabytes: float


def measured(command: Sequence[str]) -> Run:
    """Run a command to its end.

    Raises:
        SystemExit: it failed.
    """
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    complaint = process.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command[0]} failed: {complaint[-500:]}")
    wall = time.perf_counter() - start
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def long_file(
    rows: Sequence[dict[str, Any]], speech: Path, folder: Path, minutes: float
) -> Recorded:
    """String recordings together until they last `minutes`."""
    path = folder / f"long-{minutes:g}.wav"
    texts: list[str] = []
    gap = audio.silence(1.0)
    with audio.Recording(path) as out:
        sounds: list[Samples] = [audio.read(speech / row["file"]) for row in rows]
        while out.seconds < minutes * 60:
            number = len(texts) % len(rows)
            out.append(np.concatenate([sounds[number], gap]))
            texts.append(rows[number]["text"])
    return Recorded(path, " ".join(texts), out.seconds)


def short_files(
    rows: Sequence[dict[str, Any]], speech: Path, folder: Path, count: int
) -> list[Recorded]:
    """Lay out `count` short recordings; where there are fewer, again a little changed.

    Further rounds begin LATER_S later and are QUIETER: a decoder then decides its close
    calls anew, so that they do not count twice.
    """
    made = []
    for number in range(count):
        round_, place = divmod(number, len(rows))
        row = rows[place]
        path = folder / f"short-{number:03}.wav"
        lead = audio.silence(round_ * LATER_S)
        sound = audio.read(speech / row["file"]) * QUIETER**round_
        audio.write(path, np.concatenate([lead, sound]))
        made.append(Recorded(path, row["text"], row["seconds"]))
    return made


def ours(files: Sequence[Recorded], folder: Path, model: str | None) -> Run:
    """Transcribe files in a process of its own, JSON into a folder."""
    command = [sys.executable, "-m", "tests.benchmarks.transcribe", "--into", str(folder)]
    command += ["--model", model] if model else []
    return measured([*command, *(str(f.path) for f in files)])


def transcribe_into(folder: Path, files: Sequence[Path], model: str | None) -> None:
    """Be that process."""
    transcriber = Transcriber.load(find_weights(model))
    for path, result in transcriber.transcribe_many((f, audio.stream(f)) for f in files):
        if isinstance(result, VoiceprepError):
            raise result
        (folder / f"{path.stem}.json").write_text(json.dumps(result.to_dict()))


def peer(
    files: Sequence[Recorded], folder: Path, program: str, options: list[str], model: str | None
) -> Run:
    """Transcribe the same files with the peer."""
    weights = find_weights(model).path
    command = [program, "--model_directory", str(weights), "--language", "en"]
    command += ["--output_dir", str(folder), "--output_format", "json", *options]
    return measured([*command, *(str(f.path) for f in files)])


def error_rate(files: Sequence[Recorded], folder: Path) -> float:
    """Return the word error rate of the transcripts in a folder."""
    return word_error_rate(
        (f.text, json.loads((folder / f"{f.path.stem}.json").read_text())["text"])
        for f in files
    )


def compare(
    name: str, files: Sequence[Recorded], work: Path, options: argparse.Namespace
) -> None:
    """Print one table: every contender on the same files, one after the other."""
    length = sum(f.seconds for f in files)
    print(f"\n{name}: {len(files)} file(s), {length / 60:.1f} min")
    print(
        f"{'':26}{'wall s':>8}{'CPU s':>8}{'x real time':>13}"
        f"{'WER %':>8}{'MB':>7}{'ours is':>9}"
    )
    base: float | None = None
    contenders = {"voiceprep": None, **(PEER_RUNS if options.peer else {})}
    for contender, settings in contenders.items():
        folder = work / f"{name}-{contender}".replace(" ", "-").replace(",", "")
        folder.mkdir()
        if settings is None:
            run = ours(files, folder, options.model)
        else:
            run = peer(files, folder, options.peer, settings, options.model)
        base = base or run.seconds
        print(
            f"{contender:26}{run.seconds:8.1f}{run.cpu_seconds:8.1f}"
            f"{length / run.seconds:13.1f}"
            f"{error_rate(files, folder):8.2f}{run.megabytes:7.0f}{run.seconds / base:8.2f}x",
            flush=True,
        )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="+", type=Path, help="SPEECH, or files with --into")
    parser.add_argument("--peer", help="the whisper-ctranslate2 program")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--short", type=int, default=100)
    parser.add_argument("--memory", type=float, nargs="*", default=[])
    parser.add_argument("--model")
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.into:
        transcribe_into(options.into, options.paths, options.model)
        return
    speech = options.paths[0]
    rows = json.loads((speech / "labels.json").read_text())
    composites = [r for r in rows if r["file"].startswith("composites/")]
    clips = [r for r in rows if r["file"].startswith(("read/", "hesitations/"))]
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        if options.minutes:
            compare(
                "long", [long_file(composites, speech, work, options.minutes)], work, options
            )
        if options.short:
            compare("short", short_files(clips, speech, work, options.short), work, options)
        for minutes in options.memory:
            file = long_file(composites, speech, work, minutes)
            folder = work / f"memory-{minutes:g}"
            folder.mkdir()
            run = ours([file], folder, options.model)
            print(
                f"{file.seconds / 60:6.1f} min: {run.megabytes:5.0f} MB, "
                f"{60 * run.seconds / file.seconds:.2f} s a minute",
                flush=True,
            )


if __name__ == "__main__":
    main()
