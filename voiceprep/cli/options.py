"""Options that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    Command = Callable[..., Any]

PACE_BAND = (110.0, 170.0)
"""Words a minute; the same as delivery.PACE_BAND_WPM, which --help shall not import."""

model = click.option(
    "--model",
    metavar="NAME|PATH",
    help="Whisper weights: a folder, or a name such as base [default: tiny.en, packaged]",
)
verbatim = click.option(
    "--verbatim",
    is_flag=True,
    default=None,
    help="The model given writes hesitations by itself (CrisperWhisper).",
)
fillers = click.option(
    "--filler",
    "fillers",
    multiple=True,
    metavar="WORDS",
    help="Count these words as a filler too (may be repeated).",
)
no_fillers = click.option(
    "--no-filler",
    "no_fillers",
    multiple=True,
    metavar="WORDS",
    help="Do not count this filler (may be repeated).",
)
judge = click.option(
    "--judge",
    metavar="MODEL",
    help="Let a language model on this machine judge the key points: FILE.gguf, "
    "ollama:NAME or http://localhost:PORT/v1#NAME.",
)
judge_hosts = click.option(
    "--judge-host",
    "judge_hosts",
    multiple=True,
    metavar="HOST",
    help="Let --judge send your answers to this other machine (may be repeated).",
)
pace_band = click.option(
    "--pace-band",
    type=(float, float),
    default=PACE_BAND,
    metavar="LOW HIGH",
    show_default=True,
    help="Words a minute to stay within.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


def echo_json(data: Any) -> None:
    """Print a value as JSON to standard output."""
    import json

    click.echo(json.dumps(data, ensure_ascii=False, indent=2))
