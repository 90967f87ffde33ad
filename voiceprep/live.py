"""Transcription beside the recording: a thread of its own, so that nobody waits for it."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Protocol

from voiceprep import audio

if TYPE_CHECKING:
    from collections.abc import Callable

    from voiceprep.audio import Samples
    from voiceprep.transcript import Transcript


class Transcription(Protocol):
    """A transcription fed in pieces."""

    def feed(self, samples: Samples) -> None:
        """Take the next samples."""

    def finish(self) -> Transcript:
        """Return the transcript of everything fed."""

    @property
    def heard(self) -> str:
        """Return the last words so far, for a live line."""

    @property
    def settled(self) -> str:
        """Return the text that no further sound will change."""


class LiveTranscription:
    """Feeds a transcription from a queue. Errors of the thread are raised by `finish`."""

    def __init__(self, begin: Callable[[], Transcription]) -> None:
        """Start at once; `begin` may wait for the model, the recording does not."""
        self._begin = begin
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[Samples | None] = queue.SimpleQueue()
        self._transcription: Transcription | None = None
        self._result: Transcript | None = None
        self._error: BaseException | None = None
        self._abandoned = self._over = False
        self._waiting_s = 0.0
        self._furthest_s = 0.0
        self._thread = threading.Thread(target=self._run, name="transcription", daemon=True)
        self._thread.start()

    @property
    def heard(self) -> str:
        """Return the words heard so far."""
        return self._transcription.heard if self._transcription else ""

    @property
    def settled(self) -> str | None:
        """Return the text that will not change any more, None once the answer is over."""
        if self._over:
            return None
        return self._transcription.settled if self._transcription else ""

    @property
    def furthest_behind_s(self) -> float:
        """Return how many seconds of sound have waited for the transcription at most."""
        return self._furthest_s

    def feed(self, samples: Samples) -> None:
        """Hand over samples; returns at once."""
        with self._lock:
            self._waiting_s += audio.seconds(samples)
            self._furthest_s = max(self._furthest_s, self._waiting_s)
        self._queue.put(samples)

    def finish(self) -> Transcript:
        """Wait for the transcript of everything fed.

        Raises:
            VoiceprepError: whatever the transcription failed with.
        """
        self._over = True
        self._queue.put(None)
        while self._thread.is_alive():
            self._thread.join(0.2)  # in slices, so that Ctrl-C is heard
        if self._error is not None:
            raise self._error
        assert self._result is not None
        return self._result

    def abandon(self) -> None:
        """Drop everything; the thread ends after the block it is at."""
        self._abandoned = self._over = True
        self._queue.put(None)

    def _run(self) -> None:
        try:
            self._transcription = self._begin()
            while (samples := self._queue.get()) is not None:
                if self._abandoned:
                    return
                self._transcription.feed(samples)
                with self._lock:
                    self._waiting_s -= audio.seconds(samples)
            if not self._abandoned:
                self._result = self._transcription.finish()
        except BaseException as error:  # noqa: BLE001 (raised again where it is waited for)
            self._error = error
