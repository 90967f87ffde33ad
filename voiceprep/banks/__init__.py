"""Question banks as files: found by name or path, read, checked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from voiceprep.banks.text import parse_bank
from voiceprep.errors import BankError

if TYPE_CHECKING:
    from voiceprep.questions import Bank


def bank_folders() -> tuple[Path, ...]:
    """Return where packaged banks lie: inside the installed package, or in the checkout."""
    here = Path(__file__).resolve().parent.parent
    installed, checkout = here / "data" / "banks", here.parent / "questions"
    return (installed if installed.is_dir() else checkout,)


def own_banks() -> Path:
    """Return the folder of the user's own banks; they go before packaged ones of the name."""
    override = os.environ.get("VOICEPREP_BANKS")
    if override:
        return Path(override).expanduser()
    import platformdirs

    return platformdirs.user_config_path("voiceprep", appauthor=False) / "banks"


def bank_files() -> dict[str, Path]:
    """Return every bank that is found by name, packaged or the user's own, in order."""
    folders = (*bank_folders(), own_banks())
    found = {p.stem: p for folder in folders for p in folder.glob("*.txt")}
    return dict(sorted(found.items()))


def find_bank(name_or_path: str) -> Path:
    """Return the file of a bank given by path or by name.

    Raises:
        BankError: there is neither such a file nor such a bank.
    """
    path = Path(name_or_path).expanduser()
    if path.is_file():
        return path
    packaged = bank_files()
    if name_or_path in packaged:
        return packaged[name_or_path]
    known = ", ".join(packaged) or "none"
    what = "it is a folder" if path.is_dir() else "no such file or bank"
    raise BankError(f"{name_or_path}: {what}; packaged banks: {known}")


def load_bank(name_or_path: str) -> Bank:
    """Read a bank.

    Raises:
        BankError: it cannot be found, read or used; `problems` has every mistake.
    """
    path = find_bank(name_or_path)
    bank, problems = parse_bank(read_text(path), path)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise BankError(
            f"{problems[0]}{more}; `voiceprep questions check {path}` lists all", problems
        )
    return bank


def check_bank(name_or_path: str) -> tuple[Bank, tuple[str, ...]]:
    """Read a bank and return it with every mistake, `FILE:LINE: expected ..., found ...`.

    Raises:
        BankError: the file cannot be found or read at all.
    """
    path = find_bank(name_or_path)
    return parse_bank(read_text(path), path)


def read_text(path: Path) -> str:
    """Return the text of a bank, without its byte order mark.

    Raises:
        BankError: it cannot be read, or is not UTF-8.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BankError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise BankError(
            f"{path}:{line}: expected UTF-8 text, found byte 0x{raw[error.start]:02x}; "
            "save the file as UTF-8"
        ) from error
