# mypy: disable-error-code="import-untyped,import-not-found"
# The packages of the training alone are not installed where the code is checked.
"""Speech with hesitations at known times, spoken by synthetic voices.

Phrases and hesitation sounds are spoken one by one by each voice of Kokoro-82M (ONNX),
the hesitations are flattened in pitch and stretched (WORLD vocoder), and both are
strung together with pauses of known length, then put into rooms, noise and telephone
bands. Every frame's label is therefore known without listening. Run by `make.sh`.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pyworld
import scipy.signal
import soundfile
from numpy.typing import NDArray
from piper.phonemize_espeak import EspeakPhonemizer

Wave = NDArray[np.float64]

SPEECH_RATE = 24_000  # Hz, what the voices speak at
RATE = 16_000  # Hz, what Whisper hears
WORLD_FRAME_S = 0.005  # hop of the WORLD vocoder

# eSpeak's IPA as Kokoro was taught it: diphthongs and affricates are single symbols.
KOKORO_SYMBOLS = (
    ("\u0361", ""), ("dʒ", "ʤ"), ("tʃ", "ʧ"), ("eɪ", "A"), ("aɪ", "I"), ("aʊ", "W"),
    ("oʊ", "O"), ("əʊ", "Q"), ("ɔɪ", "Y"), ("ɜː", "ɜɹ"), ("ɚ", "əɹ"), ("l̩", "ᵊl"),
    ("n̩", "ᵊn"), ("r", "ɹ"), ("x", "k"), ("ɬ", "l"), ("ː", ""), ("g", "ɡ"), ("e", "A"),
)  # fmt: skip

# How each hesitation is spoken; the vowel varies between people and accents.
HESITATIONS = {
    "um": ("ʌm…", "əm,", "ɐm…", "ˈʌm,", "əːm…", "ʌmm…"),
    "uh": ("ʌ…", "ə,", "ɐ…", "ˈʌ,", "ɜ…", "əə…"),
    "er": ("ɜɹ…", "əɹ,"),
    "hm": ("hm…", "m…", "mm,", "hmm…"),
}
SHARES = {"um": 0.45, "uh": 0.35, "er": 0.06, "hm": 0.14}

OPENERS = (
    "so", "well", "and then", "I think", "basically", "in my last role", "the thing is",
    "to be honest", "at that point", "for example", "but", "and", "because", "I mean",
    "what happened was", "my first idea was", "the hardest part was", "looking back",
)  # fmt: skip
SUBJECTS = (
    "we", "the team", "my manager", "a customer", "I", "the whole group", "some of them",
    "an umbrella project", "the summer intern", "another company", "our main supplier",
    "the album cover designer", "her assistant", "a number of people", "the humble baker",
)  # fmt: skip
VERBS = (
    "decided to change", "had to explain", "never really understood", "was working on",
    "came up with", "measured", "wanted to rewrite", "summed up", "ran into trouble with",
    "asked me about", "stumbled over", "gave up on", "was humming along with", "finished",
)  # fmt: skip
OBJECTS = (
    "the budget", "a simple plan", "the data pipeline", "an error in the model",
    "the second version", "all of the numbers", "a different approach", "the drums",
    "the main assumption", "some of the results", "the other department", "a column",
    "what comes next", "the customer survey", "her suggestion", "an outcome we liked",
)  # fmt: skip
ENDINGS = (
    "after a month", "in the end", "under pressure", "for the first time", "on Monday",
    "with no help at all", "as a matter of fact", "from the beginning", "in the autumn",
    "once I asked her", "and that was enough", "which was uncommon", "sooner or later",
    "", "", "",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spoken:
    """A mono take at 16 kHz with the (start, end) seconds and name of each hesitation."""

    wave: Wave
    hesitations: tuple[tuple[float, float, str], ...]
    words: str


class Voices:
    """The synthetic speakers."""

    def __init__(self, model: Path, vocabulary: Path, voices: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 2
        self._session = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )
        self._symbols: dict[str, int] = json.loads(vocabulary.read_text("utf-8"))["vocab"]
        self._folder = voices
        self._phonemizer = EspeakPhonemizer()

    def names(self, first_letters: str) -> list[str]:
        """Return the voices whose accent letter is one of these, sorted."""
        found = sorted(p.stem for p in self._folder.glob("*.bin"))
        return [name for name in found if name[0] in first_letters]

    def phonemes(self, text: str, accent: str) -> str:
        """Return a text in Kokoro's symbols; `accent` is an eSpeak voice."""
        found = " ".join("".join(s) for s in self._phonemizer.phonemize(accent, text))
        for ipa, symbol in KOKORO_SYMBOLS:
            found = found.replace(ipa, symbol)
        return found

    def speak(self, phonemes: str, voice: str, speed: float) -> Wave:
        """Return the speech at 24 kHz, silence at both ends cut off, peak 1 or less."""
        tokens = [self._symbols[c] for c in phonemes if c in self._symbols]
        styles = np.fromfile(self._folder / f"{voice}.bin", np.float32).reshape(-1, 256)
        sound = self._session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
                "style": styles[min(len(tokens), len(styles) - 1)][None],
                "speed": np.array([speed], np.float32),
            },
        )[0]
        return trimmed(np.asarray(sound, np.float64).ravel())


