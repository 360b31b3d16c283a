"""Whose turn it is to move mentions between counts: on PostgreSQL one transaction at a time, to its end."""

from __future__ import annotations

from sqlalchemy import Connection, text

_TURN = text("SELECT pg_advisory_xact_lock(20240229)")
"""One number for everything that writes mentions, labels or their counts: under two, a writer of rows and a reader of
the same mentions could each wait for the other."""


def take_turn(conn: Connection) -> None:
    """Wait until no other transaction moves mentions, and keep others waiting until this one ends.

    It comes before anything is read that decides what moves. What a mention contributes is read, then the row of the
    count is waited for: of two that both relabel a mention, the later would take off once more what the earlier has
    taken off by then. Nothing to do on SQLite, where a transaction that writes is alone from its beginning. Locks on
    the mentions alone would not do: a page with new and with edited mentions moves counts before it comes to the
    latter, and would wait for a reader that waits for those counts.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(_TURN)
