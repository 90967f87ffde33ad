"""`voiceprep progress`: how the numbers move over sessions."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import click

from voiceprep.cli import options


@click.command()
@click.option("--bank", "in_bank", metavar="BANK", help="Only sessions of this bank.")
@options.as_json
def progress(in_bank: str | None, as_json: bool) -> None:
    """Show how key points, fillers and pace moved, and what to practise next.

    Questions come back by spaced repetition: what was weak or is long ago is due
    first.

    \b
    Examples:
      voiceprep progress
      voiceprep progress --bank behavioural
    """
    from voiceprep.history.index import Query, find
    from voiceprep.history.progress import FEWEST_SESSIONS
    from voiceprep.history.progress import progress as measure
    from voiceprep.history.schedule import schedule
    from voiceprep.store import Store

    rows, problems = find(Store(), Query(bank=in_bank))
    for problem in problems:
        click.echo(f"Skipped: {problem}", err=True)
    now = datetime.now(UTC)
    found, due = measure(rows), schedule(rows, now)
    if as_json:
        dates = [
            {**asdict(d), "due": d.due.isoformat(), "last": d.last.isoformat()} for d in due
        ]
        options.echo_json({**asdict(found), "due": dates})
        return
    from voiceprep.cli.screen import printer, show
    from voiceprep.report.history import due_report, progress_report

    show(printer(), *progress_report(found, FEWEST_SESSIONS), *due_report(due, now))
