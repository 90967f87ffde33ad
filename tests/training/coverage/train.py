"""Train the reader of key-point coverage and write it as int8 ONNX.

    python -m tests.training.coverage.train FOLDER --start FILE...
        [--teacher FILE] [--reader-only]

A teacher learns the pairs first (`deberta`); then the finder and the reader learn what is
written and what the teacher thinks of it, and of pairs that nobody labelled (Hinton et al.
2015, "Distilling the knowledge in a neural network"). The teacher reads a passage as it was
told, the others as it is heard. The reader learns the pairs that it does not read rightly
yet. Writes `teacher.pt`, `alone.onnx`, `find.onnx` and `read.onnx` into FOLDER, and says how
good each is on the answers of `validation/`. Needs torch, transformers and onnx beside the
project; the teacher and the finder a GPU. See README.md.
"""

from __future__ import annotations

import argparse
import itertools
import random
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  (torch's own custom)
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from tests.benchmarks.coverage import area
from tests.training.coverage.deberta import LOGITS, Teacher
from tests.training.coverage.minilm import MiniLM
from tests.training.coverage.passages import HEARINGS, HERE, Material, Pair, material
from tests.training.coverage.reader import (
    Finder,
    Reader,
    export_finder,
    export_reader,
    resume,
)
from tests.training.coverage.spoken import read_answers
from tests.training.coverage.stream import APART, PARTS, TOGETHER, Device, Round, rounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.training.coverage.spoken import SpokenAnswer

LogitsOf: TypeAlias = "Callable[[Any, Device, Any, int], Any]"

MADE = 2 * PARTS
"""Parts of rounds of pairs that are made: a second round has other stretches, errors and like
claims."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a network is trained: steps, pairs a step, and the highest learning rate."""

    steps: int
    batch: int
    rate: float


TEACHER = Course(3150, 256, 1.5e-4)
FINDER = Course(1190, 512, 3e-4)
READER = Course(3600, 128, 2e-4)

CLEAR, REPEATED = 0.1, 0.15
"""Share of the pairs that have nothing to do with each other that the reader repeats, of those
that it takes for something at less than this probability when it begins."""

LABELLING = 512
"""Pairs that are read at once."""
HEADS_FASTER, WEIGHT_DECAY = 2.5, 0.01
WARM_UP = 0.05
"""Share of the steps over which the learning rate rises; after it falls to zero."""
SMOOTHING = 0.999
"""Decay of the moving average of the weights, which is what is kept."""
TRUST = 0.5
"""Weight of the teacher's view where there is a label."""
WEIGHTS = (1.0, 0.5, 0.25)
"""Of the logits in the loss: said, turned down, wrong words."""
RELATED, LIKE, SAME = 10, 0.45, 0.95
"""Claims of other questions that count as like one, and between which cosines."""


def teach(model: Teacher, made: Sequence[Device]) -> None:
    """Train the teacher on what is labelled."""
    labels = [round_.labels for round_ in made]
    among = [round_.labelled for round_ in made]
    _fit(model, _lessons(model, taught, made, labels, TEACHER, among, TOGETHER), TEACHER)


def train_finder(model: Finder, made: Sequence[Device], wanted: Sequence[Any]) -> None:
    """Train the finder on which pairs have to do with each other: said or turned down."""
    touched = [probabilities.amax(1, keepdim=True) for probabilities in wanted]
    _fit(model, _lessons(model, read, made, touched, FINDER), FINDER)


def train_reader(
    model: Reader, made: Sequence[Device], among: Sequence[Any], wanted: Sequence[Any]
) -> None:
    """Train the reader on what it is to say of some pairs, and how many words are wrong."""
    _fit(model, _lessons(model, read, made, wanted, READER, among), READER)


def _lessons(
    model: Any,
    logits_of: LogitsOf,
    made: Sequence[Device],
    wanted: Sequence[Any],
    course: Course,
    among: Sequence[Any] | None = None,
    alike: tuple[str, str] = APART,
) -> Iterator[Any]:
    """Yield the logits of some pairs and what they should be, again and again, each time
    heard anew, in another order."""
    some = among or [None] * len(made)
    for hearing in itertools.cycle(range(HEARINGS)):
        batches = [
            (round_, probabilities, chosen)
            for round_, these, probabilities in zip(made, some, wanted, strict=True)
            for chosen in round_.batches(course.batch, these, alike)
        ]
        random.shuffle(batches)
        for round_, probabilities, chosen in batches:
            found = logits_of(model, round_, chosen, hearing)
            at = chosen.to(probabilities.device)
            wished = torch.cat([probabilities[at], round_.wrong[at, hearing, None]], 1)
            yield found, wished[:, : found.shape[1]]


def worth_learning(reader: Reader, round_: Device) -> Any:
    """Return the numbers of the pairs to learn: of those that have nothing to do with each
    other, only the ones that the reader takes for something, and some of the others."""
    nothing = (round_.labels.amax(1) == 0).nonzero()[:, 0].cpu()
    found = _logits(reader, round_, read, nothing).sigmoid().amax(1)
    repeated = torch.rand(len(round_), device=found.device) < REPEATED
    return (~(found < CLEAR) | repeated).nonzero()[:, 0].cpu()


def views(teacher: Teacher, round_: Device, among: Any = None) -> Any:
    """Return probabilities that each pair is said and turned down, shape (pairs, 2), where
    they are among some; the others have none."""
    thought = _logits(teacher, round_, taught, among, TOGETHER).sigmoid()
    labels = torch.where(round_.labels.isnan(), thought, round_.labels)
    return (1 - TRUST) * labels + TRUST * thought


def taught(model: Teacher, round_: Device, chosen: Any, hearing: int) -> Any:
    """Return the teacher's logits of some pairs as they were told, shape (pairs, 2)."""
    return model(*round_.texts("both", chosen))


def read(model: Reader | Finder, round_: Device, chosen: Any, hearing: int) -> Any:
    """Return the logits of some pairs as they are heard, a row a pair."""
    alone = []
    passages = chosen + hearing * len(round_)
    with torch.no_grad():
        for name, numbers in (("claims", chosen), ("passages", passages)):
            ids, mask = round_.texts(name, numbers)
            alone += [model.network.alone(model.network.word(ids), mask), mask]
    return model(*alone)


def _fit(model: Any, lessons: Iterator[Any], course: Course) -> None:
    """Take the steps of a course, and leave the moving average of the weights.

    A lesson is the logits of some pairs and the probabilities that they should give.
    """
    steps = course.steps
    optimiser, schedule = _optimiser(model, steps, course.rate)
    kept = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(SMOOTHING))
    start, losses = time.time(), []
    model.train()
    device = next(model.parameters()).device.type
    for step in range(1, steps + 1):
        with torch.autocast(device, torch.bfloat16):
            found, wanted = next(lessons)
        loss = F.binary_cross_entropy_with_logits(found, wanted, reduction="none")
        loss = (loss * loss.new_tensor(WEIGHTS[: found.shape[1]])).mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        kept.update_parameters(model)
        losses.append(loss.detach())
        if step % 500 == 0 or step == steps:
            recent = torch.stack(losses[-500:]).mean().item()
            print(f"{step}/{steps} loss {recent:.4f} {time.time() - start:.0f} s", flush=True)
    model.load_state_dict(kept.module.state_dict())
    model.eval()


