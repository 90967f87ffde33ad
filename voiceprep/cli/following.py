"""Playing an answer with its words following the sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path

    from voiceprep.session import Answer

LEAD_S = 0.5
"""How much before the moment asked for the sound begins."""


def play_answer(folder: Path, answer: Answer, device: str | None, start_s: float = 0.0) -> None:
    """Play the audio of an answer from a moment on, printing each word as it is heard."""
    from voiceprep import audio
    from voiceprep.sound.playback import play

    if answer.audio is None:
        click.echo(f"Question {answer.question.number}: no audio was kept.", err=True)
        return
    samples = audio.read(folder / answer.audio)
    begin_s = max(start_s - LEAD_S, 0.0)
    words = [w for w in answer.transcript.words if w.start >= begin_s]

    def follow(position_s: float) -> None:
        while words and words[0].start <= begin_s + position_s:
            click.echo(words.pop(0).text, nl=False)

    click.echo(f"Question {answer.question.number}: {answer.question.text}", err=True)
    first = round(begin_s * audio.SAMPLE_RATE)
    play(samples[first:], audio.SAMPLE_RATE, device, on_position=follow)
    follow(float("inf"))
    click.echo()
