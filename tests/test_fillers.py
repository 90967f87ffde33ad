"""Fillers in text: what counts, what does not, and where it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import transcript_of
from voiceprep.fillers import (
    DISCOURSE_MARKERS,
    HESITATIONS,
    OPTIONAL_MARKERS,
    find_fillers,
    find_in,
)
from voiceprep.transcript import Transcript

LABELLED = Path(__file__).parent / "data" / "discourse.json"


def found(text: str, **options: list[str]) -> list[str]:
    return [filler.text for filler in find_fillers(text, **options)]


def test_nothing_said_has_no_fillers() -> None:
    assert find_fillers("") == ()
    assert find_fillers(" ... ") == ()
    assert found("Yes.") == []
    assert found("Um.") == ["Um"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Um, um, I forgot.", ["Um", "um"]),
        ("Umm so uhh we er left erm early", ["Umm", "uhh", "er", "erm"]),
        ("Hmm. Let me think.", ["Hmm"]),
        ("It was, ah, the second one.", ["ah"]),
        ("uhm hm mm eh i don't know", ["uhm", "hm", "mm", "eh"]),
        ("I think—uh—we should wait...um...yes.", ["uh", "um"]),
        ("The umbrella term is hummus, her error.", []),
        ("I let 'er go.", []),
        ('She wrote "um" on the board.', []),
        ("The word um is short, and I say uh a lot.", []),
        ("Don't say um and uh every time.", []),
        ("Mm-hmm, uh-huh, exactly, mm hmm.", []),
        ("The ER was full and the er diagram wrong.", []),
        ("A gap of 5 mm or 8mm.", []),
        ("To err is human.", []),
        ("Ah, I see what you mean.", []),
    ],
)
def test_hesitations(text: str, expected: list[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("filler", "ordinary"),
    [
        ("we had like three weeks", "we had values like three or four"),
        ("I was like, okay, fine.", "It was like a wall of text."),
        ("and she was like i can't do that", "it was like we had never met"),
        ("it was like really slow", "it looks like rain"),
        ("we like forgot the deadline", "we like the deadline"),
        ("I would like fix it at night.", "I would like to fix it."),
        ("So, like, it broke.", "So I like it broken in."),
        ("a year with like ten people", "a model like ours"),
        ("Like, nobody came.", "Like most teams, we had a wiki."),
        ("You know, it worked.", "Do you know if it worked?"),
        ("it was you know complicated", "as you know it was complicated"),
        ("we had you know a few problems", "let me know if you know a few"),
        ("I mean, it worked.", "What I mean is that it worked."),
        ("so i mean it worked", "by clean i mean without nulls"),
        ("It was kind of slow.", "This kind of query is slow."),
        ("that kind of broke the build", "that kind of build is broken"),
        ("We sort of agreed.", "It is the sort of thing we agreed on."),
        ("Basically, we guessed.", "It was basically a guess."),
        ("but honestly i was afraid", "i answered honestly"),
        ("Actually, it did not matter.", "It depends on what it actually predicts."),
    ],
)
def test_markers_by_their_context(filler: str, ordinary: str) -> None:
    assert len(found(filler)) == 1
    assert found(ordinary) == []


def test_every_repetition_counts_and_a_phrase_counts_once() -> None:
    text = "So, you know, it was, like, like, ten people, you know, at most."
    assert found(text) == ["you know", "like", "like", "you know"]


def test_kinds_and_places() -> None:
    text = "It was, Um, kind of late."
    first, second = find_fillers(text)
    assert (first.kind, text[first.char_start : first.char_end]) == ("hesitation", "Um")
    assert (second.kind, text[second.char_start : second.char_end]) == ("discourse", "kind of")
    assert first.start is None
    assert first.end is None


def test_typographic_apostrophes_keep_their_places() -> None:
    text = "I don’t know, um, it’s, like, ten."
    assert [text[f.char_start : f.char_end] for f in find_fillers(text)] == ["um", "like"]


def test_own_words_count_and_longer_ones_win() -> None:
    text = "You know what, at the end of the day we, you know, won."
    assert found(text, extra=["At the end  of the day"]) == [
        "at the end of the day",
        "you know",
    ]
    assert found(text, extra=["you know what"]) == ["You know what", "you know"]


def test_own_words_are_discourse_and_whole_words() -> None:
    (filler,) = find_fillers("Essential, super nice superb work.", extra=["super"])
    assert (filler.text, filler.kind) == ("super", "discourse")


def test_optional_markers_keep_their_rule() -> None:
    text = "Well, it works well, right? The right one."
    assert found(text) == []
    assert found(text, extra=["well", "right"]) == ["Well", "right"]


@pytest.mark.parametrize(
    ("off", "expected"),
    [
        (["um"], ["like", "kind of"]),
        (["Umm"], ["like", "kind of"]),
        (["LIKE"], ["Umm", "kind of"]),
        (["kinda"], ["Umm", "like"]),
        ([*HESITATIONS, *DISCOURSE_MARKERS], []),
    ],
)
def test_any_filler_can_be_switched_off(off: list[str], expected: list[str]) -> None:
    assert found("Umm, it was, like, kind of late.", off=off) == expected


def test_own_words_can_be_switched_off_too() -> None:
    assert found("Super, we won.", extra=["super"], off=["super"]) == []


def test_lists_do_not_overlap() -> None:
    names = [*HESITATIONS, *DISCOURSE_MARKERS, *OPTIONAL_MARKERS]
    assert len(names) == len(set(names))


def test_times_come_from_the_words() -> None:
    spoken = transcript_of(
        ("Um,", 0.0, 0.4),
        ("it", 1.0, 1.1),
        ("was,", 1.1, 1.3),
        ("you", 1.5, 1.6),
        ("know,", 1.6, 1.9),
        ("late.", 2.0, 2.4),
        duration=3.0,
    )
    marked = find_in(spoken)
    assert [(f.text, f.start, f.end) for f in marked.fillers] == [
        ("Um", 0.0, 0.4),
        ("you know", 1.5, 1.9),
    ]
    assert marked.text == spoken.text
    assert Transcript.from_dict(marked.to_dict()) == marked


def test_plain_text_has_places_and_no_times() -> None:
    (filler,) = find_in(Transcript("Um, yes.")).fillers
    assert (filler.start, filler.end, filler.char_start, filler.char_end) == (None, None, 0, 2)


def test_marking_again_replaces_what_was_marked() -> None:
    once = find_in(Transcript("Um, yes."))
    assert find_in(once) == once
    assert find_in(once, off=["um"]).fillers == ()


@pytest.mark.parametrize("half", ["tune", "held out", "stress"])
def test_labelled_sentences(half: str) -> None:
    rows = [r for r in json.loads(LABELLED.read_text("utf-8")) if r["half"] == half]
    assert len(rows) >= 125
    hits = errors = 0
    for row in rows:
        want = {(f["start_char"], f["end_char"], f["kind"]) for f in row["fillers"]}
        got = {(f.char_start, f.char_end, f.kind) for f in find_fillers(row["text"])}
        hits += len(want & got)
        errors += len(want ^ got)
    assert 2 * hits / (2 * hits + errors) >= 0.93


def test_times_are_those_of_the_transcript() -> None:
    words = [
        "Um,",
        "so",
        "we",
        "had,",
        "like,",
        "three",
        "weeks,",
        "you",
        "know,",
        "and",
        "kind",
        "of",
        "no",
        "idea.",
    ]
    rows = [(word, float(n), n + 0.5) for n, word in enumerate(words)]
    marked = find_in(transcript_of(*rows, duration=20.0))
    assert len(marked.fillers) == 4
    for filler in marked.fillers:
        assert (filler.start, filler.end) == marked.times_of(filler.char_start, filler.char_end)
