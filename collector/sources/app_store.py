"""Reviews of Apple's App Store, from its public customer review feeds.

Wire facts: GET {base_url}/{country}/rss/customerreviews/page={1..10}/id={app}/sortby=mostrecent/json, at most 50
reviews a page and 500 in all per country; older ones cannot be seen. feed.entry is a list, an object where there is
one review, and absent where there is none; its first entry used to be the app itself (it has no rating). Every value
sits under "label". `updated` moves when a review is edited. Feeds turn empty or answer 502 for a while; an empty feed
is never read as "no reviews" once there were some. Unofficial: no key, no promise. For one's own apps there is the
kind app_store_connect.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from collector.errors import BadSettings, PayloadChanged, SourceUnavailable
from collector.html import titled
from collector.mention import Item, Kind
from collector.options import need, need_address, need_countries
from collector.payload import Parsed, counted, moment, read_each
from collector.sources import Cursor, Page, Walk
from collector.walk import Leaf, each, newest_first, page_of

if TYPE_CHECKING:
    from collector.http import Client

KIND = "app_store"
PAGES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of an App Store source.

    apps       ids of the apps: the digits in their App Store address
    countries  two-letter codes of the stores to read
    """

    apps: tuple[str, ...] = ()
    countries: tuple[str, ...] = ("us",)
    base_url: str = "https://itunes.apple.com"
    allow_private: bool = False

    def __post_init__(self) -> None:
        need(KIND, "apps", self.apps, '["310633997"]')
        need(KIND, "countries", self.countries, '["us", "gb"]')
        need_countries(KIND, "countries", self.countries)
        need_address(KIND, "base_url", self.base_url)
        for app in self.apps:
            if not app.isdigit():
                raise BadSettings(
                    f"The app id {app!r} is not a number; it is the digits after 'id' in the app's address."
                )


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Read the reviews of every app in every country."""
    stores = [(app, country.lower()) for app in settings.apps for country in settings.countries]
    queries = {"/".join(store): partial(_pages, settings, client, walk, store) for store in stores}
    yield from each(cursor, queries)


def _pages(
    settings: Settings, client: Client, walk: Walk, store: tuple[str, str], cursor: Cursor | None
) -> Iterator[Page]:
    app, country = store
    had = bool((cursor or {}).get("had"))
    base = f"{settings.base_url.rstrip('/')}/{country}/rss/customerreviews"

    def read(token: int | None, _floor: datetime) -> Leaf:
        page = token or 1
        answer = client.json(f"{base}/page={page}/id={app}/sortby=mostrecent/json")
        parsed = parse(answer.data, settings, country=country)
        empty = not parsed.items and not parsed.rejects
        if empty and page == 1 and had:
            raise SourceUnavailable(f"The App Store's feed for {app} in {country} is empty for now, as it is at times.")
        return page_of(parsed, page + 1 if page < PAGES and not empty else None, forgets=True)

    for page in newest_first(cursor, walk, read):
        had = had or bool(page.items)
        yield replace(page, cursor={**page.cursor, "had": had})


def parse(payload: Any, settings: Settings, *, country: str = "us") -> Parsed:
    """The reviews of one page of a feed."""
    if not isinstance(payload, dict) or not isinstance(payload.get("feed"), dict):
        raise PayloadChanged("The App Store's answer holds no feed.")
    entries = payload["feed"].get("entry", [])
    if isinstance(entries, dict):
        entries = [entries]
    return read_each(entries, partial(_item, country=country), name="id", what="the App Store's feed")


def _item(entry: Any, *, country: str) -> Item | None:
    if "im:rating" not in entry and "im:name" in entry:
        return None
    author = entry.get("author") or {}
    votes = _label(entry, "im:voteSum") or ""
    return Item(
        external_id=_needed(entry, "id"),
        kind=Kind.REVIEW,
        text=titled(_label(entry, "title"), _label(entry, "content")),
        created_at=moment(_needed(entry, "updated")),
        rating=float(_needed(entry, "im:rating")),
        author=_label(author, "uri") or _label(author, "name"),
        author_name=_label(author, "name"),
        url=_label(author, "uri"),
        reach=counted(int(votes)) if votes.isdigit() else None,
        place=country.upper(),
    )


def _label(element: Any, name: str) -> str | None:
    value = element.get(name)
    label = value.get("label") if isinstance(value, dict) else None
    if isinstance(label, int) and not isinstance(label, bool):
        return str(label)
    return label if isinstance(label, str) else None


def _needed(entry: Any, name: str) -> str:
    label = _label(entry, name)
    if not label:
        raise KeyError(name)
    return label
