"""One answer on the page: its question, player, transcript, moments and key points."""

from __future__ import annotations

import base64
from collections import defaultdict
from typing import TYPE_CHECKING

from voiceprep.report.advice import advice
from voiceprep.report.page import charts, spoken
from voiceprep.report.page.markup import Markup, joined, tag
from voiceprep.report.page.series import pace_along
from voiceprep.report.wording import (
    against_band,
    clock,
    counted,
    duration,
    percent,
    sample_sentence,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voiceprep.analysis import Analysis, Evidence, PointCoverage
    from voiceprep.session import Answer

SPEEDS = ("0.5", "0.75", "1", "1.25", "1.5", "2")
"""Speeds of playback on offer."""

STATUS_SIGNS = {"covered": "●", "partial": "◐", "missed": "○", "denied": "✕"}
"""Signs beside a key point, told apart by their shape."""

AUDIO_TYPE = "audio/mpeg"


def answer_id(answer: Answer) -> str:
    """Return the id of an answer on the page."""
    return f"a{answer.question.number}"


def article(answer: Answer, audio: bytes | None, pace_band: tuple[float, float]) -> Markup:
    """Return everything about one answer; `audio` is an MP3 file, None without sound."""
    question = answer.question
    name = answer_id(answer)
    heading = tag(
        "header",
        tag(
            "p",
            f"Question {question.number}",
            tag("span", f" · {question.difficulty}", class_="muted"),
            class_="eyebrow",
        ),
        tag("h2", question.text, id=f"{name}-h"),
        *(tag("p", tag("strong", "Note: "), note, class_="note") for note in answer.notes),
        _figures(answer.analysis, pace_band),
    )
    main = tag(
        "div",
        *_player(answer, audio),
        _transcript(answer),
        _pace(answer, pace_band),
        _moments(answer),
        class_="main",
    )
    aside = tag(
        "div", _advice(answer, pace_band), _points(answer), _sample(answer), class_="beside"
    )
    return tag(
        "article",
        heading,
        tag("div", main, aside, class_="columns"),
        id=name,
        class_="answer",
        aria_labelledby=f"{name}-h",
    )


# the numbers


def _figures(found: Analysis, pace_band: tuple[float, float]) -> Markup:
    rows = [_length(found), _pace_figure(found, pace_band), _fillers(found), _pauses(found)]
    rows.append(_coverage(found))
    return tag("dl", *(_figure(*row) for row in rows), class_="figures")


def _figure(label: str, value: str, more: str) -> Markup:
    return tag(
        "div",
        tag("dt", label),
        tag("dd", value, class_="value"),
        tag("dd", more, class_="more"),
    )


def _length(found: Analysis) -> tuple[str, str, str]:
    words = counted(found.length.words, "word")
    if found.length.seconds is None or found.length.speech_seconds is None:
        return "Length", words, "no times"
    speech = f"{words}, {duration(found.length.speech_seconds)} of speech"
    return "Length", duration(found.length.seconds), speech


def _pace_figure(found: Analysis, band: tuple[float, float]) -> tuple[str, str, str]:
    if found.pace.wpm is None:
        why = "no times" if found.length.seconds is None else "too short to rate"
        return "Words a minute", "–", why
    return "Words a minute", f"{found.pace.wpm:.0f}", against_band(found.pace.wpm, band)


def _fillers(found: Analysis) -> tuple[str, str, str]:
    rate = found.filler_rate
    kinds = (
        f"{counted(rate.hesitations.count, 'hesitation')}, "
        f"{counted(rate.discourse.count, 'discourse marker')}"
    )
    if rate.per_minute is None:
        return "Fillers", str(len(found.fillers)), kinds
    return "Fillers a minute", f"{rate.per_minute:.1f}", kinds


def _pauses(found: Analysis) -> tuple[str, str, str]:
    if found.length.seconds is None:
        return "Long pauses", "–", "no times"
    if not found.pauses:
        return "Long pauses", "0", "none of a second or more"
    longest = max(found.pauses, key=lambda p: p.seconds)
    more = f"longest {longest.seconds:.1f} s at {clock(longest.start)}"
    return "Long pauses", str(len(found.pauses)), more


def _coverage(found: Analysis) -> tuple[str, str, str]:
    if found.coverage is None:
        return "Key points", "–", "not compared"
    statuses = [p.status for p in found.coverage.points]
    partial = f"{statuses.count('partial')} in part, " if "partial" in statuses else ""
    value = f"{statuses.count('covered')} of {len(statuses)}"
    return "Key points", value, f"{partial}score {percent(found.coverage.score)}"


# the sound


def total_seconds(answer: Answer) -> float:
    """Return how long the time axis of an answer is, 0 without times."""
    words = answer.transcript.words
    return max(answer.transcript.duration or 0.0, words[-1].end if words else 0.0)


def _player(answer: Answer, audio: bytes | None) -> Iterator[Markup]:
    total_s = total_seconds(answer)
    if not audio:
        yield tag("p", _why_silent(answer), class_="absent")
    if total_s <= 0:
        return
    image, table = charts.timeline(answer, total_s)
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


def _pace(answer: Answer, band: tuple[float, float]) -> Markup | None:
    along = pace_along(answer.transcript)
    if not along:
        return None
    return charts.pace_picture(answer, along, total_seconds(answer), band)


# the words


def _transcript(answer: Answer) -> Markup:
    name = answer_id(answer)
    heading = tag("h3", "What you said", id=f"{name}-said")
    if not answer.transcript.text:
        return tag("section", heading, tag("p", "Nothing was heard.", class_="absent"))
    text = tag(
        "p", spoken.spoken_text(answer), class_="spoken", lang=answer.transcript.language
    )
    return tag("section", heading, text, _marks_key(answer.analysis), class_="words")


def _marks_key(found: Analysis) -> Markup | None:
    """Return what the marks in the text mean, those that are in it."""
    kinds = {f.kind for f in found.fillers}
    points = found.coverage.points if found.coverage else ()
    rows = (
        ("um", "filler hesitation", "hesitation", "hesitation" in kinds),
        ("like", "filler discourse", "discourse marker", "discourse" in kinds),
        ("words", "said ev", "for key point 2", any(p.evidence for p in points)),
        ("words", "said den", "against key point 2", any(p.denied for p in points)),
        ("1.8 s", "pause", "long pause", bool(found.pauses)),
    )
    items = [
        tag("li", _legend_badge(kind), tag("span", sample, class_=kind), f" {label}")
        for sample, kind, label, there in rows
        if there
    ]
    return tag("ul", *items, class_="legend") if items else None


def _legend_badge(kind: str) -> Markup | None:
    badges = {"said ev": ("2", "badge ev"), "said den": ("✕2", "badge den")}
    text, style = badges.get(kind, ("", ""))
    return tag("span", text, class_=style) if text else None


def _moments(answer: Answer) -> Markup | None:
    """Return fillers and pauses listed, each a link to where it happened."""
    groups = [
        _filler_group(answer, "hesitation", "Hesitations"),
        _filler_group(answer, "discourse", "Discourse markers"),
        _pause_group(answer),
    ]
    kept = [g for g in groups if g]
    if not kept:
        return None
    return tag("section", tag("h3", "Moments"), *kept, class_="moments")


def _filler_group(answer: Answer, kind: str, heading: str) -> Markup | None:
    units = spoken.units(answer.transcript)
    links: dict[str, list[Markup]] = defaultdict(list)
    for filler in answer.analysis.fillers:
        if filler.kind != kind or not units:
            continue
        index = spoken.word_at(units, filler.char_start)
        label = f"word {index + 1}" if filler.start is None else clock(filler.start)
        word = filler.text.lower()
        links[word].append(_moment(answer, index, filler.start, label, f"{label}, {word}"))
    rows = (
        tag("li", tag("span", word, class_="term"), f" {len(at)} ", *_spaced(at))
        for word, at in sorted(links.items(), key=lambda row: -len(row[1]))
    )
    return joined([tag("h4", heading), tag("ul", *rows)]) if links else None


def _pause_group(answer: Answer) -> Markup | None:
    units = spoken.units(answer.transcript)
    rows = []
    for pause in answer.analysis.pauses:
        index = spoken.word_after(units, pause.end)
        label = clock(pause.start)
        link = _moment(answer, index or 0, pause.start, label, f"{label}, long pause")
        rows.append(tag("li", tag("span", f"{pause.seconds:.1f} s", class_="term"), " ", link))
    return joined([tag("h4", "Long pauses"), tag("ul", *rows)]) if rows else None


def _moment(
    answer: Answer, index: int, start_s: float | None, label: str, spoken_label: str
) -> Markup:
    return tag(
        "a",
        label,
        href=f"#{spoken.word_id(answer, index)}",
        data_seek=None if start_s is None else f"{start_s:.2f}",
        aria_label=spoken_label,
    )


def _spaced(links: list[Markup]) -> Iterator[Markup]:
    for link in links:
        yield joined([link, " "])


# what was to be said


def _advice(answer: Answer, band: tuple[float, float]) -> Markup:
    said = advice(answer.analysis, answer.question.sample_answer, band)
    return tag("section", tag("h3", "Try next"), tag("p", *_commands(said)), class_="advice")


def _commands(text: str) -> Iterator[str]:
    """Yield a text with what stands between backticks as code."""
    for i, part in enumerate(text.split("`")):
        yield tag("code", part) if i % 2 else part


def _points(answer: Answer) -> Markup:
    heading = tag("h3", "Key points")
    coverage = answer.analysis.coverage
    if coverage is None:
        why = answer.analysis.coverage_absent or "there is nothing to compare with"
        return tag("section", heading, tag("p", f"Not compared: {why}.", class_="absent"))
    items = (_point(answer, n, point) for n, point in enumerate(coverage.points, 1))
    return tag("section", heading, tag("ol", *items, class_="points"))


def _point(answer: Answer, number: int, point: PointCoverage) -> Markup:
    status = "denied" if point.denied else point.status
    sign = tag("span", STATUS_SIGNS[status], class_="sign", aria_hidden="true")
    return tag(
        "li",
        tag("p", sign, tag("span", status, class_="status"), class_="verdict"),
        tag("p", tag("span", f"{number}. ", class_="muted"), point.text, class_="claim"),
        _said_of(answer, point),
        id=spoken.point_id(answer, number),
        class_=status,
        data_point=number,
    )


def _said_of(answer: Answer, point: PointCoverage) -> Markup:
    if point.denied:
        quote = _quote(answer, point.denied)
        return tag("p", "You said that you did not: ", quote, class_="evidence")
    if point.evidence:
        return tag("p", _quote(answer, point.evidence), class_="evidence")
    sample = answer.question.sample_answer
    sentence = sample_sentence(point, sample) if sample else ""
    if not sentence:
        return tag("p", "Not said.", class_="evidence muted")
    return tag("p", f"Not said. The sample answer: “{sentence}”", class_="evidence muted")


def _quote(answer: Answer, evidence: Evidence) -> Markup:
    """Return the words of the answer as a link that plays them."""
    span = spoken.place(answer.transcript, spoken.units(answer.transcript), evidence)
    at = "" if evidence.start is None else f"{clock(evidence.start)} "
    label = joined([tag("span", at, class_="at"), f"“{evidence.quote}”"])
    if span is None:
        return label
    return tag(
        "a",
        label,
        href=f"#{spoken.word_id(answer, span[0])}",
        data_seek=None if evidence.start is None else f"{evidence.start:.2f}",
        data_until=None if evidence.end is None else f"{evidence.end:.2f}",
    )


def _sample(answer: Answer) -> Markup | None:
    sample = answer.question.sample_answer
    if not sample:
        return None
    return tag("details", tag("summary", "Sample answer"), tag("p", sample), class_="sample")
