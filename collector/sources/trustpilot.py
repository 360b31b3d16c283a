"""Reviews on Trustpilot, through its public API.

Wire facts: GET {base_url}/v1/business-units/{id}/reviews?orderBy=createdat.desc&perPage=100&page=… with the header
apikey (part of a paid plan) gives {reviews}; a page beyond the last one is an empty list. A review holds id, stars,
title, text, language, createdAt, updatedAt, consumer {id, displayName}, companyReply. The listing follows createdAt,
so a change further down than the overlap is seen where the review is read back: GET {base_url}/v1/reviews/{id}, with
the same key. Documentation: https://developers.trustpilot.com/business-units-api-(public) and
https://developers.trustpilot.com/service-reviews-api
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from collector.errors import PayloadChanged
from collector.html import plain, titled
from collector.mention import Item, Kind
from collector.options import need, need_address
from collector.payload import Checked, Parsed, counted, moment, read_each, string
from collector.sources import Cursor, Page, Walk
from collector.walk import Leaf, each, newest_first, page_of

if TYPE_CHECKING:
    from collector.http import Client

KIND = "trustpilot"
AT_ONCE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of a Trustpilot source.

    business_units  ids of the companies to read, as /v1/business-units/find gives them
    api_key         of an application in Trustpilot's developer portal
    """

    business_units: tuple[str, ...] = ()
    api_key: str | None = field(default=None, repr=False, metadata={"env": "GROUNDSWELL_TRUSTPILOT_API_KEY"})
    base_url: str = "https://api.trustpilot.com"
    allow_private: bool = False

    def __post_init__(self) -> None:
        need(KIND, "business_units", self.business_units, '["46d6a890000064000500e0c3"]')
        need(KIND, "api_key", self.api_key, "the key of your application")
        need_address(KIND, "base_url", self.base_url)


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Read the reviews of every company."""
    yield from each(cursor, {unit: partial(_pages, settings, client, walk, unit) for unit in settings.business_units})


def _pages(settings: Settings, client: Client, walk: Walk, unit: str, cursor: Cursor | None) -> Iterator[Page]:
    url = f"{settings.base_url.rstrip('/')}/v1/business-units/{unit}/reviews"

    def read(token: int | None, _floor: datetime) -> Leaf:
        page = token or 1
        params = {"orderBy": "createdat.desc", "perPage": 100, "page": page}
        payload = client.json(url, params, auth={"apikey": settings.api_key or ""}).data
        parsed = parse(payload, settings)
        return page_of(parsed, page + 1 if payload["reviews"] else None)

    return newest_first(cursor, walk, read)


def check(settings: Settings, client: Client, ids: Sequence[str]) -> Checked:
    """Read reviews back, one by one; one that is no longer shown answers 404."""
    items: list[Item] = []
    gone: list[str] = []
    for one in ids:
        url = f"{settings.base_url.rstrip('/')}/v1/reviews/{quote(one, safe='')}"
        answer = client.json(url, auth={"apikey": settings.api_key or ""}, accept=frozenset({404, 410}))
        if answer.status == 200:
            items += read_each([answer.data], _item, name="id", what="Trustpilot's review").items
        else:
            gone.append(one)
    return Checked(items=items, gone=gone)


def parse(payload: Any, settings: Settings) -> Parsed:
    """The reviews of one answer."""
    if not isinstance(payload, dict) or "reviews" not in payload:
        raise PayloadChanged("Trustpilot's answer holds no reviews.")
    return read_each(payload["reviews"], _item, name="id", what="Trustpilot's reviews")


def _item(review: Any) -> Item:
    consumer = review.get("consumer") or {}
    external_id = string(review, "id")
    updated = review.get("updatedAt")
    return Item(
        external_id=external_id,
        kind=Kind.REVIEW,
        text=titled(plain(review.get("title")), plain(review.get("text"))),
        created_at=moment(review["createdAt"]),
        edited_at=moment(updated) if updated else None,
        rating=float(review["stars"]),
        author=consumer.get("id"),
        author_name=consumer.get("displayName"),
        language=review.get("language"),
        url=f"https://www.trustpilot.com/reviews/{external_id}",
        reach=counted(review.get("numberOfLikes")),
        place=consumer.get("displayLocation"),
    )
