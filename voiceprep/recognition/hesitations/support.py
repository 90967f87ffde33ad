"""The second witness: what the decoder says to a sound, and the verdict on both."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from voiceprep.recognition.hesitations.words import is_hesitation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voiceprep.audio import Samples
    from voiceprep.recognition.hesitations.sounds import Array, Sound
    from voiceprep.transcript import Word

VERBATIM_PROMPT = " Um, uh, hmm, er, um... So, uh, I was, um, like, uh, you know, um... Hmm."
"""Text before the window that makes the decoder expect hesitations."""

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

_FLOOR = 1e-9

_LEAST_COLUMNS = 2
"""Columns of the spectrogram under one position of the encoder."""


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
