from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.conftest import transcript_of
from voiceprep import audio
from voiceprep.live import LiveTranscription

if TYPE_CHECKING:
    from voiceprep.transcript import Transcript


class Slow:
    """A transcription that waits for `go` before it takes anything."""

    heard = "a word"
    settled = "all but the last word"

    def __init__(self) -> None:
        self.go = threading.Event()
        self.fed_s = 0.0

    def feed(self, samples: audio.Samples) -> None:
        self.go.wait()
        self.fed_s += audio.seconds(samples)

    def finish(self) -> Transcript:
        return transcript_of(("done", 0.0, 0.5), duration=self.fed_s)


def test_feeding_never_waits_and_nothing_is_lost() -> None:
    slow = Slow()
    live = LiveTranscription(lambda: slow)
    for _ in range(40):
        live.feed(audio.silence(0.5))
    assert live.furthest_behind_s == pytest.approx(20)
    slow.go.set()
    assert live.finish().duration == pytest.approx(20)


def test_what_is_settled_is_there_until_the_answer_is_over() -> None:
    slow = Slow()
    slow.go.set()
    live = LiveTranscription(lambda: slow)
    live.feed(audio.silence(0.1))
    while live.settled == "":  # the transcription has not begun
        pass
    assert live.settled == "all but the last word"
    live.finish()
    assert live.settled is None


def test_an_abandoned_one_is_over() -> None:
    live = LiveTranscription(Slow)
    live.abandon()
    assert live.settled is None


def test_an_error_of_the_thread_is_raised_at_the_end() -> None:
    def begin() -> Slow:
        raise RuntimeError("no model")

    live = LiveTranscription(begin)
    live.feed(audio.silence(0.1))
    with pytest.raises(RuntimeError, match="no model"):
        live.finish()
