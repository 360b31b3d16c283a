"""Files (CSV, XLSX, JSONL, Parquet) as a source: one file, a folder that is watched, or a pattern such as inbox/*.csv.

The cursor remembers each file by the checksum of its content and of the settings that decide how it is read, with
the rows that are done: a run that was killed goes on where it stopped, a file that was read whole is not read again,
whatever it is called then. A row without an id gets one from its date, author, place and text, so that overlapping
exports of the same tool meet.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from collector.errors import BadSettings, CollectorError, SourceUnavailable
from collector.identity import clean_text
from collector.mention import Item, Kind
from collector.sources import Cursor, Page, Reject, Span, Walk
from collector.tabular import Broken, Format, Row, Table
from collector.tabular.columns import Field, check_fields, known_name
from collector.tabular.dates import DateFormat, NotADate, given_format, names_no_time, read_date
from collector.tabular.gather import Part, gathered
from collector.tabular.items import ItemReader, NotAnItem
from collector.tabular.ledger import Entry, Ledger, stamp_of, widened
from collector.tabular.opening import SUFFIXES, open_table
from collector.tabular.ratings import given_scale
from collector.tabular.survey import Progress, Understanding, survey

if TYPE_CHECKING:
    from collector.http import Client

KIND = "files"
PAGE = 1_000
"""Rows saved in one transaction."""
SETTLED = timedelta(seconds=5)
"""A file in a watched folder is left alone until nobody has written to it for this long."""
_RAW = 2_000
_understood: dict[tuple[object, ...], tuple[Table, Understanding]] = {}
"""The file looked at last: a preview and the import after it share one look."""
_READING = (
    "map",
    "kind",
    "format",
    "delimiter",
    "encoding",
    "date_format",
    "date",
    "decimal",
    "rating_scale",
    "sheet",
    "zone",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of a file source; whatever is None is found out by looking at the file.

    path          a file, a folder (every table in it), or a pattern ("inbox/*.csv")
    map           field → column, "A+B" for two columns, "" to leave a field out
    kind          what the rows are, where no column says so
    format        csv, xlsx, jsonl or parquet
    date_format   day-first, month-first, excel, or a strptime pattern
    date          the date of rows that have none (ISO 8601)
    decimal       "," or "."
    rating_scale  least and best rating, e.g. "0-10"
    sheet         of a workbook; the first unless given
    zone          of dates that name none: the owner's zone
    again         read files that were read whole before
    """

    path: Path
    map: Mapping[str, str] = field(default_factory=dict)
    kind: Kind = Kind.REVIEW
    format: Format | None = None
    delimiter: str | None = None
    encoding: str | None = None
    date_format: str | None = None
    date: str | None = None
    decimal: str | None = None
    rating_scale: str | None = None
    sheet: str | None = None
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    largest_mb: int = 4_096
    most_rows: int = 10_000_000
    max_pages: int = 20_000
    again: bool = False

    def __post_init__(self) -> None:
        """Raise BadSettings where an option cannot work with any file."""
        if self.delimiter is not None and len(_delimiter(self.delimiter)) != 1:
            raise BadSettings(f"The delimiter is one character, or the word tab; {self.delimiter!r} is neither.")
        if self.decimal not in {None, ",", "."}:
            raise BadSettings(f"The decimal sign is ',' or '.', not {self.decimal!r}.")
        check_fields(self.map)
        if self.rating_scale is not None:
            given_scale(self.rating_scale)
        if self.date_format is not None:
            given_format(self.date_format, self.zone)


def _delimiter(wanted: str) -> str:
    return {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}.get(wanted, wanted)


def import_settings(path: Path, *, zone: ZoneInfo, mapping: str | Mapping[str, str] = "", **options: Any) -> Settings:
    """Settings for one import.

    mapping  as typed, "text=Review,created_at=Date" (a column may hold commas), or ready
    options  fields of Settings; None stands for what was not given

    Raises BadSettings.
    """
    given = parse_mapping(mapping) if isinstance(mapping, str) else mapping
    known = {name: value for name, value in options.items() if value is not None}
    try:
        if "kind" in known:
            known["kind"] = Kind(known["kind"])
        if "format" in known:
            known["format"] = Format(known["format"])
    except ValueError as error:
        raise BadSettings(f"{error}; kinds are {', '.join(Kind)}, formats {', '.join(Format)}.") from error
    return Settings(path=path, zone=zone, map=given, **known)


def parse_mapping(written: str) -> dict[str, str]:
    """Take "text=Review,created_at=Date" apart. Raises BadSettings where no field stands before an equals sign."""
    if not written.strip():
        return {}
    parts = re.split(r",\s*(?=\w+\s*=)", written)
    pairs = [part.partition("=") for part in parts]
    if not all(equals for _, equals, _ in pairs):
        raise BadSettings(f"A mapping is written text=Review,created_at=Date; {written[:100]!r} is not.")
    return {name.strip(): column.strip() for name, _, column in pairs}


# ------------------------------------------------------------------ understanding a file


