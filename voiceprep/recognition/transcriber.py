"""The transcriber: samples in, a verbatim transcript out.

One path serves a live answer, a long file and a thousand files: samples are cut into
windows at their pauses (`windows`), every window is decoded (`recognizer`), and the
words are joined to a transcript. A live answer is cut at the same places and says the
same; its open window is decoded ahead of time whenever the speaker pauses.
"""

from __future__ import annotations

import os
import time
from collections import deque
from typing import TYPE_CHECKING, TypeVar

from voiceprep import audio
from voiceprep.errors import VoiceprepError
from voiceprep.recognition.decoding import Recognizer
from voiceprep.recognition.lanes import Lanes
from voiceprep.recognition.recognizer import recognise
from voiceprep.recognition.windows import PADDING_S, Segmenter
from voiceprep.transcript import Segment, Transcript, Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from voiceprep.audio import Samples
    from voiceprep.recognition.lanes import Recognise
    from voiceprep.recognition.models import Weights
    from voiceprep.recognition.windows import Window

K = TypeVar("K")

HEARD_CHARACTERS = 200
"""Length of the text that a live line can show."""

SEGMENT_GAP_S = 1.0
"""A pause that ends a segment."""

SPECULATION_PAUSE_S = PADDING_S
"""Silence after which the open window is decoded, in case the answer is over. No more of
it is kept, so that what is decoded ahead is to a sample what a file would give."""

BREATH_S, HURRIED_S = 0.1, 6.0
"""A silence this short will do for it where nothing was decoded for so long, so that the
live line moves on with somebody who hardly pauses."""


class Transcriber:
    """A loaded model that transcribes any number of recordings."""

    def __init__(self, recognizer: Recognizer, lanes: int) -> None:
        self._recognizer = recognizer
        self._lanes = lanes

    @classmethod
    def load(cls, weights: Weights, *, threads: int = 0) -> Transcriber:
        """Load a model; `threads` 0 takes all cores.

        Raises:
            ModelError: the weights are damaged or no Whisper model.
        """
        threads = threads or os.cpu_count() or 1
        return cls(Recognizer(weights, threads), threads)

    def transcription(
        self, *, context: str | None = None, live: bool = False, language: str = "en"
    ) -> Transcription:
        """Begin a transcription that is fed in pieces.

        `live` keeps up with a speaker: little is left to do when the last piece is fed.
        `context`, the question, is not shown to the decoder: what it is shown it may
        write, and even the speaker's own words before a window made it no better.
        """
        del context
        return (LookAheadTranscription if live else Transcription)(self._recognise, language)

    def transcribe(
        self, blocks: Iterable[Samples], *, context: str | None = None
    ) -> Transcript:
        """Transcribe a recording given in blocks of any size.

        Raises:
            VoiceprepError: the blocks cannot be read.
        """
        del context
        ((_, result),) = self.transcribe_many([(None, blocks)])
        if isinstance(result, VoiceprepError):
            raise result
        return result

    def transcribe_many(
        self, recordings: Iterable[tuple[K, Iterable[Samples]]], *, language: str = "en"
    ) -> Iterator[tuple[K, Transcript | VoiceprepError]]:
        """Transcribe recordings, together; yield each with its key, in order, or its error."""
        open_ones: deque[tuple[K, _Queued]] = deque()
        with Lanes(self._recognise, self._lanes) as lanes:
            for key, blocks in recordings:
                one = _Queued(lanes, language)
                open_ones.append((key, one))
                one.read(blocks)
                while open_ones and open_ones[0][1].complete:
                    key, one = open_ones.popleft()
                    yield key, one.result()
            lanes.drain()
        for key, one in open_ones:
            yield key, one.result()

    def _recognise(self, windows: Sequence[Window]) -> list[tuple[Word, ...]]:
        return recognise(self._recognizer, windows)


class _Assembly:
    """The words of one recording, joined in order and kept inside it."""

    def __init__(self, language: str) -> None:
        self.segmenter = Segmenter()
        self.words: list[Word] = []
        self._language = language

    def deliver(self, words: Sequence[Word]) -> None:
        """Append the words of the next window."""
        last = self.words[-1].end if self.words else 0.0
        for word in words:
            start = min(max(word.start, last), self.segmenter.seconds)
            end = min(max(word.end, start), self.segmenter.seconds)
            self.words.append(Word(word.text, start, end, word.probability))
            last = end

    def transcript(self) -> Transcript:
        """Return what has been delivered."""
        return Transcript.from_segments(
            _segments(self.words),
            duration=self.segmenter.seconds,
            language=self._language,
        )


