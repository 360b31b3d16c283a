"""Saving, editing and deleting mentions: all SQL that changes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.engine import RowMapping

from collector.mention import Mention
from collector.store import Store, day_of, hour_of
from collector.store.search import index_texts, unindex_texts
from collector.store.tables import CHUNK, mention, revision, tombstone
from collector.store.turn import take_turn
from collector.store.voices import elect, group, ungroup

GONE_AT_SOURCE = "deleted at the source"
"""Why a mention is buried until its source shows it again (un-hidden, restored); any other reason is for good."""
_FIELDS = tuple(f.name for f in fields(Mention))
_CONTENT = ("text", "rating", "edited_at")
_REFRESHED = ("reach", "url", "place", "segment", "language", "parent_id", "author_name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What saving did, in mentions.

    new     or shown again by a source that had deleted it
    edited  another text or rating
    buried  erased before
    """

    new: int = 0
    edited: int = 0
    unchanged: int = 0
    buried: int = 0


def save_mentions(conn: Connection, store: Store, mentions: Iterable[Mention]) -> Saved:
    """Insert or update by (source, brand, external id) in the caller's transaction; the same page twice is one.

    A changed text or rating makes a revision and is read again; changed reach, place or link is just refreshed.
    An older edit never overwrites a newer one. The last of several rows with one id wins. What its source had deleted
    and now shows again is new; what was erased here stays erased.
    """
    take_turn(conn)
    wanted = {(m.source, m.brand, m.external_id): m for m in mentions}
    saved = Saved()
    keys = list(wanted)
    for start in range(0, len(keys), CHUNK):
        chunk = {key: wanted[key] for key in keys[start : start + CHUNK]}
        saved = _add(saved, _save_chunk(conn, store, chunk))
    return saved


def _add(one: Saved, other: Saved) -> Saved:
    return Saved(**{name: getattr(one, name) + getattr(other, name) for name in Saved.__slots__})


def _save_chunk(conn: Connection, store: Store, wanted: dict[tuple[str, str, str], Mention]) -> Saved:
    buried = _buried(conn, list(wanted))
    known = {
        (row["source"], row["brand"], row["external_id"]): row
        for row in conn.execute(select(mention).where(_among(mention, wanted))).mappings()
    }
    fresh = [m for key, m in wanted.items() if key not in known and key not in buried]
    edited = [(known[key], m) for key, m in wanted.items() if key in known and _is_edit(known[key], m)]
    refreshed = [
        (row, m)
        for key, m in wanted.items()
        if (row := known.get(key)) is not None and not _is_edit(row, m) and _is_refresh(row, m)
    ]
    _insert(conn, store, fresh)
    _edit(conn, store, edited)
    _refresh(conn, refreshed)
    return Saved(
        new=len(fresh),
        edited=len(edited),
        unchanged=len(known) - len(edited),
        buried=len(buried),
    )


