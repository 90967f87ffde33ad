"""Claims said and denied in their own words: "we asked them", "we didn't ask them".

The written passages avoid the claims' own words, and so teach that whoever uses them says
it. These teach that a plain negation is one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

_IRREGULAR: dict[str, str] = dict(
    re.findall(
        r"(\w+):(\w+)",
        "wrote:write told:tell made:make kept:keep held:hold found:find took:take gave:give "
        "built:build chose:choose set:set ran:run spoke:speak led:lead got:get went:go "
        "brought:bring let:let cut:cut put:put sat:sit drew:draw sent:send thought:think "
        "left:leave read:read learnt:learn met:meet paid:pay broke:break began:begin "
        "said:say saw:see knew:know grew:grow split:split sought:seek stood:stand",
    )
)
PAST_SAID = ("We {p}.", "I {p}, yes.", "In the end I {p}.", "We did {b}.", "Luckily we {p}.")
PAST_DENIED = (
    "We never {p}.",
    "Nobody {p}, to be honest.",
    "None of us {p}.",
    "We didn't {b}.",
    "I did not {b}.",
    "I didn't {b}, if I'm honest.",
    "We haven't {p}.",
    "I can't say that we {p}.",
    "No one took the time to {b}.",
)
BASE_SAID = ("I {b}.", "I always {b}.", "We {b}.", "We did {b}.", "What I do is {b}.")
BASE_DENIED = (
    "I don't {b}.",
    "We didn't {b}.",
    "I never {b}.",
    "We don't {b}, honestly.",
    "I did not {b}.",
    "Nobody had the time to {b}.",
    "It wasn't me who would {b}.",
    "We couldn't {b}.",
)
CLAIM_SAID = ("{P}.", "I'd say {p}.", "For me, {p}.", "And {p}, yes.", "I know that {p}.")
CLAIM_DENIED = (
    "I don't think that {p}.",
    "It's not true that {p}.",
    "I wouldn't say {p}.",
    "{P}? No.",
    "It was not the case that {p}.",
    "It never was like that, {p}.",
    "There was no {p}.",
)


def verbs(claims: Iterable[str]) -> frozenset[str]:
    """Return the verbs, in their base form, that claims begin with."""
    return frozenset(b for claim in claims if (b := _base(claim.split()[0].lower())))


def said(claim: str, known: frozenset[str], rng: random.Random) -> str:
    """Return a claim said in its own words."""
    return _filled(claim, known, (PAST_SAID, BASE_SAID, CLAIM_SAID), rng)


def denied(claim: str, known: frozenset[str], rng: random.Random) -> str:
    """Return a claim denied in its own words."""
    return _filled(claim, known, (PAST_DENIED, BASE_DENIED, CLAIM_DENIED), rng)


def _filled(
    claim: str,
    known: frozenset[str],
    frames: tuple[tuple[str, ...], ...],
    rng: random.Random,
) -> str:
    past, base, whole = frames
    first, _, rest = _lowered(claim).partition(" ")
    verb = _base(first) or (first if first in known else None)
    chosen = whole if verb is None else past if _is_past(first) else base
    return framed(claim, rng.choice(chosen).replace("{b}", f"{verb} {rest}"))


def framed(text: str, frame: str) -> str:
    """Return a frame with a text in the place of `{p}`, or of `{P}` at its beginning."""
    bare = text.rstrip(" .!?")
    return frame.replace("{p}", _lowered(bare)).replace("{P}", bare)


def _lowered(text: str) -> str:
    """Return a text as it stands inside a sentence."""
    return text if re.match(r"I\b|[A-Z]{2}", text) else text[:1].lower() + text[1:]


def _is_past(word: str) -> bool:
    return word in _IRREGULAR or word.endswith("ed")


def _base(word: str) -> str | None:
    """Return the base form of a past tense or a third person, roughly; else None."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith(("ied", "ies")):
        return word[:-3] + "y"
    if word.endswith("ed") and len(word) > 4:
        stem = word[:-2]
        if stem[-1] == stem[-2] and stem[-1] not in "ls":
            return stem[:-1]
        return stem + "e" if re.search(r"([cgsuvz]|at|[^aeo][aiu]r|[^aeiou]l)$", stem) else stem
    if re.search(r"(sh|ch|ss|x|z)es$", word):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return None
