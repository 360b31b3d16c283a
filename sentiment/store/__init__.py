"""The tables of readings, effective labels, corrections and counts, and how a store that keeps them is opened."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from collector.store import Store, migrate, open_engine
from sentiment.store.counts import add_to_counts, place_facets
from sentiment.store.readings import drop_labels, queue


class Counting:
    """The observer that keeps counts and the reading queue in step with the mentions, in the same transaction."""

    def leaving(self, conn: Connection, ids: Sequence[int]) -> None:
        """Take what these mentions contribute out of the counts."""
        add_to_counts(conn, ids, sign=-1)

    def arriving(self, conn: Connection, ids: Sequence[int], *, unread: bool) -> None:
        """Add what they contribute now; texts that are new lose their old label and wait to be read."""
        if unread:
            drop_labels(conn, ids)
            queue(conn, ids)
        add_to_counts(conn, ids, sign=1)


def open_store(url: str, *, zone: ZoneInfo, salt: bytes, keep_authors: bool = False) -> Store:
    """Open (and bring up to date) the store at an SQLAlchemy URL or a path, with counts kept.

    Raises collector.store.StoreError where it cannot be opened.
    """
    engine = open_engine(url)
    migrate(engine)
    store = Store(engine=engine, zone=zone, salt=salt, keep_authors=keep_authors, observer=Counting())
    with store.write() as conn:
        place_facets(conn)
    return store
