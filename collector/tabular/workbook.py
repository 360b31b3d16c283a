"""An Excel workbook (.xlsx) as a table: one sheet, read row by row, within bounds that an archive bomb cannot pass."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from collector.errors import BadSettings, PayloadChanged, TooLarge
from collector.tabular import COLUMN_LIMIT, Broken, Format, Row, is_blank, name_columns

if TYPE_CHECKING:
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

UNPACKED_LIMIT = 2 << 30
"""Bytes of all parts unpacked; the largest sheet that Excel itself can hold stays below with ordinary texts."""
STRINGS_LIMIT = 512 << 20
"""Bytes of the shared strings, the one part that must be held in memory whole."""
RATIO_LIMIT = 200
"""Unpacked over packed size of a large part; XML of texts packs 5 to 30 times, a bomb a thousand times."""
PART_LIMIT = 64 << 20
"""Bytes of any other part of XML (styles, relations): these are held in memory as trees."""
PARTS_LIMIT = 10_000
_SMALL = 16 << 20
_STREAMED = ("xl/worksheets/", "xl/sharedStrings.xml")
_ROWS = 1_048_576
"""Rows of a sheet, by the format's own limit."""
_PREAMBLE = 20


def check_archive(path: Path) -> None:
    """Refuse a workbook that unpacks to more than it may, before anything of it is unpacked.

    Raises TooLarge for that, PayloadChanged where the file is no workbook at all.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()[: PARTS_LIMIT + 1]
            names = {part.filename for part in parts}
            declared = [part.filename for part in parts if _declares_entities(archive, part)]
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise PayloadChanged(f"{path.name} is a damaged or encrypted archive, not a workbook ({error}).") from error
    if "xl/workbook.xml" not in names:
        raise PayloadChanged(f"{path.name} is an archive, but holds no Excel workbook. Unpack it and import the files.")
    if declared:
        raise PayloadChanged(f"{path.name} declares XML entities in {declared[0]}, which no spreadsheet needs.")
    if len(parts) > PARTS_LIMIT:
        raise TooLarge(f"{path.name} has more than {PARTS_LIMIT:,} parts: a bomb, no data.")
    total = sum(part.file_size for part in parts)
    if total > UNPACKED_LIMIT:
        raise TooLarge(f"{path.name} unpacks to {total >> 20} MB; at most {UNPACKED_LIMIT >> 20} MB are read.")
    for part in parts:
        if part.file_size > _SMALL and part.file_size > RATIO_LIMIT * max(1, part.compress_size):
            raise TooLarge(
                f"{path.name} is packed {part.file_size // max(1, part.compress_size)}-fold: a bomb, no data."
            )
        if _is_xml(part) and not part.filename.startswith(_STREAMED) and part.file_size > PART_LIMIT:
            raise TooLarge(f"{path.name} has {part.file_size >> 20} MB of {part.filename}, which is beyond reason.")
        if part.filename == "xl/sharedStrings.xml" and part.file_size > STRINGS_LIMIT:
            raise TooLarge(
                f"{path.name} holds {part.file_size >> 20} MB of text; at most {STRINGS_LIMIT >> 20} MB can be read "
                "from a workbook. Save it as CSV, which has no such limit."
            )


def _is_xml(part: zipfile.ZipInfo) -> bool:
    return part.filename.endswith((".xml", ".rels"))


def _declares_entities(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    if not _is_xml(part):
        return False
    with archive.open(part) as file:
        return b"<!DOCTYPE" in file.read(4096)


class WorkbookTable:
    """One sheet of a workbook, read as a table; cells come as text, numbers, dates or None."""

    format = Format.XLSX
    warnings: Sequence[str] = ()

    def __init__(self, path: Path, sheet: str | None) -> None:
        check_archive(path)
        self.path = path
        self._done = 0
        self._rows: int | None = None
        with _Workbook(path) as book:
            self.sheet = _choose(book.sheets(), sheet, path)
            found = book.sheet(self.sheet)
            stated = found.max_row
            self._rows = stated if stated and stated <= _ROWS else None
            self._header, cells = _find_header(_cells(found), path)
        if len(cells) > COLUMN_LIMIT:
            raise PayloadChanged(f"{path.name} has {len(cells)} columns; at most {COLUMN_LIMIT} are read.")
        self.columns: Sequence[str] = name_columns(cells)
        self.details = [f"sheet: {self.sheet}"]
        if self._header > 1:
            self.details.append(f"{self._header - 1} row(s) above the header left out")

    def rows(self) -> Iterator[Row | Broken]:
        """Every row below the header that holds anything."""
        width = len(self.columns)
        with _Workbook(self.path) as book:
            for number, cells in _cells(book.sheet(self.sheet)):
                if number <= self._header or all(map(is_blank, cells)):
                    continue
                self._done = number
                if len(cells) > width:
                    if not all(map(is_blank, cells[width:])):
                        reason = f"the row has {len(cells)} cells, the header {width}"
                        yield Broken(place=f"row {number}", reason=reason, raw=_raw(cells))
                        continue
                    del cells[width:]
                yield Row(f"row {number}", cells + [None] * (width - len(cells)))

    def share_read(self) -> float | None:
        """Share of the rows that the sheet says it has."""
        return min(1.0, self._done / self._rows) if self._rows else None


class _Workbook:
    """An open workbook; whatever its parser raises over damaged XML becomes PayloadChanged."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> _Workbook:
        import openpyxl

        # It warns of styles and validations that it drops, which nobody here misses.
        warnings.filterwarnings("ignore", category=UserWarning, module=r"openpyxl\.")
        # Kept open by ourselves: openpyxl leaves the file open where reading fails.
        self._file = self.path.open("rb")
        try:
            self._book = openpyxl.load_workbook(self._file, read_only=True, data_only=True, keep_links=False)
        except Exception as error:
            self._file.close()
            raise self._damaged(error) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._book.close()
        self._file.close()
        if isinstance(error, (SyntaxError, KeyError, ValueError, zipfile.BadZipFile, EOFError)):
            raise self._damaged(error) from error

    def _damaged(self, error: BaseException) -> PayloadChanged:
        return PayloadChanged(
            f"{self.path.name} is a damaged workbook ({type(error).__name__}: {str(error)[:200]}). "
            "Open it in a spreadsheet program and save it again."
        )

    def sheets(self) -> list[str]:
        """Names of the sheets that hold cells (not charts)."""
        return [sheet.title for sheet in self._book.worksheets]

    def sheet(self, name: str) -> ReadOnlyWorksheet:
        """A sheet, rewound to its first row."""
        found: Any = self._book[name]
        return found  # type: ignore[no-any-return]  # read_only=True makes every sheet of this class


