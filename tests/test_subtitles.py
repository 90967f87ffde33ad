"""Subtitles: read by libraries as players do, and held against the guidelines."""

from __future__ import annotations

import io
import random
from itertools import pairwise

import pysubs2
import pytest
import webvtt

from tests.conftest import transcript_of
from voiceprep.report.subtitles import (
    CHARACTERS_PER_S,
    LINE_CHARACTERS,
    MAX_S,
    MIN_S,
    cues,
    srt,
    vtt,
)
from voiceprep.transcript import Segment, Transcript, Word

SPOKEN = (
    "so the first thing I did, um, was to look at the data because nobody had done that "
    "before. Then we agreed with finance on what churn means. It took a while, and in the "
    "end the model was retrained every month on the fresh outcomes of the campaign & its "
    "<control> group."
)


def spoken(
    text: str, *, word_s: float = 0.3, pauses: dict[int, float] | None = None
) -> Transcript:
    """Return a transcript in which every word takes as long; pauses (s) go before words."""
    rows, now = [], 0.5
    for i, word in enumerate(text.split()):
        now += (pauses or {}).get(i, 0.0)
        rows.append((word, now, now + word_s))
        now += word_s
    return transcript_of(*rows, duration=now + 0.4)


def random_speech(seed: int) -> Transcript:
    """Return speech of any pace with pauses, long words and words without any length."""
    chance = random.Random(seed)
    rows, now = [], 0.0
    for _ in range(chance.randrange(1, 120)):
        now += chance.choice([0.0, 0.0, 0.0, 0.05, 0.4, 3.0])
        length = chance.choice([0.0, 0.1, 0.2, 0.35, 0.9])
        ending = chance.choice(["", "", "", "", ",", ".", "?"])
        letters = chance.choice([1, 2, 4, 6, 11, 60])
        rows.append(("x" * letters + ending, now, now + length))
        now += length
    return transcript_of(*rows, duration=now + 0.2)


CASES = [
    spoken(SPOKEN),
    spoken(SPOKEN, word_s=0.12),
    spoken(SPOKEN, word_s=0.8),
    spoken(SPOKEN, pauses={9: 2.5, 20: 0.8}),
    *(random_speech(seed) for seed in range(40)),
]


@pytest.mark.parametrize("transcript", CASES)
def test_a_library_reads_both_formats_alike(transcript: Transcript) -> None:
    from_srt = pysubs2.SSAFile.from_string(srt(transcript), "srt")
    from_vtt = webvtt.from_buffer(io.StringIO(vtt(transcript)))
    assert len(from_srt) == len(from_vtt.captions) > 0
    for a, b in zip(from_srt, from_vtt.captions, strict=True):
        assert a.start == pytest.approx(1000 * b.start_in_seconds, abs=999)
        assert b.raw_text.count("\n") == a.text.count("\\N")
    said = " ".join(transcript.text.split())
    shown = " ".join(c.text.replace("\n", " ") for c in from_vtt.captions)
    unescaped = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    # Words longer than a line are broken, so spaces do not count.
    assert unescaped.replace(" ", "") == said.replace(" ", "")


@pytest.mark.parametrize("transcript", CASES)
def test_cues_are_apart_and_inside_the_recording(transcript: Transcript) -> None:
    events = pysubs2.SSAFile.from_string(srt(transcript), "srt").events
    assert transcript.duration is not None
    assert events[0].start >= 0
    assert events[-1].end <= round(1000 * transcript.duration)
    assert all(e.start < e.end for e in events)
    assert all(a.end <= b.start for a, b in pairwise(events))
    for event in events:
        lines = event.text.split("\\N")
        assert 1 <= len(lines) <= 2
        assert all(0 < len(line) <= LINE_CHARACTERS for line in lines)


@pytest.mark.parametrize("transcript", CASES[:4])
def test_cues_can_be_read(transcript: Transcript) -> None:
    found = cues(transcript)
    for cue, after in pairwise(found):
        room = after.start - cue.start
        reading = len(cue.text) / CHARACTERS_PER_S
        assert cue.end - cue.start <= MAX_S + 0.001
        # As long as it takes, unless the next is spoken before.
        assert cue.end - cue.start >= min(max(reading, MIN_S), room - 0.1) - 0.001


def test_cues_follow_the_words() -> None:
    transcript = spoken(SPOKEN, pauses={9: 2.5})
    starts = {round(w.start, 3) for w in transcript.words}
    assert all(round(c.start, 3) in starts for c in cues(transcript))


def test_breaks_fall_at_sentences_and_pauses() -> None:
    texts = [c.text for c in cues(spoken(SPOKEN))]
    assert any(t.endswith("before.") for t in texts)
    assert any(t.endswith("means.") for t in texts)
    paused = cues(spoken("one two three four five six", pauses={3: 2.0}))
    assert [c.text for c in paused] == ["one two three", "four five six"]


def test_lines_keep_together_what_belongs_together() -> None:
    (cue,) = cues(spoken("We looked at the data every week because the client asked."))
    assert cue.lines == ("We looked at the data every week", "because the client asked.")


def test_nothing_said_and_nothing_timed_give_files_without_cues() -> None:
    for transcript in (transcript_of(duration=3.0), Transcript("typed text")):
        assert cues(transcript) == ()
        assert srt(transcript) == ""
        assert webvtt.from_buffer(io.StringIO(vtt(transcript))).captions == []


def test_a_single_word_stands_long_enough() -> None:
    (cue,) = cues(transcript_of(("Yes.", 1.0, 1.2), duration=9.0))
    assert (cue.start, cue.text) == (1.0, "Yes.")
    assert cue.end == pytest.approx(1.0 + MIN_S, abs=0.001)
    (late,) = cues(transcript_of(("Yes.", 9.0, 9.0), duration=9.0))
    assert late.start < late.end <= 9.0


def test_an_arrow_in_the_text_is_no_time() -> None:
    transcript = transcript_of(("a", 0.0, 0.5), ("-->", 0.5, 1.0), ("b", 1.0, 1.5), duration=2)
    assert srt(transcript).count("-->") == 1
    assert len(pysubs2.SSAFile.from_string(srt(transcript), "srt")) == 1


def test_hours_are_written() -> None:
    transcript = transcript_of(("late", 36_000.25, 36_000.5), duration=36_002)
    assert srt(transcript).splitlines()[1].startswith("10:00:00,250 --> 10:00:01,083")


def test_what_is_written_on_to_a_word_stays_on_it() -> None:
    spoken = [Word(" a", 0.0, 0.2, 1), Word(" hold", 0.3, 0.5, 1), Word("-out", 0.5, 0.8, 1)]
    transcript = Transcript.from_segments([Segment.of([*spoken])], duration=2.0)
    assert "a hold-out" in srt(transcript)
