"""The small networks in torch, and as the int8 ONNX files of the product."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import nn
from torch.nn import functional as F  # noqa: N812  (torch's own custom)

from tests.training.coverage.minilm import MiniLM
from voiceprep.entailment import ALONE, FIND, READ, WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FROZEN_LAYERS = 2
"""Layers of the reader that stay as they are and read a text by itself."""
LOGITS, HIDDEN = 3, 256
FIRST_SCALE, FIRST_BIAS = 10.0, -4.0
"""From a cosine to a logit, when training begins."""


class Reader(nn.Module):
    """Reads a claim and a passage: said, turned down, and how many words are wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.network = MiniLM(FROZEN_LAYERS)
        self.part = nn.Parameter(torch.zeros(2, WIDTH))
        self.hidden = nn.Linear(3 * WIDTH, HIDDEN)
        self.out = nn.Linear(HIDDEN, LOGITS)
        nn.init.zeros_(self.out.weight)

    def forward(self, claim: Any, claim_mask: Any, passage: Any, passage_mask: Any) -> Any:
        """Return the logits of every pair, shape (pairs, 3), from states alone."""
        states = torch.cat([claim + self.part[0], passage + self.part[1]], 1)
        states = self.network.finish(states, torch.cat([claim_mask, passage_mask], 1))
        hidden = F.gelu(self.hidden(_summary(states, claim_mask, passage_mask)))
        return self.out(F.dropout(hidden, 0.1, self.training)).float()


class Finder(nn.Module):
    """A vector a text: that of a passage is near those of the claims that it touches."""

    def __init__(self) -> None:
        super().__init__()
        self.network = MiniLM()
        self.line = nn.Parameter(torch.tensor([FIRST_SCALE, FIRST_BIAS]))

    def vectors(self, states: Any, mask: Any) -> Any:
        """Return unit vectors, (texts, WIDTH), from states alone."""
        return F.normalize(_mean(self.network.finish(states, mask).float(), mask), dim=-1)

    def forward(self, claim: Any, claim_mask: Any, passage: Any, passage_mask: Any) -> Any:
        """Return a logit a pair, shape (pairs, 1): the passage is about the claim."""
        pairs = self.vectors(claim, claim_mask) * self.vectors(passage, passage_mask)
        return (self.line[0] * pairs.sum(-1) + self.line[1])[:, None]


def _summary(states: Any, claim_mask: Any, passage_mask: Any) -> Any:
    """Return the first state, the mean over the claim and over the passage, side by side."""
    states, length = states.float(), claim_mask.shape[1]
    return torch.cat(
        [
            states[:, 0],
            _mean(states[:, :length], claim_mask),
            _mean(states[:, length:], passage_mask),
        ],
        -1,
    )


def _mean(states: Any, mask: Any) -> Any:
    return (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)


def export_reader(model: Reader, folder: Path) -> None:
    """Write both parts of the reader, matrices as int8, without word embeddings."""
    model = model.float().cpu().eval()
    text, mask = torch.randn(2, 24, WIDTH), torch.ones(2, 24)
    claim, claim_mask = torch.randn(2, 12, WIDTH), torch.ones(2, 12)
    pair = {"claim": claim, "claim_mask": claim_mask, "passage": text, "passage_mask": mask}
    _write(_Alone(model.network), {"words": text, "mask": mask}, folder / ALONE, "states")
    _write(_Read(model), pair, folder / READ, "logits")


def export_finder(model: Finder, folder: Path) -> None:
    """Write the finder likewise."""
    text, mask = torch.randn(2, 24, WIDTH), torch.ones(2, 24)
    _write(
        _Find(model.float().cpu().eval()),
        {"words": text, "mask": mask},
        folder / FIND,
        "vectors",
    )


class _Alone(nn.Module):
    def __init__(self, network: MiniLM) -> None:
        super().__init__()
        self.network = network

    def forward(self, words: Any, mask: Any) -> Any:
        return self.network.alone(words, mask)


class _Find(nn.Module):
    def __init__(self, model: Finder) -> None:
        super().__init__()
        self.model = model

    def forward(self, words: Any, mask: Any) -> Any:
        return self.model.vectors(self.model.network.alone(words, mask), mask)


class _Read(nn.Module):
    def __init__(self, model: Reader) -> None:
        super().__init__()
        self.model = model

    def forward(self, claim: Any, claim_mask: Any, passage: Any, passage_mask: Any) -> Any:
        return self.model(claim, claim_mask, passage, passage_mask)


def _write(part: nn.Module, inputs: dict[str, Any], out: Path, result: str) -> None:
    axes = {n: {0: "pairs", 1: n.removesuffix("_mask")} for n in (*inputs, "states")}
    with tempfile.TemporaryDirectory() as folder:
        whole = str(Path(folder) / "whole.onnx")
        torch.onnx.export(
            part,
            tuple(inputs.values()),
            whole,
            dynamo=False,
            input_names=list(inputs),
            output_names=[result],
            dynamic_axes=axes,
            opset_version=17,
        )
        quantize_dynamic(
            whole,
            str(out),
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=["MatMul"],
        )
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, sha256 {digest}")


def resume(model: Reader, paths: Sequence[Path]) -> None:
    """Take over the trained layers of earlier files; a logit they lack begins at zero."""
    known = model.state_dict()
    weights: dict[str, Any] = {}
    for path in paths:
        weights |= {n: w for n, w in _weights(path) if n in known}
    for name in ("out.weight", "out.bias"):
        lacking = torch.zeros_like(known[name])[len(weights[name]) :]
        weights[name] = torch.cat([weights[name], lacking])
    missing = model.load_state_dict(weights, strict=False).missing_keys
    taught = {n for n, weight in model.named_parameters() if weight.requires_grad}
    if lost := taught & set(missing):
        raise SystemExit(f"{', '.join(map(str, paths))}: {', '.join(sorted(lost))} not found")


def _weights(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield the weights of a file under the names of `Reader`, int8 times their scales."""
    graph = onnx.load(str(path)).graph
    found = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    for name, array in found.items():
        yield name.removeprefix("model."), torch.tensor(array)
    for node in graph.node:
        if node.op_type == "MatMulInteger":
            name = node.input[1].removesuffix("_quantized")
            matrix = found[f"{name}_quantized"].astype(np.float32) * found[f"{name}_scale"]
            part = node.output[0].strip("/").replace("/", ".").rsplit(".", 1)[0]
            part = part.removeprefix("model.")
            part = f"network.{part}" if part.startswith("layers.") else part
            yield f"{part}.weight", torch.tensor(matrix.T.copy())
    added = {n.input[0]: n.input[1] for n in graph.node if n.op_type == "Add"}
    if "claim" in added:
        parts = [found[added[name]] for name in ("claim", "passage")]
        yield "part", torch.tensor(np.stack(parts))
