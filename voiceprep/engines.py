"""The engines of a command, loaded in the background while something else goes on."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Generic, TypeVar

from voiceprep import machine
from voiceprep.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from voiceprep.analysis import Coverage
    from voiceprep.judge import Judge
    from voiceprep.questions import Question
    from voiceprep.recognition.transcriber import Transcriber
    from voiceprep.transcript import Transcript

T = TypeVar("T")

READ_AHEAD_S = 1.0
"""How often an answer that is being spoken is looked at for new words."""


class Loading(Generic[T]):
    """A value being made in a thread of its own; calling it waits for it.

    The thread is a daemon: a program that is to end does not wait for a model.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        """Begin at once."""
        machine.prepare()
        self._make = make
        self._value: list[T] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="loading", daemon=True)
        self._thread.start()

    def __call__(self) -> T:
        """Return the value, or raise what making it raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._value[0]

    def _run(self) -> None:
        try:
            self._value.append(self._make())
        except BaseException as error:  # noqa: BLE001 (raised again where it is waited for)
            self._error = error


def load_transcriber(
    model: str | None, *, verbatim: bool | None = None
) -> Loading[Transcriber]:
    """Begin to load Whisper.

    Raises:
        ModelError: the weights cannot be found (at once, before anything is loaded).
    """
    from voiceprep.recognition.models import find_weights

    weights = find_weights(model, verbatim=verbatim)

    def make() -> Transcriber:
        from voiceprep.recognition.transcriber import Transcriber

        return Transcriber.load(weights)

    return Loading(make)


class BackgroundCoverer:
    """Key-point coverage with a model that loads in the background.

    With `judge`, a language model decides (see `language_model.find_model` for what that
    and `hosts` may be). If it fails, `notice` is told, and the packaged
    model decides from then on.
    """

    def __init__(
        self,
        judge: str | None = None,
        hosts: Sequence[str] = (),
        notice: Callable[[str], None] | None = None,
    ) -> None:
        """Begin to load.

        Raises:
            ModelError: the language model cannot be used, or is not on this machine.
        """
        from voiceprep.entailment import load_entailment

        self._notice = notice
        self._judge = load_judge(judge, hosts) if judge else None
        self._reader = Loading(load_entailment)

    def read_ahead(self, question: Question, said: Callable[[], str | None]) -> None:
        """Have an answer read while it is being spoken, so that little is left at its end.

        `said` gives its text so far, None when it is over. The model remembers what it
        has read; the sample answer comes first.
        """
        threading.Thread(
            target=self._follow, args=(question, said), name="reading ahead", daemon=True
        ).start()

    def _follow(self, question: Question, said: Callable[[], str | None]) -> None:
        from voiceprep.coverage import cover, why_absent
        from voiceprep.transcript import Transcript

        if why_absent(question) is not None:
            return
        read = ""
        text: str | None = question.sample_answer or ""
        with contextlib.suppress(ModelError):  # said where the coverage is wanted
            reader = self._reader()
            while text is not None:
                if text != read:
                    cover(Transcript(text), question, reader)
                    read = text
                time.sleep(READ_AHEAD_S)
                text = said()

    def __call__(self, transcript: Transcript, question: Question) -> Coverage:
        """Return the coverage; see `coverage.cover`."""
        from voiceprep.coverage import cover

        reader = self._reader()
        coverage = cover(transcript, question, reader)
        if self._judge is None:
            return coverage
        try:
            return self._judge()(transcript, question, coverage, reader)
        except ModelError as error:
            self._judge = None
            if self._notice:
                self._notice(f"{error}. The packaged model judges the key points instead.")
            return coverage


def load_judge(named: str, hosts: Sequence[str] = ()) -> Loading[Judge]:
    """Begin to load a language model.

    Raises:
        ModelError: it cannot be used, or is not on this machine (at once).
    """
    from voiceprep.language_model import find_model, load_model

    found = find_model(named, hosts)

    def make() -> Judge:
        from voiceprep.judge import Judge

        return Judge(load_model(found, hosts))

    return Loading(make)
