"""Questions on a Stack Exchange site that name a brand.

Wire facts: GET
{base_url}/2.3/search/advanced?site=…&q=…&fromdate=…&todate=…&order=desc&sort=creation&pagesize=100&page=…
&filter=withbody&key=… gives {items, has_more, quota_remaining, backoff?}, always gzipped. title, body and
display_name are HTML-escaped; times are epoch seconds. 300 requests a day per address, 10,000 with a key. `backoff`
(seconds) may stand on any answer and must be kept; an abused limit answers 400 {error_name: "throttle_violation",
error_message: "… available in N seconds"}. Content is CC BY-SA: its link and author are kept. Documentation:
https://api.stackexchange.com/docs
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from collector.errors import BudgetSpent, PayloadChanged, RateLimited
from collector.html import text_of, titled
from collector.mention import Item, Kind
from collector.options import need_address
from collector.payload import Parsed, counted, epoch, read_each, string
from collector.sources import Cursor, Page, Walk
from collector.walk import Leaf, below, each, newest_first, skipped

if TYPE_CHECKING:
    from collector.http import Client

KIND = "stack_exchange"
LOOSE = True
PAGE = 100
_SECONDS = re.compile(r"in (\d{1,6}) seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of a Stack Exchange source.

    site     e.g. travel, money, stackoverflow
    queries  words to search for; empty: made of the brands' names
    api_key  of a registered application: 10,000 requests a day instead of 300
    """

    site: str = "stackoverflow"
    queries: tuple[str, ...] = ()
    api_key: str | None = field(default=None, repr=False, metadata={"env": "GROUNDSWELL_STACK_EXCHANGE_KEY"})
    base_url: str = "https://api.stackexchange.com"
    allow_private: bool = False

    def __post_init__(self) -> None:
        need_address(KIND, "base_url", self.base_url)


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Run every search."""
    queries = settings.queries or tuple(f'"{term}"' for term in walk.terms if not term.startswith("@"))
    yield from each(cursor, {query: partial(_pages, settings, client, walk, query) for query in queries})


def _pages(settings: Settings, client: Client, walk: Walk, query: str, cursor: Cursor | None) -> Iterator[Page]:
    def read(token: list[int] | None, floor: datetime) -> Leaf:
        before, page = token or [int(walk.now.timestamp()) + 1, 0]
        params = {"q": query, "fromdate": int(floor.timestamp()), "todate": before - 1, "page": page + 1}
        payload = _ask(settings, client, params)
        parsed = parse(payload, settings)
        seconds = [int(item.created_at.timestamp()) for item in parsed.items]
        deeper = below(seconds, (before, page), size=PAGE, reachable=2_500) if payload.get("has_more") else None
        return Leaf(
            items=parsed.items,
            rejects=parsed.rejects,
            next=deeper,
            skips=skipped(seconds, deeper),
            oldest=min((item.created_at for item in parsed.items), default=None),
        )

    return newest_first(cursor, walk, read)


def _ask(settings: Settings, client: Client, params: dict[str, Any]) -> Any:
    url = f"{settings.base_url.rstrip('/')}/2.3/search/advanced"
    fixed = {"site": settings.site, "order": "desc", "sort": "creation", "pagesize": PAGE, "filter": "withbody"}
    answer = client.json(url, {**fixed, **params, "key": settings.api_key}, accept=frozenset({400}))
    payload = answer.data if isinstance(answer.data, dict) else {}
    if payload.get("error_name") == "throttle_violation":
        found = _SECONDS.search(str(payload.get("error_message")))
        wait = timedelta(seconds=int(found.group(1)) if found else 600)
        until = client.now() + wait
        if wait > timedelta(hours=1):
            raise BudgetSpent(f"Stack Exchange's daily quota is used up; it is renewed at {until:%H:%M} UTC.", until)
        raise RateLimited(f"Stack Exchange asks us to wait for {wait}.", until)
    if answer.status == 400:
        raise client.refusal(answer)
    if isinstance(payload.get("backoff"), int):
        client.hold(url, timedelta(seconds=payload["backoff"]))
    if isinstance(payload.get("quota_remaining"), int):
        client.budget_left = payload["quota_remaining"]
    return payload


def parse(payload: Any, settings: Settings) -> Parsed:
    """The questions (or answers, or comments) of one answer."""
    if not isinstance(payload, dict) or "items" not in payload:
        raise PayloadChanged("Stack Exchange's answer holds no items.")
    return read_each(payload["items"], _item, name="question_id", what="Stack Exchange's answer")


def _item(question: Any) -> Item:
    owner = question.get("owner") or {}
    named = next((name for name in ("comment_id", "answer_id") if name in question), "question_id")
    parent = None if named == "question_id" else question.get("post_id") or question.get("question_id")
    name = html.unescape(owner["display_name"]) if owner.get("display_name") else None
    edited = question.get("last_edit_date")
    return Item(
        external_id=string(question, named),
        kind=Kind.POST if parent is None else Kind.COMMENT,
        text=titled(html.unescape(question.get("title") or ""), text_of(question.get("body"))),
        created_at=epoch(question["creation_date"]),
        edited_at=epoch(edited) if edited else None,
        author=str(owner["user_id"]) if owner.get("user_id") else name,
        author_name=name,
        url=question.get("link"),
        parent_id=str(parent) if parent else None,
        reach=counted(question.get("answer_count"), max(0, counted(question.get("score")) or 0)),
    )
