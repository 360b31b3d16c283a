"""Readings by model, the effective label of each mention (correction over reading), and the queue of the unread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    true,
    update,
)

from collector.store import Store, Utc, metadata
from collector.store.runs import upsert
from collector.store.tables import CHUNK, mention
from collector.store.turn import take_turn
from sentiment.reading import AspectReading, Intent, Loyalty, Reading, Sentiment, Stage
from sentiment.store.layers import effective
from sentiment.store.term_rules import rules_on
from sentiment.terms import TermRule, applying

_ID = BigInteger().with_variant(Integer, "sqlite")

unread = Table(
    "unread",
    metadata,
    Column("mention_id", _ID, ForeignKey("mention.id", ondelete="CASCADE"), primary_key=True),
    Column("claimed_until", Utc),
    Column("holder", String(100)),
)
"""Mentions that wait to be read; a claim that runs out returns to the queue."""

reading = Table(
    "reading",
    metadata,
    Column("mention_id", _ID, ForeignKey("mention.id", ondelete="CASCADE"), primary_key=True),
    Column("model", String(100), primary_key=True),
    Column("revision", Integer, nullable=False, comment="of the mention, when it was read"),
    Column("sentiment", SmallInteger, nullable=False, comment="-1, 0, 1"),
    Column("negative", Integer, nullable=False, comment="probability, ten-thousandths"),
    Column("neutral", Integer, nullable=False),
    Column("positive", Integer, nullable=False),
    Column("satisfaction", Integer, nullable=False, comment="1 to 5, in hundredths"),
    Column("stage", String(20), nullable=False),
    Column("intent", String(20), nullable=False),
    Column("loyalty", String(20), nullable=False),
    Column("language", String(20)),
    Column("validated", Boolean, nullable=False),
    Column("abstained", Boolean, nullable=False),
    Column("aspects", JSON, nullable=False),
    Column("read_at", Utc, nullable=False),
    Index("ix_reading_read_at", "read_at", "model", "mention_id"),
)
"""What each model said; one row a mention and model."""

unreadable = Table(
    "unreadable",
    metadata,
    Column("mention_id", _ID, ForeignKey("mention.id", ondelete="CASCADE"), primary_key=True),
    Column("model", String(100), nullable=False),
    Column("error", Text, nullable=False),
    Column("at", Utc, nullable=False),
)
"""Texts that broke the reading, set aside with the reason so that the batch goes on."""

label = Table(
    "label",
    metadata,
    Column("mention_id", _ID, ForeignKey("mention.id", ondelete="CASCADE"), primary_key=True),
    Column("model", String(100), nullable=False),
    Column("sentiment", SmallInteger, nullable=False),
    Column("satisfaction", Integer, nullable=False, comment="1 to 5, in hundredths"),
    Column("stage", String(20), nullable=False),
    Column("intent", String(20), nullable=False),
    Column("loyalty", String(20), nullable=False),
    Column("language", String(20)),
    Column("validated", Boolean, nullable=False),
    Column("abstained", Boolean, nullable=False),
    Column("corrected", Boolean, nullable=False),
    Column("about_us", Boolean, nullable=False, server_default=true(), comment="false: a person said it is not"),
    Column("rule_id", _ID, comment="the term rule that said something else than the reading"),
    Index("ix_label_model", "model"),
    Index(
        "ix_label_rule",
        "rule_id",
        sqlite_where=text("rule_id IS NOT NULL"),
        postgresql_where=text("rule_id IS NOT NULL"),
    ),
)
"""What is held true of a mention: the latest reading, term rules laid over it, then people's corrections."""
Index("ix_label_satisfaction", label.c.satisfaction, label.c.mention_id.desc())

label_aspect = Table(
    "label_aspect",
    metadata,
    Column("mention_id", _ID, ForeignKey("mention.id", ondelete="CASCADE"), primary_key=True),
    Column("aspect", String(40), primary_key=True),
    Column("polarity", SmallInteger, nullable=False),
    Column("confidence", Integer, nullable=False, comment="thousandths; 1000 where a person said so"),
    Column("start", Integer, nullable=False, comment="evidence span, characters of the mention's text"),
    Column("end", Integer, nullable=False),
    Index("ix_label_aspect_aspect", "aspect", "polarity", "mention_id"),
)
"""The aspects that are held true of a mention."""

correction_batch = Table(
    "correction_batch",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("what", String(300), nullable=False, comment="what was said, in words"),
    Column("who", String(200), nullable=False),
    Column("at", Utc, nullable=False),
    Column("undone_at", Utc),
)
"""Corrections that were made together and are undone together."""

