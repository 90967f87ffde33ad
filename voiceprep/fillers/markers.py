"""The discourse markers, each with the rule that tells a filler from the ordinary words.

The sources of list and rules stand in the docstring of the room.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from voiceprep.fillers import wordclasses as wc
from voiceprep.fillers.like import like
from voiceprep.fillers.spoken import BOUNDARY, NO_GAP, PAUSE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from voiceprep.fillers.spoken import Place


def opens_clause(place: Place) -> bool:
    """Return whether a clause begins right after the marker: a subject, then its verb."""
    ahead = place.right(6)
    if not ahead:
        return False
    if wc.is_subject(ahead[0]):
        return True
    if ahead[0] in wc.MODAL | wc.DO | wc.BE and ahead[1:] and wc.is_subject(ahead[1]):
        return True
    return ahead[0] in wc.DETERMINER and any(wc.is_finite(w) for w in ahead[2:])


# After these a clause may open, so a marker there stands at its start.
_CLAUSE_JOINT = wc.words("and but so because cause 'cause cuz then or yeah though")


def _opening_adverb(place: Place) -> bool:
    """One of basically, actually, honestly: at the start of a sentence or clause, or set off.

    Inside a clause they modify the verb ("what it actually predicts"), and an opening one
    before a gerund modifies that ("Actually shipping it is harder").
    """
    if place.parenthetical:
        return bool(place.left() or place.right())
    if (
        place.before == BOUNDARY
        or place.previous in _CLAUSE_JOINT
        or place.previous in wc.INTERJECTION
    ):
        return (
            place.after == PAUSE
            or opens_clause(place)
            or not (
                wc.is_gerund(place.next)
                or wc.is_adjective(place.next)
                or place.next in wc.PREPOSITION
                or place.next in wc.BASE_VERB
                or wc.is_finite(place.next)
                or not place.next
            )
        )
    if place.before == PAUSE:
        return opens_clause(place)
    return False


_MIND = wc.words(
    "as if when once since how what that until unless before whether things everything all "
    "everyone people someone one who ones so wherever whatever anything like do did does don't "
    "didn't would could should can might may"
)
_KNOWN = wc.words(
    "how what that why where who if whether which whose more better less nothing everything "
    "exactly enough already best yet too about of him her them me us it something anything "
    "someone your yourself each any from"
)


# Adverbs that modify know itself: the person you know best.
_DEGREE = wc.words("best better well more most less enough already too yet")
_TELLER = wc.words("i we there i'm i've we're we've there's i'd we'd")


def _you_know(place: Place) -> bool:
    """Parenthetical "you know", or one where "know" can have neither subject nor object."""
    before, after = place.previous, place.next
    if before in _MIND - {"so", "that", "like"} and place.before == NO_GAP:
        return False
    if before in ("let", "lets", "letting") and place.before == NO_GAP:
        return False
    if place.left(3) == ["know", "you", "if"]:
        return False
    if place.parenthetical or before == "like":
        return True
    if place.before == BOUNDARY and place.after == NO_GAP and place.words.punctuated:
        return _narrative(place)
    if before in wc.SUBJECT_PRONOUN - {"it", "you"} | {"thought", "said"} or (
        after == "like" and not place.after
    ):
        return True
    if _incomplete(before) or (wc.is_adverb(before) and wc.is_finite(after)):
        return True
    if (
        after in _KNOWN
        and place.after == NO_GAP
        and (after in _DEGREE or not wc.is_finite(" ".join(place.right(2)[1:])))
    ):
        return False
    if place.before == NO_GAP and place.words.beside_filler(place.last, 1):
        return True
    if place.after == PAUSE:
        return before not in ("let", "that", "so")
    if place.after == BOUNDARY:
        return before not in ("let", "that", "so") and not place.words.punctuated
    if before in _CLAUSE_JOINT or before in ("that", "") or place.before == PAUSE:
        joined = before in ("and", "but", "because") and after not in wc.DETERMINER
        return (
            _narrative(place)
            or wc.is_adverb(after)
            or after in wc.PREPOSITION
            or (joined and not place.words.punctuated)
        )
    return (
        wc.is_adverb(after)
        or after in wc.PREPOSITION
        or wc.is_subject(after)
        or (wc.is_adjective(after) or after in wc.CONJUNCTION)
    )


def _know_what(place: Place) -> bool:
    """The tag "you know what I mean", not the question or condition with those words."""
    return place.previous not in _MIND and (
        place.parenthetical
        or (place.after != NO_GAP and bool(place.left()))
        or (not place.words.punctuated and bool(place.left()))
    )


def _incomplete(word: str) -> bool:
    """Return whether a clause cannot end at a word, so that what follows interrupts it."""
    return (
        word in wc.BE
        or word
        in (wc.DETERMINER - wc.OBJECT_PRONOUN - {"this", "that", "all", "each", "some", "any"})
        or word
        in ("with", "for", "from", "at", "of", "to", "into", "by", "had", "have", "we've")
        or word in wc.TRANSITIVE - wc.DO - {"know", "say", "said", "saying", "see"}
    )


def _narrative(place: Place) -> bool:
    """Return whether the marker is followed by a clause that "know" would hardly take."""
    ahead = place.right(6)
    if not ahead:
        return False
    if ahead[0] in _TELLER:
        return True
    if wc.is_subject(ahead[0]) or (ahead[0] in wc.DETERMINER and not place.words.punctuated):
        contracted = ahead[0] in wc.CONTRACTED_SUBJECT and not place.words.punctuated
        return contracted or any(wc.is_finite(w) and w not in wc.MODAL for w in ahead[1:5])
    return False


_MEANT = wc.WH | wc.words("one ones thing things do did")
_MEANING = wc.words("to by business well every what something no")


def _i_mean(place: Place) -> bool:
    """Clause-initial "I mean"; not the verb that explains a word."""
    behind = place.left(10)
    if behind[:1] and behind[0] in _MEANT:
        return False
    if place.after == NO_GAP and ("by" in behind[:5] or {"say", "said", "says"} & set(behind)):
        return False
    if place.after == BOUNDARY and place.before == NO_GAP:
        return not place.words.punctuated
    if place.after != NO_GAP:
        return True
    ahead = place.right(5)
    if "when" in behind and place.before == PAUSE and place.next in wc.DETERMINER:
        return False
    if place.words.punctuated and ahead[:1] and ahead[0] in wc.DETERMINER and len(ahead) < 5:
        return any(wc.is_finite(w) or w.endswith("s") for w in ahead[2:])
    if place.next in ("it", "this", "that"):
        return _goes_on(ahead[1:])
    return place.next not in _MEANING or (len(ahead) > 1 and wc.is_finite(ahead[1]))


def _goes_on(ahead: Sequence[str]) -> bool:
    """Return whether a verb may follow, so that the pronoun before it was a subject."""
    rest = [word for word in ahead if not wc.is_adverb(word)]
    return bool(rest) and rest[0] not in wc.PREPOSITION | wc.CONJUNCTION | {"as", "when"}


_KIND_OF = wc.words(
    "this that the a an any some every each what which whatever these those same another one "
    "no of my his our your their two three all other certain different new first only best "
    "very so"
)


def _kind_of(place: Place) -> bool:
    """A hedge, unless a determiner or adjective makes "kind" a noun."""
    behind, ahead = place.left(2), place.right(2)
    before, after = place.previous, place.next
    if after in ("you", "him", "her", "them") and (
        place.before == NO_GAP and before in wc.BE | {"very", "so"}
    ):
        return False
    if place.words.tokens[place.first].before and place.words.beside_filler(place.first, -1):
        return True
    if place.before == NO_GAP and before in ("this", "that", "which", "what"):
        return _hedged_verb(ahead)
    if not before and place.after == PAUSE and after in wc.INTERJECTION | {"but", "not"}:
        return False
    if before == "of" and after in wc.DETERMINER:
        return True
    if place.before == NO_GAP and before in _KIND_OF:
        return False
    if after in ("thing", "things", "stuff", "person") and before not in wc.BE:
        return False
    return not (len(behind) == 2 and wc.is_adjective(before) and behind[1] in wc.DETERMINER)


def _hedged_verb(ahead: Sequence[str]) -> bool:
    if not ahead:
        return False
    after = ahead[1] if len(ahead) > 1 else ""
    if ahead[0] in wc.PAST_IRREGULAR or ahead[0] in wc.BE:
        return True
    if ahead[0] in wc.PERCEPTION and ahead[0].endswith(("s", "ed")):
        return True
    takes = after in wc.DETERMINER or after in wc.PREPOSITION or after in wc.OBJECT_PRONOUN
    return (wc.is_participle(ahead[0]) or ahead[0].endswith("s")) and (
        takes or wc.is_adverb(after) or not after
    )


_DIRECTION = wc.words("left top bottom up down center centre wrong turn")


def _right(place: Place) -> bool:
    """The tag: ", right?" or set off by commas inside a sentence."""
    token = place.words.tokens[place.first]
    if token.before != PAUSE or place.previous in _DIRECTION:
        return False
    return token.question or (
        token.after == PAUSE and place.next not in _DIRECTION | {"and", "or"}
    )


def _set_off(place: Place) -> bool:
    """Set off by punctuation on both sides, other words in the sentence."""
    return place.parenthetical and bool(place.left() or place.right())


def _sentence_opener(place: Place) -> bool:
    return place.before == BOUNDARY and bool(place.next)


def always(place: Place) -> bool:
    """Count every occurrence: the rule of a user's own words."""
    del place
    return True


