"""The wire formats of shops, app stores and review sites, over the same posts: JSON, or a page of HTML."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from tests.collector.world import Post, Query, World, iso, who


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
