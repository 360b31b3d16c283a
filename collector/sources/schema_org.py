"""Reviews that public web pages publish as schema.org JSON-LD, on pages that the owner lists.

Wire facts: <script type="application/ld+json"> holds an object, a list or {"@graph": […]}; a Review stands alone or
under `review` of a Product, Hotel, LocalBusiness …; author is a string, an object or a list; ratingValue may be "4,5"
and bestRating 10; datePublished may be a bare date; texts hold entities. Only the listed addresses are fetched, as
robots.txt allows (RFC 9309) and no faster than its Crawl-delay; a page with <meta name="robots" content="noindex"> is
left alone. A page shows its latest reviews only. A key is the review's @id, under the page's address where it is none
itself ("#review-1"), with a digest of title, date and author added where different reviews of a page bear it; without
an @id, a digest of what it says. (Reviews read under such a bare @id by an earlier version are kept once more, under
the new key.) Vocabulary: https://schema.org/Review
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from protego import Protego
from selectolax.lexbor import LexborHTMLParser

from collector.answer import decode
from collector.errors import PayloadChanged, SourceRefused
from collector.html import plain, titled
from collector.ids import qualified, remembering, shared_before, told_apart
from collector.mention import Item, Kind
from collector.options import need, need_address
from collector.payload import Parsed, moment, read_each
from collector.sources import Cursor, Page, Reject, Walk
from collector.walk import Leaf, each, newest_first, reach

if TYPE_CHECKING:
    from collector.http import Client

KIND = "schema_org"
LONGEST_DELAY = timedelta(seconds=60)
REVIEWS = {"Review", "UserReview", "EmployerReview", "Recommendation"}
"""What customers write; the other kinds of Review are of critics and fact checkers."""
DEEPEST = 12
"""Levels of nesting that are searched for reviews."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of a source that reads reviews off web pages.

    pages  addresses of pages that you may read; nothing else is fetched but their robots.txt
    """

    pages: tuple[str, ...] = ()
    allow_private: bool = False

    def __post_init__(self) -> None:
        need(KIND, "pages", self.pages, '["https://shop.example/product/1"]')
        for page in self.pages:
            need_address(KIND, "pages", page)


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Read every page, as its site's robots.txt allows."""
    rules = partial(_rules, client, {})
    queries = {page: partial(_pages, partial(_read, settings, client, rules, page), walk) for page in settings.pages}
    yield from each(cursor, queries, one_host=False)


def _pages(read: Callable[[set[str]], Leaf], walk: Walk, cursor: Cursor | None) -> Iterator[Page]:
    among = shared_before(cursor)
    for page in newest_first(cursor, walk, lambda _token, _floor: read(among)):
        yield remembering(page, among)


def _read(settings: Settings, client: Client, rules: Callable[[str], Protego], page: str, among: set[str]) -> Leaf:
    site = rules(page)
    if not site.can_fetch(page, client.user_agent):
        raise SourceRefused(f"The robots.txt of {urlsplit(page).hostname} does not allow {page} to be read.")
    delay = timedelta(seconds=float(site.crawl_delay(client.user_agent) or 0))
    answer = client.get(page, conditional=True, gap=max(timedelta(seconds=1), min(delay, LONGEST_DELAY)))
    if answer.unchanged:
        return Leaf(unchanged=True, forgets=True)
    typed = answer.headers.get("content-type", "")
    parsed = parse(answer.body, settings, url=page, content_type=typed, among=among)
    oldest = reach([item.created_at for item in parsed.items])
    return Leaf(items=parsed.items, rejects=parsed.rejects, oldest=oldest, forgets=True, whole=True)


def _rules(client: Client, known: dict[str, Protego], page: str) -> Protego:
    """The robots.txt of a page's site: one that is not there (4xx) allows everything."""
    address = urljoin(page, "/robots.txt")
    if address not in known:
        answer = client.get(address, accept=frozenset(range(400, 429)))
        known[address] = Protego.parse(answer.text()[:500_000] if answer.status == 200 else "")
    return known[address]


