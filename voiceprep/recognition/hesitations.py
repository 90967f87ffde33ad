"""Hesitations (um, uh, er, hmm): found in the sound, not guessed from the text.

Whisper was trained to leave hesitations out, but its encoder hears them. Two witnesses
are heard for every hesitation, and both look at the encoder output that the words were
decoded from, so the second look is nearly free:

1. *The sound.* A small network over the encoder's frames (50 a second), trained on
   synthetic voices by `tests/training/hesitations/`, says where a hesitation sounds.
   Level valleys part "uh, um" into two; what is too short or too quiet is dropped.
2. *The decoder.* Conditioned on verbatim text it is asked how likely the plain words
   are there with and without the hesitation (forced decoding, no search): it cannot
   loop, leak its prompt or change a word, because it writes nothing.

How the transcriber uses it, per window: decode and align the plain words, then
`insert(words, find_hesitations(evidence, words))`. A model that writes hesitations by
itself needs none of this.

The voice-activity detector must let the sounds through. Silero hears "um" and "uh" as
speech (medians of 0.6 to 0.99 inside them on real recordings) but hardly a closed "hm"
(0.02 to 0.3): an onset of 0.2, no minimal length and 0.6 s of padding kept all of them.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from voiceprep.audio import SAMPLE_RATE
from voiceprep.transcript import Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voiceprep.audio import Samples

Array = NDArray[np.float32]

FRAMES_PER_SECOND = 50
"""Frames of Whisper's encoder output a second."""

CONTEXT_FRAMES = 4
"""The network sees each frame with the ones this far before and after it (80 ms)."""

VERBATIM_PROMPT = " Um, uh, hmm, er, um... So, uh, I was, um, like, uh, you know, um... Hmm."
"""Text before the window that makes the decoder expect hesitations."""

_FRAME_SAMPLES = SAMPLE_RATE // FRAMES_PER_SECOND

LIKELY = 0.4
"""Frames that the network gives more than this belong to a possible hesitation."""

LEAST_FRAMES = 6
"""Shorter sounds are no hesitations (120 ms; O'Shaughnessy 1992: 150 ms and more)."""

SUREST = 0.97
"""The network's word counts up to here; beyond, the odds only tell synthetic voices."""

LEAST_LIKENESS = 0.75
"""Sounds whose mean is lower are not worth the decoder's time."""

GAP_FRAMES = 3
"""Frames under LIKELY that do not yet end a sound."""

VALLEY_DB = 12.0
"""A dip in level this deep parts two hesitations; "um" closes to its m by up to 10 dB."""

QUIET_DB = 25.0
"""What is this much under the loudest frame of a sound no longer belongs to it."""

ABOVE_FLOOR_DB = 6.0
"""A hesitation stands out of the window's quiet by this much."""

NEAR_S = 0.7
"""How far word times may be off beside a hesitation, which the plain words ignore."""

LONGEST_TEXT = 360
"""Tokens that fit behind the prompt into the decoder's 448 positions."""

MISSED = 0.2
"""Drop in the next word's probability from which the decoder says where a sound goes."""

ACCEPTED = 0.5
"""Pooled probability from which a sound is a hesitation."""

# Weights of the pooled decision: bias, the sound's weight, the decoder's log probability
# of the hesitation, and how much the next word misses it. Set by hand on the tuned half
# of the recordings (`tests/benchmarks/fillers.py`); a fit to so few speakers was worse
# on the other half.
POOLED = (-2.4, 1.0, 0.6, 2.0)

_SPELLINGS = re.compile(r"u+[hm]+|e+r+m*|h+m+|m+h*m+|a+h+")
_FLOOR = 1e-9

_LEAST_COLUMNS = 2
"""Columns of the spectrogram under one position of the encoder."""


@dataclass(frozen=True, slots=True)
class Hesitation:
    """One hesitation; times in seconds of the window, probability 0 to 1.

    `position` is the number of words said before it in the window, hesitations apart.
    """

    text: str
    start: float
    end: float
    probability: float
    position: int


