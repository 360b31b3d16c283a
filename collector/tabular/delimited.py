"""Delimited text (CSV and its kin) as a table: which delimiter, where the header stands, and rows that broke apart."""

from __future__ import annotations

import csv
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from collector.errors import PayloadChanged
from collector.tabular import COLUMN_LIMIT, RECORD_LIMIT, Broken, Format, Row, name_columns
from collector.tabular.encoding import Encoding

# The module's own limit (131,072 characters a field) is lower than a text may be long.
csv.field_size_limit(RECORD_LIMIT)

_DELIMITERS = (",", ";", "\t", "|")
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
NO_DELIMITER = "\x1f"
"""A character that texts do not hold: reads a file of one column, whatever commas stand in it."""
_SAMPLE_LINES = 300
_SAMPLE_CHARACTERS = 1_000_000
_PREAMBLE = 20
"""Rows above the header (a report's title, its date) that are looked through for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a delimited file is written.

    header        rows above the one that names the columns
    rest_in_last  cells beyond the header are part of the last column, parted by delimiters that nobody quoted
    """

    delimiter: str
    escape: str | None
    header: int
    skip_first: bool
    columns: tuple[str, ...]
    rest_in_last: bool = False


class _Runaway(Exception):
    """One record has swallowed more than a record can hold."""


class _Lines:
    """The physical lines of a file; those of the present record can be taken back and read again."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._again: deque[str] = deque()
        self._size = 0
        self.taken: list[str] = []
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._file.readline(RECORD_LIMIT)
        if not line:
            raise StopIteration
        self.taken.append(line)
        self.number += 1
        self._size += len(line)
        if self._size >= RECORD_LIMIT:
            raise _Runaway
        return line

    def begin(self) -> None:
        self.taken = []
        self._size = 0

    def give_back_all_but_first(self) -> None:
        rest = self.taken[1:]
        self._again.extendleft(reversed(rest))
        self.number -= len(rest)
        while self.taken[0][-1] not in "\r\n" and not rest:
            # The first line itself is longer than a record may be: the rest of it is no row.
            more = self._file.readline(RECORD_LIMIT)
            if not more or more[-1] in "\r\n":
                break


class DelimitedTable:
    """A CSV file (or one with another delimiter), read as a table."""

    format = Format.CSV
    warnings: Sequence[str] = ()

    def __init__(self, path: Path, encoding: Encoding, shape: Shape) -> None:
        self.path = path
        self.encoding = encoding
        self.shape = shape
        self.columns: Sequence[str] = shape.columns
        written = "one column" if shape.delimiter == NO_DELIMITER else _NAMES.get(shape.delimiter, shape.delimiter)
        self.details = [f"delimiter: {written}", f"encoding: {encoding.codec.removesuffix('-sig')} ({encoding.why})"]
        if shape.header:
            self.details.append(f"{shape.header} row(s) above the header left out")
        if encoding.broken:
            self.warnings = [f"{encoding.broken} character(s) could not be decoded and read as \ufffd"]
        self._file: TextIO | None = None
        self._size = max(1, path.stat().st_size)

    def rows(self) -> Iterator[Row | Broken]:
        """Every row below the header; a record that a stray quote has swollen is taken apart line by line again."""
        with _open(self.path, self.encoding) as file:
            self._file = file
            records = _records(file, self.shape)
            for _ in range(self.shape.header + 1):
                next(records, None)
            for record in records:
                if isinstance(record, Broken):
                    yield record
                elif row := self._row(*record):
                    yield row

    def _row(self, line: int, cells: list[str]) -> Row | Broken | None:
        if not any(cells):
            return None
        width = len(self.columns)
        if len(cells) > width:
            if any(cell.strip() for cell in cells[width:]):
                if not self.shape.rest_in_last:
                    reason = f"the row has {len(cells)} cells, the header {width}; is a delimiter not quoted?"
                    return Broken(place=f"line {line}", reason=reason, raw=self.shape.delimiter.join(cells)[:2000])
                cells[width - 1] = self.shape.delimiter.join(cells[width - 1 :])
            del cells[width:]
        elif len(cells) < width:
            cells += [""] * (width - len(cells))
        return Row(f"line {line}", cells)

    def share_read(self) -> float | None:
        """Share of the file's bytes that were read."""
        if self._file is None or self._file.closed:
            return None
        return min(1.0, self._file.buffer.tell() / self._size)


def _open(path: Path, encoding: Encoding) -> TextIO:
    return path.open(encoding=encoding.codec, errors="replace", newline="")


def _reader(
    lines: Iterator[str], delimiter: str, escape: str | None, *, strip: bool = True, strict: bool = False
) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=delimiter, escapechar=escape, skipinitialspace=strip, strict=strict)


