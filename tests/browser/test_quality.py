"""Checking, correcting and ruling as people do it: by key, by mouse, many at once, and undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy import func, select

from collector.store import Store
from dashboard.queries import labels, quality
from sentiment.store.counts import count_day
from sentiment.store.recount import verify
from sentiment.store.samples import due
from tests.browser.conftest import PATIENCE, Reader
from tests.browser.test_screens import OVERFLOW, grave_faults
from tests.dashboard.conftest import BRAND, Filled, filled_at

Open = Callable[..., Reader]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """A filled store that these tests change."""
    with filled_at(tmp_path_factory.mktemp("changing"), datetime.now(UTC)) as made:
        yield made


def negatives(store: Store) -> int:
    with store.read() as conn:
        assert verify(conn) == []
        chosen = (count_day.c.brand == BRAND, count_day.c.facet == "all")
        return int(conn.scalar(select(func.sum(count_day.c.negative)).where(*chosen)) or 0)


def progress(filled: Filled) -> quality.Progress:
    with filled.store.read() as conn:
        monday = due(conn, datetime.now(UTC), ZoneInfo("Europe/Berlin"))
        assert monday is not None
        return quality.progress(conn, monday)


def give_name(screen: Reader) -> None:
    field = screen.page.get_by_label("Your name")
    field.fill("Ada")
    field.press("Enter")


def press(screen: Reader, key: str) -> None:
    """Press a key once the page listens again: what is pressed while it is drawn does nothing."""
    screen.settle()
    screen.page.keyboard.press(key)


def told(screen: Reader, words: str) -> Locator:
    found = screen.page.get_by_text(words)
    expect(found.first).to_be_visible(timeout=PATIENCE)
    return found


def test_a_sample_is_checked_by_one_key_each(reader: Open, filled: Filled) -> None:
    screen = reader()
    screen.open("quality")
    give_name(screen)
    told(screen, "Checking as Ada")
    for number in range(1, 5):
        press(screen, "y")
        told(screen, f"{number} checked, {50 - number} to go")
    press(screen, "s")
    told(screen, "4 checked, 45 to go, 1 skipped")
    before = negatives(filled.store)
    said = screen.page.locator(".st-key-question .gs-tags .gs-sign").first.inner_text()
    press(screen, "4")
    told(screen, ": wrong")
    press(screen, {"negative": "3"}.get(said, "1"))
    told(screen, "5 checked, 44 to go, 1 skipped")
    assert negatives(filled.store) == before + (-1 if said == "negative" else 1)
    press(screen, "b")
    told(screen, "4 checked, 45 to go, 1 skipped")
    assert negatives(filled.store) == before
    assert (progress(filled).checked, progress(filled).skipped) == (4, 1)


PAGES = {"quality": "quality", "terms": "terms", "mentions-table": "mentions?view=table"}


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_of_quality_are_accessible_and_fit_every_width(name: str, reader: Open) -> None:
    screen = reader(1280)
    screen.open(PAGES[name])
    for width in (1280, 390):
        screen.page.set_viewport_size({"width": width, "height": 900})
        screen.picture(f"{name}-{width}")
        assert screen.page.evaluate("document.documentElement.scrollWidth") <= width
        assert screen.page.evaluate(OVERFLOW) == []
    assert grave_faults(screen) == []
    screen.page.emulate_media(color_scheme="dark")
    screen.settle()
    screen.picture(f"{name}-dark")
    assert grave_faults(screen) == []


def test_one_mention_is_corrected_in_its_dialog_and_figures_follow(reader: Open, filled: Filled) -> None:
    before = negatives(filled.store)
    screen = reader()
    screen.open("mentions?sentiment=negative")
    screen.page.get_by_role("button", name="Correct", exact=True).first.click()
    dialog = screen.page.get_by_role("dialog")
    expect(dialog).to_be_visible(timeout=PATIENCE)
    for scheme in ("dark", "light"):
        screen.page.emulate_media(color_scheme=scheme)
        screen.settle()
        assert grave_faults(screen) == []
    give_name(screen)
    dialog.get_by_role("radio", name="positive").or_(dialog.get_by_role("button", name="positive")).first.click()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden(timeout=PATIENCE)
    screen.settle()
    assert negatives(filled.store) == before - 1
    screen.open("mentions?only=corrected")
    told(screen, "corrected by a person")
    told(screen, "The model said")


def test_many_are_corrected_and_undone_together(reader: Open, filled: Filled) -> None:
    before = negatives(filled.store)
    screen = reader()
    screen.open("mentions?sentiment=negative&order=oldest&period=90d")
    for place in range(3):
        screen.page.get_by_role("checkbox", name="Select").nth(place).focus()
        screen.page.keyboard.press("Space")
    screen.page.get_by_role("button", name="Correct 3 selected").click()
    give_name(screen)
    screen.page.get_by_label("Say of all").click()
    screen.page.get_by_role("option", name="They are not about us").click()
    save = screen.page.get_by_role("button", name="Correct 3", exact=True)
    expect(save).to_be_enabled(timeout=PATIENCE)
    save.click()
    told(screen, "3 mentions corrected; all figures follow.")
    expect(screen.page.get_by_test_id("stPopoverBody")).to_be_hidden(timeout=PATIENCE)
    assert negatives(filled.store) == before - 3
    with filled.store.read() as conn:
        assert labels.batches(conn)[0].mentions == 3
    screen.open("mentions?only=elsewhere&period=90d")
    told(screen, "3 mentions match")
    screen.page.get_by_text("Corrected together lately").click()
    screen.page.get_by_role("button", name="Undo all").first.click()
    told(screen, "3 mentions are as before; all figures follow.")
    assert negatives(filled.store) == before


def test_a_term_rule_is_seen_before_it_is_switched_on_and_off_again(reader: Open, filled: Filled) -> None:
    before = negatives(filled.store)
    screen = reader()
    screen.open("terms")
    field = screen.page.get_by_label("Word or expression")
    field.fill("snapped")
    field.press("Enter")
    told(screen, "from negative to positive")
    assert negatives(filled.store) == before
    give_name(screen)
    screen.page.get_by_role("button", name="Switch it on").click()
    told(screen, "1 term rule is on")
    assert negatives(filled.store) < before
    screen.page.get_by_role("button", name="Switch off").click()
    told(screen, "No term rule is on.")
    assert negatives(filled.store) == before
    assert screen.page.evaluate("window.hacked") is None
