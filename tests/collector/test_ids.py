"""Ids of feeds and pages: none is shared by two entries, and those of ordinary documents are what the document says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import Any

import httpx

from collector.mention import Item, Kind
from collector.sources import Page, Walk, rss, schema_org
from tests.collector.test_refusals import answering

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FEED = "https://a.example/feed.xml"


def entry(title: str, *, guid: str = "", link: str = "", days: int | None = 1) -> str:
    parts = [f"<title>{title}</title>"]
    parts += [f"<guid isPermaLink='false'>{guid}</guid>"] if guid else []
    parts += [f"<link>{link}</link>"] if link else []
    parts += [f"<pubDate>{format_datetime(NOW - timedelta(days=days))}</pubDate>"] if days is not None else []
    return f"<item>{''.join(parts)}</item>"


def ids(*entries: str, url: str = FEED, kind: Kind = Kind.ARTICLE, seen_at: datetime = NOW) -> list[str]:
    body = f"<rss version='2.0'><channel><title>t</title>{''.join(entries)}</channel></rss>".encode()
    parsed = rss.parse(body, rss.Settings(feeds=(url,), item_kind=kind), seen_at=seen_at, url=url)
    assert not parsed.rejects
    return [item.external_id for item in parsed.items]


def run(body: str, cursor: Any) -> list[Page]:
    """The pages of one run over a feed with this body."""
    with answering(lambda _: (200, body)) as client:
        return list(rss.fetch(rss.Settings(feeds=(FEED,)), client, cursor, Walk(now=NOW)))


def reviews(*said: Mapping[str, object], url: str = "https://a.example/1") -> list[Item]:
    page = [{"@type": "Review", "datePublished": "2026-11-01", "author": "x"} | dict(one) for one in said]
    body = f"<script type='application/ld+json'>{json.dumps(page)}</script>".encode()
    return list(schema_org.parse(body, schema_org.Settings(pages=(url,)), url=url).items)


def test_an_address_of_its_own_stays_the_id_of_an_entry() -> None:
    own = ["https://a.example/?p=1", "tag:a.example,2026:1", "urn:uuid:1", "7 at https://a.example"]
    assert ids(*(entry(f"e{n}", guid=one) for n, one in enumerate(own))) == own
    assert ids(entry("a", link="https://a.example/1"), entry("b", link="https://a.example/2")) == [
        "https://a.example/1",
        "https://a.example/2",
    ]


def test_feeds_that_both_number_their_entries_from_one_do_not_share_ids() -> None:
    other = "https://a.example/other.xml"
    assert ids(entry("a", guid="1")) == [f"{FEED}#1"]
    assert ids(entry("b", guid="1"), url=other) == [f"{other}#1"]


def test_reviews_that_only_link_to_what_they_review_are_told_apart_however_many_are_shown() -> None:
    shown = [entry(f"Review {n}", link="https://shop.example/p", days=n) for n in range(10)]
    all_of_them = ids(*shown, kind=Kind.REVIEW)
    assert len(set(all_of_them)) == 10
    assert ids(shown[3], kind=Kind.REVIEW) == [all_of_them[3]]


def test_different_entries_under_one_guid_are_told_apart_and_one_listed_twice_stays_one() -> None:
    pair = ids(entry("a", guid="urn:1"), entry("b", guid="urn:1"), entry("c", guid="urn:2"), entry("c", guid="urn:2"))
    assert len(set(pair)) == 3
    assert pair[2:] == ["urn:2", "urn:2"]


def test_an_entry_keeps_its_id_when_those_that_shared_its_guid_roll_off() -> None:
    """Else it would come a second time, or overwrite what another one said under that guid."""
    shown = [entry(title, guid="urn:1", days=days) for title, days in (("c", 1), ("b", 2), ("a", 3))]
    cursor: Any = None
    met: list[tuple[str, str]] = []
    for rows in (shown[1:], shown[:2], shown[:1], shown[:1]):
        body = f"<rss version='2.0'><channel><title>t</title>{''.join(rows)}</channel></rss>"
        for page in run(body, cursor):
            cursor = json.loads(json.dumps(page.cursor))
            met += [(item.text, item.external_id) for item in page.items]
    assert len({text for text, _id in met}) == len(set(met)) == len({known for _text, known in met}) == 3


def test_entries_without_a_date_are_told_apart_by_the_same_ids_whenever_they_are_read() -> None:
    undated = [entry(f"e{n}", guid="urn:1", days=None) for n in range(2)]
    assert ids(*undated) == ids(*undated, seen_at=NOW + timedelta(hours=1))
    assert len(set(ids(*undated))) == 2


def test_reviews_of_two_pages_under_one_relative_id_are_two() -> None:
    one = {"@id": "#review-1", "reviewBody": "was bad"}
    other = "https://a.example/2"
    found = [*reviews(one), *reviews(one, url=other)]
    assert [item.external_id for item in found] == ["https://a.example/1#review-1", f"{other}#review-1"]


def test_different_reviews_of_a_page_under_one_id_are_told_apart() -> None:
    same = {"@id": "https://a.example/r", "reviewBody": "was late"}
    (alone,) = reviews(same)
    assert alone.external_id == same["@id"]
    twice = reviews(same, same)
    assert {item.external_id for item in twice} == {same["@id"]}
    two = reviews(same, same | {"reviewBody": "was early", "author": "y"})
    assert len({item.external_id for item in two}) == 2


def test_a_review_keeps_its_id_when_those_that_shared_it_leave_the_page() -> None:
    same = {"@type": "Review", "@id": "#r", "datePublished": "2026-11-18", "author": "x", "reviewBody": "was late"}
    cursor: Any = None
    met = []
    for shown in ([same, same | {"author": "y"}], [same]):
        body = f"<script type='application/ld+json'>{json.dumps(shown)}</script>"
        with answering(partial(_page, body)) as client:
            settings = schema_org.Settings(pages=("https://a.example/1",))
            (page,) = schema_org.fetch(settings, client, cursor, Walk(now=NOW))
        cursor = json.loads(json.dumps(page.cursor))
        met.append([item.external_id for item in page.items])
    assert met[1] == met[0][:1]


def _page(body: str, request: httpx.Request) -> tuple[int, str]:
    return (404, "") if request.url.path == "/robots.txt" else (200, body)
