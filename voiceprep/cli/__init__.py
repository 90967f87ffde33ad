"""The command line: options in, calls, echo out."""

from __future__ import annotations

import click

from voiceprep import __version__


@click.group()
@click.version_option(__version__)
def main() -> None:
    """Practise interviews aloud, alone, on your own machine."""
