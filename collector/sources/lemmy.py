"""Posts and comments of a Lemmy server, found by search.

Wire facts (API v3, kept by Lemmy 1.0): GET
{base_url}/api/v3/search?q=…&type_=Posts|Comments&sort=New&listing_type=All &limit=50&page=… gives {posts: [{post,
creator, community, counts}], comments: [{comment, post, creator, counts}]}. comment content and post body are
Markdown. ids are the server's, ap_id is everybody's. `published` may lack its zone (UTC). deleted and removed stay as
flags: what bears one is deleted here too where a walk meets it again, within its overlap; there is no reading back, for
nobody may ask by ap_id without a login. language_id is a number of the server's own. Limit: 60 searches in 10 minutes;
an exceeded one answers {error: "rate_limit_error"} with 400 or 429. Documentation: https://join-lemmy.org/api/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from collector.errors import PayloadChanged, RateLimited
from collector.html import titled
from collector.http import UNSAID
from collector.mention import Item, Kind
from collector.options import need, need_address
from collector.payload import Parsed, counted, elements, moment, part, read_each, string
from collector.sources import Cursor, Page, Walk
from collector.walk import Leaf, each, newest_first, page_of

if TYPE_CHECKING:
    from collector.http import Client

KIND = "lemmy"
LOOSE = True
PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of a Lemmy source.

    base_url  the server, e.g. https://lemmy.world
    queries   words to search for; empty: made of the brands' names
    """

    base_url: str = ""
    queries: tuple[str, ...] = ()
    allow_private: bool = False

    def __post_init__(self) -> None:
        need(KIND, "base_url", self.base_url, '"https://lemmy.world"')
        need_address(KIND, "base_url", self.base_url)


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Search posts and comments for every query."""
    asked = [(query, sort) for query in settings.queries or walk.terms for sort in ("Posts", "Comments")]
    yield from each(cursor, {f"{one[1]}: {one[0]}": partial(_pages, settings, client, walk, one) for one in asked})


def _pages(
    settings: Settings, client: Client, walk: Walk, asked: tuple[str, str], cursor: Cursor | None
) -> Iterator[Page]:
    query, sort = asked
    url = f"{settings.base_url.rstrip('/')}/api/v3/search"

    def read(token: int | None, _floor: datetime) -> Leaf:
        page = token or 1
        params = {"q": query, "type_": sort, "sort": "New", "listing_type": "All", "limit": PAGE, "page": page}
        answer = client.json(url, params, accept=frozenset({400}))
        if isinstance(answer.data, dict) and answer.data.get("error") == "rate_limit_error":
            raise RateLimited("Lemmy asks us to wait.", client.now() + UNSAID, told=False)
        if answer.status == 400:
            raise client.refusal(answer)
        parsed = parse(answer.data, settings)
        return page_of(parsed, page + 1 if answer.data.get(sort.lower()) else None)

    return newest_first(cursor, walk, read)


def parse(payload: Any, settings: Settings) -> Parsed:
    """The posts and comments of one answer."""
    if not isinstance(payload, dict) or not {"posts", "comments"} & set(payload):
        raise PayloadChanged("Lemmy's answer holds neither posts nor comments.")
    posts = read_each(payload.get("posts", []), partial(_item, of="post"), name="ap_id", what="Lemmy's posts")
    comments = read_each(
        payload.get("comments", []), partial(_item, of="comment"), name="ap_id", what="Lemmy's comments"
    )
    shown = [part(view, of) for of in ("post", "comment") for view in elements(payload, f"{of}s")]
    deleted = [said["ap_id"] for said in shown if _is_gone(said) and isinstance(said.get("ap_id"), str)]
    return Parsed(items=[*posts.items, *comments.items], rejects=[*posts.rejects, *comments.rejects], deleted=deleted)


def _is_gone(said: Any) -> bool:
    return bool(said.get("deleted") or said.get("removed"))


def _item(view: Any, *, of: str) -> Item | None:
    said, creator, counts = view[of], view["creator"], view.get("counts") or {}
    if _is_gone(said):
        return None
    edited = said.get("updated")
    comment = of == "comment"
    return Item(
        external_id=string(said, "ap_id"),
        kind=Kind.COMMENT if comment else Kind.POST,
        text=said["content"] if comment else titled(string(said, "name"), said.get("body")),
        created_at=moment(said["published"]),
        edited_at=moment(edited) if edited else None,
        author=creator.get("actor_id"),
        author_name=creator.get("display_name") or creator.get("name"),
        url=said["ap_id"],
        parent_id=(view.get("post") or {}).get("ap_id") if comment else None,
        reach=counted(counts.get("upvotes"), counts.get("comments"), counts.get("child_count")),
    )
