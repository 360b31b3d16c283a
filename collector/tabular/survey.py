"""What a whole file shows before any of it is kept: its mapping, the order of its dates, the scale of its ratings."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from collector.errors import BadSettings, PayloadChanged, TooLarge
from collector.tabular import Broken, Format, Row, Table, is_blank
from collector.tabular.columns import CHECKED_ROWS, Columns, Field, map_columns
from collector.tabular.dates import DateFormat, given_format
from collector.tabular.dates import Evidence as DateEvidence
from collector.tabular.ratings import Evidence as RatingEvidence
from collector.tabular.ratings import Scale, given_scale

Progress = Callable[[int, float | None], None]
"""Called now and then with the rows done and, where it can be told, the share of the file (0 to 1)."""
PROGRESS_EVERY = 5_000
OWN_COLUMNS = frozenset({"mention_id", "external_id", "voice_id", "fetched_at", "author_key"})
"""Columns by which an export of our own is known, whose texts may carry the quote that disarms formulas."""
_SCALE_IN_NAME = re.compile(r"[\[(]\s*((?:0|1)\s*[-–]\s*(?:5|10|100))\s*[\])]")
_REPEATED = 0.05
"""Share of rows with an id seen before from which a guessed id column is none (a product's or a hotel's id)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """How a file will be read.

    rows     rows below the header, broken ones included
    guarded  texts carry a quote before what a spreadsheet would take for a formula
    notes    what a person should know before they go on
    """

    format: Format
    details: Sequence[str]
    columns: Sequence[str]
    mapping: Columns
    dates: DateFormat
    scale: Scale | None
    decimal: str | None
    rows: int
    guarded: bool
    notes: Sequence[str] = field(default_factory=tuple)

    def column_of(self, wanted: Field) -> str | None:
        """The name of the column (or columns, joined by "+") that a field is read from."""
        positions = self.mapping.get(wanted)
        return None if not positions else "+".join(self.columns[position] for position in positions)

    def unused(self) -> list[str]:
        """Named columns that nothing is read from."""
        used = {position for positions in self.mapping.values() for position in positions}
        return [
            name
            for position, name in enumerate(self.columns)
            if position not in used and name != f"column {position + 1}"
        ]


def survey(
    table: Table,
    *,
    given: Mapping[str, str],
    date_format: str | None,
    rating_scale: str | None,
    decimal: str | None,
    zone: ZoneInfo,
    dated: bool,
    most_rows: int,
    progress: Progress | None = None,
) -> Understanding:
    """Walk through all rows once. dated: rows without a date get one that is given, so that no column need hold it.

    Raises BadSettings (AmbiguousDates among them) where something must be said by hand, PayloadChanged
    where there is no row that can be read, TooLarge past `most_rows`.
    """
    sample = _sample(table)
    if OWN_COLUMNS.issubset(table.columns):
        given = _own_mapping(table.columns) | dict(given)
    mapping = dict(map_columns(table.columns, sample, given))
    seen = _Seen.of(mapping, decimal)
    for count, row in enumerate(table.rows(), start=1):
        if count > most_rows:
            raise TooLarge(f"The file has more than {most_rows:,} rows. Split it, or raise most_rows.")
        seen.see(row)
        if progress and count % PROGRESS_EVERY == 0:
            progress(count, table.share_read())
    notes = list(table.warnings)
    if seen.repeated > _REPEATED * seen.rows and Field.EXTERNAL_ID not in given:
        notes.append(
            f"{table.columns[mapping.pop(Field.EXTERNAL_ID)[0]]!r} repeats, so it is no id of a review; "
            "ids are made from date, author and text"
        )
    if Field.CREATED_AT not in mapping and not dated:
        raise BadSettings(
            "No column looks like a date. Name it with --map created_at=COLUMN, or give one date for all rows with "
            f"--date 2024-05-31. The columns are {', '.join(repr(name[:60]) for name in table.columns[:30])}."
        )
    return Understanding(
        format=table.format,
        details=tuple(table.details),
        columns=tuple(table.columns),
        mapping=mapping,
        dates=_dates(table, mapping, seen, date_format, zone),
        scale=_scale(table, mapping, seen, rating_scale),
        decimal=decimal,
        rows=seen.rows,
        guarded=table.format is Format.CSV and OWN_COLUMNS.issubset(table.columns) and _marked(table),
        notes=tuple(notes),
    )


