"""Trends as people use them: figures agree from chart to file to mentions; news comes without moving the page."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq

from collector.store.mentions import save_mentions
from tests.browser.conftest import PATIENCE, Reader
from tests.browser.test_screens import grave_faults
from tests.dashboard.conftest import BRAND, OTHER, SOURCES, Filled
from tests.fakes import a_mention

Open = Callable[..., Reader]
TOP = "document.querySelector('.gs-answer').getBoundingClientRect().top"


def test_a_trend_leaves_in_every_format_with_the_same_figures(reader: Open, tmp_path: Path) -> None:
    screen = reader()
    screen.open(f"trends?period=90+days&step=week&compare={OTHER.replace(' ', '+')}")
    finding = screen.page.get_by_role("heading", name="Dissatisfaction by week").inner_text()
    name = "trend-dissatisfaction"
    plain = screen.take(name, "CSV", tmp_path).read_bytes()
    rows = list(csv.DictReader(io.StringIO(plain.decode("utf-8-sig"), newline="")))
    assert {row["whose"] for row in rows} == {BRAND, OTHER}
    worst = max((r for r in rows if r["whose"] == BRAND), key=lambda r: float(r["low"] or 0))
    assert f"at {100 * float(worst['share']):.0f}\u202f%" in finding
    with zipfile.ZipFile(screen.take(name, "CSV with its manifest (zip)", tmp_path)) as archive:
        assert archive.read(f"groundswell-{name}.csv") == plain
        told = json.loads(archive.read(f"groundswell-{name}.manifest.json"))
    assert told["filters"]["brand"] == BRAND
    assert told["filters"]["compared with"] == [OTHER]
    assert told["models"] == ["fixture-1"]
    sheet, about = openpyxl.load_workbook(screen.take(name, "Excel", tmp_path)).worksheets
    assert [str(row[5].value) for row in sheet.iter_rows(min_row=2)] == [row["negative"] for row in rows]
    assert {row[0].value: row[1].value for row in about.iter_rows()}["what"] == finding
    table = pq.read_table(screen.take(name, "Parquet", tmp_path))
    assert [str(n) for n in table["negative"].to_pylist()] == [row["negative"] for row in rows]
    assert screen.take(name, "Picture (PNG)", tmp_path).read_bytes().startswith(b"\x89PNG")
    assert finding in screen.take(name, "Picture (SVG)", tmp_path).read_text(encoding="utf-8").replace("&#xA0;", " ")


def test_from_the_worst_step_to_what_was_said_then(reader: Open) -> None:
    screen = reader()
    screen.open("trends?period=90+days&step=month&about=Reliability")
    screen.page.locator("p", has_text="Read what was said").get_by_role("link").first.click()
    screen.page.wait_for_url("**/mentions?*", timeout=PATIENCE)
    screen.settle()
    assert "about=Reliability" in screen.page.url
    assert screen.page.locator(".gs-text").count() > 0
    screen.page.go_back()
    screen.page.wait_for_url("**/trends?*", timeout=PATIENCE)


def test_a_part_of_a_reason_leads_to_its_voices_and_back(reader: Open) -> None:
    screen = reader(390)
    screen.open("")
    screen.page.locator(".gs-card a").first.click()
    screen.page.wait_for_url("**/incident?id=*", timeout=PATIENCE)
    screen.settle()
    screen.page.get_by_role("link", name="Timeliness").click()
    screen.page.wait_for_url("**/incident?id=*&by=aspect&only=Timeliness", timeout=PATIENCE)
    screen.settle()
    screen.page.get_by_role("heading", name="voices about Timeliness").wait_for()
    assert screen.page.locator(".gs-text").count() > 0
    screen.page.get_by_role("link", name="The whole incident").click()
    screen.page.get_by_role("heading", name="What happened since").wait_for()


def test_new_mentions_are_told_without_moving_the_page(reader: Open, filled: Filled) -> None:
    screen = reader()
    screen.open(f"trends?brand={OTHER.replace(' ', '+')}")
    before = screen.page.evaluate(TOP)
    made = a_mention("news-1", brand=OTHER, source=SOURCES[1], text="An unheard-of remark about the new ticket hall")
    at = datetime.now(UTC) - timedelta(minutes=2)
    with filled.store.write() as conn:
        save_mentions(conn, filled.store, [replace(made, created_at=at, fetched_at=at)])
    notice = screen.page.locator(".st-key-live")
    notice.wait_for(timeout=PATIENCE)
    assert "1 new mention, 1 still to be read." in notice.inner_text()
    assert screen.page.evaluate(TOP) == before
    assert grave_faults(screen) == []
    notice.get_by_role("button", name="Show").click()
    notice.wait_for(state="detached", timeout=PATIENCE)


def test_filters_go_along_from_page_to_page_and_come_back(reader: Open) -> None:
    screen = reader()
    said = f"trends?step=week&period=90d&compare={OTHER.replace(' ', '+')}&source=forum"
    screen.open(said)
    pages = screen.page.get_by_test_id("stSidebar")
    pages.get_by_role("link", name="Dimensions").click()
    screen.page.wait_for_url("**/dimensions?*", timeout=PATIENCE)
    screen.page.get_by_role("heading", name=f"at {OTHER}").wait_for(timeout=PATIENCE)
    assert "period=90d" in screen.page.url
    assert "source=forum" in screen.page.url
    pages.get_by_role("link", name="Sources").click()
    screen.page.wait_for_url("**/sources?*", timeout=PATIENCE)
    screen.page.go_back()
    screen.page.go_back()
    screen.page.wait_for_url(f"**/{said}", timeout=PATIENCE)
    screen.page.get_by_role("heading", name="Dissatisfaction by week").wait_for(timeout=PATIENCE)
