"""The command line: options in, calls, echo out."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from voiceprep import __version__
from voiceprep.errors import VoiceprepError

INTERRUPTED = 130
"""Exit code after Ctrl-C, 128 plus the number of SIGINT, as shells have it."""

_COMMANDS = ("practice", "transcribe", "score", "replay", "progress", "questions", "doctor")


class _Commands(click.Group):
    """Loads each command from its module, and turns failures into one line each."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"voiceprep.cli.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except VoiceprepError as error:
            _fail(error)
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            sys.exit(INTERRUPTED)


def _fail(error: VoiceprepError) -> None:
    click.echo(f"Error: {error}", err=True)
    sys.exit(1)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)
@click.version_option(__version__, "-V", "--version", prog_name="voiceprep")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Practise interviews aloud, alone, on your own machine.

    voiceprep speaks each question, records your answer, transcribes it here and
    tells you what it heard: length, pace, pauses, filler words, and which key
    points you made, in your own words. Nothing leaves the machine.

    \b
    Examples:
      voiceprep doctor                      does everything work here?
      voiceprep practice                    the machine-learning bank
      voiceprep practice behavioural --count 3 --prep 20
      voiceprep score answer.m4a --bank machine-learning --question 4
    """
    from voiceprep.settings import default_map

    ctx.default_map = default_map(_COMMANDS)
