"""The transcriber: samples in, a verbatim transcript out.

One path serves a live answer, a long file and a thousand files: samples are cut into
windows at their pauses (`windows`), every window is decoded (`decoding`), and the
words are joined to a transcript. Live and recorded differ only in when a window may
close.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from voiceprep.decoding import Recognizer
from voiceprep.errors import VoiceprepError
from voiceprep.recognition import recognise
from voiceprep.transcript import Segment, Transcript, Word
from voiceprep.windows import LIVE, WHOLE, Segmenter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from voiceprep.audio import Samples
    from voiceprep.models import Weights
    from voiceprep.windows import Window

K = TypeVar("K")

HEARD_CHARACTERS = 200
"""Length of the text that a live line can show."""

BATCH_WINDOWS = 8
"""Windows decoded together where nobody waits for them."""

SEGMENT_GAP_S = 1.0
"""A pause that ends a segment."""


class Transcriber:
    """A loaded model that transcribes any number of recordings."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer

    @classmethod
    def load(cls, weights: Weights, *, threads: int = 0) -> Transcriber:
        """Load a model; `threads` 0 takes all cores.

        Raises:
            ModelError: the weights are damaged or no Whisper model.
        """
        return cls(Recognizer(weights, threads))

    def transcription(
        self, *, context: str | None = None, live: bool = False, language: str = "en"
    ) -> Transcription:
        """Begin a transcription that is fed in pieces."""
        del context  # not used yet
        return Transcription(self, live=live, language=language)

    def transcribe(
        self, blocks: Iterable[Samples], *, context: str | None = None
    ) -> Transcript:
        """Transcribe a recording given in blocks of any size."""
        transcription = self.transcription(context=context)
        for block in blocks:
            transcription.feed(block)
        return transcription.finish()

    def transcribe_many(
        self, recordings: Iterable[tuple[K, Iterable[Samples]]]
    ) -> Iterator[tuple[K, Transcript | VoiceprepError]]:
        """Transcribe recordings; yield each with its key as it is finished, or its error."""
        for key, blocks in recordings:
            try:
                yield key, self.transcribe(blocks)
            except VoiceprepError as error:
                yield key, error

    def words(self, windows: Sequence[Window]) -> list[tuple[Word, ...]]:
        """Return the words of windows, with times of the recording."""
        return recognise(self._recognizer, windows)


class Transcription:
    """A transcription in progress: fed with samples, finished once."""

    def __init__(self, transcriber: Transcriber, *, live: bool, language: str) -> None:
        self._transcriber = transcriber
        self._segmenter = Segmenter(LIVE if live else WHOLE)
        self._language = language
        self._batch = 1 if live else BATCH_WINDOWS
        self._pending: list[Window] = []
        self._words: list[Word] = []

    @property
    def heard(self) -> str:
        """Return the last words so far, for a live line."""
        text = "".join(w.text for w in self._words[-40:]).strip()
        return text[-HEARD_CHARACTERS:]

    def feed(self, samples: Samples) -> None:
        """Take the next samples, any number of them."""
        for window in self._segmenter.push(samples):
            self._pending.append(window)
            if len(self._pending) >= self._batch:
                self._recognise()

    def finish(self) -> Transcript:
        """Return the transcript of everything fed."""
        self._pending.extend(self._segmenter.flush())
        self._recognise()
        return Transcript.from_segments(
            _segments(self._words),
            duration=self._segmenter.seconds,
            language=self._language,
        )

    def _recognise(self) -> None:
        for words in self._transcriber.words(self._pending):
            self._add(words)
        self._pending.clear()

    def _add(self, words: Sequence[Word]) -> None:
        """Append the words of a window, in order and inside the recording."""
        last = self._words[-1].end if self._words else 0.0
        for word in words:
            start = min(max(word.start, last), self._segmenter.seconds)
            end = min(max(word.end, start), self._segmenter.seconds)
            self._words.append(Word(word.text, start, end, word.probability))
            last = end


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
