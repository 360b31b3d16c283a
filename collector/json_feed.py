"""JSON Feed (versions 1 and 1.1) as the entries that feedparser makes of RSS and Atom, which it alone does not know.

Wire facts: {version: "https://jsonfeed.org/version/1.1", items: [{id, url, external_url, title, content_html,
content_text, summary, date_published, date_modified, authors: [{name, url}], language}], authors, language, next_url};
version 1 has one author instead of authors, and some write their ids as numbers. Dates are RFC 3339. Documentation:
https://www.jsonfeed.org/version/1.1/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from feedparser.util import FeedParserDict

from collector.payload import elements

VERSION = "jsonfeed.org/version/"


def document(payload: bytes) -> FeedParserDict | None:
    """What feedparser.parse would give for a feed in JSON; None for anything else."""
    if payload.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"{":
        return None
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if VERSION not in str(said.get("version")):
        return None
    following = _text(said.get("next_url"))
    links = [{"rel": "next", "href": following}] if following else []
    return FeedParserDict(
        version="json",
        feed=FeedParserDict(language=said.get("language"), links=links),
        entries=[_entry(one if isinstance(one, dict) else {}, _author(said)) for one in elements(said, "items")],
    )


def _entry(item: Mapping[str, Any], by_all: dict[str, Any]) -> FeedParserDict:
    bodies = [("text/html", item.get("content_html")), ("text/plain", item.get("content_text"))]
    parts = [{"type": kind, "value": said, "language": item.get("language")} for kind, said in bodies if said]
    known = item.get("id")
    values = {
        "id": str(known) if isinstance(known, (int, float)) else _text(known),
        "link": _text(item.get("url")) or _text(item.get("external_url")),
        "title": item.get("title"),
        "content": parts,
        "summary": item.get("summary"),
        "published": item.get("date_published"),
        "updated": item.get("date_modified"),
        "author_detail": _author(item) or by_all,
    }
    return FeedParserDict({name: value for name, value in values.items() if value})


def _author(element: Mapping[str, Any]) -> dict[str, Any]:
    first = next((one for one in [*elements(element, "authors"), element.get("author")] if isinstance(one, dict)), {})
    return {"name": _text(first.get("name")), "href": _text(first.get("url"))} if first else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
