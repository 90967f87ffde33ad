"""The engines of a command, loaded in the background while something else goes on."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from voiceprep.analysis import Coverage
    from voiceprep.questions import Question
    from voiceprep.transcriber import Transcriber
    from voiceprep.transcript import Transcript

T = TypeVar("T")


class Loading(Generic[T]):
    """A value being made in a thread of its own; calling it waits for it.

    The thread is a daemon: a program that is to end does not wait for a model.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        """Begin at once."""
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
    from voiceprep.models import find_weights

    weights = find_weights(model, verbatim=verbatim)

    def make() -> Transcriber:
        from voiceprep.transcriber import Transcriber

        return Transcriber.load(weights)

    return Loading(make)


class BackgroundCoverer:
    """Key-point coverage with an encoder that loads in the background."""

    def __init__(self) -> None:
        from voiceprep.encoder import load_encoder

        self._encoder = Loading(load_encoder)

    def __call__(self, transcript: Transcript, question: Question) -> Coverage:
        """Return the coverage; see `coverage.cover`."""
        from voiceprep.coverage import cover

        return cover(transcript, question, self._encoder())
