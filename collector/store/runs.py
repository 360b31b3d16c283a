"""How far each source was read: cursors, runs with their errors, coverage, rejects, validators and leases."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import RowMapping

from collector.sources import Cursor, Reject, Span
from collector.store import Utc, metadata

_ID = BigInteger().with_variant(Integer, "sqlite")
BACKFILL, VERIFY, BUDGET = "backfill/", "verify/", "budget/"
BESIDE = (BACKFILL, VERIFY, BUDGET)
"""What the names of the rows beside the regular one of a source begin with."""
PERIODS_KEPT = 2
RAW_LIMIT = 2_000
"""Characters of a rejected row that are kept."""

source_state = Table(
    "source_state",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("kind", String(50), nullable=False),
    Column("cursor", JSON, comment="opaque; saved in the transaction of the page it stands for"),
    Column("last_started", Utc),
    Column("last_success", Utc),
    Column("last_error", Text),
    Column("last_error_kind", String(100)),
    Column("last_error_at", Utc),
    Column("wait_until", Utc, comment="the site asked us not to come back before"),
    Column("note", Text),
    Column("budget_left", Integer, comment="requests the site still grants in its present window"),
    Column("read_until", Utc, comment="up to here all was read that the source shows"),
    Column("next_run", Utc, comment="when the schedule reads it next"),
    Column("pace", Text, comment="why then, for a person"),
)
"""Where each source stands: one row a source, and under names with BESIDE one for its backfill, its reading back and
what was spent on it (its cursor: period to count)."""

run = Table(
    "run",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("source", String(100), nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("finished_at", Utc),
    Column("pages", Integer, nullable=False, server_default="0"),
    Column("new", Integer, nullable=False, server_default="0"),
    Column("edited", Integer, nullable=False, server_default="0"),
    Column("unchanged", Integer, nullable=False, server_default="0"),
    Column("unmatched", Integer, nullable=False, server_default="0"),
    Column("rejected", Integer, nullable=False, server_default="0"),
    Column("deleted", Integer, nullable=False, server_default="0"),
    Column("error_kind", String(100)),
    Column("error", Text),
    Index("ix_run_source_started", "source", "started_at"),
)
"""Every run of every source, with what it did and how it ended (finished_at NULL: under way or killed)."""

coverage = Table(
    "coverage",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("start", Utc, primary_key=True),
    Column("end", Utc, nullable=False),
)
"""Spans [start, end) that a source has fully read; merged, so that they never touch or overlap."""

reject = Table(
    "reject",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("source", String(100), nullable=False),
    Column("run_id", _ID, ForeignKey("run.id", ondelete="CASCADE")),
    Column("place", String(200), nullable=False, comment="line, row or id"),
    Column("reason", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Index("ix_reject_source_at", "source", "at"),
)
"""What could not become a mention, with the reason."""

validator = Table(
    "validator",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("url", String(2000), primary_key=True),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("fetched_at", Utc, nullable=False),
)
"""Validators for conditional GET."""

lease = Table(
    "lease",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("holder", String(100), nullable=False),
    Column("token", BigInteger, nullable=False, comment="fencing token: grows with every change of holder"),
    Column("expires_at", Utc, nullable=False),
)
"""Who may do a job now, so that two schedulers never do one thing twice."""


def upsert(conn: Connection, table: Table) -> Any:
    """An INSERT of this connection's dialect that knows ON CONFLICT."""
    return postgresql.insert(table) if conn.dialect.name == "postgresql" else sqlite.insert(table)


# ------------------------------------------------------------------ state and runs


def state_of(conn: Connection, source: str) -> RowMapping | None:
    """The row of a source, None before its first run."""
    return conn.execute(select(source_state).where(source_state.c.source == source)).mappings().one_or_none()


def set_state(conn: Connection, source: str, kind: str, **values: Any) -> None:
    """Insert or update the columns given of a source's state."""
    statement = upsert(conn, source_state).values(source=source, kind=kind, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["source"], set_={"kind": kind, **values}))


def start_run(conn: Connection, source: str, kind: str, now: datetime) -> int:
    """Open a run and return its id."""
    set_state(conn, source, kind, last_started=now)
    return int(conn.execute(insert(run).values(source=source, started_at=now).returning(run.c.id)).scalar_one())


def count_page(conn: Connection, run_id: int, **added: int) -> None:
    """Add one page and its figures to a run."""
    conn.execute(
        update(run)
        .where(run.c.id == run_id)
        .values({"pages": run.c.pages + 1} | {name: run.c[name] + value for name, value in added.items()})
    )


def end_run(conn: Connection, run_id: int, now: datetime, *, error_kind: str | None, error: str | None) -> None:
    """Close a run, with the sentence of its error if it failed."""
    conn.execute(update(run).where(run.c.id == run_id).values(finished_at=now, error_kind=error_kind, error=error))


def save_cursor(conn: Connection, source: str, cursor: Cursor) -> None:
    """Move the cursor; only inside the transaction that saves the page it stands for."""
    conn.execute(update(source_state).where(source_state.c.source == source).values(cursor=dict(cursor)))


def save_rejects(conn: Connection, source: str, run_id: int | None, rejects: Sequence[Reject], now: datetime) -> int:
    """Keep what could not become a mention, each once however often it is met again; returns how many are new."""
    rows = {(r.place[:200], r.reason, r.raw[:RAW_LIMIT]): r for r in rejects}
    known = _known_rejects(conn, source, [place for place, _reason, _raw in rows])
    fresh = [
        {"source": source, "run_id": run_id, "place": place, "reason": reason, "raw": raw, "at": now}
        for place, reason, raw in rows
        if (place, reason, raw) not in known
    ]
    if fresh:
        conn.execute(insert(reject), fresh)
    return len(fresh)


