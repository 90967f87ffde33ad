"""`voiceprep transcribe`: recordings to text."""

from __future__ import annotations

from pathlib import Path

import click

from voiceprep.cli import options


@click.command()
@click.argument("file")
@options.model
@options.verbatim
@options.as_json
def transcribe(file: str, model: str | None, verbatim: bool | None, as_json: bool) -> None:
    """Transcribe the recording FILE, hesitations included.

    \b
    Examples:
      voiceprep transcribe answer.m4a
      voiceprep transcribe answer.m4a --json
    """
    from voiceprep import audio
    from voiceprep.engines import load_transcriber
    from voiceprep.fillers import find_in

    loading = load_transcriber(model, verbatim=verbatim)
    transcript = loading().transcribe(audio.stream(Path(file)))
    if as_json:
        options.echo_json(find_in(transcript).to_dict())
    else:
        click.echo(transcript.text)
