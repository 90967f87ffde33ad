"""Hesitations: the sound, the decision, the place in the text; and on real recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from voiceprep import audio
from voiceprep.recognition.hesitations.sounds import Sound, levels, likenesses, sounds, stacked
from voiceprep.recognition.hesitations.support import ACCEPTED, Support, pooled
from voiceprep.recognition.hesitations.words import Hesitation, insert, is_hesitation, unglued
from voiceprep.recognition.models import find_weights
from voiceprep.recognition.transcriber import Transcriber
from voiceprep.transcript import Transcript, Word

if TYPE_CHECKING:
    from pathlib import Path


def words(*texts: str) -> tuple[Word, ...]:
    """Return words of half a second each, one second apart."""
    return tuple(Word(f" {t}", float(i), i + 0.5, 0.9) for i, t in enumerate(texts))


def text(found: tuple[Word, ...]) -> str:
    return "".join(w.text for w in found).strip()


# --- spelling and text ------------------------------------------------------------


@pytest.mark.parametrize("word", ["um", " Um,", " uh...", "Ummm", " hmm", " er,", " mm-hmm"])
def test_hesitations_are_known_by_their_spelling(word: str) -> None:
    assert is_hesitation(word)


@pytest.mark.parametrize(
    "word", ["", " her", " umbrella", " I'm", " a", " her.", " hum", "..."]
)
def test_words_are_not_taken_for_hesitations(word: str) -> None:
    assert not is_hesitation(word)


def test_a_hesitation_stands_between_its_words_with_commas() -> None:
    found = insert(words("but", "here's", "some"), [Hesitation("um", 0.6, 0.9, 0.8, 1)])
    assert text(found) == "but, um, here's some"
    assert (found[1].start, found[1].end, found[1].probability) == (0.6, 0.9, 0.8)


def test_a_hesitation_at_the_start_of_a_sentence_is_capitalised() -> None:
    found = insert(words("done.", "Then"), [Hesitation("uh", 0.6, 0.9, 0.8, 1)])
    assert text(found) == "done. Uh, Then"


def test_repeated_hesitations_each_count_and_the_last_closes_the_text() -> None:
    pair = [Hesitation("uh", 0.6, 0.8, 0.8, 1), Hesitation("um", 0.9, 1.4, 0.8, 1)]
    assert text(insert(words("well"), pair)) == "well, uh, um."


def test_a_hesitation_alone_is_a_text() -> None:
    assert text(insert((), [Hesitation("um", 0.6, 0.9, 0.8, 0)])) == "Um."


def test_hesitations_in_the_plain_words_give_way_to_those_found() -> None:
    plain = words("so", "um,", "yes")
    assert text(insert(plain, [])) == "so yes"
    assert text(insert(plain, [Hesitation("um", 1.0, 1.4, 0.9, 1)])) == "so, um, yes"


def test_glued_hesitations_are_taken_apart() -> None:
    glued = (Word(" forced...um...a", 1.0, 2.4, 0.9),)
    parted = unglued(glued)
    assert [w.text for w in parted] == [" forced...", " um...", " a"]
    assert parted[0].start == 1.0
    assert parted[-1].end == pytest.approx(2.4)
    assert unglued(words("U.S.", "wait...")) == words("U.S.", "wait...")


def test_times_stay_in_order_and_words_give_way() -> None:
    plain = (Word(" but", 0.0, 2.0, 0.9), Word(" here", 2.0, 2.6, 0.9))
    found = insert(plain, [Hesitation("um", 1.5, 2.2, 0.8, 1)])
    assert [(w.start, w.end) for w in found] == [(0.0, 1.5), (1.5, 2.2), (2.2, 2.6)]


# --- the sound --------------------------------------------------------------------


def test_every_frame_is_seen_with_its_surroundings() -> None:
    frames = np.arange(20, dtype=np.float32)[:, None]
    assert stacked(frames)[10].tolist() == [6, 10, 14]
    assert stacked(frames)[0].tolist() == [0, 0, 4]


def test_levels_are_decibels_of_full_scale() -> None:
    tone = np.sin(np.arange(16_000) / 16_000 * 2 * np.pi * 200).astype(np.float32)
    assert levels(tone) == pytest.approx(np.full(50, -3.01), abs=0.1)
    assert len(levels(np.zeros(0, np.float32))) == 0


def frames(*runs: tuple[int, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return likeness and level of runs of (frames, likeness, dB)."""
    likeness = np.concatenate([np.full(n, p, np.float32) for n, p, _ in runs])
    level = np.concatenate([np.full(n, db, np.float32) for n, _, db in runs])
    return likeness, level


