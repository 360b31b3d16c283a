"""Every page as people see it: three widths, dark, hostile texts inert, files equal to the screen, accessible."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from sentiment.spikes.store.incidents import incidents
from tests.browser.conftest import PATIENCE, Reader
from tests.dashboard.conftest import BRAND, Filled

Open = Callable[..., Reader]
PAGES = {
    "today": "",
    "spikes": "incidents",
    "incident": "incident?id={id}",
    "mentions": "mentions",
    "trends": "trends",
    "dimensions": "dimensions",
    "sources": "sources",
    "alerts": "alerts",
    "quality": "quality",
    "settings": "settings",
}
# The toolbar of a table in a closed section lies wherever it was last; nobody sees it.
OVERFLOW = """() => {
  const watched = ".gs, [data-testid=stHeading], [data-testid=stMetric], " +
    "button:not([data-testid=stBaseButton-elementToolbar])";
  return [...document.querySelectorAll(`[data-testid=stMain] :is(${watched})`)]
    .filter(e => e.offsetParent && e.getBoundingClientRect().right > window.innerWidth + 1)
    .map(e => e.textContent.slice(0, 60) || e.outerHTML.slice(0, 300));
}"""

# axe-core looks at no text within a drawing.
PALE = """() => {
  const light = colour => { const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(Number).map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = light(getComputedStyle(document.querySelector('.stApp')).backgroundColor);
  return [...document.querySelectorAll('[data-testid=stVegaLiteChart] svg text')].filter(e => e.textContent)
    .filter(e => { const ink = light(getComputedStyle(e).fill);
      return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05) < 4.5; })
    .map(e => e.textContent);
}"""


def path_of(name: str, filled: Filled) -> str:
    with filled.store.read() as conn:
        return PAGES[name].format(id=incidents(conn)[0].id)


def grave_faults(screen: Reader) -> list[tuple[str, list[str]]]:
    """What axe-core finds that is serious or critical, with the elements."""
    found = Axe().run(screen.page).response["violations"]
    return [
        (fault["id"], [node["html"][:200] for node in fault["nodes"]])
        for fault in found
        if fault["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_fits_every_width_and_is_accessible_in_light_and_dark(
    name: str, reader: Open, filled: Filled
) -> None:
    screen = reader(1280)
    screen.open(path_of(name, filled))
    assert grave_faults(screen) == []
    assert screen.page.evaluate(PALE) == []
    for width in (1920, 1280, 768, 390):
        screen.page.set_viewport_size({"width": width, "height": 900})
        screen.picture(f"{name}-{width}")
        assert screen.page.evaluate("document.documentElement.scrollWidth") <= width
        assert screen.page.evaluate(OVERFLOW) == []
    assert screen.page.evaluate("window.hacked") is None
    screen.page.emulate_media(color_scheme="dark")
    screen.page.wait_for_function("getComputedStyle(document.querySelector('.stApp')).colorScheme === 'dark'")
    screen.picture(f"{name}-dark")
    assert grave_faults(screen) == []
    assert screen.page.evaluate(PALE) == []


def test_hostile_texts_are_shown_as_they_were_said_and_do_nothing(reader: Open) -> None:
    screen = reader()
    screen.open("mentions?period=90+days&source=forum&order=newest+first&q=late")
    words = screen.page.locator("[data-testid=stMain]").inner_text()
    assert "<script>window.hacked = true</script>" in words
    assert "$\\frac{1}{0}$" in words
    assert '=HYPERLINK("http://evil.example/","refund")' in words
    assert screen.page.evaluate("window.hacked") is None
    assert screen.page.locator("a[href^='javascript']").count() == 0
    assert screen.page.locator("[data-testid=stMain] .gs script, [data-testid=stMain] .gs img").count() == 0


def test_the_file_of_the_mentions_holds_those_on_the_screen(reader: Open, tmp_path: Path) -> None:
    screen = reader()
    screen.open("mentions?q=%22nobody+told+us%22&sentiment=negative")
    shown = screen.page.locator(".gs-text").all_inner_texts()
    raw = screen.take("mentions", "CSV", tmp_path).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert [row["text"] for row in rows] == shown
    assert {row["sentiment"] for row in rows} == {"negative"}
    assert {row["brand"] for row in rows} == {BRAND}


def test_from_the_first_screen_to_the_mentions_behind_the_incident(reader: Open, tmp_path: Path) -> None:
    screen = reader()
    screen.open("")
    screen.page.locator(".gs-card a").first.click()
    screen.page.wait_for_url("**/incident?id=*", timeout=PATIENCE)
    screen.settle()
    assert "Timeliness" in screen.page.locator("[data-testid=stMain]").inner_text()
    told = screen.page.get_by_role("heading", name="voices behind it").inner_text()
    raw = screen.take(f"incident-{screen.page.url.partition('id=')[2]}-mentions", "CSV", tmp_path).read_bytes()
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert told == f"The {len(rows)} voices behind it"
    screen.page.get_by_role("link", name="See them among the mentions of these days").click()
    screen.page.wait_for_url("**/mentions?*", timeout=PATIENCE)
    screen.settle()
    assert "about=Reliability" in screen.page.url
    assert screen.page.locator(".gs-text").count() > 0
    screen.page.go_back()
    screen.page.wait_for_url("**/incident?id=*", timeout=PATIENCE)


def test_two_people_look_at_different_things_at_once(reader: Open) -> None:
    one, other = reader(), reader()
    one.open("mentions?sentiment=negative")
    other.open("mentions?sentiment=positive")
    assert one.page.locator(".gs-tags .gs-negative").count() > 0
    assert other.page.locator(".gs-tags li:first-child .gs-negative").count() == 0
    assert "sentiment=negative" in one.page.url
