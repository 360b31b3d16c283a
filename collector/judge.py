"""Judging the items of a page: by the brands that they name, and by those that hold them already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from collector.claim import Listener, Verdict, short_id
from collector.mention import Item
from collector.store import Store
from collector.store.mentions import holders_of


def judged(store: Store, listener: Listener, items: Sequence[Item], now: datetime) -> list[Verdict]:
    """What becomes of each item; an edit that no longer names a brand still reaches the brands that hold it."""
    # An id that came with its brand is unique within that brand only.
    ids = [short_id(item.external_id) for item in items if item.brand is None]
    with store.read() as conn:
        held = holders_of(conn, listener.config.name, listener.names, ids)
    return [
        listener.judge(
            item,
            now,
            salt=store.salt,
            keep_authors=store.keep_authors,
            held={} if item.brand is not None else held.get(short_id(item.external_id), {}),
        )
        for item in items
    ]
