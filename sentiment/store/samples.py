"""The weekly random sample of readings that people check: how it is drawn and kept; the base of measured accuracy."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Integer,
    SmallInteger,
    String,
    Table,
    and_,
    func,
    insert,
    select,
)

from collector.store import EPOCH, Utc, metadata
from collector.store.runs import upsert
from collector.store.tables import mention
from sentiment.store.readings import reading, waiting

SIZE = 50
_ID = BigInteger().with_variant(Integer, "sqlite")

sample = Table(
    "sample",
    metadata,
    Column("week", Integer, primary_key=True, autoincrement=False, comment="its Monday, in days since 1970"),
    Column("model", String(100), nullable=False),
    Column("population", Integer, nullable=False, comment="mentions that it was drawn from"),
    Column("drawn_at", Utc, nullable=False),
)
"""One row a week in which something was read."""

sampled = Table(
    "sampled",
    metadata,
    Column("week", Integer, primary_key=True, autoincrement=False),
    Column("mention_id", _ID, primary_key=True, autoincrement=False),
    Column("place", Integer, nullable=False, comment="when it is its turn, from 0"),
    Column("model", String(100), nullable=False),
    Column("revision", Integer, nullable=False, comment="of the mention, as it was read"),
    Column("language", String(20)),
    Column("sentiment", SmallInteger, nullable=False, comment="what the model said"),
    Column("aspects", JSON, nullable=False, comment="the same: sign by aspect"),
    Column("verdict", String(20), comment="the sentiment that is true; skip: cannot be told"),
    Column("wrong", JSON, nullable=False, comment="aspects that it is not about, or not with that sign"),
    Column("who", String(200)),
    Column("at", Utc),
    Column("batch_id", _ID, comment="the corrections that followed"),
)
"""The mentions of each sample, with what the model said when it was drawn. It outlives the mention: it holds no words
of it, and a measured share must not change because a text was deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A week's sample. monday: its first day; population: readings of the week by `model` that it was drawn from."""

    monday: date
    model: str
    population: int
    drawn_at: datetime


def monday_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def number_of(monday: date) -> int:
    """A week as the store keeps it: its Monday in days since 1970."""
    return (monday - EPOCH.date()).days


def due(conn: Connection, now: datetime, zone: ZoneInfo) -> date | None:
    """The Monday of the week whose sample is to be checked now: the last full one, this one if it is the first.

    This one is not drawn from before all that waits was read, nor from fewer than SIZE: reading goes from the newest
    back, and what is drawn stays drawn. None: it is too early.
    """
    this = monday_of(now.astimezone(zone).date())
    last = this - timedelta(days=7)
    if sample_of(conn, last) is not None or _read_in(conn, last, zone, 1):
        return last
    enough = sample_of(conn, this) is not None or (not waiting(conn) and _read_in(conn, this, zone, SIZE) == SIZE)
    return this if enough else None


def _read_in(conn: Connection, monday: date, zone: ZoneInfo, most: int) -> int:
    """How many readings were made in a week, counted no further than `most`."""
    some = select(reading.c.mention_id).where(_within(monday, zone)).limit(most).subquery()
    return conn.scalar(select(func.count()).select_from(some)) or 0


def draw(conn: Connection, monday: date, now: datetime, zone: ZoneInfo) -> Sample | None:
    """The sample of a week, drawn if nobody did before; None where nothing was read in it.

    Every reading of the week by its newest model is as likely as any other to be in it, and the week alone decides
    which are: whoever draws gets the same.
    """
    return sample_of(conn, monday) or _draw(conn, monday, now, zone)


def _within(monday: date, zone: ZoneInfo) -> ColumnElement[bool]:
    start, end = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (monday, monday + timedelta(days=7)))
    return and_(reading.c.read_at >= start, reading.c.read_at < end)


def sample_of(conn: Connection, monday: date) -> Sample | None:
    """The sample that was drawn of a week."""
    row = conn.execute(select(sample).where(sample.c.week == number_of(monday))).one_or_none()
    if row is None:
        return None
    return Sample(monday=monday, model=row.model, population=row.population, drawn_at=row.drawn_at)


def _draw(conn: Connection, monday: date, now: datetime, zone: ZoneInfo) -> Sample | None:
    within = _within(monday, zone)
    model = conn.scalar(select(reading.c.model).where(within).order_by(reading.c.read_at.desc()).limit(1))
    if model is None:
        return None
    ours = and_(within, reading.c.model == model)
    population = conn.scalar(select(func.count()).select_from(reading).where(ours)) or 0
    values = {"week": number_of(monday), "model": model, "population": population, "drawn_at": now}
    # First, so that of two who draw at once the later waits here for the sample of the earlier, and takes it.
    first = upsert(conn, sample).values(values).on_conflict_do_nothing().returning(sample.c.week)
    if conn.scalar(first) is None:
        return sample_of(conn, monday)
    dice = random.Random(f"sample of {monday.isoformat()}")  # noqa: S311  # to be the same for everyone, not to be secret
    chosen = dice.sample(range(1, population + 1), min(SIZE, population))
    numbered = select(
        reading.c.mention_id, func.row_number().over(order_by=reading.c.mention_id).label("number")
    ).where(ours)
    numbers = numbered.subquery()
    ids = {row.number: row.mention_id for row in conn.execute(select(numbers).where(numbers.c.number.in_(chosen)))}
    _keep(conn, number_of(monday), model, [ids[number] for number in chosen])
    return Sample(monday=monday, model=model, population=population, drawn_at=now)


def _keep(conn: Connection, week: int, model: str, ids: Sequence[int]) -> None:
    rows = conn.execute(select(reading).where(reading.c.model == model, reading.c.mention_id.in_(ids))).mappings()
    by_id = {row["mention_id"]: row for row in rows}
    conn.execute(
        insert(sampled),
        [
            {
                "week": week,
                "mention_id": mention_id,
                "place": place,
                "model": model,
                "wrong": [],
                "aspects": {name: sign for name, sign, *_ in by_id[mention_id]["aspects"]},
            }
            | {name: by_id[mention_id][name] for name in ("revision", "language", "sentiment")}
            for place, mention_id in enumerate(ids)
        ],
    )


def next_to_check(conn: Connection, monday: date) -> int | None:
    """The mention of a week's sample whose turn it is; those edited or deleted since they were read are passed over."""
    query = (
        select(sampled.c.mention_id)
        .join(mention, and_(mention.c.id == sampled.c.mention_id, mention.c.revision == sampled.c.revision))
        .where(sampled.c.week == number_of(monday), sampled.c.verdict.is_(None))
        .order_by(sampled.c.place)
        .limit(1)
    )
    return conn.scalar(query)
