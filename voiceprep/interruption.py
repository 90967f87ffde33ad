"""Signals that end a session early, turned into something a loop can ask for."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


class Interruption:
    """While it is entered, Ctrl-C, a termination or a closed terminal only raise a flag.

    The loop that sees `requested` ends the answer and keeps it. A second Ctrl-C is
    taken at its word and raises KeyboardInterrupt.
    """

    def __init__(self) -> None:
        self._signal: str | None = None
        self._before: dict[int, Any] = {}

    @property
    def requested(self) -> bool:
        """Return whether anything asked for the end."""
        return self._signal is not None

    @property
    def terminal_is_gone(self) -> bool:
        """Return whether the terminal was closed."""
        return self._signal == "SIGHUP"

    def __enter__(self) -> Self:
        for name in _SIGNALS:
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is not None:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def let_happen(self) -> None:
        """Raise again what was noted, once the context is left."""
        if self._signal is not None:
            signal.raise_signal(signal.Signals[self._signal])

    def _note(self, number: int, _frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        if self._signal == name == "SIGINT":
            raise KeyboardInterrupt
        self._signal = name


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Hold back Ctrl-C and the like until what must not be left half done is done.

    Outside the main thread, where no signal is handled, there is nothing to hold back.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    interruption = Interruption()
    try:
        with interruption:
            yield
    finally:
        interruption.let_happen()
