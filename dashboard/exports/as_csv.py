"""A table as CSV (RFC 4180): for spreadsheets with a byte order mark and guarded texts, or raw for programs."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from dashboard.exports.guard import guarded, writable
from dashboard.exports.table import Table, in_words


def write(table: Table, out: BinaryIO, *, zone: ZoneInfo, raw: bool) -> None:
    """Write header and rows; times are ISO 8601 in `zone` with its offset."""
    text = io.TextIOWrapper(out, encoding="utf-8" if raw else "utf-8-sig", errors="replace", newline="")
    try:
        writer = csv.writer(text)
        writer.writerow([_text(column.name, raw) for column in table.columns])
        for row in table.rows:
            writer.writerow([_cell(value, zone, raw) for value in row])
        text.flush()
    finally:
        # The file belongs to the caller, who renames it once it is whole.
        text.detach()


def _cell(value: Any, zone: ZoneInfo, raw: bool) -> Any:
    # Numbers stay numbers: only text can hold a formula.
    if isinstance(value, str):
        return _text(value, raw)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return _text(in_words(value), raw)
    return value


def _text(text: str, raw: bool) -> str:
    text = writable(text)
    return text if raw else guarded(text)