@dataclass(frozen=True, slots=True)
class Marker:
    """A discourse marker: its name, its spellings and the rule that tells a filler."""

    name: str
    spellings: tuple[str, ...]
    rule: Callable[[Place], bool]


MARKERS = (
    Marker("you know", ("you know", "y'know", "yknow", "ya know"), _you_know),
    Marker("I mean", ("i mean",), _i_mean),
    Marker("kind of", ("kind of", "kinda"), _kind_of),
    Marker("sort of", ("sort of", "sorta"), _kind_of),
    Marker("basically", ("basically",), _opening_adverb),
    Marker("actually", ("actually",), _opening_adverb),
    Marker("honestly", ("honestly",), _opening_adverb),
    Marker("like", ("like",), like),
)
# Markers that structure an answer, or ask for assent, as much as they fill it; counted on
# request, by their own rules.
OPTIONAL = (
    Marker("right", ("right",), _right),
    Marker("literally", ("literally",), _opening_adverb),
    Marker("you see", ("you see",), _set_off),
    Marker("you know what I mean", ("you know what i mean",), _know_what),
    Marker("well", ("well",), _sentence_opener),
    Marker("so", ("so",), _sentence_opener),
    Marker("okay so", ("okay so", "ok so"), _sentence_opener),
    Marker("so yeah", ("so yeah",), _set_off),
    Marker("to be honest", ("to be honest",), _set_off),
    Marker("obviously", ("obviously",), _opening_adverb),
    Marker("essentially", ("essentially",), _opening_adverb),
)
