"""Product reviews of a WooCommerce shop.

Wire facts: GET
{base_url}/wp-json/wc/v3/products/reviews?orderby=date_gmt&order=desc&per_page=100&before=…&page=…&status= approved
gives a list: {id, date_created_gmt (no Z), product_id, product_name, status, reviewer, reviewer_email, review (HTML),
rating 0 to 5 (0: none), verified}. The login is a consumer key and secret as HTTP Basic, over https. Documentation:
https://woocommerce.github.io/woocommerce-rest-api-docs/#product-reviews
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from collector.errors import PayloadChanged
from collector.html import text_of
from collector.mention import Item, Kind
from collector.options import need, need_address
from collector.payload import Checked, Parsed, moment, read_each, string
from collector.rest_route import RestRoute
from collector.sources import Cursor, Page, Walk
from collector.walk import Leaf, below, newest_first

if TYPE_CHECKING:
    from collector.http import Client

KIND = "woocommerce"
ROUTE = "/wc/v3/products/reviews"
PAGE = 100
AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of a WooCommerce source.

    base_url  address of the shop
    consumer_key, consumer_secret  of a REST API key that may read
    """

    base_url: str = ""
    consumer_key: str | None = field(default=None, repr=False, metadata={"env": "GROUNDSWELL_WOOCOMMERCE_KEY"})
    consumer_secret: str | None = field(default=None, repr=False, metadata={"env": "GROUNDSWELL_WOOCOMMERCE_SECRET"})
    allow_private: bool = False

    def __post_init__(self) -> None:
        need(KIND, "base_url", self.base_url, '"https://shop.example.org"')
        need_address(KIND, "base_url", self.base_url)
        need(KIND, "consumer_key", self.consumer_key, "ck_…")
        need(KIND, "consumer_secret", self.consumer_secret, "cs_…")


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Read the shop's reviews, newest first."""
    shop = RestRoute(client, settings.base_url, _login(settings))

    def read(token: list[int] | None, _floor: datetime) -> Leaf:
        before, page = token or [int(walk.now.timestamp()) + 1, 0]
        params = {
            "orderby": "date_gmt",
            "order": "desc",
            "status": "approved",
            "per_page": PAGE,
            "page": page + 1,
            "before": f"{datetime.fromtimestamp(before, UTC):%Y-%m-%dT%H:%M:%SZ}",
        }
        parsed = parse(shop.json(ROUTE, params), settings)
        seconds = [int(item.created_at.timestamp()) for item in parsed.items]
        return Leaf(
            items=parsed.items,
            rejects=parsed.rejects,
            next=below(seconds, (before, page), size=PAGE, reachable=1_000_000),
            oldest=min((item.created_at for item in parsed.items), default=None),
        )

    return newest_first(cursor, walk, read)


def check(settings: Settings, client: Client, ids: Sequence[str]) -> Checked:
    """Read reviews back; those that were trashed or deleted are not in the answer."""
    params = {"include": ",".join(ids), "per_page": PAGE, "status": "all"}
    payload = RestRoute(client, settings.base_url, _login(settings)).json(ROUTE, params)
    items = parse(payload, settings).items
    known = {str(one.get("id")) for one in payload if isinstance(one, dict) and one.get("status") == "approved"}
    return Checked(items=items, gone=[one for one in ids if one not in known])


def _login(settings: Settings) -> dict[str, str]:
    login = base64.b64encode(f"{settings.consumer_key}:{settings.consumer_secret}".encode()).decode()
    return {"authorization": f"Basic {login}"}


def parse(payload: Any, settings: Settings) -> Parsed:
    """The reviews of one answer."""
    if isinstance(payload, dict):
        raise PayloadChanged(f"The shop answered {str(payload.get('message') or payload)[:200]!r} instead of reviews.")
    return read_each(payload, _item, name="id", what="the shop's reviews")


def _item(review: Any) -> Item | None:
    if review.get("status", "approved") != "approved":
        return None
    rating = review.get("rating")
    return Item(
        external_id=string(review, "id"),
        kind=Kind.REVIEW,
        text=text_of(review["review"]),
        created_at=moment(review["date_created_gmt"]),
        rating=float(rating) if rating else None,
        author=review.get("reviewer_email") or review.get("reviewer"),
        author_name=review.get("reviewer"),
        url=review.get("product_permalink"),
        segment=review.get("product_name"),
    )
