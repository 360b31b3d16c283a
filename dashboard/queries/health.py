"""How the sources are: their state, mentions, coverage and what was set aside; and how far reading is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd
from sqlalchemy import Connection, func, not_, select, true
from sqlalchemy.engine import RowMapping

from collector.store.gaps import gap, gaps_of
from collector.store.runs import BESIDE, coverage, reject, source_state
from collector.store.tables import mention
from dashboard.scope import day_number
from sentiment.store.counts import count_day
from sentiment.store.readings import label, unread, unreadable
from sentiment.taxonomy import ALL

STATE = [
    "source",
    "kind",
    "last_started",
    "last_success",
    "last_error",
    "last_error_kind",
    "last_error_at",
    "wait_until",
    "note",
    "budget_left",
    "read_until",
    "next_run",
    "pace",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspects:
    """How many of a source's mentions about a brand are suspect of one thing."""

    source: str
    brand: str
    why: str
    mentions: int


def states(conn: Connection) -> dict[str, RowMapping]:
    """The kept state of each source that ever ran, by name. Backfills and readings back are no sources of their own."""
    query = select(*(source_state.c[name] for name in STATE)).order_by(source_state.c.source)
    sources = (not_(source_state.c.source.startswith(beside, autoescape=True)) for beside in BESIDE)
    return {row["source"]: row for row in conn.execute(query.where(*sources)).mappings()}


def volumes(conn: Connection, brands: Sequence[str], first: date, last: date) -> pd.DataFrame:
    """One row a source: source, mentions of these brands in [first, last], how many brands they are about."""
    query = (
        select(
            count_day.c.source,
            func.sum(count_day.c.mentions).label("mentions"),
            func.count(func.distinct(count_day.c.brand)).label("brands"),
        )
        .where(
            count_day.c.brand.in_(brands),
            count_day.c.facet == ALL,
            count_day.c.day.between(day_number(first), day_number(last)),
        )
        .group_by(count_day.c.source)
    )
    return pd.DataFrame.from_records(
        [tuple(row) for row in conn.execute(query)], columns=["source", "mentions", "brands"]
    )


def spans(conn: Connection, start: datetime, end: datetime) -> pd.DataFrame:
    """The fully read spans that meet [start, end): source, start, end."""
    query = (
        select(coverage.c.source, coverage.c.start, coverage.c.end)
        .where(coverage.c.start < end, coverage.c.end > start)
        .order_by(coverage.c.source, coverage.c.start)
    )
    return pd.DataFrame.from_records([tuple(row) for row in conn.execute(query)], columns=["source", "start", "end"])


def missing(conn: Connection, start: datetime, end: datetime) -> pd.DataFrame:
    """What of [start, end) could not be read, newest first: source, start, end, why (a word), reason (a sentence)."""
    sources = conn.scalars(select(gap.c.source).distinct().order_by(gap.c.source)).all()
    found = [(source, one) for source in sources for one in gaps_of(conn, source, start, end)]
    rows = [(source, one.start, one.end, one.why.value, one.sentence) for source, one in found]
    return pd.DataFrame.from_records(
        sorted(rows, key=lambda row: row[1], reverse=True), columns=["source", "start", "end", "why", "reason"]
    )


def rejects(conn: Connection, source: str | None, limit: int) -> pd.DataFrame:
    """The latest rows that could not become mentions: at, source, place, reason, raw (its first 500 characters)."""
    query = select(
        reject.c.at, reject.c.source, reject.c.place, reject.c.reason, func.substr(reject.c.raw, 1, 500)
    ).order_by(reject.c.id.desc())
    if source is not None:
        query = query.where(reject.c.source == source)
    rows = [tuple(row) for row in conn.execute(query.limit(limit))]
    return pd.DataFrame.from_records(rows, columns=["at", "source", "place", "reason", "raw"])


def rejected_since(conn: Connection, since: datetime) -> dict[str, int]:
    """How many rows each source had set aside since then."""
    query = (
        select(reject.c.source, func.count().label("rejected")).where(reject.c.at >= since).group_by(reject.c.source)
    )
    return {row.source: row.rejected for row in conn.execute(query)}


def suspects(conn: Connection, brands: Sequence[str], start: datetime, end: datetime) -> list[Suspects]:
    """How many mentions said within [start, end) are suspect, by source, brand and why; those not about us left out."""
    rows = conn.execute(
        select(mention.c.source, mention.c.brand, mention.c.suspicion, func.count())
        .select_from(mention.outerjoin(label, label.c.mention_id == mention.c.id))
        .where(
            mention.c.suspicion.is_not(None),
            mention.c.brand.in_(brands),
            mention.c.created_at >= start,
            mention.c.created_at < end,
            func.coalesce(label.c.about_us, true()),
        )
        .group_by(mention.c.source, mention.c.brand, mention.c.suspicion)
        .order_by(mention.c.source, mention.c.brand, mention.c.suspicion)
    )
    return [Suspects(source=source, brand=brand, why=why, mentions=int(many)) for source, brand, why, many in rows]


def to_read(conn: Connection) -> tuple[int, int]:
    """How many mentions wait to be read, and how many were set aside as unreadable."""
    waiting = conn.scalar(select(func.count()).select_from(unread)) or 0
    aside = conn.scalar(select(func.count()).select_from(unreadable)) or 0
    return waiting, aside


def gaps(
    found: pd.DataFrame, sources: Sequence[str], start: datetime, now: datetime, tolerance: timedelta
) -> pd.DataFrame:
    """Spans between a source's first and latest coverage, and from there to `now`, that it has not fully read.

    found: as `spans` gives it. Before its first coverage a source was not there yet, which is no gap; the time up to
    `now` is one only when it is longer than `tolerance`.
    """
    rows: list[tuple[str, datetime, datetime]] = []
    for source, part in found.groupby("source", sort=True):
        if sources and source not in sources:
            continue
        reached: datetime | None = None
        for begin, end in zip(part["start"], part["end"], strict=True):
            if reached is not None and begin > reached:
                rows.append((str(source), max(reached, start), begin))
            reached = end if reached is None else max(reached, end)
        if reached is not None and now - reached > tolerance:
            rows.append((str(source), max(reached, start), now))
    return pd.DataFrame.from_records(rows, columns=["source", "start", "end"])
