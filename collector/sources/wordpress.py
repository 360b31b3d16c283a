"""Comments on a WordPress site, through its REST API.

Wire facts: GET {base_url}/wp-json/wp/v2/comments?orderby=date_gmt&order=desc&per_page=100&before=<ISO with Z>&page=…
gives a list, newest first; a page too high gives []. `before` and `after` without a zone are the site's local time,
and exclusive. date_gmt has no Z. content.rendered is HTML. There is no date of change: edits are seen when ids are
read back with include=, where what was trashed or deleted is absent. Without pretty permalinks the same lies under
?rest_route=/wp/v2/comments. Documentation: https://developer.wordpress.org/rest-api/reference/comments/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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

KIND = "wordpress"
ROUTE = "/wp/v2/comments"
PAGE = 100
AT_ONCE = 100
FIELDS = "id,post,parent,author,author_name,date_gmt,content,link,status,type"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of a WordPress source.

    base_url  address of the site
    post      only comments under this post, by its id
    """

    base_url: str = ""
    post: int | None = None
    allow_private: bool = False

    def __post_init__(self) -> None:
        need(KIND, "base_url", self.base_url, '"https://blog.example.org"')
        need_address(KIND, "base_url", self.base_url)


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Read the site's comments, newest first."""
    site = RestRoute(client, settings.base_url)

    def read(token: list[int] | None, _floor: datetime) -> Leaf:
        before, page = token or [int(walk.now.timestamp()) + 1, 0]
        params = {
            "orderby": "date_gmt",
            "order": "desc",
            "per_page": PAGE,
            "page": page + 1,
            "before": f"{datetime.fromtimestamp(before, UTC):%Y-%m-%dT%H:%M:%SZ}",
            "post": settings.post,
            "_fields": FIELDS,
        }
        payload = site.json(ROUTE, params)
        parsed = parse(payload, settings)
        seconds = [int(item.created_at.timestamp()) for item in parsed.items]
        return Leaf(
            items=parsed.items,
            rejects=parsed.rejects,
            next=below(seconds, (before, page), size=PAGE, reachable=1_000_000),
            oldest=min((item.created_at for item in parsed.items), default=None),
        )

    return newest_first(cursor, walk, read)


def check(settings: Settings, client: Client, ids: Sequence[str]) -> Checked:
    """Read comments back; those that were trashed or deleted are not in the answer."""
    asked = {"include": ",".join(ids), "per_page": PAGE, "_fields": FIELDS}
    payload = RestRoute(client, settings.base_url).json(ROUTE, asked)
    items = parse(payload, settings).items
    known = {str(comment.get("id")) for comment in payload if isinstance(comment, dict)}
    return Checked(items=items, gone=[one for one in ids if one not in known])


def parse(payload: Any, settings: Settings) -> Parsed:
    """The comments of one answer."""
    if isinstance(payload, dict):
        raise PayloadChanged(f"The site answered {str(payload.get('message') or payload)[:200]!r} instead of comments.")
    return read_each(payload, _item, name="id", what="the site's comments")


def _item(comment: Any) -> Item | None:
    if comment.get("status", "approved") != "approved" or comment.get("type", "comment") not in {"comment", "review"}:
        return None
    parent = comment.get("parent")
    return Item(
        external_id=string(comment, "id"),
        kind=Kind.COMMENT,
        text=text_of(comment["content"]["rendered"]),
        created_at=moment(comment["date_gmt"]),
        author=str(comment["author"]) if comment.get("author") else comment.get("author_name"),
        author_name=comment.get("author_name"),
        url=comment.get("link"),
        parent_id=str(parent) if parent else None,
    )
