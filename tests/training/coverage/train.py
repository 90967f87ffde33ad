"""Train the reader of key-point coverage and write it as int8 ONNX.

    python -m tests.training.coverage.train FOLDER [--start FILE] [--epochs N]
        [--leave-out NAME]...

writes `alone.onnx`, `together.onnx` and `near.onnx` into FOLDER, and after every round
says how good it is on the answers of `validation/`. Needs torch and onnx beside the
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
from voiceprep.entailment import MAX_CLAIM_TOKENS, MAX_PASSAGE_TOKENS, WIDTH
from voiceprep.entailment import tokenizer as load_tokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.training.coverage.spoken import SpokenAnswer

FROZEN_LAYERS = 2
EPOCHS, RATE = 1.8, 2e-4
"""Rounds through the pairs, made anew each time, and the highest learning rate."""
BATCH = 32
"""Pairs a step."""
CHUNK = 32
"""Batches among which pairs of like length are put together."""
HEADS_FASTER, WEIGHT_DECAY = 2.5, 0.01
WARM_UP = 0.05
"""Share of the steps over which the learning rate rises; after it falls to zero."""
DENIED_WEIGHT = 0.5
"""Of the second logit in the loss."""
HIDDEN = 256
ROUND_UP = 8
"""Tokens: lengths are padded to a multiple, so that few shapes are compiled."""


class Reader(nn.Module):
    """Reads a claim and a passage: said, and turned down."""

    def __init__(self) -> None:
        super().__init__()
        self.network = MiniLM(FROZEN_LAYERS)
        self.part = nn.Parameter(torch.zeros(2, WIDTH))
        self.hidden = nn.Linear(3 * WIDTH, HIDDEN)
        self.out = nn.Linear(HIDDEN, 2)
        nn.init.zeros_(self.out.weight)

    def forward(self, claim: Any, claim_mask: Any, passage: Any, passage_mask: Any) -> Any:
        """Return the two logits of every pair, shape (pairs, 2), from states alone."""
        states = torch.cat([claim + self.part[0], passage + self.part[1]], 1)
        states = self.network.together(states, torch.cat([claim_mask, passage_mask], 1))
        states, length = states.float(), claim.shape[1]
        read = torch.cat(
            [
                states[:, 0],
                _mean(states[:, :length], claim_mask),
                _mean(states[:, length:], passage_mask),
            ],
            -1,
        )
        return self.out(F.dropout(F.gelu(self.hidden(read)), 0.1, self.training)).float()


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
    heads = [*model.hidden.parameters(), *model.out.parameters(), model.part]
    network = [p for p in model.network.parameters() if p.requires_grad]
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
    wanted = torch.tensor([[p.said, p.denied] for p in batch])
    losses = F.binary_cross_entropy_with_logits(
        logits_of(model, batch, tokenizer), wanted, reduction="none"
    )
    return (losses * torch.tensor([1.0, DENIED_WEIGHT])).mean()


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
    """Write the first layers and the others, matrices as int8, without word embeddings."""
    network = model.float().eval().network
    text, mask = torch.randn(2, 24, WIDTH), torch.ones(2, 24)
    claim, claim_mask = torch.randn(2, 12, WIDTH), torch.ones(2, 12)
    _write(_Alone(network), (text, mask), folder / "alone.onnx", ["words", "mask"], "states")
    near = _Near(MiniLM(FROZEN_LAYERS).eval())
    _write(near, (text, mask), folder / "near.onnx", ["states", "mask"], "vectors")
    names = ["claim", "claim_mask", "passage", "passage_mask"]
    inputs = (claim, claim_mask, text, mask)
    _write(model, inputs, folder / "together.onnx", names, "logits")


class _Alone(nn.Module):
    def __init__(self, network: MiniLM) -> None:
        super().__init__()
        self.network = network

    def forward(self, words: Any, mask: Any) -> Any:
        return self.network.alone(words, mask)


class _Near(nn.Module):
    """The packaged sentence encoder after its first layers: a unit vector a text."""

    def __init__(self, network: MiniLM) -> None:
        super().__init__()
        self.network = network

    def forward(self, states: Any, mask: Any) -> Any:
        return F.normalize(_mean(self.network.together(states, mask), mask), dim=-1)


def _write(part: nn.Module, inputs: Any, out: Path, names: list[str], result: str) -> None:
    axes = {n: {0: "pairs", 1: "claim" if "claim" in n else "passage"} for n in names}
    if result == "states":
        axes[result] = {0: "pairs", 1: "passage"}
    with tempfile.TemporaryDirectory() as folder:
        whole = str(Path(folder) / "whole.onnx")
        torch.onnx.export(
            part,
            inputs,
            whole,
            dynamo=False,
            input_names=names,
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


def resume(model: Reader, path: Path) -> None:
    """Take over the trained layers of an earlier `together.onnx`."""
    graph = onnx.load(str(path)).graph
    found = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    known = model.state_dict()
    weights = {n: torch.tensor(a) for n, a in found.items() if n in known}
    for node in graph.node:
        if node.op_type == "MatMulInteger":
            name = node.input[1].removesuffix("_quantized")
            matrix = found[f"{name}_quantized"].astype(np.float32) * found[f"{name}_scale"]
            part = node.output[0].strip("/").replace("/", ".").rsplit(".", 1)[0]
            part = f"network.{part}" if part.startswith("layers.") else part
            weights[f"{part}.weight"] = torch.tensor(matrix.T.copy())
    added = {n.input[0]: n.input[1] for n in graph.node if n.op_type == "Add"}
    weights["part"] = torch.tensor(np.stack([found[added["claim"]], found[added["passage"]]]))
    missing = model.load_state_dict(weights, strict=False).missing_keys
    taught = {n for n, weight in model.named_parameters() if weight.requires_grad}
    if lost := taught & set(missing):
        raise SystemExit(f"{path}: {', '.join(sorted(lost))} not found")


def main() -> None:
    """Train, export, say what was written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where to write")
    parser.add_argument("--start", type=Path, metavar="FILE", help="an earlier together.onnx")
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
