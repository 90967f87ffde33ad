from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from voiceprep.errors import SettingsError
from voiceprep.settings import KEYS, load_settings

if TYPE_CHECKING:
    from pathlib import Path


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_no_file_is_no_settings(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "none.toml") == {}


def test_every_key_with_a_sound_value(tmp_path: Path) -> None:
    text = """
bank = "behavioural"
input = 3
output = "Speakers"
voice = "en-gb"
rate = 150
speech = false
live = true
limit = 90.5
silence = 5
prep = 20
count = 3
order = "shuffle"
model = "base"
fillers = ["at the end of the day"]
no_fillers = ["so"]
judge = "ollama:qwen2.5:7b"
judge_hosts = ["gpu-box"]
pace_band = [120, 160]
"""
    settings = load_settings(written(tmp_path, text))
    assert set(settings) == set(KEYS)
    assert settings["pace_band"] == [120, 160]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('vioce = "x"', "unknown key 'vioce'; did you mean voice?"),
        ("zzz = 1", "unknown key 'zzz'; known: bank, input"),
        ('rate = "fast"', "rate takes a whole number, not 'fast'"),
        ("rate = true", "rate takes a whole number, not True"),
        ("speech = 1", "speech takes true or false, not 1"),
        ("pace_band = [170, 110]", r"pace_band takes two numbers, as in \[110, 170\]"),
        ('pace_band = ["a", "b"]', "pace_band takes two numbers"),
        ("fillers = [1]", r"fillers takes a list of texts, not \[1\]"),
        ("rate = ", "not valid TOML"),
    ],
)
def test_a_mistake_is_one_line_with_file_and_key(
    tmp_path: Path, line: str, complaint: str
) -> None:
    path = written(tmp_path, line)
    with pytest.raises(SettingsError, match=complaint) as caught:
        load_settings(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
