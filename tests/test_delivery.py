from __future__ import annotations

import pytest

from tests.conftest import transcript_of
from voiceprep import delivery
from voiceprep.analysis import Pause
from voiceprep.transcript import Filler, Transcript

ANSWER = transcript_of(
    ("So", 1.0, 1.2),
    ("um,", 1.3, 1.6),
    ("I", 3.1, 3.2),
    ("re-trained", 3.3, 4.0),
    ("it", 4.4, 4.6),
    ("weekly.", 6.0, 7.0),
    duration=9.0,
)
UM = Filler("um", "hesitation", 1.3, 1.6, 3, 5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("One", 1),
        ("I don't re-train, ever.", 4),
        ("It costs 3.5 percent — not 1,000!", 6),
        ("Ünïcode wörds", 2),
        ("...", 0),
    ],
)
def test_words_are_counted_as_people_count_them(text: str, words: int) -> None:
    assert delivery.count_words(text) == words


def test_hesitations_are_no_words_but_markers_are() -> None:
    like = Filler("So", "discourse", 1.0, 1.2, 0, 2)
    assert delivery.count_words(ANSWER.text, [UM, like]) == 5


def test_pauses_are_silences_of_a_second_inside_the_answer() -> None:
    assert delivery.pauses(ANSWER) == (Pause(1.6, 3.1, 1.5), Pause(4.6, 6.0, 1.4))


def test_speech_leaves_out_silences_of_a_quarter_second() -> None:
    # 1.0 to 7.0 without 1.6-3.1, 4.0-4.4 and 4.6-6.0
    assert delivery.speech_seconds(ANSWER) == pytest.approx(6.0 - 1.5 - 0.4 - 1.4)


def test_pace_counts_from_the_first_word_to_the_last() -> None:
    length = delivery.length(ANSWER, [UM])
    pace = delivery.pace(length, ANSWER)
    assert pace.wpm == pytest.approx(60 * 5 / 6.0)
    assert pace.articulation_wpm is None  # 2.7 s of speech is too little to rate


def test_rates_of_the_three_kinds_stand_apart() -> None:
    length = delivery.length(ANSWER, [UM])
    rate = delivery.filler_rate([UM], delivery.pauses(ANSWER), length)
    assert (rate.hesitations.count, rate.discourse.count, rate.pauses.count) == (1, 0, 2)
    assert rate.per_minute == pytest.approx(60 / 9, abs=0.05)
    assert rate.per_100_words == 20.0
    assert rate.pauses.per_minute == pytest.approx(2 * 60 / 9, abs=0.05)


def test_a_silent_answer_is_a_result() -> None:
    silent = transcript_of(duration=8.0)
    length = delivery.length(silent)
    assert (length.words, length.seconds, length.speech_seconds) == (0, 8.0, 0.0)
    assert delivery.pace(length, silent).wpm is None
    assert delivery.filler_rate([], [], length).per_100_words is None


def test_plain_text_has_no_times() -> None:
    text = Transcript("I said this much.")
    length = delivery.length(text)
    assert (length.words, length.seconds, length.speech_seconds) == (4, None, None)
    rate = delivery.filler_rate([], delivery.pauses(text), length)
    assert (rate.per_minute, rate.per_100_words) == (None, 0.0)