def understand(path: Path, settings: Settings, progress: Progress | None = None) -> tuple[Table, Understanding]:
    """Open a file and look at all of it once (not again for the import that follows a preview).

    Raises a CollectorError that says what to do.
    """
    try:
        how = (str(path), stamp_of(path, _how(settings)), settings.largest_mb, settings.most_rows)
    except OSError as error:
        raise BadSettings(f"{path} cannot be read: {error.strerror or error}.") from error
    if (known := _understood.get(how)) is not None:
        return known
    table = open_table(
        path,
        file_format=settings.format,
        encoding=settings.encoding,
        delimiter=None if settings.delimiter is None else _delimiter(settings.delimiter),
        sheet=settings.sheet,
        largest=settings.largest_mb << 20,
        knows=known_name,
    )
    understood = survey(
        table,
        given=settings.map,
        date_format=settings.date_format,
        rating_scale=settings.rating_scale,
        decimal=settings.decimal,
        zone=settings.zone,
        dated=settings.date is not None,
        most_rows=settings.most_rows,
        progress=progress,
    )
    _understood.clear()
    _understood[how] = table, understood
    return table, understood


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """How a file is understood, with its first rows as they would be kept or rejected."""

    path: Path
    understanding: Understanding
    items: Sequence[Item]
    rejects: Sequence[Reject]

    def sentences(self) -> list[str]:
        """The understanding in words, a line each, for somebody who decides whether to go on."""
        u = self.understanding
        rows, columns = (
            f"{n:,} {what}{'' if n == 1 else 's'}" for n, what in ((u.rows, "row"), (len(u.columns), "column"))
        )
        lines = [f"{self.path.name}: {u.format}, {rows}, {columns}; {'; '.join(u.details)}"]
        lines += [f"  {name} ← {u.column_of(name)!r}" for name in Field if name in u.mapping]
        lines.append(f"  dates: {u.dates}, in {u.dates.zone} where they name no zone")
        if u.scale is not None:
            lines.append(f"  ratings: {u.scale}, kept as 1 to 5")
        if unused := u.unused():
            lines.append(f"  not used: {', '.join(repr(name) for name in unused[:20])}")
        return [*lines, *(f"  note: {note}" for note in u.notes)]


def preview(
    path: Path, settings: Settings, now: datetime, *, first: int = 5, progress: Progress | None = None
) -> Preview:
    """Look at a whole file and read its first rows, writing nothing. Raises a CollectorError that says what to do."""
    table, understood = understand(path, settings, progress)
    parsed = parse(islice(table.rows(), first), understood, settings, now)
    return Preview(path=path, understanding=understood, items=parsed.items, rejects=parsed.rejects)


# ------------------------------------------------------------------ rows → items


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRows:
    """Items and rejects of some rows.

    complaints  of items that lack an unreadable rating, each with its place
    repeated    rows that say again word for word what a row before them said
    """

    items: Sequence[Item]
    rejects: Sequence[Reject]
    complaints: Sequence[str] = ()
    repeated: int = 0


def parse(rows: Iterable[Row | Broken], understood: Understanding, settings: Settings, now: datetime) -> ReadRows:
    """Read rows into items; what cannot be read is rejected by place and reason, and stops nothing."""
    reader = ItemReader(understanding=understood, kind=settings.kind, dated=_given_date(settings, now), now=now)
    items: dict[tuple[str, str | None], tuple[str, Item]] = {}
    rejects: list[Reject] = []
    complaints: list[str] = []
    repeated = 0
    for row in rows:
        if isinstance(row, Broken):
            rejects.append(Reject(place=row.place, reason=row.reason, raw=clean_text(row.raw[:_RAW])))
            continue
        try:
            item, complaint = reader.item(row)
        except NotAnItem as error:
            rejects.append(Reject(place=row.place, reason=str(error), raw=_raw(row)))
            continue
        key = (item.external_id, item.brand)
        if key not in items:
            items[key] = (row.place, item)
            complaints += [f"{row.place}: {complaint}"] if complaint else []
        elif items[key][1] == item:
            repeated += 1
        else:
            reason = f"the id {item.external_id[:60]!r} stands on {items[key][0]} already, with something else"
            rejects.append(Reject(place=row.place, reason=reason, raw=_raw(row)))
    return ReadRows(
        items=[item for _, item in items.values()], rejects=rejects, complaints=complaints, repeated=repeated
    )


def _given_date(settings: Settings, now: datetime) -> datetime | None:
    if settings.date is None:
        return None
    try:
        return read_date(settings.date, DateFormat(zone=settings.zone), now)
    except NotADate as error:
        raise BadSettings(f"The date for rows without one cannot be used: {error}.") from error


def _raw(row: Row) -> str:
    return clean_text(" | ".join("" if cell is None else str(cell)[:500] for cell in row.cells)[:_RAW])


