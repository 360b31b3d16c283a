"""What a screen shows leaves as it is, with what selected it: in a workbook, a Parquet file, a zip, a picture."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, date, datetime

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

from dashboard import charts
from dashboard.exports import Kind, Shown
from dashboard.steps import Step, in_steps, of_days
from tests.dashboard.exports.keeping import BERLIN

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 2)
COUNTED = pd.DataFrame({"day": [FIRST, LAST], "negative": [1, 3], "read": [10, 12]}).assign(
    mentions=20, voices=15, neutral=1, positive=2, unread=3, satisfaction=3_000
)
DAYS = COUNTED.assign(about="=A1")


def shown(**more: object) -> Shown:
    given: dict[str, object] = {
        "name": "by-day",
        "table": DAYS,
        "filters": {"brand": "=Northwind", "sources": ["forum", "news"]},
        "made_at": datetime(2026, 3, 2, 12, tzinfo=UTC),
        "zone": BERLIN,
        "lens": "rater",
        "models": ("fixture-1",),
        "chart": charts.share_over_time(in_steps(of_days(COUNTED), Step.DAY, first=FIRST, last=LAST), zone=BERLIN),
        "finding": "Dissatisfaction <rose> & fell",
    }
    return Shown(**(given | more))  # type: ignore[arg-type]  # the fields of Shown, some changed


def test_csv_holds_the_table_and_nothing_else() -> None:
    content = shown().file(Kind.CSV)
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [row["negative"] for row in rows] == ["1", "3"]
    assert [row["about"] for row in rows] == ["'=A1", "'=A1"]


def test_the_zip_holds_the_same_csv_beside_its_manifest() -> None:
    one = shown()
    with zipfile.ZipFile(io.BytesIO(one.file(Kind.ZIP))) as archive:
        assert archive.namelist() == ["groundswell-by-day.csv", "groundswell-by-day.manifest.json"]
        assert archive.read("groundswell-by-day.csv") == one.file(Kind.CSV)
        told = json.loads(archive.read("groundswell-by-day.manifest.json"))
    assert told["filters"] == {"brand": "=Northwind", "sources": ["forum", "news"]}
    assert (told["zone"], told["models"], told["rows"], told["guarded"]) == ("Europe/Berlin", ["fixture-1"], 2, True)
    assert told["made_at"] == "2026-03-02T13:00:00+01:00"
    assert told["columns"] == list(DAYS.columns)


def test_a_workbook_says_on_its_second_sheet_what_it_shows() -> None:
    book = openpyxl.load_workbook(io.BytesIO(shown(name="by/day: [all]").file(Kind.XLSX)))
    first, about = book.worksheets
    assert [cell.value for cell in first[3]][1] == 3
    told = {name.value: value.value for name, value in about.iter_rows()}
    assert told["what"] == "Dissatisfaction <rose> & fell"
    assert told["filters"] == "brand: =Northwind; sources: forum, news"
    assert told["zone"] == "Europe/Berlin"


def test_parquet_carries_its_manifest_in_its_metadata() -> None:
    file = pq.ParquetFile(io.BytesIO(shown().file(Kind.PARQUET)))
    told = json.loads(file.schema_arrow.metadata[b"groundswell"])
    assert told["filters"]["brand"] == "=Northwind"
    assert file.read()["negative"].to_pylist() == [1, 3]


def test_a_picture_tells_its_finding_and_filters() -> None:
    drawn = shown().file(Kind.SVG).decode()
    assert "Dissatisfaction &lt;rose&gt; &amp; fell" in drawn
    assert "brand: =Northwind; sources: forum, news" in drawn
    assert "2026-03-02T13:00:00+01:00 (Europe/Berlin)" in drawn
    assert shown().file(Kind.PNG).startswith(b"\x89PNG")


def test_a_table_without_a_chart_has_no_picture() -> None:
    with pytest.raises(ValueError, match="has no chart"):
        shown(chart=None).file(Kind.PNG)


def test_an_empty_table_leaves_with_its_header() -> None:
    none = shown(table=DAYS.iloc[:0])
    assert none.file(Kind.CSV).decode("utf-8-sig").strip() == ",".join(DAYS.columns)
    assert none.manifest(Kind.CSV).rows == 0