def trimmed(wave: Wave, floor: float = 0.04) -> Wave:
    """Return the part whose 10 ms level exceeds `floor` of the loudest."""
    hop = SPEECH_RATE // 100
    frames = wave[: len(wave) // hop * hop].reshape(-1, hop)
    level = np.sqrt((frames**2).mean(axis=1)) if len(frames) else np.zeros(1)
    loud = np.flatnonzero(level > floor * max(level.max(), 1e-9))
    return wave[loud[0] * hop : (loud[-1] + 1) * hop] if len(loud) else wave


def hesitating(wave: Wave, rng: np.random.Generator) -> Wave:
    """Return a sound as a hesitation: flat, low in pitch, of natural length.

    Filled pauses are lower and flatter than the words around them (Shriberg 1994,
    ch. 7; O'Shaughnessy 1992), 0.15 to 1.2 s long with a median near 0.4 s.
    """
    pitch, at = pyworld.harvest(wave, SPEECH_RATE, frame_period=WORLD_FRAME_S * 1000)
    envelope = pyworld.cheaptrick(wave, pitch, at, SPEECH_RATE)
    breath = pyworld.d4c(wave, pitch, at, SPEECH_RATE)
    voiced = pitch > 0
    if voiced.sum() < 5:
        return wave
    middle = float(np.median(pitch[voiced])) * rng.uniform(0.75, 1.0)
    keep = rng.uniform(0.05, 0.5)
    seconds = float(np.clip(rng.lognormal(np.log(0.42), 0.5), 0.14, 1.4))
    frames = max(round(seconds / WORLD_FRAME_S), 10)
    # Endings are kept and the middle is stretched: people hold the vowel.
    position = np.linspace(0, 1, frames)
    warp = position + rng.uniform(-0.06, 0.06) * np.sin(2 * np.pi * position)
    source = np.clip(warp, 0, 1) * (len(pitch) - 1)
    low = np.floor(source).astype(int)
    high = np.minimum(low + 1, len(pitch) - 1)
    share = (source - low)[:, None]
    line = np.interp(source, np.flatnonzero(voiced), pitch[voiced])
    drift = np.linspace(0, rng.uniform(-0.12, 0.06), frames)
    wobble = np.cumsum(rng.normal(0, 0.002, frames))
    line = middle * (1 + keep * (line / np.median(line) - 1) + drift + wobble)
    mixed = np.exp((1 - share) * np.log(envelope[low]) + share * np.log(envelope[high]))
    aperiodic = (1 - share) * breath[low] + share * breath[high]
    sound = pyworld.synthesize(
        line, np.ascontiguousarray(mixed), np.ascontiguousarray(aperiodic), SPEECH_RATE,
        WORLD_FRAME_S * 1000,
    )  # fmt: skip
    return np.asarray(sound * fade(len(sound), rng.uniform(0.015, 0.05)))


def fade(length: int, seconds: float) -> Wave:
    """Return a gain that rises and falls within `seconds` at both ends."""
    ramp = min(int(seconds * SPEECH_RATE), length // 2)
    gain = np.ones(length)
    if ramp:
        gain[:ramp] = np.sin(np.linspace(0, np.pi / 2, ramp)) ** 2
        gain[-ramp:] = gain[:ramp][::-1]
    return gain


def phrase(rng: np.random.Generator) -> str:
    """Return a made-up piece of an answer, two to ten words."""
    shape = rng.integers(4)
    parts = [rng.choice(OPENERS)] if shape != 1 else []
    if shape != 3:
        parts += [rng.choice(SUBJECTS), rng.choice(VERBS), rng.choice(OBJECTS)]
    if shape == 2:
        parts.append(rng.choice(ENDINGS))
    return " ".join(p for p in parts if p)


def breath(rng: np.random.Generator) -> Wave:
    """Return a breath: noise around a resonance, no voice."""
    length = int(rng.uniform(0.2, 0.7) * SPEECH_RATE)
    centre = rng.uniform(600, 2500)
    sections = scipy.signal.butter(
        2, [centre * 0.6, centre * 1.6], "band", fs=SPEECH_RATE, output="sos"
    )
    noise = scipy.signal.sosfilt(sections, rng.normal(size=length))
    return np.asarray(noise * np.hanning(length) / np.abs(noise).max() * rng.uniform(0.02, 0.2))


def take(voices: Voices, voice: str, seconds: float, rng: np.random.Generator) -> Spoken:
    """Return one speaker talking for about `seconds`, hesitating now and then."""
    accent = "en-gb-x-rp" if voice.startswith("b") else "en-us"
    bank = _hesitation_bank(voices, voice, rng)
    rate = rng.uniform(0.2, 0.85)
    pieces: list[Wave] = [np.zeros(int(rng.uniform(0.05, 1.0) * SPEECH_RATE))]
    marks: list[tuple[float, float, str]] = []
    said: list[str] = []
    at = len(pieces[0])

    def add(wave: Wave) -> None:
        nonlocal at
        pieces.append(wave)
        at += len(wave)

    while at < seconds * SPEECH_RATE:
        words = phrase(rng).split()
        # Half of the hesitations come inside a phrase rather than after it.
        split = rng.integers(1, len(words)) if rng.random() < 0.6 and len(words) > 2 else 0
        texts = [t for t in (" ".join(words[:split]), " ".join(words[split:])) if t]
        for text in texts:
            end = str(rng.choice([",", ".", "…", ""]))
            sounds = voices.phonemes(text + end, accent)
            speech = voices.speak(sounds, voice, rng.uniform(0.8, 1.25))
            add(speech * 0.9 / max(np.abs(speech).max(), 1e-6))
            said.append(text)
            while rng.random() < rate:
                name = str(rng.choice(list(SHARES), p=list(SHARES.values())))
                sound = hesitating(bank[name][rng.integers(len(bank[name]))], rng)
                sound = sound / max(np.abs(sound).max(), 1e-6) * rng.uniform(0.2, 0.8)
                add(np.zeros(_pause(rng)))
                marks.append((at / SPEECH_RATE, (at + len(sound)) / SPEECH_RATE, name))
                add(sound)
                said.append(name)
                if rng.random() < 0.75:
                    break
            add(np.zeros(_pause(rng)))
            if rng.random() < 0.15:
                add(breath(rng))
                add(np.zeros(_pause(rng)))
    wave = scipy.signal.resample_poly(np.concatenate(pieces), 2, 3)
    return Spoken(wave, tuple(marks), " ".join(said))


def _hesitation_bank(
    voices: Voices, voice: str, rng: np.random.Generator
) -> dict[str, list[Wave]]:
    bank: dict[str, list[Wave]] = {}
    for name, ways in HESITATIONS.items():
        chosen = rng.permutation(ways)[:2]
        bank[name] = [voices.speak(str(w), voice, rng.uniform(0.6, 1.1)) for w in chosen]
    return bank


def _pause(rng: np.random.Generator) -> int:
    # A third of hesitations touch the word beside them.
    seconds = 0.0 if rng.random() < 0.35 else rng.gamma(1.5, 0.22)
    return int(seconds * SPEECH_RATE)


def recorded(spoken: Spoken, rng: np.random.Generator) -> Spoken:
    """Return the take as some microphone in some room would have it."""
    wave = spoken.wave
    if rng.random() < 0.5:
        tail = int(rng.uniform(0.05, 0.35) * RATE)
        room = rng.normal(size=tail) * np.exp(-6.9 * np.arange(tail) / tail)
        room[0] = 1 / rng.uniform(0.02, 0.2)
        wet = scipy.signal.fftconvolve(wave, room)[: len(wave)]
        wave = wet / max(np.abs(wet).max(), 1e-6)
    if rng.random() < 0.3:
        low, high = rng.uniform(50, 300), rng.uniform(3300, 7000)
        band = scipy.signal.butter(4, [low, high], "band", fs=RATE, output="sos")
        wave = np.asarray(scipy.signal.sosfilt(band, wave))
    level = np.sqrt((wave**2).mean())
    noise = _noise(len(wave), rng) * level * 10 ** (-rng.uniform(12, 50) / 20)
    mixed = wave + noise
    return Spoken(
        mixed / max(np.abs(mixed).max(), 1e-6) * 10 ** rng.uniform(-1.2, -0.05),
        spoken.hesitations,
        spoken.words,
    )


def _noise(length: int, rng: np.random.Generator) -> Wave:
    """Return noise of level 1: white to brown, hum, or key clicks."""
    spectrum = np.fft.rfft(rng.normal(size=length))
    spectrum /= np.maximum(np.arange(len(spectrum)), 20) ** rng.uniform(0, 1.2)
    noise = np.fft.irfft(spectrum, length)
    noise /= np.sqrt((noise**2).mean())
    if rng.random() < 0.3:
        turns = 2 * np.pi * rng.choice([50, 60]) * np.arange(length) / RATE
        noise += sum(rng.uniform(0, 0.7) * np.sin(k * turns) for k in (1, 2, 3, 5))
    if rng.random() < 0.3:
        for start in rng.integers(0, max(length - 800, 1), size=length // RATE * 3):
            noise[start : start + 400] += (
                rng.normal(size=min(400, length - start))
                * np.exp(-np.arange(min(400, length - start)) / 60)
                * rng.uniform(2, 12)
            )
    return np.asarray(noise / np.sqrt((noise**2).mean()))


def main() -> None:
    """Write takes as FLAC with their labels: `takes.json` in Whisper's seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--vocabulary", type=Path, required=True)
    parser.add_argument("--voices", type=Path, required=True)
    parser.add_argument("--takes", type=int, default=4, help="per voice")
    parser.add_argument("--accents", default="ab", help="first letters of the voices")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    voices = Voices(options.model, options.vocabulary, options.voices)
    rows: list[dict[str, Any]] = []
    for number in range(options.takes):
        for index, voice in enumerate(voices.names(options.accents)):
            rng = np.random.default_rng([options.seed, number, index])
            spoken = recorded(take(voices, voice, rng.uniform(8, 25), rng), rng)
            name = f"{voice}-{number}.flac"
            soundfile.write(options.out / name, spoken.wave, RATE)
            rows.append(
                {
                    "file": name,
                    "voice": voice,
                    "text": spoken.words,
                    "hesitations": [list(mark) for mark in spoken.hesitations],
                }
            )
            (options.out / "takes.json").write_text(json.dumps(rows, indent=1), "utf-8")
        print(f"round {number + 1} of {options.takes}", flush=True)


if __name__ == "__main__":
    main()