class _Queued(_Assembly):
    """A recording whose windows are recognised beside those of others."""

    def __init__(self, lanes: Lanes, language: str) -> None:
        super().__init__(language)
        self._queue = lanes
        self._error: VoiceprepError | None = None
        self._missing = 0

    def read(self, blocks: Iterable[Samples]) -> None:
        """Cut the whole recording into windows."""
        try:
            for block in blocks:
                self._put(self.segmenter.push(block))
            self._put(self.segmenter.flush())
        except VoiceprepError as error:
            self._error = error

    @property
    def complete(self) -> bool:
        """Return whether every window has its words."""
        return not self._missing

    def deliver(self, words: Sequence[Word]) -> None:
        self._missing -= 1
        super().deliver(words)

    def result(self) -> Transcript | VoiceprepError:
        """Return the transcript, or why there is none."""
        return self._error or self.transcript()

    def _put(self, windows: Iterable[Window]) -> None:
        for window in windows:
            self._missing += 1
            self._queue.put(self, window)


class Transcription(_Assembly):
    """A transcription in progress: fed with samples, finished once."""

    def __init__(self, recognise: Recognise, language: str) -> None:
        super().__init__(language)
        self._recognise = recognise

    @property
    def heard(self) -> str:
        """Return the last words so far, for a live line."""
        return _tail(self.words)

    @property
    def settled(self) -> str:
        """Return the text of the windows that are closed; it will not change any more."""
        return "".join(word.text for word in self.words).strip()

    def feed(self, samples: Samples) -> None:
        """Take the next samples, any number of them."""
        for window in self.segmenter.push(samples):
            self.deliver(self._words(window))

    def finish(self) -> Transcript:
        """Return the transcript of everything fed."""
        for window in self.segmenter.flush():
            self.deliver(self._words(window))
        return self.transcript()

    def _words(self, window: Window) -> tuple[Word, ...]:
        return self._recognise([window])[0]


class LookAheadTranscription(Transcription):
    """A transcription that is ahead of its speaker.

    At every short pause the open window is decoded; if nothing but silence follows,
    its words stand and the transcript is there when the answer ends. This costs up to
    as much again, so it is only done while the caller waits for new sound.
    """

    def __init__(self, recognise: Recognise, language: str) -> None:
        super().__init__(recognise, language)
        self._ahead: tuple[Window, tuple[Word, ...]] | None = None
        self._returned_at = time.monotonic()
        self._looked_at_s = 0.0

    @property
    def heard(self) -> str:
        """Return the last words so far, those of the open window included."""
        ahead = self._ahead
        return _tail([*self.words[-40:], *(ahead[1] if ahead else ())])

    def feed(self, samples: Samples) -> None:
        """Take the next samples, any number of them."""
        waited_s = time.monotonic() - self._returned_at
        super().feed(samples)
        if waited_s > audio.seconds(samples) / 2:
            self._look_ahead()
        self._returned_at = time.monotonic()

    def _look_ahead(self) -> None:
        hurried = self.segmenter.seconds - self._looked_at_s >= HURRIED_S
        if self.segmenter.quiet_s < (BREATH_S if hurried else SPECULATION_PAUSE_S):
            return
        window = self.segmenter.open()
        if window is None or (self._ahead and self._ahead[0].is_the_same(window)):
            return
        self._ahead = window, super()._words(window)
        self._looked_at_s = self.segmenter.seconds

    def _words(self, window: Window) -> tuple[Word, ...]:
        ahead, self._ahead = self._ahead, None
        if ahead and ahead[0].is_the_same(window):
            return ahead[1]
        return super()._words(window)


def _tail(words: Sequence[Word]) -> str:
    return "".join(w.text for w in words[-40:]).strip()[-HEARD_CHARACTERS:]


def _segments(words: list[Word]) -> Iterator[Segment]:
    """Part words into segments at ends of sentences and at pauses."""
    held: list[Word] = []
    for word in words:
        if held and (
            held[-1].text.rstrip().endswith((".", "?", "!"))
            or word.start - held[-1].end >= SEGMENT_GAP_S
        ):
            yield Segment.of(held)
            held = []
        held.append(word)
    if held:
        yield Segment.of(held)
