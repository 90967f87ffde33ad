# mypy: disable-error-code="import-untyped,import-not-found"
# The packages of the training alone are not installed where the code is checked.
"""Train the frame classifier of `voiceprep.recognition.hesitations` on synthetic takes.

Reads what `synthesise.py` wrote, encodes it with the Whisper weights that the product
uses, and fits a small network that says for every 20 ms frame whether a hesitation is
heard there. Voices are split: those of the last fifth are never trained on.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import soundfile
from faster_whisper import WhisperModel
from numpy.typing import NDArray

from voiceprep.recognition.hesitations.sounds import FRAMES_PER_SECOND, stacked

Array = NDArray[np.float32]

RATE = 16_000  # Hz
WINDOW_S = 30.0  # Whisper's longest window
HIDDEN = 48  # units
EPOCHS = 6
BATCH = 512
LEARNING_RATE = 1e-3
WEIGHT_DECAY = 1e-3
DROPOUT = 0.3
NOISE = 1.0  # deviations of each feature, added while training; less fits the synthetic voices
ENSEMBLE = 3  # networks whose log odds are averaged; one alone is less even


@dataclass(frozen=True, slots=True)
class Frames:
    """Encoder frames [n, features], their labels (1 hesitation, 0 none) and voices."""

    features: Array
    labels: Array
    voices: NDArray[np.str_]

    def of(self, chosen: NDArray[np.bool_]) -> Frames:
        """Return the chosen frames."""
        return Frames(self.features[chosen], self.labels[chosen], self.voices[chosen])


@dataclass(frozen=True, slots=True)
class Take:
    """A recording with the (start, end) seconds of its hesitations."""

    wave: Array
    hesitations: tuple[tuple[float, float], ...]

    def piece(self, first: int, last: int) -> Take:
        """Return the samples [first, last)."""
        at = first / RATE
        return Take(self.wave[first:last], tuple((s - at, e - at) for s, e in self.hesitations))

    def faster(self, factor: float) -> Take:
        """Return it played faster, higher in pitch."""
        at = np.arange(0, len(self.wave) - 1, factor)
        wave = np.interp(at, np.arange(len(self.wave)), self.wave).astype(np.float32)
        return Take(wave, tuple((s / factor, e / factor) for s, e in self.hesitations))

    def over(self, others: list[Array], level: float) -> Take:
        """Return it before a background of other people talking, `level` of its own."""
        murmur = np.zeros(len(self.wave), np.float32)
        for other in others:
            murmur += np.resize(other, len(murmur)) / (np.abs(other).max() + 1e-6)
        own = float(np.abs(self.wave).max())
        mixed = self.wave + murmur * own * level / len(others)
        return Take(np.asarray(mixed, np.float32), self.hesitations)


def read_takes(folder: Path, whisper: WhisperModel, seed: int) -> Frames:
    """Encode every take whole and altered, and murmur without a speaker before it."""
    rng = np.random.default_rng(seed)
    rows = json.loads((folder / "takes.json").read_text("utf-8"))
    waves: list[Array] = [
        np.asarray(soundfile.read(folder / row["file"], dtype="float32")[0], np.float32)
        for row in rows
    ]
    features, labels, voices = [], [], []
    for row, wave in zip(rows, waves, strict=True):
        marks = tuple((start, end) for start, end, _name in row["hesitations"])
        for take in _renderings(Take(wave.astype(np.float32), marks), waves, rng):
            heard = encoded(whisper, take.wave)
            label = _labels(take, len(heard))
            keep = ~np.isnan(label)
            features.append(stacked(heard)[keep])
            labels.append(label[keep])
            voices.append(np.full(int(keep.sum()), row["voice"]))
    return Frames(np.concatenate(features), np.concatenate(labels), np.concatenate(voices))


def _renderings(take: Take, waves: list[Array], rng: np.random.Generator) -> list[Take]:
    longest = int(WINDOW_S * RATE)
    start = int(rng.integers(0, max(len(take.wave) - 4 * RATE, 1)))
    piece = take.piece(start, start + int(rng.uniform(3, 15) * RATE))
    altered = take.faster(rng.uniform(0.85, 1.18)).piece(0, longest)
    others = [waves[k] for k in rng.integers(0, len(waves), 4)]
    found = [
        take.piece(0, longest),
        piece.faster(rng.uniform(0.9, 1.1)),
        altered.over(others[:2], rng.uniform(0.02, 0.2)),
    ]
    if rng.random() < 0.3:
        silent = Take(np.zeros(12 * RATE, np.float32) + 1e-4, ())
        found.append(silent.over(others, rng.uniform(50, 3000)))
    return found


def _labels(take: Take, frames: int) -> Array:
    """Return 1 in hesitations, 0 outside, NaN at their edges, for each frame."""
    at = (np.arange(frames) + 0.5) / FRAMES_PER_SECOND
    label = np.zeros(frames, np.float32)
    for first, last in take.hesitations:
        label[(at > first - 0.03) & (at < last + 0.03)] = np.nan
        label[(at > first + 0.02) & (at < last - 0.02)] = 1
    return label


def encoded(whisper: WhisperModel, wave: Array) -> Array:
    """Return Whisper's encoder output for up to 30 s: [frames, 384] at 50 Hz."""
    mel = whisper.feature_extractor(wave)[:, :3000]
    padded = np.pad(mel, ((0, 0), (0, 3000 - mel.shape[1])))
    output = np.array(whisper.encode(padded))[0]
    return np.asarray(output[: len(wave) * FRAMES_PER_SECOND // RATE], np.float32)


def fit(frames: Frames, seed: int) -> dict[str, Array]:
    """Return the weights of a one-layer network fitted with Adam and dropout."""
    rng = np.random.default_rng(seed)
    mean = frames.features.mean(axis=0)
    scale = 1 / (frames.features.std(axis=0) + 1e-3)
    size = frames.features.shape[1]
    weights = {
        "hidden": rng.normal(0, size**-0.5, (size, HIDDEN)).astype(np.float32),
        "hidden_bias": np.zeros(HIDDEN, np.float32),
        "output": rng.normal(0, HIDDEN**-0.5, HIDDEN).astype(np.float32),
        "output_bias": np.zeros(1, np.float32),
    }
    moments = {k: (np.zeros_like(v), np.zeros_like(v)) for k, v in weights.items()}
    step = 0
    for epoch in range(EPOCHS):
        rate = LEARNING_RATE * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS))
        order = rng.permutation(len(frames.labels))
        for begin in range(0, len(order), BATCH):
            rows = order[begin : begin + BATCH]
            x = (frames.features[rows] - mean) * scale
            x += NOISE * rng.standard_normal(x.shape, np.float32)
            step += 1
            for name, slope in _slopes(weights, x, frames.labels[rows], rng).items():
                first, second = moments[name]
                first += 0.1 * (slope - first)
                second += 0.001 * (slope**2 - second)
                change = (first / (1 - 0.9**step)) / (
                    np.sqrt(second / (1 - 0.999**step)) + 1e-8
                )
                weights[name] -= (rate * (change + WEIGHT_DECAY * weights[name])).astype(
                    np.float32
                )
    # The standardisation is folded into the first layer, so using it costs nothing.
    return {
        "hidden": weights["hidden"] * scale[:, None],
        "hidden_bias": weights["hidden_bias"] - (mean * scale) @ weights["hidden"],
        "output": weights["output"],
        "output_bias": weights["output_bias"],
    }


