"""`voiceprep score`: the analysis of one answer."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from voiceprep.cli import options
from voiceprep.errors import VoiceprepError

if TYPE_CHECKING:
    from voiceprep.questions import Question
    from voiceprep.transcript import Transcript

TEXT_SUFFIXES = (".txt", ".md")


@click.command()
@click.argument("file")
@click.option("--bank", "against", metavar="BANK", help="The bank that holds the question.")
@click.option("--question", "-q", "number", type=int, metavar="N", help="Its number.")
@options.model
@options.verbatim
@options.fillers
@options.no_fillers
@options.judge
@options.judge_hosts
@options.pace_band
@options.as_json
def score(
    file: str,
    against: str | None,
    number: int | None,
    model: str | None,
    verbatim: bool | None,
    fillers: tuple[str, ...],
    no_fillers: tuple[str, ...],
    judge: str | None,
    judge_hosts: tuple[str, ...],
    pace_band: tuple[float, float],
    as_json: bool,
) -> None:
    """Analyse the answer in FILE: a recording, a transcript (.json) or text (.txt).

    "-" reads text or a transcript from standard input. Without a question
    everything but the key points is reported; from plain text, whatever needs no
    times.

    \b
    Examples:
      voiceprep score answer.m4a --bank machine-learning --question 4
      voiceprep score answer.json --json
      pbpaste | voiceprep score - --bank behavioural --question 1
    """
    from voiceprep.assessment import FillerWords, assess
    from voiceprep.engines import BackgroundCoverer

    question = _question(against, number)
    cover = BackgroundCoverer(
        judge if question else None, judge_hosts, partial(click.echo, err=True)
    )
    transcript = _transcript(file, question, model, verbatim)
    transcript, analysis = assess(transcript, question, cover, FillerWords(fillers, no_fillers))
    if as_json:
        options.echo_json(analysis.to_dict())
        return
    from voiceprep.cli.screen import printer, show
    from voiceprep.report.terminal import report

    show(printer(), *report(transcript, analysis, question, pace_band))


def _question(bank: str | None, number: int | None) -> Question | None:
    if bank is None and number is None:
        return None
    if bank is None or number is None:
        raise click.UsageError("--bank and --question go together.")
    from voiceprep.banks import load_bank

    return load_bank(bank).question(number)


def _transcript(
    file: str, question: Question | None, model: str | None, verbatim: bool | None
) -> Transcript:
    from voiceprep.transcript import parse_transcript

    if file == "-":
        return parse_transcript(sys.stdin.read(), "standard input")
    path = Path(file)
    if path.suffix.lower() in (*TEXT_SUFFIXES, ".json"):
        try:
            return parse_transcript(path.read_text(encoding="utf-8-sig"), str(path))
        except OSError as error:
            raise VoiceprepError(f"{path}: cannot be read ({error.strerror})") from error
        except UnicodeDecodeError as error:
            raise VoiceprepError(f"{path}: not UTF-8 text; save it as UTF-8") from error
    from voiceprep import audio
    from voiceprep.engines import load_transcriber

    blocks = audio.stream(path)
    loading = load_transcriber(model, verbatim=verbatim)
    return loading().transcribe(blocks, context=question.text if question else None)
