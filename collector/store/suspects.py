"""Looking at new mentions among those of their hour: which are suspect, why, and whether they count as voices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    update,
)

from collector.identity import normal_words
from collector.mention import Kind
from collector.store import HOUR, Store, from_hour
from collector.store.tables import CHUNK, mention
from collector.store.turn import take_turn
from collector.store.voices import elect
from collector.suspicion import (
    COPIES_FROM,
    KNOWN_AFTER,
    NEW_WITHIN,
    Said,
    Suspect,
    Suspicion,
    authors_to_know,
    of_hour,
    of_text,
)

MOST_OF_AN_HOUR = 20_000
"""Mentions of one hour that are looked at together; any beyond, by their texts alone."""
_DUE: ColumnElement[bool] = literal_column("mention.suspicion_due")
"""As the partial index has it: SQLite takes "suspicion_due = 1" for something else, and goes through all mentions."""
_Where = tuple[str, str, int]


def look_at_new(store: Store, stop: Callable[[], bool] = lambda: False) -> int:
    """Look at every mention that is new or was edited; returns how many. Safe to repeat and to kill at any moment.

    Each hour of a brand at a source is looked at once, in a transaction of its own; `stop` is asked before each.
    """
    seen = 0
    while found := _due(store):
        for where in found:
            if stop():
                return seen
            with store.write() as conn:
                seen += _look_at_hour(conn, store, where)
    return seen


def _due(store: Store) -> list[_Where]:
    """Some of the hours with something to look at; none where there is nothing."""
    columns = (mention.c.source, mention.c.brand, mention.c.hour)
    with store.read() as conn:
        rows = conn.execute(select(*columns).where(_DUE).order_by(mention.c.id).limit(CHUNK))
        return sorted({(row.source, row.brand, row.hour) for row in rows})


def _look_at_hour(conn: Connection, store: Store, where: _Where) -> int:
    # Two that flag the same hour would take its voices out of the counts twice.
    take_turn(conn)
    due = conn.scalars(select(mention.c.id).where(*_within(where), mention.c.suspicion_due)).all()
    by_text = _by_text(conn, due)
    rows = _rows(conn, where)
    said = _with_words(conn, [_said(row, by_text) for row in rows])
    links = {row_id: suspect for row_id, suspect in by_text.items() if suspect is not None}
    wanted = of_hour(said, _new_authors(conn, where, authors_to_know(said))) | links
    # What is due was never flagged, or lost its flag with its old text.
    kept = dict.fromkeys(due, (None, None)) | {row.id: (row.suspicion, row.suspicion_reason) for row in rows}
    changed = [row_id for row_id, before in kept.items() if before != _kept(wanted.get(row_id))]
    for start in range(0, len(changed), CHUNK):
        _flag(conn, store, changed[start : start + CHUNK], wanted)
    for start in range(0, len(due), CHUNK):
        part = due[start : start + CHUNK]
        conn.execute(update(mention).where(mention.c.id.in_(part)).values(suspicion_due=False))
    return len(due)


def _within(where: _Where) -> tuple[ColumnElement[bool], ...]:
    source, brand, hour = where
    begin = from_hour(hour)
    return (
        mention.c.brand == brand,
        mention.c.created_at >= begin,
        mention.c.created_at < begin + HOUR,
        mention.c.source == source,
    )


def _by_text(conn: Connection, ids: Sequence[int]) -> dict[int, Suspect | None]:
    """What the texts of these mentions say by themselves."""
    found: dict[int, Suspect | None] = {}
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        rows = conn.execute(select(mention.c.id, mention.c.text).where(mention.c.id.in_(part)))
        found |= {row.id: of_text(row.text) for row in rows}
    return found


def _rows(conn: Connection, where: _Where) -> Sequence[Row[*tuple[Any, ...]]]:
    query = select(
        mention.c.id,
        mention.c.kind,
        mention.c.author_key,
        mention.c.voice_id,
        mention.c.created_at,
        mention.c.suspicion,
        mention.c.suspicion_reason,
    ).where(*_within(where))
    return conn.execute(query.order_by(mention.c.created_at, mention.c.id).limit(MOST_OF_AN_HOUR)).all()


def _said(row: Row[*tuple[Any, ...]], by_text: Mapping[int, Suspect | None]) -> Said:
    if row.id in by_text:
        suspect = by_text[row.id]
    elif row.suspicion is not None:
        suspect = Suspect(suspicion=Suspicion(row.suspicion), reason=row.suspicion_reason)
    else:
        suspect = None
    return Said(
        id=row.id,
        kind=Kind(row.kind),
        author=row.author_key,
        voice=row.voice_id,
        created_at=row.created_at,
        words=0,
        suspect=suspect,
    )


def _with_words(conn: Connection, said: Sequence[Said]) -> list[Said]:
    """The same with the length of their voices' words, where there are enough of one voice for it to matter."""
    sizes: dict[int, int] = {}
    for one in said:
        sizes[one.voice] = sizes.get(one.voice, 0) + 1
    large = [voice for voice, size in sizes.items() if size >= COPIES_FROM]
    if not large:
        return list(said)
    words: dict[int, int] = {}
    for start in range(0, len(large), CHUNK):
        part = large[start : start + CHUNK]
        rows = conn.execute(select(mention.c.id, mention.c.text).where(mention.c.id.in_(part)))
        words |= {row.id: len(normal_words(row.text)) for row in rows}
    return [replace(one, words=words.get(one.voice, 0)) for one in said]


