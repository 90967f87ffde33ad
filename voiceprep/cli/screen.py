"""What a person sees: reports on standard output, everything else on standard error."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.text import Text

from voiceprep.report.terminal import (
    WIDTH,
    answer_report,
    question_heading,
    session_summary,
)
from voiceprep.report.wording import clock

if TYPE_CHECKING:
    from rich.console import RenderableType

    from voiceprep.listening import Moment
    from voiceprep.questions import Question
    from voiceprep.session import Answer, Session

LEVEL_FLOOR_DB = -60.0
"""Level at the left end of the meter, dBFS; the right end is 0."""

METER_CELLS = 20
HEARD_CHARACTERS = 76

KEYS_SPEAKING = "Asking ... any key starts the answer · q quit"
KEYS_LISTENING = "Enter ends · p pause · r retake · s skip · a ask again · q quit"
KEYS_AFTER = "Enter goes on · r retake · l listen back · q quit"


def printer(*, stderr: bool = False) -> Console:
    """Return a console no wider than 80 columns; in a pipe it prints plain text."""
    console = Console(
        stderr=stderr, highlight=False, soft_wrap=False, emoji=False, markup=False
    )
    console.width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    return console


class _Console(Console):
    """A console whose reader may go away without ending the program."""

    def on_broken_pipe(self) -> None:
        """Leave it to who prints; rich would exit."""
        raise BrokenPipeError(errno.EPIPE, "nobody reads any more")


def show(console: Console, *blocks: RenderableType) -> None:
    """Print blocks; into a pipe without the blanks that fill a line."""
    if console.is_terminal:
        for block in blocks:
            console.print(block)
        return
    with console.capture() as capture:
        for block in blocks:
            console.print(block)
    lines = capture.get().splitlines()
    console.file.write("".join(f"{line.rstrip()}\n" for line in lines))
    console.file.flush()


class Screen:
    """The view of a session on a terminal, or append-only text in a pipe.

    `quiet` leaves the reports out (the session is printed as JSON instead).
    """

    def __init__(
        self,
        pace_band: tuple[float, float],
        *,
        speech: bool = True,
        live_words: bool = True,
        quiet: bool = False,
    ) -> None:
        self._out = printer()
        self._err = printer(stderr=True)
        self._pace_band = pace_band
        self._speech = speech
        self._live_words = live_words
        self._quiet = quiet
        self._live: Live | None = None
        self._gone: set[Console] = set()
        self._draws = self._err.is_terminal and not self._err.is_dumb_terminal

    def ask(self, question: Question, position: int, total: int) -> None:
        """Show a question to the person, and above its report where that goes elsewhere."""
        self._stop()
        heading = question_heading(question, position, total)
        on_one_screen = self._out.is_terminal and self._err.is_terminal
        if self._err.is_terminal:
            self._show(self._err, "", heading)
        if not self._quiet and not on_one_screen:
            self._show(self._out, "", heading)

    def speaking(self) -> None:
        """Say how to cut the question short."""
        if self._speech:
            self._draw(Text(KEYS_SPEAKING, style="dim"))

    def countdown(self, seconds_left: int) -> None:
        """Show the time left for preparation."""
        if seconds_left:
            self._draw(Text(f"Prepare: {clock(seconds_left)} (any key starts)"))
        else:
            self._stop()

    def listening(self, moment: Moment) -> None:
        """Show the meter and the last words heard."""
        lines = [_meter(moment)]
        if self._live_words:
            lines.append(Text(moment.heard[-HEARD_CHARACTERS:], style="dim"))
        lines.append(Text(KEYS_LISTENING, style="dim"))
        self._draw(Text("\n").join(lines))

    def transcribing(self) -> None:
        """Take the meter away."""
        self._stop()

    def report(self, answer: Answer) -> None:
        """Print the report of an answer."""
        self._stop()
        if self._quiet:
            return
        self._show(self._out, "", *answer_report(answer, self._pace_band))

    def after_answer(self) -> None:
        """Say which keys can be pressed now."""
        self._show(self._err, Text(f"\n{KEYS_AFTER}", style="dim"))

    def notice(self, line: str) -> None:
        """Say one thing that happened."""
        self._stop()
        self._show(self._err, Text(line, style="yellow"))

    def summary(self, session: Session) -> None:
        """Print the summary."""
        self._stop()
        if self._quiet:
            return
        self._show(self._out, "", *session_summary(session, self._pace_band))

    def _show(self, console: Console, *blocks: RenderableType) -> None:
        """Print; a terminal that was closed or a pipe without a reader costs only the view."""
        if console in self._gone:
            return
        try:
            show(console, *blocks)
        except OSError:
            self._gone.add(console)

    def _draw(self, what: Text) -> None:
        if not self._draws or self._err in self._gone:
            return
        try:
            self._redraw(what)
        except OSError:
            self._gone.add(self._err)
            self._live = None

    def _redraw(self, what: Text) -> None:
        if self._live is None:
            self._live = Live(
                console=self._err, auto_refresh=False, transient=True, redirect_stdout=False
            )
            self._live.start()
        self._live.update(what, refresh=True)

    def _stop(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            try:
                live.stop()
            except OSError:
                self._gone.add(self._err)


def _meter(moment: Moment) -> Text:
    """Return the line with elapsed time, level and warning."""
    share = 1 - max(min(moment.level.rms_dbfs, 0.0), LEVEL_FLOOR_DB) / LEVEL_FLOOR_DB
    filled = round(share * METER_CELLS)
    line = Text("paused    " if moment.paused else "recording ", style="bold red")
    line.append(f"{clock(moment.elapsed_s)} of {clock(moment.limit_s)}  ", style="default")
    line.append("|" * filled + "." * (METER_CELLS - filled), style="green")
    line.append(f" {max(moment.level.rms_dbfs, LEVEL_FLOOR_DB):4.0f} dB", style="default")
    if moment.warning:
        line.append(f"  {moment.warning}", style="bold yellow")
    return line