def _records(file: TextIO, shape: Shape) -> Iterator[tuple[int, list[str]] | Broken]:
    lines = _Lines(file)
    reader = _reader(lines, shape.delimiter, shape.escape, strip=not shape.rest_in_last)
    if shape.skip_first:
        next(lines, None)
    while True:
        lines.begin()
        first = lines.number + 1
        cells: list[str] = []
        problem = None
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (_Runaway, csv.Error):
            problem = "a quote opens here and is never closed, or the row is longer than 4 million characters"
        too_many = len(cells) > len(shape.columns) and not shape.rest_in_last
        if len(lines.taken) > 1 and (too_many or not _is_well_formed(lines.taken, shape)):
            problem = problem or "a quote opens here and the row does not end where it should"
        if problem is None:
            yield first, cells
            continue
        yield Broken(place=f"line {first}", reason=problem, raw=lines.taken[0][:2000])
        lines.give_back_all_but_first()
        reader = _reader(lines, shape.delimiter, shape.escape, strip=not shape.rest_in_last)


def _is_well_formed(lines: list[str], shape: Shape) -> bool:
    """Whether a record over several lines is really one: a stray quote joins rows that only a strict reading tells."""
    strict = _reader(iter(lines), shape.delimiter, shape.escape, strip=not shape.rest_in_last, strict=True)
    try:
        return len(list(strict)) == 1
    except csv.Error:
        return False


# ------------------------------------------------------------------ finding the shape


def open_delimited(
    path: Path, encoding: Encoding, *, delimiter: str | None, knows: Callable[[str], bool]
) -> DelimitedTable:
    """Open a delimited file; `knows` says whether a header cell is a name that we expect, which settles doubts.

    Raises PayloadChanged where there is no header or it has more than COLUMN_LIMIT columns.
    """
    lines, first = _sample(path, encoding)
    declared = first.removeprefix("\ufeff").strip().casefold()
    skip = declared.startswith("sep=") and len(declared) <= 5
    if skip:
        lines = lines[1:]
        # Excel's own first line, "sep=;"; a tab there is gone by stripping.
        delimiter = delimiter or (declared[4:] or "\t")
    found = [
        (score, candidate, escape, header, cells)
        for candidate in ([delimiter] if delimiter else [*_DELIMITERS, NO_DELIMITER])
        for escape in ((None, "\\") if any('\\"' in line for line in lines) else (None,))
        for score, header, cells in [_score(lines, candidate, escape, knows)]
    ]
    if not found or not any(cells for *_, cells in found):
        raise PayloadChanged(f"{path.name} is empty: there is no header and no row in it.")
    _, chosen, escape, header, cells = max(found, key=lambda entry: entry[0])
    if len(cells) > COLUMN_LIMIT:
        raise PayloadChanged(f"{path.name} has {len(cells)} columns; at most {COLUMN_LIMIT} are read.")
    shape = Shape(
        delimiter=chosen,
        escape=escape,
        header=header,
        skip_first=skip,
        columns=tuple(name_columns(cells)),
    )
    return DelimitedTable(path, encoding, shape)


def _sample(path: Path, encoding: Encoding) -> tuple[list[str], str]:
    lines: list[str] = []
    size = 0
    with _open(path, encoding) as file:
        while len(lines) < _SAMPLE_LINES and size < _SAMPLE_CHARACTERS and (line := file.readline(RECORD_LIMIT)):
            lines.append(line)
            size += len(line)
    return lines, lines[0] if lines else ""


def _score(
    lines: list[str], delimiter: str, escape: str | None, knows: Callable[[str], bool]
) -> tuple[float, int, list[str]]:
    """How well a delimiter explains the sample, where its header stands, and the header's cells.

    One point if all rows are of one width, one if the header has it, up to two for known header names; a
    delimiter that never occurs gets none for being regular.
    """
    try:
        records = list(_reader(iter(lines), delimiter, escape))
    except csv.Error:
        return -1.0, 0, []
    filled = [(number, cells) for number, cells in enumerate(records) if any(cell.strip() for cell in cells)]
    if not filled:
        return -1.0, 0, []
    width, common = Counter(len(cells) for _, cells in filled).most_common(1)[0]
    header, cells = _header(filled, width, knows)
    known = sum(knows(cell) for cell in cells)
    score = min(2.0, known * 0.75)
    if width > 1:
        score += common / len(filled) + (len(cells) == width)
    elif delimiter == NO_DELIMITER:
        score += 0.5
    return score, header, cells


def _header(filled: list[tuple[int, list[str]]], width: int, knows: Callable[[str], bool]) -> tuple[int, list[str]]:
    early = filled[:_PREAMBLE]
    best = max(early, key=lambda entry: sum(knows(cell) for cell in entry[1]))
    if sum(knows(cell) for cell in best[1]) >= 2:
        return best
    return next(
        (entry for entry in early if sum(bool(cell.strip()) for cell in entry[1]) >= max(1, width / 2)), filled[0]
    )
