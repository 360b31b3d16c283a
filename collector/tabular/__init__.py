"""What every table is to us, whatever its file: named columns, and rows that know their place or why they broke."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

RECORD_LIMIT = 4_000_000
"""Characters of one row; a text may have a million, and a row carries more than its text."""
COLUMN_LIMIT = 1_000
"""Columns; a table with more is no list of reviews but a matrix, or a trap."""


class Format(StrEnum):
    """The kinds of file that are read as a table."""

    CSV = "csv"
    XLSX = "xlsx"
    JSONL = "jsonl"
    PARQUET = "parquet"


@dataclass(slots=True)
class Row:
    """One row: where it stands in the file ("line 17"), and its cells in the order of the table's columns.

    A cell is text, a number, a date or None; rows shorter than the header are filled up with None.
    """

    place: str
    cells: Sequence[Any]


@dataclass(slots=True)
class Broken:
    """A row that cannot be taken apart, with the reason and the beginning of what stands there."""

    place: str
    reason: str
    raw: str


class Table(Protocol):
    """A file read as a table; rows stream, so memory does not grow with the file."""

    @property
    def format(self) -> Format:
        """The kind of file."""
        ...

    @property
    def columns(self) -> Sequence[str]:
        """The names of its columns, each once."""
        ...

    @property
    def details(self) -> Sequence[str]:
        """What was found out about the file, in words for the person who imports it."""
        ...

    @property
    def warnings(self) -> Sequence[str]:
        """What could not be read of the file as a whole."""
        ...

    def rows(self) -> Iterator[Row | Broken]:
        """Every row below the header, from the first; blank rows are left out."""
        ...

    def share_read(self) -> float | None:
        """How much of the file the present walk has read, 0 to 1; None where it cannot be told."""
        ...


def name_columns(cells: Sequence[Any]) -> list[str]:
    """Header cells as unique, trimmed names: an empty one is called "column 3", a repeated one "Date (2)"."""
    names: list[str] = []
    taken: set[str] = set()
    for position, cell in enumerate(cells, start=1):
        base = " ".join(str(cell).split())[:200] if cell is not None else ""
        name = base = base or f"column {position}"
        again = 2
        while name in taken:
            name, again = f"{base} ({again})", again + 1
        taken.add(name)
        names.append(name)
    return names


def is_blank(cell: Any) -> bool:
    """Whether a cell holds nothing: None, a NaN, or only white space."""
    if cell is None:
        return True
    if isinstance(cell, str):
        return not cell or cell.isspace()
    return isinstance(cell, float) and cell != cell  # noqa: PLR0124  only a NaN differs from itself
