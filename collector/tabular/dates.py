"""How dates are written in a column: day or month first is decided over all of it, or asked for; then each is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from typing import Any

from collector.errors import BadSettings
from collector.tabular.months import month_number
from collector.zones import zone_of

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Nobody wrote a review on the web before; an older date (1970 above all) is a missing one in disguise."""
AHEAD = timedelta(days=1)
"""How far a date may lie in the future: clocks and zones are wrong by hours, not by days."""
_SPREADSHEET_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  serial dates have no zone
_TOLERATED = 0.01
"""Share of dates that may contradict the order that all others prove; those rows are rejected by name."""


class AmbiguousDates(BadSettings):
    """A column of dates can be read with the day or with the month first, and nothing in it tells which."""


class NotADate(ValueError):
    """A cell cannot be read as the time at which something was said; the message says why."""


class DateOrder(StrEnum):
    """How numbers in a date are ordered (2024-03-05 always has the year first)."""

    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


@dataclass(frozen=True, slots=True, kw_only=True)
class DateFormat:
    """How a column is read: an order, or a pattern in the letters of strptime, or serial days of a spreadsheet.

    zone  of dates that name none
    """

    zone: tzinfo
    order: DateOrder | None = None
    pattern: str | None = None
    serial: bool = False

    def __str__(self) -> str:
        if self.pattern:
            return self.pattern
        return "serial days" if self.serial else str(self.order or "year first or month by name")


def given_format(wanted: str, zone: tzinfo) -> DateFormat:
    """The format that somebody asked for: day-first, month-first, excel, or a pattern such as "%d.%m.%Y %H:%M".

    Raises BadSettings for anything else.
    """
    if wanted in set(DateOrder):
        return DateFormat(zone=zone, order=DateOrder(wanted))
    if wanted == "excel":
        return DateFormat(zone=zone, serial=True)
    if "%" not in wanted:
        raise BadSettings(
            f"The date format {wanted!r} is not known. Give day-first, month-first, excel (serial days), "
            "or a pattern such as '%d.%m.%Y %H:%M'."
        )
    try:
        # "%" sequences that do not exist only show when something is read with them.
        datetime.strptime(datetime(2001, 2, 3, tzinfo=UTC).strftime(wanted), wanted)  # noqa: DTZ007  a trial
    except ValueError as error:
        raise BadSettings(f"The date format {wanted!r} cannot work: {error}.") from error
    return DateFormat(zone=zone, pattern=wanted)


# ------------------------------------------------------------------ deciding the order


@dataclass(slots=True)
class Evidence:
    """What the cells of one column have shown so far."""

    readable: int = 0
    unreadable: int = 0
    day_first: int = 0
    month_first: int = 0
    either: int = 0
    example: str = ""
    contradiction: str = ""

    def see(self, cell: Any) -> None:
        """Take one more cell that is not blank into account."""
        if isinstance(cell, str) and not _ISO_START.match(cell) and (found := _NUMERIC.match(cell.strip())):
            self._see_numbers(found, cell)
            return
        if isinstance(cell, str) and _ISO_START.match(cell):
            self.readable += 1
            return
        try:
            _moment(cell, DateFormat(zone=UTC))
        except NotADate:
            self.unreadable += 1
        else:
            self.readable += 1

    def _see_numbers(self, found: re.Match[str], cell: str) -> None:
        first, second = int(found["a"]), int(found["b"])
        self.readable += 1
        if len(found["a"]) == 4:
            return
        # Nowhere is a date with full stops written month first.
        if found["mark"] == "." or (first > 12 >= second):
            self.day_first += 1
        elif second > 12 >= first:
            self.month_first += 1
            self.contradiction = self.contradiction or cell
        elif first != second:
            self.either += 1
            self.example = self.example or cell

    def order(self, column: str) -> DateOrder | None:
        """The order that the column proves; None where no date in it depends on an order.

        Raises AmbiguousDates where both readings stand.
        """
        proofs = self.day_first + self.month_first
        if not proofs:
            if not self.either:
                return None
            raise AmbiguousDates(
                f"The dates in {column!r} can be read with the day or with the month first ({self.example.strip()!r}, "
                f"and {self.either} like it). Say which with --date-format day-first or --date-format month-first."
            )
        if min(self.day_first, self.month_first) > _TOLERATED * proofs:
            raise AmbiguousDates(
                f"The dates in {column!r} contradict each other: {self.day_first} have the day first, "
                f"{self.month_first} the month ({self.contradiction.strip()!r}). Split the file, or say which holds "
                "with --date-format; the rows that do not fit are then set aside."
            )
        return DateOrder.DAY_FIRST if self.day_first > self.month_first else DateOrder.MONTH_FIRST


