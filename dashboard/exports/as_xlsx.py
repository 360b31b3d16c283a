"""A table as an Excel workbook: texts never evaluated, real dates and numbers, more sheets where one is full."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from dashboard.exports.guard import fit_for_xml
from dashboard.exports.table import Cell, Table, in_words

SHEET_ROWS = 1_048_576
"""Rows of a sheet, its header included: the limit of the format."""
CELL_CHARACTERS = 32_767
"""Characters of a cell, counted in UTF-16: the limit of the format."""
_WIDTHS = {Cell.TEXT: 18, Cell.WHOLE: 12, Cell.NUMBER: 12, Cell.FLAG: 8, Cell.TIME: 20, Cell.DAY: 12, Cell.ASPECTS: 40}


def write(
    table: Table,
    out: BinaryIO,
    *,
    zone: ZoneInfo,
    about: Callable[[int], Mapping[str, str]],
    sheet_rows: int = SHEET_ROWS,
) -> None:
    """Write the rows, then a sheet "About" with what `about` says once they are done.

    Times stand as local times of `zone`, for a cell cannot hold a zone. `about` is told how many texts were
    too long for a cell: those are cut and end in "…".
    """
    book = _Book(out, zone)
    sheet: Any = None
    line, number = sheet_rows, 0
    for row in table.rows:
        if line >= sheet_rows:
            number += 1
            sheet, line = book.sheet(table, number), 1
        for position, value in enumerate(row):
            if value is not None:
                book.put(sheet, line, position, value)
        line += 1
    if sheet is None:
        book.sheet(table, 1)
    book.close(about(book.cut))


class _Book:
    """A workbook under way that holds one row in memory at a time."""

    def __init__(self, out: BinaryIO, zone: ZoneInfo) -> None:
        import xlsxwriter

        options = {
            "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
            "strings_to_numbers": False,
            "nan_inf_to_errors": False,
        }  # fmt: skip
        self._book = xlsxwriter.Workbook(out, options)
        self._book.use_zip64()
        self._bold = self._book.add_format({"bold": True, "bottom": 1})
        self._time = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._zone = zone
        self.cut = 0

    def sheet(self, table: Table, number: int) -> Any:
        """A new sheet with its header, frozen above the rows."""
        sheet = self._book.add_worksheet(table.name[:25] + (f" {number}" if number > 1 else ""))
        sheet.freeze_panes(1, 0)
        for position, column in enumerate(table.columns):
            sheet.set_column(position, position, 60 if column.name == "text" else _WIDTHS[column.cell])
            sheet.write_string(0, position, self._fit(column.name), self._bold)
        return sheet

    def put(self, sheet: Any, line: int, position: int, value: Any) -> None:
        """Write a value as what it is: text as text, whatever it looks like."""
        if isinstance(value, str):
            sheet.write_string(line, position, self._fit(value))
        elif isinstance(value, bool):
            sheet.write_boolean(line, position, value)
        elif isinstance(value, date) and value.year < 1900:
            sheet.write_string(line, position, value.isoformat())
        elif isinstance(value, datetime):
            # A spreadsheet has no zones: the local time, without one.
            sheet.write_datetime(line, position, value.astimezone(self._zone).replace(tzinfo=None), self._time)
        elif isinstance(value, date):
            sheet.write_datetime(line, position, value, self._day)
        elif isinstance(value, list):
            sheet.write_string(line, position, self._fit(in_words(value)))
        elif math.isfinite(value):
            sheet.write_number(line, position, value)

    def close(self, about: Mapping[str, str]) -> None:
        """Add the sheet that says what this is, and finish the file."""
        sheet = self._book.add_worksheet("About")
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, 80)
        for line, (name, value) in enumerate(about.items()):
            sheet.write_string(line, 0, name, self._bold)
            sheet.write_string(line, 1, self._fit(value))
        self._book.close()

    def _fit(self, text: str) -> str:
        text = fit_for_xml(text)
        if 2 * len(text) <= CELL_CHARACTERS:
            return text
        units = text.encode("utf-16-le")
        if len(units) <= 2 * CELL_CHARACTERS:
            return text
        self.cut += 1
        return units[: 2 * (CELL_CHARACTERS - 1)].decode("utf-16-le", "ignore") + "…"
