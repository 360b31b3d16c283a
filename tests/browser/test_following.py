"""Following a spike as people do it: named, commented, taken on, silenced; by keys alone; and corrected in detail."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from dashboard.queries import labels
from sentiment.spikes.store.incidents import incidents
from tests.browser.conftest import PATIENCE, Reader
from tests.browser.test_quality import give_name, negatives, told
from tests.browser.test_screens import OVERFLOW
from tests.dashboard.conftest import Filled, filled_at

Open = Callable[..., Reader]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """A filled store that these tests change."""
    with filled_at(tmp_path_factory.mktemp("following"), datetime.now(UTC)) as made:
        yield made


def path_of_incident(filled: Filled) -> str:
    with filled.store.read() as conn:
        return f"incident?id={incidents(conn)[0].id}"


def test_the_reason_of_the_spike_is_read_within_three_clicks(reader: Open) -> None:
    screen = reader()
    screen.open("")
    main = screen.page.locator("[data-testid=stMain]")
    # No click: what is wrong, how bad, and whose words.
    expect(main).to_contain_text("Something is wrong: dissatisfaction with Reliability")
    expect(main).to_contain_text("mostly Timeliness")
    expect(main).to_contain_text("where at most 8 were to be expected")
    assert screen.page.locator(".gs-alarm blockquote").count() == 1
    # One: the parts of the reason.
    screen.page.locator(".gs-alarm a").click()
    screen.page.wait_for_url("**/incident?id=*", timeout=PATIENCE)
    screen.settle()
    assert screen.page.locator("blockquote").count() > 0
    # Two: the very voices of the greatest part.
    screen.page.get_by_role("table").filter(has_text="By aspect").get_by_role("link").first.click()
    screen.page.wait_for_url("**/incident?id=*&by=aspect&only=Timeliness", timeout=PATIENCE)
    screen.settle()
    expect(main.get_by_role("heading", name="voices about Timeliness")).to_be_visible(timeout=PATIENCE)
    assert screen.page.locator(".gs-text").count() > 0


def test_a_spike_is_commented_taken_on_and_silenced_for_everybody(reader: Open, filled: Filled) -> None:
    screen = reader()
    screen.open(path_of_incident(filled))
    page = screen.page
    give_name(screen)
    expect(page.get_by_role("button", name="Comment")).to_be_enabled(timeout=PATIENCE)
    page.get_by_role("button", name="Comment").click()
    field = page.get_by_label("What others should know")
    field.fill("<b>The pier is closed</b> $x$ :smile:")
    field.press("Control+Enter")
    save = page.get_by_role("button", name="Save comment")
    expect(save).to_be_enabled(timeout=PATIENCE)
    save.click()
    told(screen, "<b>The pier is closed</b> $x$ :smile:")
    screen.settle()
    page.get_by_role("button", name="Take it on").click()
    told(screen, "Taken on by Ada, just now")
    screen.settle()  # a box that opens while the page is drawn anew may close again
    page.get_by_role("button", name="Silence").click()
    field = page.get_by_label("Why")
    field.fill("known, the pier is closed")
    field.press("Enter")
    silence = page.get_by_role("button", name="Silence alerts")
    expect(silence).to_be_enabled(timeout=PATIENCE)
    silence.click()
    told(screen, "Silenced for 1 day: known, the pier is closed")
    # Another reader, on another page.
    other = reader(390)
    other.open("alerts")
    told(other, "1 silence in force or to come")
    told(other, "by Ada: known, the pier is closed")
    other.page.get_by_role("button", name="End it now").click()
    expect(other.page.get_by_text("1 silence in force")).to_be_hidden(timeout=PATIENCE)
    other.open("incidents")
    told(other, "open, taken on by Ada")


def test_aspects_are_put_right_in_the_dialog_and_undone_there(reader: Open, filled: Filled) -> None:
    before = negatives(filled.store)
    screen = reader()
    screen.open("mentions?about=Reliability&polarity=negative&sentiment=negative&period=90d")
    page = screen.page
    page.get_by_role("button", name="Correct", exact=True).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible(timeout=PATIENCE)
    give_name(screen)
    dialog.get_by_role("radiogroup", name="Timeliness").get_by_text("not about this").click()
    dialog.get_by_label("Also about").click()
    page.get_by_role("option", name="Courtesy").click()
    save = dialog.get_by_role("button", name="Save")
    expect(save).to_be_enabled(timeout=PATIENCE)
    save.click()
    expect(dialog).to_be_hidden(timeout=PATIENCE)
    screen.settle()
    with filled.store.read() as conn:
        assert len(labels.batches(conn)) == 0
    screen.open("mentions?only=corrected&period=90d")
    card = page.locator("[class*=st-key-mention-]:has(.gs-text)").first
    expect(card.locator(".gs-tags")).to_contain_text("Courtesy")
    expect(card.locator(".gs-machine")).to_contain_text("Timeliness")
    assert negatives(filled.store) == before
    card.get_by_role("button", name="Correct", exact=True).click()
    for left in (1, 0):
        dialog.get_by_role("button", name="Undo").first.click()
        if left:
            screen.settle()
            page.get_by_role("button", name="Correct", exact=True).first.click()
    told(screen, "No mention matches these filters.")


def test_what_is_on_the_screen_is_what_its_files_say_it_is(reader: Open, tmp_path: Path) -> None:
    screen = reader()
    screen.open("mentions?sentiment=negative&about=aspect/timeliness&polarity=negative&period=90d&order=oldest")
    shown = screen.page.locator(".gs-text").all_inner_texts()
    with zipfile.ZipFile(screen.take("mentions", "CSV with its manifest (zip)", tmp_path)) as archive:
        rows = csv.DictReader(io.StringIO(archive.read("groundswell-mentions.csv").decode("utf-8-sig"), newline=""))
        manifest = json.loads(archive.read("groundswell-mentions.manifest.json"))
    assert [row["text"] for row in rows] == shown
    assert manifest["filters"]["about"] == "aspect/timeliness"
    assert manifest["filters"]["order"] == "oldest first"
    assert manifest["zone"] == "Europe/Berlin"


def test_an_address_that_is_copied_shows_another_reader_the_very_view(reader: Open) -> None:
    one, other = reader(), reader()
    one.open("mentions")
    one.page.get_by_label("Sentiment").first.click()
    one.page.get_by_role("option", name="positive").click()
    one.page.wait_for_url("**/mentions?*sentiment=positive*", timeout=PATIENCE)
    one.settle()
    one.page.get_by_role("button", name="Next page").click()
    one.page.wait_for_url("**after=*", timeout=PATIENCE)
    one.settle()
    copied = one.page.url.removeprefix(f"{one.address}/")
    other.open(copied)
    assert other.page.locator(".gs-text").all_inner_texts() == one.page.locator(".gs-text").all_inner_texts()
    one.page.go_back()
    expect(one.page.get_by_role("button", name="First page")).to_be_hidden(timeout=PATIENCE)


def test_the_way_to_the_reason_needs_no_mouse(reader: Open) -> None:
    screen = reader()
    page = screen.page
    screen.open("")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.gs-alarm') !== null"):
            break
    assert page.evaluate(SEEN) is True
    page.keyboard.press("Enter")
    page.wait_for_url("**/incident?id=*", timeout=PATIENCE)
    screen.settle()
    for _ in range(60):
        page.keyboard.press("Tab")
        assert page.evaluate(SEEN) is True, page.evaluate("document.activeElement.outerHTML.slice(0, 300)")
        if page.evaluate("document.activeElement.href?.includes('only=Timeliness') ?? false"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**only=Timeliness", timeout=PATIENCE)


SEEN = """() => {
  const e = document.activeElement;
  if (e.matches('input, textarea')) return true;
  const ringed = x => { const s = getComputedStyle(x);
    return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0
    || s.boxShadow !== 'none'; };
  let at = e;
  for (let up = 0; at && up < 4; up++, at = at.parentElement) if (ringed(at)) return true;
  return false;
}"""
"""Whether what has the focus, or what holds it, is ringed; fields are bordered by Streamlit itself."""


def test_headings_go_down_one_step_at_a_time_and_charts_are_named(reader: Open, filled: Filled) -> None:
    screen = reader()
    for path in ("", "trends", "dimensions", "mentions", "sources", path_of_incident(filled)):
        screen.open(path)
        levels = screen.page.evaluate(
            "[...document.querySelectorAll('[data-testid=stMain] :is(h1, h2, h3, h4, [role=heading])')]"
            ".filter(e => e.offsetParent).map(e => Number(e.ariaLevel ?? e.tagName[1]))"
        )
        assert levels[0] == 1, path
        assert levels.count(1) == 1, path
        assert all(after - before <= 1 for before, after in pairwise(levels)), path
        charts = screen.page.locator("[data-testid=stVegaLiteChart]")
        tables = screen.page.get_by_text("The figures as a table", exact=True)
        assert charts.count() == tables.count(), path
        for number in range(charts.count()):
            assert charts.nth(number).locator(".role-legend").count() <= 1, path
            assert "Chart: " in charts.nth(number).evaluate("e => e.parentElement.parentElement.outerHTML"), path


def test_half_the_room_and_no_motion_change_nothing_but_the_looks(
    chromium: Browser, address: str, filled: Filled
) -> None:
    # 200 % on a screen of 1280: as wide as 640 points, each two pixels.
    context = chromium.new_context(
        viewport={"width": 640, "height": 450}, device_scale_factor=2, reduced_motion="reduce", timezone_id="Asia/Tokyo"
    )
    screen = Reader(page=context.new_page(), address=address)
    for path in ("", path_of_incident(filled), "mentions"):
        screen.open(path)
        assert screen.page.evaluate("document.documentElement.scrollWidth") <= 640, path
        assert screen.page.evaluate(OVERFLOW) == [], path
    told(screen, "All days and times are those of Europe/Berlin; your own clock is that of Asia/Tokyo.")
    moving = screen.page.evaluate(
        "[...document.querySelectorAll('[data-testid=stMain] *')].filter(e => e.offsetParent && "
        "parseFloat(getComputedStyle(e).animationDuration) > 0.01).map(e => e.outerHTML.slice(0, 120))"
    )
    assert moving == []
    context.close()


def test_the_menu_of_a_phone_goes_away_when_a_page_is_chosen(reader: Open) -> None:
    screen = reader(390)
    screen.open("alerts")
    screen.page.get_by_test_id("stExpandSidebarButton").click()
    menu = screen.page.get_by_test_id("stSidebar")
    expect(menu).to_be_in_viewport(timeout=PATIENCE)
    menu.get_by_role("link", name="Settings").click()
    screen.page.wait_for_url("**/settings*", timeout=PATIENCE)
    expect(menu).not_to_be_in_viewport(timeout=PATIENCE)
