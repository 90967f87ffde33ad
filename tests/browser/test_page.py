"""The page of a session in a real browser."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import AXE
from tests.browser.sessions import HOSTILE

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.conftest import Opener, Watch

pytestmark = pytest.mark.browser

TIME = "document.querySelector('#a1 audio').currentTime"
PLAYING = "!document.querySelector('#a1 audio').paused"
LIT = "(document.querySelector('#a1 .w.now')?.textContent ?? null)"


def time_of(page: Page) -> float:
    return float(page.evaluate(TIME))


def until(page: Page, condition: str, limit_s: float = 15) -> None:
    """Wait for a condition; the page's policy forbids Playwright's own way of waiting."""
    end = time.monotonic() + limit_s
    while not page.evaluate(condition):
        assert time.monotonic() < end, f"never came true: {condition}"
        page.wait_for_timeout(30)


def start_of(page: Page, selector: str, attribute: str = "s") -> float:
    return float(page.locator(selector).first.get_attribute(f"data-{attribute}") or "nan")


def paused_at(page: Page, time_s: float) -> None:
    """Stop the first answer at a moment and give it the keyboard."""
    page.evaluate(
        f"const a = document.querySelector('#a1 audio'); a.pause(); a.currentTime = {time_s}"
    )
    until(page, f"!document.querySelector('#a1 audio').seeking && !({PLAYING})")
    page.locator("#a1 .play").focus()


# hearing


def test_a_click_on_a_word_plays_from_it(opened: Opener) -> None:
    page = opened()
    start = start_of(page, "#a1w40")
    assert start > 10
    page.locator("#a1w40").click()
    until(page, PLAYING)
    until(page, f"{TIME} > {start} + 0.3")
    assert time_of(page) < start + 5


def test_a_word_in_another_answer_stops_the_first(opened: Opener) -> None:
    page = opened()
    page.locator("#a1w3").click()
    until(page, PLAYING)
    page.locator("#a2w1").click()
    until(page, "!document.querySelector('#a2 audio').paused")
    assert not page.evaluate(PLAYING)
    assert page.locator("#a1 .play").get_attribute("aria-label") == "Play answer 1"
    assert page.locator("#a2 .play").get_attribute("aria-label") == "Pause answer 2"


def test_the_word_that_is_said_is_lit_while_it_plays(opened: Opener) -> None:
    page = opened()
    seen: list[dict[str, Any]] = page.evaluate(
        """() => new Promise((done) => {
            const audio = document.querySelector('#a1 audio'), seen = [];
            document.querySelector('#a1 .play').click();
            const look = setInterval(() => {
                const lit = document.querySelectorAll('#a1 .w.now');
                seen.push({ time: audio.currentTime, lit: lit.length,
                            start: Number(lit[0]?.dataset.s), end: Number(lit[0]?.dataset.e) });
                if (audio.currentTime > 5) { clearInterval(look); audio.pause(); done(seen); }
            }, 50);
        })"""
    )
    lit = [s for s in seen if s["lit"]]
    assert max(s["lit"] for s in seen) == 1
    assert len({s["start"] for s in lit}) >= 8
    # A frame may pass between the clock's step and the light's.
    assert all(s["start"] - 0.05 <= s["time"] <= s["end"] + 0.3 for s in lit)


def test_no_word_is_lit_in_a_long_pause(opened: Opener) -> None:
    page = opened()
    pause = page.locator("#a1 .spoken .pause").nth(1)
    paused_at(page, float(pause.get_attribute("data-seek") or 0) + 1.0)
    until(page, f"{LIT} === null")


def test_a_seek_lands_on_the_sound(opened: Opener) -> None:
    # Second n of the recording sounds at 300 + 20 n Hz.
    page = opened()
    heard: list[list[float]] = page.evaluate(
        """async () => {
            const audio = document.querySelector('#a1 audio');
            const context = new AudioContext(), analyser = context.createAnalyser();
            analyser.fftSize = 16384;
            context.createMediaElementSource(audio).connect(analyser).connect(context.destination);
            await context.resume();
            const bins = new Float32Array(analyser.frequencyBinCount), heard = [];
            for (const second of [61, 8, 40]) {
                audio.currentTime = second + 0.1;
                await audio.play();
                while (audio.currentTime < second + 0.75) {
                    await new Promise(requestAnimationFrame);
                }
                analyser.getFloatFrequencyData(bins);
                const at = audio.currentTime;
                const bin = bins.indexOf(Math.max(...bins));
                const hertz = bin * context.sampleRate / analyser.fftSize;
                heard.push([at, (hertz - 300) / 20]);
                audio.pause();
            }
            return heard;
        }"""
    )
    for at, second in heard:
        assert second == pytest.approx(int(at), abs=0.35)


def test_a_moment_and_a_quote_are_links_to_the_sound(opened: Opener) -> None:
    page = opened()
    um = page.locator("#a1 .moments a", has_text="0:13")
    um.click()
    assert time_of(page) == pytest.approx(
        start_of(page, "#a1 .moments a >> nth=1", "seek"), abs=2
    )
    until(page, PLAYING)
    quote = page.locator("#a1p1 .evidence a")
    start, end = (float(quote.get_attribute(f"data-{k}") or 0) for k in ("seek", "until"))
    quote.click()
    until(page, f"{PLAYING} && {TIME} >= {start} && {TIME} <= {end}")
    until(page, f"!({PLAYING})")
    assert end <= time_of(page) < end + 0.6


def test_the_keyboard(opened: Opener) -> None:
    page = opened()
    paused_at(page, 20)
    page.locator("#a1 h2").click()
    page.keyboard.press("Space")
    until(page, PLAYING)
    page.keyboard.press("Space")
    until(page, f"!({PLAYING})")
    paused_at(page, 20)
    page.keyboard.press("ArrowRight")
    assert time_of(page) == pytest.approx(25, abs=0.1)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert time_of(page) == pytest.approx(15, abs=0.1)
    before = page.evaluate(LIT)
    page.keyboard.press("Shift+ArrowRight")
    assert page.evaluate(LIT) not in (before, None)
    page.keyboard.press("Shift+ArrowUp")
    assert page.evaluate("document.querySelector('#a1 audio').playbackRate") == 1.25
    assert page.locator("#a1 .speed").input_value() == "1.25"
    assert page.locator("#announcement").text_content() == "Speed 1.25"
    for _ in range(9):
        page.keyboard.press("Shift+ArrowDown")
    assert page.evaluate("document.querySelector('#a1 audio').playbackRate") == 0.5


def test_the_keys_keep_their_meaning_in_controls(opened: Opener) -> None:
    page = opened()
    summary = page.locator("#a1 .sample summary")
    summary.focus()
    page.keyboard.press("Space")
    assert page.locator("#a1 .sample").get_attribute("open") is not None
    assert not page.evaluate(PLAYING)
    page.locator("#a1 .speed").focus()
    page.keyboard.press("ArrowRight")
    assert time_of(page) == 0


def test_the_slider_moves_the_sound(opened: Opener) -> None:
    page = opened()
    slider = page.locator("#a1 .seek")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    total = float(slider.get_attribute("max") or 0)
    assert time_of(page) == pytest.approx(total / 2, abs=0.5)
    assert slider.get_attribute("aria-valuetext") == "0:39 of 1:19"
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert time_of(page) == pytest.approx(total / 2 + 5, abs=0.5)


def test_sliding_marks_stand_where_the_slider_does(opened: Opener) -> None:
    page = opened()
    track = page.locator("#a1 .track svg").bounding_box()
    bar = page.locator("#a1 .track svg .speech").first.bounding_box()
    assert track
    assert bar
    total = start_of(page, "#a1 .player", "total")
    start = start_of(page, "#a1w0")
    assert bar["x"] == pytest.approx(track["x"] + track["width"] * start / total, abs=1)


# reading


def test_every_link_leads_somewhere(opened: Opener) -> None:
    page = opened()
    dead = page.evaluate(
        """() => [...document.querySelectorAll('a')].map((a) => a.getAttribute('href'))
            .filter((h) => !h.startsWith('#') || !document.getElementById(h.slice(1)))"""
    )
    assert dead == []
    page.locator(".glance tbody a", has_text="Q4").click()
    until(page, "Math.abs(document.querySelector('#a4').getBoundingClientRect().top) < 200")
    # No sound there: the word itself is gone to, and shown.
    page.locator("#a4 .moments a").first.click()
    assert page.evaluate("document.querySelector('.w:target').textContent") == "um"


def test_texts_stay_texts(opened: Opener) -> None:
    page = opened()
    assert page.title().startswith("site-reliability, 20 November 2026")
    assert page.locator("#a2 h2").text_content() == f"What does {HOSTILE} do?"
    assert f"It is {HOSTILE}" in (page.locator("#a2 .spoken").text_content() or "")
    assert page.locator("#a2 .sample p").text_content() == HOSTILE
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 1


def test_the_transcript_reads_as_it_was_said(opened: Opener) -> None:
    page = opened()
    text = page.evaluate(
        """() => { const copy = document.querySelector('#a1 .spoken').cloneNode(true);
            copy.querySelectorAll('a').forEach((a) => a.remove());
            return copy.textContent.replace(/\\s+/g, ' ').trim(); }"""
    )
    assert text.startswith("So um the service that I would like to talk about is the one")
    assert page.locator("#a1 .filler.hesitation .w").all_text_contents() == [
        "um",
        "um",
        "Um",
        "uh",
    ]
    assert (
        page.locator("#a1 .spoken .said.den").text_content() == "We did not add any monitoring"
    )


def test_a_key_point_shows_its_words(opened: Opener) -> None:
    page = opened()
    page.locator("#a1p3").hover()
    assert page.locator("#a1 .said.lit").text_content() == "made the jobs idempotent,"
    page.locator("#a1p4 a").focus()
    assert page.locator("#a1 .said.lit").text_content() == "We did not add any monitoring"


@pytest.mark.parametrize("answer", ["#a4", "#a6"])
def test_an_answer_without_sound_has_no_controls(opened: Opener, answer: str) -> None:
    page = opened()
    assert page.locator(f"{answer} :is(audio, .play, .seek)").count() == 0
    assert page.locator(f"{answer} .main > .absent").count() == 1
    page.locator(f"{answer} .w").first.click()  # nothing to hear, nothing to go wrong


def test_without_script_the_browsers_own_player_serves(opened: Opener) -> None:
    page = opened(script=False)
    assert page.locator("#a1 audio").is_visible()
    for hidden in ("#a1 .play", "#a1 .seek", "#a1 .speed", ".keyboard"):
        assert page.locator(hidden).is_hidden()
    assert page.locator("#a1 .spoken").is_visible()


# looking


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_nothing_sticks_out(opened: Opener, width: int) -> None:
    page = opened(width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_under_the_reader(opened: Opener, width: int) -> None:
    page = opened(width)
    page.evaluate(
        """() => { window.shifts = 0; new PerformanceObserver((list) => {
            for (const e of list.getEntries()) window.shifts += e.value;
        }).observe({ type: 'layout-shift', buffered: true }); }"""
    )
    page.locator("#a1w1").click()
    until(page, f"{TIME} > 2")
    assert page.evaluate("window.shifts") == 0


def test_motion_is_reduced_when_asked_for(opened: Opener) -> None:
    behaviour = "getComputedStyle(document.documentElement).scrollBehavior"
    assert opened().evaluate(behaviour) == "auto"
    assert opened(motion="any").evaluate(behaviour) == "smooth"


def test_on_paper_there_are_no_controls_and_sample_answers_are_open(opened: Opener) -> None:
    page = opened()
    page.evaluate(
        """() => addEventListener('beforeprint', () => {
            window.printed = document.querySelector('#a1 .sample').open; })"""
    )
    assert page.pdf(format="A4").startswith(b"%PDF")
    assert page.evaluate("window.printed") is True
    assert page.evaluate("document.querySelector('#a1 .sample').open") is False
    page.emulate_media(media="print")
    for hidden in ("#a1 .play", "#a1 .seek", "#a1 .meta", "#a1 .numbers", ".keyboard"):
        assert page.locator(hidden).first.is_hidden()
    assert page.locator("#a1 .spoken").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_no_violations(opened: Opener, scheme: str, width: int) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed (npm ci --prefix tests/browser)")
    page = opened(width, scheme)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert violations(page) == []
    # Everything unfolded, a word lit, a point and a word gone to.
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    page.locator("#a1 .badge").first.click()
    page.locator("#a1w12").click()
    until(page, f"{LIT} !== null")
    page.evaluate("document.querySelector('#a1 audio').pause()")
    assert violations(page) == []


def violations(page: Page) -> list[str]:
    found: list[dict[str, Any]] = page.evaluate("axe.run().then((r) => r.violations)")
    return [
        f"{v['id']}: {n['html'][:200]} {n['failureSummary']}" for v in found for n in v["nodes"]
    ]


PARTS = [
    "play",
    "seek",
    "to-keys",
    "speed",
    "under",
    "words",
    "picture",
    "moments",
    "points",
    "sample",
]

FOCUS = """(parts) => {
    const element = document.activeElement, box = element.getBoundingClientRect();
    const player = document.querySelector('#a1 .player').getBoundingClientRect();
    const covered = !element.closest('.player, .beside') && box.bottom <= player.bottom;
    if (covered) return 'covered by the player: ' + element.outerHTML;
    if (getComputedStyle(element).outlineStyle === 'none') {
        return 'no outline: ' + element.outerHTML;
    }
    return parts.find((part) => element.closest('.' + part)) ?? element.outerHTML;
}"""


def test_tab_goes_through_an_answer_in_reading_order(opened: Opener) -> None:
    page = opened()
    page.locator("#a1 .play").focus()
    names = ["play"]
    while names[-1] != "sample" and len(names) < 60:
        page.keyboard.press("Tab")
        names.append(page.evaluate(FOCUS, PARTS))
    assert list(dict.fromkeys(names)) == PARTS


def test_the_page_asks_for_nothing(
    opened: Opener, page_file: Path, watched: list[Watch]
) -> None:
    page = opened()
    page.locator("#a1w1").click()
    until(page, f"{TIME} > 1")
    assert watched[0].requests[0] == page_file.as_uri()
    assert watched[0].outside(page_file) == []
    # The policy is in force: the page could not ask if it wanted to.
    refused = page.evaluate("fetch('https://example.org/').then(() => 'sent', (e) => e.name)")
    assert refused == "TypeError"
    assert len(watched[0].complaints) >= 1
    assert all("Content Security Policy" in c for c in watched[0].complaints)
    watched[0].complaints.clear()
    watched[0].requests.clear()


def test_who_reads_along_is_taken_along_and_nobody_else(opened: Opener) -> None:
    page = opened(390)
    page.set_viewport_size({"width": 390, "height": 500})
    page.locator("#a1w0").scroll_into_view_if_needed()
    page.locator("#a1w0").click()
    page.locator("#a1 .speed").select_option("2")
    before = page.evaluate("scrollY")
    until(page, f"scrollY > {before} + 50 && {LIT} !== null")
    box = page.locator("#a1 .w.now").bounding_box()
    assert box
    assert 0 < box["y"] < 500
    # A reader who goes elsewhere stays there.
    page.locator("#a1p6").scroll_into_view_if_needed()
    there = page.evaluate("scrollY")
    now = time_of(page)
    until(page, f"{TIME} > {now} + 3")
    assert page.evaluate("scrollY") == there
