"""Train the reader of key-point coverage and write it as int8 ONNX.

    python -m tests.training.coverage.train FOLDER [--start FILE...] [--epochs N]
        [--leave-out NAME]...

writes `alone.onnx`, `near.onnx`, `skim.onnx` and `finish.onnx` into FOLDER, and after every
round says how good it is on the answers of `validation/`. Needs torch and onnx beside the
project. See README.md.
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
from tests.training.coverage.passages import HERE, Material, Pair, material, pairs
from tests.training.coverage.spoken import read_answers
from voiceprep.entailment import (
    ALONE,
    FINISH,
    MAX_CLAIM_TOKENS,
    MAX_PASSAGE_TOKENS,
    NEAR,
    SKIM,
    WIDTH,
)
from voiceprep.entailment import tokenizer as load_tokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.training.coverage.spoken import SpokenAnswer

FROZEN_LAYERS, SKIMMING_LAYERS = 2, 2
EPOCHS, RATE = 1.8, 2e-4
"""Rounds through the pairs, made anew each time, and the highest learning rate."""
BATCH = 32
"""Pairs a step."""
CHUNK = 32
"""Batches among which pairs of like length are put together."""
HEADS_FASTER, WEIGHT_DECAY = 2.5, 0.01
WARM_UP = 0.05
"""Share of the steps over which the learning rate rises; after it falls to zero."""
WEIGHTS, PROMISE_WEIGHT = (1.0, 0.5, 0.25), 0.3
"""Of the three logits, and of the skim's one, in the loss."""
HIDDEN = 256
ROUND_UP = 8
"""Tokens: lengths are padded to a multiple, so that few shapes are compiled."""


class Reader(nn.Module):
    """Reads a claim and a passage: said, turned down, and how many words are wrong.

    After half of its layers it tells whether the passage touches the claim at all.
    """

    def __init__(self) -> None:
        super().__init__()
        self.network = MiniLM(FROZEN_LAYERS, SKIMMING_LAYERS)
        self.part = nn.Parameter(torch.zeros(2, WIDTH))
        self.promise = nn.Linear(3 * WIDTH, 1)
        self.hidden = nn.Linear(3 * WIDTH, HIDDEN)
        self.out = nn.Linear(HIDDEN, len(WEIGHTS))
        nn.init.zeros_(self.promise.weight)
        nn.init.zeros_(self.out.weight)

    def forward(self, claim: Any, claim_mask: Any, passage: Any, passage_mask: Any) -> Any:
        """Return the logits of every pair, shape (pairs, 4), from states alone.

        They are the three of the reading and, last, that of the skim.
        """
        states, promise = self.skim(claim, claim_mask, passage, passage_mask)
        return torch.cat([self.finish(states, claim_mask, passage_mask), promise], -1)

    def skim(
        self, claim: Any, claim_mask: Any, passage: Any, passage_mask: Any
    ) -> tuple[Any, Any]:
        """Return states half way, (pairs, tokens, WIDTH), and one logit, (pairs, 1)."""
        states = torch.cat([claim + self.part[0], passage + self.part[1]], 1)
        states = self.network.skim(states, torch.cat([claim_mask, passage_mask], 1))
        return states, self.promise(_summary(states, claim_mask, passage_mask)).float()

    def finish(self, states: Any, claim_mask: Any, passage_mask: Any) -> Any:
        """Return the three logits of what was skimmed, shape (pairs, 3)."""
        states = self.network.finish(states, torch.cat([claim_mask, passage_mask], 1))
        hidden = F.gelu(self.hidden(_summary(states, claim_mask, passage_mask)))
        return self.out(F.dropout(hidden, 0.1, self.training)).float()


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


def logits_of(model: Reader, chosen: Sequence[Pair], tokenizer: Any) -> Any:
    """Return the logits of some pairs."""
    claims = _padded([tokenizer.encode(p.claim).ids[:MAX_CLAIM_TOKENS] for p in chosen])
    passages = _padded([tokenizer.encode(p.passage).ids[:MAX_PASSAGE_TOKENS] for p in chosen])
    with torch.autocast("cpu", torch.bfloat16):
        with torch.no_grad():
            alone = [
                part
                for ids, mask in (claims, passages)
                for part in (model.network.alone(model.network.word(ids), mask), mask)
            ]
        return model(*alone)


