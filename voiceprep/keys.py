"""Single key presses from a terminal, without waiting for them.

`TerminalKeys` switches the terminal to hand over keys one by one and puts it back as it
was, however the program is left or suspended. `NoKeys` stands in where there is no
terminal.
"""

from __future__ import annotations

import codecs
import contextlib
import sys
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from types import FrameType

_NAMES = {
    "\r": "enter",
    "\n": "enter",
    " ": "space",
    "\x1b": "escape",
    "\t": "tab",
    "\x7f": "backspace",
    "\x08": "backspace",
    "\x04": "end-of-file",
}

_ARROWS = {"A": "up", "B": "down", "C": "right", "D": "left"}


class Keys(Protocol):
    """Where key presses come from."""

    def poll(self) -> str | None:
        """Return the next key pressed ("enter", "space", "p", "escape" ...), None if none."""


class NoKeys:
    """No terminal, no keys."""

    def poll(self) -> str | None:
        """Return None."""
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass


def split_keys(text: str) -> list[str]:
    """Return the names of the keys in what a terminal sent.

    Letters are lower case. Arrow keys have their names; other escape sequences (function
    keys, a mouse) are left out, so that their letters are not taken for keys.
    """
    keys = []
    position = 0
    while position < len(text):
        name, position = _next_key(text, position)
        if name:
            keys.append(name)
    return keys


def _next_key(text: str, start: int) -> tuple[str | None, int]:
    """Return the key that begins at `start` and where the one after it begins."""
    char = text[start]
    if char == "\x1b" and text[start + 1 : start + 2] in ("[", "O"):
        return _sequence(text, start + 2)
    if char in _NAMES:
        return _NAMES[char], start + 1
    return (char.lower() if char.isprintable() else None), start + 1


def _sequence(text: str, start: int) -> tuple[str | None, int]:
    """Read a control sequence (ECMA-48, 5.4): parameters, then one final byte @ to ~."""
    end = start
    while end < len(text) and not "@" <= text[end] <= "~":
        end += 1
    plain = end == start and end < len(text)
    return (_ARROWS.get(text[end]) if plain else None), end + 1


if sys.platform == "win32":
    import msvcrt

    class TerminalKeys:
        """Keys of the console."""

        def __init__(self) -> None:
            self._pending: deque[str] = deque()

        def poll(self) -> str | None:
            """Return the next key pressed, None if there is none."""
            while msvcrt.kbhit():
                char = msvcrt.getwch()
                if char in "\x00\xe0":  # the first half of an arrow or function key
                    msvcrt.getwch()
                    continue
                self._pending.extend(split_keys(char))
            return self._pending.popleft() if self._pending else None

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *exception: object) -> None:
            pass

else:
    import atexit
    import os
    import select
    import signal
    import termios
    import threading
    import tty

    class TerminalKeys:
        """Keys of the terminal at standard input, while it is entered.

        Ctrl-C and Ctrl-Z stay signals. Suspended, the terminal is as it was before;
        continued, keys arrive again.
        """

        def __init__(self, descriptor: int = 0) -> None:
            """Read from a terminal's file descriptor."""
            self._descriptor = descriptor
            self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
            self._pending: deque[str] = deque()
            self._before: Any = None
            self._handlers: dict[int, Any] = {}

        def poll(self) -> str | None:
            """Return the next key pressed, None if there is none."""
            if not self._pending:
                self._pending.extend(split_keys(self._decoder.decode(self._waiting())))
            return self._pending.popleft() if self._pending else None

        def _waiting(self) -> bytes:
            try:
                if select.select([self._descriptor], [], [], 0)[0]:
                    return os.read(self._descriptor, 1024)
            except (OSError, ValueError):
                pass  # the terminal was closed: no more keys
            return b""

        def __enter__(self) -> Self:
            self._before = termios.tcgetattr(self._descriptor)
            atexit.register(self._restore)
            if threading.current_thread() is threading.main_thread():
                self._handlers = {
                    signal.SIGTSTP: signal.signal(signal.SIGTSTP, self._suspend),
                    signal.SIGCONT: signal.signal(signal.SIGCONT, self._resume),
                }
            self._listen()
            return self

        def __exit__(self, *exception: object) -> None:
            self._restore()
            atexit.unregister(self._restore)
            for number, handler in self._handlers.items():
                signal.signal(number, handler)
            self._handlers = {}
            self._before = None

        def _listen(self) -> None:
            with contextlib.suppress(termios.error):
                tty.setcbreak(self._descriptor, termios.TCSANOW)

        def _restore(self) -> None:
            if self._before is not None:
                with contextlib.suppress(termios.error):
                    termios.tcsetattr(self._descriptor, termios.TCSANOW, self._before)

        def _suspend(self, _number: int, _frame: FrameType | None) -> None:
            self._restore()
            signal.signal(signal.SIGTSTP, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTSTP)

        def _resume(self, _number: int, _frame: FrameType | None) -> None:
            signal.signal(signal.SIGTSTP, self._suspend)
            self._listen()


def terminal_keys() -> TerminalKeys | NoKeys:
    """Return the keys of the terminal at standard input, or none where there is none."""
    return TerminalKeys() if sys.stdin and sys.stdin.isatty() else NoKeys()
