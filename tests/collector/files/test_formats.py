"""Workbooks, JSON Lines and Parquet: typed cells, odd rows, and archives that mean harm."""

from __future__ import annotations

import json
import random
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collector.errors import BadSettings, PayloadChanged, TooLarge
from tests.collector.files.writing import run, write

NAIVE = datetime(2024, 3, 5, 14, 30)  # noqa: DTZ001  cells of a workbook have no zone
ROWS: list[list[Any]] = [
    ["Nr", "Datum", "Bewertung", "Kommentar"],
    [1, NAIVE, 4.5, "Slow, but kind"],
    [2, date(2024, 3, 6), 2, "=not a formula"],
    [3, "07.03.2024", None, "Late again"],
]


def workbook(path: Path, rows: list[list[Any]], *, sheet: str = "Reviews") -> Path:
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = sheet
    for row in rows:
        first.append(row)
    book.create_sheet("Notes").append(["text", "date"])
    if rows is ROWS:
        first["D3"].data_type = "s"
    book.save(path)
    return path


def test_a_workbook_is_read_with_its_dates_and_numbers(tmp_path: Path) -> None:
    items = run(workbook(tmp_path / "r.xlsx", ROWS)).items
    assert [item.external_id for item in items] == ["1", "2", "3"]
    assert [item.text for item in items] == ["Slow, but kind", "=not a formula", "Late again"]
    assert [item.rating for item in items] == [4.5, 2, None]
    assert items[0].created_at == datetime(2024, 3, 5, 13, 30, tzinfo=UTC)


def test_a_workbook_may_bear_another_name(tmp_path: Path) -> None:
    assert len(run(workbook(tmp_path / "r.xlsx", ROWS).rename(tmp_path / "r.csv")).items) == 3


def test_a_title_above_and_rows_that_are_blank_or_too_wide_do_no_harm(tmp_path: Path) -> None:
    rows = [["Export of March"], [], *ROWS[:2], [], [4, NAIVE, 1, "wide", None, "surplus"], ROWS[3]]
    outcome = run(workbook(tmp_path / "r.xlsx", rows))
    assert outcome.texts == ["Slow, but kind", "Late again"]
    assert [(r.place, r.reason) for r in outcome.rejects] == [("row 6", "the row has 6 cells, the header 4")]


def test_the_escapes_of_the_format_are_undone_and_errors_are_no_text(tmp_path: Path) -> None:
    rows = [["date", "text"], [NAIVE, "one_x000D_\ntwo"], [NAIVE, "#N/A"]]
    outcome = run(workbook(tmp_path / "r.xlsx", rows))
    assert outcome.texts == ["one\ntwo"]
    assert outcome.rejects[0].reason == "the text is empty"


def test_the_sheet_can_be_chosen(tmp_path: Path) -> None:
    path = workbook(tmp_path / "r.xlsx", ROWS)
    assert len(run(path, sheet="Reviews").items) == 3
    with pytest.raises(BadSettings, match="'Reviews', 'Notes'"):
        run(path, sheet="Revues")


