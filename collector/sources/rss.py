"""RSS and Atom feeds of every dialect, read by feedparser, and JSON Feed.

Wire facts: conditional GET by ETag and Last-Modified; 301 means the address in the options should change, 410 that the
feed is gone. A key is the entry's guid or id, else its link, else a digest of title and date. A guid that is no address
("5", whatever its isPermaLink) is no one's but its feed's and stands under the feed's address; where different entries
of a document bear one key, and for reviews without a guid, whose link is what they review, a digest of title, date and
author is added. Such an id is remembered, for a bearer that is left alone in the document must keep its name. What
xml:base makes of a bare guid is undone: RFC 4287 has ids compared as they are written. (Entries read under their bare
guid or under an address made of it, or a review under its bare link, by an earlier version are kept once more, under
the new key.) A feed shows its latest entries only: what rolled off between two reads is a gap. Nothing did while the
newest entries of the last read are still shown; failing that, the dates tell, the oldest few and missing ones left out.
Dates are read by collector.payload.moment, numbers in the order that the document's dates show; what that cannot read
is left to feedparser, which knows dialects of its own (but overlooks PM, takes the present month for one that it does
not find, and any zone that it does not know for UTC). A zone that is not known (AMT is the Amazon's and Armenia's) is
taken for UTC, and the run's note says so. Older pages, where a feed has them, hang on rel=next (RFC 5005) and are
followed by a backfill only. An HTML page parses "without error" but has no feed version; a truncated feed still gives
its whole entries.
"""

from __future__ import annotations

import hashlib
import html
import io
import re
from calendar import timegm
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import feedparser

from collector import json_feed
from collector.claim import EARLIEST
from collector.errors import BadSettings, PayloadChanged
from collector.html import plain, text_of, titled
from collector.ids import marked, qualified, remembering, shared_before, told_apart
from collector.mention import Item, Kind
from collector.options import need, need_address
from collector.payload import Parsed, is_unset, moment, rejected
from collector.sources import Cursor, Page, Reject, Walk
from collector.tabular.dates import DateOrder, Evidence
from collector.walk import Leaf, each, newest_first, reach
from collector.zones import UnknownZone

if TYPE_CHECKING:
    from collector.http import Client

