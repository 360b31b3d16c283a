"""Which mentions are one voice: the near-duplicate index, and who stands for a group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, true, update

from collector.identity import normal_words, same_voice, signature
from collector.mention import Mention
from collector.store import Observer, Store
from collector.store.tables import CHUNK, mention, voice_key

VOICE_MEMORY = timedelta(days=45)
"""How far apart in time two near-duplicates may be and still be one voice."""


MOST_COMPARED = 16
"""Earlier heads that a text is compared with: those with most index keys in common, for the rest cannot be as near."""
_RELEASE = delete(voice_key).where(
    voice_key.c.brand == bindparam("its_brand"),
    voice_key.c.key == bindparam("its_key"),
    voice_key.c.mention_id == bindparam("its_head"),
)
MOST_HELD = 64
"""Latest heads that one index key leads to: a phrase that thousands share says nothing of who said it first, and
reading all of them for every new text would slow collecting down as the archive grows."""


def group(conn: Connection, observer: Observer, rows: Sequence[tuple[int, Mention]]) -> None:
    """Give each row its voice: that of an earlier near-duplicate of the same brand, else its own."""
    words = {row_id: normal_words(m.text) for row_id, m in rows}
    keys = {row_id: set(signature(words[row_id])) for row_id in words}
    holders = _holders(conn, {(m.brand, key) for row_id, m in rows for key in keys[row_id]})
    heads = _Heads(conn, [n for row_id, m in rows for n in _nearest(m.brand, keys[row_id], holders)])
    grouped: list[dict[str, Any]] = []
    index: list[dict[str, Any]] = []
    crowded: list[dict[str, Any]] = []
    for row_id, m in rows:
        head = heads.same_voice(words[row_id], m.created_at, _nearest(m.brand, keys[row_id], holders))
        if head is None:
            heads.add(row_id, m.created_at, words[row_id])
            for key in keys[row_id]:
                held = holders.setdefault((m.brand, key), [])
                held.append(row_id)
                index.append({"brand": m.brand, "key": key, "mention_id": row_id})
                if len(held) > MOST_HELD:
                    crowded.append({"its_brand": m.brand, "its_key": key, "its_head": held.pop(0)})
        grouped.append({"row_id": row_id, "voice": head or row_id, "is_head": head is None})
    if index:
        conn.execute(insert(voice_key), index)
    if crowded:
        conn.execute(_RELEASE, crowded)
    conn.execute(
        update(mention)
        .where(mention.c.id == bindparam("row_id"))
        .values(voice_id=bindparam("voice"), head=bindparam("is_head")),
        grouped,
    )


def _holders(conn: Connection, keys: Iterable[tuple[str, int]]) -> dict[tuple[str, int], list[int]]:
    """The heads that hold each of these keys, oldest first."""
    by_brand: dict[str, list[int]] = {}
    for brand, key in keys:
        by_brand.setdefault(brand, []).append(key)
    found: dict[tuple[str, int], list[int]] = {}
    for brand, wanted in by_brand.items():
        for start in range(0, len(wanted), CHUNK):
            rows = conn.execute(
                select(voice_key.c.key, voice_key.c.mention_id)
                .where(voice_key.c.brand == brand, voice_key.c.key.in_(wanted[start : start + CHUNK]))
                .order_by(voice_key.c.mention_id)
            )
            for key, mention_id in rows:
                found.setdefault((brand, key), []).append(mention_id)
    return found


def _nearest(brand: str, keys: Iterable[int], holders: Mapping[tuple[str, int], Sequence[int]]) -> list[int]:
    shared = Counter(head for key in keys for head in holders.get((brand, key), ()))
    return [head for head, _ in shared.most_common(MOST_COMPARED)]


class _Heads:
    """The texts of heads, as words, each read once."""

    def __init__(self, conn: Connection, ids: Iterable[int]) -> None:
        self._known: dict[int, tuple[datetime, list[str]]] = {}
        wanted = sorted(set(ids))
        for start in range(0, len(wanted), CHUNK):
            part = wanted[start : start + CHUNK]
            rows = select(mention.c.id, mention.c.created_at, mention.c.text).where(mention.c.id.in_(part))
            for row in conn.execute(rows):
                self.add(row.id, row.created_at, normal_words(row.text))

    def add(self, head: int, created_at: datetime, words: list[str]) -> None:
        self._known[head] = created_at, words

    def same_voice(self, words: Sequence[str], at: datetime, heads: Iterable[int]) -> int | None:
        """The first of these heads that says the same, near enough in time."""
        for head in heads:
            created_at, other = self._known.get(head, (None, []))
            if created_at is not None and abs(at - created_at) <= VOICE_MEMORY and same_voice(words, other):
                return head
        return None


def ungroup(conn: Connection, store: Store, ids: Sequence[int]) -> None:
    """Take mentions out of their voices; where a head goes, its eldest follower takes over (and is counted anew)."""
    conn.execute(delete(voice_key).where(voice_key.c.mention_id.in_(ids)))
    orphans = conn.execute(
        select(mention.c.voice_id, func.min(mention.c.id))
        .where(mention.c.voice_id.in_(ids), mention.c.id.not_in(ids))
        .group_by(mention.c.voice_id)
    ).all()
    for old_head, heir in orphans:
        store.observer.leaving(conn, [heir])
        conn.execute(
            update(mention).where(mention.c.voice_id == old_head, mention.c.id.not_in(ids)).values(voice_id=heir)
        )
        counts = true() if not store.leave_out_suspects else mention.c.suspicion.is_(None)
        conn.execute(update(mention).where(mention.c.id == heir).values(head=counts))
        brand, text = conn.execute(select(mention.c.brand, mention.c.text).where(mention.c.id == heir)).one()
        keys = set(signature(normal_words(text)))
        if keys:
            conn.execute(insert(voice_key), [{"brand": brand, "key": key, "mention_id": heir} for key in keys])
        store.observer.arriving(conn, [heir], unread=False)


def forget_old_voices(conn: Connection, now: datetime) -> int:
    """Drop index keys of heads too old to be met again; returns how many."""
    old = select(mention.c.id).where(mention.c.created_at < now - 2 * VOICE_MEMORY)
    return conn.execute(delete(voice_key).where(voice_key.c.mention_id.in_(old))).rowcount
