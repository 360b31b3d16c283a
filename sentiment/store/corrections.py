"""What people said instead of a reading: recorded, laid over it at once, undone together or singly, learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, insert, select, update

from collector.store import Store
from collector.store.tables import CHUNK, mention
from collector.store.turn import take_turn
from sentiment.reading import Intent, Loyalty, Sentiment, Stage
from sentiment.store.readings import correction, correction_batch, label, label_aspect, relabel_counted
from sentiment.store.samples import sampled

ABOUT_US = "about_us"


class CannotCorrect(Exception):
    """There is nothing to correct: no such mention, or not read yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a person says: field, and after (None: not about the aspect that `aspect` names)."""

    field: str
    after: str | None
    aspect: str | None = None

    def __post_init__(self) -> None:
        _check(self.field, self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """What correcting many did: its number, mentions changed, those that said so already, and those not read yet."""

    batch: int
    changed: int
    same: int
    unread: int


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

    field is sentiment, satisfaction, stage, intent, loyalty, about_us ("yes", "no") or aspect (then `aspect` names it,
    and after=None removes it). Raises CannotCorrect, or ValueError for a value outside its closed set.
    """
    change = Change(field=field, after=after, aspect=aspect)
    take_turn(conn)
    held = _held(conn, [mention_id], change)
    if mention_id not in held:
        raise CannotCorrect(f"Mention {mention_id} does not exist or has not been read yet.")
    row = _row(mention_id, change, held[mention_id], who, now)
    made = conn.execute(insert(correction).values(row).returning(correction.c.id)).scalar_one()
    relabel_counted(conn, store, [mention_id])
    return int(made)


def correct_together(
    conn: Connection,
    store: Store,
    changes: Sequence[tuple[int, Change]],
    *,
    what: str,
    who: str,
    now: datetime,
) -> Corrected:
    """Record what a person says of many mentions (id, change), to be undone together; figures follow at once.

    what: the whole in words, for whoever may undo it. A change that says what is held anyway is left out, and so are
    mentions that were not read yet.
    """
    take_turn(conn)
    batch = int(
        conn.execute(
            insert(correction_batch).values(what=what[:300], who=who, at=now).returning(correction_batch.c.id)
        ).scalar_one()
    )
    rows: list[dict[str, Any]] = []
    read: set[int] = set()
    for change in dict.fromkeys(change for _, change in changes):
        held = _held(conn, [mention_id for mention_id, wanted in changes if wanted == change], change)
        read |= held.keys()
        rows += [
            _row(mention_id, change, before, who, now) | {"batch_id": batch}
            for mention_id, before in held.items()
            if before != change.after
        ]
    if rows:
        conn.execute(insert(correction), rows)
    changed = {row["mention_id"] for row in rows}
    _relabel(conn, store, changed)
    asked = {mention_id for mention_id, _ in changes}
    return Corrected(batch=batch, changed=len(changed), same=len(read - changed), unread=len(asked - read))


def undo_correction(conn: Connection, store: Store, correction_id: int, now: datetime) -> None:
    """Take a correction back; it stays in the record as undone."""
    take_turn(conn)
    mention_id = conn.scalar(
        update(correction)
        .where(correction.c.id == correction_id, correction.c.undone_at.is_(None))
        .values(undone_at=now)
        .returning(correction.c.mention_id)
    )
    if mention_id is None:
        raise CannotCorrect(f"Correction {correction_id} does not exist or is undone already.")
    # A text that was edited since waits to be read anew: there is no label to restore yet, and then none is changed.
    relabel_counted(conn, store, [mention_id])


def undo_batch(conn: Connection, store: Store, batch: int, now: datetime) -> int:
    """Take back all that is left of corrections made together; returns how many mentions that changed.

    Corrections that people made of the same mentions before or since stand.
    """
    take_turn(conn)
    open_one = update(correction_batch).where(correction_batch.c.id == batch, correction_batch.c.undone_at.is_(None))
    if not conn.execute(open_one.values(undone_at=now)).rowcount:
        raise CannotCorrect("These corrections do not exist or are undone already.")
    undone = update(correction).where(correction.c.batch_id == batch, correction.c.undone_at.is_(None))
    ids = set(conn.scalars(undone.values(undone_at=now).returning(correction.c.mention_id)))
    _relabel(conn, store, ids)
    return len(ids)


def _relabel(conn: Connection, store: Store, ids: set[int]) -> None:
    ordered = sorted(ids)
    for start in range(0, len(ordered), CHUNK):
        relabel_counted(conn, store, ordered[start : start + CHUNK])