correction = Table(
    "correction",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("mention_id", _ID, ForeignKey("mention.id", ondelete="CASCADE"), nullable=False),
    Column(
        "field",
        String(20),
        nullable=False,
        comment="sentiment, satisfaction, stage, intent, loyalty or aspect",
    ),
    Column("aspect", String(40)),
    Column("before", String(20), comment="what stood there; NULL: the aspect was not there"),
    Column("after", String(20), comment="what a person said; NULL: the aspect is not there"),
    Column("who", String(200), nullable=False),
    Column("at", Utc, nullable=False),
    Column("undone_at", Utc),
    Column("batch_id", _ID, comment="made together with others"),
    Index("ix_correction_mention", "mention_id"),
    Index("ix_correction_batch", "batch_id"),
)
"""What people said instead; never overwrites a reading. Field about_us: whether the mention is about the brand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A mention claimed for reading. language: as its source declared it."""

    mention_id: int
    revision: int
    text: str
    language: str | None


# ------------------------------------------------------------------ the queue


def queue(conn: Connection, ids: Sequence[int]) -> None:
    """Put mentions (back) into the queue, unclaimed."""
    if not ids:
        return
    freed = {"claimed_until": None, "holder": None}
    conn.execute(
        upsert(conn, unread).on_conflict_do_update(index_elements=["mention_id"], set_=freed),
        [{"mention_id": mention_id} | freed for mention_id in ids],
    )
    for start in range(0, len(ids), CHUNK):
        conn.execute(delete(unreadable).where(unreadable.c.mention_id.in_(list(ids[start : start + CHUNK]))))


def waiting(conn: Connection) -> int:
    """How many mentions wait to be read."""
    return conn.scalar(select(func.count()).select_from(unread)) or 0


def count_set_aside(conn: Connection) -> int:
    """How many texts broke the reading and were set aside."""
    return conn.scalar(select(func.count()).select_from(unreadable)) or 0


def claim(conn: Connection, holder: str, now: datetime, length: timedelta, size: int) -> list[Unread]:
    """Claim up to `size` unread mentions, newest first, for `length`; others leave them alone until then."""
    free = or_(unread.c.claimed_until.is_(None), unread.c.claimed_until <= now)
    chosen = (
        select(unread.c.mention_id)
        .where(free)
        .order_by(unread.c.mention_id.desc())
        .limit(size)
        .with_for_update(skip_locked=True)
    )
    ids = list(conn.scalars(chosen))
    for start in range(0, len(ids), CHUNK):
        conn.execute(
            update(unread)
            .where(unread.c.mention_id.in_(ids[start : start + CHUNK]))
            .values(claimed_until=now + length, holder=holder)
        )
    found: list[Unread] = []
    for start in range(0, len(ids), CHUNK):
        rows = conn.execute(
            select(mention.c.id, mention.c.revision, mention.c.text, mention.c.language).where(
                mention.c.id.in_(ids[start : start + CHUNK])
            )
        )
        found += [
            Unread(mention_id=row.id, revision=row.revision, text=row.text, language=row.language) for row in rows
        ]
    return found


def set_aside(conn: Connection, mention_id: int, model: str, error: str, now: datetime) -> None:
    """Take a text that breaks the reading out of the queue, with its error."""
    conn.execute(delete(unread).where(unread.c.mention_id == mention_id))
    values = {"model": model, "error": error[:1000], "at": now}
    conn.execute(
        upsert(conn, unreadable)
        .values(mention_id=mention_id, **values)
        .on_conflict_do_update(index_elements=["mention_id"], set_=values)
    )


# ------------------------------------------------------------------ readings and labels


def save_readings(conn: Connection, store: Store, read: Sequence[tuple[Unread, Reading]], now: datetime) -> int:
    """Save readings with their labels and counts, and take the mentions off the queue; returns how many were saved.

    A mention that was edited or deleted since it was claimed is left out: its new text is in the queue.
    """
    take_turn(conn)
    saved = 0
    for start in range(0, len(read), CHUNK):
        saved += _save_chunk(conn, store, read[start : start + CHUNK], now)
    return saved


def _save_chunk(conn: Connection, store: Store, read: Sequence[tuple[Unread, Reading]], now: datetime) -> int:
    present = select(mention.c.id, mention.c.revision).where(mention.c.id.in_([u.mention_id for u, _ in read]))
    current = {row.id: row.revision for row in conn.execute(present)}
    valid = {u.mention_id: r for u, r in read if current.get(u.mention_id) == u.revision}
    if not valid:
        return 0
    ids = list(valid)
    store.observer.leaving(conn, ids)
    rows = [reading_row(i, r) | {"revision": current[i], "read_at": now} for i, r in valid.items()]
    statement = upsert(conn, reading)
    replaced = {c.name: statement.excluded[c.name] for c in reading.c if not c.primary_key}
    conn.execute(statement.on_conflict_do_update(index_elements=["mention_id", "model"], set_=replaced), rows)
    relabel(conn, valid)
    conn.execute(delete(unread).where(unread.c.mention_id.in_(ids)))
    store.observer.arriving(conn, ids, unread=False)
    return len(valid)


