"""The child process that synthesises speech: started, asked, timed and stopped here."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO, Any, Literal, Self

from voiceprep.errors import VoiceError

EngineName = Literal["system", "natural"]

PROGRAM = Path(__file__).with_name("synthesis.py")

START_LIMIT_S = 30.0
"""How long an engine may take to load, on a slow and busy machine."""

WAV_HEADER_BYTES = 44
"""A sound file no longer than its header holds no sound."""

LIMIT_S_PER_CHARACTER = 0.1
"""How much longer it may take for each character; eSpeak NG needs 0.0001, piper 0.005."""


class Synthesizer:
    """An engine in a child process, to be used as a context.

    The child ends by itself when its input does, also when this process is killed.
    """

    def __init__(
        self, engine: EngineName, program: Path = PROGRAM, start_limit_s: float = START_LIMIT_S
    ) -> None:
        """Start the engine; nothing is waited for.

        Raises:
            VoiceError: no process can be started.
        """
        self._engine = engine
        self._start_limit_s = start_limit_s
        self._late = False
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed in close)
        try:
            self._child = subprocess.Popen(
                # -P: the folder of the program holds modules of voiceprep, not of the world.
                [sys.executable, "-P", str(program), engine],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                encoding="utf-8",
                # Ctrl-C is meant for the interview, not for the voice.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            self._complaints.close()
            raise VoiceError(f"voice: no process for it ({error.strerror})") from error

    def voices(self) -> dict[str, Any]:
        """Return what the engine answers about its voices.

        Raises:
            VoiceError: it failed or took too long.
        """
        return self._ask({"do": "voices"}, self._start_limit_s)

    def speak(self, text: str, voice: str, rate_wpm: float, path: Path) -> None:
        """Write a text, spoken, to a file.

        Raises:
            VoiceError: it failed, took too long or wrote nothing.
        """
        limit_s = self._start_limit_s + LIMIT_S_PER_CHARACTER * len(text)
        request = {"do": "speak", "text": text, "voice": voice, "rate": rate_wpm}
        self._ask({**request, "path": str(path.absolute())}, limit_s)
        if not path.is_file() or path.stat().st_size <= WAV_HEADER_BYTES:
            raise VoiceError(f"voice {voice}: nothing was written; try another --voice")

    def _ask(self, request: dict[str, Any], limit_s: float) -> dict[str, Any]:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        watchdog = threading.Timer(limit_s, self._give_up)
        watchdog.daemon = True
        watchdog.start()
        try:
            self._child.stdin.write(json.dumps(request) + "\n")
            self._child.stdin.flush()
            line = self._child.stdout.readline()
        except OSError:
            line = ""  # it died before it could be asked
        finally:
            watchdog.cancel()
        if not line.endswith("\n"):
            raise VoiceError(self._failure(limit_s))
        try:
            reply: dict[str, Any] = json.loads(line)
        except ValueError as error:
            raise VoiceError(f"voice: the engine answered {line[:60]!r}") from error
        return reply

    def _give_up(self) -> None:
        self._late = True
        self._child.kill()

    def _failure(self, limit_s: float) -> str:
        """Say in one line why the child gave no answer."""
        what = "the natural voice" if self._engine == "natural" else "the system's voices"
        if self._late:
            return f"{what}: no answer within {limit_s:.0f} s; try again or use --no-speech"
        code = self._child.wait()
        self._complaints.seek(0)
        lines = self._complaints.read().decode("utf-8", "replace").split("\n")
        reason = next((s.strip() for s in reversed(lines) if s.strip()), f"exit code {code}")
        return f"{what}: cannot speak ({reason[:200]}); {_remedy(self._engine, reason)}"

    def close(self) -> None:
        """End the child."""
        assert self._child.stdout is not None
        self._child.kill()
        # communicate also closes what is left of the pipes, written to or not.
        self._child.communicate()
        self._complaints.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _remedy(engine: EngineName, reason: str) -> str:
    if engine == "natural" and "No module" in reason:
        return "install it with: pip install 'voiceprep[natural]'"
    if sys.platform.startswith("linux") and "eSpeak" in reason:
        return "install the package espeak-ng"
    return "use --no-speech to go without"
