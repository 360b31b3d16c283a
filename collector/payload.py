"""What a payload becomes: items and rejects; and the small readings that every source's parse shares."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from dateutil import parser as dates

from collector.errors import PayloadChanged
from collector.mention import Item
from collector.sources import Reject

_TEXTS = ("author", "author_name", "language", "url", "parent_id", "place", "segment", "brand")
_IDS = ("external_id", "author", "parent_id")
_ABBREVIATING = (
    *("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Anchorage"),
    *("Europe/London", "Europe/Lisbon", "Europe/Berlin", "Europe/Helsinki", "Europe/Moscow", "Africa/Johannesburg"),
    *("Asia/Tokyo", "Asia/Seoul", "Asia/Hong_Kong", "Australia/Sydney", "Australia/Perth", "Pacific/Auckland"),
)
"""Zones, whole hours from Greenwich, whose abbreviations (JST, CEST) may stand in a date."""
_NAMED_ZONE = re.compile(r"[\dM] ?([A-Z]{2,5})(?: \d{4})?$")
ALL_BROKEN_FROM = 3
"""Elements; where this many or more came and none could be read, the payload has changed rather than one element."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """The items of a payload, its elements that could not become one, and ids that it shows as gone."""

    items: Sequence[Item] = ()
    rejects: Sequence[Reject] = ()
    deleted: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a source says of ids that were read back: how they read now, and which of them are gone."""

    items: Sequence[Item] = ()
    gone: Sequence[str] = ()


def read_each(elements: Any, read: Callable[[Any], Item | None], *, name: str, what: str) -> Parsed:
    """Read each element of a list; a broken one is set aside with its place and reason and never stops the rest.

    read   gives None for an element that is none of our business (an advertisement, a repost)
    name   the field that names an element in a reject's place, e.g. "id"
    what   what the payload is, for the sentence of PayloadChanged

    Raises PayloadChanged where `elements` is no list, or every one of several elements is broken.
    """
    if not isinstance(elements, list):
        raise PayloadChanged(f"{what} holds {type(elements).__name__} where its list of entries is expected.")
    items: list[Item] = []
    rejects: list[Reject] = []
    for number, element in enumerate(elements, start=1):
        try:
            item = _typed(read(element))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
            rejects.append(rejected(element, f"entry {number}", name, error))
        else:
            if item is not None:
                items.append(item)
    if len(rejects) == len(elements) >= ALL_BROKEN_FROM:
        raise PayloadChanged(
            f"None of the {len(elements)} entries of {what} can be read; the first: {rejects[0].reason}."
        )
    return Parsed(items=items, rejects=rejects)


def _typed(item: Item | None) -> Item | None:
    """An item whose texts are texts: a site may send anything under the name of a text, and a number for an id.

    Raises ValueError for its id or text; whatever else is no text is left out.
    """
    if item is None:
        return None
    numbers: dict[str, Any] = {name: str(getattr(item, name)) for name in _IDS if type(getattr(item, name)) is int}
    if numbers:
        item = replace(item, **numbers)
    for name in ("external_id", "text"):
        if not isinstance(getattr(item, name), str):
            raise ValueError(f"its {name} is {str(getattr(item, name))[:60]!r}, not a text")
    odd: dict[str, Any] = {name: None for name in _TEXTS if not isinstance(getattr(item, name), (str, type(None)))}
    return replace(item, **odd) if odd else item


def rejected(element: Any, place: str, name: str, error: Exception) -> Reject:
    """A broken element as a Reject: named by its id where it has one."""
    known = element.get(name) if isinstance(element, dict) else None
    if isinstance(error, KeyError) and error.args:
        reason = f"the field {error.args[0]!r} is missing"
    elif isinstance(error, ValueError):
        reason = str(error)
    else:
        reason = f"it is not shaped as expected ({error})"
    return Reject(
        place=f"{name} {known}" if isinstance(known, (str, int)) else place,
        reason=reason[:300],
        raw=json.dumps(element, ensure_ascii=False, default=str)[:2_000],
    )


@cache
def _offsets() -> dict[str, int]:
    """Seconds east of Greenwich of the abbreviations that stand for one zone, or for that of RFC 5322 among several."""
    midwinter, midsummer = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 7))
    moments = [at.astimezone(ZoneInfo(zone)) for zone in _ABBREVIATING for at in (midwinter, midsummer)]
    return {"UT": 0} | {at.strftime("%Z"): int(at.strftime("%z")[:3]) * 3600 for at in moments}


def names_zone(written: Any) -> bool:
    """Whether a date ends with an abbreviation that stands for a known zone, with a year after it at most."""
    found = _NAMED_ZONE.search(written.strip()) if isinstance(written, str) else None
    return found is not None and found[1] in _offsets()


class _UnknownZone(ValueError):
    """A date whose zone is an abbreviation that stands for nothing known, or for several things."""


def _zone(name: str | None, offset: int | None) -> int | None:
    """The offset in seconds that goes with a zone's name, None for a date without one.

    A single letter says nothing of the zone (RFC 5322, section 4.3), and is the M of P.M. as well.
    """
    if name in _offsets():
        return _offsets()[name]
    if name is not None and len(name) > 1 and offset is None:
        raise _UnknownZone(f"the zone {name!r} is not known; an offset such as +02:00 would be")
    return offset


def moment(value: Any) -> datetime:
    """An aware UTC moment of an ISO 8601 or RFC 2822 string; one without a zone is UTC.

    Raises ValueError, naming the value, for anything else, one with an abbreviated zone that is not known included.
    """
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{value!r} is no date")
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        try:
            found = dates.parse(value.strip(), tzinfos=_zone)
        except _UnknownZone as error:
            raise ValueError(f"{value[:60]!r} is no date: {error}") from error
        except (ValueError, OverflowError, TypeError) as error:
            raise ValueError(f"{value[:60]!r} is no date") from error
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{value[:60]!r} is no date") from error


def epoch(value: Any) -> datetime:
    """An aware UTC moment of seconds since 1970, as a number or a string of digits."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(f"{value!r} is no count of seconds")
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(f"{str(value)[:60]!r} is no count of seconds since 1970") from error


def string(element: Any, name: str) -> str:
    """A field that must be a string that is not empty (a number is written out)."""
    value = element[name]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value:
        raise ValueError(f"the field {name!r} is {value!r}, not a text")
    return value


def counted(*values: Any) -> int | None:
    """The sum of those counts that are given; None where none is."""
    given = [value for value in values if isinstance(value, int) and not isinstance(value, bool)]
    return sum(given) if given else None


def part(element: Any, name: str) -> dict[str, Any]:
    """A field that is an object; an empty one where it is missing or something else."""
    value = element.get(name) if isinstance(element, dict) else None
    return value if isinstance(value, dict) else {}


def elements(element: Any, name: str) -> list[Any]:
    """A field that is a list; an empty one where it is missing or something else."""
    value = element.get(name) if isinstance(element, dict) else None
    return value if isinstance(value, list) else []
