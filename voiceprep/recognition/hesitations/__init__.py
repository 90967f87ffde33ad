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

import re
from typing import TYPE_CHECKING

import numpy as np

from voiceprep.recognition.hesitations.sounds import (
    FRAMES_PER_SECOND,
    LIKELY,
    Array,
    Sound,
    levels,
    likenesses,
    sounds,
)
from voiceprep.recognition.hesitations.support import (
    ACCEPTED,
    NEAR_S,
    Support,
    WindowEvidence,
    decoder_support,
    pooled,
)
from voiceprep.recognition.hesitations.words import Hesitation, is_hesitation, unglued

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from voiceprep.transcript import Word

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
