"""What a source could not read and why: the other side of the coverage ledger, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, String, Table, Text, and_, delete, func, or_, select, update

from collector.sources import Gap, Span, Why, without
from collector.store import Utc, metadata
from collector.store.runs import coverage, run, spans_of, upsert

KEPT = timedelta(days=400)
"""How long gaps are remembered: as far back as anything is judged."""

gap = Table(
    "gap",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("start", Utc, primary_key=True),
    Column("why", String(20), primary_key=True, comment="budget, wait, cut short, too many, …"),
    Column("end", Utc, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("at", Utc, nullable=False, comment="when it was last found"),
)
"""Spans [start, end) as they were found to be missing; what was read since is taken off when they are asked for."""


def note_gap(conn: Connection, source: str, found: Gap, now: datetime) -> None:
    """Remember a span that could not be read; the same one again is one."""
    if found.end <= found.start:
        return
    values = {"end": found.end, "sentence": found.sentence[:1_000]}
    statement = upsert(conn, gap).values(source=source, start=found.start, why=found.why.value, at=now, **values)
    # A span that is met with every walk anew keeps the moment when it was first found: it is told once.
    conn.execute(statement.on_conflict_do_update(index_elements=["source", "start", "why"], set_=values))


def note_unread(
    conn: Connection, source: str, until: datetime, why: Why, sentence: str, *, begins: datetime | None = None
) -> None:
    """Remember that a source is not read up to `until`; a gap for the same reason just grows.

    begins   where the walk under way began to be read, for a source that was never read to the end
    """
    reached: datetime | None = conn.scalar(select(func.max(coverage.c.end)).where(coverage.c.source == source))
    if reached is None:
        reached = begins or conn.scalar(select(func.min(run.c.started_at)).where(run.c.source == source)) or until
    last = conn.execute(
        select(gap).where(gap.c.source == source, gap.c.end > reached).order_by(gap.c.end.desc()).limit(1)
    ).one_or_none()
    if last is not None and last.why == why.value and last.end < until:
        same = and_(gap.c.source == source, gap.c.start == last.start, gap.c.why == last.why)
        conn.execute(update(gap).where(same).values(end=until, sentence=sentence[:1_000]))
        return
    start = reached if last is None else max(reached, last.end)
    note_gap(conn, source, Gap(start=start, end=until, why=why, sentence=sentence), until)


def gaps_of(conn: Connection, source: str, start: datetime, end: datetime) -> list[Gap]:
    """What of [start, end) is known to be missing of a source, oldest first; what was read since is taken off."""
    rows = conn.execute(
        select(gap).where(gap.c.source == source, gap.c.start < end, gap.c.end > start).order_by(gap.c.start, gap.c.end)
    ).all()
    read = spans_of(conn, source, start, end) if rows else []
    return [
        Gap(start=part.start, end=part.end, why=Why(row.why), sentence=row.sentence)
        for row in rows
        for part in without(Span(start=max(row.start, start), end=min(row.end, end)), read)
    ]


def lasting_gaps(conn: Connection, source: str, found_since: datetime) -> list[Gap]:
    """Gaps found since then that no later run will fill, oldest first: the source no longer shows what lay there."""
    rows = conn.execute(
        select(gap)
        .where(
            gap.c.source == source, gap.c.at >= found_since, gap.c.why.in_([Why.TOO_MANY.value, Why.OUT_OF_REACH.value])
        )
        .order_by(gap.c.start)
    ).all()
    found: list[Gap] = []
    for row in rows:
        missing = without(Span(start=row.start, end=row.end), spans_of(conn, source, row.start, row.end))
        found += [Gap(start=m.start, end=m.end, why=Why(row.why), sentence=row.sentence) for m in missing]
    return found


def forget_gaps(conn: Connection, source: str, now: datetime) -> None:
    """Drop gaps that were read since, and those too old to matter."""
    inside = (
        select(coverage.c.source)
        .where(coverage.c.source == gap.c.source, coverage.c.start <= gap.c.start, coverage.c.end >= gap.c.end)
        .exists()
    )
    conn.execute(delete(gap).where(gap.c.source == source, or_(inside, gap.c.end < now - KEPT)))


def missed_of(gaps: Iterable[Gap]) -> Sequence[Span]:
    """The spans of gaps."""
    return [Span(start=one.start, end=one.end) for one in gaps]
