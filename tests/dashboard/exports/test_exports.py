"""Exports: what is in them, that they are whole or absent, and that spreadsheets and programs read them right."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from openpyxl.utils.escape import unescape

from collector.errors import BadSettings
from collector.store import Store
from dashboard.exports import CannotExport, Filters, export
from sentiment.store.corrections import correct
from tests.dashboard.exports.keeping import BERLIN, keep, read_all, some, strictly, write_out
from tests.fakes import NOW, a_mention

HOSTILE = [
    '=HYPERLINK("http://evil.example","click")',
    "+49 30 1234",
    "-5 stars",
    "@SUM(A1)",
    "＝1+1",
    "'=already quoted",
    "''-twice",
    "'tis fine",
    'say "no", twice\nand; again',
    "<script>alert(1)</script>",
    "\u200fעברית\u200e and 🙂",
    "x" * 40_000,
    "_x0041_ is no letter",
    "https://example.org/" + "a" * 3_000,
]


def test_mentions_leave_with_labels_in_the_owners_zone(store: Store, tmp_path: Path) -> None:
    keep(store, a_mention("7", rating=2.5, url="https://example.org/7", place="Kiel"))
    read_all(store)
    manifest = write_out(store, "mentions", tmp_path / "m.csv")
    (row,) = strictly((tmp_path / "m.csv").read_bytes())
    wanted = {
        "external_id": "7", "created_at": "2026-03-10T13:00:00+01:00", "rating": "2.5", "place": "Kiel",
        "sentiment": "negative", "satisfaction": "1.5", "negative": "0.8", "intent": "complaint", "model": "fake-1",
        "aspects": "timeliness negative: The c", "dimensions": "Reliability negative", "stands_for_voice": "true",
        "corrected": "false", "edited_at": "",
    }  # fmt: skip
    assert {name: row[name] for name in wanted} == wanted
    assert (manifest.rows, manifest.models) == (1, ["fake-1"])


def test_a_mention_that_nobody_read_leaves_without_labels(store: Store, tmp_path: Path) -> None:
    keep(store, a_mention("1"))
    write_out(store, "mentions", tmp_path / "m.csv")
    (row,) = strictly((tmp_path / "m.csv").read_bytes())
    assert (row["sentiment"], row["aspects"], row["dimensions"], row["model"]) == ("", "", "", "")


def test_a_correction_is_what_leaves(store: Store, tmp_path: Path) -> None:
    keep(store, a_mention("1"))
    read_all(store)
    with store.write() as conn:
        correct(conn, store, 1, field="sentiment", after="positive", who="kim", now=NOW)
    write_out(store, "mentions", tmp_path / "m.csv")
    (row,) = strictly((tmp_path / "m.csv").read_bytes())
    assert (row["sentiment"], row["corrected"]) == ("positive", "true")


def test_filters_choose_rows_and_stand_in_the_manifest(store: Store, tmp_path: Path) -> None:
    keep(store, *some(10), a_mention("x", source="app", brand="Other", text="a lovely crew, all of them"))
    read_all(store)
    path = tmp_path / "m.csv"

    def rows(**filters: object) -> int:
        return write_out(store, "mentions", path, **filters).rows

    assert rows() == 11
    assert rows(brand="Other") == 1
    assert rows(source="reviews") == 10
    assert rows(sentiment="positive") == 1
    assert rows(dimension="reliability") == rows(dimension="aspect/timeliness") == rows(dimension="timeliness") == 10
    assert rows(since=NOW - timedelta(hours=3)) == 4
    assert rows(until=NOW - timedelta(hours=3)) == 7
    write_out(store, "mentions", path, since=datetime(2026, 3, 10, tzinfo=UTC), dimension="Reliability")
    said = json.loads((tmp_path / "m.csv.manifest.json").read_text())
    assert said["filters"] == {"since": "2026-03-10T01:00:00+01:00", "dimension": "rater/Reliability"}
    assert (said["zone"], said["made_at"]) == ("Europe/Berlin", "2026-03-10T13:00:00+01:00")


def test_complaints_are_negative_mentions_that_want_something_put_right(store: Store, tmp_path: Path) -> None:
    keep(store, a_mention("1"), a_mention("2", text="a lovely crew, all of them"))
    read_all(store)
    write_out(store, "complaints", tmp_path / "c.csv")
    assert [row["external_id"] for row in strictly((tmp_path / "c.csv").read_bytes())] == ["1"]


def test_daily_counts_leave_by_facet_with_their_shares(store: Store, tmp_path: Path) -> None:
    late = datetime(2026, 3, 9, 23, 30, tzinfo=UTC)  # the tenth in Berlin
    keep(store, a_mention("1", created_at=late), a_mention("2", text="a lovely crew, all of them", created_at=late))
    read_all(store)
    manifest = write_out(store, "daily", tmp_path / "d.csv", since=datetime(2026, 3, 9, 23, tzinfo=UTC))
    rows = {row["facet"]: row for row in strictly((tmp_path / "d.csv").read_bytes())}
    assert rows["all"]["day"] == "2026-03-10"
    assert (rows["all"]["voices"], rows["all"]["dissatisfaction"], rows["all"]["satisfaction"]) == ("2", "0.5", "3.0")
    assert rows["rater/Reliability"]["label"] == "Reliability"
    assert rows["aspect/timeliness"]["negative"] == "1"
    assert manifest.rows == len(rows) > 3
    one = write_out(
        store, "daily", tmp_path / "d.csv", dimension="Reliability", until=datetime(2026, 3, 9, 23, tzinfo=UTC)
    )
    assert one.rows == 0


@pytest.mark.parametrize(
    ("asked", "filters", "why"),
    [
        ("mention a.csv", {}, "nearest known one is 'mentions'"),
        ("mentions a.doc", {}, "--format csv, xlsx, jsonl, parquet"),
        ("mentions a.csv", {"dimension": "Relibility"}, "'Reliability'"),
        ("mentions a.csv", {"sentiment": "angry"}, "negative, neutral or positive"),
        ("mentions a.csv", {"brand": "Northwind"}, "'Northwind Ferries'"),
        ("daily a.csv", {"sentiment": "negative"}, "have a sentiment"),
    ],
)
def test_what_cannot_be_asked_for_is_named_and_no_file_begun(
    store: Store, tmp_path: Path, asked: str, filters: dict[str, str], why: str
) -> None:
    keep(store, a_mention("1"))
    before = set(tmp_path.iterdir())
    with pytest.raises(BadSettings, match=why):
        write_out(store, asked.split(maxsplit=1)[0], tmp_path / asked.split()[1], **filters)
    assert set(tmp_path.iterdir()) == before


def test_formulas_are_disarmed_in_texts_and_numbers_stay_numbers(store: Store, tmp_path: Path) -> None:
    keep(store, *(a_mention(str(n), text=text, created_at=NOW) for n, text in enumerate(HOSTILE)))
    write_out(store, "mentions", tmp_path / "m.csv")
    texts = [row["text"] for row in strictly((tmp_path / "m.csv").read_bytes())]
    assert texts[:8] == ["'" + text for text in HOSTILE[:7]] + [HOSTILE[7]]
    assert texts[8:] == HOSTILE[8:]
    frame = pd.read_csv(tmp_path / "m.csv")
    assert frame["text"].tolist() == texts
    assert frame["mention_id"].dtype == "int64"
    assert pd.to_datetime(frame["created_at"], format="ISO8601", utc=True).tolist() == [NOW] * len(HOSTILE)


def test_a_raw_export_is_for_programs(store: Store, tmp_path: Path) -> None:
    keep(store, *(a_mention(str(n), text=text, created_at=NOW) for n, text in enumerate(HOSTILE)))
    manifest = write_out(store, "mentions", tmp_path / "m.csv", raw=True)
    content = (tmp_path / "m.csv").read_bytes()
    assert content.startswith(b"mention_id,")
    assert [row["text"] for row in strictly(content, raw=True)] == HOSTILE
    assert not manifest.guarded


def test_a_workbook_holds_texts_as_texts_and_times_as_times(store: Store, tmp_path: Path) -> None:
    keep(store, *(a_mention(str(n), text=text, created_at=NOW) for n, text in enumerate(HOSTILE)))
    manifest = write_out(store, "mentions", tmp_path / "m.xlsx", brand="Northwind Ferries")
    book = openpyxl.load_workbook(tmp_path / "m.xlsx")
    header, *rows = book["mentions"].iter_rows()
    place = {cell.value: position for position, cell in enumerate(header)}
    cells = [row[place["text"]] for row in rows]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr"}
    assert all(cell.hyperlink is None for cell in cells)
    expected = [text if len(text) <= 32_767 else text[:32_766] + "…" for text in HOSTILE]
    # A reader that knows the format takes _x005F_ for the underscore that it stands for; openpyxl leaves that to us.
    assert [unescape(str(cell.value)) for cell in cells] == expected
    assert rows[0][place["created_at"]].value == datetime(2026, 3, 10, 13)  # noqa: DTZ001  local, as cells are
    about = {row[0].value: row[1].value for row in book["About"].iter_rows()}
    assert about["filters"] == "brand: Northwind Ferries"
    assert about["zone"] == "Europe/Berlin"
    assert "1 text(s) were longer" in str(about["notes"])
    assert manifest.notes


def test_a_workbook_goes_on_with_another_sheet_where_one_is_full(store: Store, tmp_path: Path) -> None:
    from dashboard.exports import as_xlsx
    from dashboard.exports.table import Cell, Column, Table

    table = Table(name="daily", columns=[Column(name="n", cell=Cell.WHOLE)], rows=iter([[n] for n in range(25)]))
    with (tmp_path / "d.xlsx").open("wb") as out:
        as_xlsx.write(table, out, zone=BERLIN, about=lambda cut: {}, sheet_rows=11)
    book = openpyxl.load_workbook(tmp_path / "d.xlsx")
    assert book.sheetnames == ["daily", "daily 2", "daily 3", "About"]
    found = [cell.value for name in book.sheetnames[:3] for (cell,) in book[name].iter_rows(min_row=2)]
    assert found == list(range(25))


def test_json_lines_and_parquet_hold_the_aspects_as_data(store: Store, tmp_path: Path) -> None:
    keep(
        store, a_mention("1"), a_mention("2", text="nobody has read this one yet", created_at=NOW + timedelta(hours=1))
    )
    with store.write() as conn:
        from sentiment.store.readings import claim

        claim(conn, "other", NOW, timedelta(days=1), 1)  # the newest is taken by somebody else
    read_all(store)
    write_out(store, "mentions", tmp_path / "m.jsonl")
    write_out(store, "mentions", tmp_path / "m.parquet")
    first, second = (json.loads(line) for line in (tmp_path / "m.jsonl").read_text().splitlines())
    assert first["aspects"] == [
        {"aspect": "timeliness", "polarity": "negative", "confidence": 0.9, "evidence": "The c"}
    ]
    assert second["aspects"] is None
    table = pq.read_table(tmp_path / "m.parquet")
    assert table["aspects"].to_pylist() == [first["aspects"], None]
    assert table["created_at"].to_pylist()[0] == NOW
    assert pd.read_parquet(tmp_path / "m.parquet")["text"].tolist() == [first["text"], second["text"]]


def test_an_export_of_nothing_is_a_header(store: Store, tmp_path: Path) -> None:
    for name in ("m.csv", "m.xlsx", "m.jsonl", "m.parquet"):
        assert write_out(store, "mentions", tmp_path / name).rows == 0
    assert strictly((tmp_path / "m.csv").read_bytes()) == []
    assert pd.read_csv(tmp_path / "m.csv").columns[0] == "mention_id"
    assert pq.read_table(tmp_path / "m.parquet").num_rows == 0


def test_an_export_is_read_from_either_database(any_store: Store, tmp_path: Path) -> None:
    keep(any_store, *some(1_200))
    read_all(any_store)
    assert write_out(any_store, "complaints", tmp_path / "m.csv", dimension="Reliability").rows == 1_200
    times = [row["created_at"] for row in strictly((tmp_path / "m.csv").read_bytes())]
    assert times == sorted(times)
    assert write_out(any_store, "daily", tmp_path / "d.jsonl").rows > 50


def test_progress_is_told(store: Store, tmp_path: Path) -> None:
    keep(store, *some(2_500))
    told: list[int] = []
    export(store, "mentions", tmp_path / "m.csv", None, Filters(), zone=BERLIN, now=NOW, progress=told.append)
    assert told == [1_000, 2_000]


def test_an_export_that_cannot_be_written_leaves_nothing(store: Store, tmp_path: Path) -> None:
    with pytest.raises(CannotExport, match="No such file or directory"):
        write_out(store, "mentions", tmp_path / "missing" / "m.csv")
    (tmp_path / "m.csv").mkdir()
    before = {path.name for path in tmp_path.iterdir()}
    with pytest.raises(CannotExport, match="Nothing of it was left"):
        write_out(store, "mentions", tmp_path / "m.csv")
    assert {path.name for path in tmp_path.iterdir()} == before


_KILLED = """
import os, sys
from pathlib import Path
from dashboard.exports import Filters, export
from sentiment.store import open_store
from tests.dashboard.exports.keeping import BERLIN
from tests.fakes import NOW

