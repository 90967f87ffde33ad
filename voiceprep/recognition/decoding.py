"""Decoding: one window of sound to words with times, by Whisper in CTranslate2."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from voiceprep import machine
from voiceprep.errors import ModelError
from voiceprep.transcript import Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from voiceprep.audio import Samples
    from voiceprep.recognition.models import Weights

HOP = 160
"""Samples from one column of the spectrogram to the next (10 ms)."""

WINDOW_COLUMNS = 3000
"""Columns of the spectrogram that the encoder was trained on (30 s)."""

LEAST_COLUMNS, SILENT_COLUMNS = 1500, 1000
"""What a short window is filled up to, at least and with. The decoder has only seen 30 s
and loops where a window ends with its sound; with 10 s of silence behind it words are as
right as with 30 s, for three quarters of the time; with 5 s they are a little worse."""

TOKEN_SECONDS = 0.02
"""Time that one position of the encoder covers: two columns."""

BEAM = 5
"""Hypotheses kept while decoding, Whisper's own default."""

COMPRESSION_LIMIT = 2.4
"""Text that compresses better than this is a loop (openai/whisper `transcribe.py`)."""

MEDIAN_FILTER = 7
"""Width of the median filter over the attention in the alignment (openai/whisper)."""

MOST_TOKENS = 224
"""Tokens that Whisper writes at most for a window (openai/whisper `decoding.py`)."""

LOOP_TIMES = 3
"""A phrase of two words or more, said this often in a row, is taken for a loop."""

LOOP_TOKENS = 5
"""Tokens that are not repeated once a loop was seen."""

BRIEF_S = 0.1
"""A word this short has lost its sound to the full stop behind it."""

LENGTH_STEP = 500
"""Columns: lengths are rounded up to a multiple, so that windows can be decoded together."""

_LEADING = "\"'“¿([{-"
_TRAILING = "\"'.,!?:;”)]}-…%"


@dataclass(frozen=True, slots=True)
class Encoded:
    """The encoder's output for a window, [1, positions, width].

    `columns` of its spectrogram hold sound.
    """

    output: Any
    columns: int

    @property
    def positions(self) -> int:
        """Return the number of positions, silence included."""
        return int(self.output.shape[1])


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What the decoder wrote, and how sure it was.

    `log_probability` is the mean over the tokens; `no_speech` is 0 to 1.
    """

    tokens: tuple[int, ...]
    text: str
    log_probability: float
    no_speech: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """The words of a hypothesis, times in seconds of the window.

    `token_probabilities` says how likely the decoder finds each of its tokens, 0 to 1.
    """

    words: tuple[Word, ...]
    token_probabilities: tuple[float, ...]


class Recognizer:
    """A Whisper model, loaded once."""

    def __init__(self, weights: Weights, lanes: int) -> None:
        """Load the weights: int8 on the CPU, float16 on CUDA when present.

        `lanes` threads may use it at once, each on a core of its own.

        Raises:
            ModelError: the weights are damaged or no Whisper model.
        """
        machine.prepare()
        import ctranslate2
        from faster_whisper import WhisperModel

        weights.verify()
        cuda = ctranslate2.get_cuda_device_count() > 0
        try:
            whisper = WhisperModel(
                str(weights.path),
                device="cuda" if cuda else "cpu",
                compute_type="float16" if cuda else "int8",
                cpu_threads=1,
                num_workers=lanes,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelError(
                f"{weights.path}: cannot be loaded as a Whisper model ({error}); "
                "name another with --model"
            ) from error
        self.verbatim = weights.verbatim
        self._features = whisper.feature_extractor
        self.model = whisper.model
        self.tokenizer = _tokenizer(whisper)
        self._suppressed = _suppressed(self.tokenizer)

    def encode(self, samples: Samples, *, full: bool = False) -> Encoded:
        """Run the encoder over a window.

        A short one is filled up with silence to LEAST_COLUMNS and by SILENT_COLUMNS;
        `full` fills it up to 30 s, as in training. Silence is the least value that the
        spectrogram holds, as if the samples had been filled up (openai/whisper `audio.py`).
        """
        import ctranslate2

        columns = min(-(-len(samples) // HOP), WINDOW_COLUMNS)
        length = WINDOW_COLUMNS if full else max(columns + SILENT_COLUMNS, LEAST_COLUMNS)
        length = min(-(-length // LENGTH_STEP) * LENGTH_STEP, WINDOW_COLUMNS)
        spectrogram = self._features(samples)[:, :length]
        missing = (0, 0), (0, length - spectrogram.shape[1])
        spectrogram = np.pad(spectrogram, missing, constant_values=spectrogram.min())
        view = ctranslate2.StorageView.from_array(np.ascontiguousarray(spectrogram[None]))
        return Encoded(self.model.encode(view), columns)

    def decode(self, encoded: Sequence[Encoded], *, unlooped: bool = False) -> list[Hypothesis]:
        """Write down some windows, those of one length together.

        `unlooped` forbids to write the same LOOP_TOKENS tokens twice.
        """
        found: dict[int, Hypothesis] = {}
        for length in {e.positions for e in encoded}:
            numbers = [i for i, e in enumerate(encoded) if e.positions == length]
            outputs = [encoded[i].output for i in numbers]
            results = self._generate(_joined(outputs), len(numbers), unlooped=unlooped)
            found.update(zip(numbers, map(self._hypothesis, results), strict=True))
        return [found[i] for i in range(len(encoded))]

    def _generate(self, output: Any, count: int, *, unlooped: bool) -> Any:
        tokenizer = self.tokenizer
        return self.model.generate(
            output,
            [[*tokenizer.sot_sequence, tokenizer.no_timestamps]] * count,
            beam_size=BEAM,
            max_length=MOST_TOKENS,
            no_repeat_ngram_size=LOOP_TOKENS if unlooped else 0,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=self._suppressed,
        )

    def _hypothesis(self, result: Any) -> Hypothesis:
        written = result.sequences_ids[0]
        tokens = tuple(t for t in written if t < self.tokenizer.eot)
        score = result.scores[0] * len(written) / (len(written) + 1)
        return Hypothesis(tokens, self.text(tokens), score, result.no_speech_prob)

    def align(self, encoded: Encoded, hypothesis: Hypothesis) -> Alignment:
        """Return when each word of a decoded window was said.

        Times come from the decoder's attention to the sound (openai/whisper `timing.py`).
        """
        tokens = list(hypothesis.tokens)
        if not tokens:
            return Alignment((), ())
        result = self.model.align(
            encoded.output,
            self.tokenizer.sot_sequence,
            [tokens],
            encoded.columns,
            median_filter_width=MEDIAN_FILTER,
        )[0]
        likely = result.text_token_probs
        path = np.array(result.alignments)
        first = np.flatnonzero(np.diff(path[:, 0], prepend=-1))
        times = path[first, 1] * TOKEN_SECONDS
        words, groups = self.tokenizer.split_to_word_tokens([*tokens, self.tokenizer.eot])
        bounds = np.cumsum([0, *(len(g) for g in groups[:-1])])
        timed = (
            Word(text, float(times[i]), float(times[j]), float(np.mean(likely[i:j])))
            for text, i, j in zip(words, bounds, bounds[1:], strict=False)
        )
        return Alignment(_with_punctuation(timed), tuple(likely))

    def text(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens."""
        return str(self.tokenizer.decode(list(tokens)))