def parse(
    payload: bytes, settings: Settings, *, url: str = "", content_type: str = "", among: set[str] | None = None
) -> Parsed:
    """The reviews of one page; the ids that several of them bear join `among`, those known to be shared.

    Raises PayloadChanged for a page that holds no JSON-LD at all.
    """
    tree = LexborHTMLParser(decode(payload, content_type))
    robots = tree.css_first("meta[name=robots]")
    if robots is not None and "noindex" in (robots.attributes.get("content") or "").lower():
        return Parsed()
    blocks = tree.css("script[type^='application/ld+json']")
    if not blocks:
        raise PayloadChanged(f"{url or 'The page'} holds no JSON-LD (schema.org) data.")
    reviews: list[Any] = []
    rejects: list[Reject] = []
    for number, block in enumerate(blocks, start=1):
        text = block.text().strip().removeprefix("<!--").removesuffix("-->").strip(" \n;")
        try:
            reviews += _reviews(json.loads(text, strict=False), None)
        except (ValueError, RecursionError) as error:
            rejects.append(
                Reject(place=f"JSON-LD block {number}", reason=f"it is no JSON ({error})"[:300], raw=text[:2000])
            )
    parsed = read_each(reviews, partial(_item, url=url), name="@id", what="the page's reviews")
    return Parsed(
        items=told_apart(parsed.items, set() if among is None else among), rejects=[*rejects, *parsed.rejects]
    )


def _reviews(node: Any, about: str | None, depth: int = 0) -> list[Any]:
    """Every Review in a tree of nodes, each with the name of what it is about."""
    if depth > DEEPEST:
        return []
    if isinstance(node, list):
        return [found for one in node for found in _reviews(one, about, depth + 1)]
    if not isinstance(node, dict):
        return []
    types = node.get("@type")
    if REVIEWS & {_term(one) for one in (types if isinstance(types, list) else [types])}:
        return [{"about": about} | node]
    name = _name(node) or about
    return [found for value in node.values() for found in _reviews(value, name, depth + 1)]


def _term(name: Any) -> str:
    """A type without its vocabulary: "Review" of "https://schema.org/Review" and of "schema:Review"."""
    return re.split(r"[/:#]", name)[-1] if isinstance(name, str) else ""


def _item(review: Any, *, url: str) -> Item:
    said = plain(review.get("reviewBody") or review.get("description"))
    title, author = plain(review.get("name") or review.get("headline")), _name(review.get("author"))
    key = "\0".join([urlsplit(url).hostname or "", author or "", str(review.get("datePublished")), said])
    edited = review.get("dateModified")
    name = review.get("@id") or f"sha256:{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()}"
    return Item(
        external_id=qualified(name, url),
        kind=Kind.REVIEW,
        text=titled(title, said),
        created_at=moment(review.get("datePublished") or review.get("dateCreated")),
        edited_at=_edited(edited),
        rating=_rating(review.get("reviewRating")),
        author=author,
        author_name=author,
        language=review.get("inLanguage") if isinstance(review.get("inLanguage"), str) else None,
        url=review.get("url") if isinstance(review.get("url"), str) else url,
        place=_name(review.get("itemReviewed")) or review["about"],
    )


def _name(thing: Any) -> str | None:
    if isinstance(thing, list):
        thing = thing[0] if thing else None
    name = thing.get("name") if isinstance(thing, dict) else thing
    return plain(name) or None if isinstance(name, str) else None


def _edited(written: Any) -> datetime | None:
    """When a review was changed; what cannot be read as a date says nothing."""
    try:
        return moment(written)
    except ValueError:
        return None


def _rating(rating: Any) -> float | None:
    """A rating on its own scale (1 to 5 unless it says otherwise), brought to 1 to 5."""
    if isinstance(rating, list):
        rating = rating[0] if rating else None
    if not isinstance(rating, dict) or rating.get("ratingValue") is None:
        return None
    try:
        value, worst, best = (
            float(str(rating.get(name, default)).replace(",", ".").split("/")[0].strip())
            for name, default in (("ratingValue", 0), ("worstRating", 1), ("bestRating", 5))
        )
    except ValueError:
        return None
    return round(1 + 4 * (value - worst) / (best - worst), 2) if best > worst else None
