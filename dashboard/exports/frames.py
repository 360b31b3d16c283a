"""What is on a screen (a DataFrame) as the bytes of a file, through the same writers as every export."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from dashboard.exports import as_csv, as_parquet, as_xlsx
from dashboard.exports.table import Cell, Column, Row, Table

_UTC = ZoneInfo("UTC")


def frame_to_csv(frame: pd.DataFrame, *, zone: ZoneInfo = _UTC, raw: bool = False) -> bytes:
    """CSV of a frame: byte order mark, texts and headers guarded (unless raw), aware times in `zone`."""
    out = io.BytesIO()
    as_csv.write(_table(frame), out, zone=zone, raw=raw)
    return out.getvalue()


def frame_to_xlsx(
    frame: pd.DataFrame, *, zone: ZoneInfo = _UTC, name: str = "data", about: Mapping[str, str] | None = None
) -> bytes:
    """A workbook of a frame; `about` fills its second sheet (what was filtered, when)."""
    out = io.BytesIO()
    as_xlsx.write(_table(frame, name), out, zone=zone, about=lambda cut: _about(about or {}, cut))
    return out.getvalue()


def frame_to_parquet(frame: pd.DataFrame, *, zone: ZoneInfo = _UTC, about: str | None = None) -> bytes:
    """Parquet of a frame, typed as its columns are; `about`, JSON, stands in its metadata under "groundswell"."""
    out = io.BytesIO()
    as_parquet.write(_table(frame), out, zone=zone, raw=False, about=about)
    return out.getvalue()


def _about(about: Mapping[str, str], cut: int) -> Mapping[str, str]:
    return dict(about) | ({"notes": f"{cut} text(s) were longer than a cell can hold and end in '…'"} if cut else {})


def _table(frame: pd.DataFrame, name: str = "data") -> Table:
    """A frame as a table; an index that has a name is a column, one without is none."""
    if any(level is not None for level in frame.index.names):
        frame = frame.reset_index()
    columns = [Column(name=_header(label), cell=_cell(frame.iloc[:, i])) for i, label in enumerate(frame.columns)]
    return Table(name=name, columns=columns, rows=_rows(frame, columns))


def _header(label: Any) -> str:
    return " ".join(str(part) for part in label) if isinstance(label, tuple) else str(label)


def _cell(values: pd.Series[Any]) -> Cell:
    kind = values.dtype
    if isinstance(kind, pd.DatetimeTZDtype):
        return Cell.TIME
    if pd.api.types.is_bool_dtype(kind):
        return Cell.FLAG
    if pd.api.types.is_integer_dtype(kind):
        return Cell.WHOLE
    if pd.api.types.is_float_dtype(kind):
        return Cell.NUMBER
    first = next((value for value in values.array if not _is_missing(value)), None)
    if isinstance(first, datetime):
        return Cell.TIME if first.tzinfo else Cell.TEXT
    return Cell.DAY if isinstance(first, date) else Cell.TEXT


def _rows(frame: pd.DataFrame, columns: list[Column]) -> Iterator[Row]:
    arrays = [frame.iloc[:, i].array for i in range(len(columns))]
    for row in zip(*arrays, strict=True):
        yield [_value(value, column.cell) for value, column in zip(row, columns, strict=True)]


def _value(value: Any, cell: Cell) -> Any:
    if _is_missing(value):
        return None
    if isinstance(value, pd.Timestamp):
        value = value.to_pydatetime(warn=False)
    elif hasattr(value, "item"):
        value = value.item()  # numpy's scalars are no int and no float to csv, json and xlsxwriter
    if cell is not Cell.TEXT or isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return str(value)


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and value != value)  # noqa: PLR0124