store = open_store(sys.argv[1], zone=BERLIN, salt=b"salt")
export(store, "mentions", Path(sys.argv[2]), None, Filters(), zone=BERLIN, now=NOW,
       progress=lambda rows: os.kill(os.getpid(), 9))
"""


def test_an_export_that_was_killed_never_looks_complete(store: Store, tmp_path: Path) -> None:
    keep(store, *some(1_500))
    out = tmp_path / "m.csv"
    child = subprocess.run(
        [sys.executable, "-c", _KILLED, str(store.engine.url.database), str(out)],
        cwd=Path(__file__).parents[3],
        check=False,
    )
    assert child.returncode == -signal.SIGKILL
    assert not out.exists()
    assert write_out(store, "mentions", out).rows == 1_500


def test_standard_output_takes_any_format(
    store: Store, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    keep(store, a_mention("1"))
    for format_, start in (
        ("csv", b"\xef\xbb\xbfmention_id"),
        ("jsonl", b'{"mention_id": 1'),
        ("parquet", b"PAR1"),
        ("xlsx", b"PK"),
    ):
        manifest = export(store, "mentions", Path("-"), format_, Filters(), zone=BERLIN, now=NOW)
        assert (manifest.rows, manifest.sha256) == (1, None)
        assert capfdbinary.readouterr().out.startswith(start)


def test_a_file_may_be_read_by_those_whom_the_umask_lets(store: Store, tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        write_out(store, "mentions", tmp_path / "m.csv")
    finally:
        os.umask(old)
    assert (tmp_path / "m.csv").stat().st_mode & 0o777 == 0o644
