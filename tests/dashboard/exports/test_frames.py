"""What is on a screen as a file: guarded, typed, and without the row numbers nobody asked for."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

import openpyxl
import pandas as pd
import pyarrow.parquet as pq

from dashboard.exports import frame_to_csv, frame_to_parquet, frame_to_xlsx
from tests.dashboard.exports.keeping import BERLIN, strictly


def a_frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "=brand": ["=cmd|' /C calc'!A0", "fine"],
            "change": [-0.25, None],
            "count": pd.array([3, None], dtype="Int64"),
            "time": pd.to_datetime([datetime(2026, 3, 10, 12, tzinfo=UTC), None], utc=True),
            "day": [date(2026, 3, 10), None],
            "flag": [True, False],
            "kind": pd.Categorical(["-a", "b"]),
        }
    )


def test_headers_and_texts_are_guarded_and_negative_numbers_are_not() -> None:
    first, second = strictly(frame_to_csv(a_frame(), zone=BERLIN))
    assert first == {
        "'=brand": "'=cmd|' /C calc'!A0", "change": "-0.25", "count": "3", "time": "2026-03-10T13:00:00+01:00",
        "day": "2026-03-10", "flag": "true", "kind": "'-a",
    }  # fmt: skip
    assert list(second.values()) == ["fine", "", "", "", "", "false", "b"]


def test_a_raw_file_is_as_it_is() -> None:
    content = frame_to_csv(a_frame(), raw=True)
    assert content.startswith(b"=brand,")


def test_an_index_leaves_if_it_has_a_name() -> None:
    frame = pd.DataFrame({"n": [1, 2]}, index=pd.Index(["a", "=b"], name="dimension"))
    assert frame_to_csv(frame, raw=True) == b"dimension,n\r\na,1\r\n=b,2\r\n"
    table = pd.DataFrame({("share", "now"): [0.5]})
    assert frame_to_csv(table, raw=True) == b"share now\r\n0.5\r\n"


def test_a_workbook_of_a_frame_says_what_was_filtered() -> None:
    book = openpyxl.load_workbook(
        io.BytesIO(frame_to_xlsx(a_frame(), zone=BERLIN, name="shares", about={"brand": "=x"}))
    )
    assert [cell.value for cell in book["shares"][2]] == [
        "=cmd|' /C calc'!A0", -0.25, 3, datetime(2026, 3, 10, 13), datetime(2026, 3, 10), True, "-a",  # noqa: DTZ001
    ]  # fmt: skip
    assert book["shares"]["A2"].data_type in {"s", "inlineStr"}
    assert [cell.value for cell in book["About"][1]] == ["brand", "=x"]


def test_parquet_of_a_frame_keeps_its_types() -> None:
    table = pq.read_table(io.BytesIO(frame_to_parquet(a_frame())))
    assert table["count"].to_pylist() == [3, None]
    assert table["day"].to_pylist() == [date(2026, 3, 10), None]
    assert str(table.schema.field("change").type) == "double"
    assert table["time"].to_pylist()[0] == datetime(2026, 3, 10, 12, tzinfo=UTC)


def test_an_empty_frame_is_a_header() -> None:
    assert frame_to_csv(pd.DataFrame({"a": [], "b": []}), raw=True) == b"a,b\r\n"
    assert pq.read_table(io.BytesIO(frame_to_parquet(pd.DataFrame({"a": []})))).num_rows == 0
