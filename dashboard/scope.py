"""What a reader looks at: one brand, some sources, a run of calendar days in the reader's zone, seen through a lens."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EPOCH = date(1970, 1, 1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """sources: empty means all. first and last are calendar days in `zone`, both included."""

    brand: str
    sources: tuple[str, ...] = ()
    first: date
    last: date
    zone: ZoneInfo
    lens: str

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"the last day {self.last} comes before the first {self.first}")

    @property
    def days(self) -> int:
        """How many calendar days it spans."""
        return (self.last - self.first).days + 1

    @property
    def start(self) -> datetime:
        """Its first moment, aware UTC."""
        return midnight(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """The first moment after it, aware UTC."""
        return midnight(self.last + DAY, self.zone)

    @property
    def before(self) -> Scope:
        """As many days just before."""
        length = timedelta(days=self.days)
        return replace(self, first=self.first - length, last=self.last - length)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The start of a calendar day of `zone`, aware UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_number(day: date) -> int:
    """Days since 1970-01-01, as daily counts are kept."""
    return (day - EPOCH).days


def day_of_number(number: int) -> date:
    """The calendar day that `day_number` numbers so."""
    return EPOCH + timedelta(days=number)
