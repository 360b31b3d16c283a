"""What sites send beside what is usual: removed links, advertisements, long and edited posts, odd dates and ids."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from collector.collect import collect
from collector.http import Client
from collector.mention import Item, Kind
from collector.payload import Parsed
from collector.sources import kinds
from collector.store import Store
from tests.collector.test_collect import BRANDS, OPTIONS, site
from tests.collector.test_refusals import answering, pages

BASE = "https://a.example"
RUN = datetime(2026, 11, 20, 12, tzinfo=UTC)


def parsed(kind: str, payload: Any) -> Parsed:
    """What a kind makes of a payload."""
    module: Any = kinds()[kind]
    options = OPTIONS[kind] | ({"base_url": BASE} if kind == "discourse" else {})
    options |= {"token_url": BASE} if "token_url" in options else {}
    options |= {"pages": (BASE,)} if "pages" in options else {}
    found: Parsed = module.parse(payload, module.Settings(**options))
    return found


def items(kind: str, payload: Any) -> list[Item]:
    found = parsed(kind, payload)
    assert not found.rejects
    return list(found.items)


# ------------------------------------------------------------------ Reddit


def link(**fields: Any) -> dict[str, Any]:
    """A listing of one link post."""
    said = {"name": "t3_1", "title": "Aurora Air", "selftext": "", "author": "ann", "created_utc": 1_795_000_000.0}
    return {"data": {"children": [{"kind": "t3", "data": said | fields}]}}


@pytest.mark.parametrize("by", ["moderator", "deleted", "reddit", "automod_filtered"])
def test_a_link_that_was_removed_at_reddit_is_gone_though_its_title_stands(by: str) -> None:
    assert items("reddit", link(removed_by_category=by)) == []


def test_a_link_stays_when_its_author_leaves_reddit() -> None:
    (item,) = items("reddit", link(author="[deleted]", removed_by_category=None))
    assert (item.text, item.author, item.author_name) == ("Aurora Air", None, None)
    assert items("reddit", link(author="[deleted]")) == [], "an older answer does not say, so it is taken for deleted"


def test_an_advertisement_at_reddit_is_no_mention() -> None:
    assert items("reddit", link(promoted=True)) == []


def test_what_reddit_escaped_all_the_same_is_read_as_it_was_written() -> None:
    (item,) = items("reddit", link(title="Food &amp; drinks", selftext="&gt;3 hours &lt;3"))
    assert item.text == "Food & drinks\n>3 hours <3"


# ------------------------------------------------------------------ X


def post(**fields: Any) -> dict[str, Any]:
    said = {"id": "1275840892281249793", "text": "late", "created_at": "2020-06-24T17:19:07.000Z", "author_id": "7"}
    return {"data": [said | fields], "meta": {"result_count": 1}}


def test_a_long_post_on_x_is_asked_for_and_read_whole(store: Store) -> None:
    (item,) = items("x", post(text="late agai…", note_tweet={"text": "late again &amp; again"}))
    assert item.text == "late again & again"
    with site(store, 5, kind="x") as at:
        at.collect()
        asked = next(query for path, query in at.world.asked if path.endswith("/search/recent"))
        assert "note_tweet" in asked["tweet.fields"].split(",")


def test_what_x_escapes_is_read_as_it_was_written() -> None:
    (item,) = items("x", post(text="Food &amp; drinks &lt;3"))
    assert item.text == "Food & drinks <3"


def test_an_edited_post_on_x_is_the_same_post() -> None:
    first, later = "1275840892281249793", "1275842892281249793"
    (before,) = items("x", post(edit_history_tweet_ids=[first]))
    edit = post(id=later, text="on time", created_at="2020-06-24T17:27:04.000Z", edit_history_tweet_ids=[first, later])
    (after,) = items("x", edit)
    assert (before.external_id, after.external_id) == (first, first)
    assert abs((after.created_at - before.created_at).total_seconds()) < 1
    assert after.edited_at == datetime(2020, 6, 24, 17, 27, 4, tzinfo=UTC)
    assert (after.url or "").endswith(later)


def test_a_post_on_x_without_a_date_has_that_of_its_id() -> None:
    without = post()
    del without["data"][0]["created_at"]
    (item,) = items("x", without)
    assert item.created_at.replace(microsecond=0) == datetime(2020, 6, 24, 17, 19, 7, tzinfo=UTC)


def test_a_retweet_is_known_by_its_words_where_x_does_not_say_what_it_refers_to() -> None:
    assert items("x", post(text="RT @ann: late again")) == []
    (item,) = items("x", post(text="RT @ann: so true", referenced_tweets=[{"type": "quoted", "id": "5"}]))
    assert item.text == "RT @ann: so true"


@pytest.mark.parametrize(("code", "language"), [("iw", "he"), ("qht", None), ("qu", "qu")])
def test_languages_of_x_are_those_of_everybody(code: str, language: str | None) -> None:
    assert items("x", post(lang=code))[0].language == language


def test_a_page_of_x_may_be_empty_though_more_follows() -> None:
    empty = {"meta": {"result_count": 0, "next_token": "b"}}
    first, last = (post(id=one, created_at="2026-11-20T10:00:00Z") for one in ("2", "1"))
    answers = {None: first | {"meta": {"next_token": "a"}}, "a": empty, "b": last}
    with answering(lambda request: (200, answers[request.url.params.get("next_token")])) as client:
        read = pages("x", client, **OPTIONS["x"])
    assert [len(page.items) for page in read] == [1, 0, 1]


# ------------------------------------------------------------------ others


def test_a_comment_that_youtube_sends_as_markup_is_read_as_words() -> None:
    said = {"textDisplay": "It&#39;s late<br>again <3", "publishedAt": "2026-11-18T09:00:00Z", "authorDisplayName": ""}
    (item,) = items("youtube", {"items": [{"id": "1", "snippet": {"topLevelComment": {"id": "1", "snippet": said}}}]})
    assert item.text == "It's late\nagain <3"


def thread(name: str, hours_ago: int, *replies: str) -> dict[str, Any]:
    """A thread of YouTube, its first comment that long before the second run."""
    said = {"textDisplay": name, "publishedAt": f"{RUN - timedelta(hours=hours_ago):%Y-%m-%dT%H:%M:%SZ}"}
    below = [{"id": one, "snippet": said | {"parentId": name, "textDisplay": one}} for one in replies]
    top = {"topLevelComment": {"id": name, "snippet": said}, "totalReplyCount": len(replies)}
    return {"id": name, "snippet": top, "replies": {"comments": below}}


def test_a_reply_on_youtube_to_a_comment_of_some_hours_ago_is_met(store: Store) -> None:
    """Threads go by their first comment, so that a new reply stands far down."""
    shown = [thread("fresh", 0), thread("noon", 3), thread("morning", 5), thread("yesterday", 30)]

    def answer(request: httpx.Request) -> httpx.Response:
        at = int(request.url.params.get("pageToken") or 0)
        said = {"items": [shown[at]]} | ({"nextPageToken": str(at + 1)} if at < 3 else {})
        return httpx.Response(200, stream=httpx.ByteStream(json.dumps(said).encode()))

    with site(store, 0, kind="youtube") as at:
        for moment in (RUN - timedelta(hours=1), RUN):
            at.clock.moment = moment
            client = Client(now=at.clock.now, sleep=at.clock.sleep, transport=httpx.MockTransport(answer))
            report = collect(store, replace(at.config, brand="Aurora Air"), BRANDS, client, now=at.clock.now)
            assert report.error is None
            shown[2] = thread("morning", 5, "me too")
        assert report.new == 1


def test_replies_on_youtube_that_go_round_in_a_circle_cost_a_few_units() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> tuple[int, Any]:
        asked.append(request.url.path)
        if request.url.path.endswith("/commentThreads"):
            talked = thread("noon", 1, "a")
            talked["snippet"]["totalReplyCount"] = 3
            return 200, {"items": [talked]}
        reply = {"snippet": thread("x", 1)["snippet"]["topLevelComment"]["snippet"]}
        return 200, {"items": [*({"id": one} | reply for one in "abc"), {"id": "d"}], "nextPageToken": "again"}

    with answering(answer) as client:
        (page,) = pages("youtube", client, **OPTIONS["youtube"])
    assert sorted(item.external_id for item in page.items) == ["a", "b", "c", "noon"]
    assert {reject.place for reject in page.rejects} == {"id d"}
    assert len(asked) == 4


def test_a_review_whose_numbers_are_numbers_is_read() -> None:
    named = {"id": 14548543799, "im:rating": 2, "im:voteSum": 3, "title": "Late", "content": "again"}
    entry = {name: {"label": value} for name, value in {**named, "updated": "2026-11-18T02:00:00-07:00"}.items()}
    (item,) = items("app_store", {"feed": {"entry": entry}})
    assert (item.external_id, item.rating, item.reach) == ("14548543799", 2.0, 3)


def test_a_comment_that_hacker_news_shows_emptied_is_gone() -> None:
    empty = {"id": 5, "type": "comment", "author": None, "text": None, "created_at_i": 1_795_000_000, "children": []}
    module: Any = kinds()["hacker_news"]
    with answering(lambda _: (200, empty)) as client:
        assert module.check(module.Settings(), client, ["5"]).gone == ["5"]


def test_a_question_without_a_score_is_read() -> None:
    asked = {"question_id": 1, "title": "Late?", "body": "<p>Why</p>", "creation_date": 1_795_000_000, "score": None}
    (item,) = items("stack_exchange", {"items": [asked]})
    assert item.text == "Late?\nWhy"


@pytest.mark.parametrize("declared", ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z", "yesterday", None])
def test_a_post_on_bluesky_that_declares_an_impossible_time_has_that_at_which_it_was_seen(declared: str | None) -> None:
    said = {
        "uri": "at://did:plc:a/app.bsky.feed.post/1",
        "author": {"did": "did:plc:a"},
        "indexedAt": "2026-11-18T09:00:00Z",
    }
    (item,) = items("bluesky", {"posts": [said | {"record": {"text": "late", "createdAt": declared}}]})
    assert item.created_at == datetime(2026, 11, 18, 9, tzinfo=UTC)


def page_of(*types: Any, script: str = "application/ld+json", **fields: Any) -> bytes:
    """A page with one review of each of these types."""
    said = {"reviewBody": "late", "datePublished": "2026-11-18", "author": "Ann"} | fields
    nodes = [said | {"@type": one, "@id": f"#{at}"} for at, one in enumerate(types)]
    return f"<html><script type='{script}'>{json.dumps(nodes)}</script></html>".encode()


def test_reviews_of_every_type_that_customers_write_are_read_off_a_page() -> None:
    types = ["Review", "UserReview", "http://schema.org/Review", "schema:EmployerReview", ["Thing", "Review"]]
    assert len(items("schema_org", page_of(*types, "ClaimReview", script="application/ld+json; charset=utf-8"))) == 5


def test_a_review_on_a_page_is_kept_though_its_rating_or_its_change_cannot_be_read() -> None:
    odd: dict[str, Any] = {"reviewRating": {"ratingValue": "excellent"}, "dateModified": "yesterday"}
    (item,) = items("schema_org", page_of("Review", **odd))
    assert (item.text, item.rating, item.edited_at) == ("late", None, None)


def forum_post(**fields: Any) -> dict[str, Any]:
    return {"id": 7, "username": "ann", "created_at": "2026-11-18T09:00:00.000Z", "cooked": "<p>late</p>"} | fields


def test_what_a_forum_notes_about_a_topic_is_no_post_and_no_reject() -> None:
    noted = forum_post(post_type=3, action_code="closed.enabled", cooked="")
    whispered = forum_post(id=8, post_type=4)
    official = forum_post(id=9, post_type=2)
    assert [item.external_id for item in items("discourse", {"latest_posts": [noted, whispered, official]})] == ["9"]


def test_a_single_post_of_a_forum_is_read() -> None:
    (item,) = items("discourse", forum_post(post_number=2, topic_id=3))
    assert (item.external_id, item.kind) == ("7", Kind.COMMENT)