def _buried(conn: Connection, keys: Sequence[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """Which of these must not come back; a source that shows again what it had deleted takes that word back."""
    reasons = {
        (row.source, row.brand, row.external_id): row.reason
        for row in conn.execute(select(tombstone).where(_among(tombstone, keys)))
    }
    shown_again = [key for key, reason in reasons.items() if reason == GONE_AT_SOURCE]
    if shown_again:
        conn.execute(delete(tombstone).where(_among(tombstone, shown_again)))
    return reasons.keys() - set(shown_again)


def _among(table: Table, keys: Iterable[tuple[str, str, str]]) -> ColumnElement[bool]:
    """Whether a row has one of these sources, brands and external ids, as an index finds it.

    SQLite goes through the whole table for "(source, brand, external_id) IN (…)".
    """
    ids: dict[tuple[str, str], list[str]] = {}
    for source, brand, external_id in keys:
        ids.setdefault((source, brand), []).append(external_id)
    return or_(
        *(
            and_(table.c.source == source, table.c.brand == brand, table.c.external_id.in_(some))
            for (source, brand), some in ids.items()
        )
    )


def _is_edit(row: RowMapping, m: Mention) -> bool:
    if row["edited_at"] is not None and m.edited_at is not None and m.edited_at < row["edited_at"]:
        return False
    if row["edited_at"] is not None and m.edited_at is None and m.fetched_at <= row["fetched_at"]:
        return False
    return bool(row["text"] != m.text or row["rating"] != m.rating)


def _is_refresh(row: RowMapping, m: Mention) -> bool:
    return any(getattr(m, name) is not None and row[name] != getattr(m, name) for name in _REFRESHED)


def _row(m: Mention, store: Store) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(m, name) for name in _FIELDS}
    values["kind"] = m.kind.value
    values["hour"] = hour_of(m.created_at)
    values["day"] = day_of(m.created_at, store.zone)
    return values


def _insert(conn: Connection, store: Store, fresh: Sequence[Mention]) -> None:
    if not fresh:
        return
    rows = [_row(m, store) | {"head": True, "revision": 1, "suspicion_due": True} for m in fresh]
    ids = list(conn.scalars(insert(mention).returning(mention.c.id, sort_by_parameter_order=True), rows))
    index_texts(conn, ids)
    unsettled = group(conn, list(zip(ids, fresh, strict=True)))
    store.observer.arriving(conn, ids, unread=True)
    _elect(conn, store, unsettled)


def _elect(conn: Connection, store: Store, voices: set[int]) -> None:
    if store.leave_out_suspects:
        elect(conn, store, voices)


def _edit(conn: Connection, store: Store, edited: Sequence[tuple[RowMapping, Mention]]) -> None:
    if not edited:
        return
    ids = [row["id"] for row, _ in edited]
    conn.execute(
        insert(revision),
        [
            {
                "mention_id": row["id"],
                "revision": row["revision"],
                "text": row["text"],
                "rating": row["rating"],
                "seen_at": m.fetched_at,
            }
            for row, m in edited
        ],
    )
    store.observer.leaving(conn, ids)
    ungroup(conn, store, ids)
    unindex_texts(conn, ids)
    conn.execute(
        update(mention)
        .where(mention.c.id == bindparam("row_id"))
        .values(
            {name: bindparam(f"new_{name}") for name in (*_CONTENT, *_REFRESHED, "fetched_at")}
            | {"revision": mention.c.revision + 1}
            | {"suspicion": None, "suspicion_reason": None, "suspicion_due": True}
        ),
        [
            {"row_id": row["id"], "new_fetched_at": m.fetched_at}
            | {f"new_{name}": getattr(m, name) for name in _CONTENT}
            | {f"new_{name}": _newer(row, m, name) for name in _REFRESHED}
            for row, m in edited
        ],
    )
    index_texts(conn, ids)
    unsettled = group(conn, [(row["id"], m) for row, m in edited])
    store.observer.arriving(conn, ids, unread=True)
    _elect(conn, store, unsettled)


def _newer(row: RowMapping, m: Mention, name: str) -> Any:
    value = getattr(m, name)
    return row[name] if value is None else value


def _refresh(conn: Connection, refreshed: Sequence[tuple[RowMapping, Mention]]) -> None:
    if not refreshed:
        return
    conn.execute(
        update(mention)
        .where(mention.c.id == bindparam("row_id"))
        .values({name: bindparam(f"new_{name}") for name in _REFRESHED}),
        [{"row_id": row["id"]} | {f"new_{name}": _newer(row, m, name) for name in _REFRESHED} for row, m in refreshed],
    )


# ------------------------------------------------------------------ deletion


def delete_mentions(
    conn: Connection, store: Store, ids: Sequence[int], *, reason: str, now: datetime, bury: bool = True
) -> int:
    """Delete mentions with text, author, revisions and readings; counts move. bury: they may not be collected again."""
    take_turn(conn)
    gone = 0
    for start in range(0, len(ids), CHUNK):
        chunk = list(ids[start : start + CHUNK])
        if bury:
            rows = conn.execute(
                select(mention.c.source, mention.c.brand, mention.c.external_id).where(mention.c.id.in_(chunk))
            ).all()
            if rows:
                conn.execute(insert(tombstone), [row._asdict() | {"reason": reason, "at": now} for row in rows])
        store.observer.leaving(conn, chunk)
        ungroup(conn, store, chunk)
        unindex_texts(conn, chunk)
        gone += conn.execute(delete(mention).where(mention.c.id.in_(chunk))).rowcount
    return gone


def ids_of(conn: Connection, source: str, external_ids: Sequence[str]) -> list[int]:
    """Store ids of the mentions that a source knows by these ids (one for each brand that claimed them)."""
    found: list[int] = []
    for start in range(0, len(external_ids), CHUNK):
        part = list(external_ids[start : start + CHUNK])
        found += conn.scalars(
            select(mention.c.id).where(mention.c.source == source, mention.c.external_id.in_(part))
        ).all()
    return found


def holders_of(
    conn: Connection, source: str, brands: Sequence[str], external_ids: Sequence[str]
) -> dict[str, dict[str, str | None]]:
    """Which of these brands hold mentions that a source knows by these ids: id to brand to why it was claimed."""
    found: dict[str, dict[str, str | None]] = {}
    for start in range(0, len(external_ids), CHUNK):
        # Without the brands, all that the source ever gave would be read.
        rows = conn.execute(
            select(mention.c.external_id, mention.c.brand, mention.c.matched).where(
                mention.c.source == source,
                mention.c.brand.in_(brands),
                mention.c.external_id.in_(external_ids[start : start + CHUNK]),
            )
        )
        for external_id, brand, matched in rows:
            found.setdefault(external_id, {})[brand] = matched
    return found


def ids_said_before(conn: Connection, moment: datetime, limit: int) -> list[int]:
    """Store ids of what was said before a moment, oldest first, at most `limit`."""
    oldest = select(mention.c.id).where(mention.c.created_at < moment).order_by(mention.c.created_at).limit(limit)
    return list(conn.scalars(oldest))


def ids_of_author(conn: Connection, author_key: str) -> list[int]:
    """Store ids of everything an author (by salted key) said."""
    return list(conn.scalars(select(mention.c.id).where(mention.c.author_key == author_key)))


def ids_named(conn: Connection, name: str) -> list[int]:
    """Store ids of what a person may call a mention: its number, "source/external id", or its link."""
    wanted = [mention.c.url == name]
    if name.isdecimal():
        wanted.append(mention.c.id == int(name))
    source, slash, external_id = name.partition("/")
    if slash:
        wanted.append(and_(mention.c.source == source, mention.c.external_id == external_id))
    return list(conn.scalars(select(mention.c.id).where(or_(*wanted))))


def keep_buried(conn: Connection, name: str, reason: str) -> int:
    """Let what its source deleted ("source/external id") stay away even if it is shown again; returns how many."""
    source, _, external_id = name.partition("/")
    return conn.execute(
        update(tombstone)
        .where(
            tombstone.c.source == source,
            tombstone.c.external_id == external_id,
            tombstone.c.reason == GONE_AT_SOURCE,
        )
        .values(reason=reason)
    ).rowcount


def said_since(conn: Connection, source: str, since: datetime) -> int:
    """How many mentions of a source were said since a moment."""
    # Concatenation keeps SQLite from taking UNIQUE(source, …), which would read all that the source ever gave.
    query = select(func.count()).where(mention.c.source.op("||")("") == source, mention.c.created_at >= since)
    return conn.scalar(query) or 0


def known_since(conn: Connection, source: str, since: datetime, after: int, limit: int) -> list[tuple[int, str]]:
    """(store id, external id) of a source's mentions said at or after a moment, from beyond the store id `after`."""
    rows = conn.execute(
        select(mention.c.id, mention.c.external_id)
        .where(mention.c.source == source, mention.c.created_at >= since, mention.c.id > after)
        .order_by(mention.c.id)
        .limit(limit)
    )
    return [(row.id, row.external_id) for row in rows]


def buried_since(conn: Connection, source: str, since: datetime, after: str, limit: int) -> list[str]:
    """External ids that a source deleted at or after a moment, those beyond the id `after`; erased ones never."""
    rows = (
        select(tombstone.c.external_id)
        .distinct()
        .where(
            tombstone.c.source == source,
            tombstone.c.reason == GONE_AT_SOURCE,
            tombstone.c.at >= since,
            tombstone.c.external_id > after,
        )
        .order_by(tombstone.c.external_id)
        .limit(limit)
    )
    return list(conn.scalars(rows))