@dataclass(frozen=True, slots=True, eq=False)
class WindowEvidence:
    """What was heard in one window of at most 30 s.

    `encoded` is the encoder's output for it (CTranslate2 StorageView, [1, frames,
    features]); `model` is the CTranslate2 Whisper and `tokenizer` faster-whisper's, for
    forced decoding. `tokens` are those that it wrote by itself, where they are known,
    and `token_probabilities` how likely it found each.
    """

    samples: Samples
    encoded: Any
    model: Any
    tokenizer: Any
    tokens: tuple[int, ...] = ()
    token_probabilities: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Sound:
    """What may be a hesitation: encoder frames [first, last), and how like one it is."""

    first: int
    last: int
    likeness: float

    @property
    def start(self) -> float:
        """Return where it begins, in seconds."""
        return self.first / FRAMES_PER_SECOND

    @property
    def end(self) -> float:
        """Return where it ends, in seconds."""
        return self.last / FRAMES_PER_SECOND

    @property
    def middle(self) -> float:
        """Return its middle, in seconds."""
        return (self.start + self.end) / 2

    @property
    def weight(self) -> float:
        """Return its log odds, more for a longer one."""
        likeness = min(max(self.likeness, 0.01), SUREST)
        return math.log(likeness / (1 - likeness)) + math.log((self.end - self.start) / 0.3)


@dataclass(frozen=True, slots=True)
class Support:
    """What the decoder says to a sound before word number `position`.

    `said` is the log probability of the hesitation (`text`) there; `missed` is the drop
    in probability of the next word when the decoder expects hesitations and none is
    written (-1 to 1).
    """

    position: int
    text: str
    said: float
    missed: float


_MOST_SUPPORT = Support(0, "um", 0.0, 1.0)
"""The decoder cannot say more for a sound."""


def find_hesitations(window: WindowEvidence, words: Sequence[Word]) -> tuple[Hesitation, ...]:
    """Return every hesitation of a window in order, those that `words` hold included.

    `words` are the plain words of the window, times in seconds of the window.
    """
    encoded = np.asarray(np.array(window.encoded), np.float32)[0]
    likeness = likenesses(encoded)
    heard = sounds(likeness, levels(window.samples))
    plain = unglued(words)
    written, rest = _written(plain, heard, likeness)
    if all(pooled(sound, _MOST_SUPPORT) < ACCEPTED for sound in rest):
        rest = []
    supports = decoder_support(window, plain, rest)
    found = written + [
        Hesitation(support.text, sound.start, sound.end, probability, support.position)
        for sound, support in zip(rest, supports, strict=True)
        if (probability := pooled(sound, support)) >= ACCEPTED
    ]
    return tuple(sorted(found, key=lambda h: (h.position, h.start)))


def insert(words: Sequence[Word], hesitations: Sequence[Hesitation]) -> tuple[Word, ...]:
    """Return the verbatim words: the plain ones with the hesitations in their places.

    The hesitations that the plain words hold give way to those given; every other word
    stays as it is, but for a comma before a hesitation and for times that overlap it.
    """
    merged: list[Word] = []
    waiting = sorted(hesitations, key=lambda h: (h.position, h.start))
    plain = [w for w in unglued(words) if not is_hesitation(w.text)]
    for position in range(len(plain) + 1):
        while waiting and waiting[0].position <= position:
            _put(merged, waiting.pop(0), is_last=position == len(plain) and not waiting)
        if position < len(plain):
            merged.append(plain[position])
    for late in waiting:
        _put(merged, late, is_last=late is waiting[-1])
    return _without_overlap(merged)


def is_hesitation(text: str) -> bool:
    """Return whether a word is spelled like a hesitation."""
    return bool(_SPELLINGS.fullmatch(re.sub(r"[^a-z]", "", text.lower())))


def unglued(words: Sequence[Word]) -> tuple[Word, ...]:
    """Return the words with "forced...um...a" taken apart, its time shared by letters."""
    parted: list[Word] = []
    for word in words:
        pieces = re.findall(r"\s*[^.…]+[.…]*", word.text)
        if len(pieces) < 2 or not any(is_hesitation(p) for p in pieces):
            parted.append(word)
            continue
        at, pace = word.start, (word.end - word.start) / len(word.text)
        for piece in pieces:
            text = piece if piece.startswith(" ") else f" {piece}"
            parted.append(Word(text, at, at + pace * len(piece), word.probability))
            at += pace * len(piece)
    return tuple(parted)


# --- the sound --------------------------------------------------------------------


def stacked(encoded: Array) -> Array:
    """Return each frame between the ones CONTEXT_FRAMES before and after it."""
    edged = np.pad(encoded, ((CONTEXT_FRAMES, CONTEXT_FRAMES), (0, 0)), mode="edge")
    n = len(encoded)
    return np.concatenate([edged[:n], encoded, edged[2 * CONTEXT_FRAMES :][:n]], axis=1)


