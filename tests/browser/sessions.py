"""Sessions made by hand for the page: every kind of answer that there can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from voiceprep import audio
from voiceprep.analysis import Coverage, Evidence, PointCoverage
from voiceprep.assessment import assess
from voiceprep.questions import KeyPoint, Question
from voiceprep.session import Answer, Session
from voiceprep.transcript import Segment, Transcript, Word

if TYPE_CHECKING:
    from pathlib import Path

    from voiceprep.audio import Samples

STARTED = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)

SPOKEN = """
So um the service that I would like to talk about is the one that sends reminders. | When I
joined, it was basically a script on one machine, and um nobody knew whether it had run. The
first thing I did was to write down what we promise: every reminder within five minutes. || I
then moved the jobs into a queue, so a crash would not lose any of them. Um you know, that was
the easy part. We did not add any monitoring in the first month, and that was a mistake. | One
night the queue filled up, and uh we only heard of it from the customers. After that I added an
alert on the age of the oldest job, and we wrote a short guide for whoever is on call. We also
made the jobs idempotent, so that running one twice does no harm. ||| What I took away is that
a promise you do not measure is like no promise at all. The team now looks at that number every
week, and we have not missed it since the spring.
"""

POINTS = (
    ("wrote down what the service promises", "covered", "write down what we promise"),
    ("moved the work into a queue", "covered", "moved the jobs into a queue"),
    ("made the jobs safe to run twice", "partial", "made the jobs idempotent"),
    ("watched the service from the first day", "denied", "We did not add any monitoring"),
    ("rehearsed the recovery with the team", "missed", ""),
    ("shared the lessons", "covered", "moved the jobs into a queue, so a crash would not lose"),
)

SAMPLE = (
    "I would begin with what the service promises to its users. From there I would move the "
    "work into a queue, make every job safe to run twice and watch the age of the oldest one. "
    "Before handing it over I would rehearse a recovery with the team."
)

LONG = Question(
    1,
    "Tell me about a service that you made dependable. What did you change first, and why?",
    "medium",
    SAMPLE,
    tuple(KeyPoint(text) for text, _, _ in POINTS),
)

HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)> & \"'"


def timed(script: str, *, start_s: float = 0.8, word_s: float = 0.34) -> Transcript:
    """Return a script as a transcript: every word takes its time, each | is a pause."""
    words, now = [], start_s
    for token in script.split():
        if set(token) == {"|"}:
            now += 0.8 + 0.7 * len(token)
            continue
        length = word_s * (0.6 + 0.08 * len(token))
        words.append(Word(f" {token}", round(now, 2), round(now + length, 2), 0.9))
        now += length + (0.45 if token[-1] in ".:" else 0.04)
    segments = [Segment.of(words)] if words else []
    return Transcript.from_segments(segments, duration=round(now + 1.0, 2))


def quoted(transcript: Transcript, quote: str) -> Evidence:
    """Return a quote of a transcript as evidence, with its times."""
    at = transcript.text.index(quote)
    start, end = transcript.times_of(at, at + len(quote)) or (None, None)
    return Evidence(quote, start, end)


def judged(transcript: Transcript, question: Question) -> Coverage:
    """Return the coverage of the long answer as POINTS has it."""
    points = []
    for text, status, quote in POINTS:
        found = quoted(transcript, quote) if quote else None
        if status == "denied":
            points.append(PointCoverage(text, "missed", 0.1, None, found))
        elif status == "missed":
            points.append(PointCoverage(text, "missed", 0.1, None))
        elif status == "covered":
            points.append(PointCoverage(text, "covered", 0.9, found))
        else:
            points.append(PointCoverage(text, "partial", 0.5, found))
    return Coverage(0.58, tuple(points))


def nothing_covered(transcript: Transcript, question: Question) -> Coverage:
    """Return the coverage of an answer that says nothing of it."""
    return Coverage(
        0.0, tuple(PointCoverage(p.text, "missed", 0.0, None) for p in question.key_points)
    )


def answered(question: Question, said: Transcript, audio_name: str | None) -> Answer:
    """Return an answer, analysed."""
    cover = judged if question is LONG else nothing_covered
    transcript, analysis = assess(said, question, cover)
    return Answer(question, audio_name, transcript, analysis)


def long_answer() -> Answer:
    """Return an answer of two minutes with everything in it."""
    return answered(LONG, timed(SPOKEN), "answer-01.wav")


def session_of_all_kinds() -> Session:
    """Return a session with every kind of answer."""
    points = (KeyPoint("because it is so"), KeyPoint("as it was agreed"))
    kinds = (
        (
            Question(2, f"What does {HOSTILE} do?", "hard", HOSTILE, (KeyPoint(HOSTILE),)),
            timed(f"It is {HOSTILE} so far"),
            "answer-02.wav",
        ),
        (
            Question(3, "Say nothing.", "easy", "Nothing.", points),
            Transcript("", duration=6.0),
            "answer-03.wav",
        ),
        (
            Question(4, "Answer in writing?", "easy", None, points),
            Transcript("I um wrote this down, like so. It has no times at all."),
            None,
        ),
        (Question(5, "Yes or no?", "easy"), timed("Yes."), "answer-05.wav"),
        (
            Question(6, "Where is the recording?", "medium", "Gone.", points),
            timed("Um, it is not there any more, I am afraid."),
            "answer-06.wav",
        ),
    )
    answers = (long_answer(), *(answered(*kind) for kind in kinds))
    hostile = replace(answers[1], notes=(f"the microphone {HOSTILE} went away",))
    answers = (answers[0], hostile, *answers[2:])
    plan = tuple(a.question for a in answers)
    return Session(
        "20261120-1830-aaaa", STARTED, "site-reliability", plan, answers, "finished", (7,)
    )


def history(count: int = 7) -> tuple[Session, ...]:
    """Return sessions before that one, getting better."""
    return tuple(_earlier(i) for i in range(count))


def _earlier(index: int) -> Session:
    fillers = ["um", "like", "you", "know"]
    text = SPOKEN.split()
    for k in range(2 * (7 - index)):
        text.insert(7 + 9 * k, fillers[k % 3] if index % 3 else "um")
    said = timed(" ".join(text), word_s=0.26 + 0.012 * index)
    covered = 1 + index * 5 // 7

    def cover(transcript: Transcript, question: Question) -> Coverage:
        points = tuple(
            PointCoverage(p.text, "covered" if n < covered else "missed", 0.5, None)
            for n, p in enumerate(question.key_points)
        )
        return Coverage(covered / len(points), points)

    transcript, analysis = assess(said, LONG, cover)
    answer = Answer(LONG, None, transcript, analysis)
    started = STARTED - timedelta(days=3 * (7 - index))
    return Session(f"2026-{index}", started, "site-reliability", (LONG,), (answer,), "finished")


def rising_tone(duration_s: float) -> Samples:
    """Return a sound that tells its own time: second n sounds at 300 + 20 n Hz."""
    at = np.arange(round(duration_s * audio.SAMPLE_RATE)) / audio.SAMPLE_RATE
    step = 300 + 20 * np.floor(at)
    return (0.3 * np.sin(2 * np.pi * np.cumsum(step) / audio.SAMPLE_RATE)).astype(np.float32)


def with_recordings(session: Session, folder: Path) -> Path:
    """Write a sound for every answer that names one, but for the one that went missing."""
    for answer in session.answers:
        if answer.audio and answer.question.number != 6:
            audio.write(folder / answer.audio, rising_tone(answer.transcript.duration or 1.0))
    return folder
