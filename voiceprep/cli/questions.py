"""`voiceprep questions`: the banks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from voiceprep.cli import options

if TYPE_CHECKING:
    from voiceprep.questions import Question


@click.group()
def questions() -> None:
    """List, show and check question banks.

    A bank is a plain text file, given by path, or one of the packaged banks,
    given by name.

    \b
    Examples:
      voiceprep questions list
      voiceprep questions show machine-learning --question 3
      voiceprep questions check my-bank.txt
    """


@questions.command("list")
@options.as_json
def list_banks(as_json: bool) -> None:
    """List the packaged banks.

    \b
    Example:
      voiceprep questions list
    """
    from voiceprep.banks import bank_files, load_bank
    from voiceprep.questions import DIFFICULTIES

    banks = [load_bank(str(path)) for path in bank_files().values()]
    if as_json:
        options.echo_json(
            [
                {"name": b.name, "path": str(b.path), "questions": len(b.questions)}
                for b in banks
            ]
        )
        return
    for bank in banks:
        counts = [(d, sum(q.difficulty == d for q in bank.questions)) for d in DIFFICULTIES]
        split = ", ".join(f"{n} {d}" for d, n in counts if n)
        click.echo(f"{bank.name:24}{len(bank.questions):3} questions ({split})")


@questions.command()
@click.argument("bank")
@click.option("--question", "-q", "number", type=int, metavar="N", help="Only this question.")
@options.as_json
def show(bank: str, number: int | None, as_json: bool) -> None:
    """Show the questions of BANK with their sample answers and key points.

    \b
    Example:
      voiceprep questions show behavioural --question 2
    """
    from voiceprep.banks import load_bank

    loaded = load_bank(bank)
    chosen = [loaded.question(number)] if number is not None else list(loaded.questions)
    if as_json:
        options.echo_json([q.to_dict() for q in chosen])
        return
    click.echo("\n\n".join(_shown(question) for question in chosen))


def _shown(question: Question) -> str:
    """Return a question as text that holds in 80 columns."""
    import textwrap

    lines = [f"Question {question.number} ({question.difficulty})"]
    lines += textwrap.wrap(question.text, 80)
    if question.sample_answer:
        lines.append("\nSample answer")
        lines += textwrap.wrap(question.sample_answer, 80)
    if question.key_points:
        lines.append("\nKey points")
        for point in question.key_points:
            further = len(point.phrasings)
            heard = f" ({further} phrasings)" if further else ""
            lines += textwrap.wrap(f"- {point.text}{heard}", 80, subsequent_indent="  ")
    return "\n".join(lines)


@questions.command()
@click.argument("file")
@click.pass_context
def check(ctx: click.Context, file: str) -> None:
    """Check the bank FILE and report every mistake in one run.

    \b
    Example:
      voiceprep questions check my-bank.txt
    """
    from voiceprep.banks import check_bank

    bank, problems = check_bank(file)
    for problem in problems:
        click.echo(problem)
    if problems:
        plural = "mistake" if len(problems) == 1 else "mistakes"
        click.echo(f"Error: {bank.path}: {len(problems)} {plural}", err=True)
        ctx.exit(1)
    points = sum(len(q.key_points) for q in bank.questions)
    click.echo(f"{bank.path}: {len(bank.questions)} questions, {points} key points, no mistake")


@questions.command("key-points")
@click.argument("bank")
@click.option("--question", "-q", "number", type=int, metavar="N", help="Only this question.")
@click.option("--write", is_flag=True, help="Write them into the bank, where it has none.")
@options.as_json
def key_points(bank: str, number: int | None, write: bool, as_json: bool) -> None:
    """Show the key points of BANK, derived from the sample answers where it has none.

    With --write they are put into the bank for you to edit; a packaged bank is
    copied to your own banks first.

    \b
    Example:
      voiceprep questions key-points my-bank.txt --write
    """
    from voiceprep.banks import load_bank
    from voiceprep.keypoints import points_of

    loaded = load_bank(bank)
    chosen = [loaded.question(number)] if number is not None else list(loaded.questions)
    points = {q.number: points_of(q) for q in chosen}
    if as_json:
        options.echo_json({n: [p.text for p in found] for n, found in points.items()})
    else:
        for question in chosen:
            origin = "" if question.key_points else " (derived)"
            click.echo(f"Question {question.number}{origin}")
            for point in points[question.number]:
                click.echo(f"- {point.text}")
    if write:
        from voiceprep.banks.own import write_key_points

        wanted = {q.number: points[q.number] for q in chosen if not q.key_points}
        click.echo(f"Written: {write_key_points(loaded, wanted)}", err=True)


@questions.command()
@click.argument("session")
@click.option("--question", "-q", "number", type=int, metavar="N", help="Only this question.")
def learn(session: str, number: int | None) -> None:
    """Teach your own copy of the bank the words you corrected a point with.

    Every key point of SESSION that you marked as covered with
    `voiceprep replay --correct` lends its words to the bank as a phrasing.

    \b
    Example:
      voiceprep questions learn last --question 3
    """
    from voiceprep.banks.own import learn_phrasings
    from voiceprep.store import Store

    learned = learn_phrasings(Store().load(session), number)
    for phrasing in learned.phrasings:
        click.echo(f"~ {phrasing}")
    click.echo(f"{len(learned.phrasings)} learned: {learned.path}", err=True)
