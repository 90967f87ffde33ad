"""Decoding: one window of sound to words with times, by Whisper in CTranslate2."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from voiceprep.errors import ModelError
from voiceprep.transcript import Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from voiceprep.audio import Samples
    from voiceprep.models import Weights

HOP = 160
"""Samples from one column of the spectrogram to the next (10 ms)."""

WINDOW_COLUMNS = 3000
"""Columns of the spectrogram that the encoder was trained on (30 s)."""

TOKEN_SECONDS = 0.02
"""Time that one position of the encoder covers: two columns."""

BEAM = 5
"""Hypotheses kept while decoding, Whisper's own default."""

COMPRESSION_LIMIT = 2.4
"""Text that compresses better than this is a loop (openai/whisper `transcribe.py`)."""

LOG_PROBABILITY_LIMIT = -1.0
"""Mean log probability below which Whisper distrusts itself (openai/whisper)."""

NO_SPEECH_LIMIT = 0.6
"""Probability of no speech above which a distrusted text is dropped (openai/whisper)."""

MEDIAN_FILTER = 7
"""Width of the median filter over the attention in the alignment (openai/whisper)."""

_LEADING = "\"'“¿([{-"
_TRAILING = "\"'.,!?:;”)]}-…%"


@dataclass(frozen=True, slots=True)
class Encoded:
    """The encoder's output for a window; `columns` of its spectrogram hold sound."""

    output: Any
    columns: int


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What the decoder wrote: text tokens and how sure it was."""

    tokens: tuple[int, ...]
    log_probability: float
    no_speech: float


class Recognizer:
    """A Whisper model, loaded once."""

    def __init__(self, weights: Weights, threads: int) -> None:
        """Load the weights: int8 on the CPU, float16 on CUDA when present.

        Raises:
            ModelError: the weights are damaged or no Whisper model.
        """
        import ctranslate2
        from faster_whisper import WhisperModel

        weights.verify()
        cuda = ctranslate2.get_cuda_device_count() > 0
        try:
            whisper = WhisperModel(
                str(weights.path),
                device="cuda" if cuda else "cpu",
                compute_type="float16" if cuda else "int8",
                cpu_threads=threads,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelError(
                f"{weights.path}: cannot be loaded as a Whisper model ({error}); "
                "name another with --model"
            ) from error
        self._features = whisper.feature_extractor
        self.model = whisper.model
        self.tokenizer = _tokenizer(whisper)
        self._suppressed = _suppressed(self.tokenizer)

    def encode(self, samples: Samples) -> Encoded:
        """Run the encoder over a window."""
        import ctranslate2

        spectrogram = self._features(samples)[:, :WINDOW_COLUMNS]
        columns = min(-(-len(samples) // HOP), WINDOW_COLUMNS)
        spectrogram = np.pad(spectrogram, ((0, 0), (0, WINDOW_COLUMNS - spectrogram.shape[1])))
        view = ctranslate2.StorageView.from_array(np.ascontiguousarray(spectrogram[None]))
        return Encoded(self.model.encode(view), columns)

    def decode(self, encoded: Encoded) -> Hypothesis:
        """Write down a window."""
        tokenizer = self.tokenizer
        result = self.model.generate(
            encoded.output,
            [[*tokenizer.sot_sequence, tokenizer.no_timestamps]],
            beam_size=BEAM,
            max_length=224,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=self._suppressed,
        )[0]
        tokens = tuple(t for t in result.sequences_ids[0] if t < tokenizer.eot)
        length = len(result.sequences_ids[0])
        return Hypothesis(
            tokens, result.scores[0] * length / (length + 1), result.no_speech_prob
        )

    def align(self, encoded: Encoded, tokens: Sequence[int]) -> tuple[Word, ...]:
        """Return the words of a decoded window, with times in seconds of the window."""
        if not tokens:
            return ()
        result = self.model.align(
            encoded.output,
            self.tokenizer.sot_sequence,
            [list(tokens)],
            encoded.columns,
            median_filter_width=MEDIAN_FILTER,
        )[0]
        path = np.array(result.alignments)
        first = np.flatnonzero(np.diff(path[:, 0], prepend=-1))
        times = path[first, 1] * TOKEN_SECONDS
        words, groups = self.tokenizer.split_to_word_tokens([*tokens, self.tokenizer.eot])
        bounds = np.cumsum([0, *(len(g) for g in groups[:-1])])
        return _with_punctuation(
            Word(
                text,
                float(times[i]),
                float(times[j]),
                float(np.mean(result.text_token_probs[i:j])),
            )
            for text, i, j in zip(words, bounds, bounds[1:], strict=False)
        )

    def text(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens."""
        return str(self.tokenizer.decode(list(tokens)))


def trusted(hypothesis: Hypothesis, text: str) -> bool:
    """Return whether a hypothesis is neither a loop nor a guess about silence."""
    guess = (
        hypothesis.no_speech > NO_SPEECH_LIMIT
        and hypothesis.log_probability < LOG_PROBABILITY_LIMIT
    )
    return not guess and compression_ratio(text) <= COMPRESSION_LIMIT


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
            joined[-1] = replace(joined[-1], text=joined[-1].text + word.text)
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