def _new_authors(conn: Connection, where: _Where, authors: Iterable[str]) -> set[str]:
    """Those of these authors who were never met at this source before."""
    source, _brand, hour = where
    wanted, begin = sorted(authors), from_hour(hour)
    if not wanted or not _known_since(conn, source, begin - KNOWN_AFTER):
        return set()
    new: set[str] = set()
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        first = select(mention.c.author_key, func.min(mention.c.created_at).label("first"))
        rows = conn.execute(
            first.where(mention.c.author_key.in_(part), mention.c.source == source).group_by(mention.c.author_key)
        )
        new |= {row.author_key for row in rows if row.first >= begin - NEW_WITHIN}
    return new


def _known_since(conn: Connection, source: str, moment: datetime) -> bool:
    query = select(mention.c.id).where(mention.c.source == source, mention.c.created_at < moment).limit(1)
    return conn.scalar(query) is not None


def _kept(suspect: Suspect | None) -> tuple[str | None, str | None]:
    return (None, None) if suspect is None else (suspect.suspicion.value, suspect.reason)


def _flag(conn: Connection, store: Store, ids: Sequence[int], wanted: Mapping[int, Suspect]) -> None:
    """Keep what is suspect now; where suspects are left out, those who stand for their voices change with it."""
    values = []
    for row_id in ids:
        suspicion, reason = _kept(wanted.get(row_id))
        values.append({"row_id": row_id, "suspicion_": suspicion, "reason_": reason})
    conn.execute(
        update(mention)
        .where(mention.c.id == bindparam("row_id"))
        .values(suspicion=bindparam("suspicion_"), suspicion_reason=bindparam("reason_")),
        values,
    )
    elect(conn, store, set(conn.scalars(select(mention.c.voice_id).where(mention.c.id.in_(ids)).distinct())))


def settle(store: Store) -> int:
    """Make every suspect count as a voice or not, as the store now says; returns how many voices changed."""
    wrong = _wrongly_stood_for(left_out=store.leave_out_suspects)
    changed = 0
    while True:
        with store.write() as conn:
            take_turn(conn)
            voices = conn.scalars(select(mention.c.id).where(wrong).order_by(mention.c.id).limit(CHUNK)).all()
            elect(conn, store, voices)
        changed += len(voices)
        if len(voices) < CHUNK:
            return changed


def _wrongly_stood_for(*, left_out: bool) -> ColumnElement[bool]:
    """Which leaders' voices are to be elected anew: only where a leader is suspect may anybody else stand for it."""
    led = and_(mention.c.suspicion.is_not(None), mention.c.voice_id == mention.c.id)
    if not left_out:
        return and_(led, not_(mention.c.head))
    member, other = mention.alias(), mention.alias()
    unsuspected = exists().where(member.c.voice_id == mention.c.id, member.c.suspicion.is_(None))
    stood_for = exists().where(other.c.voice_id == mention.c.id, other.c.head)
    return and_(led, or_(mention.c.head, and_(unsuspected, not_(stood_for))))
