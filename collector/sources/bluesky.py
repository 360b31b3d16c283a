"""Bluesky post search over XRPC.

Wire facts: GET {base}/xrpc/app.bsky.feed.searchPosts?q=…&sort=latest&since=…&limit=100&cursor=… gives {posts,
cursor?}. Anonymous search at https://public.api.bsky.app is refused at times (403, or 403 as soon as a cursor is
sent), so with an identifier and an app password the account's own server (https://bsky.social by default) is asked,
which passes the search on (without a login it answers 401, and 400 "No service configured" where it was told of no
AppView): POST com.atproto.server.createSession gives accessJwt and refreshJwt; a stale accessJwt answers 400
ExpiredToken (or InvalidToken) and is renewed by refreshSession. createSession allows 30 in 5 minutes and 300 a day:
once a run is enough. Posts are ordered by sortAt, the earlier of createdAt (declared by the author, so past or future)
and indexedAt; since compares it too. Limits: 3,000 in 5 minutes, ratelimit-reset in epoch seconds, 429 with
Retry-After. Errors are {error, message}, with status 400 even for what is not found. getPosts leaves out what was
deleted. Lexicons: https://github.com/bluesky-social/atproto/tree/main/lexicons/app/bsky/feed
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from collector.claim import EARLIEST
from collector.errors import PayloadChanged, SourceRefused
from collector.mention import Item, Kind
from collector.options import need_address, need_together
from collector.payload import Checked, Parsed, counted, moment, read_each, string
from collector.sources import Cursor, Page, Walk
from collector.walk import Leaf, depth, each, newest_first

if TYPE_CHECKING:
    from collector.answer import Answer
    from collector.http import Client

KIND = "bluesky"
LOOSE = True
PAGE = 100
AT_ONCE = 25
HIDDEN = "!no-unauthenticated"
"""The label by which an author asks not to be shown to people without an account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of a Bluesky source.

    base_url    the server to ask; by default the public one, or bsky.social with an account
    identifier  handle or e-mail address of an account
    password    an app password of that account, not its main one
    queries     searches in Bluesky's own syntax; empty: made of the brands' names
    language    ISO 639-1 code to ask for; by default any
    """

    base_url: str | None = None
    identifier: str | None = None
    password: str | None = field(default=None, repr=False, metadata={"env": "GROUNDSWELL_BLUESKY_PASSWORD"})
    queries: tuple[str, ...] = ()
    language: str | None = None
    allow_private: bool = False

    def __post_init__(self) -> None:
        need_address(KIND, "base_url", self.server)
        need_together(KIND, identifier=self.identifier, password=self.password)

    @property
    def server(self) -> str:
        """The server that is asked."""
        default = "https://bsky.social" if self.identifier else "https://public.api.bsky.app"
        return (self.base_url or default).rstrip("/")


class _Account:
    """A login for one run, renewed when it goes stale."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self._settings = settings
        self._client = client
        self._access: str | None = None
        self._refresh: str | None = None

    def query(self, method: str, params: dict[str, Any]) -> Answer:
        """Call a query method; renews a stale login once."""
        url = f"{self._settings.server}/xrpc/{method}"
        for renewed in (False, True):
            answer = self._client.json(url, params, auth=self._auth(), accept=frozenset({400, 401, 403}))
            stale = answer.status in {400, 401} and _error(answer) in {"ExpiredToken", "InvalidToken"}
            if stale and self._refresh and not renewed:
                self._renew()
                continue
            break
        if answer.status in {401, 403} and not self._settings.identifier:
            raise SourceRefused(
                "Bluesky does not let people without an account search; set identifier and an app password."
            )
        if answer.status == 400 and "No service configured" in answer.text():
            raise SourceRefused(
                f"{self._settings.server} keeps accounts but passes no search on; give a server that does as base_url."
            )
        if answer.status != 200:
            raise self._client.refusal(answer)
        return answer

    def _auth(self) -> dict[str, str]:
        if self._settings.identifier and self._access is None:
            login = {"identifier": self._settings.identifier, "password": self._settings.password}
            self._keep(self._post("com.atproto.server.createSession", json.dumps(login).encode(), {}))
        return {"authorization": f"Bearer {self._access}"} if self._access else {}

    def _renew(self) -> None:
        refresh, self._refresh, self._access = self._refresh, None, None
        answer = self._post(
            "com.atproto.server.refreshSession",
            b"",
            {"authorization": f"Bearer {refresh}"},
            accept=frozenset({400, 401}),
        )
        if answer.status == 200:
            self._keep(answer)

    def _post(self, method: str, body: bytes, auth: dict[str, str], accept: frozenset[int] = frozenset()) -> Answer:
        return self._client.post(f"{self._settings.server}/xrpc/{method}", body, auth=auth, accept=accept)

    def _keep(self, answer: Answer) -> None:
        try:
            self._access, self._refresh = string(answer.data, "accessJwt"), string(answer.data, "refreshJwt")
        except (KeyError, TypeError, ValueError) as error:
            raise PayloadChanged("Bluesky's login answer holds no accessJwt and refreshJwt.") from error


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Run every search."""
    account = _Account(settings, client)
    queries = settings.queries or tuple(_query(term) for term in walk.terms)
    yield from each(cursor, {query: partial(_pages, settings, account, walk, query) for query in queries})


def _query(term: str) -> str:
    return f'"{term}"' if " " in term else term


def _pages(settings: Settings, account: _Account, walk: Walk, query: str, cursor: Cursor | None) -> Iterator[Page]:
    def read(token: str | None, floor: datetime) -> Leaf:
        params = {
            "q": query,
            "sort": "latest",
            "since": floor.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "lang": settings.language,
            "limit": PAGE,
            "cursor": token,
        }
        payload = account.query("app.bsky.feed.searchPosts", params).data
        parsed = parse(payload, settings)
        moments = [item.created_at for item in parsed.items]
        return Leaf(items=parsed.items, rejects=parsed.rejects, next=payload.get("cursor"), oldest=depth(moments))

    return newest_first(cursor, walk, read)


def parse(payload: Any, settings: Settings) -> Parsed:
    """The posts of one answer of searchPosts or getPosts (or of a feed, each under "post")."""
    known = payload if isinstance(payload, dict) else {}
    posts = known.get("posts")
    if posts is None and isinstance(known.get("feed"), list):
        posts = [one.get("post") if isinstance(one, dict) else one for one in known["feed"]]
    if posts is None:
        raise PayloadChanged("Bluesky's answer holds no list of posts.")
    anonymous = settings.identifier is None
    return read_each(posts, partial(_item, anonymous=anonymous), name="uri", what="Bluesky's search")


def check(settings: Settings, client: Client, ids: Sequence[str]) -> Checked:
    """Read posts back; those that were deleted, or whose author left, are not in the answer."""
    payload = _Account(settings, client).query("app.bsky.feed.getPosts", {"uris": list(ids)}).data
    parsed = parse(payload, settings)
    known = {post.get("uri") for post in payload["posts"] if isinstance(post, dict)}
    return Checked(items=parsed.items, gone=[one for one in ids if one not in known])


def _item(post: Any, *, anonymous: bool) -> Item | None:
    author, record = post["author"], post["record"]
    labels = {label.get("val") for label in author.get("labels") or () if isinstance(label, dict)}
    if anonymous and HIDDEN in labels:
        return None
    uri = string(post, "uri")
    reply = (record.get("reply") or {}).get("parent") or {}
    languages = record.get("langs") or []
    return Item(
        external_id=uri,
        kind=Kind.COMMENT if reply else Kind.POST,
        text=record["text"],
        created_at=_sort_at(record.get("createdAt"), post["indexedAt"]),
        author=string(author, "did"),
        author_name=author.get("displayName") or author.get("handle"),
        language=languages[0] if languages else None,
        url=f"https://bsky.app/profile/{author['did']}/post/{uri.rpartition('/')[2]}",
        parent_id=reply.get("uri"),
        reach=counted(*(post.get(name) for name in ("replyCount", "repostCount", "likeCount", "quoteCount"))),
    )


def _sort_at(declared: Any, indexed: Any) -> datetime:
    """The earlier of what the author declared and when it was seen; nonsense declared is ignored."""
    seen = moment(indexed)
    try:
        said = moment(declared)
    except ValueError:
        return seen
    return min(said, seen) if said >= EARLIEST else seen


def _error(answer: Answer) -> str | None:
    return answer.data.get("error") if isinstance(answer.data, dict) else None