def _optimiser(model: Any, steps: int, rate: float) -> tuple[Any, Any]:
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


class Exam:
    """The answers of `validation/`: are points that are made told from those that are not?

    The score of a point is that of its best piece.
    """

    def __init__(self, device: str) -> None:
        self._answers = {
            path.stem: read_answers([path])
            for path in sorted((HERE / "validation").glob("*.txt"))
        }
        self._rounds = {
            name: Device(
                Round.of(
                    [
                        Pair.clearly(point.text, piece.text)
                        for answer in answers
                        for point in answer.question.key_points
                        for piece in answer.pieces
                    ]
                ),
                device,
            )
            for name, answers in self._answers.items()
        }

    def sit(self, model: Any, logits_of: LogitsOf) -> None:
        """Print the areas under the curves."""
        areas = {}
        for name, answers in self._answers.items():
            round_ = self._rounds[name]
            said = _logits(model, round_, logits_of)[:, 0]
            areas[name] = _told_apart(answers, said.tolist())
        print("  AUC", *(f"{name} {auc:.3f}" for name, auc in areas.items()), flush=True)


@torch.no_grad()
def _logits(
    model: Any,
    round_: Device,
    logits_of: LogitsOf,
    among: Any = None,
    alike: tuple[str, str] = APART,
) -> Any:
    """Return the logits said and denied of a round, shape (pairs, 2), not a number but for
    the pairs that are asked for. `alike` are the texts that are put together by length."""
    model.eval()
    found = torch.full((len(round_), LOGITS), torch.nan, device=round_.labels.device)
    for chosen in round_.batches(LABELLING, among, alike):
        with torch.autocast(found.device.type, torch.bfloat16):
            found[chosen.to(found.device)] = logits_of(model, round_, chosen, 0)[:, :LOGITS]
    return found