def likenesses(encoded: Array) -> Array:
    """Return for every encoder frame how like a hesitation it sounds, 0 to 1."""
    network = _network()
    inner = np.maximum(stacked(encoded) @ network["hidden"] + network["hidden_bias"], 0)
    score = inner @ network["output"] + network["output_bias"][0]
    return np.asarray(1 / (1 + np.exp(-np.clip(score, -30, 30))), np.float32)


def levels(samples: Samples) -> Array:
    """Return the level of every encoder frame in dB of full scale, smoothed over three."""
    whole = len(samples) // _FRAME_SAMPLES * _FRAME_SAMPLES
    frames = samples[:whole].reshape(-1, _FRAME_SAMPLES)
    level = 10 * np.log10((frames**2).mean(axis=1) + 1e-10)
    if not len(level):
        return np.zeros(0, np.float32)
    edged = np.pad(level, 1, mode="edge")
    return np.asarray(np.convolve(edged, np.full(3, 1 / 3), "valid"), np.float32)


def sounds(likeness: Array, level: Array) -> tuple[Sound, ...]:
    """Return the stretches that may be hesitations.

    `likeness` and `level` (dB) are per encoder frame; what is longer is cut.
    """
    length = min(len(likeness), len(level))
    if not length:
        return ()
    floor = float(np.percentile(level[:length], 10))
    found = []
    for first, last in _runs(likeness[:length] > LIKELY):
        for begin, end in _parted(level, first, last):
            top = float(level[begin:end].max())
            loud = np.flatnonzero(level[begin:end] > top - QUIET_DB)
            start, stop = begin + int(loud[0]), begin + int(loud[-1]) + 1
            sound = Sound(start, stop, float(likeness[start:stop].mean()))
            if (
                stop - start >= LEAST_FRAMES
                and top - floor > ABOVE_FLOOR_DB
                and sound.likeness >= LEAST_LIKENESS
            ):
                found.append(sound)
    return tuple(found)


