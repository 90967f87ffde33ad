"""The speaker: texts spoken aloud, synthesised ahead of time and kept for the next time.

The path of a text is synthesis in a child process, a file in the cache, and playback on
a chosen device. Each step can be stopped, and fails with one line.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from voiceprep import audio
from voiceprep.errors import AudioError, VoiceError
from voiceprep.sound import playback
from voiceprep.sound.synthesizer import Synthesizer
from voiceprep.sound.voices import (
    NATURAL,
    Voice,
    choose_voice,
    natural_voice,
    system_voices,
    voices,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = [
    "SilentSpeaker",
    "Speaker",
    "SpeechCache",
    "SpokenSpeaker",
    "Voice",
    "cache_folder",
    "make_speaker",
    "voices",
]

DEFAULT_RATE_WPM = 150
"""Words a minute asked of an engine; eSpeak NG then speaks 170, unhurried."""

POLL_S = 0.02
"""How often somebody who wants to stop is asked while a text is being synthesised."""

CACHE_VERSION = 2
"""To be raised when the same voice, rate and text come to sound different."""

CACHE_BYTES = 200_000_000
"""How much is kept: about 75 minutes of speech at 22 kHz and 16 bits."""


class Speaker(Protocol):
    """Says texts aloud."""

    def prepare(self, text: str) -> None:
        """Have a text ready for when it is to be said; returns at once."""

    def say(self, text: str, stop: Callable[[], bool] = ...) -> bool:
        """Say a text; return True at its end, False if `stop` said so before.

        Raises:
            VoiceError: it cannot be synthesised.
            DeviceError: it cannot be played.
        """


class SilentSpeaker:
    """Says nothing, for those who would rather read."""

    def prepare(self, text: str) -> None:
        """Do nothing."""
        del text

    def say(self, text: str, stop: Callable[[], bool] = playback.never) -> bool:
        """Return at once."""
        del text, stop
        return True


def cache_folder() -> Path:
    """Return where synthesised speech is kept."""
    import platformdirs

    return platformdirs.user_cache_path("voiceprep", appauthor=False) / "speech"


@dataclass(frozen=True, slots=True)
class SpeechCache:
    """Synthesised speech on disk, one file for each voice, rate and text."""

    folder: Path
    most_bytes: int = CACHE_BYTES

    def path(self, voice: Voice, rate_wpm: int, text: str) -> Path:
        """Return where a spoken text is kept, whether or not it is there."""
        identity = json.dumps([CACHE_VERSION, voice.engine, voice.id, rate_wpm, text])
        return self.folder / f"{hashlib.sha256(identity.encode()).hexdigest()[:32]}.wav"

    def fill(self, path: Path, make: Callable[[Path], None]) -> None:
        """Have `make` write a file and put it in place whole.

        Raises:
            VoiceError: it cannot be made or stored.
        """
        draft = path.with_name(f".{uuid4().hex}.wav")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            make(draft)
            draft.replace(path)
        except OSError as error:
            raise VoiceError(
                f"{self.folder}: speech cannot be kept there ({error.strerror})"
            ) from error
        finally:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
        self._prune(path)

    def _prune(self, newest: Path) -> None:
        """Delete what was made longest ago until the rest is small enough."""
        with contextlib.suppress(OSError):
            files = [(f.stat(), f) for f in self.folder.glob("*.wav") if f != newest]
            excess = sum(s.st_size for s, _ in files) - self.most_bytes
            for status, file in sorted(files, key=lambda pair: pair[0].st_mtime):
                if excess <= 0:
                    break
                file.unlink(missing_ok=True)
                excess -= status.st_size


class SpokenSpeaker:
    """Speaks with a synthetic voice.

    Texts are synthesised one after another on a thread that lives while there are any;
    the one that is to be said now goes first.
    """

    def __init__(
        self,
        choose: Callable[[], Voice],
        rate_wpm: int = DEFAULT_RATE_WPM,
        device: str | int | None = None,
        cache: SpeechCache | None = None,
    ) -> None:
        """Speak with the voice that `choose` returns, asked when the first text comes."""
        self._choose = choose
        self._voice: Voice | None = None
        self._rate_wpm = rate_wpm
        self._device = device
        self._cache = cache or SpeechCache(cache_folder())
        self._changed = threading.Condition()
        self._wanted: deque[str] = deque()
        self._made: dict[str, Path | VoiceError] = {}
        self._working = False

    def prepare(self, text: str) -> None:
        """Have a text synthesised in the background."""
        self._want(text, first=False)

    def say(self, text: str, stop: Callable[[], bool] = playback.never) -> bool:
        """Say a text; return True at its end, False if `stop` said so before.

        Raises:
            VoiceError: it cannot be synthesised.
            DeviceError: it cannot be played.
        """
        if not text.strip():
            return True
        path = self.synthesised(text, stop)
        if path is None:
            return False
        try:
            samples, rate = audio.read_at_own_rate(path)
        except AudioError as error:
            path.unlink(missing_ok=True)
            with self._changed:
                self._made.pop(text, None)
            raise VoiceError(f"{error}; it was deleted, try again") from error
        return playback.play(samples, rate, self._device, stop)

    def synthesised(self, text: str, stop: Callable[[], bool] = playback.never) -> Path | None:
        """Return the WAV file of a text once it is there, None if `stop` said so before.

        Raises:
            VoiceError: it cannot be synthesised.
        """
        self._want(text, first=True)
        while True:
            with self._changed:
                made = self._made.get(text)
                if made is None and not self._working:
                    raise VoiceError("voice: the synthesis ended by itself; use --no-speech")
                if made is None:
                    self._changed.wait(POLL_S)
            if isinstance(made, VoiceError):
                with self._changed:
                    self._made.pop(text, None)  # the next time may go better
                raise made
            if made is not None:
                return made
            if stop():
                return None

    def _want(self, text: str, *, first: bool) -> None:
        with self._changed:
            if text in self._made or not text.strip():
                return
            if text in self._wanted:
                self._wanted.remove(text)
            if first:
                self._wanted.appendleft(text)
            else:
                self._wanted.append(text)
            if not self._working:
                self._working = True
                threading.Thread(target=self._run, name="synthesis", daemon=True).start()

    # on the thread

    def _work(self) -> None:
        with contextlib.ExitStack() as child:
            synthesizer: Synthesizer | None = None
            while text := self._take():
                try:
                    path = self._kept_at(text)
                    if not path.is_file():
                        synthesizer = synthesizer or child.enter_context(self._start())
                        self._make(synthesizer, text, path)
                except VoiceError as error:
                    child.close()
                    synthesizer = None
                    self._done(text, error)
                else:
                    self._done(text, path)
                if self._voice is not None and self._voice.engine == "system":
                    # Not every system engine can be asked twice; starting one is cheap.
                    child.close()
                    synthesizer = None

    def _run(self) -> None:
        try:
            self._work()
        except BaseException:
            # Nobody is to wait for a thread that is no more; the fault itself stays visible.
            with self._changed:
                self._working = False
            raise

    def _take(self) -> str | None:
        with self._changed:
            if not self._wanted:
                self._working = False
                return None
            return self._wanted[0]

    def _done(self, text: str, made: Path | VoiceError) -> None:
        with self._changed:
            self._made[text] = made
            if text in self._wanted:
                self._wanted.remove(text)
            self._changed.notify_all()

    def _kept_at(self, text: str) -> Path:
        self._voice = self._voice or self._choose()
        return self._cache.path(self._voice, self._rate_wpm, text)

    def _start(self) -> Synthesizer:
        assert self._voice is not None
        return Synthesizer(self._voice.engine)

    def _make(self, synthesizer: Synthesizer, text: str, path: Path) -> None:
        voice = self._voice
        assert voice is not None

        def speak(draft: Path) -> None:
            synthesizer.speak(text, voice.id, self._rate_wpm, draft)

        self._cache.fill(path, speak)


def make_speaker(
    voice: str | None = None,
    rate_wpm: int = DEFAULT_RATE_WPM,
    device: str | int | None = None,
    language: str = "en",
    *,
    cache: Path | None = None,
) -> SpokenSpeaker:
    """Return a speaker for a language.

    A `voice` given by id or name is looked up at once, so that a mistake is known before
    anything else happens; otherwise one is chosen when the first text comes. "natural" is
    the voice of the extra `natural`.

    Raises:
        VoiceError: there is no such voice.
    """
    folder = SpeechCache(cache or cache_folder())
    if voice is None:
        return SpokenSpeaker(
            lambda: choose_voice(system_voices(), language), rate_wpm, device, folder
        )
    natural = natural_voice()
    if natural and voice.casefold() == NATURAL:
        chosen = natural
    else:
        chosen = choose_voice(system_voices(), language, voice)
    return SpokenSpeaker(lambda: chosen, rate_wpm, device, folder)
