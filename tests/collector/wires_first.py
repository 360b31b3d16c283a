"""The wire formats of the first kinds: Mastodon, Bluesky, App Store, Hacker News and a feed."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from tests.collector.world import Post, World, escaped, iso


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


FIRST_WIRES = (
    ("/api/v1/timelines/tag/", mastodon),
    ("/api/v1/statuses", mastodon),
    ("/xrpc/app.bsky.feed.searchPosts", bluesky),
    ("/xrpc/app.bsky.feed.getPosts", bluesky),
    ("/rss/customerreviews/", app_store),
    ("/api/v1/search_by_date", hacker_news),
    ("/feed.xml", feed),
)
