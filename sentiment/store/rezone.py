"""Moving mentions to the calendar days of another zone, once the owner's has changed: some thousand a transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import sleep
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, delete, func, select, update

from collector.store import Store, day_of
from collector.store.runs import upsert
from collector.store.tables import CHUNK, mention
from collector.store.turn import take_turn
from sentiment.store.counts import bump, version
from sentiment.store.recount import GIVE_WAY

MOST = 5_000
"""Mentions looked at in one transaction: a second or less, where the days of half of them change."""
_DAYS_OF = "days of "
_SETTLED = -1


def place_zone(conn: Connection, zone: ZoneInfo) -> None:
    """Note whose calendar days mentions are counted in; where it was another zone's, `move_days` has to move them."""
    name = _DAYS_OF + zone.key
    kept = set(conn.scalars(select(version.c.name).where(version.c.name.startswith(_DAYS_OF))))
    if name in kept:
        return
    conn.execute(delete(version).where(version.c.name.in_(kept)))
    conn.execute(upsert(conn, version).values(name=name, number=0 if kept else _SETTLED))
    bump(conn, "counts")


def moving_days(conn: Connection) -> float | None:
    """Which part of the mentions was looked at for another day, 0 to 1; None where none are to be moved."""
    reached = conn.scalar(select(version.c.number).where(version.c.name.startswith(_DAYS_OF)))
    if reached is None or reached == _SETTLED:
        return None
    last = conn.scalar(select(func.max(mention.c.id))) or 0
    return min(1.0, reached / last) if last else 0.0


def move_days(store: Store, stop: Callable[[], bool] = lambda: False, *, most: int = MOST) -> Iterator[float]:
    """Move what is still on days of a former zone to those of the store's; tell after each transaction how far it is.

    Counts move in the same transactions. It may be stopped or killed at any point and goes on from there.
    """
    while not stop():
        with store.write() as conn:
            left = move_some_days(conn, store, most)
            part = moving_days(conn)
        if not left or part is None:
            return
        yield part
        sleep(GIVE_WAY.total_seconds())


def move_some_days(conn: Connection, store: Store, most: int = MOST) -> bool:
    """Look at the next `most` mentions, and move those whose day is another now; whether any are left to look at."""
    take_turn(conn)
    here = version.c.name == _DAYS_OF + store.zone.key
    reached = conn.scalar(select(version.c.number).where(here))
    # Whoever was opened with another zone than the last one leaves the days alone.
    if reached is None or reached == _SETTLED:
        return False
    query = select(mention.c.id, mention.c.created_at, mention.c.day).where(mention.c.id > reached)
    rows = conn.execute(query.order_by(mention.c.id).limit(most)).all()
    days = {row.id: day_of(row.created_at, store.zone) for row in rows}
    wrong = [row.id for row in rows if row.day != days[row.id]]
    for start in range(0, len(wrong), CHUNK):
        part = wrong[start : start + CHUNK]
        store.observer.leaving(conn, part)
        moved = update(mention).where(mention.c.id == bindparam("row_id")).values(day=bindparam("day_"))
        conn.execute(moved, [{"row_id": number, "day_": days[number]} for number in part])
        store.observer.arriving(conn, part, unread=False)
    left = len(rows) == most
    conn.execute(update(version).where(here).values(number=rows[-1].id if left else _SETTLED))
    return left
