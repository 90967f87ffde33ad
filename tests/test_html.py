from __future__ import annotations

import base64
import hashlib
import io
import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.browser import sessions
from tests.conftest import transcript_of
from voiceprep import audio
from voiceprep.analysis import Evidence
from voiceprep.errors import SessionError
from voiceprep.questions import KeyPoint, Question
from voiceprep.report.html import session_page, write_page
from voiceprep.report.page import series, spoken
from voiceprep.report.page.markup import joined, tag
from voiceprep.report.page.plot import Scale
from voiceprep.sound import mp3
from voiceprep.transcript import Filler, Segment, Transcript, Word

if TYPE_CHECKING:
    from pathlib import Path

VOID = {"meta", "link", "input", "br", "path", "rect", "line", "circle", "use"}
SOUND = b"\xff\xfb no real sound"


class Reader(HTMLParser):
    """Reads a page strictly: every element closed, every id once, all text by element."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.styles: list[str] = []
        self.scripts: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id" and value]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        where = self.open[-1] if self.open else ""
        into = {"style": self.styles, "script": self.scripts}.get(where, self.text)
        into.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.attributes if name == tag]


@pytest.fixture(scope="module")
def page() -> str:
    sound = dict.fromkeys((1, 2, 3, 5), SOUND)
    return session_page(sessions.session_of_all_kinds(), sound, history=sessions.history())


# the file as a whole


def test_every_element_is_closed_and_every_id_is_used_once(page: str) -> None:
    read = Reader(page)
    assert len(set(read.ids)) == len(read.ids)
    links = [a["href"] or "" for a in read.all("a")]
    assert len(links) > 20
    assert {link.removeprefix("#") for link in links} <= set(read.ids)
    labels = [a.get("aria-labelledby") for _, a in read.attributes]
    assert {name for label in labels if label for name in label.split()} <= set(read.ids)


def test_the_policy_lets_in_this_style_and_script_and_nothing_else(page: str) -> None:
    read = Reader(page)
    (policy,) = [
        a["content"] or ""
        for a in read.all("meta")
        if a.get("http-equiv") == "Content-Security-Policy"
    ]
    for kind, content in (("style", read.styles), ("script", read.scripts)):
        digest = hashlib.sha256("".join(content).encode()).digest()
        assert f"{kind}-src 'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not [
        a for _, a in read.attributes if "style" in a or any(k.startswith("on") for k in a)
    ]
    addresses = [a[k] or "" for _, a in read.attributes for k in ("src", "href") if k in a]
    assert {re.split("[:#]", a)[0] for a in addresses} == {"", "data"}


def test_texts_from_a_bank_and_a_transcript_are_escaped(page: str) -> None:
    assert sessions.HOSTILE not in page
    assert page.count("<script>") == 1
    read = Reader(page)
    assert f"What does {sessions.HOSTILE} do?" in read.text
    assert not read.all("img")


def test_the_sound_is_inside(page: str) -> None:
    sources = [a["src"] for a in Reader(page).all("audio")]
    assert sources == [f"data:audio/mpeg;base64,{base64.b64encode(SOUND).decode()}"] * 4


def test_every_picture_is_titled_described_and_has_its_table(page: str) -> None:
    read = Reader(page)
    pictures = [a for a in read.all("svg") if a.get("role") == "img"]
    # a timeline for each answer with times, the pace of the long one, coverage, three trends
    assert len(pictures) == 5 + 1 + 1 + 3
    for picture in pictures:
        title, description = (picture["aria-labelledby"] or "").split()
        assert {title, description} <= set(read.ids)
    assert page.count('<details class="numbers">') == len(pictures)
    shown = [a for a in read.all("svg") if a.get("role") != "img"]
    assert all(a.get("aria-hidden") == "true" for a in shown)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (3, "Nothing was heard."),
        (4, "This answer was given as text; there is nothing to play."),
        (5, "Not compared: the bank has neither key points nor a sample answer"),
        (6, "The recording answer-06.wav is missing, empty or damaged."),
    ],
)
def test_what_is_not_there_is_said(page: str, number: int, said: str) -> None:
    article = page.split(f'<article id="a{number}"')[1].split("</article>")[0]
    assert said in article


def test_a_session_without_answers_is_a_page() -> None:
    empty = replace(sessions.session_of_all_kinds(), answers=(), state="running")
    page = session_page(empty, {})
    Reader(page)
    assert "No answer was given in this session." in page
    assert "not finished" in page
    assert "<article" not in page
    assert "Over your sessions" not in page


def test_the_first_session_has_no_progress_and_later_ones_do_not_count() -> None:
    session = sessions.session_of_all_kinds()
    later = replace(session, id="later", started=session.started.replace(year=2027))
    assert "Over your sessions" not in session_page(session, {}, history=[later, session])


def test_sessions_of_one_day_are_told_by_their_hour() -> None:
    session = sessions.session_of_all_kinds()
    earlier = replace(session, id="earlier", started=session.started.replace(hour=9))
    page = session_page(session, {}, history=[earlier])
    read = Reader(
        page.split('<div class="trends">')[1].split("</section>")[0].removesuffix("</div>")
    )
    days = {text for text in read.text if "Nov 2026" in text}
    assert len(days) == 2
    assert all(":" in day for day in days)


def test_many_key_points_go_into_further_rows() -> None:
    session = sessions.session_of_all_kinds()
    coverage = session.answers[0].analysis.coverage
    assert coverage
    many = replace(coverage, points=coverage.points * 4)
    analysis = replace(session.answers[0].analysis, coverage=many)
    answer = replace(session.answers[0], analysis=analysis)
    page = session_page(replace(session, answers=(answer,)), {})
    picture = page.split('aria-labelledby="coverage-t')[1].split("</svg>")[0]
    places = [
        (int(a["x"] or 0), int(a["y"] or 0))
        for a in Reader(f"<p>{picture.split('>', 1)[1]}</p>").all("use")
    ]
    assert len(set(places)) == 24
    assert max(x for x, _ in places) == 8 * 24
    assert {y for _, y in places} == {24, 52, 80}


def test_the_pace_band_is_the_users() -> None:
    session = sessions.session_of_all_kinds()
    assert "below 150 to 160" in session_page(session, {}, pace_band=(150, 160))
    assert "within 110 to 170" in session_page(session, {})


# writing it


def test_the_file_is_private_and_replaced_whole(tmp_path: Path) -> None:
    session = sessions.session_of_all_kinds()
    folder = sessions.with_recordings(session, tmp_path)
    (tmp_path / "answer-05.wav").write_bytes(b"no recording at all")
    path = tmp_path / "page.html"
    path.write_text("what was there before", encoding="utf-8")
    problems = write_page(path, session, folder)
    assert [p.split(": ")[0] for p in problems] == [
        str(folder / "answer-05.wav"),
        str(folder / "answer-06.wav"),
    ]
    assert "no such file" in problems[1]
    read = Reader(path.read_bytes().decode())
    assert len(read.all("audio")) == 3
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob(".page*"))


def test_where_it_cannot_be_written_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "page.html"
    with pytest.raises(SessionError, match=r"missing/page\.html: cannot be written \(No such"):
        write_page(path, sessions.session_of_all_kinds(), tmp_path)


# the sound


def test_sound_survives_being_made_small() -> None:
    samples = sessions.rising_tone(4.0)
    encoded = mp3.encode([samples[:30_000], samples[30_000:]])
    assert len(encoded) == pytest.approx(4 * mp3.BITS_PER_SECOND / 8, rel=0.05)
    decoded = audio.read(io.BytesIO(encoded))
    assert len(decoded) == pytest.approx(len(samples), abs=1200)
    second = np.abs(np.fft.rfft(decoded[2 * 16_000 + 1600 : 3 * 16_000 - 1600]))
    hertz = np.argmax(second) * audio.SAMPLE_RATE / (16_000 - 3200)
    assert hertz == pytest.approx(340, abs=3)


def test_an_empty_recording_is_shown_without_sound(tmp_path: Path) -> None:
    session = sessions.session_of_all_kinds()
    session = replace(session, answers=session.answers[:1])
    audio.write(tmp_path / "answer-01.wav", audio.silence(0))
    assert write_page(tmp_path / "page.html", session, tmp_path) == ()
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "The recording answer-01.wav is missing, empty or damaged." in page
    assert "<audio" not in page


def test_a_moment_of_sound_is_a_file(tmp_path: Path) -> None:
    encoded = mp3.encode([audio.silence(0.01)])
    assert len(audio.read(io.BytesIO(encoded))) == 160


# the words


def test_words_of_text_and_of_sound() -> None:
    assert [u.char_start for u in spoken.units(Transcript("one  two\nthree"))] == [0, 5, 9]
    timed = spoken.units(transcript_of(("one", 1.0, 1.2), ("two", 1.4, 1.9), duration=3.0))
    assert timed == (spoken.Unit(0, 3, 1.0, 1.2), spoken.Unit(4, 7, 1.4, 1.9))
    assert spoken.units(Transcript("")) == ()


def test_a_repeated_quote_is_told_by_its_time() -> None:
    said = transcript_of(
        ("we", 0.0, 0.2),
        ("tested.", 0.3, 0.8),
        ("we", 4.0, 4.2),
        ("tested.", 4.3, 4.8),
        duration=6,
    )
    units = spoken.units(said)
    assert spoken.place(said, units, Evidence("we tested", 4.0, 4.8)) == (2, 4)
    assert spoken.place(said, units, Evidence("we tested", None, None)) == (0, 2)
    assert spoken.place(said, units, Evidence("we deployed", 4.0, 4.8)) is None


def test_marks_lie_inside_one_another() -> None:
    # A filler inside a quote, and a quote that begins inside another.
    question = Question(1, "Why?", "easy", None, (KeyPoint("a"), KeyPoint("b")))
    said = transcript_of(
        ("We", 0.0, 0.2), ("um", 0.3, 0.5), ("tested", 2.0, 2.4), ("it", 2.5, 2.6), duration=4
    )
    answer = sessions.answered(question, said, None)
    points = answer.analysis.coverage
    assert points
    first, second = points.points
    marked = replace(
        points,
        points=(
            replace(first, status="covered", evidence=Evidence("We um tested", 0.0, 2.4)),
            replace(second, status="partial", evidence=Evidence("tested it", 2.0, 2.6)),
        ),
    )
    filler = Filler("um", "hesitation", 0.3, 0.5, 3, 5)
    analysis = replace(answer.analysis, coverage=marked, fillers=(filler,))
    html = spoken.spoken_text(replace(answer, analysis=analysis))
    plain = re.sub(r"<a .*?</a>|<[^>]+>", "", html)
    assert " ".join(plain.split()) == "We um tested it"
    shapes = re.sub(r' (id|href|aria-label|data-s|data-e|data-seek)="[^"]*"', "", html)
    word = '<span class="w">{}</span>'.format
    chip = '<a class="pause">1.5 s</a> '
    assert shapes == (
        '<a class="badge ev">1</a><span class="said ev" data-points="1">'
        f'{word("We")} <span class="filler hesitation">{word("um")}</span></span>'
        f' {chip}<a class="badge ev">2</a><span class="said ev" data-points="1 2">'
        f"{word('tested')}</span>"
        f' <span class="said ev" data-points="2">{word("it")}</span>'
    )


def test_a_segment_without_words_is_one_unit() -> None:
    segment = Segment((Word(" all of it", 1.0, 2.0, 1.0),), " all of it", 1.0, 2.0)
    said = Transcript.from_segments([segment], duration=3.0)
    assert spoken.units(said) == (spoken.Unit(0, 9, 1.0, 2.0),)


# the numbers behind the pictures


def steady(words: int, every_s: float) -> Transcript:
    rows = [("word", i * every_s, i * every_s + every_s / 2) for i in range(words)]
    return transcript_of(*rows, duration=words * every_s + 1)


def test_a_steady_pace_is_a_level_line() -> None:
    along = series.pace_along(steady(120, 0.5))
    assert {round(s.wpm) for s in along} == {120}
    assert along[0].at_s == series.WINDOW_S / 2
    assert along[-1].at_s == pytest.approx(59.75 - series.WINDOW_S / 2)


def test_hesitations_are_no_words_of_the_pace() -> None:
    said = steady(120, 0.5)
    spans = said.word_spans()
    fillers = [Filler("word", "hesitation", None, None, a, b) for a, b in spans[::2]]
    assert {round(s.wpm) for s in series.pace_along(said.with_fillers(fillers))} == {60}


@pytest.mark.parametrize("words", [0, 1, 30])
def test_a_short_answer_has_no_course(words: int) -> None:
    assert series.pace_along(steady(words, 0.5)) == ()


def test_a_session_in_three_numbers() -> None:
    session = sessions.session_of_all_kinds()
    measured = series.measures(session)
    rated = [
        a.analysis for a in session.answers if a.analysis.filler_rate.per_minute is not None
    ]
    minutes = sum(a.length.seconds or 0 for a in rated) / 60
    assert measured.fillers_per_minute == sum(len(a.fillers) for a in rated) / minutes
    assert measured.wpm == pytest.approx(session.answers[0].analysis.pace.wpm)
    assert measured.coverage == pytest.approx(0.58 / 5)
    nothing = series.measures(replace(session, answers=()))
    assert (nothing.fillers_per_minute, nothing.wpm, nothing.coverage) == (None, None, None)


def test_progress_reaches_back_a_score_of_sessions() -> None:
    session = sessions.session_of_all_kinds()
    many = [
        replace(
            session, id=f"2025-{i:02d}", started=session.started.replace(year=2025, minute=i)
        )
        for i in range(40)
    ]
    along = series.measures_along(session, reversed(many))
    assert [m.id for m in along] == [*(f"2025-{i}" for i in range(21, 40)), session.id]


@pytest.mark.parametrize(
    ("values", "step", "top", "ticks"),
    [
        ([120.0, 171.0], 50, 200, (0, 50, 100, 150, 200)),
        ([], 50, 50, (0, 50)),
        ([33.0], 2, 34, (0, 10, 20, 30)),
    ],
)
def test_scales(values: list[float], step: float, top: float, ticks: tuple[float, ...]) -> None:
    scale = Scale.over(values, step)
    assert (scale.top, scale.ticks) == (top, ticks)
    assert scale.y(0) > scale.y(top)


# the markup


def test_what_is_no_markup_is_escaped() -> None:
    assert tag("p", "a < b & c", title='"quoted" <b>') == (
        '<p title="&quot;quoted&quot; &lt;b&gt;">a &lt; b &amp; c</p>'
    )
    assert tag("p", tag("b", "x"), None, joined(["<", tag("i", "y")])) == (
        "<p><b>x</b>&lt;<i>y</i></p>"
    )
    assert tag("line", x1=0.5, class_="axis", hidden=True, id=None) == (
        '<line x1="0.5" class="axis" hidden/>'
    )