# ------------------------------------------------------------------ reading one date


def read_date(cell: Any, written: DateFormat, now: datetime) -> datetime:
    """The moment that a cell names, aware UTC. Raises NotADate, also for one before EARLIEST or in the future."""
    moment = _moment(cell, written)
    try:
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=written.zone)).astimezone(UTC)
    except OverflowError as error:
        raise NotADate(f"{_short(cell)} is no date that can be kept") from error
    if moment < EARLIEST:
        raise NotADate(f"the date {_short(cell)} lies before {EARLIEST.year}, so it is a missing one in disguise")
    if moment > now + AHEAD:
        raise NotADate(f"the date {_short(cell)} lies in the future")
    return moment


def names_no_time(cell: Any) -> bool:
    """Whether a cell is a day without a time of day."""
    if isinstance(cell, datetime):
        return not (cell.hour or cell.minute or cell.second)
    return isinstance(cell, date) or (isinstance(cell, str) and ":" not in cell and len(cell) < 30)


def _moment(cell: Any, written: DateFormat) -> datetime:
    try:
        if isinstance(cell, str):
            return from_text(cell.strip(), written)
        if isinstance(cell, datetime):
            return cell
        if isinstance(cell, date):
            return datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001  gets its zone in read_date
        if isinstance(cell, (int, float)) and not isinstance(cell, bool):
            return _from_number(float(cell), written)
    except (ValueError, OverflowError, OSError) as error:
        if isinstance(error, NotADate):
            raise
        raise NotADate(f"{_short(cell)} is no date: {error}") from error
    raise NotADate(f"{_short(cell)} is no date")


def _short(cell: Any) -> str:
    return repr(str(cell)[:40])


def _from_number(value: float, written: DateFormat) -> datetime:
    """Seconds, milli- or microseconds since 1970 by their size; days since 1899 where the format says so."""
    if written.serial:
        return _SPREADSHEET_EPOCH + timedelta(days=value)
    for limit, unit in ((4.2e9, 1.0), (4.2e12, 1e3), (4.2e15, 1e6)):
        if limit / 14 < value < limit:
            return datetime.fromtimestamp(value / unit, UTC)
    raise NotADate(f"{value:g} is no date (seconds since 1970 would be a number of ten digits)")


_OFFSET = r"(?:UTC|GMT)?\s?(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?"
_ZONE = rf"{re.sub(r'P<[a-z]+>', ':', _OFFSET)}(?:Z|\s[A-Z]{{2,5}})?|[A-Z][A-Za-z]+/[A-Za-z_/]+|[A-Z]{{2,5}}|Z"
"""An offset, whatever name stands behind it; a place of the tz database; or an abbreviation."""
_ISO_START = re.compile(r"\d{4}-\d\d-\d\d(?:$|[T ])")
_TIME = (
    r"(?:[T,]?\s*(?:(?:at|um|às|à|a las|alle|om|kl\.?)\s+)?(?P<hour>\d{1,2})[:.hH](?P<minute>\d{2})"
    r"(?:[:.](?P<second>\d{2})(?:[.,](?P<fraction>\d{1,6})\d*)?)?(?:\s*(?:Uhr|uur))?(?:\s*(?P<half>[AaPp])\.?\s?[Mm]\.?)?)?"
    rf"(?:\s*(?P<zone>{_ZONE}))?(?:\s*\([^)]*\))?$"
)
_NUMERIC = re.compile(
    r"(?:[^\W\d]+\.?,\s*)?(?P<a>\d{1,4})\s?(?P<mark>[-/.年])\s?(?P<b>\d{1,2})\s?[-/.月]\s?(?P<c>\d{1,4})(?:日|\.)?"
    + _TIME
)
_DAY_MONTH = re.compile(
    r"(?:[^\W\d]+\.?,?\s+)?(?P<day>\d{1,2})(?:st|nd|rd|th|er|\.|º|ª)?(?:\s+(?:de|of))?[\s-]+(?P<month>[^\W\d]+)\.?,?"
    r"(?:\s+(?:de|del))?[\s-]+(?P<year>\d{4}|\d{2})" + _TIME
)
_MONTH_DAY = re.compile(
    r"(?:[^\W\d]+\.?,?\s+)?(?P<month>[^\W\d]+)\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})" + _TIME
)
_ASCTIME = re.compile(
    r"[A-Z][a-z]{2}\s+(?P<month>[A-Z][a-z]{2})\s+(?P<day>\d{1,2})\s+(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})"
    r"(?P<fraction>)(?P<half>)\s+(?P<zone>[+-]\d{4}|[A-Z]{2,5})?\s*(?P<year>\d{4})$"
)


