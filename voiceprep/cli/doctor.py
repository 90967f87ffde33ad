"""`voiceprep doctor`: does everything work here?"""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from voiceprep.cli import options

if TYPE_CHECKING:
    from voiceprep.doctor import Check


@click.command()
@click.option("--input", "input_", metavar="DEVICE", help="Microphone, by name or number.")
@click.option("--output", metavar="DEVICE", help="Speaker, by name or number.")
@click.option("--voice", metavar="NAME", help="The voice to try.")
@options.model
@click.option("--devices", is_flag=True, help="List microphones, speakers and voices.")
@options.as_json
def doctor(
    input_: str | None,
    output: str | None,
    voice: str | None,
    model: str | None,
    devices: bool,
    as_json: bool,
) -> None:
    """Try the speaker, the voice, the microphone and the model, each for real.

    Plays a tone, speaks two sentences, records two seconds and transcribes a
    packaged clip; where something fails, it says what to do.

    \b
    Examples:
      voiceprep doctor
      voiceprep doctor --input "USB Audio"
      voiceprep doctor --devices
    """
    if devices:
        _list_devices(as_json)
        return
    from voiceprep.doctor import Choices, checks

    done = []
    for check in checks(Choices(input_, output, voice, model)):
        done.append(check)
        if not as_json:
            click.echo(_line(check))
    if as_json:
        options.echo_json([asdict(check) for check in done])
    failed = [check.name for check in done if not check.passed]
    if failed:
        click.echo(f"Error: failed: {', '.join(failed)}", err=True)
        click.get_current_context().exit(1)


def _line(check: Check) -> str:
    """Return a check as text that holds in 80 columns."""
    head = f"{'pass' if check.passed else 'FAIL'}  {check.name:11} "
    return textwrap.fill(head + check.detail, 80, subsequent_indent=" " * len(head))


def _list_devices(as_json: bool) -> None:
    from voiceprep.sound.microphone import input_devices
    from voiceprep.sound.playback import output_devices
    from voiceprep.sound.voices import voices

    found = {
        "microphones": [asdict(d) for d in input_devices()],
        "speakers": [asdict(d) for d in output_devices()],
        "voices": [asdict(v) for v in voices("en")],
    }
    if as_json:
        options.echo_json(found)
        return
    for kind in ("microphones", "speakers"):
        click.echo(kind)
        for device in found[kind]:
            mark = "*" if device["default"] else " "
            click.echo(f" {mark} {device['number']:3}  {device['name']} ({device['host']})")
    click.echo("voices")
    for voice in found["voices"]:
        click.echo(f"   {voice['id']:24} {voice['name']}")
