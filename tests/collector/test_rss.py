"""Feeds as they are written: dates in the zone that they name, ids and addresses as their entries give them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from collector.mention import Item
from collector.sources import rss

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
    "2026-03-10T18:00:00+09:00": (9, 0),
}
"""Dates as feeds write them, with the hour and minute in UTC, counted from the start of the day that they name."""


@pytest.mark.parametrize(("written", "at"), WRITTEN.items())
def test_a_date_is_read_in_the_zone_that_it_names(written: str, at: tuple[int, int]) -> None:
    hour, minute = at
    expected = datetime(2026, 3, 10 + hour // 24, hour % 24, minute, tzinfo=UTC)
    assert read(f"<guid>urn:1</guid><pubDate>{written}</pubDate>").created_at == expected


def test_an_entry_was_edited_after_it_was_published_whatever_the_zones() -> None:
    said = (
        "<pubDate>Tue, 10 Mar 2026 18:00:00 JST</pubDate>"
        "<a:updated xmlns:a='http://www.w3.org/2005/Atom'>2026-03-10T09:{}:00Z</a:updated>"
    )
    assert read(said.format("00")).edited_at is None
    assert read(said.format("30")).edited_at == datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


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
