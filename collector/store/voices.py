"""Which mentions are one voice: the near-duplicate index, and who stands for a group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from collector.identity import normal_words, same_voice, signature
from collector.mention import Mention
from collector.store import Observer
from collector.store.tables import CHUNK, mention, voice_key

VOICE_MEMORY = timedelta(days=45)
"""How far apart in time two near-duplicates may be and still be one voice."""


def group(conn: Connection, observer: Observer, rows: Sequence[tuple[int, Mention]]) -> None:
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


def ungroup(conn: Connection, observer: Observer, ids: Sequence[int]) -> None:
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
