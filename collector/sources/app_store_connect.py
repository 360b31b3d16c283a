"""Reviews of one's own apps, through Apple's App Store Connect API: all of them, of every country.

Wire facts: GET {base_url}/v1/apps/{id}/customerReviews?sort=-createdDate&limit=200 gives {data: [{id, attributes:
{rating, title, body, reviewerNickname, createdDate, territory}}], links: {next}, meta: {paging}}; links.next is
followed as it is. territory has three letters. There is no language and no date of change: an edited review comes
back under its id with a new createdDate. The login is a JWT signed with ES256 (kid, iss, aud appstoreconnect-v1, at
most 20 minutes). Limit: 3,600 an hour, said in X-Rate-Limit as user-hour-lim and user-hour-rem. Documentation:
https://developer.apple.com/documentation/appstoreconnectapi/get-v1-apps-_id_-customerreviews
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from collector.errors import PayloadChanged
from collector.html import titled
from collector.mention import Item, Kind
from collector.options import need, need_address
from collector.payload import Parsed, moment, read_each, string
from collector.sources import Cursor, Page, Walk
from collector.tokens import signed
from collector.walk import Leaf, each, newest_first, page_of

if TYPE_CHECKING:
    from collector.http import Client

KIND = "app_store_connect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of an App Store Connect source.

    apps         Apple ids of one's own apps
    issuer_id, key_id  as App Store Connect shows them under Users and Access, Integrations
    private_key  content of the .p8 file
    """

    apps: tuple[str, ...] = ()
    issuer_id: str = ""
    key_id: str = field(default="", repr=False, metadata={"env": "GROUNDSWELL_APP_STORE_CONNECT_KEY_ID"})
    private_key: str | None = field(
        default=None, repr=False, metadata={"env": "GROUNDSWELL_APP_STORE_CONNECT_PRIVATE_KEY"}
    )
    base_url: str = "https://api.appstoreconnect.apple.com"
    allow_private: bool = False

    def __post_init__(self) -> None:
        need(KIND, "apps", self.apps, '["310633997"]')
        need(KIND, "issuer_id", self.issuer_id, '"57246542-96fe-1a63-e053-0824d011072a"')
        need(KIND, "key_id", self.key_id, '"2X9R4HXF34"')
        need(KIND, "private_key", self.private_key, "the content of AuthKey_….p8")
        need_address(KIND, "base_url", self.base_url)


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Read the reviews of every app."""
    yield from each(cursor, {app: partial(_pages, settings, client, walk, app) for app in settings.apps})


def _pages(settings: Settings, client: Client, walk: Walk, app: str, cursor: Cursor | None) -> Iterator[Page]:
    first = f"{settings.base_url.rstrip('/')}/v1/apps/{app}/customerReviews?sort=-createdDate&limit=200"

    def read(token: str | None, _floor: datetime) -> Leaf:
        claims = {"iss": settings.issuer_id, "aud": "appstoreconnect-v1"}
        key = settings.private_key or ""
        pass_ = signed(claims, key, "ES256", key_id=settings.key_id, now=client.now())
        payload = client.json(token or first, auth={"authorization": f"Bearer {pass_}"}).data
        parsed = parse(payload, settings)
        return page_of(parsed, (payload.get("links") or {}).get("next"))

    return newest_first(cursor, walk, read)


def parse(payload: Any, settings: Settings) -> Parsed:
    """The reviews of one answer."""
    if not isinstance(payload, dict) or "data" not in payload:
        raise PayloadChanged("App Store Connect's answer holds no data.")
    return read_each(payload["data"], _item, name="id", what="App Store Connect's reviews")


def _item(review: Any) -> Item:
    said = review["attributes"]
    return Item(
        external_id=string(review, "id"),
        kind=Kind.REVIEW,
        text=titled(said.get("title"), said.get("body")),
        created_at=moment(said["createdDate"]),
        rating=float(said["rating"]),
        author=said.get("reviewerNickname"),
        author_name=said.get("reviewerNickname"),
        place=said.get("territory"),
    )
