"""Train the entailment model of key-point coverage and write it as int8 ONNX.

    python -m tests.training.coverage.train OUT [--start FILE] [--epochs N]
        [--leave-out BANK]...

needs torch and onnx beside the project. See README.md.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import tempfile
import time
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
from tests.training.coverage.passages import Lesson, Pair, lessons, pairs
from voiceprep.encoder import MAX_CLAIM_TOKENS, MAX_PASSAGE_TOKENS, WIDTH, load_encoder
from voiceprep.encoder import tokenizer as load_tokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FROZEN_LAYERS = 2
EPOCHS, RATE = 3.0, 1e-4
"""Rounds through the pairs, made anew each time, and the highest learning rate."""
BATCH = 32
"""Pairs a step."""
CHUNK = 16
"""Batches among which pairs of like length are put together."""
HEAD_RATE, WEIGHT_DECAY = 5e-4, 0.01
WARM_UP = 0.1
"""Share of the steps over which the learning rate rises; after it falls to zero."""
HIDDEN = 256
ROUND_UP = 8
"""Tokens: lengths are padded to a multiple, so that few shapes are compiled."""


class Entailment(nn.Module):
    """Reads `[CLS] claim [SEP] passage [SEP]`: said, and turned down."""

    def __init__(self) -> None:
        super().__init__()
        self.network = MiniLM(FROZEN_LAYERS)
        self.hidden = nn.Linear(3 * WIDTH, HIDDEN)
        self.out = nn.Linear(HIDDEN, 2)
        nn.init.zeros_(self.out.weight)

    def forward(self, words: Any, mask: Any, second: Any) -> Any:
        """Return the two logits of every pair, shape (pairs, 2)."""
        states = self.network(words, mask, second).float()
        first, last = (mask * (1 - second))[..., None], (mask * second)[..., None]
        read = torch.cat(
            [
                states[:, 0],
                (states * first).sum(1) / first.sum(1),
                (states * last).sum(1) / last.sum(1),
            ],
            -1,
        )
        return self.out(F.dropout(F.gelu(self.hidden(read)), 0.1, self.training)).float()


def batch_of(chosen: Sequence[Pair], tokenizer: Any) -> tuple[Any, Any, Any]:
    """Return ids, mask and second of some pairs, padded."""
    rows = [
        (
            tokenizer.encode(p.claim).ids[:MAX_CLAIM_TOKENS],
            tokenizer.encode(p.passage).ids[1:MAX_PASSAGE_TOKENS],
        )
        for p in chosen
    ]
    longest = max(len(a) + len(b) for a, b in rows)
    shape = (len(rows), -(-longest // ROUND_UP) * ROUND_UP)
    ids, mask, second = (
        torch.zeros(shape, dtype=torch.long),
        torch.zeros(shape),
        torch.zeros(shape),
    )
    for i, (a, b) in enumerate(rows):
        ids[i, : len(a) + len(b)] = torch.tensor(a + b)
        mask[i, : len(a) + len(b)] = 1
        second[i, len(a) : len(a) + len(b)] = 1
    return ids, mask, second


def batches(found: Sequence[Lesson], rng: random.Random) -> Iterator[list[Pair]]:
    """Yield batches without end, pairs of like length together."""
    left: list[Pair] = []
    while True:
        while len(left) < BATCH * CHUNK:
            left += pairs(found, rng)
        chunk = sorted(left[: BATCH * CHUNK], key=lambda p: len(p.claim) + len(p.passage))
        left = left[BATCH * CHUNK :]
        cut = [chunk[i : i + BATCH] for i in range(0, len(chunk), BATCH)]
        rng.shuffle(cut)
        yield from cut


def train(model: Entailment, found: Sequence[Lesson], epochs: float, seed: int) -> None:
    """Train the model."""
    model.train()
    rng, tokenizer = random.Random(seed), load_tokenizer()
    steps = int(epochs * len(pairs(found, random.Random(1))) / BATCH)
    optimiser, schedule = _optimiser(model, steps, RATE)
    start, losses = time.time(), []
    for step, batch in zip(range(1, steps + 1), batches(found, rng), strict=False):
        loss = _loss(model, batch, tokenizer)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
        if step % 20 == 0:
            recent = sum(losses[-20:]) / 20
            print(f"{step}/{steps} loss {recent:.4f} {time.time() - start:.0f} s", flush=True)
    model.eval()


def _optimiser(model: Entailment, steps: int, rate: float) -> tuple[Any, Any]:
    heads = [*model.hidden.parameters(), *model.out.parameters()]
    network = [p for p in model.network.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(
        [{"params": network, "lr": rate}, {"params": heads, "lr": HEAD_RATE}],
        weight_decay=WEIGHT_DECAY,
    )
    rising, falling = WARM_UP * steps, (1 - WARM_UP) * steps
    return optimiser, torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda i: min((i + 1) / rising, max(0.0, (steps - i) / falling))
    )


def _loss(model: Entailment, batch: Sequence[Pair], tokenizer: Any) -> Any:
    ids, mask, second = batch_of(batch, tokenizer)
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(model.network.word(ids), mask, second)
    wanted = torch.tensor([[p.said, p.denied] for p in batch])
    weight = torch.tensor([[p.weight] for p in batch])
    losses = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    return (losses * weight).mean()


def export(model: Entailment, out: Path) -> None:
    """Write the model without its word embeddings, matrices as int8."""
    names = ["words", "mask", "second"]
    example = (torch.randn(2, 24, WIDTH), torch.ones(2, 24), torch.ones(2, 24))
    example[2][:, :8] = 0
    with tempfile.TemporaryDirectory() as folder:
        whole = str(Path(folder) / "whole.onnx")
        torch.onnx.export(
            model.float(),
            example,
            whole,
            dynamo=False,
            input_names=names,
            output_names=["logits"],
            dynamic_axes={n: {0: "pairs", 1: "tokens"} for n in names},
            opset_version=17,
        )
        quantize_dynamic(
            whole,
            str(out),
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=["MatMul"],
        )
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, sha256", end=" ")
    print(hashlib.sha256(out.read_bytes()).hexdigest())


def resume(model: Entailment, path: Path) -> None:
    """Load what `export` wrote: matrices are int8 times their scales, named by their use."""
    graph = onnx.load(str(path)).graph
    found = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    weights = {n: torch.tensor(a) for n, a in found.items() if n in model.state_dict()}
    for node in graph.node:
        if node.op_type == "MatMulInteger":
            name = node.input[1].removesuffix("_quantized")
            matrix = found[f"{name}_quantized"].astype(np.float32) * found[f"{name}_scale"]
            part = node.output[0].strip("/").replace("/", ".").rsplit(".", 1)[0]
            weights[f"{part}.weight"] = torch.tensor(matrix.T.copy())
    missing = model.load_state_dict(weights, strict=False).missing_keys
    # The word embeddings are the packaged ones, and segments may be folded into constants.
    if kept := {m for m in missing if not m.startswith(("network.word", "network.segment"))}:
        raise SystemExit(
            f"{path}: {', '.join(sorted(kept))} not found; not written by this script"
        )


def main() -> None:
    """Train, export, say what was written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, metavar="OUT", help="the ONNX file to write")
    parser.add_argument("--start", type=Path, metavar="FILE", help="go on from an earlier OUT")
    parser.add_argument("--epochs", type=float, default=EPOCHS)
    parser.add_argument("--leave-out", action="append", default=[], metavar="BANK")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    found = lessons(load_encoder(threads=options.threads), options.leave_out)
    print(f"{len(found)} questions, {sum(len(x.passages) for x in found)} passages", flush=True)
    model = Entailment()
    if options.start:
        resume(model, options.start)
    train(model, found, options.epochs, options.seed)
    export(model, options.out)


if __name__ == "__main__":
    main()
