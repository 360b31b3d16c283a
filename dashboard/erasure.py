"""Erasing on demand: which mentions a person means, and their removal with everything that hangs on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from collector.identity import author_key
from collector.store import Store
from collector.store.mentions import delete_mentions, ids_named, ids_of_author
from dashboard.alerts.outbox import forget_voices
from sentiment.spikes.store.incidents import strip_quotes


def find(store: Store, *, mentions: Sequence[str], author: str | None, source: str | None) -> list[int]:
    """Store ids of the mentions named (number, "source/external id" or link), or of all that an author said.

    author: the id or name by which the source knows them; without a source, the salted key from an export.
    """
    with store.read() as conn:
        if author is not None:
            key = author_key(author, source, store.salt) if source else author
            return ids_of_author(conn, key or "")
        return sorted({found for name in mentions for found in ids_named(conn, name)})


def remove(store: Store, ids: Sequence[int], now: datetime) -> int:
    """Delete text, author, revisions, readings and corrections; counts move; never collected again.

    The words also leave what is kept of incidents and of messages that quoted them.
    """
    with store.write() as conn:
        strip_quotes(conn, ids)
        forget_voices(conn, ids)
        return delete_mentions(conn, store, ids, reason="erased", now=now)
