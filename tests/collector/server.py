"""A server on loopback that speaks each source's wire format over one set of posts, and misbehaves on demand."""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.collector.wires import WIRES, of_ids

COMPLAINTS = (
    "lost my bag in {place} and nobody answers",
    "was three hours late to {place} again",
    "crew were lovely on the way to {place}",
    "charged me twice for a seat to {place}",
    "app crashed while I checked in for {place}",
)
SYLLABLES = ("ka", "lo", "mi", "ter", "sun", "vel", "ro", "bin", "das", "fe", "gu", "hol", "ish", "jo", "pra", "qui")
PLACES = ("Oslo", "Lyon", "Porto", "Graz", "Turku", "Ghent", "Cork", "Basel")


@dataclass(slots=True)
class Post:
    """One post of the served world."""

    number: int
    text: str
    created: datetime
    edited: datetime | None = None
    deleted: bool = False
    rating: int = 3

    @property
    def seconds(self) -> int:
        return int(self.created.timestamp())


@dataclass(slots=True)
class World:
    """What there is to collect, and how the server will misbehave.

    faults   a fault a request, None for an honest answer; when they run out all answers are honest
    asked    every request, as (path, query)
    tokens   bearer tokens that Bluesky's wire accepts; None: anonymous search is allowed
    """

    posts: list[Post]
    faults: deque[str | None] = field(default_factory=deque)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    tokens: set[str] | None = None
    logins: int = 0
    base: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def newest_first(self) -> list[Post]:
        with self.lock:
            return sorted((p for p in self.posts if not p.deleted), key=lambda p: (-p.seconds, -p.number))

    def place(self, number: str) -> int | None:
        """Where a post stands among the newest first."""
        return next((i for i, p in enumerate(self.newest_first()) if str(p.number) == number), None)

    def only(self, few: list[Post]) -> World:
        """A world of just these posts."""
        return World(posts=few, base=self.base)


