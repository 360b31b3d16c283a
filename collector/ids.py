"""What names an entry of a document (a feed, a page) that numbers its entries for itself, or not at all."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from collector.mention import Item
from collector.sources import Cursor, Page

MOST_SHARED = 500
"""Ids of a document that are remembered as shared."""
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:|.*://", re.IGNORECASE)


def qualified(name: str, address: str) -> str:
    """A name as it is where it is an address by itself (https:, urn:, "7 at https://…"), else under `address`."""
    return name if _ADDRESS.match(name) or not address else f"{address}#{name.removeprefix('#')}"


def shared_before(cursor: Cursor | None) -> set[str]:
    """The ids that were shared in what was read before: a bearer that is left alone must keep its name."""
    return set((cursor or {}).get("shared", ()))


def remembering(page: Page, among: set[str]) -> Page:
    """The page with the ids that are shared in its cursor."""
    return replace(page, cursor={**page.cursor, "shared": sorted(among)[:MOST_SHARED]}) if among else page


def told_apart(items: Sequence[Item], among: set[str], *, seen_at: datetime | None = None) -> list[Item]:
    """The items of one document, with a digest added to each whose id is among those that are shared.

    Ids that several different ones of these items bear join `among`; an entry that is listed twice over stays one.
    """
    bearers: dict[str, set[str]] = defaultdict(set)
    for item in items:
        bearers[item.external_id].add(_digest(item, seen_at))
    among |= {external_id for external_id, digests in bearers.items() if len(digests) > 1}
    return [marked(item, seen_at=seen_at) if item.external_id in among else item for item in items]


def marked(item: Item, *, seen_at: datetime | None = None) -> Item:
    """The item with a digest of its title (without one: its first line), date and author added to its id.

    seen_at   the date of items that have none of their own, and which says nothing of them
    """
    return replace(item, external_id=f"{item.external_id}#sha256:{_digest(item, seen_at)}")


def _digest(item: Item, seen_at: datetime | None) -> str:
    date = "" if item.created_at == seen_at else item.created_at.isoformat()
    words = "\0".join([item.text.partition("\n")[0], date, item.author or ""])
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:32]
