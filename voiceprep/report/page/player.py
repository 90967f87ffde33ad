"""The sound of an answer: its player, whose slider is the timeline, and its pace."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from voiceprep.report.page import answer_pictures
from voiceprep.report.page.markup import Markup, tag
from voiceprep.report.page.series import pace_along
from voiceprep.report.wording import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voiceprep.analysis import Analysis
    from voiceprep.session import Answer

SPEEDS = ("0.5", "0.75", "1", "1.25", "1.5", "2")
"""Speeds of playback on offer."""

AUDIO_TYPE = "audio/mpeg"


def total_seconds(answer: Answer) -> float:
    """Return how long the time axis of an answer is, 0 without times."""
    words = answer.transcript.words
    return max(answer.transcript.duration or 0.0, words[-1].end if words else 0.0)


def player(answer: Answer, audio: bytes | None) -> Iterator[Markup]:
    """Yield the player and what is under it; without sound its timeline and the reason."""
    total_s = total_seconds(answer)
    if not audio:
        yield tag("p", _why_silent(answer), class_="absent")
    if total_s <= 0:
        return
    image, table = answer_pictures.timeline(answer, total_s)
    track = _track(answer, image, audio)
    parts = [_sound(answer, audio), _play(answer), track, _meta(answer)] if audio else [track]
    silent = "" if audio else " mute"
    yield tag("div", *parts, class_=f"player{silent}", data_total=f"{total_s:.2f}")
    yield tag("div", _timeline_key(answer.analysis), table, class_="under")


def _why_silent(answer: Answer) -> str:
    if answer.transcript.duration is None:
        return "This answer was given as text; there is nothing to play."
    if answer.audio is None:
        return "No recording of this answer was kept."
    return f"The recording {answer.audio} is missing, empty or damaged."


def _sound(answer: Answer, audio: bytes) -> Markup:
    source = f"data:{AUDIO_TYPE};base64,{base64.b64encode(audio).decode()}"
    label = f"Answer to question {answer.question.number}"
    return tag("audio", src=source, controls=True, preload="metadata", aria_label=label)


def _play(answer: Answer) -> Markup:
    label = f"Play answer {answer.question.number}"
    return tag("button", class_="play", type="button", aria_label=label)


def _meta(answer: Answer) -> Markup:
    """Return the clock and the speed."""
    total = f" / {clock(total_seconds(answer))}"
    clocks = tag("span", tag("span", "0:00", class_="now-at"), total)
    options = [
        tag("option", f"{speed}×", value=speed, selected=speed == "1") for speed in SPEEDS
    ]
    speed = tag("label", tag("span", "Speed "), tag("select", *options, class_="speed"))
    keys = tag(
        "a", "Keys", href="#keyboard", class_="to-keys", aria_label="Keys of the keyboard"
    )
    return tag("div", clocks, keys, speed, class_="meta")


def _track(answer: Answer, image: Markup, audio: bytes | None) -> Markup:
    """Return the timeline; with sound a slider lies over it, its thumb the playhead."""
    if not audio:
        return tag("div", image, class_="plot track")
    total_s = total_seconds(answer)
    slider = tag(
        "input",
        type="range",
        class_="seek",
        min=0,
        max=f"{total_s:.2f}",
        step="0.01",
        value=0,
        aria_label=f"Position in answer {answer.question.number}",
        aria_valuetext=f"0:00 of {clock(total_s)}",
    )
    return tag("div", image, slider, class_="plot track")


def _timeline_key(found: Analysis) -> Markup | None:
    """Return what the signs on the timeline mean, those that are on it."""
    kinds = {f.kind for f in found.fillers}
    points = found.coverage.points if found.coverage else ()
    rows = (
        ("speech", "speech", bool(found.length.words)),
        ("silence", "long pause", bool(found.pauses)),
        ("hesitation", "hesitation", "hesitation" in kinds),
        ("discourse", "discourse marker", "discourse" in kinds),
        ("earned", "words for a key point", any(p.evidence for p in points)),
    )
    items = [_key_item(kind, label) for kind, label, there in rows if there]
    return tag("ul", *items, class_="key") if items else None


def _key_item(kind: str, label: str) -> Markup:
    sign = tag("use", href=f"#key-{kind}")
    return tag("li", tag("svg", sign, width=16, height=12, aria_hidden="true"), f" {label}")


def pace(answer: Answer, band: tuple[float, float]) -> Markup | None:
    """Return the picture of the pace, None for an answer too short to have a course."""
    along = pace_along(answer.transcript)
    if not along:
        return None
    return answer_pictures.pace_picture(answer, along, total_seconds(answer), band)
