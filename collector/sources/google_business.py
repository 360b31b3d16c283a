"""Reviews of one's own locations on Google, through the Google Business Profile API.

Wire facts: GET {base_url}/v4/{accounts/…/locations/…}/reviews?pageSize=50&orderBy=updateTime desc&pageToken=… gives
{reviews, averageRating, totalReviewCount, nextPageToken}; newest change first is the only order that helps. A review
holds reviewId, reviewer {displayName, isAnonymous}, starRating "ONE" to "FIVE", comment (absent for a rating without
words), createTime and updateTime. A comment may hold Google's translation beside the original. The scope is
business.manage; access is granted by application, for verified locations. Deleted reviews just vanish. Documentation:
https://developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from collector.errors import BadSettings, PayloadChanged
from collector.mention import Item, Kind
from collector.options import need, need_address, need_together
from collector.payload import Parsed, moment, read_each, string
from collector.sources import Cursor, Page, Walk
from collector.tokens import refreshed_token
from collector.walk import Leaf, depth, each, newest_first

if TYPE_CHECKING:
    from collector.answer import Answer
    from collector.http import Client

    Ask = Callable[..., Answer]

KIND = "google_business"
STARS = {"ONE": 1.0, "TWO": 2.0, "THREE": 3.0, "FOUR": 4.0, "FIVE": 5.0}
_LOCATION = re.compile(r"accounts/[^/]+/locations/[^/]+")
_ORIGINAL = re.compile(r"\(Original\)\s*(.*)", re.DOTALL)
_TRANSLATED = re.compile(r"\s*\(Translated by Google\).*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of a Google Business Profile source.

    locations  names like accounts/123/locations/456; a label may follow: "accounts/123/locations/456 Oslo"
    client_id, client_secret, refresh_token  of an OAuth client that may manage these locations
    """

    locations: tuple[str, ...] = ()
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False, metadata={"env": "GROUNDSWELL_GOOGLE_CLIENT_SECRET"})
    refresh_token: str | None = field(default=None, repr=False, metadata={"env": "GROUNDSWELL_GOOGLE_REFRESH_TOKEN"})
    base_url: str = "https://mybusiness.googleapis.com"
    token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105 (an address)
    allow_private: bool = False

    def __post_init__(self) -> None:
        need(KIND, "locations", self.locations, '["accounts/123/locations/456"]')
        for location in self.locations:
            if not _LOCATION.fullmatch(location.split()[0]):
                raise BadSettings(f"The location {location!r} is not of the form accounts/…/locations/….")
        need(KIND, "client_id", self.client_id, '"….apps.googleusercontent.com"')
        need_together(
            KIND, client_id=self.client_id, client_secret=self.client_secret, refresh_token=self.refresh_token
        )
        need_address(KIND, "base_url", self.base_url)
        need_address(KIND, "token_url", self.token_url)


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Read the reviews of every location."""
    token = refreshed_token(
        client,
        settings.token_url,
        client_id=settings.client_id or "",
        client_secret=settings.client_secret or "",
        refresh_token=settings.refresh_token or "",
    )
    ask = partial(client.json, auth={"authorization": f"Bearer {token}"})
    queries = {one: partial(_pages, settings, ask, walk, one) for one in settings.locations}
    yield from each(cursor, queries)


def _pages(settings: Settings, ask: Ask, walk: Walk, location: str, cursor: Cursor | None) -> Iterator[Page]:
    name, _, label = location.partition(" ")

    def read(token: str | None, _floor: datetime) -> Leaf:
        params = {"pageSize": 50, "orderBy": "updateTime desc", "pageToken": token}
        payload = ask(f"{settings.base_url.rstrip('/')}/v4/{name}/reviews", params).data
        parsed = parse(payload, settings, place=label.strip() or name.rpartition("/")[2])
        return Leaf(
            items=parsed.items,
            rejects=parsed.rejects,
            next=payload.get("nextPageToken") or None,
            oldest=depth([item.edited_at or item.created_at for item in parsed.items]),
        )

    return newest_first(cursor, walk, read)


def parse(payload: Any, settings: Settings, *, place: str | None = None) -> Parsed:
    """The reviews of one answer."""
    if not isinstance(payload, dict):
        raise PayloadChanged("Google's answer is no object with reviews.")
    return read_each(payload.get("reviews", []), partial(_item, place=place), name="reviewId", what="Google's reviews")


def _item(review: Any, *, place: str | None) -> Item:
    reviewer = review.get("reviewer") or {}
    created, updated = moment(review["createTime"]), moment(review.get("updateTime") or review["createTime"])
    named = None if reviewer.get("isAnonymous") else reviewer.get("displayName")
    return Item(
        external_id=string(review, "reviewId"),
        kind=Kind.REVIEW,
        text=original(review.get("comment") or ""),
        created_at=created,
        edited_at=updated if updated > created else None,
        rating=STARS.get(review.get("starRating", "")),
        author=reviewer.get("profilePhotoUrl") or named,
        author_name=named,
        place=place,
    )


def original(comment: str) -> str:
    """A comment in its author's words, without Google's translation before or after it."""
    found = _ORIGINAL.search(comment)
    return (found.group(1) if found else _TRANSLATED.sub("", comment)).strip()