def posts(count: int, newest: datetime, apart: timedelta = timedelta(seconds=30), *, start: int = 0) -> list[Post]:
    """`count` posts, each different, the last one at `newest`."""
    made = []
    for index in range(count):
        number = start + index
        said = COMPLAINTS[number % len(COMPLAINTS)].format(place=PLACES[number // 5 % len(PLACES)])
        text = f"Aurora Air {said}, {_names(number)}, case {number} <3"
        made.append(Post(number, text, newest - apart * (count - 1 - index), rating=1 + number % 5))
    return made


def _names(number: int) -> str:
    """Five made-up names that go with a number, so that no two posts are near-duplicates."""
    digits = number * 2_654_435_761 % 2**40
    words = [digits >> (8 * word) & 0xFF for word in range(5)]
    return " ".join(
        SYLLABLES[word >> 4] + SYLLABLES[word & 15] + str(number % (7 + at)) for at, word in enumerate(words)
    )


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# ------------------------------------------------------------------ the wire formats


def mastodon(world: World, path: str, query: dict[str, str]) -> Any:
    limit = min(int(query.get("limit", "20")), 40)
    listed = world.newest_first()
    if "max_id" in query:
        at = world.place(query["max_id"])
        listed = listed[at + 1 :] if at is not None else []
    return [_status(p) for p in listed[:limit]]


def _status(p: Post) -> dict[str, Any]:
    return {
        "id": str(p.number),
        "uri": f"https://social.example/posts/{p.number}",
        "url": f"https://social.example/@a{p.number % 97}/{p.number}",
        "created_at": iso(p.created),
        "edited_at": iso(p.edited) if p.edited else None,
        "account": {
            "id": str(p.number % 97),
            "acct": f"a{p.number % 97}",
            "url": f"https://social.example/@a{p.number % 97}",
        },
        "content": f"<p>{escaped(p.text)} <a href='https://social.example/tags/auroraair'>#<span>auroraair</span></a></p>",
        "spoiler_text": "",
        "visibility": "public",
        "language": "en",
        "in_reply_to_id": None,
        "reblog": None,
        "replies_count": 1,
        "reblogs_count": 0,
        "favourites_count": 2,
        "tags": [{"name": "auroraair"}],
    }


def bluesky(world: World, path: str, query: dict[str, str]) -> Any:
    limit = int(query.get("limit", "25"))
    listed = [p for p in world.newest_first() if iso(p.created) >= query.get("since", "")]
    start = int(query.get("cursor", "0::").split("::")[0])
    rows = listed[start : start + limit]
    answer: dict[str, Any] = {"posts": [_bluesky_post(p) for p in rows]}
    if start + limit < len(listed):
        answer["cursor"] = f"{start + limit}::cid"
    return answer


def _bluesky_post(p: Post) -> dict[str, Any]:
    return {
        "uri": f"at://did:plc:a{p.number % 97}/app.bsky.feed.post/{p.number}",
        "cid": f"cid{p.number}",
        "author": {"did": f"did:plc:a{p.number % 97}", "handle": f"a{p.number % 97}.example", "labels": []},
        "record": {"text": p.text, "createdAt": iso(p.created), "langs": ["en"]},
        "indexedAt": iso(p.created + timedelta(seconds=1)),
        "replyCount": 0,
        "repostCount": 1,
        "likeCount": 2,
        "quoteCount": 0,
        "labels": [],
    }


def app_store(world: World, path: str, query: dict[str, str]) -> Any:
    page = int(path.split("/page=")[1].split("/", maxsplit=1)[0])
    rows = world.newest_first()[:500][(page - 1) * 50 : page * 50]
    entries = [
        {
            "id": {"label": str(p.number)},
            "author": {
                "name": {"label": f"a{p.number % 97}"},
                "uri": {"label": f"https://apps.example/a{p.number % 97}"},
            },
            "updated": {"label": p.created.isoformat()},
            "im:rating": {"label": str(p.rating)},
            "im:version": {"label": "7.1"},
            "im:voteSum": {"label": "2"},
            "title": {"label": f"Case {p.number}"},
            "content": {"label": p.text, "attributes": {"type": "text"}},
        }
        for p in rows
    ]
    feed: dict[str, Any] = {"author": {"name": {"label": "iTunes Store"}}}
    if entries:
        feed["entry"] = entries[0] if len(entries) == 1 else entries
    return {"feed": feed}


def hacker_news(world: World, path: str, query: dict[str, str]) -> Any:
    size, page = int(query.get("hitsPerPage", "20")), int(query.get("page", "0"))
    listed = world.newest_first()
    for condition in query.get("numericFilters", "").split(","):
        if ">=" in condition:
            listed = [p for p in listed if p.seconds >= int(condition.split(">=")[1])]
        elif "<" in condition:
            listed = [p for p in listed if p.seconds < int(condition.split("<")[1])]
    if (page + 1) * size > 1000:
        return {"hits": [], "nbHits": 0, "nbPages": 0, "message": "you can only fetch the 1000 hits for this query"}
    rows = listed[page * size : (page + 1) * size]
    hits = [
        {
            "objectID": str(p.number),
            "created_at": iso(p.created),
            "created_at_i": p.seconds,
            "author": f"a{p.number % 97}",
            "comment_text": f"<p>{escaped(p.text)}",
            "points": None,
            "parent_id": 1,
            "story_id": 1,
            "_tags": ["comment", f"author_a{p.number % 97}"],
        }
        for p in rows
    ]
    return {"hits": hits, "nbHits": len(listed), "page": page, "hitsPerPage": size}


def feed(world: World, path: str, query: dict[str, str]) -> bytes:
    rows = world.newest_first()[:100]
    entries = "".join(
        f"<item><guid isPermaLink='false'>{p.number}</guid><title>Case {p.number}</title>"
        f"<link>https://news.example/{p.number}</link><pubDate>{format_datetime(p.created)}</pubDate>"
        f"<description>{escaped(escaped(p.text))}</description></item>"
        for p in rows
    )
    head = (
        "<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>News</title><language>en</language>"
    )
    return f"{head}{entries}</channel></rss>".encode()


ROUTES: tuple[tuple[str, Callable[[World, str, dict[str, str]], Any]], ...] = (
    ("/api/v1/timelines/tag/", mastodon),
    ("/api/v1/statuses", mastodon),
    ("/xrpc/app.bsky.feed.searchPosts", bluesky),
    ("/xrpc/app.bsky.feed.getPosts", bluesky),
    ("/rss/customerreviews/", app_store),
    ("/api/v1/search_by_date", hacker_news),
    ("/feed.xml", feed),
    *WIRES,
)

# ------------------------------------------------------------------ misbehaviour

BOMB = gzip.compress(b"[" + b" " * 50_000_000 + b"]")
"""50 kB that become 50 MB."""

WAITS: dict[str, Callable[[], tuple[dict[str, str], bytes]]] = {
    "429-retry-after": lambda: ({"Retry-After": "3"}, b"slow down"),
    "429-retry-date": lambda: ({"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=3))}, b""),
    "429-epoch": lambda: ({"x-rate-limit-reset": str(int(datetime.now(UTC).timestamp()) + 3)}, b"{}"),
    "429-iso": lambda: ({"X-RateLimit-Reset": (datetime.now(UTC) + timedelta(seconds=3)).isoformat()}, b"{}"),
    "429-seconds": lambda: ({"X-Ratelimit-Reset": "3", "X-Ratelimit-Remaining": "0"}, b"{}"),
    "429-body": lambda: ({}, b'{"backoff": 3, "error_name": "throttle_violation"}'),
    "429-long": lambda: ({"Retry-After": "7200"}, b"{}"),
    "429": lambda: ({}, b"<html><title>Too many</title></html>"),
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world: World

    def log_message(self, *_: object) -> None:
        """Be quiet."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: ",".join(values) for name, values in parse_qs(parts.query).items()}
        with self.world.lock:
            self.world.asked.append((parts.path, query))
            self.world.headers.append({name.lower(): value for name, value in self.headers.items()})
            fault = self.world.faults.popleft() if self.world.faults else None
        if fault is None:
            self._honest(parts.path, query)
        elif fault in WAITS:
            headers, body = WAITS[fault]()
            self._send(429, body, headers)
        else:
            self._misbehave(fault, parts.path, query)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", "0")))
        with self.world.lock:
            self.world.asked.append((self.path, {}))
            self.world.logins += 1
            token = f"access-{self.world.logins}"
            if self.world.tokens is not None:
                self.world.tokens = {token}
        answer = {
            "access_token": token,
            "accessJwt": token,
            "refreshJwt": f"refresh-{self.world.logins}",
            "did": "did:plc:me",
        }
        self._send(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _honest(self, path: str, query: dict[str, str]) -> None:
        body, more = self._body(path, query), {}
        if isinstance(body, tuple):
            body, more = body
        if body is None:
            self._send(404, b'{"error": "Record not found"}', {"Content-Type": "application/json"})
            return
        if path.startswith("/xrpc/") and self.world.tokens is not None:
            token = self.headers.get("authorization", "").removeprefix("Bearer ")
            if token not in self.world.tokens:
                status, error = (400, "ExpiredToken") if token else (403, "AuthMissing")
                self._send(status, json.dumps({"error": error, "message": error}).encode(), {})
                return
        if path == "/feed.xml":
            tag = f'"{zlib.crc32(body)}"'
            if self.headers.get("if-none-match") == tag:
                self._send(304, b"", {"ETag": tag})
                return
            self._send(200, body, {"Content-Type": "application/rss+xml", "ETag": tag})
            return
        self._send(200, body, {"Content-Type": "application/json", **more})

    def _body(self, path: str, query: dict[str, str]) -> Any:
        """The honest answer's bytes (with further headers, where the wire has any); None: no such address."""
        for part, answer in ROUTES:
            if part in path:
                asked_back = {"id[]", "uris", "include"} & set(query)
                given = of_ids(answer)(self.world, path, query) if asked_back else answer(self.world, path, query)
                if given is None:
                    return None
                if isinstance(given, tuple):
                    return json.dumps(given[0]).encode(), given[1]
                return given if isinstance(given, bytes) else json.dumps(given).encode()
        return None

    def _misbehave(self, fault: str, path: str, query: dict[str, str]) -> None:
        body = self._body(path, query) or b"{}"
        body = body[0] if isinstance(body, tuple) else body
        typed = {"Content-Type": "application/json"}
        packed = {**typed, "Content-Encoding": "gzip"}
        if fault in {"500", "502", "503"}:
            self._send(int(fault), b"<html><title>Bad day</title></html>", {"Content-Type": "text/html"})
        elif fault in {"loop", "inside", "file"}:
            inside, file = "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd"
            self._send(302, b"", {"Location": {"loop": self.path, "inside": inside, "file": file}[fault]})
        elif fault == "cut":
            self._send(200, body[: len(body) // 2], typed, length=len(body))
            self.close_connection = True
        elif fault == "drip":
            self._drip()
        elif fault == "reset":
            self._reset()
        else:
            answers: dict[str, tuple[bytes, dict[str, str]]] = {
                "reset-after": (body, typed),
                "truncated": (body[: len(body) // 2], typed),
                "html": (b"<!doctype html><html><title>Just a moment</title></html>", {"Content-Type": "text/html"}),
                "gzip": (gzip.compress(body), packed),
                "bomb": (BOMB, packed),
                "double-bomb": (gzip.compress(BOMB), {**typed, "Content-Encoding": "gzip, gzip"}),
                "latin-1": (
                    body.decode().replace("Aurora", "Aur\u00f3ra").encode("latin-1"),
                    {"Content-Type": "application/json; charset=utf-8"},
                ),
            }
            self._send(200, *answers[fault])
            if fault == "reset-after":
                self._reset()

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        waiter = threading.Event()
        try:
            for _ in range(200):
                self.wfile.write(b" ")
                self.wfile.flush()
                waiter.wait(0.05)
        except OSError:
            pass
        self.close_connection = True

    def _reset(self) -> None:
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _send(self, status: int, body: bytes, headers: dict[str, str], length: int | None = None) -> None:
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
        except OSError:
            self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the game."""


@contextmanager
def serving(world: World) -> Iterator[str]:
    """Serve a world on a free port of loopback; gives its address."""
    handler = type("BoundHandler", (Handler,), {"world": world})
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        world.base = f"http://127.0.0.1:{server.server_address[1]}"
        yield world.base
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
