"""Rounds of pairs as token numbers, made by other processes beside the training."""

from __future__ import annotations

import functools
import multiprocessing
import os
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tests.training.coverage import deberta
from tests.training.coverage.passages import pairs
from voiceprep.entailment import MAX_CLAIM_TOKENS, MAX_PASSAGE_TOKENS
from voiceprep.entailment import tokenizer as load_tokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tests.training.coverage.passages import Material, Pair

ROUND_UP = 4
"""Tokens: lengths are padded to a multiple, so that there are few shapes."""

CHUNK, LIKE = 512, 16
"""Batches among which pairs of like length are put together, in so many groups by the length
of one text, each by that of the other."""

APART, TOGETHER = ("claims", "passages"), ("both", "both")
"""The texts of a pair as the small networks and the teacher read them."""

PARTS = 8
"""Parts of a round that are made at the same time."""

_known: Material
"""What the processes make pairs of; they are forked with it."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Token numbers of many texts, one after the other, and where each begins and ends."""

    flat: NDArray[np.int32]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> Texts:
        """Return texts of rows of token numbers."""
        flat = np.fromiter((i for row in rows for i in row), np.int32)
        return cls(flat, np.cumsum([len(row) for row in rows]))


@dataclass(frozen=True, slots=True)
class Round:
    """Pairs: claim and passage for the reader, both together for the teacher.

    `passages` has the first hearing of every pair, then the second of every pair, and so on.
    `labels`, shape (pairs, 2): said, turned down; not a number where nobody labelled the pair.
    `wrong`, shape (pairs, hearings): share of wrong words.
    """

    claims: Texts
    passages: Texts
    both: Texts
    labels: NDArray[np.float32]
    wrong: NDArray[np.float32]

    @classmethod
    def of(cls, chosen: Sequence[Pair]) -> Round:
        """Return pairs in the tokens of both networks."""
        ours, theirs = _tokenizers()

        def cut(texts: Sequence[str], most: int) -> Texts:
            return Texts.of([e.ids[:most] for e in ours.encode_batch(list(texts))])

        both = theirs.encode_batch([(p.told, p.claim) for p in chosen])
        hearings = zip(*(p.heard for p in chosen), strict=True)
        return cls(
            cut([p.claim for p in chosen], MAX_CLAIM_TOKENS),
            cut([heard.text for hearing in hearings for heard in hearing], MAX_PASSAGE_TOKENS),
            Texts.of([e.ids for e in both]),
            np.array([(p.said, p.denied) for p in chosen], np.float32),
            np.array([[heard.wrong for heard in p.heard] for p in chosen], np.float32),
        )


@functools.cache
def _tokenizers() -> tuple[Any, Any]:
    return load_tokenizer(), deberta.tokenizer()


def rounds(known: Material, parts: int, seed: int, processes: int) -> Iterator[Round]:
    """Yield so many parts of rounds over everything; `PARTS` of them make a round."""
    global _known
    _known = known
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    numbers = [(seed, i) for i in range(parts)]
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        yield from pool.imap(_round, numbers)


def _round(number: tuple[int, int]) -> Round:
    seed, i = number
    rng = random.Random(seed * 1000 + i)
    return Round.of(pairs(_known.part(i % PARTS, PARTS), rng))


class Device:
    """A round on the device that learns it."""

    def __init__(self, made: Round, device: str) -> None:
        self.labels = torch.from_numpy(made.labels).to(device)
        self.wrong = torch.from_numpy(made.wrong).to(device)
        self._flat, self._starts, self._lengths = {}, {}, {}
        for name in ("claims", "passages", "both"):
            texts = getattr(made, name)
            starts = np.concatenate([[0], texts.ends[:-1]])
            self._flat[name] = torch.from_numpy(texts.flat).to(device)
            self._starts[name] = torch.from_numpy(starts)
            self._lengths[name] = torch.from_numpy(texts.ends - starts)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def labelled(self) -> Any:
        """The numbers of the pairs that somebody labelled."""
        return (~self.labels[:, 0].isnan()).nonzero()[:, 0].cpu()

    def batches(
        self, size: int, among: Any = None, alike: tuple[str, str] = APART
    ) -> Iterator[Any]:
        """Yield the numbers of pairs whose texts are of like length, so many together."""
        coarse, fine = (self._lengths[name] for name in alike)
        order = torch.arange(len(self)) if among is None else among
        order = order[torch.randperm(len(order))]
        cut = [
            batch
            for chunk in order.split(size * CHUNK)
            for like in chunk[coarse[chunk].argsort()].split(size * CHUNK // LIKE)
            for batch in like[fine[like].argsort()].split(size)
        ]
        yield from (cut[i] for i in torch.randperm(len(cut)))

    def texts(self, name: str, chosen: Any) -> tuple[Any, Any]:
        """Return token numbers and mask of some texts, (texts, tokens)."""
        chosen = chosen.cpu()
        flat, lengths = self._flat[name], self._lengths[name][chosen]
        longest = -(-int(lengths.max()) // ROUND_UP) * ROUND_UP
        starts = self._starts[name][chosen].to(flat.device, non_blocking=True)
        at = torch.arange(longest, device=flat.device)
        mask = at < lengths.to(flat.device, non_blocking=True)[:, None]
        ids = flat[(starts[:, None] + at) * mask]
        return ids.long() * mask, mask.float()
