"""Which mentions are one voice: the near-duplicate index, who leads a group, and who stands for it in figures.

The first one met leads (its id is the voice, the index leads to it) and stands for the voice. Where suspects are left
out and the leader is one, the eldest member that is not suspect stands for the voice instead; if there is none, nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, func, insert, select, update

from collector.identity import normal_words, same_voice, signature
from collector.mention import Mention
from collector.store import Store
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
_Holder = tuple[int, datetime]
"""The head that a key leads to, and when it was said."""


def group(conn: Connection, rows: Sequence[tuple[int, Mention]]) -> set[int]:
    """Give each row its voice: that of an earlier near-duplicate of the same brand, else its own.

    Returns the voices joined whose leader is suspect: once the rows are counted, `elect` must see who stands for them.
    """
    words = {row_id: normal_words(m.text) for row_id, m in rows}
    keys = {row_id: set(signature(words[row_id])) for row_id in words}
    holders = _holders(conn, {(m.brand, key) for row_id, m in rows for key in keys[row_id]})
    heads = _Heads(conn, [n for row_id, m in rows for n in _nearest(m, keys[row_id], holders)])
    grouped: list[dict[str, Any]] = []
    index: list[dict[str, Any]] = []
    crowded: list[dict[str, Any]] = []
    for row_id, m in rows:
        head = heads.same_voice(words[row_id], m.created_at, _nearest(m, keys[row_id], holders))
        if head is None:
            heads.add(row_id, m.created_at, words[row_id])
            for key in keys[row_id]:
                held = holders.setdefault((m.brand, key), [])
                held.append((row_id, m.created_at))
                index.append({"brand": m.brand, "key": key, "mention_id": row_id})
                if len(held) > MOST_HELD:
                    crowded.append({"its_brand": m.brand, "its_key": key, "its_head": held.pop(0)[0]})
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
    return {row["voice"] for row in grouped} & heads.suspect


def elect(conn: Connection, store: Store, voices: Collection[int]) -> None:
    """See to it that each of these voices is stood for by whom it should be; counts move with it."""
    wanted = sorted(voices)
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        # Two who change one voice at once would both take its old head out of the counts.
        conn.execute(select(mention.c.id).where(mention.c.id.in_(part)).order_by(mention.c.id).with_for_update())
        stood = set(conn.scalars(select(mention.c.id).where(mention.c.voice_id.in_(part), mention.c.head)))
        stand = _to_stand(conn, part) if store.leave_out_suspects else set(part)
        moved = sorted(stood ^ stand)
        if moved:
            store.observer.leaving(conn, moved)
            conn.execute(update(mention).where(mention.c.id.in_(moved)).values(head=mention.c.id.in_(stand)))
            store.observer.arriving(conn, moved, unread=False)


def _to_stand(conn: Connection, voices: Sequence[int]) -> set[int]:
    """Of each voice its leader if that is not suspect, else its eldest member that is not."""
    led_first = case((mention.c.id == mention.c.voice_id, 0), else_=1)
    place = func.row_number().over(
        partition_by=mention.c.voice_id, order_by=(led_first, mention.c.created_at, mention.c.id)
    )
    members = select(mention.c.id, place.label("place")).where(
        mention.c.voice_id.in_(voices), mention.c.suspicion.is_(None)
    )
    ranked = members.subquery()
    return set(conn.scalars(select(ranked.c.id).where(ranked.c.place == 1)))


def _holders(conn: Connection, keys: Iterable[tuple[str, int]]) -> dict[tuple[str, int], list[_Holder]]:
    """The heads that hold each of these keys, the first collected first."""
    by_brand: dict[str, list[int]] = {}
    for brand, key in keys:
        by_brand.setdefault(brand, []).append(key)
    found: dict[tuple[str, int], list[_Holder]] = {}
    for brand, wanted in by_brand.items():
        for start in range(0, len(wanted), CHUNK):
            rows = conn.execute(
                select(voice_key.c.key, voice_key.c.mention_id, mention.c.created_at)
                .join(mention, mention.c.id == voice_key.c.mention_id)
                .where(voice_key.c.brand == brand, voice_key.c.key.in_(wanted[start : start + CHUNK]))
                .order_by(voice_key.c.mention_id)
            )
            for key, mention_id, created_at in rows:
                found.setdefault((brand, key), []).append((mention_id, created_at))
    return found


def _nearest(m: Mention, keys: Iterable[int], holders: Mapping[tuple[str, int], Sequence[_Holder]]) -> list[int]:
    """The heads to compare a mention with; those said too long before or after it would only take others' places."""
    shared = Counter(
        head
        for key in keys
        for head, created_at in holders.get((m.brand, key), ())
        if abs(m.created_at - created_at) <= VOICE_MEMORY
    )
    return [head for head, _ in shared.most_common(MOST_COMPARED)]


class _Heads:
    """The texts of heads, as words, each read once; and which of them are suspect."""

    def __init__(self, conn: Connection, ids: Iterable[int]) -> None:
        self._known: dict[int, tuple[datetime, list[str]]] = {}
        self.suspect: set[int] = set()
        wanted = sorted(set(ids))
        for start in range(0, len(wanted), CHUNK):
            part = wanted[start : start + CHUNK]
            columns = (mention.c.id, mention.c.created_at, mention.c.text, mention.c.suspicion)
            for row in conn.execute(select(*columns).where(mention.c.id.in_(part))):
                self.add(row.id, row.created_at, normal_words(row.text))
                if row.suspicion is not None:
                    self.suspect.add(row.id)

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
    """Take mentions, no longer counted, out of their voices; where a leader goes, its first follower leads from now on.

    Who stands for what they leave behind is elected anew, and counted.
    """
    conn.execute(delete(voice_key).where(voice_key.c.mention_id.in_(ids)))
    left = set(conn.scalars(select(mention.c.voice_id).where(mention.c.id.in_(ids)).distinct()))
    conn.execute(update(mention).where(mention.c.id.in_(ids)).values(voice_id=None, head=False))
    orphans = conn.execute(
        select(mention.c.voice_id, func.min(mention.c.id))
        .where(mention.c.voice_id.in_(ids))
        .group_by(mention.c.voice_id)
    ).all()
    for old_leader, heir in orphans:
        conn.execute(update(mention).where(mention.c.voice_id == old_leader).values(voice_id=heir))
        brand, text = conn.execute(select(mention.c.brand, mention.c.text).where(mention.c.id == heir)).one()
        keys = set(signature(normal_words(text)))
        if keys:
            conn.execute(insert(voice_key), [{"brand": brand, "key": key, "mention_id": heir} for key in keys])
    if store.leave_out_suspects:
        elect(conn, store, left.difference(ids, {None}) | {heir for _, heir in orphans})
    else:
        elect(conn, store, {heir for _, heir in orphans})


def forget_old_voices(conn: Connection, now: datetime) -> int:
    """Drop index keys of heads too old to be met again; returns how many."""
    old = select(mention.c.id).where(mention.c.created_at < now - 2 * VOICE_MEMORY)
    return conn.execute(delete(voice_key).where(voice_key.c.mention_id.in_(old))).rowcount
