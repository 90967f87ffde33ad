"""Hesitation sounds, and the words and uses that only look like them.

After Clark and Fox Tree, Using uh and um in spontaneous speaking (Cognition 84, 2002), and
Shriberg, Preliminaries to a theory of speech disfluencies (1994).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from voiceprep.fillers import wordclasses as wc
from voiceprep.fillers.spoken import BOUNDARY, NO_GAP, PAUSE

if TYPE_CHECKING:
    from voiceprep.fillers.spoken import Words

SOUNDS = {
    "um": re.compile(r"u+h?m+|e+h+m+"),
    "uh": re.compile(r"u+h+"),
    "er": re.compile(r"er+"),
    "erm": re.compile(r"er+m+"),
    "hmm": re.compile(r"hm+"),
    "mm": re.compile(r"mm+"),
    "ah": re.compile(r"a+h+"),
    "eh": re.compile(r"e+h+"),
}

_HESITATION_LETTERS = frozenset("aehmru")


# After these, "ah" greets an insight; it does not search (Heritage, A change-of-state
# token, 1984, on oh and ah).
_INSIGHT = wc.words(
    "yes yeah yep right ok okay great good nice perfect thanks thank sorry no now that's of "
    "interesting got cool well but gotcha sure alright there that so"
)
# Before a sound that is talked about, not made.
_MENTION = wc.words("word words sound sounds filler fillers syllable saying letters every each")
_HOW_OFTEN = wc.words("instead when every constantly too so all twice before again less more")
_ER_NOUN = wc.words(
    "diagram diagrams model models modelling modeling visit visits department doctor doctors "
    "nurse nurses room rooms wait physician admissions patients"
)


def sound_name(word: str) -> str | None:
    """Return the name of the sound that a lower-case word spells, None for another word."""
    if not _HESITATION_LETTERS.issuperset(word):
        return None
    return next((n for n, p in SOUNDS.items() if p.fullmatch(word)), None)


def hesitation_at(words: Words, i: int) -> str | None:
    """Return the name of the hesitation at `i`, None where the word is none."""
    token = words.tokens[i]
    name = sound_name(token.word)
    if name is None or token.quoted or _mentioned(words, i):
        return None
    return None if _no_sound(words, i, name) else name


def _mentioned(words: Words, i: int) -> bool:
    """Return whether the sound is talked about: "the word um", "I say um and uh a lot"."""
    before, after = words.word(i, -1), words.word(i, 1)
    if words.after(i) == NO_GAP and after in ("and", "or") and sound_name(words.word(i, 2)):
        return words.word(i, -1) in _MENTION | _SAY
    if before in ("and", "or") and words.before(i) == NO_GAP and sound_name(words.word(i, -2)):
        return words.word(i, -3) in _MENTION | _SAY
    bare = words.tokens[i].before == words.after(i) == NO_GAP
    noun = before in wc.DETERMINER and after in wc.BE | _AFTER_NOUN
    if bare and noun and words.sentences:
        return True
    if before in _MENTION and words.tokens[i].before == NO_GAP:
        return True
    if before in _SAY and bare:
        return after in _HOW_OFTEN or words.right(i, 2) == ["a", "lot"]
    opening = words.tokens[i].before == BOUNDARY and words.after(i) == NO_GAP
    return words.sentences and opening and after in wc.BE


_AFTER_NOUN = wc.words("of and or before after between in per at")
_SAY = wc.words("say says said write wrote hear heard count counted")


def _no_sound(words: Words, i: int, name: str) -> bool:
    """Return whether a word spelled like a hesitation is something else here."""
    token = words.tokens[i]
    before, after = words.word(i, -1), words.word(i, 1)
    if token.capitals and not (token.before == BOUNDARY and token.after == PAUSE):
        return True
    if name in ("hmm", "mm", "uh") and _answer(words, i):
        return True
    if name == "mm":
        return wc.is_number(before) and token.before == NO_GAP
    if name == "er":
        return (
            after in _ER_NOUN
            or token.clipped
            or (token.word == "err" and (before == "to" or after in ("on", "is")))
        )
    if name == "ah":
        return token.before == BOUNDARY and (
            (token.after == BOUNDARY and not token.question and len(words.tokens) > 1)
            or after in _INSIGHT
            or (after == "i" and words.word(i, 2) in ("see", "get", "understand", "remember"))
        )
    return name == "eh" and token.question


def _answer(words: Words, i: int) -> bool:
    """Return whether the sound is half of an answer: mm hmm, uh huh."""
    tokens = words.tokens
    word, after = tokens[i].word, tokens[i + 1].word if i + 1 < len(tokens) else ""
    before = tokens[i - 1].word if i else ""
    return (
        (word.startswith(("mm", "u")) and after == "huh")
        or (word.startswith("mm") and after.startswith("hm"))
        or (word.startswith("hm") and before.startswith("mm"))
    )
