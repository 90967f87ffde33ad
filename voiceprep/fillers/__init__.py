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

from bisect import bisect_right
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from voiceprep.fillers.markers import MARKERS, OPTIONAL, Marker, always
from voiceprep.fillers.sounds import SOUNDS, hesitation_at, sound_name
from voiceprep.fillers.spoken import NO_GAP, TOKEN, Place, Token, Words, tokens_of
from voiceprep.transcript import Filler, FillerKind, Transcript

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

HESITATIONS: tuple[str, ...] = tuple(SOUNDS)
DISCOURSE_MARKERS: tuple[str, ...] = tuple(m.name for m in MARKERS)
OPTIONAL_MARKERS: tuple[str, ...] = tuple(m.name for m in OPTIONAL)


def _chosen(extra: Sequence[str], off: Sequence[str]) -> list[Marker]:
    """Return the markers to look for, longest spelling first, "like" last of its length."""
    dropped = {" ".join(name.lower().split()) for name in off}
    known = {s: m for m in (*MARKERS, *OPTIONAL) for s in m.spellings}
    wanted = list(MARKERS)
    for phrase in (" ".join(p.lower().replace("’", "'").split()) for p in extra):
        marker = known.get(phrase) or Marker(phrase, (phrase,), always)
        if phrase and marker not in wanted:
            wanted.append(marker)
    return [
        m for m in wanted if m.name.lower() not in dropped and not dropped & set(m.spellings)
    ]


def _matches(
    tokens: Sequence[Token], markers: Collection[Marker]
) -> Iterator[tuple[int, int, Marker]]:
    """Yield the word spans that spell a marker, longest first, "like" after all others."""
    spelled = {
        tuple(m.group() for m in TOKEN.finditer(s)): marker
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


def _unbroken(tokens: Sequence[Token], first: int, size: int) -> bool:
    return all(t.after == NO_GAP for t in tokens[first : first + size - 1])


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
    words = Words(tokens_of(text), stopped=text.rstrip()[-1:] in ".!?")
    silenced = {sound_name(name.strip().lower()) for name in off}
    found: dict[int, tuple[int, FillerKind]] = {}
    for i in range(len(words.tokens)):
        name = hesitation_at(words, i)
        if name is not None:
            words.fillers.add(i)
            if name not in silenced:
                found[i] = (i, "hesitation")
    for first, last, marker in _matches(words.tokens, _chosen(extra, off)):
        span = range(first, last + 1)
        if words.fillers & set(span) or words.tokens[first].quoted:
            continue
        if marker.rule(Place(words, first, last)):
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
