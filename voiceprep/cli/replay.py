"""`voiceprep replay`: past sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from voiceprep.cli import options
from voiceprep.errors import SessionError

if TYPE_CHECKING:
    from voiceprep.session import Answer, Session
    from voiceprep.store import Store


@click.command()
@click.argument("session", required=False)
@click.option("--question", "-q", "number", type=int, metavar="N", help="Only this question.")
@click.option("--play", is_flag=True, help="Play the audio of the answers.")
@click.option("--output", metavar="DEVICE", help="Speaker, by name or number.")
@options.pace_band
@options.as_json
def replay(
    session: str | None,
    number: int | None,
    play: bool,
    output: str | None,
    pace_band: tuple[float, float],
    as_json: bool,
) -> None:
    """List past sessions, or show one (by its id, its beginning, or "last").

    \b
    Examples:
      voiceprep replay
      voiceprep replay last
      voiceprep replay 20261123-1904 --question 3 --play
    """
    from voiceprep.store import Store

    store = Store()
    if session is None:
        _list(store, as_json)
        return
    found = store.load(session)
    answers = _answers(found, number)
    if as_json:
        options.echo_json({**found.to_dict(), "answers": [a.to_dict() for a in answers]})
        return
    _show(found, answers, pace_band)
    if play:
        for answer in answers:
            _play(store, found, answer, output)


def _answers(session: Session, number: int | None) -> tuple[Answer, ...]:
    if number is None:
        return session.answers
    chosen = tuple(a for a in session.answers if a.question.number == number)
    if not chosen:
        answered = ", ".join(str(a.question.number) for a in session.answers) or "none"
        raise SessionError(
            f"{session.id}: question {number} was not answered (answered: {answered})"
        )
    return chosen


def _list(store: Store, as_json: bool) -> None:
    sessions, problems = store.all()
    for problem in problems:
        click.echo(f"Skipped: {problem}", err=True)
    if as_json:
        options.echo_json([s.to_dict() for s in sessions])
        return
    if not sessions:
        click.echo("No session yet. `voiceprep practice` starts one.", err=True)
        return
    from voiceprep.cli.screen import printer, show
    from voiceprep.report.terminal import session_list

    show(printer(), session_list(sessions))


def _show(session: Session, answers: tuple[Answer, ...], band: tuple[float, float]) -> None:
    from voiceprep.cli.screen import printer, show
    from voiceprep.report.terminal import answer_report, question_heading, session_summary

    out = printer()
    numbers = [q.number for q in session.plan]
    for answer in answers:
        position = 1 + numbers.index(answer.question.number)
        heading = question_heading(answer.question, position, len(numbers))
        show(out, heading, "", *answer_report(answer, band), "")
    show(out, *session_summary(session, band))


def _play(store: Store, session: Session, answer: Answer, device: str | None) -> None:
    from voiceprep import audio
    from voiceprep.playback import play

    if answer.audio is None:
        click.echo(f"Question {answer.question.number}: no audio was kept.", err=True)
        return
    path = store.path_of(session.id) / answer.audio
    click.echo(f"Playing the answer to question {answer.question.number} ...", err=True)
    play(audio.read(path), audio.SAMPLE_RATE, device)