def _joined(outputs: Sequence[Any]) -> Any:
    """Return encoder outputs of one length as one, [windows, positions, width]."""
    import ctranslate2

    if len(outputs) == 1:
        return outputs[0]
    return ctranslate2.StorageView.from_array(np.concatenate([np.array(o) for o in outputs]))


def loops(hypothesis: Hypothesis) -> bool:
    """Return whether a text says the same phrase over and over."""
    words = hypothesis.text.lower().split()
    repeated = any(
        words[i : i + length] * LOOP_TIMES == words[i : i + length * LOOP_TIMES]
        for length in range(2, len(words) // LOOP_TIMES + 1)
        for i in range(len(words) - length * LOOP_TIMES + 1)
    )
    return repeated or compression_ratio(hypothesis.text) > COMPRESSION_LIMIT


def compression_ratio(text: str) -> float:
    """Return how many times smaller zlib makes a text."""
    data = text.encode()
    return len(data) / len(zlib.compress(data))


def _with_punctuation(words: Iterable[Word]) -> tuple[Word, ...]:
    """Join punctuation that was split off to the word that it belongs to."""
    joined: list[Word] = []
    lead = ""
    for word in words:
        mark = word.text.strip()
        starts = word.text.startswith(" ") or not joined
        if mark and starts and not mark.strip(_LEADING):
            lead += word.text
        elif joined and not starts and not mark.strip(_TRAILING):
            last = joined[-1]
            brief = last.end - last.start < BRIEF_S
            joined[-1] = replace(
                last, text=last.text + word.text, end=word.end if brief else last.end
            )
        else:
            text = lead + word.text.lstrip() if lead else word.text
            joined.append(replace(word, text=text))
            lead = ""
    return tuple(joined)


def _tokenizer(whisper: Any) -> Any:
    from faster_whisper.tokenizer import Tokenizer

    multilingual = whisper.model.is_multilingual
    return Tokenizer(whisper.hf_tokenizer, multilingual, task="transcribe", language="en")


def _suppressed(tokenizer: Any) -> list[int]:
    """Return the tokens that are never written: annotations and controls."""
    controls = (
        tokenizer.transcribe,
        tokenizer.translate,
        tokenizer.sot,
        tokenizer.sot_prev,
        tokenizer.sot_lm,
        tokenizer.no_speech,
    )
    return sorted({*tokenizer.non_speech_tokens, *(t for t in controls if t is not None)})
