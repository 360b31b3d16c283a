"""What people found in the weekly sample: recorded, turned into corrections where it differs, and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType

from sqlalchemy import Connection, and_, select, update

from collector.store import Store
from collector.store.turn import take_turn
from sentiment.reading import Sentiment
from sentiment.store.corrections import CannotCorrect, Change, correct_together, undo_batch
from sentiment.store.readings import label
from sentiment.store.samples import number_of, sampled

SKIP = "skip"
RIGHT: Mapping[str, str | None] = MappingProxyType({})
"""Every aspect was read rightly."""


def check(
    conn: Connection,
    store: Store,
    monday: date,
    mention_id: int,
    *,
    verdict: str,
    wrong: Mapping[str, str | None] = RIGHT,
    who: str,
    now: datetime,
) -> None:
    """Record what a person found: the sentiment that is true (or "skip"), and what is true of the aspects read
    wrongly: their polarity, or None where it is not about them at all.

    What differs from what is held of the mention becomes a correction of it in the same transaction. Raises
    CannotCorrect if the mention is not in the sample or was checked already.
    """
    if verdict != SKIP:
        Sentiment(verdict)
    here = and_(sampled.c.week == number_of(monday), sampled.c.mention_id == mention_id)
    kept = sorted(wrong) if verdict != SKIP else []
    take_turn(conn)
    found = update(sampled).where(here, sampled.c.verdict.is_(None))
    if not conn.execute(found.values(verdict=verdict, wrong=kept, who=who, at=now)).rowcount:
        raise CannotCorrect("Somebody has checked this mention just now.")
    if verdict == SKIP:
        return
    changes = [(mention_id, Change(field="aspect", aspect=name, after=wrong[name])) for name in kept]
    if conn.scalar(select(label.c.sentiment).where(label.c.mention_id == mention_id)) != Sentiment(verdict).sign:
        changes.insert(0, (mention_id, Change(field="sentiment", after=verdict)))
    if changes:
        made = correct_together(conn, store, changes, what="found in the weekly sample", who=who, now=now)
        conn.execute(update(sampled).where(here).values(batch_id=made.batch))


def take_back(conn: Connection, store: Store, monday: date, who: str, now: datetime) -> int | None:
    """Undo the last check that a person made in a week's sample, with its corrections; returns the mention."""
    take_turn(conn)
    week = number_of(monday)
    last = conn.execute(
        select(sampled.c.mention_id, sampled.c.batch_id)
        .where(sampled.c.week == week, sampled.c.who == who)
        .order_by(sampled.c.at.desc(), sampled.c.place.desc())
        .limit(1)
    ).one_or_none()
    if last is None:
        return None
    nothing: dict[str, object] = {"verdict": None, "wrong": [], "who": None, "at": None, "batch_id": None}
    conn.execute(update(sampled).where(sampled.c.week == week, sampled.c.mention_id == last.mention_id).values(nothing))
    if last.batch_id is not None:
        try:
            undo_batch(conn, store, last.batch_id, now)
        except CannotCorrect:
            # Somebody undid the corrections on the page of mentions already; the check itself is what is taken back.
            return int(last.mention_id)
    return int(last.mention_id)
