"""The real dashboard in a real Chromium: a served store, and pages that note every error on the console."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from dashboard.theme import streamlit_arguments
from tests.dashboard.conftest import Filled, filled

__all__ = ["filled"]

ROOT = Path(__file__).parents[2]
SCREENSHOTS = Path(__file__).parent / "screenshots"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 120_000
"""Milliseconds; the machine that runs this may be busy with other things."""
MENU_AWAY = 768
"""Pixels up to which the menu slides away instead of standing beside the page."""
PROBE = re.compile(r"/_stcore/(health|host-config)$")
"""Streamlit looks for its server beside the page's address before it tries the root, so that a page with a path of its
own answers 404 here; nothing else may."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever drives a browser is marked so."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def address(filled: Filled) -> Iterator[str]:
    """Where the dashboard of the module's store is served."""
    with served(filled.config) as where:
        yield where


@contextmanager
def served(config: Path) -> Iterator[str]:
    """Where the dashboard of a configuration is served meanwhile, started as `groundswell up` does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "dashboard" / "app.py"), *streamlit_arguments()]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    log = SCREENSHOTS / f"server-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}.log"
    SCREENSHOTS.mkdir(exist_ok=True)
    with log.open("w") as out:
        server = subprocess.Popen(
            [*command, "--server.address=127.0.0.1", f"--server.port={port}"],
            cwd=ROOT,
            env=environment | {"GROUNDSWELL_CONFIG": str(config)},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        _until_it_answers(f"http://127.0.0.1:{port}/_stcore/health", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def _until_it_answers(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            with urlopen(url, timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"the dashboard did not start: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    if not Path(CHROMIUM).exists():
        pytest.fail("Chromium is missing; install it with: apt-get install -y chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass(slots=True)
class Reader:
    """A person at a screen."""

    page: Page
    address: str
    faults: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Go to a page and wait until it is drawn."""
        self.page.goto(f"{self.address}/{path}", timeout=PATIENCE)
        self.settle()

    def settle(self) -> None:
        """Wait until the script has run and its charts are drawn."""
        self.page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=PATIENCE)
        self.page.wait_for_selector(".gs:visible", timeout=PATIENCE)
        self.page.wait_for_function(
            "() => !document.querySelector('[data-testid=stSkeleton]') && "
            "[...document.querySelectorAll('[data-testid=stVegaLiteChart]')]"
            ".every(chart => chart.querySelector('svg, canvas'))",
            timeout=PATIENCE,
        )

    def take(self, name: str, kind: str, folder: Path) -> Path:
        """Download a table or chart of the page by its name: open its menu, click on a kind of file."""
        self.page.locator(f".st-key-files-{name} button").first.click()
        with self.page.expect_download(timeout=PATIENCE) as download:
            self.page.get_by_role("button", name=kind, exact=True).click()
        file = folder / download.value.suggested_filename
        download.value.save_as(file)
        self.page.keyboard.press("Escape")
        return file

    def picture(self, name: str) -> None:
        """Keep a picture of the whole page."""
        height = self.page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
        width = self.page.viewport_size["width"] if self.page.viewport_size else 1280
        self.page.set_viewport_size({"width": width, "height": min(int(height) + 40, 6_000)})
        self.settle()
        if width <= MENU_AWAY:
            self.page.wait_for_function(
                "() => document.querySelector('[data-testid=stSidebar]').getBoundingClientRect().right <= 0",
                timeout=PATIENCE,
            )
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")


@pytest.fixture
def reader(chromium: Browser, address: str) -> Iterator[Callable[..., Reader]]:
    """Open a screen of a width, light or dark; whatever went wrong on its console fails the test at the end."""
    contexts, readers = [], []

    def at(width: int = 1280, scheme: str = "light") -> Reader:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            accept_downloads=True,
        )
        context.set_default_timeout(PATIENCE)
        made = Reader(page=context.new_page(), address=address)
        made.page.on("pageerror", lambda error: made.faults.append(str(error)))
        made.page.on("requestfailed", lambda request: made.faults.append(f"failed: {request.url} {request.failure}"))
        made.page.on("response", lambda answer: _note(made, answer.status, answer.url))
        made.page.on("console", lambda message: _hear(made, message.type, message.text))
        contexts.append(context)
        readers.append(made)
        return made

    yield at
    for context in contexts:
        context.close()
    assert [fault for one in readers for fault in one.faults if "ERR_ABORTED" not in fault] == []


def _note(made: Reader, status: int, url: str) -> None:
    if status >= 400 and not PROBE.search(url):
        made.faults.append(f"{status} {url}")


def _hear(made: Reader, kind: str, text: str) -> None:
    if kind == "error" and "the server responded with a status of" not in text:
        made.faults.append(text)
