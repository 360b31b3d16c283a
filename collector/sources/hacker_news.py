"""Hacker News stories and comments, through Algolia's search.

Wire facts: GET
{base_url}/api/v1/search_by_date?query=…&tags=(story,comment)&numericFilters=created_at_i>=…,created_at_i<… gives
{hits, nbHits, …}, newest first. Past the first 1,000 hits of a query it answers 200 with no hits and a `message`, so
instead of paging, the next page asks for what is older than the last hit. The query matches prefixes and near
spellings: what it finds is checked again here. comment_text and story_text are HTML. Edits carry no date; items/{id}
of a deleted one answers 404. About 10,000 requests an hour per address. Documentation: https://hn.algolia.com/api
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from collector.errors import PayloadChanged
from collector.html import text_of, titled
from collector.mention import Item, Kind
from collector.options import need_address
from collector.payload import Checked, Parsed, counted, epoch, read_each, string
from collector.sources import Cursor, Page, Walk
from collector.walk import Leaf, below, each, newest_first, skipped

if TYPE_CHECKING:
    from collector.http import Client

KIND = "hacker_news"
LOOSE = True
PAGE = 200
AT_ONCE = 20
REACHABLE = 1_000
"""Hits of one query that can be paged through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of a Hacker News source.

    queries  searches in Algolia's syntax; empty: made of the brands' names
    """

    queries: tuple[str, ...] = ()
    base_url: str = "https://hn.algolia.com"
    allow_private: bool = False

    def __post_init__(self) -> None:
        need_address(KIND, "base_url", self.base_url)


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Run every search."""
    queries = settings.queries or tuple(f'"{term}"' for term in walk.terms)
    yield from each(cursor, {query: partial(_pages, settings, client, walk, query) for query in queries})


def _pages(settings: Settings, client: Client, walk: Walk, query: str, cursor: Cursor | None) -> Iterator[Page]:
    url = f"{settings.base_url.rstrip('/')}/api/v1/search_by_date"

    def read(token: list[int] | None, floor: datetime) -> Leaf:
        before, page = token or [int(walk.now.timestamp()) + 1, 0]
        window = f"created_at_i>={int(floor.timestamp())},created_at_i<{before}"
        params = {
            "query": query,
            "tags": "(story,comment)",
            "numericFilters": window,
            "hitsPerPage": PAGE,
            "page": page,
        }
        payload = client.json(url, params).data
        parsed = parse(payload, settings)
        seconds = [hit["created_at_i"] for hit in payload["hits"] if isinstance(hit.get("created_at_i"), int)]
        deeper = below(seconds, (before, page), size=PAGE, reachable=REACHABLE)
        return Leaf(
            items=parsed.items,
            rejects=parsed.rejects,
            next=deeper,
            skips=skipped(seconds, deeper) if len(seconds) >= PAGE else None,
            oldest=epoch(min(seconds)) if seconds else None,
        )

    return newest_first(cursor, walk, read)


def parse(payload: Any, settings: Settings) -> Parsed:
    """The stories and comments of one answer."""
    if not isinstance(payload, dict) or "hits" not in payload:
        raise PayloadChanged("Hacker News' answer holds no hits.")
    if payload.get("message") and not payload["hits"]:
        raise PayloadChanged(f"Hacker News answered: {str(payload['message'])[:200]}")
    return read_each(payload["hits"], _item, name="objectID", what="Hacker News' search")


def check(settings: Settings, client: Client, ids: Sequence[str]) -> Checked:
    """Read stories and comments back, one by one; a deleted one answers 404, or stands empty under its answers."""
    items: list[Item] = []
    gone: list[str] = []
    for one in ids:
        answer = client.json(f"{settings.base_url.rstrip('/')}/api/v1/items/{quote(one)}", accept=frozenset({404}))
        if answer.status == 404:
            gone.append(one)
            continue
        said = dict(answer.data) if isinstance(answer.data, dict) else {}
        if said.get("id") is not None and not any(said.get(name) for name in ("author", "text", "title")):
            gone.append(one)
            continue
        comment = said.get("type") == "comment"
        said |= {"objectID": one, "comment_text" if comment else "story_text": said.get("text")}
        said["_tags"] = ["comment"] if comment else ["story"]
        items += read_each([said], _item, name="objectID", what="Hacker News' item").items
    return Checked(items=items, gone=gone)


def _item(hit: Any) -> Item | None:
    comment = "comment" in (hit.get("_tags") or ()) or hit.get("comment_text") is not None
    external_id = string(hit, "objectID")
    body = text_of(hit.get("comment_text") if comment else hit.get("story_text"))
    title = None if comment else hit.get("title")
    if not body and not title:
        return None
    parent = hit.get("parent_id") if comment else None
    return Item(
        external_id=external_id,
        kind=Kind.COMMENT if comment else Kind.POST,
        text=titled(title, body),
        created_at=epoch(hit["created_at_i"]),
        author=hit.get("author"),
        author_name=hit.get("author"),
        language="en",
        url=f"https://news.ycombinator.com/item?id={external_id}",
        parent_id=str(parent) if parent else None,
        reach=counted(hit.get("points"), hit.get("num_comments")),
    )
