"""A real browser, headless, with the page of a session of every kind open in it.

Needs Chromium (Debian: `apt-get install chromium`), Playwright to drive it
(`pip install playwright`; it downloads nothing, the installed Chromium is used) and
axe-core (`npm ci --prefix tests/browser`). What is missing is skipped with its reason.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import sessions
from voiceprep.report.html import write_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

    Opener = Callable[..., Page]

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
AXE = Path(__file__).with_name("node_modules") / "axe-core" / "axe.min.js"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return headless Chromium, or skip."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed"
    )
    flags = ["--autoplay-policy=no-user-gesture-required"]
    if os.name == "posix" and os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium refuses its sandbox to root
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=found, args=flags)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of a session with every kind of answer."""
    folder = tmp_path_factory.mktemp("session")
    session = sessions.session_of_all_kinds()
    sessions.with_recordings(session, folder)
    path = folder / "page.html"
    (missing,) = write_page(path, session, folder, sessions.history())
    assert "answer-06.wav" in missing
    return path


class Watch:
    """What a page must not do: complain, ask the network, open a dialog."""

    def __init__(self, context: BrowserContext) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        context.on("console", lambda m: self.complaints.append(m.text))
        context.on("weberror", lambda e: self.complaints.append(str(e.error)))
        context.on("dialog", lambda d: self.complaints.append(d.message))
        context.on("request", lambda r: self.requests.append(r.url))

    def outside(self, page_file: Path) -> list[str]:
        """Return the requests for anything but the page itself and what it carries."""
        own = page_file.as_uri()
        return [
            u for u in self.requests if u.split("#")[0] != own and not u.startswith("data:")
        ]


@pytest.fixture
def watched() -> list[Watch]:
    """Return the watches over what a test opened."""
    return []


@pytest.fixture
def opened(browser: Browser, page_file: Path, watched: list[Watch]) -> Iterator[Opener]:
    """Return a function that opens the page; afterwards nothing may have gone wrong."""
    contexts: list[BrowserContext] = []

    def opener(
        width: int = 1280, scheme: str = "light", *, motion: str = "reduce", script: bool = True
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce" if motion == "reduce" else "no-preference",
            java_script_enabled=script,
        )
        contexts.append(context)
        watched.append(Watch(context))
        page = context.new_page()
        page.goto(page_file.as_uri())
        return page

    yield opener
    for context in contexts:
        context.close()
    assert [c for w in watched for c in w.complaints] == []
    assert [r for w in watched for r in w.outside(page_file)] == []