# ------------------------------------------------------------------ the walk


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Yield pages of the rows that are not done yet, file by file, small files together; the client is not used.

    One file that cannot be read fails the run; in a folder or pattern it becomes a reject, and the others go on.
    """
    ledger = Ledger(cursor)
    parts = _alone(settings, ledger, walk) if settings.path.is_file() else _each(settings, ledger, walk)
    yield from gathered(parts, ledger, most_rows=PAGE, most_pages=walk.max_pages)


def _alone(settings: Settings, ledger: Ledger, walk: Walk) -> Iterator[Part]:
    path = settings.path
    try:
        entry = ledger.entry(path, _how(settings))
        if not entry.done or settings.again:
            yield from _rows(path, settings, entry, walk)
            return
    except OSError as error:
        raise SourceUnavailable(_unreadable(path, error)) from error
    rows = f" ({entry.rows:,} rows)" if entry.rows else ""
    told = f"{_name(path)} was read whole before{rows}; ask for it again to read it anew"
    yield Part(name=_name(path), notes=[told])


def _each(settings: Settings, ledger: Ledger, walk: Walk) -> Iterator[Part]:
    for path in _found(settings.path, walk.now):
        try:
            entry = ledger.entry(path, _how(settings))
            if not entry.done or settings.again:
                yield from _rows(path, settings, entry, walk)
        except CollectorError as error:
            failed = replace(entry, done=True, error=str(error))
            reject = Reject(place=_name(path), reason=str(error))
            yield Part(name=_name(path), entry=failed, rejects=[reject], notes=[f"{_name(path)}: {error}"])
        except OSError as error:
            # Nobody is to blame for the content: the next run tries again.
            yield Part(name=_name(path), notes=[_unreadable(path, error)])


def _unreadable(path: Path, error: OSError) -> str:
    return f"{_name(path)} could not be read: {error.strerror or error}."


def _rows(path: Path, settings: Settings, entry: Entry, walk: Walk) -> Iterator[Part]:
    if entry.done:
        entry = replace(entry, done=False, rows=0)
    table, understood = understand(path, settings)
    rows = islice(table.rows(), entry.rows, None)
    repeated = 0
    complaints: list[str] = []
    while batch := list(islice(rows, PAGE)):
        parsed = parse(batch, understood, settings, walk.now)
        repeated += parsed.repeated
        complaints += parsed.complaints[: 20 - len(complaints)]
        entry = replace(widened(entry, parsed.items), rows=entry.rows + len(batch))
        rejects = [replace(reject, place=f"{_name(path)}, {reject.place}") for reject in parsed.rejects]
        yield Part(name=_name(path), entry=entry, rows=len(batch), items=parsed.items, rejects=rejects)
    covered = _span(entry, table, understood, settings, walk.now)
    notes = list(_remarks(path, understood, repeated, complaints))
    yield Part(name=_name(path), entry=replace(entry, done=True), covered=covered, notes=notes)


def _remarks(path: Path, understood: Understanding, repeated: int, complaints: Sequence[str]) -> Iterator[str]:
    for note in understood.notes:
        yield f"{_name(path)}: {note}"
    if repeated:
        yield f"{_name(path)}: {repeated} row(s) say word for word what another says, and count once"
    if complaints:
        yield f"{_name(path)}: ratings that could not be read were left out ({'; '.join(complaints[:3])})"


def _name(path: Path) -> str:
    """A file's name as it can be shown and kept: bytes that are no text replaced, at most 120 characters."""
    name = os.fsencode(path.name).decode("utf-8", "replace")
    return name if len(name) <= 120 else f"…{name[-119:]}"


def _found(place: Path, now: datetime) -> list[Path]:
    """Files of a folder or a pattern, oldest first; hidden, unfinished and half-written ones are left for later."""
    if place.is_dir():
        names = [path for path in place.iterdir() if path.suffix.lower() in SUFFIXES]
    elif glob.has_magic(str(place)):
        names = [Path(name) for name in glob.glob(str(place), recursive=True)]  # noqa: PTH207  it may be absolute
    else:
        raise BadSettings(f"There is no file and no folder {place}.")
    found = []
    for path in names:
        if path.name.startswith((".", "~")) or not path.is_file():
            continue
        try:
            written = path.stat().st_mtime
        except OSError:  # taken away between listing and looking
            continue
        if now - datetime.fromtimestamp(written, UTC) >= SETTLED:
            found.append((written, path))
    return [path for _, path in sorted(found)]


def _how(settings: Settings) -> str:
    """A short sum of the settings that decide what becomes of a row."""
    values = {name: getattr(settings, name) for name in _READING} | {"map": dict(settings.map)}
    return hashlib.blake2b(json.dumps(values, sort_keys=True, default=str).encode(), digest_size=6).hexdigest()


def _span(entry: Entry, table: Table, understood: Understanding, settings: Settings, now: datetime) -> Span | None:
    """The time that a file speaks for: from its first mention to its last, whole days where it names only days."""
    if entry.first is None or entry.last is None:
        return None
    zone = settings.zone
    start, end = datetime.fromisoformat(entry.first), datetime.fromisoformat(entry.last) + timedelta(seconds=1)
    positions = understood.mapping.get(Field.CREATED_AT)
    early = [row.cells[positions[0]] for row in islice(table.rows(), 100) if isinstance(row, Row)] if positions else []
    if all(map(names_no_time, early)):
        midnight = end.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        end = (midnight + timedelta(days=1)).astimezone(UTC)
    return Span(start=start, end=min(end, now)) if start < min(end, now) else None
