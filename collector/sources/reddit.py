"""Posts and comments on Reddit, through its Data API. Off by default: every client needs Reddit's approval.

Wire facts: POST {token_url} (HTTP Basic client_id:client_secret, grant_type=client_credentials) gives a bearer token of
about a day. GET {base_url}/r/{subreddit}/search?q=…&restrict_sr=1&sort=new&type=link&limit=100&raw_json=1&after=…
searches posts only; /r/{subreddit}/comments lists comments. A listing is {data: {children: [{kind: t3|t1, data}],
after}}, at most about 1,000 deep. raw_json=1, or < > & come escaped (in older posts they do all the same). edited is
false or epoch seconds; a deleted author is "[deleted]", a deleted body "[deleted]" or "[removed]"; of a removed link
post only removed_by_category tells. 100 requests a minute, X-Ratelimit-Reset in seconds left. A unique user agent is
required. What is deleted there must be deleted here. Documentation:
https://support.reddithelp.com/hc/en-us/articles/16160319875092
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from collector.errors import PayloadChanged
from collector.html import titled, unescaped
from collector.mention import Item, Kind
from collector.options import need, need_address
from collector.payload import Checked, Parsed, counted, epoch, read_each, string
from collector.sources import Cursor, Page, Walk
from collector.tokens import access_token
from collector.walk import Leaf, each, newest_first, page_of

if TYPE_CHECKING:
    from collector.http import Client

KIND = "reddit"
LOOSE = True
AT_ONCE = 100
OFF_BY_DEFAULT = True
GONE = ("[deleted]", "[removed]")
QUERY_LIMIT = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of a Reddit source.

    subreddits  where to look; "all" for everywhere (posts only)
    queries     searches; empty: made of the brands' names
    comments    also read the newest comments of these subreddits
    client_id, client_secret  of an approved application
    username    of the account that answers for it, said in the user agent as Reddit demands
    """

    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False, metadata={"env": "GROUNDSWELL_REDDIT_CLIENT_SECRET"})
    username: str = ""
    subreddits: tuple[str, ...] = ("all",)
    queries: tuple[str, ...] = ()
    comments: bool = False
    base_url: str = "https://oauth.reddit.com"
    token_url: str = "https://www.reddit.com/api/v1/access_token"  # noqa: S105 (an address)
    allow_private: bool = False

    def __post_init__(self) -> None:
        need(KIND, "client_id", self.client_id, "the id of your approved application")
        need(KIND, "client_secret", self.client_secret, "its secret")
        need(KIND, "username", self.username, '"your_account"')
        need_address(KIND, "base_url", self.base_url)
        need_address(KIND, "token_url", self.token_url)


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Search every subreddit, and read its comments if asked to."""
    ask = _login(settings, client)
    queries: dict[str, Any] = {}
    for subreddit in settings.subreddits:
        base = f"{settings.base_url.rstrip('/')}/r/{subreddit}"
        for query in settings.queries or tuple(f'"{term}"' for term in walk.terms):
            params = {"q": query[:QUERY_LIMIT], "restrict_sr": 1, "sort": "new", "type": "link"}
            queries[f"{subreddit}: {query}"] = partial(
                _pages, settings, partial(_listing, ask, f"{base}/search", params), walk
            )
        if settings.comments:
            queries[f"{subreddit}: comments"] = partial(
                _pages, settings, partial(_listing, ask, f"{base}/comments", {}), walk
            )
    yield from each(cursor, queries)


def check(settings: Settings, client: Client, ids: Sequence[str]) -> Checked:
    """Read posts and comments back; what was deleted has lost its text, or is not in the answer."""
    ask = _login(settings, client)
    payload = ask(f"{settings.base_url.rstrip('/')}/api/info", {"id": ",".join(ids), "raw_json": 1}).data
    items = parse(payload, settings).items
    known = {said.get("name") for said in _children(payload) if isinstance(said, dict) and not _is_gone(said)}
    return Checked(items=items, gone=[one for one in ids if one not in known])


def _login(settings: Settings, client: Client) -> Any:
    """Something that asks the API under an access token."""
    login = base64.b64encode(f"{settings.client_id}:{settings.client_secret}".encode()).decode()
    agent = {"user-agent": f"server:{client.user_agent.split(' ')[0]} (by /u/{settings.username})"}
    form = {"grant_type": "client_credentials"}
    answer = client.post(settings.token_url, form, headers=agent, auth={"authorization": f"Basic {login}"})
    auth = {"authorization": f"Bearer {access_token(answer.data, 'Reddit')}"}
    return partial(client.json, headers=agent, auth=auth)


def _listing(ask: Any, url: str, params: dict[str, Any], after: str | None) -> Any:
    return ask(url, {**params, "limit": 100, "raw_json": 1, "after": after}).data


def _pages(settings: Settings, listing: Any, walk: Walk, cursor: Cursor | None) -> Iterator[Page]:
    def read(token: str | None, _floor: datetime) -> Leaf:
        payload = listing(token)
        parsed = parse(payload, settings)
        return page_of(parsed, payload["data"].get("after"), forgets=True)

    return newest_first(cursor, walk, read)


def parse(payload: Any, settings: Settings) -> Parsed:
    """The posts and comments of one listing, or of a thread (two listings, with replies under replies)."""
    listings = payload if isinstance(payload, list) else [payload]
    if not listings or not all(isinstance(one, dict) and isinstance(one.get("data"), dict) for one in listings):
        raise PayloadChanged("Reddit's answer is no listing.")
    if not all(isinstance(one["data"].get("children"), list) for one in listings):
        raise PayloadChanged("Reddit's listing holds no children.")
    children = [child for listing in listings for child in _children(listing)]
    return read_each(children, _item, name="name", what="Reddit's listing")


def _children(listing: Any) -> Iterator[Any]:
    """What a listing holds, each with its kind, followed by its replies."""
    waiting = list(listing["data"]["children"])
    while waiting:
        child = waiting.pop(0)
        if not isinstance(child, dict) or not isinstance(child.get("data"), dict):
            yield child
            continue
        replies = child["data"].get("replies")
        yield {**child["data"], "kind": child.get("kind"), "replies": None}
        below = replies.get("data") if isinstance(replies, dict) else None
        if isinstance(below, dict) and isinstance(below.get("children"), list):
            waiting = [*below["children"], *waiting]


def _is_gone(said: Any) -> bool:
    body = said.get("body" if said.get("kind") == "t1" else "selftext")
    if body in GONE or said.get("removed_by_category"):
        return True
    # Of a link that no one removed, only the author's account is gone.
    return said.get("author") in GONE and body in (None, "") and "removed_by_category" not in said


def _item(said: Any) -> Item | None:
    comment = said["kind"] == "t1"
    if said["kind"] not in ("t1", "t3") or _is_gone(said) or said.get("promoted"):
        return None
    author, body = said.get("author"), said["body"] if comment else said.get("selftext") or ""
    edited = said.get("edited")
    return Item(
        external_id=string(said, "name"),
        kind=Kind.COMMENT if comment else Kind.POST,
        text=unescaped(body if comment else titled(string(said, "title"), body)),
        created_at=epoch(said["created_utc"]),
        edited_at=epoch(edited) if edited and edited is not True else None,
        author=None if author in GONE else said.get("author_fullname") or author,
        author_name=None if author in GONE else author,
        url=f"https://www.reddit.com{said['permalink']}" if said.get("permalink") else None,
        parent_id=said.get("parent_id"),
        reach=counted(max(0, said.get("score") or 0), said.get("num_comments")),
        place=f"r/{said['subreddit']}" if said.get("subreddit") else None,
    )
