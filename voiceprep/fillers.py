"""The fillers of an answer: hesitation sounds and discourse markers, found in its text.

A hesitation (um, uh, er ...) is a sound and always a filler, unless it is part of a word,
a unit, an abbreviation, an answer (mm-hmm) or is being talked about. A discourse marker
(like, you know, I mean, kind of ...) is a filler only where it could be dropped and nothing
is lost, so each has a rule over the words and the punctuation around it. The rules do not
rely on punctuation: Whisper's small models write little of it.

Sources. Hesitations: Clark and Fox Tree, Using uh and um in spontaneous speaking (Cognition
84, 2002), and Shriberg, Preliminaries to a theory of speech disfluencies (1994).
Discourse markers: Schiffrin, Discourse Markers (1987: I mean, you know, well, so); Fox Tree
and Schrock, Basic meanings of you know and I mean (Journal of Pragmatics 34, 2002);
D'Arcy, Like and language ideology (American Speech 82, 2007: quotative, approximative,
marker and particle like); Romaine and Lange, The use of like as a marker of reported
speech (American Speech 66, 1991); Aijmer, English Discourse Particles (2002: sort of, kind
of, actually); Denison, History of the sort of construction family (2002); Laserna, Seih and
Pennebaker, Um ... who like says you know (Journal of Language and Social Psychology 33,
2014: the set um, uh, er, ah, like, you know, I mean).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from voiceprep import wordclasses as wc
from voiceprep.transcript import Filler, FillerKind, Transcript

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

# A number with its unit, or letters joined by apostrophes and hyphens.
_TOKEN = re.compile(r"[$€£~]?\d+(?:[.,:]\d+)*%?[^\W\d_]*|[^\W\d_]+(?:['\-][^\W_]+)*")
_QUOTES = frozenset("\"“”‘’'*`«»")

_HESITATIONS = {
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

_START, _PAUSE, _NONE = ".", ",", ""


@dataclass(frozen=True, slots=True)
class _Token:
    """A word in lower case with its place in the text and the gaps around it.

    `clipped` has an apostrophe before it ('er for her). A gap is "." at a sentence
    boundary, "," at any other punctuation, "" at a space.
    """

    word: str
    start: int
    end: int
    before: str
    after: str
    question: bool
    quoted: bool
    clipped: bool
    capitals: bool


class _Words:
    """The words of a text as the rules see them: neighbours with other fillers skipped."""

    def __init__(self, tokens: Sequence[_Token], *, stopped: bool = False) -> None:
        self.tokens = tokens
        self.fillers: set[int] = set()
        self.markers: set[int] = set()
        commas = sum(t.after == _PAUSE for t in tokens)
        stops = sum(t.after == _START for t in tokens[:-1])
        # Speech transcribed with punctuation has a mark every dozen words or so; short
        # texts are taken as punctuated when they end or begin like sentences.
        self.sentences = bool(tokens) and stopped
        self.punctuated = commas + stops > 0 or bool(tokens and tokens[-1].question)

    def index(self, i: int, step: int) -> int | None:
        """Return the place `step` words from `i`, fillers not counted, in its sentence."""
        way = 1 if step > 0 else -1
        while step:
            edge = self.tokens[i].after if way > 0 else self.tokens[i].before
            if edge == _START or not 0 <= i + way < len(self.tokens):
                return None
            i += way
            step -= 0 if i in self.fillers else way
        return i

    def word(self, i: int, step: int) -> str:
        """Return the word `step` places from `i`, "" beyond the sentence."""
        place = self.index(i, step)
        return "" if place is None else self.tokens[place].word

    def before(self, i: int) -> str:
        """Return the gap before `i`; punctuation around a hesitation is the hesitation's."""
        gap = self.tokens[i].before
        while gap != _START and i - 1 in self.fillers:
            i -= 1
            gap = _START if self.tokens[i].before == _START else _NONE
        return gap

    def after(self, i: int) -> str:
        """Return the gap after `i`; punctuation around a hesitation is the hesitation's."""
        gap = self.tokens[i].after
        while gap != _START and i + 1 in self.fillers:
            i += 1
            gap = _START if self.tokens[i].after == _START else _NONE
        return gap

    def beside_filler(self, i: int, way: int) -> bool:
        """Return whether the very next word, before or after, is a filler already found."""
        return i + way in self.fillers

    def marker_after(self, i: int) -> bool:
        """Return whether a discourse marker already found stands right after `i`."""
        return i + 1 in self.markers

    def left(self, i: int, count: int) -> list[str]:
        """Return up to `count` words before `i`, nearest first, within the sentence."""
        found = (self.word(i, -step) for step in range(1, count + 1))
        return [w for w in found if w]

    def right(self, i: int, count: int) -> list[str]:
        """Return up to `count` words after `i`, nearest first, within the sentence."""
        found = (self.word(i, step) for step in range(1, count + 1))
        return [w for w in found if w]


def _tokens(text: str) -> list[_Token]:
    """Split a text into words; offsets are those of `text`."""
    plain = text.replace("’", "'").replace("‘", "'")
    matches = list(_TOKEN.finditer(plain))
    shouting = plain.isupper()
    tokens = []
    for n, match in enumerate(matches):
        start, end = match.span()
        lead = plain[matches[n - 1].end() if n else 0 : start]
        tail = plain[end : matches[n + 1].start() if n + 1 < len(matches) else len(plain)]
        tokens.append(
            _Token(
                match.group().lower(),
                start,
                end,
                _START if n == 0 else _gap(lead),
                _START if n + 1 == len(matches) else _gap(tail),
                "?" in tail,
                lead[-1:] in _QUOTES and tail.lstrip(",.!?")[:1] in _QUOTES,
                lead.endswith("'"),
                match.group().isupper() and not shouting and end - start > 1,
            )
        )
    return tokens


def _gap(between: str) -> str:
    between = between.replace("...", "…")
    if re.search(r"[.!?\n]", between):
        return _START
    return _PAUSE if between.strip() else _NONE


# --- hesitations ------------------------------------------------------------------

# What makes the next or previous word an answer rather than a search (mm hmm, uh huh).
_ANSWER = frozenset(("hmm", "hm", "mm", "huh", "uh-huh", "mm-hmm"))
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


def _hesitation_name(word: str) -> str | None:
    """Return the name of the sound that a lower-case word spells, None for another word."""
    if not _HESITATION_LETTERS.issuperset(word):
        return None
    return next((n for n, p in _HESITATIONS.items() if p.fullmatch(word)), None)


def _hesitation(words: _Words, i: int) -> str | None:
    """Return the name of the hesitation at `i`, None where the word is none."""
    token = words.tokens[i]
    name = _hesitation_name(token.word)
    if name is None or token.quoted or _mentioned(words, i):
        return None
    return None if _no_sound(words, i, name) else name


def _mentioned(words: _Words, i: int) -> bool:
    """Return whether the sound is talked about: "the word um", "I say um and uh a lot"."""
    before, after = words.word(i, -1), words.word(i, 1)
    if (
        words.after(i) == _NONE
        and after in ("and", "or")
        and _hesitation_name(words.word(i, 2))
    ):
        return words.word(i, -1) in _MENTION | _SAY
    if (
        before in ("and", "or")
        and words.before(i) == _NONE
        and _hesitation_name(words.word(i, -2))
    ):
        return words.word(i, -3) in _MENTION | _SAY
    bare = words.tokens[i].before == words.after(i) == _NONE
    noun = before in wc.DETERMINER and after in wc.BE | _AFTER_NOUN
    if bare and noun and words.sentences:
        return True
    if before in _MENTION and words.tokens[i].before == _NONE:
        return True
    if before in _SAY and bare:
        return after in _HOW_OFTEN or words.right(i, 2) == ["a", "lot"]
    opening = words.tokens[i].before == _START and words.after(i) == _NONE
    return words.sentences and opening and after in wc.BE


_AFTER_NOUN = wc.words("of and or before after between in per at")
_SAY = wc.words("say says said write wrote hear heard count counted")


def _no_sound(words: _Words, i: int, name: str) -> bool:
    """Return whether a word spelled like a hesitation is something else here."""
    token = words.tokens[i]
    before, after = words.word(i, -1), words.word(i, 1)
    if token.capitals and not (token.before == _START and token.after == _PAUSE):
        return True
    if name in ("hmm", "mm", "uh") and _answer(words, i):
        return True
    if name == "mm":
        return wc.is_number(before) and token.before == _NONE
    if name == "er":
        return (
            after in _ER_NOUN
            or token.clipped
            or (token.word == "err" and (before == "to" or after in ("on", "is")))
        )
    if name == "ah":
        return token.before == _START and (
            (token.after == _START and not token.question and len(words.tokens) > 1)
            or after in _INSIGHT
            or (after == "i" and words.word(i, 2) in ("see", "get", "understand", "remember"))
        )
    return name == "eh" and token.question


def _answer(words: _Words, i: int) -> bool:
    """Return whether the sound is half of an answer: mm hmm, uh huh."""
    tokens = words.tokens
    word, after = tokens[i].word, tokens[i + 1].word if i + 1 < len(tokens) else ""
    before = tokens[i - 1].word if i else ""
    return (
        (word.startswith(("mm", "u")) and after == "huh")
        or (word.startswith("mm") and after.startswith("hm"))
        or (word.startswith("hm") and before.startswith("mm"))
    )


# --- discourse markers ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a marker stands: the words `first` to `last`, and the gaps around them."""

    words: _Words
    first: int
    last: int

    @property
    def before(self) -> str:
        return self.words.before(self.first)

    @property
    def after(self) -> str:
        return self.words.after(self.last)

    @property
    def parenthetical(self) -> bool:
        """Set off on both sides, by punctuation or by a filler already found."""
        opened = self.before != _NONE or self.words.beside_filler(self.first, -1)
        closed = self.after != _NONE or self.words.beside_filler(self.last, 1)
        return opened and closed

    def left(self, count: int = 1) -> list[str]:
        return self.words.left(self.first, count)

    def right(self, count: int = 1) -> list[str]:
        return self.words.right(self.last, count)

    @property
    def previous(self) -> str:
        return next(iter(self.left()), "")

    @property
    def next(self) -> str:
        return next(iter(self.right()), "")


_Rule = "Callable[[_Place], bool]"


def _opens_clause(place: _Place) -> bool:
    """Return whether a clause begins right after the marker: a subject, then its verb."""
    ahead = place.right(6)
    if not ahead:
        return False
    if wc.is_subject(ahead[0]):
        return True
    return ahead[0] in wc.DETERMINER and any(wc.is_finite(w) for w in ahead[2:])


# After these a clause may open, so a marker there stands at its start.
_CLAUSE_JOINT = wc.words("and but so because cause 'cause cuz then or yeah though")


def _opening_adverb(place: _Place) -> bool:
    """One of basically, actually, honestly: at the start of a sentence or clause, or set off.

    Inside a clause they modify the verb ("what it actually predicts"), and an opening one
    before a gerund modifies that ("Actually shipping it is harder").
    """
    if place.parenthetical:
        return bool(place.left() or place.right())
    if (
        place.before == _START
        or place.previous in _CLAUSE_JOINT
        or place.previous in wc.INTERJECTION
    ):
        return (
            place.after == _PAUSE
            or _opens_clause(place)
            or not (
                wc.is_gerund(place.next)
                or wc.is_adjective(place.next)
                or place.next in wc.PREPOSITION
                or place.next in wc.BASE_VERB
                or wc.is_finite(place.next)
                or not place.next
            )
        )
    if place.before == _PAUSE:
        return _opens_clause(place)
    return False


_MIND = wc.words(
    "as if when once since how what that until unless before whether things everything all "
    "everyone people someone one who ones so wherever whatever anything like do did does don't "
    "didn't would could should can might may to"
)
_KNOWN = wc.words(
    "how what that why where who if whether which whose more better less nothing everything "
    "exactly enough already best yet too about of him her them me us it something anything "
    "someone your yourself each any from"
)


# Adverbs that modify know itself: the person you know best.
_DEGREE = wc.words("best better well more most less enough already too yet")
_TELLER = wc.words("i we there i'm i've we're we've there's i'd we'd")


def _you_know(place: _Place) -> bool:
    """Parenthetical "you know", or one where "know" can have neither subject nor object."""
    before, after = place.previous, place.next
    if before in _MIND - {"so", "that", "like"} and place.before == _NONE:
        return False
    if before in ("let", "lets", "letting") and place.before == _NONE:
        return False
    if place.left(3) == ["know", "you", "if"]:
        return False
    if place.parenthetical or before == "like":
        return True
    if place.before == _START and place.after == _NONE and place.words.punctuated:
        return _narrative(place)
    if before in wc.SUBJECT_PRONOUN - {"it", "you"} | {"thought", "said"} or (
        after == "like" and not place.after
    ):
        return True
    if (
        after in _KNOWN
        and place.after == _NONE
        and (after in _DEGREE or not wc.is_finite(" ".join(place.right(2)[1:])))
    ):
        return False
    if place.before == _NONE and place.words.beside_filler(place.last, 1):
        return True
    if place.after == _PAUSE:
        return before not in ("let", "that", "so")
    if place.after == _START:
        return before not in ("let", "that", "so") and not place.words.punctuated
    if _incomplete(before):
        return True
    if before in _CLAUSE_JOINT or before in ("that", "") or place.before == _PAUSE:
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


def _know_what(place: _Place) -> bool:
    """The tag "you know what I mean", not the question or condition with those words."""
    return place.previous not in _MIND and (
        place.parenthetical
        or (place.after != _NONE and bool(place.left()))
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
        or word in wc.TRANSITIVE - wc.DO - {"know", "say", "said", "think", "see"}
    )


def _narrative(place: _Place) -> bool:
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


def _i_mean(place: _Place) -> bool:
    """Clause-initial "I mean"; not the verb that explains a word."""
    behind = place.left(10)
    if behind[:1] and behind[0] in _MEANT:
        return False
    if place.after == _NONE and ("by" in behind[:5] or {"say", "said", "says"} & set(behind)):
        return False
    if place.after == _START and place.before == _NONE:
        return not place.words.punctuated
    if place.after != _NONE:
        return True
    ahead = place.right(5)
    if "when" in behind and place.before == _PAUSE and place.next in wc.DETERMINER:
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


def _kind_of(place: _Place) -> bool:
    """A hedge, unless a determiner or adjective makes "kind" a noun."""
    behind, ahead = place.left(2), place.right(2)
    before, after = place.previous, place.next
    if after in ("you", "him", "her", "them") and (
        place.before == _NONE and before in wc.BE | {"very", "so"}
    ):
        return False
    if place.words.tokens[place.first].before and place.words.beside_filler(place.first, -1):
        return True
    if place.before == _NONE and before in ("this", "that", "which", "what"):
        return _hedged_verb(ahead)
    if not before and place.after == _PAUSE and after in wc.INTERJECTION | {"but", "not"}:
        return False
    if before == "of" and after in wc.DETERMINER:
        return True
    if place.before == _NONE and before in _KIND_OF:
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


def _right(place: _Place) -> bool:
    """The tag: ", right?" or set off by commas inside a sentence."""
    token = place.words.tokens[place.first]
    if token.before != _PAUSE or place.previous in _DIRECTION:
        return False
    return token.question or (
        token.after == _PAUSE and place.next not in _DIRECTION | {"and", "or"}
    )


def _set_off(place: _Place) -> bool:
    """Set off by punctuation on both sides, other words in the sentence."""
    return place.parenthetical and bool(place.left() or place.right())


def _sentence_opener(place: _Place) -> bool:
    return place.before == _START and bool(place.next)


def _always(place: _Place) -> bool:
    del place
    return True


# --- like -------------------------------------------------------------------------

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


def _like_idiom(place: _Place) -> bool | None:
    """Fixed phrases: the like, if you like, like I said, what is it like."""
    behind, ahead = place.left(5), place.right(3)
    before, after = place.previous, place.next
    nominal = after in ("", "and", "button", "buttons", "count", "counts")
    if before == "the" and (nominal or place.after != _NONE):
        return False
    if before in wc.SUBJECT_PRONOUN and behind[1:2] and behind[1] in _IF_LIKE:
        return False
    said = (ahead[1:2] and ahead[1] in _SAYING) or ahead[1:3] == ["was", "saying"]
    if said and wc.is_subject(after) and place.after == _NONE:
        return False
    if after in ("this", "that", "so") and len(ahead) == 1 and place.after == _NONE:
        return False
    asked = bool({"what", "what's"} & set(behind)) and before in _LIKENESS
    if asked and after in _LIKENESS_END:
        return False
    return None


def _like_set_off(place: _Place) -> bool | None:
    """Punctuation on both sides; or before, at the start of a sentence."""
    token = place.words.tokens[place.first]
    if token.before != _NONE and token.after == _PAUSE and place.next != "say":
        return True
    if place.parenthetical and place.left():
        return True
    return None


def _head(place: _Place) -> list[str]:
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


def _like_verb(place: _Place) -> bool | None:
    """The verb: I like, would like, to like, did you like, unless another verb follows."""
    head = _head(place)
    if not head or place.words.tokens[place.first].before == _PAUSE:
        return None
    ahead = place.right(4)
    pause = place.words.tokens[place.last].after == _PAUSE and not place.words.beside_filler(
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
    if subject in ("it", "he", "she", "this", "that", "nobody", "everybody", "everyone", "who"):
        return (
            True
            if _action(ahead) and ahead[0] != "to" and outer not in wc.MODAL | wc.DO
            else None
        )
    return None


# Before "to" as a preposition: back to like the first question.
_GOAL = wc.words(
    "addition back up over down close closer next compared due according led went moved "
    "switched talked spoke access similar"
)


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
    if aux in wc.DO | {"to"} and (_quantity(ahead) or ahead[0] in ("every", "no")):
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


def _like_compared(place: _Place) -> bool | None:
    """Comparisons: looks like, more like, something like, behaves like."""
    ahead, before = place.right(4), place.previous
    pause = place.words.tokens[place.last].after == _PAUSE
    if place.words.tokens[place.first].before == _PAUSE:
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


def _like_amount(place: _Place) -> bool | None:
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


def _like_quote(place: _Place) -> bool | None:
    """After be: a quote, a state or a hedge, or a comparison."""
    behind, ahead = _head(place), place.right(6)
    if place.previous in wc.BE | {"go", "goes"}:
        behind = place.left(5)
    if not behind or behind[0] not in wc.BE | {"go", "goes"}:
        return None
    if place.words.tokens[place.last].after == _PAUSE:
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


def _like_joint(place: _Place) -> bool | None:
    """After a word that cannot take a comparison: preposition, conjunction, article."""
    before, ahead = place.previous, place.right(4)
    if place.words.tokens[place.first].before == _PAUSE or not before or not ahead:
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


def _parallel(place: _Place) -> bool:
    """Return whether a comparison goes on: like a queue or like a stack."""
    behind = place.left(8)
    earlier = behind.index("like") if "like" in behind else 0
    return earlier > 0 and behind[earlier - 1] == place.next and place.next in wc.DETERMINER


def _coordinated(place: _Place) -> bool:
    """Coordination: two verbs of one subject, use and like."""
    behind = place.left(3)
    return len(behind) == 3 and behind[2] in wc.PLURAL_ANIMATE and behind[0] in ("and", "or")


# Verbs that take an indirect question: realise like how much work it is.
_COGNITION = wc.words(
    "realize realized realise realised know knew see understand understood learn "
    "learned explain explained figure imagine wonder wondered discuss discussed ask asked "
    "show showed decide"
)


def _alike(ahead: Sequence[str], words: _Words) -> bool:
    """Return whether "like" is the adjective: the two have like terms."""
    return len(ahead) == 1 and ahead[0].endswith("s") and words.sentences


# Before a gerund these are no manner of doing: ended up like redoing, kept like asking.
_ASPECT = wc.words("up out start started keep kept keeps stop stopped began begin finished")


def _like_object(place: _Place) -> bool | None:
    """Between a verb and its object: had like no data, built like a tool."""
    before, ahead = place.previous, place.right(3)
    if place.words.tokens[place.first].before == _PAUSE or not ahead:
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


def _like_opening(place: _Place) -> bool | None:
    """At the start of a sentence or after a comma."""
    token = place.words.tokens[place.first]
    ahead = place.right(6)
    if token.before == _NONE or not ahead:
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
    if (after in ("for", "because", "what", "why") and token.before == _START) or ahead[:2] in (
        ["for", "example"],
        ["for", "instance"],
    ):
        return True
    if token.before == _START and after in ("the", "my", "our", "nobody", "no"):
        return any(wc.is_finite(w) for w in ahead[2:5]) and not _comma_ahead(place)
    return False


def _comma_ahead(place: _Place) -> bool:
    tokens = place.words.tokens[place.last : place.last + 8]
    return any(t.after == _PAUSE for t in tokens)


# Last words of the markers that a comparison does not follow (as it does "kind of").
_BARE_MARKER = wc.words("know mean basically actually honestly")


def _like_rest(place: _Place) -> bool | None:
    """Anything else: a filler before a verb, an intensifier or an interjection."""
    ahead = place.right(4)
    if not ahead:
        return place.words.tokens[place.first].before == _PAUSE
    if place.words.tokens[place.last].after == _PAUSE and not place.words.beside_filler(
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


_LIKE_RULES: tuple[Callable[[_Place], bool | None], ...] = (
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


def _like(place: _Place) -> bool:
    """Ask the rules in turn; the first with an opinion decides."""
    for rule in _LIKE_RULES:
        verdict = rule(place)
        if verdict is not None:
            return verdict
    return False


# --- the list of markers ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Marker:
    """A discourse marker: its name, its spellings and the rule that tells a filler."""

    name: str
    spellings: tuple[str, ...]
    rule: Callable[[_Place], bool]


_MARKERS = (
    _Marker("you know", ("you know", "y'know", "yknow", "ya know"), _you_know),
    _Marker("I mean", ("i mean",), _i_mean),
    _Marker("kind of", ("kind of", "kinda"), _kind_of),
    _Marker("sort of", ("sort of", "sorta"), _kind_of),
    _Marker("basically", ("basically",), _opening_adverb),
    _Marker("actually", ("actually",), _opening_adverb),
    _Marker("honestly", ("honestly",), _opening_adverb),
    _Marker("like", ("like",), _like),
)
# Markers that structure an answer, or ask for assent, as much as they fill it; counted on
# request, by their own rules.
_OPTIONAL = (
    _Marker("right", ("right",), _right),
    _Marker("literally", ("literally",), _opening_adverb),
    _Marker("you see", ("you see",), _set_off),
    _Marker("you know what I mean", ("you know what i mean",), _know_what),
    _Marker("well", ("well",), _sentence_opener),
    _Marker("so", ("so",), _sentence_opener),
    _Marker("okay so", ("okay so", "ok so"), _sentence_opener),
    _Marker("so yeah", ("so yeah",), _set_off),
    _Marker("to be honest", ("to be honest",), _set_off),
    _Marker("obviously", ("obviously",), _opening_adverb),
    _Marker("essentially", ("essentially",), _opening_adverb),
)

HESITATIONS: tuple[str, ...] = tuple(_HESITATIONS)
DISCOURSE_MARKERS: tuple[str, ...] = tuple(m.name for m in _MARKERS)
OPTIONAL_MARKERS: tuple[str, ...] = tuple(m.name for m in _OPTIONAL)


def _chosen(extra: Sequence[str], off: Sequence[str]) -> list[_Marker]:
    """Return the markers to look for, longest spelling first, "like" last of its length."""
    dropped = {" ".join(name.lower().split()) for name in off}
    known = {s: m for m in (*_MARKERS, *_OPTIONAL) for s in m.spellings}
    wanted = list(_MARKERS)
    for phrase in (" ".join(p.lower().replace("’", "'").split()) for p in extra):
        marker = known.get(phrase) or _Marker(phrase, (phrase,), _always)
        if phrase and marker not in wanted:
            wanted.append(marker)
    return [
        m for m in wanted if m.name.lower() not in dropped and not dropped & set(m.spellings)
    ]


def _matches(
    tokens: Sequence[_Token], markers: Collection[_Marker]
) -> Iterator[tuple[int, int, _Marker]]:
    """Yield the word spans that spell a marker, longest first, "like" after all others."""
    spelled = {
        tuple(m.group() for m in _TOKEN.finditer(s)): marker
        for marker in markers
        for s in marker.spellings
    }
    words = [t.word for t in tokens]
    places = defaultdict(list)
    for i, word in enumerate(words):
        places[word].append(i)
    for spelling in sorted(filter(None, spelled), key=lambda s: (s == ("like",), -len(s))):
        size = len(spelling)
        for i in places[spelling[0]]:
            if tuple(words[i : i + size]) == spelling and _unbroken(tokens, i, size):
                yield i, i + size - 1, spelled[spelling]


def _unbroken(tokens: Sequence[_Token], first: int, size: int) -> bool:
    return all(t.after == _NONE for t in tokens[first : first + size - 1])


def find_fillers(
    text: str, *, extra: Sequence[str] = (), off: Sequence[str] = ()
) -> tuple[Filler, ...]:
    """Return the fillers of a text in order, without times.

    Args:
        text: what was said, with or without punctuation.
        extra: further words or phrases, each occurrence a discourse filler; one of
            `OPTIONAL_MARKERS` is counted by its own rule.
        off: names from `HESITATIONS`, `DISCOURSE_MARKERS` or `extra` to leave out; any
            spelling of a marker switches the whole marker off.
    """
    words = _Words(_tokens(text), stopped=text.rstrip()[-1:] in ".!?")
    silenced = {_hesitation_name(name.strip().lower()) for name in off}
    found: dict[int, tuple[int, FillerKind]] = {}
    for i in range(len(words.tokens)):
        name = _hesitation(words, i)
        if name is not None:
            words.fillers.add(i)
            if name not in silenced:
                found[i] = (i, "hesitation")
    for first, last, marker in _matches(words.tokens, _chosen(extra, off)):
        span = range(first, last + 1)
        if words.fillers & set(span) or words.tokens[first].quoted:
            continue
        if marker.rule(_Place(words, first, last)):
            words.fillers.update(span)
            words.markers.update(span)
            found[first] = (last, "discourse")
    return tuple(
        _filler(text, kind, words.tokens[first].start, words.tokens[last].end)
        for first, (last, kind) in sorted(found.items())
    )


def _filler(text: str, kind: FillerKind, start: int, end: int) -> Filler:
    return Filler(text[start:end], kind, None, None, start, end)


def find_in(
    transcript: Transcript, *, extra: Sequence[str] = (), off: Sequence[str] = ()
) -> Transcript:
    """Return the transcript carrying its fillers, timed where its words are."""
    found = find_fillers(transcript.text, extra=extra, off=off)
    return transcript.with_fillers(_timed(transcript, found))


def _timed(transcript: Transcript, found: Sequence[Filler]) -> Iterator[Filler]:
    """Yield the fillers with the times of their words.

    As `Transcript.times_of`, with the words' places worked out once: an hour of speech
    has ten thousand words and several hundred fillers.
    """
    words, starts = transcript.words, [start for start, _ in transcript.word_spans()]
    for filler in found:
        first = max(bisect_right(starts, filler.char_start) - 1, 0)
        last = max(bisect_right(starts, filler.char_end - 1) - 1, first)
        timed = words[first : last + 1]
        yield replace(filler, start=timed[0].start, end=timed[-1].end) if timed else filler