def repacked(path: Path, changes: dict[str, bytes]) -> Path:
    """The same workbook with some of its parts replaced."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()} | changes
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)
    return path


def test_a_zip_bomb_is_refused_before_it_unpacks(tmp_path: Path) -> None:
    path = repacked(workbook(tmp_path / "r.xlsx", ROWS), {"xl/sharedStrings.xml": b" " * (80 << 20)})
    assert path.stat().st_size < 200_000
    with pytest.raises(TooLarge, match="bomb"):
        run(path)


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"xl/styles.xml": bytes(random.Random(1).choices(b"<>abcdefgh", k=1 << 16)) * 1_100}, "bomb|beyond reason"),
        ({f"xl/media/{n}.bin": b"" for n in range(10_001)}, "parts"),
    ],
)
def test_other_ways_to_fill_the_memory_are_refused(tmp_path: Path, parts: dict[str, bytes], why: str) -> None:
    with pytest.raises(TooLarge, match=why):
        run(repacked(workbook(tmp_path / "r.xlsx", ROWS), parts))


def test_a_date_that_no_calendar_has_is_one_rejected_row(tmp_path: Path) -> None:
    path = workbook(tmp_path / "r.xlsx", [["date", "text"], [NAIVE, "one"], [NAIVE, "two"]])
    with zipfile.ZipFile(path) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").replace(b"<v>45356.60416666666</v>", b"<v>1e12</v>", 1)
    outcome = run(repacked(path, {"xl/worksheets/sheet1.xml": sheet}))
    assert (outcome.texts, [r.reason for r in outcome.rejects]) == (["two"], ["there is no date"])


def test_entities_that_multiply_are_refused(tmp_path: Path) -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><sst>&b;</sst>'
    with pytest.raises(PayloadChanged, match="entities"):
        run(repacked(workbook(tmp_path / "r.xlsx", ROWS), {"xl/sharedStrings.xml": bomb}))


def test_a_sheet_that_claims_to_be_huge_is_read_as_it_is(tmp_path: Path) -> None:
    path = workbook(tmp_path / "r.xlsx", ROWS)
    with zipfile.ZipFile(path) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").replace(b'ref="A1:D4"', b'ref="A1:XFD1048576"')
    assert b"XFD1048576" in sheet
    assert len(run(repacked(path, {"xl/worksheets/sheet1.xml": sheet})).items) == 3


def test_a_damaged_workbook_says_so(tmp_path: Path) -> None:
    path = workbook(tmp_path / "r.xlsx", ROWS)
    with zipfile.ZipFile(path) as book:
        sheet = book.read("xl/worksheets/sheet1.xml")
    with pytest.raises(PayloadChanged, match="damaged workbook"):
        run(repacked(path, {"xl/worksheets/sheet1.xml": sheet[: len(sheet) // 2]}))
    with pytest.raises(PayloadChanged, match="damaged"):
        run(write(tmp_path / "s.xlsx", path.read_bytes()[:2000]))
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w") as other:
        other.writestr("readme.txt", "hello")
    with pytest.raises(PayloadChanged, match="no Excel workbook"):
        run(tmp_path / "t.xlsx")


def test_json_lines_are_read_with_nested_names_and_broken_lines_named(tmp_path: Path) -> None:
    lines = [
        json.dumps({"id": 1, "createdAt": "2024-03-05T10:00:00Z", "body": "Slow", "user": {"name": "Kim"}, "stars": 2}),
        '{"id": 2, "createdAt": ',
        "[1, 2]",
        "",
        json.dumps({"createdAt": 1709632800, "body": "lone \ud83d surrogate and \0 zero", "stars": "4"}),
        '{"id": 3, "createdAt": "2024-03-06", "body": NaN}',
    ]
    outcome = run(write(tmp_path / "r.jsonl", "\n".join(lines)), map={"author_name": "user.name"})
    assert outcome.texts == ["Slow", "lone \ufffd surrogate and  zero"]
    assert outcome.items[0].author_name == "Kim"
    assert [reject.place for reject in outcome.rejects] == ["line 2", "line 3", "line 6"]
    assert outcome.rejects[0].reason.startswith("not JSON")


def test_json_that_nests_without_end_is_one_broken_line(tmp_path: Path) -> None:
    good = json.dumps({"date": "2024-03-05", "text": "fine"})
    outcome = run(write(tmp_path / "r.jsonl", f'{good}\n{"[" * 100_000}\n{good[:-1]}, "id": 2}}\n'))
    assert len(outcome.items) == 2
    assert len(outcome.rejects) == 1


def test_parquet_is_read_with_its_types(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "review_id": ["a", "b", "c"],
            "published": pd.to_datetime(["2024-03-05 10:00", "2024-03-06 00:00", None], utc=True),
            "score": [9, 1, 10],
            "review": ["Fine\0", "Bad", "no date"],
        }
    )
    frame.to_parquet(tmp_path / "r.parquet")
    outcome = run(tmp_path / "r.parquet", rating_scale="0-10")
    assert outcome.texts == ["Fine", "Bad"]
    assert [item.rating for item in outcome.items] == [4.6, 1.4]
    assert [(r.place, r.reason) for r in outcome.rejects] == [("row 3", "there is no date")]


def test_parquet_of_decimals_and_impossible_dates_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    moments = pa.array([1709632800, 9_000_000_000_000], pa.timestamp("s"))
    stars = pa.array([Decimal("4.50"), Decimal("1.00")], pa.decimal128(5, 2))
    pq.write_table(pa.table({"date": moments, "text": ["one", "two"], "stars": stars}), tmp_path / "r.parquet")
    outcome = run(tmp_path / "r.parquet")
    assert [(item.text, item.rating) for item in outcome.items] == [("one", 4.5)]
    assert outcome.rejects[0].place == "row 2"


def test_parquet_of_nanoseconds_and_bytes_is_read_too(tmp_path: Path) -> None:
    moments = pa.array([1709632800000000001, 1709632800999999999], pa.timestamp("ns"))
    table = pa.table({"date": moments, "text": pa.array([b"one", b"tw\xffo"], pa.binary())})
    pq.write_table(table, tmp_path / "r.parquet")
    assert run(tmp_path / "r.parquet").texts == ["one", "tw\ufffdo"]
