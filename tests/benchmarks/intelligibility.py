"""Measure how well a voice is understood: questions spoken, and transcribed back.

    python tests/benchmarks/intelligibility.py [BANK] [--voice ID] [--rate WPM]

Prints each question that lost words, and the word error rate (substitutions, deletions
and insertions over words spoken) of the packaged model on all of them. Numbers and
abbreviations may be written otherwise than they are spoken, which counts as an error.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from pathlib import Path

from voiceprep import audio
from voiceprep.banks import load_bank
from voiceprep.recognition.models import find_weights
from voiceprep.recognition.transcriber import Transcriber
from voiceprep.sound.speaker import DEFAULT_RATE_WPM
from voiceprep.sound.synthesizer import Synthesizer
from voiceprep.sound.voices import NATURAL, choose_voice, voices


def words(text: str) -> list[str]:
    """Return the words of a text, hyphens parting them, in lower case."""
    return re.findall(r"[a-z0-9']+", text.lower().replace("’", "'"))


def errors(spoken: list[str], heard: list[str]) -> int:
    """Return the edit distance between two sequences of words (Levenshtein 1966)."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(spoken, 1):
        above, row = row, [number]
        for at, other in enumerate(heard, 1):
            row.append(min(above[at] + 1, row[-1] + 1, above[at - 1] + (word != other)))
    return row[-1]


def main() -> None:
    """Speak and transcribe every question of a bank."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("bank", nargs="?", default="machine-learning")
    parser.add_argument("--voice", help=f"id, name or language; {NATURAL!r} for piper")
    parser.add_argument("--rate", type=int, default=DEFAULT_RATE_WPM)
    options = parser.parse_args()
    bank = load_bank(options.bank)
    voice = choose_voice(
        [v for v in voices() if options.voice or v.id != NATURAL], bank.language, options.voice
    )
    transcriber = Transcriber.load(find_weights(), threads=2)
    wrong = count = 0
    seconds = 0.0
    with tempfile.TemporaryDirectory() as folder, Synthesizer(voice.engine) as synthesizer:
        for question in bank.questions:
            path = Path(folder) / f"{question.number}.wav"
            synthesizer.speak(question.text, voice.id, options.rate, path)
            samples = audio.read(path)
            heard = transcriber.transcribe([samples]).text
            lost = errors(words(question.text), words(heard))
            wrong, count = wrong + lost, count + len(words(question.text))
            seconds += audio.seconds(samples)
            if lost:
                print(
                    f"{question.number}: {lost} wrong\n"
                    f"  said:  {question.text}\n  heard: {heard}"
                )
    print(
        f"{bank.name}, {voice.name}: word error rate {wrong / count:.3f} ({wrong} of {count}), "
        f"{60 * count / seconds:.0f} words a minute"
    )


if __name__ == "__main__":
    main()
