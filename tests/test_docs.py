"""What the README says can be typed, can be typed."""

from __future__ import annotations

import re

import click
import pytest

from tests.conftest import ROOT
from voiceprep.cli import main
from voiceprep.settings import KEYS

README = (ROOT / "README.md").read_text(encoding="utf-8")


def every_option(command: click.Command, context: click.Context) -> set[str]:
    found = {opt for p in command.params for opt in (*p.opts, *p.secondary_opts)}
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            found |= every_option(child, context)
    return found | {"--help"}


def calls_in_code() -> list[str]:
    spans = re.findall(r"`([^`\n]+)`", README)
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [*spans, *(line for block in blocks for line in block.splitlines())]
    return sorted({m for line in lines for m in re.findall(r"(?:^|[/\s])voiceprep (.+)", line)})


@pytest.mark.parametrize("call", calls_in_code())
def test_every_command_shown_exists_with_its_options(call: str) -> None:
    context = click.Context(main)
    words = call.replace("[", "").replace("]", "").split()
    command: click.Command = main
    while isinstance(command, click.Group) and words:
        child = command.get_command(context, words[0])
        assert child is not None, f"voiceprep {call}: there is no {words[0]}"
        command, words = child, words[1:]
    known = every_option(command, context)
    for option in (w for w in words if w.startswith("-") and w != "-"):
        assert option.split("=")[0] in known, f"voiceprep {call}: no option {option}"


def test_every_option_named_in_the_text_exists() -> None:
    known = every_option(main, click.Context(main)) | {"--editable"}
    for option in re.findall(r"`(--[a-z-]+)", README):
        assert option in known, option


def test_every_settings_key_shown_exists() -> None:
    for key in re.findall(r"`([a-z_]+) = ", README):
        assert key in KEYS


def test_the_readme_is_short_and_finished() -> None:
    assert len(README.splitlines()) < 150
    assert "@@" not in README