def _runs(likely: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the (first, last) of runs of true frames, short gaps bridged."""
    runs: list[tuple[int, int]] = []
    for frame in np.flatnonzero(likely).tolist():
        if runs and frame - runs[-1][1] < GAP_FRAMES:
            runs[-1] = (runs[-1][0], frame + 1)
        else:
            runs.append((frame, frame + 1))
    return runs


def _parted(level: Array, first: int, last: int) -> list[tuple[int, int]]:
    """Return a run parted at the valleys of its level."""
    if last - first < 2 * LEAST_FRAMES:
        return [(first, last)]
    part = level[first:last]
    before = np.maximum.accumulate(part)
    after = np.maximum.accumulate(part[::-1])[::-1]
    depth = np.minimum(before, after) - part
    deepest = int(np.argmax(depth))
    if depth[deepest] < VALLEY_DB:
        return [(first, last)]
    middle = first + deepest
    return _parted(level, first, middle) + _parted(level, middle, last)


@lru_cache(maxsize=1)
def _network() -> dict[str, Array]:
    """Load the weights that `tests/training/hesitations/` made (310 kB)."""
    file = resources.files("voiceprep") / "data" / "hesitations.npz"
    with file.open("rb") as opened, np.load(opened) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}


# --- the decoder ------------------------------------------------------------------


def decoder_support(
    window: WindowEvidence, words: Sequence[Word], heard: Sequence[Sound]
) -> list[Support]:
    """Return what the decoder says to each sound.

    Forced passes over the text up to the last sound answer for all sounds together:
    without them, unprompted and prompted, to learn where they are missed, and with all
    of them, as "um" and as "uh", to learn how likely each is. The latter are left out
    where they could not change the decision.
    """
    if not heard:
        return []
    words = _until(heard[-1], words)
    tokens = [list(window.tokenizer.encode(w.text)) for w in words]
    if sum(map(len, tokens)) + 3 * len(heard) > LONGEST_TEXT:
        return [Support(_by_time(s, words), "um", 0.0, 0.0) for s in heard]
    missed = _missed(window, tokens)
    positions = _positions(heard, words, missed)
    unheard = [
        Support(
            sum(not is_hesitation(w.text) for w in words[:position]),
            "um",
            0.0,
            missed[position] if position < len(words) else 0.0,
        )
        for position in positions
    ]
    if all(pooled(*pair) < ACCEPTED for pair in zip(heard, unheard, strict=True)):
        return unheard
    return _said(window, tokens, heard, positions, unheard)


def _until(sound: Sound, words: Sequence[Word]) -> Sequence[Word]:
    """Return the words before a sound and those that it may stand before."""
    return words[: sum(w.start < sound.end + NEAR_S for w in words) + 1]


def _said(
    window: WindowEvidence,
    tokens: Sequence[list[int]],
    heard: Sequence[Sound],
    positions: Sequence[int],
    unheard: Sequence[Support],
) -> list[Support]:
    """Return what the decoder says to each sound at its position, as "um" or as "uh"."""
    tokens = tokens[: positions[-1]]
    spoken = [_spelled(tokens, positions, text, window.tokenizer) for text in ("um", "uh")]
    rows = _log_probabilities(window, [groups for groups, _ in spoken])
    said = [
        [float(row[place][0]) for place in places]
        for row, (_, places) in zip(rows, spoken, strict=True)
    ]
    ranked = _ranked(heard, positions, [max(p) for p in zip(*said, strict=True)])
    return [
        replace(support, text="um" if um >= uh else "uh", said=most)
        for support, um, uh, most in zip(unheard, *said, ranked, strict=True)
    ]


def _missed(window: WindowEvidence, tokens: Sequence[list[int]]) -> list[float]:
    """Return for each word by how much the prompt lowers its first token's probability."""
    unprompted = _unprompted(window, tokens)
    prompted = _log_probabilities(window, [tokens])[0]
    return [
        float(np.exp(free[0]) - np.exp(bound[0])) if len(free) else 0.0
        for free, bound in zip(unprompted, prompted, strict=True)
    ]


def _unprompted(window: WindowEvidence, tokens: Sequence[list[int]]) -> list[Array]:
    """Return the log probability of every token as it was, or would have been, written."""
    row = tuple(token for group in tokens for token in group)
    if not row or row != window.tokens[: len(row)]:
        return _log_probabilities(window, [tokens], prompted=False)[0]
    return _logs_by_group(window.token_probabilities[: len(row)], tokens)


def _ranked(
    heard: Sequence[Sound], positions: Sequence[int], said: Sequence[float]
) -> list[float]:
    """Return the log probabilities, the highest of each position for its likeliest sound.

    The decoder knows how many hesitations it hears between two words, not which.
    """
    found = list(said)
    for position in set(positions):
        members = [k for k, p in enumerate(positions) if p == position]
        by_likeness = sorted(members, key=lambda k: -heard[k].weight)
        values = sorted((said[k] for k in members), reverse=True)
        for k, value in zip(by_likeness, values, strict=True):
            found[k] = value
    return found


def pooled(sound: Sound, support: Support) -> float:
    """Return the probability that a sound is a hesitation, both witnesses heard."""
    features = (
        1.0,
        sound.weight,
        max(support.said, -6.0),
        max(support.missed, 0.0),
    )
    score = sum(weight * value for weight, value in zip(POOLED, features, strict=True))
    return 1 / (1 + math.exp(-score))


def _positions(
    heard: Sequence[Sound], words: Sequence[Word], missed: Sequence[float]
) -> list[int]:
    """Return before which word each sound belongs, in order.

    Times of plain words are vague beside a hesitation, so among the near boundaries the
    one is taken where the decoder misses it most.
    """
    positions: list[int] = []
    for sound in heard:
        best = _by_time(sound, words)
        near = [
            j
            for j, word in enumerate(words)
            if (words[j - 1].end if j else 0.0) - NEAR_S < sound.end
            and word.start + NEAR_S > sound.start
        ]
        if near:
            strongest = max(near, key=lambda j: missed[j])
            best = strongest if missed[strongest] > MISSED else best
        positions.append(max(best, positions[-1] if positions else 0))
    return positions


def _by_time(sound: Sound, words: Sequence[Word]) -> int:
    return sum((w.start + w.end) / 2 < sound.middle for w in words)


def _spelled(
    tokens: Sequence[list[int]], positions: Sequence[int], text: str, tokenizer: Any
) -> tuple[list[list[int]], list[int]]:
    """Return token groups with the hesitation at each position, and their group numbers."""
    comma = tokenizer.encode(",")
    groups: list[list[int]] = []
    places = []
    waiting = list(positions)
    for position in range(len(tokens) + 1):
        while waiting and waiting[0] == position:
            waiting.pop(0)
            before = tokenizer.decode(groups[-1]).rstrip()[-1:] if groups else "."
            if before not in ".,?!…":
                groups.append(comma)
            starts = before in ".?!"
            places.append(len(groups))
            groups.append(tokenizer.encode(f" {text.capitalize() if starts else text}"))
            groups.append(comma)
        if position < len(tokens):
            groups.append(tokens[position])
    return groups, places


def _log_probabilities(
    window: WindowEvidence, texts: Sequence[Sequence[list[int]]], *, prompted: bool = True
) -> list[list[Array]]:
    """Return the log probability of every token of every group of every text."""
    tokenizer = window.tokenizer
    prompt = list(tokenizer.sot_sequence)
    if prompted:
        prompt = [tokenizer.sot_prev, *tokenizer.encode(VERBATIM_PROMPT), *prompt]
    rows = [[token for group in text for token in group] for text in texts]
    if not all(rows):
        return [[np.zeros(0, np.float32) for _ in text] for text in texts]
    found = []
    for text, row in zip(texts, rows, strict=True):
        # No times are wanted here: one position, unfiltered, spares a third of the work.
        result = window.model.align(
            window.encoded, prompt, [row], _LEAST_COLUMNS, median_filter_width=1
        )[0]
        found.append(_logs_by_group(result.text_token_probs, text))
    return found


def _logs_by_group(likely: Sequence[float], text: Sequence[list[int]]) -> list[Array]:
    """Return the logarithms of token probabilities, an array for every group of tokens."""
    logs = np.log(np.maximum(np.array(likely, np.float32), _FLOOR))
    return np.split(logs, np.cumsum([len(g) for g in text])[:-1])


# --- the text ---------------------------------------------------------------------


def _written(
    words: Sequence[Word], heard: Sequence[Sound], likeness: Array
) -> tuple[list[Hesitation], list[Sound]]:
    """Return the hesitations that stand in the plain words, and the sounds left over.

    A written hesitation takes the nearest sound within NEAR_S of it for its time. One
    without counts only if Whisper was sure of it and the network hears something there
    that no other sound explains.
    """
    unexplained = likeness > LIKELY
    for sound in heard:
        unexplained[sound.first : sound.last] = False
    left = list(heard)
    found = []
    said = 0
    for word in words:
        if not is_hesitation(word.text):
            said += 1
            continue
        text = re.sub(r"[^a-z]", "", word.text.lower())
        near = [s for s in left if s.start < word.end + NEAR_S and s.end > word.start - NEAR_S]
        if near:
            middle = (word.start + word.end) / 2
            sound = min(near, key=lambda s: abs(s.middle - middle))
            left.remove(sound)
            probability = max(word.probability, sound.likeness)
            found.append(Hesitation(text, sound.start, sound.end, probability, said))
        elif word.probability >= ACCEPTED and _frames(unexplained, word).any():
            found.append(Hesitation(text, word.start, word.end, word.probability, said))
    return found, left


def _frames(values: NDArray[np.bool_], word: Word) -> NDArray[np.bool_]:
    """Return the part of per-frame values that a word covers."""
    first, last = (int(t * FRAMES_PER_SECOND) for t in (word.start, word.end))
    return values[first : last + 1]


def _put(merged: list[Word], hesitation: Hesitation, *, is_last: bool) -> None:
    """Append a hesitation as a word, punctuated."""
    before = merged[-1].text.rstrip() if merged else "."
    if merged and before[-1:] not in ".,?!…;:-":
        merged[-1] = replace(merged[-1], text=f"{merged[-1].text},")
    starts = before[-1:] in ".?!" and not before.endswith("...")
    text = hesitation.text.capitalize() if starts else hesitation.text
    merged.append(
        Word(
            f" {text}{'.' if is_last else ','}",
            hesitation.start,
            hesitation.end,
            hesitation.probability,
        )
    )


def _without_overlap(words: Sequence[Word]) -> tuple[Word, ...]:
    """Return the words with times in order; plain words give way to hesitations."""
    kept = list(words)
    for i, word in enumerate(kept):
        if not is_hesitation(word.text):
            continue
        if i and kept[i - 1].end > word.start:
            end = max(word.start, kept[i - 1].start)
            kept[i - 1] = replace(kept[i - 1], end=end)
        if i + 1 < len(kept) and kept[i + 1].start < word.end:
            start = word.end
            kept[i + 1] = replace(kept[i + 1], start=start, end=max(start, kept[i + 1].end))
    latest = 0.0
    for i, word in enumerate(kept):
        start = max(word.start, latest)
        kept[i] = replace(word, start=start, end=max(word.end, start))
        latest = start
    return tuple(kept)
