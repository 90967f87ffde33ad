"""A worker: the loaded models, and the one path from a recording to its answer.

The local run, a pool of processes and a cluster all work through this; they differ only
in who is given which recording.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from voiceprep import audio
from voiceprep.assessment import FillerWords, assess
from voiceprep.engines import BackgroundCoverer
from voiceprep.errors import VoiceprepError
from voiceprep.fillers import find_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from voiceprep.analysis import Analysis, Coverage
    from voiceprep.audio import Samples
    from voiceprep.questions import Question
    from voiceprep.transcript import Transcript

_ONE_AT_A_TIME = threading.Lock()
"""A model uses all threads that its worker was given; two recordings would only compete."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What every worker of a run has in common.

    `analysed` adds the analysis to the transcript, with coverage where there is a question.
    """

    model: str | None = None
    verbatim: bool | None = None
    filler_words: FillerWords = field(default_factory=FillerWords)
    analysed: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """One recording to work on; `sound` is its file, or its content where it has no file."""

    number: int
    name: str
    sound: Path | bytes
    question: Question | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a recording holds."""

    transcript: Transcript
    analysis: Analysis | None


Result = Answer | VoiceprepError


class Worker:
    """Loaded models that answer any number of tasks."""

    def __init__(self, setup: Setup, threads: int = 0) -> None:
        """Load the models; `threads` 0 takes all cores.

        Raises:
            ModelError: the weights cannot be found or loaded.
        """
        from voiceprep.recognition.models import find_weights
        from voiceprep.recognition.transcriber import Transcriber

        weights = find_weights(setup.model, verbatim=setup.verbatim)
        self._transcriber = Transcriber.load(weights, threads=threads)
        self._setup = setup
        self._coverer: BackgroundCoverer | None = None

    def results(
        self, tasks: Iterable[Task], heard: Callable[[float], None] | None = None
    ) -> Iterator[tuple[Task, Result]]:
        """Yield each task with its answer, or with why there is none, as they are finished.

        Recordings are opened when their turn comes and read in a stream. `heard` is told
        of every stretch of sound that has been read, in seconds; any thread may call it.
        """
        opened: dict[int, Task] = {}

        def recordings() -> Iterator[tuple[int, Iterator[Samples]]]:
            for task in tasks:
                opened[task.number] = task
                yield task.number, _told(_blocks(task), heard)

        for number, transcript in self._transcriber.transcribe_many(recordings()):
            task = opened.pop(number)
            if isinstance(transcript, VoiceprepError):
                yield task, transcript
            else:
                yield task, self._answer(task, transcript)

    def _answer(self, task: Task, transcript: Transcript) -> Answer:
        words = self._setup.filler_words
        if not self._setup.analysed:
            return Answer(find_in(transcript, extra=words.extra, off=words.off), None)
        return Answer(*assess(transcript, task.question, self._cover, words))

    def _cover(self, transcript: Transcript, question: Question) -> Coverage:
        """Load the model that reads key points when the first question is there to need it."""
        if self._coverer is None:
            self._coverer = BackgroundCoverer()
        return self._coverer(transcript, question)


def _blocks(task: Task) -> Iterator[Samples]:
    source = task.sound if isinstance(task.sound, Path) else BytesIO(task.sound)
    return audio.stream(source, name=task.name)


def _told(
    blocks: Iterator[Samples], heard: Callable[[float], None] | None
) -> Iterator[Samples]:
    for block in blocks:
        yield block
        if heard:
            heard(audio.seconds(block))


def work(setup: Setup, threads: int, task: Task) -> Result:
    """Answer one task in this process, with models that are loaded once and stay."""
    with _ONE_AT_A_TIME:
        try:
            worker = _loaded(setup, threads)
        except VoiceprepError as error:
            return error
        ((_, result),) = worker.results([task])
        return result


@lru_cache(maxsize=1)
def _loaded(setup: Setup, threads: int) -> Worker:
    return Worker(setup, threads)
