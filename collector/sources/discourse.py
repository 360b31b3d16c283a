"""Posts of a Discourse forum.

Wire facts: GET {base_url}/posts.json?before=<id> gives {latest_posts}, 50 posts with ids falling; `before` is exclusive
today and was an id window on older servers, where a page may be short or empty. A post holds id, username, created_at,
updated_at, raw (the Markdown) and cooked (the HTML), version (grows with edits), topic_id, topic_title, post_number,
reply_to_post_number, actions_summary (id 2: likes), post_url, hidden, deleted_at. GET /posts/<id>.json gives one post,
without topic_title; GET /t/<topic_id>.json its topic, with title. Public forums need no key, others Api-Key and
Api-Username. Limits: 200 a minute per address, 60 with a key; 429 with Retry-After. A quotation is an aside.quote.
Documentation: https://docs.discourse.org/#tag/Posts
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from collector.errors import PayloadChanged
from collector.html import text_of, titled
from collector.mention import Item, Kind
from collector.options import need, need_address, need_together
from collector.payload import Checked, Parsed, counted, moment, read_each, string
from collector.sources import Cursor, Page, Walk
from collector.walk import Leaf, newest_first, page_of

if TYPE_CHECKING:
    from collector.http import Client

KIND = "discourse"
AT_ONCE = 10
LIKES = 2
UNSAID = {3, 4}
"""The post_type of what nobody says in public: "closed this" and whispers among the staff."""
WINDOW = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of a Discourse source.

    base_url  address of the forum
    api_key, api_username  where the forum is not public
    """

    base_url: str = ""
    api_key: str | None = field(default=None, repr=False, metadata={"env": "GROUNDSWELL_DISCOURSE_API_KEY"})
    api_username: str | None = None
    allow_private: bool = False

    def __post_init__(self) -> None:
        need(KIND, "base_url", self.base_url, '"https://forum.example.org"')
        need_address(KIND, "base_url", self.base_url)
        need_together(KIND, api_key=self.api_key, api_username=self.api_username)


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Read the forum's posts, newest first."""
    base = settings.base_url.rstrip("/")

    def read(token: int | None, _floor: datetime) -> Leaf:
        payload = client.json(f"{base}/posts.json", {"before": token}, auth=_login(settings)).data
        parsed = parse(payload, settings)
        ids = [
            post["id"] for post in payload["latest_posts"] if isinstance(post, dict) and isinstance(post.get("id"), int)
        ]
        return page_of(parsed, _before(ids, token))

    return newest_first(cursor, walk, read)


def _before(ids: list[int], token: int | None) -> int | None:
    """Where the next page begins. An empty page is a window without visible posts: the next one lies 50 ids below."""
    if ids:
        following = min(ids)
        return following if token is None or following < token else token - WINDOW
    return token - WINDOW if token is not None and token > WINDOW else None


def check(settings: Settings, client: Client, ids: Sequence[str]) -> Checked:
    """Read posts back, one by one; a deleted one answers 404."""
    base = settings.base_url.rstrip("/")
    items: list[Item] = []
    gone: list[str] = []
    for one in ids:
        answer = client.json(f"{base}/posts/{one}.json", auth=_login(settings), accept=frozenset({403, 404, 410}))
        post = answer.data if answer.status == 200 else None
        if answer.status in {404, 410} or _is_gone(post):
            gone.append(one)
        elif isinstance(post, dict):
            title = _title(settings, client, post) if _lacks_title(post) else None
            if title or not _lacks_title(post):
                read = partial(_item, base=base, topic=title)
                items += read_each([post], read, name="id", what="the forum's post").items
    return Checked(items=items, gone=gone)


def _lacks_title(post: Any) -> bool:
    """A topic's first post bears its title in listings, but not where it is read by itself."""
    return post.get("post_number") == 1 and not post.get("topic_title")


def _title(settings: Settings, client: Client, post: Any) -> str | None:
    """The title of a post's topic; None where it is not shown, so that the post is left as it was known."""
    if not isinstance(post.get("topic_id"), int):
        return None
    url = f"{settings.base_url.rstrip('/')}/t/{post['topic_id']}.json"
    answer = client.json(url, auth=_login(settings), accept=frozenset({403, 404, 410}))
    title = answer.data.get("title") if answer.status == 200 and isinstance(answer.data, dict) else None
    return title if isinstance(title, str) else None


def _login(settings: Settings) -> dict[str, str]:
    if settings.api_key is None:
        return {}
    return {"api-key": settings.api_key, "api-username": settings.api_username or ""}


def _is_gone(post: Any) -> bool:
    return isinstance(post, dict) and bool(post.get("hidden") or post.get("deleted_at") or post.get("user_deleted"))


def parse(payload: Any, settings: Settings) -> Parsed:
    """The posts of one answer: of posts.json, a topic (post_stream) or a search (excerpts only), or a single one."""
    known = payload if isinstance(payload, dict) else {}
    known = {"posts": [known]} if "cooked" in known else known
    stream = known.get("post_stream")
    posts = known.get("latest_posts", (stream if isinstance(stream, dict) else known).get("posts"))
    if posts is None:
        raise PayloadChanged("The forum's answer holds no posts.")
    base, topic = settings.base_url.rstrip("/"), known.get("title") if "post_stream" in known else None
    return read_each(posts, partial(_item, base=base, topic=topic), name="id", what="the forum's posts")


def _item(post: Any, *, base: str, topic: str | None = None) -> Item | None:
    if _is_gone(post) or post.get("post_type") in UNSAID:
        return None
    first = post.get("post_number") == 1
    likes = [one.get("count") for one in post.get("actions_summary") or () if one.get("id") == LIKES]
    edited = post.get("updated_at") if post.get("version", 1) > 1 else None
    parent, said = post.get("reply_to_post_number"), post["blurb"] if "blurb" in post else post["cooked"]
    title = post.get("topic_title") or topic if first else None
    return Item(
        external_id=string(post, "id"),
        kind=Kind.POST if first else Kind.COMMENT,
        text=titled(title, text_of(said)),
        created_at=moment(post["created_at"]),
        edited_at=moment(edited) if edited else None,
        author=post.get("username"),
        author_name=post.get("name") or post.get("username"),
        url=f"{base}{post['post_url']}" if post.get("post_url") else f"{base}/p/{post['id']}",
        parent_id=f"{post.get('topic_id')}/{parent}" if parent else None,
        reach=counted(*likes, post.get("reply_count")),
    )