def joined(networks: list[dict[str, Array]]) -> dict[str, Array]:
    """Return one wider network whose log odds are the mean of theirs."""
    return {
        "hidden": np.concatenate([n["hidden"] for n in networks], axis=1),
        "hidden_bias": np.concatenate([n["hidden_bias"] for n in networks]),
        "output": np.concatenate([n["output"] for n in networks]) / len(networks),
        "output_bias": np.mean([n["output_bias"] for n in networks], axis=0),
    }


def _slopes(
    weights: dict[str, Array], x: Array, wanted: Array, rng: np.random.Generator
) -> dict[str, Array]:
    """Return the gradient of the cross entropy; hesitation frames count double."""
    inner = x @ weights["hidden"] + weights["hidden_bias"]
    kept = (rng.random(inner.shape) > DROPOUT).astype(np.float32) / (1 - DROPOUT)
    active = np.maximum(inner, 0) * kept
    said = 1 / (1 + np.exp(-(active @ weights["output"] + weights["output_bias"][0])))
    error = (said - wanted) * np.where(wanted > 0, 2, 1) / len(wanted)
    back = np.outer(error, weights["output"]) * kept * (inner > 0)
    return {
        "hidden": x.T @ back,
        "hidden_bias": back.sum(axis=0),
        "output": active.T @ error,
        "output_bias": np.array([error.sum()], np.float32),
    }


def probabilities(weights: dict[str, Array], features: Array) -> Array:
    """Return the probability of a hesitation per frame."""
    active = np.maximum(features @ weights["hidden"] + weights["hidden_bias"], 0)
    score = active @ weights["output"] + weights["output_bias"][0]
    return np.asarray(1 / (1 + np.exp(-score)), np.float32)


def main() -> None:
    """Fit, print how it does on voices it never heard, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("takes", type=Path, nargs="+")
    parser.add_argument("--model", type=Path, required=True, help="Whisper weights")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="the .npz to write")
    options = parser.parse_args()
    ctranslate2.set_random_seed(options.seed)
    whisper = WhisperModel(str(options.model), device="cpu", compute_type="int8")
    parts = [read_takes(folder, whisper, options.seed) for folder in options.takes]
    frames = Frames(
        np.concatenate([p.features for p in parts]),
        np.concatenate([p.labels for p in parts]),
        np.concatenate([p.voices for p in parts]),
    )
    names = np.unique(frames.voices)
    unheard = np.isin(frames.voices, names[4::5])
    weights = fit(frames.of(~unheard), options.seed)
    rest = frames.of(unheard)
    said = probabilities(weights, rest.features) > 0.5
    true = rest.labels > 0
    hit = float((said & true).sum())
    print(f"{len(frames.labels)} frames of {len(names)} voices, {true.sum()} held out")
    print(f"held-out voices, frames: precision {hit / said.sum():.3f}", end=" ")
    print(f"recall {hit / true.sum():.3f}")
    weights = joined([fit(frames, options.seed + k) for k in range(ENSEMBLE)])
    stored: dict[str, Any] = {k: v.astype(np.float16) for k, v in weights.items()}
    np.savez_compressed(options.out, **stored)


if __name__ == "__main__":
    main()
