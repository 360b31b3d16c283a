"""Any JSON API, described in the configuration: where its entries are, what their fields are called, how it pages.

`items` and every value of `map` are JMESPath expressions (https://jmespath.org/specification.html), looked up in the
answer and in an entry. Paging: none; page (page_param counts up from first_page until an empty page); offset
(offset_param grows by what came); cursor (the answer's `next` goes into cursor_param); next-link (the answer's `next`
is the next address); link-header (RFC 8288, rel=next). The API should list newest first; if it does not, say
newest_first = false and every run reads all of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import jmespath
from jmespath.exceptions import JMESPathError

from collector.errors import BadSettings, PayloadChanged
from collector.html import plain, titled
from collector.mention import Item, Kind
from collector.options import need, need_address
from collector.payload import Parsed, epoch, moment, read_each
from collector.sources import Cursor, Page, Walk
from collector.walk import Leaf, depth, newest_first

if TYPE_CHECKING:
    from collector.answer import Answer
    from collector.http import Client

KIND = "generic_json"
TEXTS = ("author", "author_name", "language", "url", "parent_id", "place", "segment", "brand")
FIELDS = frozenset({"id", "text", "title", "created_at", "edited_at", "rating", "reach", *TEXTS})


class Paging(StrEnum):
    """How the API gives its next page."""

    NONE = "none"
    PAGE = "page"
    OFFSET = "offset"
    CURSOR = "cursor"
    NEXT_LINK = "next-link"
    LINK_HEADER = "link-header"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of a source that reads any JSON API.

    base_url       address of the listing
    params         what is always asked with, e.g. {sort = "newest", limit = "100"}
    headers        sent along, to the origin of base_url only: one of them may be a key
    authorization  value of the Authorization header, e.g. "Bearer …"
    items          JMESPath of the list of entries; "@" if the answer is that list
    map            our field → JMESPath in an entry; created_at, and text or title, are needed; id if there is one
    paging         none, page, offset, cursor, next-link or link-header
    next           JMESPath of the next cursor or address in the answer
    since_param    parameter that asks only for what is newer; since_format: iso or epoch
    date_format    iso, epoch, epoch-ms or a strptime pattern (UTC)
    rating_scale   the API's worst and best rating, e.g. [0, 10]; brought to 1 to 5
    """

    base_url: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    authorization: str | None = field(
        default=None, repr=False, metadata={"env": "GROUNDSWELL_GENERIC_JSON_AUTHORIZATION"}
    )
    items: str = "@"
    map: Mapping[str, str] = field(default_factory=dict)
    item_kind: Kind = Kind.REVIEW
    paging: Paging = Paging.NONE
    page_param: str = "page"
    first_page: int = 1
    offset_param: str = "offset"
    cursor_param: str = "cursor"
    next: str | None = None
    since_param: str | None = None
    since_format: str = "iso"
    date_format: str = "iso"
    rating_scale: tuple[float, float] = (1, 5)
    newest_first: bool = True
    allow_private: bool = False

    def __post_init__(self) -> None:
        need(KIND, "base_url", self.base_url, '"https://api.example.org/reviews"')
        need_address(KIND, "base_url", self.base_url)
        if "created_at" not in self.map or not {"text", "title"} & set(self.map):
            raise BadSettings(
                "The option 'map' of a source of kind 'generic_json' needs created_at, and text or title."
            )
        for name in self.map:
            if name not in FIELDS:
                raise BadSettings(f"The option 'map' names {name!r}; the fields are {', '.join(sorted(FIELDS))}.")
        if self.paging in {Paging.CURSOR, Paging.NEXT_LINK} and not self.next:
            raise BadSettings(
                f"With paging = {self.paging.value!r} the option 'next' must say where the answer holds it."
            )
        for expression in (self.items, self.next, *self.map.values()):
            if expression is not None:
                _compiled(expression)
        if self.rating_scale[0] >= self.rating_scale[1]:
            raise BadSettings(
                f"The option 'rating_scale' is {list(self.rating_scale)}; give worst and best, e.g. [0, 10]."
            )