def reading_row(mention_id: int, r: Reading) -> dict[str, Any]:
    """A reading as a row of the table, without revision and time."""
    negative, neutral, positive = (round(10_000 * p) for p in r.probabilities)
    return {
        "mention_id": mention_id,
        "model": r.model,
        "sentiment": r.sentiment.sign,
        "negative": negative,
        "neutral": neutral,
        "positive": positive,
        "satisfaction": round(100 * r.satisfaction),
        "stage": r.stage.value,
        "intent": r.intent.value,
        "loyalty": r.loyalty.value,
        "language": r.language,
        "validated": r.validated,
        "abstained": r.abstained,
        "aspects": [[a.aspect, a.polarity.sign, round(1000 * a.confidence), a.start, a.end] for a in r.aspects],
    }


def reading_of(row: Mapping[Any, Any]) -> Reading:
    """The Reading that a row of the reading table stands for."""
    return Reading(
        model=row["model"],
        sentiment=Sentiment.of_sign(row["sentiment"]),
        probabilities=(row["negative"] / 10_000, row["neutral"] / 10_000, row["positive"] / 10_000),
        satisfaction=row["satisfaction"] / 100,
        aspects=tuple(
            AspectReading(
                aspect=aspect, polarity=Sentiment.of_sign(sign), confidence=confidence / 1000, start=start, end=end
            )
            for aspect, sign, confidence, start, end in row["aspects"]
        ),
        stage=Stage(row["stage"]),
        intent=Intent(row["intent"]),
        loyalty=Loyalty(row["loyalty"]),
        language=row["language"],
        validated=row["validated"],
        abstained=row["abstained"],
    )


def drop_labels(conn: Connection, ids: Sequence[int]) -> None:
    """Forget what was held true of these mentions' former texts."""
    for start in range(0, len(ids), CHUNK):
        part = list(ids[start : start + CHUNK])
        conn.execute(delete(label_aspect).where(label_aspect.c.mention_id.in_(part)))
        conn.execute(delete(label).where(label.c.mention_id.in_(part)))


def relabel(conn: Connection, readings: Mapping[int, Reading]) -> None:
    """Write the labels of these mentions anew: each reading, the term rules that are on, its standing corrections."""
    ids = list(readings)
    said, rules = standing_corrections(conn, ids), rules_for(conn, readings, rules_on(conn))
    drop_labels(conn, ids)
    labels, aspects = [], []
    for mention_id, r in readings.items():
        held, found = effective(reading_row(mention_id, r), rules.get(mention_id, ()), said.get(mention_id, ()))
        labels.append(held)
        aspects += found
    conn.execute(insert(label), labels)
    if aspects:
        conn.execute(insert(label_aspect), aspects)


def standing_corrections(conn: Connection, ids: Sequence[int]) -> dict[int, list[Mapping[Any, Any]]]:
    """What people said of these mentions and did not take back, oldest first."""
    found: dict[int, list[Mapping[Any, Any]]] = {}
    standing = select(correction).where(correction.c.mention_id.in_(ids), correction.c.undone_at.is_(None))
    for row in conn.execute(standing.order_by(correction.c.id)).mappings():
        found.setdefault(row["mention_id"], []).append(row)
    return found


def rules_for(
    conn: Connection, readings: Mapping[int, Reading], rules: Sequence[TermRule]
) -> dict[int, list[TermRule]]:
    """Those of the rules, in their order, that apply to each of these mentions."""
    if not rules:
        return {}
    texts = select(mention.c.id, mention.c.brand, mention.c.text).where(mention.c.id.in_(list(readings)))
    return {
        row.id: applying(rules, row.text, brand=row.brand, language=readings[row.id].language)
        for row in conn.execute(texts)
    }


def present_readings(conn: Connection, ids: Sequence[int]) -> dict[int, Reading]:
    """The readings that these mentions' labels go by; those that were not read are left out."""
    query = (
        select(reading)
        .join(label, (label.c.mention_id == reading.c.mention_id) & (label.c.model == reading.c.model))
        .where(reading.c.mention_id.in_(ids))
    )
    return {row["mention_id"]: reading_of(row) for row in conn.execute(query).mappings()}


def relabel_counted(conn: Connection, store: Store, ids: Sequence[int]) -> int:
    """Write the labels of these mentions anew, and move the counts with them; how many there were to write."""
    take_turn(conn)
    found = present_readings(conn, ids)
    if found:
        store.observer.leaving(conn, list(found))
        relabel(conn, found)
        store.observer.arriving(conn, list(found), unread=False)
    return len(found)
