"""`voiceprep practice`: the spoken interview."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from voiceprep.cli import INTERRUPTED, options
from voiceprep.errors import AudioError, SessionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from voiceprep.cli.screen import Screen
    from voiceprep.engines import BackgroundCoverer
    from voiceprep.interview import Setup
    from voiceprep.keys import Keys
    from voiceprep.live import Transcription
    from voiceprep.questions import Difficulty, Order, Question
    from voiceprep.sound.microphone import Microphone
    from voiceprep.sound.speaker import Speaker
    from voiceprep.store import OpenSession, Store

DEFAULT_LIMIT_S = 180.0
SHORTEST_SILENCE_S = 4.0
DEFAULT_RATE_WPM = 170


@dataclass(frozen=True, slots=True)
class _Wishes:
    """The options of the command, as they were given."""

    bank: str
    numbers: tuple[int, ...]
    difficulties: tuple[Difficulty, ...]
    count: int | None
    order: Order
    seed: int | None
    due: bool
    answers: Path | None
    paced: bool
    limit: float
    silence: float | None
    prep: float
    input_: str | None
    output: str | None
    voice: str | None
    rate: int
    speech: bool
    live: bool
    model: str | None
    verbatim: bool | None
    fillers: tuple[str, ...]
    no_fillers: tuple[str, ...]
    judge: str | None
    judge_hosts: tuple[str, ...]
    pace_band: tuple[float, float]
    resume: bool
    as_json: bool


@click.command()
@click.argument("bank", default="machine-learning")
@click.option("--question", "-q", "numbers", multiple=True, type=int, help="Ask this one only.")
@click.option(
    "--difficulty",
    "-d",
    "difficulties",
    multiple=True,
    type=click.Choice(["easy", "medium", "hard"]),
    help="Ask only these (may be repeated).",
)
@click.option("--count", "-n", type=click.IntRange(1), help="Ask this many questions.")
@click.option(
    "--order",
    type=click.Choice(["bank", "shuffle", "easy-first"]),
    default="bank",
    show_default=True,
    help="In which order.",
)
@click.option("--seed", type=int, help="Shuffle the same way every time.")
@click.option("--due", is_flag=True, help="Ask what is due for repetition, worst first.")
@click.option(
    "--answers",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Take recorded answers in place of the microphone.",
)
@click.option("--paced", is_flag=True, help="Play the recorded answers in real time.")
@click.option(
    "--limit",
    type=click.FloatRange(5, 3600),
    default=DEFAULT_LIMIT_S,
    show_default=True,
    metavar="SECONDS",
    help="The longest answer.",
)
@click.option(
    "--silence",
    type=click.FloatRange(SHORTEST_SILENCE_S, 60),
    metavar="SECONDS",
    help="End an answer after this much silence (4 or more).",
)
@click.option(
    "--prep",
    type=click.FloatRange(0, 600),
    default=0,
    metavar="SECONDS",
    help="Time to think before each answer.",
)
@click.option("--input", "input_", metavar="DEVICE", help="Microphone, by name or number.")
@click.option("--output", metavar="DEVICE", help="Speaker, by name or number.")
@click.option("--voice", metavar="NAME", help="Voice; natural needs voiceprep[natural].")
@click.option(
    "--rate",
    type=click.IntRange(80, 400),
    default=DEFAULT_RATE_WPM,
    show_default=True,
    metavar="WPM",
    help="How fast it speaks.",
)
@click.option("--speech/--no-speech", default=True, help="Speak the questions, or only show.")
@click.option("--live/--no-live", default=True, help="Show the last words heard.")
@options.model
@options.verbatim
@options.fillers
@options.no_fillers
@options.judge
@options.judge_hosts
@options.pace_band
@click.option("--resume", is_flag=True, help="Go on with the session that was interrupted.")
@options.as_json
def practice(**chosen: Any) -> None:
    """Hold a spoken interview with the questions of BANK (a name or a file).

    Each question is spoken; you answer aloud and end with Enter. The report
    follows at once, a summary at the end. Every answer is kept on this machine.

    \b
    Examples:
      voiceprep practice
      voiceprep practice behavioural --count 3 --order shuffle --prep 30
      voiceprep practice my-bank.txt --difficulty hard --silence 5
      voiceprep practice --answers recordings/ --no-speech
    """
    from voiceprep.cli.screen import Screen
    from voiceprep.engines import BackgroundCoverer
    from voiceprep.interruption import Interruption
    from voiceprep.interview import Interview

    wishes = _Wishes(**chosen)
    screen = Screen(
        wishes.pace_band, speech=wishes.speech, live_words=wishes.live, quiet=wishes.as_json
    )
    with ExitStack() as stack:
        begin = _transcription(wishes)
        cover = BackgroundCoverer(wishes.judge, wishes.judge_hosts, screen.notice)
        held, language = _session(wishes, screen)
        stack.enter_context(held)
        keys = stack.enter_context(_keys(wishes))
        interruption = stack.enter_context(Interruption())
        setup = _setup(wishes, screen, keys, begin, cover, language)
        session = Interview(setup, held, interruption).run()
    if wishes.as_json:
        options.echo_json(session.to_dict())
    if interruption.requested:
        click.get_current_context().exit(INTERRUPTED)


def _session(wishes: _Wishes, screen: Screen) -> tuple[OpenSession, str]:
    """Begin a session, or take up the interrupted one; return it with the bank's language."""
    from voiceprep.banks import load_bank
    from voiceprep.history.index import interrupted
    from voiceprep.questions import select
    from voiceprep.store import Store

    store = Store()
    open_ended = interrupted(store)
    if wishes.resume:
        if not open_ended:
            raise SessionError("no session was interrupted; start one without --resume")
        return store.reopen(open_ended[0]), "en"
    if open_ended:
        screen.notice(
            f"Session {open_ended[0].id} was interrupted; `voiceprep practice --resume` "
            "goes on with it."
        )
    bank = load_bank(wishes.bank)
    plan = select(
        bank.questions if wishes.numbers else _answered(bank.questions, wishes.answers),
        numbers=_due(store, bank.name) if wishes.due else wishes.numbers,
        difficulties=wishes.difficulties,
        count=wishes.count,
        order=wishes.order,
        seed=wishes.seed,
    )
    return store.create(bank.name, plan), bank.language