@cache
def _compiled(expression: str) -> Any:
    try:
        return jmespath.compile(expression)
    except JMESPathError as error:
        raise BadSettings(f"{expression!r} is no JMESPath expression ({str(error).splitlines()[0]}).") from error


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Read the API's pages."""
    auth = {**settings.headers, **({"authorization": settings.authorization} if settings.authorization else {})}

    def read(token: Any, floor: datetime) -> Leaf:
        url, params = _asked(settings, token, floor)
        answer = client.json(url, params, auth=auth)
        parsed = parse(answer.data, settings)
        count = len(parsed.items) + len(parsed.rejects)
        return Leaf(
            items=parsed.items,
            rejects=parsed.rejects,
            next=_next(settings, answer, token, count),
            oldest=depth([item.created_at for item in parsed.items]) if settings.newest_first else None,
        )

    return newest_first(cursor, walk, read)


def _asked(settings: Settings, token: Any, floor: datetime) -> tuple[str, dict[str, str]]:
    if settings.paging in {Paging.NEXT_LINK, Paging.LINK_HEADER} and token is not None:
        return token, {}
    params = dict(settings.params)
    if settings.since_param:
        at = floor.strftime("%Y-%m-%dT%H:%M:%SZ") if settings.since_format == "iso" else str(int(floor.timestamp()))
        params[settings.since_param] = at
    if settings.paging == Paging.PAGE:
        params[settings.page_param] = str(settings.first_page if token is None else token)
    elif settings.paging == Paging.OFFSET:
        params[settings.offset_param] = str(token or 0)
    elif settings.paging == Paging.CURSOR and token is not None:
        params[settings.cursor_param] = str(token)
    return settings.base_url, params


def _next(settings: Settings, answer: Answer, token: Any, count: int) -> Any:
    if settings.paging == Paging.PAGE:
        return (settings.first_page if token is None else token) + 1 if count else None
    if settings.paging == Paging.OFFSET:
        return (token or 0) + count if count else None
    if settings.paging == Paging.LINK_HEADER:
        return answer.links.get("next")
    found = _looked_up(settings.next, answer.data) if settings.next else None
    if found in (None, "", False) or settings.paging == Paging.NONE:
        return None
    return urljoin(answer.url, str(found)) if settings.paging == Paging.NEXT_LINK else found


def parse(payload: Any, settings: Settings) -> Parsed:
    """The entries of one answer."""
    entries = _looked_up(settings.items, payload)
    if entries is None:
        raise PayloadChanged(f"The answer holds nothing at {settings.items!r}, where its entries are expected.")
    return read_each(entries, partial(_item, settings=settings), name="id", what="the answer")


def _item(entry: Any, *, settings: Settings) -> Item:
    found = {name: _looked_up(expression, entry) for name, expression in settings.map.items()}
    created = _date(found["created_at"], settings.date_format)
    title, text = plain(_text(found.get("title"))), plain(_text(found.get("text")))
    edited, rating, reach = found.get("edited_at"), found.get("rating"), found.get("reach")
    return Item(
        external_id=_text(found.get("id")) or _digest(found),
        kind=settings.item_kind,
        text=titled(title, text),
        created_at=created,
        edited_at=_date(edited, settings.date_format) if edited else None,
        rating=None if rating is None else scaled(rating, settings.rating_scale),
        reach=int(reach) if isinstance(reach, (int, float)) else None,
        **{name: _text(found.get(name)) for name in TEXTS},
    )


def _looked_up(expression: str, data: Any) -> Any:
    try:
        return _compiled(expression).search(data)
    except JMESPathError as error:
        raise ValueError(f"{expression!r} cannot be looked up here ({str(error).splitlines()[0]})") from error


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, bool):
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _digest(found: Mapping[str, Any]) -> str:
    """An id for an entry without one: what was said, by whom and when."""
    said = json.dumps([found.get(name) for name in ("author", "created_at", "title", "text")], default=str)
    return f"sha256:{hashlib.sha256(said.encode()).hexdigest()}"


def _date(value: Any, written: str) -> datetime:
    if written == "iso":
        return moment(value)
    if written == "epoch":
        return epoch(value)
    if written == "epoch-ms":
        return epoch(float(value) / 1000)
    found = datetime.strptime(str(value), written)  # noqa: DTZ007 (its zone, if any, is in the pattern)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def scaled(rating: Any, scale: tuple[float, float]) -> float:
    """A rating on its own scale, brought to 1 to 5; a decimal comma is understood."""
    value = float(rating.replace(",", ".")) if isinstance(rating, str) else float(rating)
    worst, best = scale
    return round(1 + 4 * (value - worst) / (best - worst), 2)
