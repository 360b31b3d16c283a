"""Names as people may give them: Markdown, formulas, emoji codes, HTML, other scripts, at their longest; all inert."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from collector.sources import Reject, Span
from collector.store.mentions import save_mentions
from collector.store.runs import cover, save_rejects, set_state
from dashboard.alerts.notify import notify
from dashboard.config import load_config
from sentiment.spikes.store.incidents import incidents
from sentiment.store import open_store
from sentiment.store.readings import claim, save_readings
from tests.browser.conftest import Reader
from tests.browser.test_screens import OVERFLOW
from tests.dashboard.conftest import BRAND, OTHER, SOURCES, Filled, a_config, mentions_of, plant, reading_for

Open = Callable[..., Reader]
MARKUP = "**A** _b_ $x^2$ :smile: :red[c] `d` ~~e~~ [f](javascript:alert(1)) -> <img src=x onerror=alert(1)>"
NAMES = {
    BRAND: MARKUP,
    OTHER: "東京湾横断フェリー株式会社 عبّارات الشمال " + "Donaudampfschifffahrtsgesellschaftskapitänsverband"[:50],
    SOURCES[0]: "1. # " + MARKUP.replace(" -> ", " "),
    SOURCES[1]: "ביקורות <b>של</b> לקוחות " + "W" * 70,
    SOURCES[2]: "www.kelp.example a@kelp.example :material/home: $$\\frac{1}{0}$$",
}
ERROR = "503 **bold** $x$ :smile: [sign in](https://evil.example/) <script>alert(1)</script>"
PAGES = {
    "": NAMES[BRAND],
    "incidents": NAMES[BRAND],
    "incident?id={id}": NAMES[BRAND],
    f"trends?compare={OTHER}": NAMES[BRAND],
    f"dimensions?compare={OTHER}": NAMES[OTHER],
    "mentions": NAMES[SOURCES[0]],
    "sources": NAMES[SOURCES[0]],
    "settings": NAMES[SOURCES[2]],
    "alerts": "**A** _b_ $x^2$ :smile:",
}
CUT = """() => [...document.querySelectorAll('.gs-scroll, [data-testid=stMultiSelectTagsContainer]')]
  .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1).map(e => e.innerText.slice(0, 200))"""
"""Tables and choices that show not all of what they hold unless they are moved."""
DRESSED = """() => [...document.querySelectorAll('[data-testid=stMain] *')]
  .filter(e => e.offsetParent && e.matches(
    '.katex, em, del, code, img, [class*=stMarkdownColored], a[href*="evil"], a[href^="javascript"]'))
  .map(e => e.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Twelve days of a store whose brands and sources have such names, one source failing with such words."""
    folder, now = tmp_path_factory.mktemp("names"), datetime.now(UTC)
    config = a_config(folder)
    written = config.read_text(encoding="utf-8").replace('dimensions = ["Reliability"]', f'sources = ["{SOURCES[0]}"]')
    for name, given in NAMES.items():
        written = written.replace(json.dumps(name), json.dumps(given, ensure_ascii=False))
    config.write_text(written, encoding="utf-8")
    store = open_store(str(folder / "groundswell.db"), zone=ZoneInfo("Europe/Berlin"), salt=b"salt")
    said = [
        (replace(mention, brand=NAMES[mention.brand], source=NAMES[mention.source]), kind)
        for mention, kind in mentions_of(now, random.Random(7))
        if mention.created_at > now - timedelta(days=12)
    ]
    kinds = {mention.text: kind for mention, kind in said}
    with store.write() as conn:
        save_mentions(conn, store, [mention for mention, _ in said])
        plant(conn, now, brand=NAMES[BRAND], source=NAMES[SOURCES[0]])
        cover(conn, NAMES[SOURCES[1]], Span(start=now - timedelta(days=40), end=now - timedelta(days=3)))
        failed = {"last_error": ERROR, "last_error_kind": "SourceUnavailable", "last_error_at": now}
        set_state(conn, NAMES[SOURCES[0]], "rss", last_success=now - timedelta(days=2), **failed)
        save_rejects(conn, NAMES[SOURCES[0]], None, [Reject(place="entry **4**", reason=ERROR, raw=MARKUP)], now)
    here = load_config(config)
    assert notify(store, here.alerts, None, here.managers, (), now).lines
    with store.write() as conn:
        claimed = claim(conn, "fixture", now, timedelta(minutes=5), len(said))
        save_readings(conn, store, [(one, reading_for(one.text, kinds[one.text])) for one in claimed], now)
    yield Filled(store=store, config=config, now=now)
    store.engine.dispose()


def test_names_are_shown_as_they_were_given_and_fit_a_phone(reader: Open, filled: Filled) -> None:
    screen = reader(390)
    with filled.store.read() as conn:
        number = incidents(conn)[0].id
    for path, named in PAGES.items():
        screen.open(path.replace(OTHER, NAMES[OTHER].replace(" ", "+")).format(id=number))
        page = screen.page
        main = page.locator("[data-testid=stMain]")
        assert named in " ".join(main.inner_text().split()), path
        assert page.evaluate(DRESSED) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert page.evaluate(OVERFLOW) == [], path
        assert page.evaluate(CUT) == [], path
    screen.open("")
    screen.picture("names-today-390")


def test_what_a_chart_tells_under_the_pointer_is_in_words_and_inert(reader: Open) -> None:
    screen = reader()
    screen.open("trends")
    page = screen.page
    box = page.locator("[data-testid=stVegaLiteChart]").first.bounding_box()
    assert box is not None
    told: set[str] = set()
    for across in range(40, int(box["width"]), 24):
        for down in (45, 140):
            page.mouse.move(box["x"] + across, box["y"] + down)
            told |= set(page.locator("#vg-tooltip-element.visible").all_inner_texts())
    assert any("Dissatisfied voices" in one for one in told)
    assert any(MARKUP in " ".join(one.split()) for one in told)
    assert not any("middle" in one for one in told)
    assert page.locator("#vg-tooltip-element img").count() == 0
