"""The tables of readings, effective labels, corrections and counts, and how a store that keeps them is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from collector.store import Store, migrate, open_engine
from collector.store.suspects import settle
from collector.store.turn import take_turn
from sentiment.store.counts import add_to_counts, suspects_left_out
from sentiment.store.readings import drop_labels, queue
from sentiment.store.recount import place_facets
from sentiment.store.rezone import move_some_days, place_zone


class Counting:
    """The observer that keeps counts and the reading queue in step with the mentions, in the same transaction."""

    def leaving(self, conn: Connection, ids: Sequence[int]) -> None:
        """Take what these mentions contribute out of the counts."""
        take_turn(conn)
        add_to_counts(conn, ids, sign=-1)

    def arriving(self, conn: Connection, ids: Sequence[int], *, unread: bool) -> None:
        """Add what they contribute now; texts that are new lose their old label and wait to be read."""
        take_turn(conn)
        if unread:
            drop_labels(conn, ids)
            queue(conn, ids)
        add_to_counts(conn, ids, sign=1)


def open_store(
    url: str, *, zone: ZoneInfo, salt: bytes, keep_authors: bool = False, leave_out_suspects: bool | None = None
) -> Store:
    """Open (and bring up to date) the store at an SQLAlchemy URL or a path, with counts kept.

    leave_out_suspects  whether suspect mentions count as voices from now on; None: as was said last
    Raises collector.store.StoreError where it cannot be opened.
    """
    engine = open_engine(url)
    migrate(engine)
    store = Store(engine=engine, zone=zone, salt=salt, keep_authors=keep_authors, observer=Counting())
    with store.write() as conn:
        take_turn(conn)
        place_facets(conn)
        place_zone(conn, zone)
        move_some_days(conn, store)
        left_out = suspects_left_out(conn, leave_out_suspects)
    store = replace(store, leave_out_suspects=left_out)
    if leave_out_suspects is not None:
        settle(store)
    return store
