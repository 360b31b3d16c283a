"""What people said instead of a reading: recorded, laid over it at once, undone, and learned from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from collector.store import Store
from collector.store.tables import mention
from sentiment.reading import Intent, Loyalty, Reading, Sentiment, Stage
from sentiment.store.readings import correction, label, label_aspect, reading, reading_of, relabel


class CannotCorrect(Exception):
    """There is nothing to correct: no such mention, or not read yet."""


def correct(
    conn: Connection,
    store: Store,
    mention_id: int,
    *,
    field: str,
    after: str | None,
    who: str,
    now: datetime,
    aspect: str | None = None,
) -> int:
    """Record what a person says instead of a reading; labels and counts follow at once. Returns the correction's id.

    field is sentiment, satisfaction, stage, intent, loyalty or aspect (then `aspect` names it, and after=None
    removes it). Raises CannotCorrect, or ValueError for a value outside its closed set.
    """
    _check(field, after)
    r, before = _present(conn, mention_id, field, aspect)
    row = {"mention_id": mention_id, "field": field, "aspect": aspect, "before": before, "after": after}
    made = conn.execute(insert(correction).values(**row, who=who, at=now).returning(correction.c.id)).scalar_one()
    _move_label(conn, store, mention_id, r)
    return int(made)


def undo_correction(conn: Connection, store: Store, correction_id: int, now: datetime) -> None:
    """Take a correction back; it stays in the record as undone."""
    mention_id = conn.scalar(
        update(correction)
        .where(correction.c.id == correction_id, correction.c.undone_at.is_(None))
        .values(undone_at=now)
        .returning(correction.c.mention_id)
    )
    if mention_id is None:
        raise CannotCorrect(f"Correction {correction_id} does not exist or is undone already.")
    r, _ = _present(conn, mention_id, "sentiment", None)
    _move_label(conn, store, mention_id, r)


def _check(field: str, after: str | None) -> None:
    if field == "satisfaction":
        if after is None or not 1 <= float(after) <= 5:
            raise ValueError(f"satisfaction goes from 1 to 5, not {after!r}")
        return
    sets = {"sentiment": Sentiment, "aspect": Sentiment, "stage": Stage, "intent": Intent, "loyalty": Loyalty}
    if field not in sets:
        raise ValueError(f"there is no field {field!r} to correct; there are {', '.join([*sets, 'satisfaction'])}")
    if not (field == "aspect" and after is None):
        sets[field](str(after))


def _present(conn: Connection, mention_id: int, field: str, aspect: str | None) -> tuple[Reading, str | None]:
    row = (
        conn.execute(
            select(reading, label.c[field if field != "aspect" else "sentiment"].label("held"))
            .join(label, (label.c.mention_id == reading.c.mention_id) & (label.c.model == reading.c.model))
            .where(reading.c.mention_id == mention_id)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise CannotCorrect(f"Mention {mention_id} does not exist or has not been read yet.")
    held: Any = row["held"]
    if field == "aspect":
        held = conn.scalar(
            select(label_aspect.c.polarity).where(
                label_aspect.c.mention_id == mention_id, label_aspect.c.aspect == aspect
            )
        )
    if field in {"aspect", "sentiment"}:
        return reading_of(row), None if held is None else Sentiment.of_sign(held).value
    return reading_of(row), f"{held / 100:g}" if field == "satisfaction" else str(held)


def _move_label(conn: Connection, store: Store, mention_id: int, r: Reading) -> None:
    store.observer.leaving(conn, [mention_id])
    relabel(conn, {mention_id: r})
    store.observer.arriving(conn, [mention_id], unread=False)


def corrected_texts(conn: Connection) -> list[tuple[str, dict[str, Any]]]:
    """Every mention that people corrected: its text and its labels as they stand, in the form that training takes.

    Labels are sentiment or satisfaction (as far as a person touched it, else the reading's), aspects with sign
    ("-", "0", "+"), stage, intent, loyalty and language.
    """
    rows = conn.execute(
        select(label, mention.c.text).join(mention, mention.c.id == label.c.mention_id).where(label.c.corrected)
    )
    held: dict[int, tuple[str, dict[str, Any]]] = {}
    for row in rows.mappings():
        labels = {name: row[name] for name in ("stage", "intent", "loyalty", "language")}
        labels |= {"sentiment": Sentiment.of_sign(row["sentiment"]).value, "aspects": {}}
        held[row["mention_id"]] = (row["text"], labels)
    ids = select(label.c.mention_id).where(label.c.corrected)
    for found in conn.execute(select(label_aspect).where(label_aspect.c.mention_id.in_(ids))):
        held[found.mention_id][1]["aspects"][found.aspect] = "-0+"[found.polarity + 1]
    stars = select(correction.c.mention_id, correction.c.after).where(
        correction.c.field == "satisfaction", correction.c.undone_at.is_(None)
    )
    for mention_id, after in conn.execute(stars.order_by(correction.c.id)):
        if mention_id in held:
            held[mention_id][1]["satisfaction"] = round(float(after))
    return list(held.values())
