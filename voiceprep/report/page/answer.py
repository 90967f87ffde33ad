"""One answer on the page: its question, player, transcript, moments and key points."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from voiceprep.report.page import spoken
from voiceprep.report.page.markup import Markup, joined, tag
from voiceprep.report.page.player import pace, player
from voiceprep.report.page.points import key_points, next_step, sample_answer
from voiceprep.report.wording import (
    against_band,
    clock,
    counted,
    duration,
    percent,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voiceprep.analysis import Analysis
    from voiceprep.session import Answer


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
        *player(answer, audio),
        _transcript(answer),
        pace(answer, pace_band),
        _moments(answer),
        class_="main",
    )
    aside = tag(
        "div",
        next_step(answer, pace_band),
        key_points(answer),
        sample_answer(answer),
        class_="beside",
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
