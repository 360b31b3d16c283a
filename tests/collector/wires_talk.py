"""The wire formats of forums, videos and networks, over the same posts, and of reading posts back by their ids."""

from __future__ import annotations

import json
from typing import Any

from tests.collector.world import Post, Query, World, iso, who


def youtube(world: World, path: str, query: Query) -> Any:
    start, size = int(query.get("pageToken", "0")), int(query["maxResults"])
    listed = world.newest_first()
    items = [
        {
            "id": str(p.number),
            "snippet": {
                "topLevelComment": {
                    "id": str(p.number),
                    "snippet": {
                        "textDisplay": p.text,
                        "publishedAt": iso(p.created),
                        "authorChannelId": {"value": who(p)},
                    },
                },
                "totalReplyCount": 0,
            },
        }
        for p in listed[start : start + size]
    ]
    return {"items": items} | ({"nextPageToken": str(start + size)} if start + size < len(listed) else {})


def discourse(world: World, path: str, query: Query) -> Any:
    before = int(query.get("before", "1000000000"))
    rows = [p for p in world.newest_first() if p.number < before][:50]
    return {
        "latest_posts": [
            {
                "id": p.number,
                "username": who(p),
                "created_at": iso(p.created),
                "updated_at": iso(p.edited or p.created),
                "version": 2 if p.edited else 1,
                "cooked": f"<p>{p.text.replace('<', '&lt;')}</p>",
                "topic_id": p.number // 3,
            }
            | ({"post_number": 2} if p.number % 3 else {"post_number": 1, "topic_title": f"Topic {p.number // 3}"})
            for p in rows
        ]
    }


def stack_exchange(world: World, path: str, query: Query) -> Any:
    size, page = int(query["pagesize"]), int(query["page"])
    listed = [p for p in world.newest_first() if int(query["fromdate"]) <= p.seconds <= int(query["todate"])]
    items = [
        {
            "question_id": p.number,
            "title": "Question",
            "body": f"<p>{p.text.replace('<', '&lt;')}",
            "creation_date": p.seconds,
        }
        for p in listed[(page - 1) * size : page * size]
    ]
    return {"items": items, "has_more": page * size < len(listed), "quota_remaining": 100, "backoff": 1}


def lemmy(world: World, path: str, query: Query) -> Any:
    page, size = int(query["page"]), int(query["limit"])
    rows = world.newest_first(deleted=True)[(page - 1) * size : page * size] if query["type_"] == "Comments" else []
    comments = [
        {
            "comment": {
                "ap_id": f"https://l.example/{p.number}",
                "content": "" if p.deleted else p.text,
                "published": iso(p.created),
                "deleted": p.deleted and p.number % 2 == 0,
                "removed": p.deleted and p.number % 2 == 1,
            },
            "creator": {"name": who(p), "actor_id": who(p)},
        }
        for p in rows
    ]
    return {"posts": [], "comments": comments}


def reddit(world: World, path: str, query: Query) -> Any:
    listed, size = world.newest_first(), int(query["limit"])
    start = int(query["after"].removeprefix("t3_")) if "after" in query else 0
    children = [
        {
            "kind": "t3",
            "data": {
                "name": f"t3_{p.number}x",
                "title": "Post",
                "selftext": p.text,
                "author": who(p),
                "created_utc": "soon" if p.number in world.odd else float(p.seconds),
                "edited": False,
            },
        }
        for p in listed[start : start + size]
    ]
    return {"data": {"children": children, "after": f"t3_{start + size}" if start + size < len(listed) else None}}


def x(world: World, path: str, query: Query) -> Any:
    listed = [p for p in world.newest_first() if query["start_time"] <= iso(p.created) <= query["end_time"]]
    start, size = int(query.get("next_token", "0")), int(query["max_results"])
    data = [
        {"id": str(p.number), "text": p.text, "created_at": iso(p.created), "author_id": who(p)}
        for p in listed[start : start + size]
    ]
    meta: dict[str, Any] = {"result_count": len(data)}
    if start + size < len(listed):
        meta["next_token"] = str(start + size)
    return ({"data": data} if data else {}) | {"meta": meta}


def x_job(world: World, status: str) -> dict[str, Any]:
    base = f"{world.base}/compliance"
    return {"id": "77", "status": status, "upload_url": f"{base}/up/77", "download_url": f"{base}/down/77"}


def x_compliance(world: World, path: str, query: Query) -> Any:
    """A job that is under way when it is first looked at, and complete the second time."""
    looks = sum(asked == path for asked, _ in world.asked)
    return {"data": x_job(world, "in_progress" if looks % 2 else "complete")}


def x_results(world: World, path: str, query: Query) -> bytes:
    there = {str(p.number) for p in world.newest_first()}
    lines = [{"id": one, "action": "delete", "reason": "deleted"} for one in world.uploads["77"] if one not in there]
    lines += [{"id": world.uploads["77"][0], "action": "delete", "reason": "scrub_geo"}]
    return "\n".join(json.dumps(line) for line in lines).encode()


def _named(world: World, query: Query) -> list[Post]:
    wanted = next(query[name] for name in ("id[]", "uris", "include", "id") if name in query)
    numbers = {int(one.rsplit("/", 1)[-1].removeprefix("t3_").removesuffix("x")) for one in wanted.split(",")}
    return [p for p in world.newest_first() if p.number in numbers]


def of_ids(listing: Any) -> Any:
    """The answer of a wire that is asked for ids: that of its listing, over just these posts."""

    def answer(world: World, path: str, query: Query) -> Any:
        few = world.only(_named(world, query))
        defaults = {
            "limit": "100",
            "per_page": "100",
            "page": "1",
            "maxResults": "100",
            "before": "2100-01-01T00:00:00Z",
        }
        return listing(few, path, defaults)

    return answer


def discourse_post(world: World, path: str, query: Query) -> Any:
    number = int(path.rsplit("/", 1)[1].removesuffix(".json"))
    found = discourse(world.only([p for p in world.newest_first() if p.number == number]), path, {})["latest_posts"]
    return {name: value for name, value in found[0].items() if name != "topic_title"} if found else None


def discourse_topic(world: World, path: str, query: Query) -> Any:
    topic = int(path.rsplit("/", 1)[1].removesuffix(".json"))
    if topic in world.odd:
        return None
    return {"id": topic, "title": f"Topic {topic}", "post_stream": {"posts": []}}


def hacker_news_item(world: World, path: str, query: Query) -> Any:
    number = int(path.rsplit("/", 1)[1])
    found = [p for p in world.newest_first() if p.number == number]
    if not found:
        return None
    (p,) = found
    said = p.text.replace("<", "&lt;")
    return {
        "id": number,
        "type": "comment",
        "text": f"<p>{said}",
        "created_at_i": p.seconds,
        "author": who(p),
        "children": [],
    }


def youtube_comments(world: World, path: str, query: Query) -> Any:
    threads = of_ids(youtube)(world, path, query)["items"]
    return {"items": [thread["snippet"]["topLevelComment"] for thread in threads]}
