"""Which zone a date's abbreviation stands for (JST, CEST, IST), by the tz database where it knows one.

Abbreviations stand for one zone, or for the one that this table decides on:

    EST CST MST PST and their summers   North America, as RFC 5322 has it, not China, Cuba or the Philippines
    BST                                 British summer, not Bangladesh
    AST ADT                             Atlantic Canada and Puerto Rico, as feedparser has it, not Arabia
    IST                                 India: of the three that use it (Ireland in summer, Israel in winter) it is far
                                        the commonest, and what java.time and dateparser read it as
    GST                                 the Gulf, not South Georgia, where nobody lives

Any other that stands for several (AMT, ECT, WST, BDT) is not known. A single letter says nothing (RFC 5322, 4.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_ABBREVIATING = (
    *("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Anchorage"),
    *("America/Halifax", "America/St_Johns", "Pacific/Honolulu", "Pacific/Guam", "Pacific/Auckland"),
    *("Europe/London", "Europe/Lisbon", "Europe/Berlin", "Europe/Helsinki", "Europe/Moscow"),
    *("Africa/Lagos", "Africa/Maputo", "Africa/Nairobi", "Africa/Johannesburg"),
    *("Asia/Tokyo", "Asia/Seoul", "Asia/Hong_Kong", "Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"),
    *("Asia/Karachi", "Asia/Jerusalem", "Asia/Kolkata", "Australia/Sydney", "Australia/Adelaide", "Australia/Perth"),
)
"""Zones whose abbreviations in winter and summer may stand in a date; the later of two with one name holds."""
_ELSEWHERE = {
    "UT": 0, "UTC": 0, "Z": 0, "MEZ": 1, "MESZ": 2, "MET": 1, "MEST": 2, "TRT": 3, "IRST": 3.5, "GST": 4, "AZT": 4,
    "GET": 4, "AFT": 4.5, "MVT": 5, "UZT": 5, "YEKT": 5, "NPT": 5.75, "BTT": 6, "OMST": 6, "MMT": 6.5, "ICT": 7,
    "KRAT": 7, "NOVT": 7, "IRKT": 8, "MYT": 8, "PHT": 8, "SGT": 8, "YAKT": 9, "VLAT": 10, "FJT": 12,
    "BRST": -2, "ART": -3, "BRT": -3, "CLST": -3, "UYT": -3, "BOT": -4, "CLT": -4, "VET": -4, "COT": -5, "PET": -5,
}  # fmt: skip
"""Hours east of Greenwich of abbreviations in use that the tz database does not have, or has no more."""
_EITHER = {
    "ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver", "PT": "America/Los_Angeles",
}  # fmt: skip
"""Names for summer and winter alike."""


class UnknownZone(ValueError):
    """A date whose zone stands for nothing known, or for several things; `name` is how it is written."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the zone {name!r} is not known; an offset such as +02:00 would be")
        self.name = name


@cache
def _known() -> Mapping[str, tzinfo]:
    midwinter, midsummer = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 7))
    local = [at.astimezone(ZoneInfo(zone)) for zone in _ABBREVIATING for at in (midwinter, midsummer)]
    by_database = {at.strftime("%Z").upper(): timezone(at.utcoffset() or timedelta()) for at in local}
    elsewhere = {name: timezone(timedelta(hours=hours)) for name, hours in _ELSEWHERE.items()}
    return {**by_database, **elsewhere, **{name: ZoneInfo(zone) for name, zone in _EITHER.items()}}


def zone_of(name: str) -> tzinfo:
    """The zone of an abbreviation (any case) or of a place as the tz database names it. Raises UnknownZone."""
    known = _known().get(name.upper())
    if known is not None:
        return known
    if "/" not in name:
        raise UnknownZone(name)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownZone(name) from error
