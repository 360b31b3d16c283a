"""The wire formats of the further kinds, over the same posts: JSON, a page of HTML, or JSON with headers."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from tests.collector.world import Post, World, iso

Query = dict[str, str]


def who(p: Post) -> str:
    return f"a{p.number % 97}"


def generic(world: World, path: str, query: Query) -> Any:
    """One listing under five kinds of paging: /generic/<paging>."""
    paging, size = path.rsplit("/", 1)[1], 30
    start = {
        "page": (int(query.get("page", "1")) - 1) * size,
        "offset": int(query.get("offset", "0")),
        "cursor": int(query.get("after", "0")),
    }.get(paging, int(query.get("from", "0")))
    listed = world.newest_first()
    rows = [{"id": p.number, "at": p.seconds, "said": p.text, "stars": p.rating} for p in listed[start : start + size]]
    more = start + size < len(listed)
    answer: dict[str, Any] = {"rows": rows}
    if paging == "cursor" and more:
        answer["next"] = str(start + size)
    if paging == "next-link" and more:
        answer["next"] = f"{path}?from={start + size}"
    if paging == "link-header":
        return answer, {"Link": f'<{path}?from={start + size}>; rel="next"'} if more else {}
    return answer


def google_business(world: World, path: str, query: Query) -> Any:
    start, size = int(query.get("pageToken", "0")), int(query["pageSize"])
    stars = ("ONE", "TWO", "THREE", "FOUR", "FIVE")
    listed = world.newest_first()
    reviews = [
        {
            "reviewId": str(p.number),
            "reviewer": {"displayName": who(p)},
            "starRating": stars[p.rating - 1],
            "comment": p.text,
            "createTime": iso(p.created),
            "updateTime": iso(p.edited or p.created),
        }
        for p in listed[start : start + size]
    ]
    return {"reviews": reviews} | ({"nextPageToken": str(start + size)} if start + size < len(listed) else {})


def app_store_connect(world: World, path: str, query: Query) -> Any:
    start, size = int(query.get("cursor", "0")), int(query["limit"])
    listed = world.newest_first()
    data = [
        {
            "id": str(p.number),
            "attributes": {
                "rating": p.rating,
                "title": f"Case {p.number}",
                "body": p.text,
                "createdDate": iso(p.created),
            },
        }
        for p in listed[start : start + size]
    ]
    links = {"next": f"{world.base}{path}?limit={size}&cursor={start + size}"} if start + size < len(listed) else {}
    return {"data": data, "links": links}


def google_play(world: World, path: str, query: Query) -> Any:
    start, size = int(query.get("token", "0")), int(query["maxResults"])
    listed = world.newest_first()
    reviews = [
        {
            "reviewId": str(p.number),
            "authorName": who(p),
            "comments": [
                {"userComment": {"text": p.text, "lastModified": {"seconds": str(p.seconds)}, "starRating": p.rating}}
            ],
        }
        for p in listed[start : start + size]
    ]
    token = {"tokenPagination": {"nextPageToken": str(start + size)}} if start + size < len(listed) else {}
    return {"reviews": reviews} | token


def trustpilot(world: World, path: str, query: Query) -> Any:
    page, size = int(query["page"]), int(query["perPage"])
    rows = world.newest_first()[(page - 1) * size : page * size]
    return {
        "reviews": [
            {
                "id": str(p.number),
                "consumer": {"id": who(p)},
                "stars": p.rating,
                "text": p.text,
                "createdAt": iso(p.created),
                "updatedAt": iso(p.edited) if p.edited else None,
            }
            for p in rows
        ]
    }


def trustpilot_review(world: World, path: str, query: Query) -> Any:
    few = world.only([p for p in world.newest_first() if str(p.number) == path.rsplit("/", 1)[1]])
    found = trustpilot(few, path, {"page": "1", "perPage": "1"})["reviews"]
    return found[0] if found else None


def robots(world: World, path: str, query: Query) -> bytes:
    return b"User-agent: *\nDisallow: /private\n"


def schema_org(world: World, path: str, query: Query) -> bytes:
    reviews = [
        {
            "@type": "Review",
            "@id": str(p.number),
            "author": {"@type": "Person", "name": who(p)},
            "datePublished": iso(p.created),
            "reviewBody": p.text.replace("<", "&lt;"),
            "reviewRating": {"@type": "Rating", "ratingValue": str(p.rating)},
        }
        for p in world.newest_first()[:100]
    ]
    product = json.dumps({"@context": "https://schema.org", "@type": "Product", "name": "Seat", "review": reviews})
    return f"<html><script type='application/ld+json'>{product}</script></html>".encode()


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


def gdelt(world: World, path: str, query: Query) -> Any:
    listed = [
        p for p in world.newest_first() if query["startdatetime"] <= f"{p.created:%Y%m%d%H%M%S}" <= query["enddatetime"]
    ]
    rows = listed[: int(query["maxrecords"])]
    return {
        "articles": [
            {
                "url": f"https://news.example/{p.number}",
                "title": p.text.replace("<", "&lt;"),
                "seendate": f"{p.created:%Y%m%dT%H%M%SZ}",
                "domain": "news.example",
                "language": "English",
            }
            for p in rows
        ]
    }


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


def _before(world: World, query: Query) -> list[Post]:
    bound = int(datetime.fromisoformat(query["before"]).timestamp())
    size, page = int(query["per_page"]), int(query["page"])
    return [p for p in world.newest_first() if p.seconds < bound][(page - 1) * size : page * size]


def wordpress(world: World, path: str, query: Query) -> Any:
    return [
        {
            "id": p.number,
            "author_name": who(p),
            "date_gmt": f"{p.created:%Y-%m-%dT%H:%M:%S}",
            "content": {"rendered": f"<p>{p.text.replace('<', '&lt;')}</p>"},
            "status": "approved",
            "type": "comment",
        }
        for p in _before(world, query)
    ]


def woocommerce(world: World, path: str, query: Query) -> Any:
    return [
        {
            "id": p.number,
            "reviewer": who(p),
            "date_created_gmt": f"{p.created:%Y-%m-%dT%H:%M:%S}",
            "review": f"<p>{p.text.replace('<', '&lt;')}</p>",
            "status": "approved",
            "rating": p.rating,
        }
        for p in _before(world, query)
    ]


def judge_me(world: World, path: str, query: Query) -> Any:
    page, size = int(query["page"]), int(query["per_page"])
    rows = world.newest_first(deleted=True)[(page - 1) * size : page * size]
    return {
        "reviews": [
            {
                "id": p.number,
                "body": p.text,
                "rating": p.rating,
                "created_at": iso(p.created),
                "curated": "spam" if p.deleted and p.number % 2 else "ok",
                "hidden": p.deleted and not p.number % 2,
            }
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


WIRES = (
    ("/posts/", discourse_post),
    ("/t/", discourse_topic),
    ("/api/v1/items/", hacker_news_item),
    ("/api/info", of_ids(reddit)),
    ("/generic/", generic),
    ("/v4/accounts/", google_business),
    ("/customerReviews", app_store_connect),
    ("/androidpublisher/", google_play),
    ("/v1/business-units/", trustpilot),
    ("/v1/reviews/", trustpilot_review),
    ("/robots.txt", robots),
    ("/product.html", schema_org),
    ("/youtube/v3/commentThreads", youtube),
    ("/youtube/v3/comments", youtube_comments),
    ("/api/v2/doc/doc", gdelt),
    ("/posts.json", discourse),
    ("/wp-json/wp/v2/comments", wordpress),
    ("/wp-json/wc/v3/products/reviews", woocommerce),
    ("/api/v1/reviews", judge_me),
    ("/2.3/search/advanced", stack_exchange),
    ("/api/v3/search", lemmy),
    ("/r/all/search", reddit),
    ("/2/tweets/search/recent", x),
    ("/2/compliance/jobs/", x_compliance),
    ("/compliance/down/", x_results),
)
