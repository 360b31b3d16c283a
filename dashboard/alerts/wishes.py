"""What people asked of the alerts themselves: silences that they set, and whether their address may be written to."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import JSON, BigInteger, Column, Connection, Index, Integer, String, Table, Text, insert, select, update
from sqlalchemy.engine import RowMapping

from collector.store import Utc, metadata
from collector.store.runs import upsert
from dashboard.alerts.silence import Silence
from sentiment.spikes.spike import Severity

_ID = BigInteger().with_variant(Integer, "sqlite")

silence = Table(
    "silence",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("start", Utc, nullable=False),
    Column("end", Utc, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", String(200)),
    Column("brands", JSON, nullable=False),
    Column("dimensions", JSON, nullable=False),
    Column("sources", JSON, nullable=False),
    Column("up_to", String(20)),
    Column("created_at", Utc, nullable=False),
    Column("lifted_at", Utc),
    Index("ix_silence_end", "end"),
)
"""Silences set from the dashboard; planned ones stand in the configuration."""

recipient = Table(
    "recipient",
    metadata,
    Column("address", String(320), primary_key=True),
    Column("asked_at", Utc),
    Column("confirmed_at", Utc),
    Column("unsubscribed_at", Utc),
)
"""What the people behind the addresses said themselves."""


def add_silence(conn: Connection, made: Silence, now: datetime) -> int:
    """Keep a silence set by a person; returns its id."""
    values = asdict(made) | {"created_at": now}
    del values["id"]
    return int(conn.execute(insert(silence).values(values).returning(silence.c.id)).scalar_one())


def lift_silence(conn: Connection, silence_id: int, now: datetime) -> None:
    """End a silence before its time."""
    conn.execute(update(silence).where(silence.c.id == silence_id, silence.c.lifted_at.is_(None)).values(lifted_at=now))


def silences(conn: Connection, now: datetime) -> list[Silence]:
    """The silences that are in force or to come, the first to end first."""
    rows = conn.execute(
        select(silence).where(silence.c.end > now, silence.c.lifted_at.is_(None)).order_by(silence.c.end)
    ).mappings()
    return [
        Silence(
            id=row["id"],
            start=row["start"],
            end=row["end"],
            reason=row["reason"],
            by=row["by"],
            brands=tuple(row["brands"]),
            dimensions=tuple(row["dimensions"]),
            sources=tuple(row["sources"]),
            up_to=None if row["up_to"] is None else Severity(row["up_to"]),
        )
        for row in rows
    ]


def standing_of(conn: Connection, address: str) -> RowMapping | None:
    """What the person behind an address said; None: nothing yet."""
    return conn.execute(select(recipient).where(recipient.c.address == address.lower())).mappings().one_or_none()


def set_recipient(conn: Connection, address: str, **values: datetime | None) -> None:
    """Keep what the person behind an address said: asked_at, confirmed_at, unsubscribed_at."""
    statement = upsert(conn, recipient).values(address=address.lower(), **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["address"], set_=values))
