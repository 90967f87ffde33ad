"""The progress of a run over recordings, on standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from voiceprep import audio
from voiceprep.cli.screen import printer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rich.progress import Task as Row

    from voiceprep.files.batch import Outcome
    from voiceprep.files.worker import Result, Task

SPEED_OVER_S = 60.0
"""Speed and time left are taken over so much of the last past."""


class _Speed(ProgressColumn):
    """Seconds of recording worked through in a second."""

    def render(self, task: Row) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f}x real time")


class Bar:
    """One bar over all recordings; only on a terminal. Lines go above it."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Take the recordings that are to be worked on."""
        self._console = printer(stderr=True)
        self._paths = paths
        self._done = 0
        self._progress: Progress | None = None

    def __enter__(self) -> Bar:
        if self._console.is_terminal and not self._console.is_dumb_terminal and self._paths:
            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=20),
                TaskProgressColumn(),
                _Speed(),
                TimeRemainingColumn(),
                TextColumn("left"),
                console=self._console,
                transient=True,
                speed_estimate_period=SPEED_OVER_S,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            total = sum(filter(None, map(audio.duration, self._paths)))
            self._row = self._progress.add_task(self._count(), total=total or None)
            self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the bar away."""
        if self._progress:
            self._progress.stop()

    def heard(self, seconds: float) -> None:
        """Move on by a stretch of sound; any thread may say so."""
        if self._progress:
            self._progress.advance(self._row, seconds)

    def counted(self, results: Iterator[tuple[Task, Result]]) -> Iterator[tuple[Task, Result]]:
        """Pass results on, and move on by the length of each."""
        from voiceprep.files.worker import Answer

        for task, result in results:
            if isinstance(result, Answer):
                self.heard(result.transcript.duration or 0.0)
            yield task, result

    def tell(self, outcome: Outcome) -> None:
        """Print what became of a recording; of a skipped one only what is worth knowing."""
        if outcome.status == "failed":
            self._print(f"Error: {outcome.line}")
        elif outcome.outputs and outcome.status == "done":
            names = ", ".join(p.name for p in outcome.outputs.values())
            self._print(f"{outcome.name}: {names}")
        elif outcome.status == "skipped" and not outcome.outputs:
            self._print(f"Skipped: {outcome.line}")
        self._done += outcome.status != "skipped"
        if self._progress:
            self._progress.update(self._row, description=self._count())

    def _count(self) -> str:
        return f"{self._done} of {len(self._paths)}"

    def _print(self, line: str) -> None:
        from voiceprep.files.recordings import printable

        line = printable(line)
        if self._progress:
            self._progress.console.print(line, soft_wrap=True, markup=False, highlight=False)
        else:
            self._console.file.write(f"{line}\n")
            self._console.file.flush()