def _told_apart(answers: Sequence[SpokenAnswer], said: list[float]) -> float:
    scores: dict[bool, list[float]] = {True: [], False: []}
    first = 0
    for answer in answers:
        for k in range(len(answer.question.key_points)):
            best = max(said[first : first + len(answer.pieces)])
            first += len(answer.pieces)
            letters = answer.letters(k)
            if letters.isdisjoint("cp") or "c" in letters:
                scores["c" in letters].append(best)
    return area(scores[True], scores[False])


@torch.no_grad()
def with_related(known: Material, device: str) -> Material:
    """Return the material with the claims of other questions that are like each claim."""
    claims = known.claims()
    home = {p.text: q.text for q in known.questions for p in q.key_points}
    vectors, related = _vectors(claims, device), {}
    for first in range(0, len(claims), LABELLING):
        best = (vectors[first : first + LABELLING] @ vectors.T).topk(2 * RELATED)
        rows = zip(best.values.tolist(), best.indices.tolist(), strict=True)
        for claim, (values, at) in zip(claims[first:], rows, strict=False):
            related[claim] = [
                claims[k]
                for value, k in zip(values, at, strict=True)
                if LIKE <= value < SAME and home[claims[k]] != home[claim]
            ][:RELATED]
    return replace(known, related=related)


def _vectors(texts: Sequence[str], device: str) -> Any:
    """Return the unit vectors of the untrained network, shape (texts, WIDTH)."""
    network = MiniLM().to(device).eval()
    round_ = Device(Round.of([Pair.clearly(t, "") for t in texts]), device)
    found = []
    for chosen in torch.arange(len(texts), device=device).split(LABELLING):
        ids, mask = round_.texts("claims", chosen)
        states = network.finish(network.alone(network.word(ids), mask), mask)
        found.append((states * mask[..., None]).sum(1))
    return F.normalize(torch.cat(found), dim=-1)


def main() -> None:
    """Train, export, say what was written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where to write")
    parser.add_argument(
        "--start",
        type=Path,
        nargs="+",
        required=True,
        metavar="FILE",
        help="earlier files, in which the reader has learnt to read both together",
    )
    parser.add_argument("--teacher", type=Path, metavar="FILE", help="one that was taught")
    parser.add_argument("--reader-only", action="store_true", help="make no finder")
    parser.add_argument("--parts", type=int, default=MADE, help=f"{PARTS} are a round ({MADE})")
    parser.add_argument(
        "--leave-out",
        action="append",
        default=[],
        metavar="NAME",
        help="a bank, or a writer of answers/, that is not learnt from",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--processes", type=int, default=8)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    random.seed(options.seed)
    device, folder = options.device, options.folder
    folder.mkdir(parents=True, exist_ok=True)
    known, reader = with_related(material(options.leave_out), device), Reader()
    print(f"{len(known.answers)} answers, {len(known.claims())} claims", flush=True)
    resume(reader, options.start)
    parts = rounds(known, options.parts, options.seed, options.processes)
    made = [Device(part, device) for part in parts]
    exam, teacher = Exam(device), Teacher().to(device)
    if options.teacher:
        teacher.load_state_dict(torch.load(options.teacher))
    else:
        teach(teacher, made)
        torch.save(teacher.state_dict(), folder / "teacher.pt")
    exam.sit(teacher, taught)
    if not options.reader_only:
        finder = Finder().to(device)
        train_finder(finder, made, [views(teacher, r) for r in made])
        export_finder(finder, folder)
    reader.to(device)
    among = [worth_learning(reader, round_) for round_ in made]
    print(f"{sum(map(len, among))} of {sum(map(len, made))} pairs to learn", flush=True)
    wanted = [views(teacher, *part) for part in zip(made, among, strict=True)]
    train_reader(reader, made, among, wanted)
    exam.sit(reader, read)
    export_reader(reader, folder)


if __name__ == "__main__":
    main()
