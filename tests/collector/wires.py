"""Which wire answers which address, beside those of the first kinds; and the wires of a described API and of news."""

from __future__ import annotations

from typing import Any

from tests.collector.wires_reviews import (
    app_store_connect,
    google_business,
    google_play,
    judge_me,
    robots,
    schema_org,
    trustpilot,
    trustpilot_review,
    woocommerce,
    wordpress,
)
from tests.collector.wires_talk import (
    discourse,
    discourse_post,
    discourse_topic,
    hacker_news_item,
    lemmy,
    of_ids,
    reddit,
    stack_exchange,
    x,
    x_compliance,
    x_results,
    youtube,
    youtube_comments,
)
from tests.collector.world import Query, World


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