def _sample(table: Table) -> list[Sequence[Any]]:
    early = list(islice(table.rows(), CHECKED_ROWS))
    found = [row.cells for row in early if isinstance(row, Row)]
    if not found and early and isinstance(early[0], Broken):
        raise PayloadChanged(f"None of the first rows can be read; {early[0].place}: {early[0].reason}.")
    if not found:
        raise PayloadChanged(f"There is a header ({', '.join(table.columns)[:200]}), but no row below it.")
    return found


def _own_mapping(columns: Sequence[str]) -> dict[str, str]:
    """The fields of an export of our own, by its names; the author is known by the key, for names are seldom kept."""
    return {name: name for name in Field if name in columns} | {Field.AUTHOR: "author_key"}


def _marked(table: Table) -> bool:
    # An export made for spreadsheets begins with a byte order mark; a raw one has neither mark nor quotes.
    return any("byte order mark" in detail for detail in table.details)


def _dates(table: Table, mapping: Columns, seen: _Seen, date_format: str | None, zone: ZoneInfo) -> DateFormat:
    if date_format is not None:
        return given_format(date_format, zone)
    if Field.CREATED_AT not in mapping:
        return DateFormat(zone=zone)
    return DateFormat(zone=zone, order=seen.dates.order(table.columns[mapping[Field.CREATED_AT][0]]))


def _scale(table: Table, mapping: Columns, seen: _Seen, rating_scale: str | None) -> Scale | None:
    if Field.RATING not in mapping:
        return None
    if rating_scale is not None:
        return given_scale(rating_scale)
    # "How likely are you to recommend us? (0-10)": the question says it better than the answers.
    said = _SCALE_IN_NAME.search(table.columns[mapping[Field.RATING][0]])
    return given_scale(said[1]) if said else seen.ratings.scale()


@dataclass(slots=True)
class _Seen:
    """Evidence from the rows so far; its size does not depend on how many there are."""

    date: int | None
    rating: int | None
    identity: int | None
    decimal: str | None
    dates: DateEvidence = field(default_factory=DateEvidence)
    ratings: RatingEvidence = field(default_factory=RatingEvidence)
    ids: _Ids = field(default_factory=lambda: _Ids())  # noqa: PLW0108  the class stands below
    rows: int = 0
    repeated: int = 0

    @classmethod
    def of(cls, mapping: Columns, decimal: str | None) -> _Seen:
        def only(wanted: Field) -> int | None:
            positions = mapping.get(wanted)
            return positions[0] if positions else None

        return cls(
            date=only(Field.CREATED_AT), rating=only(Field.RATING), identity=only(Field.EXTERNAL_ID), decimal=decimal
        )

    def see(self, row: Row | Broken) -> None:
        """Take one more row into account."""
        self.rows += 1
        if isinstance(row, Broken):
            return
        cells = row.cells
        if self.date is not None and not is_blank(cells[self.date]):
            self.dates.see(cells[self.date])
        if self.rating is not None and not is_blank(cells[self.rating]):
            self.ratings.see(cells[self.rating], self.decimal)
        if self.identity is not None and not is_blank(cells[self.identity]):
            self.repeated += self.ids.seen_before(cells[self.identity])


class _Ids:
    """Which ids have been seen, as one bit for each hash: 16 MB whatever their number.

    Of a million ids, 0.4 % (half of 10⁶ / 2²⁷) are taken for repeated by chance, far below what is asked.
    """

    def __init__(self) -> None:
        self._bits: np.ndarray[Any, np.dtype[np.uint8]] | None = None

    def seen_before(self, value: Any) -> bool:
        """Whether the id was (very likely) seen; remembers it."""
        if self._bits is None:
            self._bits = np.zeros(1 << 24, dtype=np.uint8)
        digest = hashlib.blake2b(str(value).encode("utf-8", "replace"), digest_size=4).digest()
        place = int.from_bytes(digest, "big") & ((1 << 27) - 1)
        mask = 1 << (place & 7)
        seen = bool(self._bits[place >> 3] & mask)
        self._bits[place >> 3] |= mask
        return seen
