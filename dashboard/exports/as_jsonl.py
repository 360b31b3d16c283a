"""A table as JSON Lines: one object a row, aspects as a list of objects."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from dashboard.exports.guard import writable
from dashboard.exports.table import Table


def write(table: Table, out: BinaryIO, *, zone: ZoneInfo, raw: bool) -> None:
    """Write one line a row; times are ISO 8601 in `zone`. `raw` changes nothing: no spreadsheet evaluates JSON."""
    names = [column.name for column in table.columns]
    for row in table.rows:
        cells = {name: _cell(value, zone) for name, value in zip(names, row, strict=True)}
        out.write(json.dumps(cells, ensure_ascii=False).encode("utf-8", "replace") + b"\n")


def _cell(value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, str):
        return writable(value)
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value