def from_text(cell: str, written: DateFormat) -> datetime:
    """The moment that a text names, without a zone where the text has none and it is no count of seconds.

    Raises ValueError.
    """
    if written.pattern:
        return datetime.strptime(cell, written.pattern)  # noqa: DTZ007  gets its zone in read_date
    if _ISO_START.match(cell) and (moment := _from_iso(cell)):
        return moment
    if found := _NUMERIC.match(cell):
        return _from_numbers(found, written.order)
    for pattern in (_DAY_MONTH, _MONTH_DAY, _ASCTIME):
        if found := pattern.match(cell):
            return _build(found, int(found["year"]), _month(found["month"]), int(found["day"]))
    digits = cell.replace(".", "", 1)
    if digits.isascii() and digits.isdigit():
        if len(cell) in {8, 14} and cell[:2] in {"19", "20"}:
            return datetime.strptime(cell, "%Y%m%d" if len(cell) == 8 else "%Y%m%d%H%M%S")  # noqa: DTZ007  see read_date
        return _from_number(float(cell), written)
    raise NotADate(f"{_short(cell)} is no date that is known" if cell else "there is no date")


def _from_iso(cell: str) -> datetime | None:
    try:
        return datetime.fromisoformat(cell)
    except ValueError:
        return None


def _from_numbers(found: re.Match[str], order: DateOrder | None) -> datetime:
    first, second, third = int(found["a"]), int(found["b"]), int(found["c"])
    if len(found["a"]) == 4:
        return _build(found, first, second, third)
    if found["mark"] == "." and order is None:
        order = DateOrder.DAY_FIRST
    day, month = (second, first) if order is DateOrder.MONTH_FIRST else (first, second)
    if len(found["c"]) not in {2, 4} or len(found["a"]) > 2:
        raise NotADate(f"{_short(found[0])} has no year that is known")
    return _build(found, third, month, day)


def _build(found: re.Match[str], year: int, month: int, day: int) -> datetime:
    if year < 100:
        # The pivot of POSIX strptime: 69 to 99 are 1969 to 1999.
        year += 1900 if year >= 69 else 2000
    hour = int(found["hour"] or 0)
    if half := found["half"]:
        if not 1 <= hour <= 12:
            raise NotADate(f"{_short(found[0])} has no hour between 1 and 12")
        hour = hour % 12 + (12 if half in "Pp" else 0)
    fraction = int((found["fraction"] or "0").ljust(6, "0"))
    zone = _zone(found["zone"]) if found["zone"] else None
    return datetime(year, month, day, hour, int(found["minute"] or 0), int(found["second"] or 0), fraction, zone)


def _zone(name: str) -> tzinfo:
    if not (found := re.match(rf"{_OFFSET}(?:Z|\s|$)", name)):
        return zone_of(name)
    offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
    return timezone(-offset if found["sign"] == "-" else offset)


def _month(name: str) -> int:
    if number := month_number(name):
        return number
    raise NotADate(f"{name!r} is no month that is known")