KIND = "rss"
_WORD = re.compile(rb">\s*(?:<!\[CDATA\[\s*)?([^<>\s/\]]{1,500})\s*(?:\]\]>\s*)?</(?:\w+:)?(?:guid|id)\b")
"""A guid that holds neither a slash nor a space, as it stands in a document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of a source of feeds.

    feeds      addresses of the feeds
    item_kind  what an entry is: article, review, post or comment
    """

    feeds: tuple[str, ...] = ()
    item_kind: Kind = Kind.ARTICLE
    allow_private: bool = False

    def __post_init__(self) -> None:
        need(KIND, "feeds", self.feeds, '["https://example.org/feed.xml"]')
        for feed in self.feeds:
            need_address(KIND, "feeds", feed)
        if len(set(self.feeds)) < len(self.feeds):
            raise BadSettings("The option 'feeds' names one feed twice; name each once.")


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Read every feed."""
    queries = {feed: partial(_pages, settings, client, walk, feed) for feed in settings.feeds}
    yield from each(cursor, queries, one_host=False)


def _pages(settings: Settings, client: Client, walk: Walk, feed: str, cursor: Cursor | None) -> Iterator[Page]:
    among = shared_before(cursor)

    def read(token: str | None, _floor: datetime) -> Leaf:
        answer = client.get(token or feed, conditional=token is None)
        if answer.unchanged:
            return Leaf(unchanged=True, forgets=True)
        document = _document(answer.body, answer.headers.get("content-type", ""), answer.url)
        seen_at = client.now()
        dates = _Dates.of(document)
        parsed = _entries(document, settings, seen_at, feed, dates=dates, among=among)
        older = _older(document, answer.url) if walk.since is not None else None
        moved = (
            f"The feed {feed} has moved to {answer.moved_to} for good; change the address." if answer.moved_to else None
        )
        return Leaf(
            items=parsed.items,
            rejects=parsed.rejects,
            next=older,
            oldest=reach([item.created_at for item in parsed.items if item.created_at != seen_at]),
            forgets=True,
            whole=token is None,
            note=" ".join(filter(None, (moved, dates.remark()))) or None,
        )

    for page in newest_first(cursor, walk, read):
        yield remembering(page, among)


def parse(payload: bytes, settings: Settings, *, seen_at: datetime, content_type: str = "", url: str = "") -> Parsed:
    """The entries of the feed at `url`; `seen_at` dates those that have no date of their own.

    Raises PayloadChanged for what is no feed.
    """
    document = _document(payload, content_type, url)
    return _entries(document, settings, seen_at, url, dates=_Dates.of(document), among=set())


def _document(payload: bytes, content_type: str, url: str) -> Any:
    # Without the address of the document: feedparser would make one of every guid by it, of a bare "5" as well.
    headers = {"content-type": content_type} if content_type else {}
    # Given as a stream: feedparser would take bytes or a string for the name of a file or an address to open.
    document = json_feed.document(payload) or feedparser.parse(io.BytesIO(payload), response_headers=headers)
    if not document.get("version") and not document.entries:
        what = "an HTML page" if b"<html" in payload[:2_000].lower() else "no feed"
        raise PayloadChanged(f"{url or 'The address'} sent {what} where an RSS, Atom or JSON feed is expected.")
    based = payload if b"xml:base" in payload else b""
    words = {html.unescape(one.decode("utf-8", "replace")) for one in _WORD.findall(based)}
    for entry in document.entries:
        _undo_base(entry, payload, words)
        _resolve(entry, url)
    return document


def _undo_base(entry: Any, payload: bytes, words: set[str]) -> None:
    """Give a bare guid back that feedparser made an address of by xml:base, which bears on references alone."""
    name = dict.get(entry, "id") or ""
    bare = name.rpartition("/")[2]
    if bare in words and name.encode("utf-8", "replace") not in payload:
        entry["id"] = bare
        if dict.get(entry, "link") == name:
            entry["link"] = bare


def _resolve(entry: Any, url: str) -> None:
    """Make addresses of an entry's link and author; a guid in a link's place is one only if it looks like one."""
    link, author = dict.get(entry, "link"), dict.get(entry, "author_detail") or {}
    stands_in = link == dict.get(entry, "id") and "/" not in (link or "")
    entry["link"] = None if stands_in or not link else _absolute(link, url)
    if page := dict.get(author, "href"):
        author["href"] = _absolute(page, url)


def _absolute(address: str, url: str) -> str:
    try:
        return urljoin(url, address.strip())
    except ValueError:
        return address


def _entries(
    document: Any, settings: Settings, seen_at: datetime, feed: str, *, dates: _Dates, among: set[str]
) -> Parsed:
    """The entries of a document; the ids that several of them bear join `among`, those known to be shared."""
    items: list[Item] = []
    rejects: list[Reject] = []
    language = dict.get(document.feed, "language")
    for number, entry in enumerate(document.entries, start=1):
        try:
            item = _item(entry, settings, language=language, seen_at=seen_at, feed=feed, dates=dates)
            alone = settings.item_kind is not Kind.REVIEW or dict.get(entry, "id") or not item.url
            items.append(item if alone else marked(item, seen_at=seen_at))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            rejects.append(rejected(dict(entry), f"entry {number}", "id", error))
    return Parsed(items=told_apart(items, among, seen_at=seen_at), rejects=rejects)


def _item(entry: Any, settings: Settings, *, language: str | None, seen_at: datetime, feed: str, dates: _Dates) -> Item:
    title, body = plain(dict.get(entry, "title")), _body(entry)
    published, updated = dates.read(entry, "published"), dates.read(entry, "updated") or dates.read(entry, "created")
    created = published or updated
    link = dict.get(entry, "link")
    key = dict.get(entry, "id") or link
    if key:
        key = qualified(key, feed)
    else:
        words = f"{title}\0{created}\0{'' if title else body}"
        key = f"sha256:{hashlib.sha256(words.encode('utf-8', 'replace')).hexdigest()}"
    detail = dict.get(entry, "author_detail") or {}
    reply = dict.get(entry, "thr_in-reply-to") or {}
    parent = dict.get(reply, "ref") if isinstance(reply, dict) else None
    return Item(
        external_id=key,
        kind=settings.item_kind,
        text=titled(title, body),
        created_at=created or seen_at,
        edited_at=updated if published and updated and updated > published else None,
        author=dict.get(detail, "href") or dict.get(detail, "email") or dict.get(entry, "author"),
        author_name=dict.get(detail, "name") or dict.get(entry, "author"),
        language=_language(entry) or language,
        url=link,
        parent_id=qualified(parent, feed) if parent else None,
    )


def _body(entry: Any) -> str:
    """The fullest text that an entry gives."""
    parts = [*(dict.get(entry, "content") or ()), dict.get(entry, "summary_detail") or {}]
    texts = [_plain(part) for part in parts if isinstance(part, Mapping)]
    return max([*texts, "" if texts else plain(dict.get(entry, "summary"))], key=len, default="")


def _plain(part: Mapping[str, Any]) -> str:
    value = part.get("value") or ""
    return plain(value) if part.get("type") == "text/plain" else text_of(value)


def _language(entry: Any) -> str | None:
    parts = [*(dict.get(entry, "content") or ()), dict.get(entry, "title_detail") or {}]
    return next((part["language"] for part in parts if isinstance(part, Mapping) and part.get("language")), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dates:
    """How the dates of one document are written, and the zones in them that are not known."""

    order: DateOrder
    unknown: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, document: Any) -> _Dates:
        """Day or month first is what most dates show; where none does, what the feed's language has."""
        evidence = Evidence()
        for entry in document.entries:
            for written in filter(None, (dict.get(entry, name) for name in ("published", "updated", "created"))):
                evidence.see(written)
        language = str(dict.get(document.feed, "language") or "en").lower()
        proofs = evidence.day_first - evidence.month_first
        day_first = proofs > 0 if proofs else language != "en" and not language.startswith("en-us")
        return cls(order=DateOrder.DAY_FIRST if day_first else DateOrder.MONTH_FIRST)

    def read(self, entry: Any, name: str) -> datetime | None:
        """A date of an entry, as best as it can be read; one that is not set (of the year -1, or 1970) is none."""
        written, parsed = dict.get(entry, name), dict.get(entry, f"{name}_parsed")
        try:
            found = self._moment(written)
        except ValueError:
            if parsed is None or is_unset(str(written)):
                return None
            try:
                found = datetime.fromtimestamp(timegm(parsed), UTC)
            except (ValueError, OverflowError, OSError):
                return None
        return found if found > EARLIEST else None

    def _moment(self, written: Any) -> datetime:
        try:
            return moment(written, self.order)
        except UnknownZone as error:
            found = moment(written.replace(error.name, ""), self.order)
            self.unknown.add(error.name)
            return found

    def remark(self) -> str | None:
        """What a person should know of them."""
        if not self.unknown:
            return None
        names = ", ".join(sorted(self.unknown)[:5])
        return f"Dates in zones that are not known ({names}) are taken for UTC."


def _older(document: Any, url: str) -> str | None:
    links = dict.get(document.feed, "links") or ()
    found = next((link.get("href") for link in links if link.get("rel") in {"next", "prev-archive"}), None)
    return _absolute(found, url) if found else None