def _known_rejects(conn: Connection, source: str, places: Sequence[str]) -> set[tuple[str, str, str]]:
    found: set[tuple[str, str, str]] = set()
    for start in range(0, len(places), 500):
        rows = conn.execute(
            select(reject.c.place, reject.c.reason, reject.c.raw).where(
                reject.c.source == source, reject.c.place.in_(places[start : start + 500])
            )
        )
        found.update((row.place, row.reason, row.raw) for row in rows)
    return found


def spend(conn: Connection, source: str, kind: str, period: str, count: int) -> int:
    """Count so much as spent on a source in a period ("2026-11"; periods sort by name), below 0 to give it back.

    Returns what all its runs together have spent in that period by now.
    """
    key = f"{BUDGET}{source}"
    conn.execute(upsert(conn, source_state).values(source=key, kind=kind).on_conflict_do_nothing())
    row = select(source_state.c.cursor).where(source_state.c.source == key).with_for_update()
    spent = dict(conn.execute(row).scalar_one() or {})
    spent[period] = max(0, spent.get(period, 0) + count)
    save_cursor(conn, key, {name: spent[name] for name in sorted(spent)[-PERIODS_KEPT:]})
    return int(spent[period])


# ------------------------------------------------------------------ coverage


def cover(conn: Connection, source: str, span: Span) -> None:
    """Add a fully read span to a source's ledger, merged with those it touches."""
    if span.end <= span.start:
        return
    touching = (
        coverage.c.source == source,
        coverage.c.start <= span.end,
        coverage.c.end >= span.start,
    )
    start, end = conn.execute(select(func.min(coverage.c.start), func.max(coverage.c.end)).where(*touching)).one()
    conn.execute(delete(coverage).where(*touching))
    conn.execute(
        insert(coverage).values(
            source=source,
            start=span.start if start is None else min(start, span.start),
            end=span.end if end is None else max(end, span.end),
        )
    )


def spans_of(conn: Connection, source: str, start: datetime, end: datetime) -> list[Span]:
    """The fully read spans of a source that meet [start, end), oldest first."""
    rows = conn.execute(
        select(coverage.c.start, coverage.c.end)
        .where(coverage.c.source == source, coverage.c.start < end, coverage.c.end > start)
        .order_by(coverage.c.start)
    )
    return [Span(start=row.start, end=row.end) for row in rows]


# ------------------------------------------------------------------ conditional GET


def validators_of(conn: Connection, source: str) -> dict[str, RowMapping]:
    """What to send as If-None-Match and If-Modified-Since, by address."""
    rows = conn.execute(select(validator).where(validator.c.source == source)).mappings()
    return {row["url"]: row for row in rows}


def save_validator(
    conn: Connection, source: str, url: str, *, etag: str | None, last_modified: str | None, now: datetime
) -> None:
    """Remember the validators of an answer; only once its page is saved."""
    values = {"etag": etag, "last_modified": last_modified, "fetched_at": now}
    conn.execute(
        upsert(conn, validator)
        .values(source=source, url=url[:2000], **values)
        .on_conflict_do_update(index_elements=["source", "url"], set_=values)
    )


# ------------------------------------------------------------------ leases


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to do a job until it expires; `token` is checked when the work is written."""

    name: str
    holder: str
    token: int


def this_process() -> str:
    """A name for whoever asks in this process, under which a lease can be told to be a dead process's."""
    return f"{socket.gethostname()[:50]}/{os.getpid()}/{secrets.token_hex(4)}"


def _is_dead(holder: str) -> bool:
    """Whether a holder was a process of this machine that is gone (killed before it could give its lease back)."""
    host, _, rest = holder.rpartition("/")[0].rpartition("/")
    if host != socket.gethostname()[:50] or not rest.isdigit():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


def take_lease(conn: Connection, name: str, holder: str, now: datetime, length: timedelta) -> Lease | None:
    """Take or renew a lease; None while somebody else holds it. That of a process which died here is free at once."""
    other = conn.execute(select(lease.c.holder).where(lease.c.name == name)).scalar_one_or_none()
    if other is not None and other != holder and _is_dead(other):
        conn.execute(update(lease).where(lease.c.name == name, lease.c.holder == other).values(expires_at=now - length))
    statement = (
        upsert(conn, lease)
        .values(name=name, holder=holder, token=1, expires_at=now + length)
        .on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": holder, "token": lease.c.token + 1, "expires_at": now + length},
            where=or_(lease.c.expires_at <= now, lease.c.holder == holder),
        )
        .returning(lease.c.token)
    )
    token = conn.execute(statement).scalar_one_or_none()
    return None if token is None else Lease(name=name, holder=holder, token=token)


def hold_lease(conn: Connection, held: Lease, now: datetime, length: timedelta) -> None:
    """Keep a lease for longer, under the same token; its holder has just asked `holds`."""
    conn.execute(
        update(lease).where(lease.c.name == held.name, lease.c.token == held.token).values(expires_at=now + length)
    )


def holds(conn: Connection, held: Lease) -> bool:
    """Whether a lease is still its holder's; asked in the transaction that writes the work."""
    row = conn.execute(
        select(lease.c.token).where(lease.c.name == held.name, lease.c.holder == held.holder)
    ).one_or_none()
    return row is not None and row.token == held.token


def drop_lease(conn: Connection, held: Lease) -> None:
    """Give a lease back."""
    conn.execute(delete(lease).where(lease.c.name == held.name, lease.c.token == held.token))
