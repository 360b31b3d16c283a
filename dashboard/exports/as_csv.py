"""A table as CSV (RFC 4180): for spreadsheets with a byte order mark and guarded texts, or raw for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from dashboard.exports.guard import guarded, writable
from dashboard.exports.table import Cell, Table, in_words


def write(table: Table, out: BinaryIO, *, zone: ZoneInfo, raw: bool) -> None:
    """Write header and rows; times are ISO 8601 in `zone` with its offset."""
    text = io.TextIOWrapper(out, encoding="utf-8" if raw else "utf-8-sig", errors="replace", newline="")
    written = _written(zone, raw)
    # Numbers stay numbers, for only text can hold a formula: their columns are not touched at all.
    touched = [(i, written[column.cell]) for i, column in enumerate(table.columns) if column.cell in written]
    try:
        writer = csv.writer(text)
        writer.writerow([written[Cell.TEXT](column.name) for column in table.columns])
        for row in table.rows:
            cells = list(row)
            for i, write_cell in touched:
                if cells[i] is not None:
                    cells[i] = write_cell(cells[i])
            writer.writerow(cells)
        text.flush()
    finally:
        # The file belongs to the caller, who renames it once it is whole.
        text.detach()


def _written(zone: ZoneInfo, raw: bool) -> dict[Cell, Callable[[Any], str]]:
    """How cells that are no numbers are written."""

    def as_text(text: str) -> str:
        return writable(text) if raw else guarded(writable(text))

    return {
        Cell.TEXT: as_text,
        Cell.TIME: lambda moment: moment.astimezone(zone).isoformat(),
        Cell.DAY: lambda day: day.isoformat(),
        Cell.FLAG: lambda flag: "true" if flag else "false",
        Cell.ASPECTS: lambda aspects: as_text(in_words(aspects)),
    }
