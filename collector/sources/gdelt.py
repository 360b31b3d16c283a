"""News articles found by GDELT's DOC 2.0 search: headlines of the world's press of the last three months.

Wire facts: GET
{base_url}/api/v2/doc/doc?query="…"&mode=artlist&format=json&maxrecords=250&sort=datedesc&startdatetime=…
&enddatetime=… gives {articles: [{url, title, seendate "20261118T031500Z", domain, language, sourcecountry}]}, the
title only. There is no paging: the window is narrowed to end at the last article until it comes back short of 250;
where one moment fills an answer, the walk goes on before it and the moment is a gap. One request in 5 seconds; a bad
query answers 200 with plain text; some titles break JSON with stray backslashes. Syndicated articles come many times
and are one voice. Documentation: https://blog.gdeltproject.org/gdelt-doc-2-0-api-debuts/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from collector.errors import PayloadChanged
from collector.html import plain
from collector.language import language_code
from collector.mention import Item, Kind
from collector.options import need_address
from collector.payload import Parsed, read_each, string
from collector.sources import Cursor, Page, Walk
from collector.walk import SECOND, Leaf, each, newest_first

if TYPE_CHECKING:
    from collector.http import Client

KIND = "gdelt"
LOOSE = True
MOST = 250
REACHES_BACK = timedelta(days=89)
_STRAY = re.compile(r'\\(?!["\\/bfnrtu])')


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of a GDELT source.

    queries   searches in GDELT's syntax, e.g. '"aurora air" sourcelang:english'; empty: made of the brands' names
    """

    queries: tuple[str, ...] = ()
    base_url: str = "https://api.gdeltproject.org"
    gap: timedelta = timedelta(seconds=5)
    allow_private: bool = False

    def __post_init__(self) -> None:
        need_address(KIND, "base_url", self.base_url)


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Run every search."""
    queries = settings.queries or tuple(f'"{term}"' for term in walk.terms if not term.startswith("@"))
    yield from each(cursor, {query: partial(_pages, settings, client, walk, query) for query in queries})


def _pages(settings: Settings, client: Client, walk: Walk, query: str, cursor: Cursor | None) -> Iterator[Page]:
    url = f"{settings.base_url.rstrip('/')}/api/v2/doc/doc"

    def read(token: str | None, floor: datetime) -> Leaf:
        end = token or f"{walk.now:%Y%m%d%H%M%S}"
        params = {
            "query": query,
            "mode": "artlist",
            "format": "json",
            "maxrecords": MOST,
            "sort": "datedesc",
            "startdatetime": f"{max(floor, walk.now - REACHES_BACK):%Y%m%d%H%M%S}",
            "enddatetime": end,
        }
        payload = read_loosely(client.get(url, params).text())
        parsed = parse(payload, settings)
        moments = [item.created_at for item in parsed.items]
        oldest = min(moments, default=None)
        full = oldest if len(payload.get("articles", [])) >= MOST else None
        # Read again up to that moment, the answer would be the same: what it does not show cannot be had.
        crowded = full is not None and (full == max(moments) or f"{full:%Y%m%d%H%M%S}" >= end)
        return Leaf(
            items=parsed.items,
            rejects=parsed.rejects,
            next=f"{full - SECOND if crowded else full:%Y%m%d%H%M%S}" if full else None,
            skips=full if crowded else None,
            oldest=oldest,
        )

    return newest_first(cursor, walk, read)


def read_loosely(text: str) -> Any:
    """The JSON of an answer, its stray backslashes mended; PayloadChanged with its words for plain text."""
    if not text.strip():
        return {"articles": []}
    for attempt in (text, _STRAY.sub(r"\\\\", text)):
        try:
            payload = json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
        if isinstance(payload, dict):
            return payload
    raise PayloadChanged(f"GDELT answered in words instead of JSON: {' '.join(plain(text).split())[:200]!r}.")


def parse(payload: Any, settings: Settings) -> Parsed:
    """The articles of one answer (one without `articles` found none)."""
    if not isinstance(payload, dict):
        raise PayloadChanged("GDELT's answer is no object with articles.")
    return read_each(payload.get("articles", []), _item, name="url", what="GDELT's answer")


def _item(article: Any) -> Item:
    seen = datetime.strptime(string(article, "seendate"), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return Item(
        external_id=string(article, "url"),
        kind=Kind.ARTICLE,
        text=plain(string(article, "title")),
        created_at=seen,
        author=article.get("domain"),
        author_name=article.get("domain"),
        language=language_code(article.get("language")),
        url=article["url"],
        place=article.get("sourcecountry") or None,
    )
