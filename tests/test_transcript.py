from __future__ import annotations

import json

import pytest

from tests.conftest import transcript_of
from voiceprep.errors import VoiceprepError
from voiceprep.transcript import Filler, Segment, Transcript, Word, parse_transcript

THREE = transcript_of(("So,", 0.5, 0.7), ("um,", 1.0, 1.4), ("yes.", 3.0, 3.3), duration=4.0)


def test_round_trip_through_json() -> None:
    marked = THREE.with_fillers([Filler("um", "hesitation", 1.0, 1.4, 4, 6)])
    assert Transcript.from_dict(json.loads(json.dumps(marked.to_dict()))) == marked


def test_the_shape_is_whispers() -> None:
    data = THREE.to_dict()
    assert data["text"] == "So, um, yes."
    assert data["segments"][0]["id"] == 0
    assert data["segments"][0]["words"][1] == {
        "word": " um,",
        "start": 1.0,
        "end": 1.4,
        "probability": 0.9,
    }


def test_spans_and_times() -> None:
    assert [THREE.text[a:b] for a, b in THREE.word_spans()] == ["So,", "um,", "yes."]
    assert THREE.times_of(4, 6) == (1.0, 1.4)
    assert THREE.times_of(0, len(THREE.text)) == (0.5, 3.3)
    assert Transcript("no times here").times_of(0, 2) is None


def test_spans_over_several_segments() -> None:
    first = Segment.of([Word(" One", 0, 1, 1), Word(" two.", 1, 2, 1)])
    second = Segment.of([Word(" Three.", 2, 3, 1)])
    joined = Transcript.from_segments([first, second], duration=3)
    assert joined.text == "One two. Three."
    assert [joined.text[a:b] for a, b in joined.word_spans()] == ["One", "two.", "Three."]


def test_nothing_said() -> None:
    silent = transcript_of(duration=8.0)
    assert (silent.text, silent.words, silent.word_spans()) == ("", (), ())
    assert Transcript.from_dict(silent.to_dict()) == silent


def test_json_of_other_tools_without_words_or_duration() -> None:
    other = {
        "text": " Hello there. Bye.",
        "segments": [
            {"start": 0.0, "end": 1.5, "text": " Hello there."},
            {"start": 2.0, "end": 2.5, "text": " Bye."},
        ],
        "language": "en",
    }
    read = Transcript.from_dict(other)
    assert (read.text, read.duration) == ("Hello there. Bye.", 2.5)
    assert read.times_of(13, 16) == (2.0, 2.5)


def test_plain_text_and_what_is_neither() -> None:
    assert parse_transcript("I  said\nthis.\n", "a.txt") == Transcript("I said this.")
    with pytest.raises(VoiceprepError, match=r"^a\.json: not JSON"):
        parse_transcript('{"text": ', "a.json")
    with pytest.raises(VoiceprepError, match=r"^a\.json: transcript JSON: no 'text'"):
        parse_transcript("{}", "a.json")
    with pytest.raises(VoiceprepError, match="expected Whisper's shape"):
        parse_transcript('{"segments": [{"start": "x", "end": 1, "text": "a"}]}', "a.json")
