"""The settings file: any option's default, in TOML, in the platform's configuration folder.

# ~/.config/voiceprep/settings.toml (Linux)
voice = "en-gb"
rate = 165
limit = 180
pace_band = [120, 160]
fillers = ["at the end of the day"]
no_fillers = ["so"]
"""

from __future__ import annotations

import difflib
import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voiceprep.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE_NAME = "settings.toml"

_Check = tuple[str, type | tuple[type, ...]]

_NUMBER = ("a number", (int, float))
_WHOLE = ("a whole number", int)
_TEXT = ("text in quotes", str)
_SWITCH = ("true or false", bool)
_DEVICE = ("a device's name or number", (str, int))

KEYS: dict[str, _Check] = {
    "bank": _TEXT,
    "input": _DEVICE,
    "output": _DEVICE,
    "voice": _TEXT,
    "rate": _WHOLE,
    "speech": _SWITCH,
    "live": _SWITCH,
    "limit": _NUMBER,
    "silence": _NUMBER,
    "prep": _NUMBER,
    "count": _WHOLE,
    "order": _TEXT,
    "model": _TEXT,
    "fillers": ("a list of texts", list),
    "no_fillers": ("a list of texts", list),
    "judge": _TEXT,
    "judge_hosts": ("a list of host names", list),
    "pace_band": ("two numbers, as in [110, 170]", list),
}
"""Every key, with what it takes."""


def settings_file() -> Path:
    """Return where the settings are looked for; VOICEPREP_SETTINGS names another file."""
    named = os.environ.get("VOICEPREP_SETTINGS")
    if named:
        return Path(named).expanduser()
    import platformdirs

    return platformdirs.user_config_path("voiceprep", appauthor=False) / FILE_NAME


def load_settings(path: Path | None = None) -> dict[str, Any]:
    """Return the settings, {} where there is no file.

    Raises:
        SettingsError: the file cannot be read, or a key is unknown or ill-typed.
    """
    path = path or settings_file()
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid TOML ({error})") from error
    for key, value in data.items():
        _check(path, key, value)
    return data


def default_map(commands: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the settings as click takes them: the same defaults for every command.

    Raises:
        SettingsError: see `load_settings`.
    """
    settings = load_settings()
    return dict.fromkeys(commands, settings)


def _check(path: Path, key: str, value: object) -> None:
    if key not in KEYS:
        close = difflib.get_close_matches(key, KEYS, 1)
        hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(KEYS)}"
        raise SettingsError(f"{path}: unknown key {key!r}; {hint}")
    expected, kind = KEYS[key]
    # bool is an int to Python, but `rate = true` is a mistake to a person.
    sound = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    if sound and isinstance(value, list):
        sound = _list_is_sound(key, value)
    if not sound:
        raise SettingsError(f"{path}: {key} takes {expected}, not {value!r}")


def _list_is_sound(key: str, items: list[Any]) -> bool:
    if key == "pace_band":
        numbers = all(isinstance(i, int | float) and not isinstance(i, bool) for i in items)
        return numbers and len(items) == 2 and 0 < items[0] < items[1]
    return all(isinstance(i, str) and i.strip() for i in items)