def _due(store: Store, bank: str) -> tuple[int, ...]:
    """Return the questions of a bank that are due, the worst first.

    Raises:
        SessionError: none is.
    """
    from voiceprep.history.index import Query, find
    from voiceprep.history.schedule import schedule

    now = datetime.now(UTC)
    found = schedule(find(store, Query(bank=bank))[0], now)
    due = tuple(item.question for item in found if item.due <= now)
    if not due:
        later = f"; the next is due on {found[0].due:%Y-%m-%d}" if found else ""
        raise SessionError(f"{bank}: no question is due{later}")
    return due


def _answered(questions: tuple[Question, ...], answers: Path | None) -> tuple[Question, ...]:
    """Return the questions to choose from: all, or those that have a recorded answer.

    Raises:
        AudioError: the folder holds no answer to any of them.
    """
    if answers is None:
        return questions
    from voiceprep.sound.answers import answered_numbers

    numbers = answered_numbers(answers)
    found = tuple(q for q in questions if q.number in numbers)
    if not found:
        raise AudioError(
            f"{answers}: no recorded answer to any question of the bank "
            "(files named like question-02.wav)"
        )
    return found


def _setup(
    wishes: _Wishes,
    screen: Screen,
    keys: Keys,
    begin: Callable[[str], Transcription],
    cover: BackgroundCoverer,
    language: str,
) -> Setup:
    from voiceprep.assessment import FillerWords
    from voiceprep.interview import Setup
    from voiceprep.listening import Limits
    from voiceprep.recognition.voice_activity import VoiceActivity

    recorded = wishes.answers is not None
    real_time = not recorded or wishes.paced
    return Setup(
        speaker=_speaker(wishes, language),
        microphone=_microphone(wishes),
        begin=begin,
        cover=cover,
        keys=keys,
        view=screen,
        limits=Limits(wishes.limit, wishes.silence),
        voice_activity=VoiceActivity,
        filler_words=FillerWords(wishes.fillers, wishes.no_fillers),
        prep_s=0 if recorded else wishes.prep,
        play=lambda path: _play(path, wishes.output),
        interactive=not recorded,
        read_ahead=cover.read_ahead if real_time else None,
        real_time=real_time,
    )


def _transcription(wishes: _Wishes) -> Callable[[str], Transcription]:
    """Begin to load Whisper and return what starts a transcription with it."""
    from voiceprep.engines import load_transcriber

    loading = load_transcriber(wishes.model, verbatim=wishes.verbatim)
    return lambda context: loading().transcription(
        context=context, live=wishes.answers is None or wishes.paced
    )


def _keys(wishes: _Wishes) -> AbstractContextManager[Keys]:
    from voiceprep.keys import NoKeys, terminal_keys

    return terminal_keys() if wishes.answers is None else NoKeys()


def _speaker(wishes: _Wishes, language: str) -> Speaker:
    from voiceprep.sound.speaker import SilentSpeaker, make_speaker

    if not wishes.speech or wishes.answers is not None:
        return SilentSpeaker()
    return make_speaker(
        voice=wishes.voice, rate_wpm=wishes.rate, device=wishes.output, language=language
    )


def _microphone(wishes: _Wishes) -> Microphone:
    from voiceprep.sound.answers import FileMicrophone
    from voiceprep.sound.microphone import LiveMicrophone

    if wishes.answers is not None:
        return FileMicrophone(wishes.answers, paced=wishes.paced)
    return LiveMicrophone(wishes.input_)


def _play(path: Path, device: str | None) -> None:
    from voiceprep import audio
    from voiceprep.sound.playback import play

    play(audio.read(path), audio.SAMPLE_RATE, device)
