from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from voiceprep.keys import NoKeys, split_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent

WAIT_S = 20.0

PROGRAM = """\
import time
from voiceprep.keys import terminal_keys
with terminal_keys() as keys:
    print("ready", flush=True)
    while True:
        key = keys.poll()
        if key:
            print(f"<{key}>", flush=True)
        if key == "q":
            break
        if key == "x":
            raise RuntimeError("on purpose")
        time.sleep(0.01)
print("over", flush=True)
"""


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        ("", []),
        ("p", ["p"]),
        ("P", ["p"]),
        (" ", ["space"]),
        ("\r", ["enter"]),
        ("\n", ["enter"]),
        ("\x1b", ["escape"]),
        ("\x1b[A", ["up"]),
        ("\x1bOD", ["left"]),
        ("\x1b[1;5C", []),
        ("\x1b[15~r", ["r"]),
        ("\x1b[", []),
        ("a\x01é\x7f", ["a", "é", "backspace"]),
        ("sq", ["s", "q"]),
    ],
)
def test_what_a_terminal_sends_is_named(sent: str, keys: list[str]) -> None:
    assert split_keys(sent) == keys


def test_without_a_terminal_there_are_no_keys() -> None:
    with NoKeys() as keys:
        assert keys.poll() is None


def test_a_pipe_is_no_terminal() -> None:
    program = "from voiceprep.keys import *; print(type(terminal_keys()).__name__)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        input="q\n",
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert done.stdout == "NoKeys\n"


if sys.platform != "win32":
    import pty
    import termios

    class Terminal:
        """A shell in a pseudo-terminal, as a person sits in front of it."""

        def __init__(self, program: Path) -> None:
            self._master, slave = pty.openpty()
            # The first terminal that a session leader opens becomes its own.
            shell = f"exec <{os.ttyname(slave)}; exec env 'PS1=shell> ' bash --norc --noediting"
            self._shell = subprocess.Popen(
                ["bash", "-c", shell],
                stdin=slave,
                stdout=slave,
                stderr=slave,
                start_new_session=True,
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
            )
            os.close(slave)
            self._program = program
            self._shown = ""

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *exception: object) -> None:
            self._shell.kill()
            self._shell.wait()
            os.close(self._master)

        def start(self) -> None:
            self.expect("shell> ")
            self.cooked = self.modes()
            self.press(f"{sys.executable} {self._program}\n")
            self.expect("ready")

        def press(self, keys: str) -> None:
            os.write(self._master, keys.encode())

        def modes(self) -> list[object]:
            """Return the input, output and local modes of the terminal."""
            modes = termios.tcgetattr(self._master)
            return [modes[0], modes[1], modes[3]]

        def expect(self, text: str) -> str:
            """Wait for a text and return what stood before it."""
            until = time.monotonic() + WAIT_S
            os.set_blocking(self._master, False)
            while text not in self._shown:
                assert time.monotonic() < until, f"{text!r} never came: {self._shown!r}"
                with contextlib.suppress(BlockingIOError):
                    self._shown += os.read(self._master, 4096).decode(errors="replace")
                time.sleep(0.01)
            before, _, self._shown = self._shown.partition(text)
            return before

    @pytest.fixture
    def terminal(tmp_path: Path) -> Iterator[Terminal]:
        if not shutil.which("bash"):
            pytest.skip("no bash to suspend and continue a program in")
        program = tmp_path / "program.py"
        program.write_text(PROGRAM)
        with Terminal(program) as running:
            yield running

    def test_keys_arrive_one_by_one_and_unseen(terminal: Terminal) -> None:
        terminal.start()
        terminal.press("p")
        assert "p" not in terminal.expect("<p>")
        terminal.press(" \r\x1b[A")
        for key in ("<space>", "<enter>", "<up>"):
            terminal.expect(key)
        assert terminal.modes() != terminal.cooked
        terminal.press("q")
        terminal.expect("over")
        terminal.expect("shell> ")
        assert terminal.modes() == terminal.cooked

    def test_keys_pressed_together_are_all_kept(terminal: Terminal) -> None:
        terminal.start()
        terminal.press("abcq")
        for key in ("<a>", "<b>", "<c>", "<q>", "over"):
            terminal.expect(key)

    @pytest.mark.parametrize(
        ("key", "said"), [("x", "on purpose"), ("\x03", "KeyboardInterrupt")]
    )
    def test_the_terminal_is_itself_again_after_a_failure(
        terminal: Terminal, key: str, said: str
    ) -> None:
        terminal.start()
        terminal.press(key)
        terminal.expect(said)
        terminal.expect("shell> ")
        assert terminal.modes() == terminal.cooked

    def test_suspended_and_continued_twice(terminal: Terminal) -> None:
        terminal.start()
        raw = terminal.modes()
        for _ in range(2):
            terminal.press("\x1a")
            terminal.expect("Stopped")
            terminal.expect("shell> ")
            assert terminal.modes() == terminal.cooked
            terminal.press("fg\n")
            terminal.expect("program.py")
            until = time.monotonic() + WAIT_S
            while terminal.modes() != raw and time.monotonic() < until:
                time.sleep(0.01)
            terminal.press("s")
            terminal.expect("<s>")
        terminal.press("q")
        terminal.expect("over")
        terminal.expect("shell> ")
        assert terminal.modes() == terminal.cooked
