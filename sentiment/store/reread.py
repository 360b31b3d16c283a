"""Putting what another model read, or could not, back into the queue: some thousand a transaction, newest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import sleep

from sqlalchemy import Connection, delete, func, select

from collector.store import Store
from collector.store.runs import upsert
from collector.store.tables import CHUNK
from collector.store.turn import take_turn
from sentiment.store.readings import label, queue, unread, unreadable
from sentiment.store.recount import GIVE_WAY

MOST = 20_000
"""Mentions queued in one transaction: some tenths of a second."""


def queue_other_models(
    store: Store, model: str, stop: Callable[[], bool] = lambda: False, *, most: int = MOST
) -> Iterator[int]:
    """Queue every mention that `model` has neither read nor set aside though another has; tell how many, a batch each.

    It may be stopped or killed at any point: what is queued stays, what was read meanwhile is left alone, and the next
    call passes over both. Reading may begin with the first batch.
    """
    with store.read() as conn:
        others = [name for name in _models(conn) if name != model]
    for other in others:
        before: int | None = None
        while not stop():
            with store.write() as conn:
                take_turn(conn)
                before, queued = _queue_some(conn, other, model, before, most)
            if before is None:
                break
            yield queued
            sleep(GIVE_WAY.total_seconds())
    while not stop():
        with store.write() as conn:
            take_turn(conn)
            query = select(unreadable.c.mention_id).where(unreadable.c.model != model).limit(CHUNK)
            ids = conn.scalars(query).all()
            queue(conn, ids)
        if not ids:
            return
        yield len(ids)


def _models(conn: Connection) -> list[str]:
    """The models that labels go by, each found behind the last in the index: there may be millions of labels."""
    found: list[str] = []
    least = select(func.min(label.c.model))
    name = conn.scalar(least)
    while name is not None:
        found.append(name)
        name = conn.scalar(least.where(label.c.model > name))
    return found


def _queue_some(conn: Connection, other: str, model: str, before: int | None, most: int) -> tuple[int | None, int]:
    """Queue up to `most` mentions below an id that `other` read; returns the least of them (None: none), and how many.

    Those that wait already keep their claims, and those that `model` set aside stay there.
    """
    number = label.c.mention_id
    chosen = select(number).where(label.c.model == other)
    if before is not None:
        chosen = chosen.where(number < before)
    some = chosen.order_by(number.desc()).limit(most).subquery()
    least: int | None = conn.scalar(select(func.min(some.c.mention_id)))
    if least is None:
        return None, 0
    aside = select(unreadable.c.mention_id)
    these = chosen.where(number >= least).where(number.not_in(aside.where(unreadable.c.model == model)))
    statement = upsert(conn, unread).from_select(["mention_id"], these).on_conflict_do_nothing()
    queued = conn.execute(statement, execution_options={"preserve_rowcount": True}).rowcount
    conn.execute(delete(unreadable).where(unreadable.c.mention_id.in_(these)))
    return least, queued
