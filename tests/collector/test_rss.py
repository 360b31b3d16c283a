"""Feeds as they are written: dates in the zone that they name, ids and addresses as their entries give them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from collector.errors import PayloadChanged
from collector.mention import Item
from collector.payload import Parsed
from collector.sources import Walk, kinds, rss
from tests.collector.test_refusals import answering, pages

SEEN_AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
FEED = "https://a.example/news/feed.xml"


def read(item: str) -> Item:
    """The one entry of an RSS feed."""
    body = f"<rss version='2.0'><channel><title>t</title><item><title>a</title>{item}</item></channel></rss>"
    parsed = rss.parse(body.encode(), rss.Settings(feeds=(FEED,)), seen_at=SEEN_AT, url=FEED)
    assert not parsed.rejects
    (found,) = parsed.items
    return found


WRITTEN = {
    "Tue, 10 Mar 2026 18:00:00 JST": (9, 0),
    "Tue, 10 Mar 2026 18:00:00 CET": (17, 0),
    "Tue, 10 Mar 2026 18:00:00 PST": (26, 0),
    "Tue, 10 Mar 2026 18:00 AEDT": (7, 0),
    "Tue, 10 Mar 2026 6:00 PM PST": (26, 0),
    "Tue Mar 10 18:00:00 KST 2026": (9, 0),
    "2026-03-10 18:00:00 CEST": (16, 0),
    "Tue, 10 Mar 2026 18:00:00 GMT": (18, 0),
    "Tue, 10 Mar 2026 18:00:00 +0530 (IST)": (12, 30),
    "Tue, 10 Mar 2026 18:00:00 +0100 (CEST)": (17, 0),
    "Tue, 10 Mar 2026 18:00:00 MET": (17, 0),
    "Tue, 10 Mar 2026 18:00:00 XYZ": (18, 0),
    "Tue, 10 Mar 2026 6:00 PM AMT": (18, 0),
    "Tue, 10 Mar 2026 18:00:00 IST": (12, 30),
    "Tue, 10 Mar 2026 18:00:00 BRT": (21, 0),
    "Tue, 10 Mar 2026 18:00:00 SGT": (10, 0),
    "Tue, 10 Mar 2026 18:00:00 ET": (22, 0),
    "Tue, 10 Mar 2026 6:00:00 PM -0700": (25, 0),
    "Tue, 10 Mar 2026 18:00:00 America/Los_Angeles": (25, 0),
    "Tue, 10 Mar 2026 18:00:00 GMT+05:30": (12, 30),
    "Tue Mar 10 2026 18:00:00 GMT+0530 (India Standard Time)": (12, 30),
    "March 10 2026 06:00:00 PM": (18, 0),
    "mar., 10 mars 2026 18:00:00 +0100": (17, 0),
    "Di, 10 Mär 2026 18:00:00 +0100": (17, 0),
    "10.03.2026 18:00": (18, 0),
    "2026/03/10 18:00:00": (18, 0),
    "20260310T180000Z": (18, 0),
    "1773165600": (18, 0),
    "Tue, 10 Mar 2026 18:00:00 MEST": (16, 0),
    "2026-03-10T18:00:00+09:00": (9, 0),
}
"""Dates as feeds write them, with the hour and minute in UTC, counted from the start of the day that they name."""


@pytest.mark.parametrize(("written", "at"), WRITTEN.items())
def test_a_date_is_read_in_the_zone_that_it_names(written: str, at: tuple[int, int]) -> None:
    hour, minute = at
    expected = datetime(2026, 3, 10 + hour // 24, hour % 24, minute, tzinfo=UTC)
    assert read(f"<guid>urn:1</guid><pubDate>{written}</pubDate>").created_at == expected


@pytest.mark.parametrize(
    "written",
    [
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "0001-01-01T00:00:00Z",
        "Wed, 30 Nov -0001 00:00:00 +0000",
        "-0001-11-30T00:00:00",
        "0000-00-00 00:00:00",
        "",
    ],
)
def test_a_date_of_a_clock_at_its_beginning_is_none_and_loses_no_entry(written: str) -> None:
    assert read(f"<guid>urn:1</guid><pubDate>{written}</pubDate>").created_at == SEEN_AT
    dated = "<dc:date xmlns:dc='http://purl.org/dc/elements/1.1/'>2026-11-18T09:00:00Z</dc:date>"
    assert read(f"<guid>urn:1</guid>{dated}").created_at == datetime(2026, 11, 18, 9, tzinfo=UTC)


def test_an_entry_was_edited_after_it_was_published_whatever_the_zones() -> None:
    said = (
        "<pubDate>Tue, 10 Mar 2026 18:00:00 JST</pubDate>"
        "<a:updated xmlns:a='http://www.w3.org/2005/Atom'>2026-03-10T09:{}:00Z</a:updated>"
    )
    assert read(said.format("00")).edited_at is None
    assert read(said.format("30")).edited_at == datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


def feed(*dates: str, language: str = "") -> Parsed:
    """A feed with an entry for each of these dates."""
    entries = "".join(f"<item><title>{one}</title><pubDate>{one}</pubDate></item>" for one in dates)
    body = f"<rss version='2.0'><channel><title>t</title>{language}{entries}</channel></rss>"
    return rss.parse(body.encode(), rss.Settings(feeds=(FEED,)), seen_at=SEEN_AT, url=FEED)


def test_numbers_in_dates_are_read_in_the_order_that_the_others_of_the_feed_show() -> None:
    read_on = [item.created_at.date().isoformat() for item in feed("10/11/2026 18:00", "25/10/2026 09:00").items]
    assert read_on == ["2026-11-10", "2026-10-25"]
    read_on = [item.created_at.date().isoformat() for item in feed("10/11/2026 18:00", "10/25/2026 09:00").items]
    assert read_on == ["2026-10-11", "2026-10-25"]


@pytest.mark.parametrize(
    ("language", "month"), [("", 10), ("<language>en-us</language>", 10), ("<language>en-gb</language>", 11)]
)
def test_where_nothing_shows_the_order_it_is_that_of_the_language(language: str, month: int) -> None:
    assert feed("10/11/2026 18:00", language=language).items[0].created_at.month == month


def test_a_zone_that_is_not_known_is_said() -> None:
    dates = ("Tue, 10 Mar 2026 18:00:00 AMT", "Tue, 10 Mar 2026 6:00 PM XYZ", "Tue, 10 Mar 2026 18:00:00 IST")
    entries = "".join(f"<item><title>{one}</title><pubDate>{one}</pubDate></item>" for one in dates)
    with answering(lambda _: (200, f"<rss version='2.0'><channel>{entries}</channel></rss>")) as client:
        (page,) = pages("rss", client, feeds=(FEED,))
    assert page.note == "Dates in zones that are not known (AMT, XYZ) are taken for UTC."


LINK = "<link>https://a.example/posts/fifth</link>"
NAMED = {
    f"<guid>5</guid>{LINK}": (f"{FEED}#5", "https://a.example/posts/fifth"),
    f"{LINK}<guid>5</guid>": (f"{FEED}#5", "https://a.example/posts/fifth"),
    f"<guid isPermaLink='true'>5</guid>{LINK}": (f"{FEED}#5", "https://a.example/posts/fifth"),
    f"<guid isPermaLink='false'>5</guid>{LINK}": (f"{FEED}#5", "https://a.example/posts/fifth"),
    "<guid>5</guid>": (f"{FEED}#5", None),
    "<guid>5</guid><link>fifth.html</link>": (f"{FEED}#5", "https://a.example/news/fifth.html"),
    "<guid>/posts/5</guid>": (f"{FEED}#/posts/5", "https://a.example/posts/5"),
    "<guid>https://a.example/5</guid>": ("https://a.example/5", "https://a.example/5"),
    "<guid>urn:5</guid><link>/5</link>": ("urn:5", "https://a.example/5"),
    "<link>/5</link>": ("https://a.example/5", "https://a.example/5"),
    "<guid>5</guid><link>http://[a.example/5</link>": (f"{FEED}#5", "http://[a.example/5"),
}
"""What names an entry, with the id and the address that it gets."""


@pytest.mark.parametrize(("names", "expected"), NAMED.items())
def test_a_guid_that_is_no_address_names_an_entry_and_is_not_made_one(
    names: str, expected: tuple[str, str | None]
) -> None:
    item = read(names)
    assert (item.external_id, item.url) == expected


def test_a_link_is_resolved_by_the_base_that_its_feed_names() -> None:
    body = (
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='/blog/'><title>t</title>"
        "<entry><title>a</title><id>urn:5</id><link href='fifth'/>"
        "<updated>2026-11-18T09:00:00Z</updated></entry></feed>"
    )
    (item,) = rss.parse(body.encode(), rss.Settings(feeds=(FEED,)), seen_at=SEEN_AT, url=FEED).items
    assert item.url == "https://a.example/blog/fifth"


@pytest.mark.parametrize("base", ["https://b.example/x/", "/y/"])
@pytest.mark.parametrize("guid", ["5", "<![CDATA[5]]>", "\n  5 "])
def test_a_bare_guid_stays_what_it_is_under_a_base(base: str, guid: str) -> None:
    """Else two feeds with one base would share their numbers, and a base that changes would double every entry."""
    named = f"<item xml:base='{base}'><title>a</title><guid>{guid}</guid></item>"
    linked = f"<item><title>a</title><guid>{guid.replace('5', '6')}</guid><link>p/6</link></item>"
    body = f"<rss version='2.0' xml:base='{base}'><channel>{named}{linked}</channel></rss>"
    first, second = rss.parse(body.encode(), rss.Settings(feeds=(FEED,)), seen_at=SEEN_AT, url=FEED).items
    assert (first.external_id, first.url) == (f"{FEED}#5", None)
    where = "https://b.example/x/p/6" if base.startswith("https") else "https://a.example/y/p/6"
    assert (second.external_id, second.url) == (f"{FEED}#6", where)


def test_an_address_as_a_guid_is_kept_whole_under_a_base() -> None:
    named = {
        "https://b.example/x/5": "https://b.example/x/5",
        "urn:5": "urn:5",
        "https://b.example/x/?p=6&amp;q=7": "https://b.example/x/?p=6&q=7",
        "p=6&amp;q=7": f"{FEED}#p=6&q=7",
    }
    entries = "".join(f"<entry><title>{at}</title><id>{one}</id></entry>" for at, one in enumerate(named))
    body = f"<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://b.example/x/'>{entries}</feed>"
    items = rss.parse(body.encode(), rss.Settings(feeds=(FEED,)), seen_at=SEEN_AT, url=FEED).items
    assert [item.external_id for item in items] == list(named.values())


JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "t",
    "language": "en-GB",
    "authors": [{"name": "The paper"}],
    "next_url": "https://a.example/feed.json?page=2",
    "items": [
        {
            "id": "https://a.example/5",
            "url": "https://a.example/5",
            "title": "Late",
            "content_html": "<p>Aurora Air &amp; <b>Borealis</b></p>",
            "summary": "Aurora",
            "date_published": "2026-11-18T10:00:00+01:00",
            "date_modified": "2026-11-18T12:00:00.123+01:00",
            "authors": [{"name": "Ann", "url": "https://a.example/ann"}],
            "language": "de",
        },
        {"id": 6, "content_text": "5 < 6 again", "date_published": "2026-11-18T09:00:00Z", "url": "/6"},
        {"content_text": None, "external_url": 7},
        "junk",
    ],
}


def test_a_json_feed_is_a_feed() -> None:
    found = rss.parse(json.dumps(JSON_FEED).encode(), rss.Settings(feeds=(FEED,)), seen_at=SEEN_AT, url=FEED)
    first, second, *empty = found.items
    assert (first.external_id, first.url, first.language) == ("https://a.example/5", "https://a.example/5", "de")
    assert (first.text, first.author_name, first.author) == (
        "Late\nAurora Air & Borealis",
        "Ann",
        "https://a.example/ann",
    )
    assert first.created_at == datetime(2026, 11, 18, 9, tzinfo=UTC)
    assert first.edited_at is not None
    assert (second.external_id, second.url) == (f"{FEED}#6", "https://a.example/6")
    assert (second.text, second.author_name, second.language) == ("5 < 6 again", "The paper", "en-GB")
    assert [item.text for item in empty] == ["", ""], (
        "what holds nothing is set aside with its reason when it is claimed"
    )


def test_a_json_feed_of_version_1_is_followed_to_its_older_pages() -> None:
    old = {
        "version": "https://jsonfeed.org/version/1",
        "items": [{"id": "7", "content_text": "a", "author": {"name": "B"}}],
    }
    answers = {"/news/feed.xml": JSON_FEED, "/feed.json": old}
    with answering(lambda request: (200, answers[request.url.path])) as client:
        module: Any = kinds()["rss"]
        since = datetime(2026, 1, 1, tzinfo=UTC)
        read = list(module.fetch(rss.Settings(feeds=(FEED,)), client, None, Walk(now=SEEN_AT, since=since)))
    assert [page.items[-1].author_name for page in read] == ["The paper", "B"]


@pytest.mark.parametrize(
    "body", ['{"version": "https://jsonfeed.org/version/1", "items": {}}', '{"version": 1}', "{", "[]"]
)
def test_other_json_is_no_feed_or_an_empty_one(body: str) -> None:
    if "jsonfeed" in body:
        assert rss.parse(body.encode(), rss.Settings(feeds=(FEED,)), seen_at=SEEN_AT, url=FEED).items == []
    else:
        with pytest.raises(PayloadChanged, match="no feed"):
            rss.parse(body.encode(), rss.Settings(feeds=(FEED,)), seen_at=SEEN_AT, url=FEED)
