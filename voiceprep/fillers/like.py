"""Like: a filler before an amount, a quote, a state; not the verb and not a comparison.

The four vernacular uses are those of D'Arcy, Like and language ideology (American Speech
82, 2007); for the quotative also Romaine and Lange (American Speech 66, 1991).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from voiceprep.fillers import wordclasses as wc
from voiceprep.fillers.spoken import BOUNDARY, NO_GAP, PAUSE, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from voiceprep.fillers.spoken import Words


_SAYING = wc.words("said say says mentioned told describe described explained noted saying")
_LIKE_ADVERB = wc.ADVERB - wc.words("more less most all just not almost exactly never")


_WHOLE = wc.words("little whole good full solid quarter half")


def _quantity(ahead: Sequence[str]) -> bool:
    """Return whether the words ahead give an amount or a date: three weeks, a month, May."""
    if not ahead:
        return False
    if (wc.is_number(ahead[0]) and ahead[0] != "one") or ahead[0] in wc.QUANTIFIER | wc.DATE:
        return True
    after = ahead[1] if len(ahead) > 1 else ""
    if ahead[0] == "one":
        return after in wc.MEASURE or after in ("or", "percent", "in")
    if ahead[0] in ("so", "too", "that") and after in ("much", "many", "little", "few"):
        return True
    unit = ahead[2] if len(ahead) > 2 and after in _WHOLE else after
    return ahead[0] in ("a", "an") and (unit in wc.MEASURE or wc.is_number(unit))


# After "what is it like" (with its it left out) comes the end or one of these.
_LIKENESS_END = wc.words("to in at working being when for on now there and before after") | {""}
_LIKENESS = wc.BE | wc.words("it that this he she they look looks")
_IF_LIKE = wc.words("if whatever however whenever wherever")


def _like_idiom(place: Place) -> bool | None:
    """Fixed phrases: the like, if you like, like I said, what is it like."""
    behind, ahead = place.left(5), place.right(3)
    before, after = place.previous, place.next
    nominal = after in ("", "and", "button", "buttons", "count", "counts")
    if before == "the" and (nominal or place.after != NO_GAP):
        return False
    if before in wc.SUBJECT_PRONOUN and behind[1:2] and behind[1] in _IF_LIKE:
        return False
    said = (ahead[1:2] and ahead[1] in _SAYING) or ahead[1:3] == ["was", "saying"]
    if said and wc.is_subject(after) and place.after == NO_GAP:
        return False
    if after in ("this", "that", "so") and len(ahead) == 1 and place.after == NO_GAP:
        return False
    asked = bool({"what", "what's"} & set(behind)) and before in _LIKENESS
    if asked and after in _LIKENESS_END:
        return False
    return None


def _like_set_off(place: Place) -> bool | None:
    """Punctuation on both sides; or before, at the start of a sentence."""
    token = place.words.tokens[place.first]
    if token.before != NO_GAP and token.after == PAUSE and place.next != "say":
        return True
    if place.parenthetical and place.left():
        return True
    return None


def _head(place: Place) -> list[str]:
    """Return the words before the marker, nearest first, adverbs left out."""
    behind = place.left(6)
    while behind and (
        (wc.is_adverb(behind[0]) and behind[0] in _LIKE_ADVERB)
        or (
            behind[0] in ("just", "never", "do")
            and len(behind) > 1
            and behind[1] in wc.SUBJECT_PRONOUN
        )
    ):
        behind = behind[1:]
    return behind


def _action(ahead: Sequence[str]) -> bool:
    """Return whether a finite verb follows, adverbs aside: forgot, never tested, was."""
    words = list(ahead)
    if words[:1] in (["never"], ["totally"], ["literally"], ["completely"], ["immediately"]):
        return True
    while words and wc.is_adverb(words[0]):
        words = words[1:]
    if not words:
        return False
    if words[0] in wc.PAST_IRREGULAR or words[0] in wc.BE | wc.HAVE | wc.MODAL:
        return True
    after = words[1] if len(words) > 1 else ""
    return wc.is_participle(words[0]) and (
        not after
        or after in wc.DETERMINER
        or after in wc.PREPOSITION
        or after in wc.OBJECT_PRONOUN
        or wc.is_adverb(after)
        or after in wc.CONJUNCTION
    )


def _like_verb(place: Place) -> bool | None:
    """The verb: I like, would like, to like, did you like, unless another verb follows."""
    head = _head(place)
    if not head or place.words.tokens[place.first].before == PAUSE:
        return None
    ahead = place.right(4)
    pause = place.words.tokens[place.last].after == PAUSE and not place.words.beside_filler(
        place.last, 1
    )
    subject, outer = head[0], head[1] if len(head) > 1 else ""
    if subject == "to" and outer in _GOAL:
        return True
    if subject in wc.MODAL | wc.DO | {"to", "not"}:
        return _like_infinitive(subject, outer, ahead, pause=pause)
    if subject in wc.PLURAL_ANIMATE:
        if outer in wc.MODAL | wc.DO:
            return bool(ahead) and ahead[0] in wc.BASE_VERB
        if ahead[:1] and ahead[0] in ("most", "best", "least", "better", "more"):
            return False
        return pause or _action(ahead)
    singular = subject in _SINGULAR and outer not in wc.MODAL | wc.DO
    if singular and ahead[:1] != ["to"] and (_action(ahead) or _present(ahead)):
        return True
    return None


_SINGULAR = wc.words("it he she this that nobody everybody everyone who")


def _present(ahead: Sequence[str]) -> bool:
    """Return whether a verb in the third person and its complement follow: gets it."""
    if len(ahead) < 2 or not ahead[0].endswith("s") or ahead[0].endswith("ss"):
        return False
    return ahead[1] in wc.OBJECT_PRONOUN | wc.DETERMINER or wc.is_adverb(ahead[1])


# Before "to" as a preposition: back to like the first question.
_GOAL = wc.words(
    "addition back up over down close closer next compared due according led went moved "
    "switched talked spoke access similar"
)


_EXTREME = wc.words("every no nothing everything")
_SOME = wc.words("a an this these some")
_PARTICLE = wc.words("over again up down out off through away back forward around")


def _base(ahead: Sequence[str], *, wish: bool = True) -> bool:
    """Return whether a base verb follows.

    One that may be a noun needs an object after it; after `wish` (would like, to like) a
    noun is likelier, so a preposition after it shows no verb.
    """
    if not ahead:
        return False
    after = ahead[1] if len(ahead) > 1 else ""
    complement = after in wc.DETERMINER | wc.OBJECT_PRONOUN | _PARTICLE or wc.is_gerund(after)
    if not wish:
        complement = complement or after in wc.PREPOSITION
    function = ahead[0] in wc.DETERMINER | wc.OBJECT_PRONOUN | wc.PREPOSITION | {"to", "how"}
    noun = ahead[0].endswith("s") or wc.is_gerund(ahead[0]) or wc.is_adjective(ahead[0])
    return ahead[0] in wc.BASE_VERB or (complement and not function and not noun)


def _like_infinitive(aux: str, outer: str, ahead: Sequence[str], *, pause: bool) -> bool | None:
    """Decide "like" after an auxiliary or "to"."""
    if not ahead:
        return False
    if aux in ("do", "doing") and outer in wc.MODAL | {"to"}:
        return ahead[0] not in ("that", "this", "it")
    if aux in wc.DO | {"to"} and (_quantity(ahead) or ahead[0] in _EXTREME):
        return aux not in ("don't", "doesn't", "didn't")
    if aux in ("do", "did", "doing", "done") and ahead[0] in _SOME:
        return True
    wish = aux in ("to", "would", "wouldn't") or aux.endswith("'d")
    if _base(ahead, wish=wish) or (wc.is_adverb(ahead[0]) and _base(ahead[1:], wish=wish)):
        return True
    if aux == "not":
        return None
    return pause and ahead[0] != "to"


_SUCH = wc.words(
    "more something anything nothing much exactly things stuff almost bit lot rather quite "
    "people less"
)


def _like_compared(place: Place) -> bool | None:
    """Comparisons: looks like, more like, something like, behaves like."""
    ahead, before = place.right(4), place.previous
    pause = place.words.tokens[place.last].after == PAUSE
    if place.words.tokens[place.first].before == PAUSE:
        return None
    behind = place.left(3)
    verb = next((w for w in behind if w in wc.PERCEPTION), "")
    between = behind[: behind.index(verb)] if verb else []
    if verb and all(
        wc.is_adverb(w) or w in ("a", "bit", "lot", "just", "exactly", "kind", "of")
        for w in between
    ):
        return _degree(ahead)
    if before in _SUCH:
        return False
    if before in ("just", "not"):
        return _quantity(ahead) or _degree(ahead)
    if before in wc.MANNER and not _quantity(ahead) and before not in wc.TRANSITIVE:
        return _degree(ahead) or pause
    return None


_DEGREE_WORD = wc.INTENSIFIER - wc.words("all just almost not more less most still only")


def _degree(ahead: Sequence[str]) -> bool:
    """Return whether an intensified adjective or adverb follows: really hard, super slow."""
    if len(ahead) < 2 or ahead[0] not in _DEGREE_WORD:
        return False
    return wc.is_adjective(ahead[1]) or wc.is_adverb(ahead[1]) or wc.is_participle(ahead[1])


# Nouns with a value, of which the amount after "like" is an example.
_MEASURED = wc.words(
    "number numbers value values threshold rate figure figures amount size score price level "
    "probability ratio percentage"
)


def _like_amount(place: Place) -> bool | None:
    """Before an amount, "roughly": like three weeks; not examples: values like 5 or 10."""
    ahead = place.right(4)
    if not _quantity(ahead):
        return None
    before = place.previous
    if before in _MEASURED:
        return False
    bare = len(ahead) < 2 or ahead[1] in ("or", "and", "are", "is")
    return not (
        bare and before.endswith("s") and not wc.is_finite(before) and wc.is_number(ahead[0])
    )


# First words of a quote after be like, beside interjections (Romaine and Lange 1991).
_QUOTE_OPENER = wc.words(
    "what how where when why who let's can don't do is are just if could should this that my "
    "nobody everybody please guys"
)
_UNVOICED = wc.words("it this that it's that's which what there these those here")
_ROUGHLY = wc.words("around about almost maybe probably after before on at")


def _like_quote(place: Place) -> bool | None:
    """After be: a quote, a state or a hedge, or a comparison."""
    behind, ahead = _head(place), place.right(6)
    if place.previous in wc.BE | {"go", "goes"}:
        behind = place.left(5)
    if not behind or behind[0] not in wc.BE | {"go", "goes"}:
        return None
    if place.words.tokens[place.last].after == PAUSE:
        return True
    if not ahead:
        return False
    if behind[0] == "there's" or "there" in behind[1:2] or ahead[0] in wc.INTERJECTION:
        return True
    return _state(ahead) or _quoted(behind, ahead)


def _state(ahead: Sequence[str]) -> bool:
    """Return whether the complement of be cannot be what something is compared with."""
    after = ahead[0]
    if after in wc.INTENSIFIER - {"all", "just"} or wc.is_adjective(after):
        return True
    if after in _ROUGHLY or after in ("why", "who") or ahead[:2] == ["all", "over"]:
        return True
    if after in wc.POSSESSIVE | {"the"} and len(ahead) > 1 and _superlative(ahead[1]):
        return True
    return wc.is_participle(after) or (wc.is_adverb(after) and after not in _PLACE_ADVERB)


_UNIQUE = wc.words("only best worst first second last main most whole entire biggest same")


def _superlative(word: str) -> bool:
    """Return whether a word names one of its kind, which is said of a thing, not compared."""
    return word in _UNIQUE or (len(word) > 6 and word.endswith("est"))


_PLACE_ADVERB = wc.words("just here there then now again all")


def _quoted(behind: Sequence[str], ahead: Sequence[str]) -> bool:
    """Return whether words of somebody follow "be like"; behind starts at the verb."""
    after = ahead[0]
    who = [w for w in behind if w not in wc.MODAL or w in wc.CONTRACTED_SUBJECT]
    who = who[1:] if who[0] in ("be", "been") or who[0] not in wc.CONTRACTED_SUBJECT else who
    subject = next(iter(who), "")
    person = subject in wc.ANIMATE or (subject.split("'")[0] in wc.ANIMATE)
    if list(ahead[:2]) in (["i", "guess"], ["i", "think"], ["i", "don't"], ["i", "dunno"]):
        return True
    if wc.is_gerund(after):
        return person or behind[0] in ("were", "are")
    if wc.is_subject(after):
        return person or (subject not in _UNVOICED and behind[0] not in _UNVOICED)
    if not person:
        return False
    return (after in _QUOTE_OPENER and len(ahead) > 1) or (
        after in wc.DETERMINER and any(wc.is_finite(w) for w in ahead[2:])
    )


_HEDGED_AFTER = wc.CONJUNCTION | wc.words(
    "maybe probably then now basically actually honestly literally already even only still "
    "sometimes usually also again yeah okay oh yes no right ok"
)


_CLASS = wc.words("most any many all every other")
# Determiners that also stand without a noun.
_STANDS_ALONE = wc.words("all each both this that these those some any")


def _like_joint(place: Place) -> bool | None:
    """After a word that cannot take a comparison: preposition, conjunction, article."""
    before, ahead = place.previous, place.right(4)
    if place.words.tokens[place.first].before == PAUSE or not before or not ahead:
        return None
    if before in wc.PREPOSITION - {"to", "off", "out", "up", "down", "behind"}:
        return True
    if len(place.left(2)) == 2 and _given(*place.left(2)):
        return ahead[0] not in ("that", "it")
    if before in _HEDGED_AFTER and before not in ("that", "which"):
        return not (ahead[0] in _CLASS or _parallel(place) or _coordinated(place))
    if before in wc.DETERMINER - wc.OBJECT_PRONOUN - _STANDS_ALONE:
        return True
    if before in ("this", "these", "some", "that", "those"):
        return ahead[0] in wc.INTENSIFIER or wc.is_adjective(ahead[0]) or None
    return None


# Verbs with two objects, so that "like" after the first hedges the second.
_GIVING = wc.words(
    "give gave gives giving tell told tells telling show showed shown send sent teach taught "
    "offer offered ask asked cost costs"
)


def _given(recipient: str, verb: str) -> bool:
    """Return whether a recipient ends here: told me like ..., gave us like ..."""
    return recipient in wc.OBJECT_PRONOUN and verb in _GIVING


def _parallel(place: Place) -> bool:
    """Return whether a comparison goes on: like a queue or like a stack."""
    behind = place.left(8)
    earlier = behind.index("like") if "like" in behind else 0
    return earlier > 0 and behind[earlier - 1] == place.next and place.next in wc.DETERMINER


def _coordinated(place: Place) -> bool:
    """Coordination: two verbs of one subject, use and like."""
    behind = place.left(3)
    return len(behind) == 3 and behind[2] in wc.PLURAL_ANIMATE and behind[0] in ("and", "or")


# Verbs that take an indirect question: realise like how much work it is.
_COGNITION = wc.words(
    "realize realized realise realised know knew see understand understood learn "
    "learned explain explained figure imagine wonder wondered discuss discussed ask asked "
    "show showed decide"
)


def _alike(ahead: Sequence[str], words: Words) -> bool:
    """Return whether "like" is the adjective: the two have like terms."""
    return len(ahead) == 1 and ahead[0].endswith("s") and words.sentences


# Before a gerund these are no manner of doing: ended up like redoing, kept like asking.
_ASPECT = wc.words("up out start started keep kept keeps stop stopped began begin finished")


def _like_object(place: Place) -> bool | None:
    """Between a verb and its object: had like no data, built like a tool."""
    before, ahead = place.previous, place.right(3)
    if place.words.tokens[place.first].before == PAUSE or not ahead:
        return None
    after = ahead[0]
    if before in ("have", "has", "share", "use") and _alike(ahead, place.words):
        return False
    if wc.is_gerund(after) and before in _ASPECT:
        return True
    if before in wc.TRANSITIVE:
        if before in wc.MANNER:
            return after in ("this", "no", "these") or _degree(ahead)
        clause = wc.is_subject(after) and after not in wc.INDEFINITE_PRONOUN - {"there"}
        return not (clause and before not in ("said", "say", "saying", "know"))
    if before in _COGNITION and after in wc.WH:
        return True
    plain = wc.is_participle(before) or before in wc.PAST_IRREGULAR or wc.is_gerund(before)
    if wc.is_gerund(before) and (wc.is_adjective(after) or after in ("the", "these")):
        return before not in wc.MANNER or None
    if plain and before not in wc.MANNER:
        return after in ("a", "an", "no", "this", "these", "all", "my", "our", "some") or None
    return None


def _like_opening(place: Place) -> bool | None:
    """At the start of a sentence or after a comma."""
    token = place.words.tokens[place.first]
    ahead = place.right(6)
    if token.before == NO_GAP or not ahead:
        return None
    after = ahead[0]
    compared = (
        len(ahead) > 1
        and wc.is_subject(after)
        and ahead[1] in ("do", "did", "does", "always", "used", "usually")
    )
    if wc.is_subject(after) and not compared and len(ahead) > 1:
        return True
    if after in wc.INTENSIFIER - {"most", "all", "more", "less", "not"}:
        return True
    if (after in ("for", "because", "what", "why") and token.before == BOUNDARY) or ahead[
        :2
    ] in (
        ["for", "example"],
        ["for", "instance"],
    ):
        return True
    if token.before == BOUNDARY and after in ("the", "my", "our", "nobody", "no"):
        return any(wc.is_finite(w) for w in ahead[2:5]) and not _comma_ahead(place)
    return False


def _comma_ahead(place: Place) -> bool:
    tokens = place.words.tokens[place.last : place.last + 8]
    return any(t.after == PAUSE for t in tokens)


# Last words of the markers that a comparison does not follow (as it does "kind of").
_BARE_MARKER = wc.words("know mean basically actually honestly")


def _like_rest(place: Place) -> bool | None:
    """Anything else: a filler before a verb, an intensifier or an interjection."""
    ahead = place.right(4)
    if not ahead:
        return place.words.tokens[place.first].before == PAUSE
    if place.words.tokens[place.last].after == PAUSE and not place.words.beside_filler(
        place.last, 1
    ):
        return ahead[0] != "say"
    if _degree(ahead) or ahead[0] in wc.INTERJECTION or ahead[0] == "because":
        return True
    if place.previous in wc.OBJECT_PRONOUN | wc.SUBJECT_PRONOUN:
        return False
    if place.words.tokens[place.first - 1].word in _BARE_MARKER and (
        place.words.beside_filler(place.first, -1)
    ):
        return True
    if place.words.beside_filler(place.last, 1) and place.words.marker_after(place.last):
        return place.previous not in wc.MANNER
    return _action(ahead[:1]) and not wc.is_participle(ahead[0])


_LIKE_RULES: tuple[Callable[[Place], bool | None], ...] = (
    _like_idiom,
    _like_set_off,
    _like_verb,
    _like_compared,
    _like_amount,
    _like_quote,
    _like_joint,
    _like_object,
    _like_opening,
    _like_rest,
)


def like(place: Place) -> bool:
    """Ask the rules in turn; the first with an opinion decides."""
    for rule in _LIKE_RULES:
        verdict = rule(place)
        if verdict is not None:
            return verdict
    return False
