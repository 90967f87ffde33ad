"""`voiceprep replay`: past sessions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from voiceprep.cli import options
from voiceprep.errors import SessionError

if TYPE_CHECKING:
    from datetime import datetime

    from voiceprep.session import Answer, Session
    from voiceprep.store import Store

EXPORTS = ("md", "json", "csv", "srt", "vtt")


@dataclass(frozen=True, slots=True)
class _Wishes:
    """The options of the command, as they were given."""

    session: str | None
    bank: str | None
    number: int | None
    since: datetime | None
    search: str | None
    play: bool
    at: str | None
    filler: int | None
    output: str | None
    compare: str | None
    rescore: bool
    correct: tuple[str, ...]
    words: str | None
    export: str | None
    html: Path | None
    open_page: bool
    delete: bool
    yes: bool
    judge: str | None
    judge_hosts: tuple[str, ...]
    pace_band: tuple[float, float]
    as_json: bool


@click.command()
@click.argument("session", required=False)
@click.option("--bank", "in_bank", metavar="BANK", help="List only sessions of this bank.")
@click.option("--question", "-q", "number", type=int, metavar="N", help="Only this question.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="List only from this day on.")
@click.option("--search", metavar="TEXT", help="List only where this was said.")
@click.option("--play", is_flag=True, help="Play the answers, the words following.")
@click.option("--at", metavar="M:SS", help="Play from this moment.")
@click.option("--filler", type=click.IntRange(1), metavar="N", help="Play the Nth filler.")
@click.option("--output", metavar="DEVICE", help="Speaker, by name or number.")
@click.option("--compare", metavar="SESSION", help="Set another attempt beside it.")
@click.option("--rescore", is_flag=True, help="Analyse again by today's rules.")
@click.option(
    "--correct",
    multiple=True,
    metavar="N=covered|missed",
    help="Overrule key point N of a question (with -q; may be repeated).",
)
@click.option("--words", metavar="TEXT", help="With --correct: the words that make the point.")
@click.option("--export", type=click.Choice(EXPORTS), help="Print the session in this form.")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write a page.")
@click.option("--open", "open_page", is_flag=True, help="Show the page in the browser.")
@click.option("--delete", is_flag=True, help="Remove the session with all its audio.")
@click.option("--yes", is_flag=True, help="Delete without asking.")
@options.judge
@options.judge_hosts
@options.pace_band
@options.as_json
def replay(in_bank: str | None, **chosen: Any) -> None:
    """List past sessions, or look at one.

    SESSION is its id, the beginning of its id, or "last".

    \b
    Examples:
      voiceprep replay --search "feature store"
      voiceprep replay last
      voiceprep replay last --question 3 --play --at 0:40
      voiceprep replay last --compare 20261101
      voiceprep replay last -q 3 --correct 2=covered --words "we froze the schema"
      voiceprep replay last --html session.html --open
    """
    from voiceprep.store import Store

    wishes = _Wishes(bank=in_bank, **chosen)
    store = Store()
    if wishes.session is None:
        _list(store, wishes)
        return
    actions = {
        "--play": wishes.play or wishes.at is not None or wishes.filler is not None,
        "--compare": wishes.compare is not None,
        "--rescore": wishes.rescore,
        "--correct": bool(wishes.correct),
        "--export": wishes.export is not None,
        "--html": wishes.html is not None or wishes.open_page,
        "--delete": wishes.delete,
    }
    asked = [name for name, given in actions.items() if given]
    if len(asked) > 1:
        raise click.UsageError(f"{' and '.join(asked)} do not go together.")
    _ACTIONS[asked[0] if asked else "--show"](store, store.load(wishes.session), wishes)


def _list(store: Store, wishes: _Wishes) -> None:
    from voiceprep.history.index import Query, find

    since = wishes.since.astimezone() if wishes.since else None
    query = Query(wishes.bank, wishes.number, since, wishes.search)
    rows, problems = find(store, query)
    for problem in problems:
        click.echo(f"Skipped: {problem}", err=True)
    if wishes.as_json:
        options.echo_json([row.to_dict() for row in rows])
    elif rows:
        from voiceprep.cli.screen import printer, show
        from voiceprep.report.history import session_list

        show(printer(), session_list(rows))
    elif query == Query():
        click.echo("No session yet. `voiceprep practice` starts one.", err=True)
    else:
        click.echo("No session fits.", err=True)


def _chosen(session: Session, number: int | None) -> tuple[Answer, ...]:
    """Return the answer to a question, or all answers."""
    if number is None:
        return session.answers
    chosen = tuple(a for a in session.answers if a.question.number == number)
    if not chosen:
        answered = ", ".join(str(a.question.number) for a in session.answers) or "none"
        raise SessionError(
            f"{session.id}: question {number} was not answered (answered: {answered})"
        )
    return chosen


def _single(session: Session, wishes: _Wishes, option: str) -> Answer:
    """Return the answer that is meant where only one will do."""
    answers = _chosen(session, wishes.number)
    if len(answers) != 1:
        raise click.UsageError(f"{option} needs one answer: add --question N.")
    return answers[0]


def _show(_store: Store, session: Session, wishes: _Wishes) -> None:
    answers = _chosen(session, wishes.number)
    if wishes.as_json:
        options.echo_json({**session.to_dict(), "answers": [a.to_dict() for a in answers]})
        return
    from voiceprep.cli.screen import printer, show
    from voiceprep.report.terminal import answer_report, question_heading, session_summary

    out = printer()
    numbers = [q.number for q in session.plan]
    for answer in answers:
        position = 1 + numbers.index(answer.question.number)
        heading = question_heading(answer.question, position, len(numbers))
        show(out, heading, "", *answer_report(answer, wishes.pace_band), "")
    show(out, *session_summary(session, wishes.pace_band))


def _play(store: Store, session: Session, wishes: _Wishes) -> None:
    from voiceprep.cli.following import play_answer

    folder = store.path_of(session.id)
    if wishes.at is None and wishes.filler is None:
        for answer in _chosen(session, wishes.number):
            play_answer(folder, answer, wishes.output)
        return
    option = "--at" if wishes.at is not None else "--filler"
    answer = _single(session, wishes, option)
    start = _moment(wishes.at) if wishes.at is not None else _filler(answer, wishes.filler or 1)
    play_answer(folder, answer, wishes.output, start)


def _moment(text: str) -> float:
    """Return "75", "1:15" or "0:01:15" in seconds."""
    seconds = 0.0
    try:
        for part in text.split(":"):
            seconds = 60 * seconds + float(part)
    except ValueError:
        raise click.UsageError(f"--at takes a moment such as 1:15, not {text!r}.") from None
    return seconds


def _filler(answer: Answer, number: int) -> float:
    timed = [f.start for f in answer.analysis.fillers if f.start is not None]
    if number > len(timed):
        raise SessionError(f"there are {len(timed)} fillers in this answer, not {number}")
    return timed[number - 1]


def _compare(store: Store, session: Session, wishes: _Wishes) -> None:
    from voiceprep.history.comparison import compare

    assert wishes.compare is not None
    other = store.load(wishes.compare)
    earlier, later = sorted((other, session), key=lambda s: s.started)
    before = {a.question.text: a for a in earlier.answers}
    answers = _chosen(later, wishes.number)
    found = [compare(before[a.question.text], a) for a in answers if a.question.text in before]
    if not found:
        raise SessionError(f"{earlier.id} and {later.id} have no question in common")
    if wishes.as_json:
        from dataclasses import asdict

        options.echo_json([asdict(c) for c in found])
        return
    from voiceprep.cli.screen import printer, show
    from voiceprep.report.history import comparison_report

    for comparison in found:
        show(printer(), *comparison_report(comparison, earlier.id[:13], later.id[:13]), "")


def _rescore(store: Store, session: Session, wishes: _Wishes) -> None:
    from voiceprep.assessment import FillerWords
    from voiceprep.cli.screen import printer, show
    from voiceprep.engines import BackgroundCoverer
    from voiceprep.history.rescoring import rescore
    from voiceprep.report.history import comparison_report
    from voiceprep.settings import load_settings

    settings = load_settings()
    words = FillerWords(
        tuple(settings.get("fillers", ())), tuple(settings.get("no_fillers", ()))
    )
    notice = partial(click.echo, err=True)
    cover = BackgroundCoverer(wishes.judge, wishes.judge_hosts, notice)
    done = rescore(session, cover, words)
    with store.reopen(session) as held:
        held.replace(done.session)
    for comparison in done.comparisons:
        show(printer(), *comparison_report(comparison, "before", "now"), "")


def _correct(store: Store, session: Session, wishes: _Wishes) -> None:
    from voiceprep.session import Correction

    answer = _single(session, wishes, "--correct")
    coverage = answer.analysis.coverage
    if coverage is None:
        raise SessionError("this answer has no key points to correct")
    corrections = []
    for given in wishes.correct:
        number, _, status = given.partition("=")
        if not number.isdigit() or status not in ("covered", "missed"):
            raise click.UsageError(f"--correct takes N=covered or N=missed, not {given!r}.")
        if not 1 <= int(number) <= len(coverage.points):
            raise SessionError(f"there are {len(coverage.points)} key points, not {number}")
        point = coverage.points[int(number) - 1].text
        words = wishes.words if status == "covered" else None
        corrections.append(Correction(point, status, words))  # type: ignore[arg-type]
    corrected = answer.corrected(*corrections)
    with store.reopen(session) as held:
        held.replace(session.with_answer(corrected))
    _show(store, session.with_answer(corrected), wishes)


def _export(_store: Store, session: Session, wishes: _Wishes) -> None:
    from voiceprep.report import export

    assert wishes.export is not None
    if wishes.export in ("srt", "vtt"):
        answer = _single(session, wishes, f"--export {wishes.export}")
        click.echo(export.subtitles(answer, wishes.export), nl=False)
    elif wishes.export == "json":
        _show(_store, session, _Wishes(**{**_fields(wishes), "as_json": True}))
    else:
        answers = _chosen(session, wishes.number)
        write = export.markdown if wishes.export == "md" else export.table
        click.echo(write(session, answers), nl=False)


def _fields(wishes: _Wishes) -> dict[str, Any]:
    return {name: getattr(wishes, name) for name in wishes.__slots__}


def _html(store: Store, session: Session, wishes: _Wishes) -> None:
    from voiceprep.report.html import write_page

    path = wishes.html or store.path_of(session.id) / "session.html"
    history = store.all()[0]
    folder = store.path_of(session.id)
    for problem in write_page(path, session, folder, history, pace_band=wishes.pace_band):
        click.echo(f"Left out: {problem}", err=True)
    click.echo(f"Written: {path}", err=True)
    if wishes.open_page:
        click.launch(str(path))


def _delete(store: Store, session: Session, wishes: _Wishes) -> None:
    what = f"{session.id} ({session.bank}, {len(session.answers)} answers)"
    if not wishes.yes and not click.confirm(f"Delete {what} with all its audio?", err=True):
        raise SessionError("nothing was deleted")
    store.delete(session)
    click.echo(f"Deleted {what}", err=True)


_ACTIONS = {
    "--show": _show,
    "--play": _play,
    "--compare": _compare,
    "--rescore": _rescore,
    "--correct": _correct,
    "--export": _export,
    "--html": _html,
    "--delete": _delete,
}
