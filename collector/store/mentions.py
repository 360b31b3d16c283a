"""The mentions: their table, revisions, voices and tombstones, and all SQL that touches them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.engine import RowMapping

from collector.identity import normal_words, same_voice, signature
from collector.mention import Mention
from collector.store import Observer, Store, Utc, day_of, hour_of, metadata
from collector.store.search import index_texts, unindex_texts

_ID = BigInteger().with_variant(Integer, "sqlite")
CHUNK = 500
"""Rows a statement; under SQLite's limit of bound variables whatever the number of columns."""
VOICE_MEMORY = timedelta(days=45)
"""How far apart in time two near-duplicates may be and still be one voice."""

mention = Table(
    "mention",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("source", String(100), nullable=False),
    Column("brand", String(100), nullable=False),
    Column("external_id", String(500), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("edited_at", Utc),
    Column("fetched_at", Utc, nullable=False),
    Column("rating", Float),
    Column("author_key", String(32)),
    Column("author_name", String(200)),
    Column("language", String(20)),
    Column("url", Text),
    Column("parent_id", String(500)),
    Column("reach", BigInteger),
    Column("place", String(200)),
    Column("segment", String(200)),
    Column("matched", String(200)),
    Column("hour", Integer, nullable=False, comment="hours since 1970, UTC"),
    Column("day", Integer, nullable=False, comment="calendar day in the owner's zone, days since 1970"),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("voice_id", BigInteger, comment="the mention that stands for this near-duplicate group"),
    Column("head", Boolean, nullable=False, comment="whether this mention is the one that stands for its voice"),
    UniqueConstraint("source", "brand", "external_id"),
    Index("ix_mention_brand_created", "brand", "created_at"),
    Index("ix_mention_created", "created_at"),
    Index("ix_mention_voice", "voice_id"),
    Index("ix_mention_author", "author_key"),
    sqlite_autoincrement=True,
)
"""One row a mention and brand."""

revision = Table(
    "revision",
    metadata,
    Column("mention_id", _ID, ForeignKey("mention.id", ondelete="CASCADE"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("rating", Float),
    Column("seen_at", Utc, nullable=False, comment="when this wording was replaced"),
)
"""What an edited mention said before."""

tombstone = Table(
    "tombstone",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("brand", String(100), primary_key=True),
    Column("external_id", String(500), primary_key=True),
    Column("reason", String(50), nullable=False),
    Column("at", Utc, nullable=False),
)
"""Mentions that were deleted or erased and must not come back with the next overlap window."""

voice_key = Table(
    "voice_key",
    metadata,
    Column("brand", String(100), primary_key=True),
    Column("key", BigInteger, primary_key=True),
    Column("mention_id", _ID, ForeignKey("mention.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_voice_key_mention", "mention_id"),
)
"""The near-duplicate index: signature keys of recent voices' heads."""

_FIELDS = tuple(f.name for f in fields(Mention))
_CONTENT = ("text", "rating", "edited_at")
_REFRESHED = ("reach", "url", "place", "segment", "language", "parent_id", "author_name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What saving did, in mentions: new, edited (another text or rating), unchanged, buried (erased before)."""

    new: int = 0
    edited: int = 0
    unchanged: int = 0
    buried: int = 0


def save_mentions(conn: Connection, store: Store, mentions: Iterable[Mention]) -> Saved:
    """Insert or update by (source, brand, external id) in the caller's transaction; the same page twice is one.

    A changed text or rating makes a revision and is read again; changed reach, place or link is just refreshed.
    An older edit never overwrites a newer one. The last of several rows with one id wins.
    """
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
    identity = tuple_(mention.c.source, mention.c.brand, mention.c.external_id)
    buried = {
        tuple(row)
        for row in conn.execute(
            select(tombstone.c.source, tombstone.c.brand, tombstone.c.external_id).where(
                tuple_(tombstone.c.source, tombstone.c.brand, tombstone.c.external_id).in_(list(wanted))
            )
        )
    }
    known = {
        (row["source"], row["brand"], row["external_id"]): row
        for row in conn.execute(select(mention).where(identity.in_(list(wanted)))).mappings()
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
    rows = [_row(m, store) | {"head": True, "revision": 1} for m in fresh]
    ids = list(conn.scalars(insert(mention).returning(mention.c.id, sort_by_parameter_order=True), rows))
    index_texts(conn, ids)
    _group(conn, store.observer, list(zip(ids, fresh, strict=True)))
    store.observer.arriving(conn, ids, unread=True)


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
    _ungroup(conn, store.observer, ids)
    unindex_texts(conn, ids)
    conn.execute(
        update(mention)
        .where(mention.c.id == bindparam("row_id"))
        .values(
            {name: bindparam(f"new_{name}") for name in (*_CONTENT, *_REFRESHED, "fetched_at")}
            | {"revision": mention.c.revision + 1}
        ),
        [
            {"row_id": row["id"], "new_fetched_at": m.fetched_at}
            | {f"new_{name}": getattr(m, name) for name in _CONTENT}
            | {f"new_{name}": _newer(row, m, name) for name in _REFRESHED}
            for row, m in edited
        ],
    )
    index_texts(conn, ids)
    _group(conn, store.observer, [(row["id"], m) for row, m in edited])
    store.observer.arriving(conn, ids, unread=True)


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


# ------------------------------------------------------------------ voices


def _group(conn: Connection, observer: Observer, rows: Sequence[tuple[int, Mention]]) -> None:
    """Give each row its voice: that of an earlier near-duplicate of the same brand, else its own."""
    words = {row_id: normal_words(m.text) for row_id, m in rows}
    keys = {row_id: signature(words[row_id]) for row_id in words}
    heads = _candidates(conn, [(m.brand, key) for row_id, m in rows for key in keys[row_id]])
    followers: list[dict[str, Any]] = []
    index: list[dict[str, Any]] = []
    for row_id, m in rows:
        head = _head_for(words[row_id], m, [c for key in keys[row_id] for c in heads.get((m.brand, key), ())])
        if head is None:
            for key in keys[row_id]:
                heads.setdefault((m.brand, key), []).append((row_id, m.created_at, words[row_id]))
                index.append({"brand": m.brand, "key": key, "mention_id": row_id})
        followers.append({"row_id": row_id, "voice": head or row_id, "is_head": head is None})
    if index:
        unique = {(row["brand"], row["key"], row["mention_id"]): row for row in index}
        conn.execute(insert(voice_key), list(unique.values()))
    conn.execute(
        update(mention)
        .where(mention.c.id == bindparam("row_id"))
        .values(voice_id=bindparam("voice"), head=bindparam("is_head")),
        followers,
    )


_Candidate = tuple[int, datetime, list[str]]


def _candidates(conn: Connection, keys: Sequence[tuple[str, int]]) -> dict[tuple[str, int], list[_Candidate]]:
    found: dict[tuple[str, int], list[_Candidate]] = {}
    words: dict[int, list[str]] = {}
    by_brand: dict[str, set[int]] = {}
    for brand, key in keys:
        by_brand.setdefault(brand, set()).add(key)
    for brand, wanted in by_brand.items():
        listed = list(wanted)
        for start in range(0, len(listed), CHUNK):
            rows = conn.execute(
                select(voice_key.c.key, mention.c.id, mention.c.created_at, mention.c.text)
                .join(mention, mention.c.id == voice_key.c.mention_id)
                .where(voice_key.c.brand == brand, voice_key.c.key.in_(listed[start : start + CHUNK]))
                .order_by(mention.c.id)
            )
            for key, mention_id, created_at, text in rows:
                if mention_id not in words:
                    words[mention_id] = normal_words(text)
                found.setdefault((brand, key), []).append((mention_id, created_at, words[mention_id]))
    return found


def _head_for(words: Sequence[str], m: Mention, candidates: Iterable[_Candidate]) -> int | None:
    tried: set[int] = set()
    for head_id, created_at, other in candidates:
        if head_id in tried:
            continue
        tried.add(head_id)
        if abs(m.created_at - created_at) <= VOICE_MEMORY and same_voice(words, other):
            return head_id
    return None


def _ungroup(conn: Connection, observer: Observer, ids: Sequence[int]) -> None:
    """Take mentions out of their voices; where a head goes, its eldest follower takes over (and is counted anew)."""
    conn.execute(delete(voice_key).where(voice_key.c.mention_id.in_(ids)))
    orphans = conn.execute(
        select(mention.c.voice_id, func.min(mention.c.id))
        .where(mention.c.voice_id.in_(ids), mention.c.id.not_in(ids))
        .group_by(mention.c.voice_id)
    ).all()
    for old_head, heir in orphans:
        observer.leaving(conn, [heir])
        conn.execute(
            update(mention).where(mention.c.voice_id == old_head, mention.c.id.not_in(ids)).values(voice_id=heir)
        )
        conn.execute(update(mention).where(mention.c.id == heir).values(head=True))
        brand, text = conn.execute(select(mention.c.brand, mention.c.text).where(mention.c.id == heir)).one()
        keys = set(signature(normal_words(text)))
        if keys:
            conn.execute(insert(voice_key), [{"brand": brand, "key": key, "mention_id": heir} for key in keys])
        observer.arriving(conn, [heir], unread=False)


def forget_old_voices(conn: Connection, now: datetime) -> int:
    """Drop index keys of heads too old to be met again; returns how many."""
    old = select(mention.c.id).where(mention.c.created_at < now - 2 * VOICE_MEMORY)
    return conn.execute(delete(voice_key).where(voice_key.c.mention_id.in_(old))).rowcount


# ------------------------------------------------------------------ deletion


def delete_mentions(
    conn: Connection, store: Store, ids: Sequence[int], *, reason: str, now: datetime, bury: bool = True
) -> int:
    """Delete mentions with text, author, revisions and readings; counts move. bury: they may not be collected again."""
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
        _ungroup(conn, store.observer, chunk)
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


def known_since(conn: Connection, source: str, since: datetime, after: int, limit: int) -> list[tuple[int, str]]:
    """(store id, external id) of a source's mentions said at or after a moment, from beyond the store id `after`."""
    rows = conn.execute(
        select(mention.c.id, mention.c.external_id)
        .where(mention.c.source == source, mention.c.created_at >= since, mention.c.id > after)
        .order_by(mention.c.id)
        .limit(limit)
    )
    return [(row.id, row.external_id) for row in rows]
