"""What a payload becomes: items and rejects; and the small readings that every source's parse shares."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Any

from dateutil import parser as dates

from collector.errors import PayloadChanged
from collector.mention import Item
from collector.sources import Reject
from collector.tabular.dates import DateFormat, DateOrder, from_text
from collector.zones import UnknownZone, zone_of

_TEXTS = ("author", "author_name", "language", "url", "parent_id", "place", "segment", "brand")
_IDS = ("external_id", "author", "parent_id")
LONGEST_DATE = 200
"""Characters; reading a longer one in any order takes seconds, and nobody writes one."""
_YEAR_ONE = datetime(1, 1, 1)  # noqa: DTZ001  stands for what a date leaves out, which is no clock's business
_FULL_STOPS = re.compile(r"(?:\w+,\s*)?\d{1,2}\.\d{1,2}\.")
_ZERO = re.compile(r"(?<!\d)-0001\b|\b0000-00")
_SIGNED = re.compile(r"\b(?:GMT|UTC)\s?(?=[+-]\d)")
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


def _zone(name: str | None, offset: int | None) -> tzinfo | int | None:
    """The zone that goes with its name, None for a date without one; a single letter is the M of P.M. as well."""
    return offset if name is None or (len(name) == 1 and name != "Z") else zone_of(name)


def _leniently(text: str) -> datetime:
    """A date in any order; one that leaves out its day or month begins with the first, one without a year is none."""
    # Of "GMT+2" dateutil makes two hours west of Greenwich, as POSIX does and nobody else.
    found = dates.parse(_SIGNED.sub("", text), default=_YEAR_ONE, tzinfos=_zone)
    if found.year == 1:
        raise ValueError("it names no year")
    return found


def is_unset(written: str) -> bool:
    """Whether a date is what PHP and MySQL write for one that is not set."""
    return _ZERO.search(written) is not None


def moment(value: Any, order: DateOrder = DateOrder.MONTH_FIRST) -> datetime:
    """An aware UTC moment of a date as ISO 8601, RFC 2822 or people write it; one without a zone is UTC.

    order   of numbers ("03/10/2026") where they do not show it; with full stops the day is first

    Raises ValueError, naming the value, for anything else: UnknownZone for one with a zone that is not known.
    """
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{value!r} is no date")
    text = value.strip()
    if len(text) > LONGEST_DATE or is_unset(text):
        raise ValueError(f"{text[:60]!r} is no date")
    written = DateFormat(zone=UTC, order=None if _FULL_STOPS.match(text) else order)
    for read in (datetime.fromisoformat, partial(from_text, written=written), _leniently):
        try:
            found = read(text)
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except UnknownZone:
            raise
        except (ValueError, OverflowError, OSError, TypeError):
            continue
    raise ValueError(f"{value[:60]!r} is no date")


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
