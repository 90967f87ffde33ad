"""The session controller: ask, prepare, listen, report, next.

It receives its speaker, microphone, transcriber, keys and view as arguments and knows
no device, no model and no terminal.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from voiceprep import audio
from voiceprep.assessment import assess
from voiceprep.audio import Recording
from voiceprep.errors import AudioError, DeviceError, SessionError, VoiceError
from voiceprep.listening import Listener, Take
from voiceprep.live import LiveTranscription
from voiceprep.session import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from voiceprep.assessment import Coverer, FillerWords
    from voiceprep.interruption import Interruption
    from voiceprep.keys import Keys
    from voiceprep.listening import Limits, Moment, VoiceActivity
    from voiceprep.live import Transcription
    from voiceprep.questions import Question
    from voiceprep.session import Session
    from voiceprep.sound.microphone import Microphone
    from voiceprep.sound.speaker import Speaker
    from voiceprep.store import OpenSession

POLL_S = 0.05
"""How often keys and signals are looked at while waiting."""

HANDS_FREE_S = 3.0
"""How long a report stands before the next question, where answers end by silence."""

WORTH_TELLING_S = 10.0
"""A transcription that falls behind by more than a window or so says that it did."""

SHORTEST_RECOVERED_S = 0.5
"""An interrupted take shorter than this has no words to recover."""

After = Literal["next", "retake", "quit"]


class View(Protocol):
    """What the person in front of it sees of a session."""

    def ask(self, question: Question, position: int, total: int) -> None:
        """Show a question."""

    def speaking(self) -> None:
        """Say that the question is being spoken, and how to cut it short."""

    def countdown(self, seconds_left: int) -> None:
        """Show the time left for preparation; 0 ends it."""

    def listening(self, moment: Moment) -> None:
        """Show the meter."""

    def transcribing(self) -> None:
        """Say that the answer is over and its report is being made."""

    def report(self, answer: Answer) -> None:
        """Show the report of an answer."""

    def after_answer(self) -> None:
        """Say which keys can be pressed now."""

    def notice(self, line: str) -> None:
        """Say one thing that happened."""

    def summary(self, session: Session) -> None:
        """Show the summary of the session."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything a session runs with.

    `real_time` says that answers come as they are spoken, not as fast as they are read.
    `begin` starts a transcription with a context text, waiting for the model if need be;
    `read_ahead` is given a question and what gives the text of its answer so far, None
    when the answer is over.
    `voice_activity` makes a detector for the end by silence.
    """

    speaker: Speaker
    microphone: Microphone
    begin: Callable[[str], Transcription]
    cover: Coverer
    keys: Keys
    view: View
    limits: Limits
    voice_activity: Callable[[], VoiceActivity]
    filler_words: FillerWords
    prep_s: float = 0.0
    play: Callable[[Path], None] | None = None
    read_ahead: Callable[[Question, Callable[[], str | None]], None] | None = None
    interactive: bool = False
    real_time: bool = False


class Interview:
    """Runs a session to its end; every finished answer is on disk before the next question."""

    def __init__(self, setup: Setup, held: OpenSession, interruption: Interruption) -> None:
        self._with = setup
        self._held = held
        self._interruption = interruption
        self._speaks = True

    def run(self) -> Session:
        """Ask what remains of the plan and return the session.

        A session that somebody quit is finished; one ended by a signal can be resumed.
        """
        self._recover()
        questions = self._held.session.remaining
        self._prepare_speech(questions)
        for question in questions:
            self._with.view.ask(question, *self._position(question))
            if self._interruption.requested or not self._question(question):
                break
        return self._close()

    def _close(self) -> Session:
        session = self._held.session
        if not self._interruption.requested or not session.remaining:
            self._guarded(self._held.finish)
        session = self._held.session
        self._with.view.summary(session)
        return session

    def _question(self, question: Question) -> bool:
        """Ask one question until it is answered or skipped; return whether to go on."""
        while True:
            if not self._speak(question.text) or not self._prepare():
                return False
            outcome = self._answer(question)
            if outcome == "quit" or self._interruption.requested:
                return False
            if outcome == "next":
                return True

    # asking

    def _prepare_speech(self, questions: tuple[Question, ...]) -> None:
        for question in questions:
            self._with.speaker.prepare(question.text)

    def _speak(self, text: str) -> bool:
        """Speak a text unless stopped by a key; return False if the session is to end."""
        pressed: list[str] = []

        def stop() -> bool:
            key = self._with.keys.poll()
            if key:
                pressed.append(key)
            return bool(pressed) or self._interruption.requested

        if self._speaks:
            self._with.view.speaking()
            try:
                self._with.speaker.say(text, stop)
            except (VoiceError, DeviceError) as error:
                self._speaks = False
                self._with.view.notice(f"{error} (the questions are shown, not spoken)")
        return "q" not in pressed and not self._interruption.requested

    def _prepare(self) -> bool:
        """Count down the time to prepare; any key ends it. Return False to end the session."""
        until = time.monotonic() + self._with.prep_s
        shown = None
        while (left := until - time.monotonic()) > 0:
            if self._interruption.requested:
                return False
            key = self._with.keys.poll()
            if key:
                break
            if (whole := int(left) + 1) != shown:
                self._with.view.countdown(shown := whole)
            time.sleep(POLL_S)
        if self._with.prep_s:
            self._with.view.countdown(0)
        return True

    # listening

    def _answer(self, question: Question) -> After:
        """Take one answer, report it, keep it; return what comes after."""
        path = self._held.new_take(question)
        live = self._transcribing(question)
        if self._with.read_ahead:
            self._with.read_ahead(question, lambda: live.settled)
        try:
            take = self._listen(question, path, live)
        except (AudioError, DeviceError) as error:
            live.abandon()
            path.unlink(missing_ok=True)
            self._with.view.notice(str(error))
            return self._after_failure(question)
        if take.end in ("retake", "skip"):
            live.abandon()
            path.unlink(missing_ok=True)
            if take.end == "retake":
                return "retake"
            self._guarded(lambda: self._held.skip(question))
            return "next"
        self._with.view.transcribing()
        self._keep(question, path, live, take)
        if take.end in ("quit", "interrupted"):
            return "quit"
        return self._choose(path)

    def _listen(self, question: Question, path: Path, live: LiveTranscription) -> Take:
        detector = self._with.voice_activity() if self._with.limits.silence_s else None
        with self._with.microphone.listen(question) as stream, Recording(path) as recording:
            return Listener(
                stream,
                recording,
                self._with.keys,
                self._with.limits,
                self._interruption,
                live.feed,
                lambda: live.heard,
                self._with.view.listening,
                lambda: self._repeat(question),
                detector,
            ).take()

    def _repeat(self, question: Question) -> None:
        self._speak(question.text)

    def _after_failure(self, question: Question) -> After:
        """Go on with the next recording, or end: without a microphone there is no answer."""
        if self._with.interactive:
            return "quit"
        self._guarded(lambda: self._held.skip(question))
        return "next"

    # reporting

    def _keep(
        self, question: Question, path: Path, live: LiveTranscription, take: Take
    ) -> None:
        transcript, analysis = assess(
            live.finish(), question, self._with.cover, self._with.filler_words
        )
        notes = (*take.notes, *self._lag(live))
        answer = Answer(question, path.name, transcript, analysis, notes)
        self._with.view.report(answer)
        self._guarded(lambda: self._held.add(answer))

    def _lag(self, live: LiveTranscription) -> Iterator[str]:
        """Yield a note if the machine was too slow to transcribe along."""
        if self._with.real_time and live.furthest_behind_s > WORTH_TELLING_S:
            yield (
                f"the transcription was up to {live.furthest_behind_s:.0f} s behind and "
                "caught up; nothing is missing"
            )

    def _recover(self) -> None:
        """Transcribe what an interrupted session left unanswered on disk."""
        for question, path in self._held.unfinished_takes():
            samples = audio.read(path)
            if audio.seconds(samples) < SHORTEST_RECOVERED_S:
                path.unlink()  # nothing was said yet: the question is asked again
                continue
            live = self._transcribing(question)
            live.feed(samples)
            self._with.view.ask(question, *self._position(question))
            note = f"recovered after an interruption at {audio.seconds(samples):.0f} s"
            self._keep(question, path, live, Take("interrupted", 0.0, (note,)))

    def _transcribing(self, question: Question) -> LiveTranscription:
        """Begin to transcribe the answer to a question, which is fair context for it."""
        return LiveTranscription(lambda: self._with.begin(question.text))

    def _position(self, question: Question) -> tuple[int, int]:
        """Return the place of a question in the plan, from 1, and how many there are."""
        numbers = [q.number for q in self._held.session.plan]
        return 1 + numbers.index(question.number), len(numbers)

    def _choose(self, path: Path) -> After:
        """Wait for the person to say what comes next; without keys go right on."""
        if not self._with.interactive:
            return "next"
        self._with.view.after_answer()
        hands_free = self._with.limits.silence_s is not None
        until = time.monotonic() + HANDS_FREE_S
        while not self._interruption.requested:
            key = self._with.keys.poll()
            if key in ("enter", "space", "n"):
                return "next"
            if key == "r":
                return "retake"
            if key == "q":
                return "quit"
            if key == "l" and self._with.play:
                self._listen_back(path)
                until = time.monotonic() + HANDS_FREE_S
            if hands_free and key is None and time.monotonic() > until:
                return "next"
            time.sleep(POLL_S)
        return "quit"

    def _listen_back(self, path: Path) -> None:
        assert self._with.play is not None
        try:
            self._with.play(path)
        except (AudioError, DeviceError) as error:
            self._with.view.notice(str(error))

    def _guarded(self, write: Callable[[], None]) -> None:
        """Write to the store; a full disk costs the record, never the report."""
        try:
            write()
        except SessionError as error:
            self._with.view.notice(str(error))
