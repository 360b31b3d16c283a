"""Product reviews collected by Judge.me in a Shopify shop.

Wire facts: GET {base_url}/api/v1/reviews?api_token=…&shop_domain=…&per_page=100&page=… gives {current_page, per_page,
reviews: [{id, title, body, rating, product_external_id, product_title, reviewer {id, name, email}, curated
ok|spam|not-yet, hidden, verified, created_at, updated_at}]}. There is no link to the next page: an empty page is the
end. Nothing promises an order, so every run reads all pages; hourly or daily is often enough. What was hidden or marked
as spam since is deleted here too; what is absent is kept. The token travels in the query. Documentation:
https://judge.me/api/docs
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from collector.errors import PayloadChanged
from collector.html import plain, titled
from collector.mention import Item, Kind
from collector.options import need, need_address
from collector.payload import Parsed, elements, moment, read_each, string
from collector.sources import Cursor, Page, Walk
from collector.walk import Leaf, newest_first

if TYPE_CHECKING:
    from collector.http import Client

KIND = "judge_me"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of a Judge.me source.

    shop_domain  e.g. example.myshopify.com
    api_token    the private token of Judge.me's settings
    """

    shop_domain: str = ""
    api_token: str | None = field(default=None, repr=False, metadata={"env": "GROUNDSWELL_JUDGE_ME_TOKEN"})
    base_url: str = "https://judge.me"
    allow_private: bool = False

    def __post_init__(self) -> None:
        need(KIND, "shop_domain", self.shop_domain, '"example.myshopify.com"')
        need(KIND, "api_token", self.api_token, "the private token")
        need_address(KIND, "base_url", self.base_url)


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Read all of the shop's reviews."""
    url = f"{settings.base_url.rstrip('/')}/api/v1/reviews"

    def read(token: int | None, _floor: datetime) -> Leaf:
        page = token or 1
        params = {"api_token": settings.api_token, "shop_domain": settings.shop_domain, "per_page": 100, "page": page}
        payload = client.json(url, params).data
        parsed = parse(payload, settings)
        deeper = page + 1 if payload["reviews"] else None
        return Leaf(items=parsed.items, rejects=parsed.rejects, deleted=parsed.deleted, next=deeper)

    return newest_first(cursor, walk, read)


def parse(payload: Any, settings: Settings) -> Parsed:
    """The reviews of one answer."""
    if not isinstance(payload, dict) or "reviews" not in payload:
        raise PayloadChanged("Judge.me's answer holds no reviews.")
    parsed = read_each(payload["reviews"], _item, name="id", what="Judge.me's reviews")
    gone = [one for one in elements(payload, "reviews") if isinstance(one, dict) and _is_gone(one)]
    return replace(parsed, deleted=[str(one["id"]) for one in gone if isinstance(one.get("id"), (int, str))])


def _is_gone(review: Any) -> bool:
    return review.get("curated") == "spam" or bool(review.get("hidden"))


def _item(review: Any) -> Item | None:
    if _is_gone(review):
        return None
    reviewer = review.get("reviewer") or {}
    created, updated = moment(review["created_at"]), moment(review.get("updated_at") or review["created_at"])
    return Item(
        external_id=string(review, "id"),
        kind=Kind.REVIEW,
        text=titled(plain(review.get("title")), plain(review.get("body"))),
        created_at=created,
        edited_at=updated if updated > created else None,
        rating=float(review["rating"]),
        author=str(reviewer["id"]) if reviewer.get("id") else reviewer.get("email") or reviewer.get("name"),
        author_name=reviewer.get("name"),
        segment=review.get("product_title"),
    )
