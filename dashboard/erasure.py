"""Erasing, on demand and by age: which mentions are meant, and their removal with everything that hangs on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from collector.identity import author_key
from collector.store import Store
from collector.store.mentions import delete_mentions, ids_named, ids_of_author, ids_said_before, keep_buried
from dashboard.alerts.outbox import forget_voices
from sentiment.spikes.store.incidents import strip_quotes

OLD_AT_A_TIME = 500
"""Mentions a transaction, so that screens and collectors wait for a fraction of a second at most."""


def find(store: Store, *, mentions: Sequence[str], author: str | None, source: str | None) -> list[int]:
    """Store ids of the mentions named (number, "source/external id" or link), or of all that an author said.

    author: the id or name by which the source knows them; without a source, the salted key from an export.
    """
    with store.read() as conn:
        if author is not None:
            key = author_key(author, source, store.salt) if source else author
            return ids_of_author(conn, key or "")
        return sorted({found for name in mentions for found in ids_named(conn, name)})


def remove(store: Store, ids: Sequence[int], now: datetime, reason: str = "erased") -> int:
    """Delete text, author, revisions, readings and corrections; counts move; never collected again.

    The words also leave what is kept of incidents and of messages that quoted them.
    """
    with store.write() as conn:
        strip_quotes(conn, ids)
        forget_voices(conn, ids)
        return delete_mentions(conn, store, ids, reason=reason, now=now)


def keep_out(store: Store, mentions: Sequence[str]) -> int:
    """Of mentions named "source/external id", keep out for good those that their source deleted before; how many."""
    with store.write() as conn:
        return sum(keep_buried(conn, name, "erased") for name in mentions)


def remove_older(store: Store, moment: datetime, now: datetime, stop: Callable[[], bool] = lambda: False) -> int:
    """Remove what was said before `moment`, a short transaction at a time, until nothing is left or `stop` says so."""
    gone = 0
    while not stop():
        with store.read() as conn:
            ids = ids_said_before(conn, moment, OLD_AT_A_TIME)
        if not ids:
            break
        gone += remove(store, ids, now, reason="past keep_for")
    return gone