def test_a_stretch_that_sounds_like_it_is_found() -> None:
    (found,) = sounds(*frames((50, 0.0, -60), (20, 0.95, -20), (30, 0.0, -60)))
    assert found.start == 1.0
    assert found.end == pytest.approx(1.4)


@pytest.mark.parametrize(
    ("runs", "why"),
    [
        (((50, 0.0, -60), (5, 0.95, -20), (30, 0.0, -60)), "too short"),
        (((50, 0.0, -60), (20, 0.6, -20), (30, 0.0, -60)), "not sure enough"),
        (((50, 0.0, -60), (20, 0.95, -57), (30, 0.0, -60)), "no sound behind it"),
        (((100, 0.0, -60),), "nothing there"),
    ],
)
def test_what_is_no_hesitation(runs: tuple[tuple[int, float, float], ...], why: str) -> None:
    assert sounds(*frames(*runs)) == (), why


def test_a_valley_parts_two_hesitations_and_a_closing_m_does_not() -> None:
    two = sounds(
        *frames((50, 0, -60), (15, 0.95, -20), (3, 0.95, -45), (15, 0.95, -22), (20, 0, -60))
    )
    assert len(two) == 2
    one = sounds(*frames((50, 0, -60), (15, 0.95, -20), (15, 0.95, -30), (20, 0, -60)))
    assert len(one) == 1


def test_no_frames_hold_no_sounds() -> None:
    assert sounds(np.zeros(0, np.float32), np.zeros(0, np.float32)) == ()


def test_the_network_ignores_what_it_was_not_trained_on() -> None:
    silent = likenesses(np.zeros((100, 384), np.float32))
    assert silent.shape == (100,)
    assert ((silent >= 0) & (silent <= 1)).all()


# --- the decision -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("sound", "said", "missed", "accepted"),
    [
        (Sound(0, 35, 0.99), -0.1, 0.5, True),  # both witnesses
        (Sound(0, 12, 0.91), -0.2, 0.5, True),  # short, and the next word misses it
        (Sound(0, 12, 0.91), -3.0, 0.0, False),  # short, and the decoder knows nothing
        (Sound(0, 8, 0.99), -5.0, 0.0, False),  # a syllable of a word
        (Sound(0, 40, 0.8), -6.0, 0.0, False),  # long, but unlike and unsaid
    ],
)
def test_both_witnesses_decide(
    sound: Sound, said: float, missed: float, *, accepted: bool
) -> None:
    probability = pooled(sound, Support(0, "um", said, missed))
    assert 0 < probability < 1
    assert (probability >= ACCEPTED) is accepted


# --- real recordings --------------------------------------------------------------


@pytest.fixture(scope="module")
def transcriber() -> Transcriber:
    return Transcriber.load(find_weights())


def heard(transcriber: Transcriber, file: Path) -> Transcript:
    return transcriber.transcribe([audio.read(file)])


def count(transcript: Transcript) -> int:
    return sum(is_hesitation(w.text) for w in transcript.words)


@pytest.mark.weights
@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("hesitations/mfa_mfa_um.flac", 1),
        ("hesitations/mfa_mfa_crossword.flac", 2),
        ("hesitations/mfa_mfa_uhum.flac", 6),
        ("hesitations/talkbank_batchalign2_test.flac", 2),
        ("traps/mfa_mfa_er.flac", 0),
        ("traps/mfa_mfa_youknow.flac", 0),
        ("read/1998-15444-0000.flac", 0),
    ],
)
def test_hesitations_of_real_speech(
    transcriber: Transcriber, recordings: Path, file: str, said: int
) -> None:
    found = count(heard(transcriber, recordings / file))
    assert abs(found - said) <= said // 6  # of six in a row one may go under


@pytest.mark.weights
@pytest.mark.shared
@pytest.mark.parametrize("name", ["keyboard-typing", "silence3", "zoom_a"])
def test_noise_holds_no_hesitation(
    transcriber: Transcriber, recordings: Path, name: str
) -> None:
    assert count(heard(transcriber, recordings / "noise" / f"{name}.flac")) == 0


@pytest.mark.weights
def test_no_samples_hold_nothing(transcriber: Transcriber) -> None:
    assert transcriber.transcribe([np.zeros(0, np.float32)]).words == ()
