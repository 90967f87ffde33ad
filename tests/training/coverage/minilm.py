"""MiniLM in torch, with the weights of the packaged int8 ONNX file.

Six layers, 384 wide, 12 heads (Wang et al. 2020, "MiniLM"). Attention is written out where
there is no GPU: torch's fused kernel is slow backwards on a processor.
"""

from __future__ import annotations

from importlib import metadata
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional as F  # noqa: N812  (torch's own custom)

from voiceprep.entailment import PACKAGE, WEIGHTS, WIDTH

HEADS, LAYERS, INNER, VOCABULARY, POSITIONS = 12, 6, 1536, 30_522, 512
NORM_EPSILON = 1e-12
"""Of BERT's layer normalisation."""

_LINEAR = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "out": "attention.output.dense",
    "widen": "intermediate.dense",
    "narrow": "output.dense",
}
_NORM = {"attended": "attention.output.LayerNorm", "done": "output.LayerNorm"}


class Layer(nn.Module):
    """One transformer layer, normalised after each half, as in BERT."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.value, self.out = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.widen, self.narrow = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.attended = nn.LayerNorm(WIDTH, eps=NORM_EPSILON)
        self.done = nn.LayerNorm(WIDTH, eps=NORM_EPSILON)

    def forward(self, states: Any, bias: Any) -> Any:
        """Return the next states, shape (pairs, tokens, WIDTH)."""
        pairs, tokens, _ = states.shape

        def heads(x: Any) -> Any:
            return x.view(pairs, tokens, HEADS, WIDTH // HEADS).transpose(1, 2)

        query, key, value = (heads(f(states)) for f in (self.query, self.key, self.value))
        if states.is_cuda:
            mixed = F.scaled_dot_product_attention(query, key, value, bias.to(query.dtype))
        else:
            scores = (query @ key.transpose(2, 3)).float() * (WIDTH // HEADS) ** -0.5
            mixed = torch.softmax(scores + bias, -1).to(value.dtype) @ value
        mixed = mixed.transpose(1, 2)
        mixed = self.out(mixed.reshape(pairs, tokens, WIDTH))
        states = self.attended(states + mixed)
        inner = self.narrow(F.gelu(self.widen(states)))
        return self.done(states + inner)


class MiniLM(nn.Module):
    """The packaged network; the word embeddings and the frozen layers stay as they are.

    Claim and passage go through these each by itself, and may go through the others
    together (Cao et al. 2020, "DeFormer"): a passage is read against many claims.
    """

    def __init__(self, frozen_layers: int = 0) -> None:
        super().__init__()
        self.word = nn.Embedding(VOCABULARY, WIDTH)
        self.position = nn.Embedding(POSITIONS, WIDTH)
        self.segment = nn.Embedding(2, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=NORM_EPSILON)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.frozen = frozen_layers
        _load(self)
        for part in (self.word, self.position, self.segment, self.norm):
            part.requires_grad_(False)
        for layer in list(self.layers)[:frozen_layers]:
            layer.requires_grad_(False)

    def alone(self, words: Any, mask: Any) -> Any:
        """Return the states after the frozen layers of word embeddings (texts, tokens, WIDTH).

        `mask` is 1 for tokens and 0 for padding.
        """
        states = self.norm(
            words + self.position.weight[: words.shape[1]] + self.segment.weight[0]
        )
        return self._through(self.layers[: self.frozen], states, mask)

    def finish(self, states: Any, mask: Any) -> Any:
        """Return the last states of what went through the frozen layers."""
        return self._through(self.layers[self.frozen :], states, mask)

    def _through(self, layers: Any, states: Any, mask: Any) -> Any:
        bias = (1 - mask)[:, None, None, :] * -1e9
        for layer in layers:
            states = layer(states, bias)
        return states


def _load(model: MiniLM) -> None:
    """Fill in the packaged weights, int8 times their scales."""
    path = metadata.distribution(PACKAGE).locate_file(WEIGHTS)
    graph = onnx.load(str(path)).graph
    found = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    for name in [n for n in found if n.endswith("_q")]:
        found[name[:-2]] = found[name].astype(np.float32) * found[f"{name[:-2]}_scale"]
    biases = {
        a: b
        for node in graph.node
        if node.op_type == "Add"
        for a, b in (node.input, reversed(node.input))
        if b.endswith(".bias")
    }
    for node in graph.node:
        if node.op_type == "MatMul" and node.output[0] in biases and node.input[1] in found:
            name = biases[node.output[0]].removesuffix("bias") + "weight"
            found[name] = found[node.input[1]].T
    tensors = {n.removeprefix("inner."): torch.tensor(np.array(a)) for n, a in found.items()}
    model.load_state_dict(_renamed(tensors))


def _renamed(tensors: dict[str, Any]) -> dict[str, Any]:
    """Return the weights under the names of `MiniLM`."""
    renamed = {
        "word.weight": tensors["embeddings.word_embeddings.weight"],
        "position.weight": tensors["embeddings.position_embeddings.weight"],
        "segment.weight": tensors["embeddings.token_type_embeddings.weight"],
        "norm.weight": tensors["embeddings.LayerNorm.weight"],
        "norm.bias": tensors["embeddings.LayerNorm.bias"],
    }
    for i in range(LAYERS):
        for ours, theirs in (_LINEAR | _NORM).items():
            for kind in ("weight", "bias"):
                name = f"encoder.layer.{i}.{theirs}.{kind}"
                renamed[f"layers.{i}.{ours}.{kind}"] = tensors[name]
    return renamed