def _padded(rows: Sequence[list[int]]) -> tuple[Any, Any]:
    """Return token numbers and mask, (texts, tokens)."""
    shape = (len(rows), -(-max(map(len, rows)) // ROUND_UP) * ROUND_UP)
    ids, mask = torch.zeros(shape, dtype=torch.long), torch.zeros(shape)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    return ids, mask


def batches(known: Material, rng: random.Random) -> Iterator[list[Pair]]:
    """Yield batches without end, pairs of like length together."""
    left: list[Pair] = []
    while True:
        while len(left) < BATCH * CHUNK:
            left += pairs(known, rng)
        chunk = sorted(left[: BATCH * CHUNK], key=lambda p: len(p.claim) + len(p.passage))
        left = left[BATCH * CHUNK :]
        cut = [chunk[i : i + BATCH] for i in range(0, len(chunk), BATCH)]
        rng.shuffle(cut)
        yield from cut


def train(
    model: Reader, known: Material, epochs: float, rate: float, seed: int, keep: Path
) -> None:
    """Train the model; `keep` holds its state after every round."""
    rng, tokenizer = random.Random(seed), load_tokenizer()
    round_steps = len(pairs(known, random.Random(1))) // BATCH
    steps = int(epochs * round_steps)
    optimiser, schedule = _optimiser(model, steps, rate)
    start, losses = time.time(), []
    for step, batch in zip(range(1, steps + 1), batches(known, rng), strict=False):
        model.train()
        loss = _loss(model, batch, tokenizer)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
        if step % 50 == 0:
            recent = sum(losses[-50:]) / 50
            print(f"{step}/{steps} loss {recent:.4f} {time.time() - start:.0f} s", flush=True)
        if step % round_steps == 0 or step == steps:
            torch.save(model.state_dict(), keep)
            validate(model, tokenizer)
    model.eval()


def _optimiser(model: Reader, steps: int, rate: float) -> tuple[Any, Any]:
    network = [p for p in model.network.parameters() if p.requires_grad]
    heads = [p for n, p in model.named_parameters() if not n.startswith("network.")]
    optimiser = torch.optim.AdamW(
        [{"params": network, "lr": rate}, {"params": heads, "lr": rate * HEADS_FASTER}],
        weight_decay=WEIGHT_DECAY,
        fused=True,
    )
    rising, falling = WARM_UP * steps, (1 - WARM_UP) * steps
    return optimiser, torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda i: min((i + 1) / rising, max(0.0, (steps - i) / falling))
    )


def _loss(model: Reader, batch: Sequence[Pair], tokenizer: Any) -> Any:
    wanted = torch.tensor(
        [[p.said, p.denied, p.wrong, float(p.said > 0 or p.denied > 0)] for p in batch]
    )
    losses = F.binary_cross_entropy_with_logits(
        logits_of(model, batch, tokenizer), wanted, reduction="none"
    )
    return (losses * torch.tensor([*WEIGHTS, PROMISE_WEIGHT])).mean()


def validate(model: Reader, tokenizer: Any) -> None:
    """Print how well points that an answer makes are told from those that it does not.

    The score of a point is that of its best piece.
    """
    model.eval()
    for path in sorted((HERE / "validation").glob("*.txt")):
        scores, made = [], []
        for answer in read_answers([path]):
            for k, best in enumerate(_best_pieces(model, answer, tokenizer)):
                if answer.letters(k).isdisjoint("cp") or "c" in answer.letters(k):
                    scores.append(best)
                    made.append("c" in answer.letters(k))
        found, wanted = torch.tensor(scores), torch.tensor(made)
        above = found[wanted][:, None] - found[~wanted]
        area = float(((above > 0) + 0.5 * (above == 0)).float().mean())
        print(f"  {path.stem}: AUC of {len(scores)} points {area:.3f}", flush=True)


def _best_pieces(model: Reader, answer: SpokenAnswer, tokenizer: Any) -> list[float]:
    """Return for every key point the logit of the piece that says it best."""
    points = answer.question.key_points
    pairs = [Pair(p.text, x.text, 0.0, 0.0) for p in points for x in answer.pieces]
    with torch.no_grad():
        said = logits_of(model, pairs, tokenizer)[:, 0].reshape(len(points), -1)
    best: list[float] = said.max(1).values.tolist()
    return best


def export(model: Reader, folder: Path) -> None:
    """Write the parts of the network, matrices as int8, without word embeddings."""
    model = model.float().eval()
    text, mask = torch.randn(2, 24, WIDTH), torch.ones(2, 24)
    claim, claim_mask = torch.randn(2, 12, WIDTH), torch.ones(2, 12)
    states = torch.randn(2, 12 + 24, WIDTH)
    near = _Near(MiniLM(FROZEN_LAYERS).eval())
    for part, inputs, results in (
        (_Alone(model.network), {"words": text, "mask": mask}, ["states"]),
        (near, {"states": text, "mask": mask}, ["vectors"]),
        (
            _Skim(model),
            {"claim": claim, "claim_mask": claim_mask, "passage": text, "passage_mask": mask},
            ["states", "promise"],
        ),
        (
            _Finish(model),
            {"states": states, "claim_mask": claim_mask, "passage_mask": mask},
            ["logits"],
        ),
    ):
        _write(part, inputs, folder / part.file, results)


class _Alone(nn.Module):
    file = ALONE

    def __init__(self, network: MiniLM) -> None:
        super().__init__()
        self.network = network

    def forward(self, words: Any, mask: Any) -> Any:
        return self.network.alone(words, mask)


class _Near(nn.Module):
    """The packaged sentence encoder after its first layers: a unit vector a text."""

    file = NEAR

    def __init__(self, network: MiniLM) -> None:
        super().__init__()
        self.network = network

    def forward(self, states: Any, mask: Any) -> Any:
        return F.normalize(_mean(self.network.finish(states, mask), mask), dim=-1)


class _Skim(nn.Module):
    file = SKIM

    def __init__(self, model: Reader) -> None:
        super().__init__()
        self.model = model

    def forward(self, claim: Any, claim_mask: Any, passage: Any, passage_mask: Any) -> Any:
        return self.model.skim(claim, claim_mask, passage, passage_mask)


class _Finish(nn.Module):
    file = FINISH

    def __init__(self, model: Reader) -> None:
        super().__init__()
        self.model = model

    def forward(self, states: Any, claim_mask: Any, passage_mask: Any) -> Any:
        return self.model.finish(states, claim_mask, passage_mask)


def _write(part: nn.Module, inputs: dict[str, Any], out: Path, results: list[str]) -> None:
    axes = {n: {0: "pairs", 1: n.removesuffix("_mask")} for n in (*inputs, "states")}
    with tempfile.TemporaryDirectory() as folder:
        whole = str(Path(folder) / "whole.onnx")
        torch.onnx.export(
            part,
            tuple(inputs.values()),
            whole,
            dynamo=False,
            input_names=list(inputs),
            output_names=results,
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
    if lost := (taught & set(missing)) - {"promise.weight", "promise.bias"}:
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
            part = f"network.{part}" if part.startswith("layers.") else part
            yield f"{part}.weight", torch.tensor(matrix.T.copy())
    added = {n.input[0]: n.input[1] for n in graph.node if n.op_type == "Add"}
    if "claim" in added:
        parts = [found[added[name]] for name in ("claim", "passage")]
        yield "part", torch.tensor(np.stack(parts))


def main() -> None:
    """Train, export, say what was written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where to write")
    parser.add_argument(
        "--start", type=Path, nargs="+", metavar="FILE", help="earlier files to go on from"
    )
    parser.add_argument("--epochs", type=float, default=EPOCHS)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument(
        "--leave-out",
        action="append",
        default=[],
        metavar="NAME",
        help="a bank, or a writer of answers/, that is not learnt from",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    known = material(options.leave_out)
    passages = sum(len(lesson.passages) for lesson in known.lessons)
    print(f"{len(known.answers)} answers, {passages} passages", flush=True)
    options.folder.mkdir(parents=True, exist_ok=True)
    model = Reader()
    if options.start:
        resume(model, options.start)
    keep = options.folder / "reader.pt"
    train(model, known, options.epochs, options.rate, options.seed, keep)
    export(model, options.folder)


if __name__ == "__main__":
    main()