def _check(field: str, after: str | None) -> None:
    if field == "satisfaction":
        if after is None or not 1 <= float(after) <= 5:
            raise ValueError(f"satisfaction goes from 1 to 5, not {after!r}")
        return
    if field == ABOUT_US:
        if after not in {"yes", "no"}:
            raise ValueError(f"a mention is about us or not: yes or no, not {after!r}")
        return
    sets = {"sentiment": Sentiment, "aspect": Sentiment, "stage": Stage, "intent": Intent, "loyalty": Loyalty}
    if field not in sets:
        raise ValueError(
            f"there is no field {field!r} to correct; there are {', '.join([*sets, ABOUT_US, 'satisfaction'])}"
        )
    if not (field == "aspect" and after is None):
        sets[field](str(after))


def _row(mention_id: int, change: Change, before: str | None, who: str, now: datetime) -> dict[str, Any]:
    said = {"field": change.field, "aspect": change.aspect, "before": before, "after": change.after}
    return {"mention_id": mention_id, "who": who, "at": now} | said


def _held(conn: Connection, ids: Sequence[int], change: Change) -> dict[int, str | None]:
    """What is held now of those of these mentions that were read, as a correction writes it."""
    found: dict[int, str | None] = {}
    for start in range(0, len(ids), CHUNK):
        part = list(ids[start : start + CHUNK])
        if change.field == "aspect":
            known = (label_aspect.c.mention_id == label.c.mention_id) & (label_aspect.c.aspect == change.aspect)
            query = select(label.c.mention_id, label_aspect.c.polarity).select_from(
                label.outerjoin(label_aspect, known)
            )
        else:
            query = select(label.c.mention_id, label.c[change.field])
        for mention_id, value in conn.execute(query.where(label.c.mention_id.in_(part))):
            found[mention_id] = _written(change.field, value)
    return found


def _written(field: str, value: Any) -> str | None:
    if value is None:
        return None
    if field in {"aspect", "sentiment"}:
        return Sentiment.of_sign(value).value
    if field == ABOUT_US:
        return "yes" if value else "no"
    return f"{value / 100:g}" if field == "satisfaction" else str(value)


Lesson = tuple[str, dict[str, Any]]
"""A text, and its labels in the form that training takes: sentiment or satisfaction, aspects with sign ("-", "0",
"+"), stage, intent, loyalty, language; one that is missing is unknown."""


def corrected_texts(conn: Connection) -> list[Lesson]:
    """What people teach: every mention that they corrected, and every one of a sample whose reading they found right.

    A corrected mention has its labels as they stand, sentiment in place of satisfaction as long as no person said how
    satisfied the writer is; what is not about us is left out.
    """
    return _as_corrected(conn) + _as_confirmed(conn)


def _as_corrected(conn: Connection) -> list[Lesson]:
    said = select(correction.c.mention_id).where(correction.c.undone_at.is_(None), correction.c.field != ABOUT_US)
    chosen = and_(label.c.about_us, label.c.mention_id.in_(said))
    rows = conn.execute(select(label, mention.c.text).join(mention, mention.c.id == label.c.mention_id).where(chosen))
    held: dict[int, Lesson] = {}
    for row in rows.mappings():
        labels = {name: row[name] for name in ("stage", "intent", "loyalty", "language")}
        labels |= {"sentiment": Sentiment.of_sign(row["sentiment"]).value, "aspects": {}}
        held[row["mention_id"]] = (row["text"], labels)
    ids = select(label.c.mention_id).where(chosen)
    for found in conn.execute(select(label_aspect).where(label_aspect.c.mention_id.in_(ids))):
        held[found.mention_id][1]["aspects"][found.aspect] = "-0+"[found.polarity + 1]
    stars = select(correction.c.mention_id, correction.c.after).where(
        correction.c.field == "satisfaction", correction.c.undone_at.is_(None)
    )
    for mention_id, after in conn.execute(stars.order_by(correction.c.id)):
        if mention_id in held:
            held[mention_id][1]["satisfaction"] = round(float(after))
    return list(held.values())


def _as_confirmed(conn: Connection) -> list[Lesson]:
    # Stage, intent and loyalty were not shown to whoever checked, so nothing is said of them.
    query = (
        select(sampled, mention.c.text)
        .join(mention, and_(mention.c.id == sampled.c.mention_id, mention.c.revision == sampled.c.revision))
        .join(label, label.c.mention_id == sampled.c.mention_id)
        .where(sampled.c.verdict.is_not(None), label.c.corrected.is_(False))
        .order_by(sampled.c.week, sampled.c.place)
    )
    found: dict[int, Lesson] = {}
    for row in conn.execute(query):
        said = Sentiment.of_sign(row.sentiment).value
        if row.verdict == said and not row.wrong:
            aspects = {name: "-0+"[sign + 1] for name, sign in row.aspects.items()}
            found[row.mention_id] = (row.text, {"sentiment": said, "aspects": aspects, "language": row.language})
    return list(found.values())
