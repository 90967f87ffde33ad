"""Everything that can go wrong for a user, as one tree.

VoiceprepError
├── SettingsError      a settings file holds an unknown or ill-typed key
├── BankError          a question bank cannot be read (carries every problem found)
├── AudioError         a recording cannot be read or written
├── DeviceError        a microphone or speaker cannot be used
├── VoiceError         a question cannot be synthesised
├── ModelError         weights are missing, corrupted or cannot be loaded
└── SessionError       a stored session cannot be read or written

Each message is one line: what failed, on what, and what to do about it. The
commands print it and exit with 1; anything outside this tree is a bug and keeps
its traceback.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class VoiceprepError(Exception):
    """A failure that the user can understand and act upon."""


class SettingsError(VoiceprepError):
    """A settings file cannot be used."""


class BankError(VoiceprepError):
    """A question bank cannot be used; `problems` holds every one, a line each."""

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class AudioError(VoiceprepError):
    """A recording cannot be read or written."""


class DeviceError(VoiceprepError):
    """A microphone or a speaker cannot be used."""


class VoiceError(VoiceprepError):
    """A text cannot be synthesised."""


class ModelError(VoiceprepError):
    """Model weights are missing, corrupted or cannot be loaded."""


class SessionError(VoiceprepError):
    """A stored session cannot be read or written."""
