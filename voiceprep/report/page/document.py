"""The whole file: frame, style, script and the policy that keeps it to itself."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from voiceprep.report.page import overview
from voiceprep.report.page.answer import article
from voiceprep.report.page.markup import joined, tag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from voiceprep.session import Session


def document(
    session: Session,
    audio: Mapping[int, bytes],
    history: Sequence[Session],
    pace_band: tuple[float, float],
) -> str:
    """Return the page of a session as one HTML file that needs nothing else.

    `audio` holds MP3 files by question number.
    """
    style, script = _packaged("page.css"), _packaged("page.js")
    answers = [
        article(answer, audio.get(answer.question.number), pace_band)
        for answer in session.answers
    ]
    # Answers that can be played get the keyboard explained.
    playable = any(audio.get(a.question.number) for a in session.answers)
    return Template(_packaged("page.html")).substitute(
        policy=_policy(style, script),
        title=joined([overview.title(session)]),
        style=style,
        script=script,
        heading=overview.heading(session),
        summary=overview.summary(session),
        answers=joined(answers, "\n"),
        progress=overview.progress(session, history, pace_band) or "",
        keyboard=overview.keys_help() if playable else "",
        footer=tag("p", "Made by voiceprep. Everything on this page is in this one file."),
    )


def _packaged(name: str) -> str:
    return files("voiceprep.report.page").joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Return a content security policy that allows this style and script and no network."""
    rules = (
        "default-src 'none'",
        f"script-src {_hash(script)}",
        f"style-src {_hash(style)}",
        "media-src data:",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return "; ".join(rules)


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