def _choose(sheets: list[str], wanted: str | None, path: Path) -> str:
    if not sheets:
        raise PayloadChanged(f"{path.name} has no sheet with cells.")
    if wanted is None:
        return sheets[0]
    if wanted not in sheets:
        raise BadSettings(f"{path.name} has no sheet {wanted!r}; it has {', '.join(map(repr, sheets[:20]))}.")
    return wanted


def _cells(sheet: ReadOnlyWorksheet) -> Iterator[tuple[int, list[Any]]]:
    # A sheet may claim to be 16,384 columns wide; without its claim a row is as wide as its last cell.
    sheet.reset_dimensions()
    rows: Iterator[tuple[Any, ...]] = sheet.iter_rows(values_only=True)  # type: ignore[misc]  # the stub's self is too narrow
    for number, cells in enumerate(rows, start=1):
        if number > _ROWS:
            raise PayloadChanged("a sheet has more rows than the format allows")
        yield number, [_plain(cell) if isinstance(cell, str) else cell for cell in cells]


_ERRORS = {"#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!"}


def _plain(cell: str) -> str | None:
    """A text cell without the format's escapes (_x000D_ for a line break); None for an error value."""
    if cell in _ERRORS:
        return None
    if "_x" not in cell:
        return cell
    from openpyxl.utils.escape import unescape

    return str(unescape(cell))


def _find_header(rows: Iterator[tuple[int, list[Any]]], path: Path) -> tuple[int, list[Any]]:
    """The first of the early rows that is at least half as full as the fullest."""
    early = []
    for number, cells in rows:
        early.append((number, cells))
        if len(early) >= _PREAMBLE:
            break
    filled = [(sum(not is_blank(cell) for cell in cells), number, cells) for number, cells in early]
    fullest = max((count for count, *_ in filled), default=0)
    if not fullest:
        raise PayloadChanged(f"The sheet of {path.name} is empty: there is no header and no row in it.")
    return next((number, cells) for count, number, cells in filled if count >= max(1, fullest / 2))


def _raw(cells: list[Any]) -> str:
    return " | ".join("" if cell is None else str(cell)[:200] for cell in cells[:50])[:2000]
