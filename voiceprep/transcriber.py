"""The transcriber: samples in, a verbatim transcript out.

One path serves a live answer, a long file and a thousand files: samples are cut into
windows at their pauses (`windows`), every window is decoded (`decoding`), and the
words are joined to a transcript. Live and recorded differ only in when a window may
close.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from voiceprep.decoding import Recognizer, trusted
from voiceprep.errors import VoiceprepError
from voiceprep.transcript import Segment, Transcript, Word
from voiceprep.windows import LIVE, WHOLE, Segmenter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from voiceprep.audio import Samples
    from voiceprep.models import Weights
    from voiceprep.windows import Window

K = TypeVar("K")

HEARD_CHARACTERS = 200
"""Length of the text that a live line can show."""

SEGMENT_GAP_S = 1.0
"""A pause that ends a segment."""


class Transcriber:
    """A loaded model that transcribes any number of recordings."""

    def __init__(self, recognizer: Recognizer, *, verbatim: bool = False) -> None:
        self._recognizer = recognizer
        self._verbatim = verbatim

    @classmethod
    def load(cls, weights: Weights, *, threads: int = 0) -> Transcriber:
        """Load a model; `threads` 0 takes all cores.

        Raises:
            ModelError: the weights are damaged or no Whisper model.
        """
        return cls(Recognizer(weights, threads), verbatim=weights.verbatim)

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

    def words(self, window: Window) -> tuple[Word, ...]:
        """Return the words of a window, with times of the recording."""
        recognizer = self._recognizer
        encoded = recognizer.encode(window.samples)
        hypothesis = recognizer.decode(encoded)
        if not trusted(hypothesis, recognizer.text(hypothesis.tokens)):
            return ()
        return tuple(
            Word(
                word.text,
                window.time_of(word.start),
                window.time_of(word.end, is_end=True),
                word.probability,
            )
            for word in recognizer.align(encoded, hypothesis.tokens)
        )


class Transcription:
    """A transcription in progress: fed with samples, finished once."""

    def __init__(self, transcriber: Transcriber, *, live: bool, language: str) -> None:
        self._transcriber = transcriber
        self._segmenter = Segmenter(LIVE if live else WHOLE)
        self._language = language
        self._words: list[Word] = []

    @property
    def heard(self) -> str:
        """Return the last words so far, for a live line."""
        text = "".join(w.text for w in self._words[-40:]).strip()
        return text[-HEARD_CHARACTERS:]

    def feed(self, samples: Samples) -> None:
        """Take the next samples, any number of them."""
        for window in self._segmenter.push(samples):
            self._add(window)

    def finish(self) -> Transcript:
        """Return the transcript of everything fed."""
        for window in self._segmenter.flush():
            self._add(window)
        return Transcript.from_segments(
            _segments(self._words),
            duration=self._segmenter.seconds,
            language=self._language,
        )

    def _add(self, window: Window) -> None:
        """Append the words of a window, in order and inside the recording."""
        last = self._words[-1].end if self._words else 0.0
        for word in self._transcriber.words(window):
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
