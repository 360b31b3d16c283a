"""The mentions that a reader leafs through: one keyset page at a time, with labels, aspects and evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Select, exists, func, literal, or_, select

from collector.store import from_micros, micros
from collector.store.search import matching, terms_of
from collector.store.tables import mention
from dashboard.scope import Scope
from sentiment.reading import Sentiment
from sentiment.store.counts import aspect_facet
from sentiment.store.readings import correction, label, label_aspect, reading, unreadable

SHOWN = 1_500
"""Characters of a text that a screen shows; the whole leaves with the download."""
EVIDENCE_SHOWN = 300
ROW = [
    "id",
    "source",
    "brand",
    "kind",
    "created_at",
    "text",
    "length",
    "rating",
    "language",
    "url",
    "place",
    "segment",
    "reach",
    "author_name",
    "voice_id",
    "head",
    "sentiment",
    "satisfaction",
    "stage",
    "intent",
    "loyalty",
    "abstained",
    "corrected",
    "validated",
]
ASPECT = ["mention_id", "aspect", "polarity", "confidence", "start", "end", "evidence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which mentions of a scope. facet: "aspect/<name>" or "<lens>/<dimension>".

    start, end    a span of time within the scope's days, e.g. that of an incident
    one_a_voice   only the mention that stands for its near-duplicates
    """

    scope: Scope
    words: str = ""
    sentiment: Sentiment | None = None
    unread: bool = False
    facet: str | None = None
    polarity: Sentiment | None = None
    start: datetime | None = None
    end: datetime | None = None
    one_a_voice: bool = False
    oldest_first: bool = False
    corrected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page begins: after this mention."""

    created_at: datetime
    id: int

    def __str__(self) -> str:
        return f"{micros(self.created_at)}-{self.id}"


def place_of(text: str) -> Place | None:
    """The place that its string names, None for anything else a URL may hold."""
    at, _, number = text.partition("-")
    if not (at.isdecimal() and number.isdecimal() and len(at) <= 17 and len(number) <= 18):
        return None
    return Place(created_at=from_micros(int(at)), id=int(number))


def _conditions(conn: Connection, wanted: Wanted) -> list[ColumnElement[bool]]:
    scope = wanted.scope
    found: list[ColumnElement[bool]] = [
        mention.c.brand == scope.brand,
        mention.c.created_at >= max(scope.start, wanted.start or scope.start),
        mention.c.created_at < min(scope.end, wanted.end or scope.end),
    ]
    if scope.sources:
        # Concatenation keeps SQLite from taking UNIQUE(source, brand, …), which would sort everything by date.
        found.append(mention.c.source.op("||")("").in_(scope.sources))
    if any(terms_of(wanted.words)):
        found.append(mention.c.id.in_(matching(conn, wanted.words)))
    if wanted.sentiment is not None:
        found.append(label.c.sentiment == wanted.sentiment.sign)
    if wanted.unread:
        found.append(label.c.mention_id.is_(None))
    if wanted.corrected:
        found.append(label.c.corrected.is_(True))
    if wanted.one_a_voice:
        found.append(mention.c.head.is_(True))
    if wanted.facet is not None:
        about = (
            exists()
            .where(label_aspect.c.mention_id == mention.c.id)
            .where(label_aspect.c.aspect.in_(select(aspect_facet.c.aspect).where(aspect_facet.c.facet == wanted.facet)))
        )
        if wanted.polarity is not None:
            about = about.where(label_aspect.c.polarity == wanted.polarity.sign)
        found.append(about)
    return found


def _select(conn: Connection, wanted: Wanted, columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
    return (
        select(*columns)
        .select_from(mention.outerjoin(label, label.c.mention_id == mention.c.id))
        .where(*_conditions(conn, wanted))
    )


def _columns(shown: int | None) -> list[ColumnElement[Any]]:
    text = mention.c.text if shown is None else func.substr(mention.c.text, 1, shown)
    own: dict[str, ColumnElement[Any]] = {"text": text, "length": func.length(mention.c.text)}
    return [
        own.get(name, mention.c[name] if name in mention.c else label.c.get(name, literal(None))).label(name)
        for name in ROW
    ]


def page(
    conn: Connection, wanted: Wanted, *, after: Place | None = None, size: int = 25, whole_texts: bool = False
) -> pd.DataFrame:
    """Up to `size` mentions after a place, newest first unless wanted otherwise; the columns of ROW.

    sentiment is a word or None (unread); satisfaction is 1 to 5. Texts are cut to SHOWN characters unless whole_texts.
    """
    key = (mention.c.created_at, mention.c.id)
    query = _select(conn, wanted, _columns(None if whole_texts else SHOWN))
    if after is not None:
        query = query.where(*_beyond(after, wanted.oldest_first))
    query = query.order_by(*(key if wanted.oldest_first else [column.desc() for column in key])).limit(size)
    return _frame(conn, query)


def _beyond(after: Place, oldest_first: bool) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    at, number = mention.c.created_at, mention.c.id
    if oldest_first:
        return at >= after.created_at, or_(at > after.created_at, number > after.id)
    return at <= after.created_at, or_(at < after.created_at, number < after.id)


def ones(conn: Connection, ids: Sequence[int], *, whole_texts: bool = False) -> pd.DataFrame:
    """These mentions, in no particular order; the columns of ROW."""
    query = (
        select(*_columns(None if whole_texts else SHOWN))
        .select_from(mention.outerjoin(label, label.c.mention_id == mention.c.id))
        .where(mention.c.id.in_(ids))
    )
    return _frame(conn, query)


def _frame(conn: Connection, query: Select[Any]) -> pd.DataFrame:
    frame = pd.DataFrame.from_records([tuple(row) for row in conn.execute(query)], columns=ROW)
    frame["sentiment"] = [None if pd.isna(s) else Sentiment.of_sign(int(s)).value for s in frame["sentiment"]]
    frame["satisfaction"] = pd.to_numeric(frame["satisfaction"]) / 100
    return frame


def aspects(conn: Connection, ids: Sequence[int]) -> pd.DataFrame:
    """What these mentions are about: mention_id, aspect, polarity (a word), confidence, start, end, evidence (text)."""
    start, end = label_aspect.c.start, label_aspect.c.end
    query = (
        select(
            label_aspect.c.mention_id,
            label_aspect.c.aspect,
            label_aspect.c.polarity,
            label_aspect.c.confidence,
            start,
            end,
            func.substr(mention.c.text, start + 1, func.coalesce(end - start, 0)),
        )
        .join(mention, mention.c.id == label_aspect.c.mention_id)
        .where(label_aspect.c.mention_id.in_(ids))
        .order_by(label_aspect.c.mention_id, start)
    )
    rows = []
    for row in conn.execute(query):
        values = list(row)
        values[2] = Sentiment.of_sign(int(values[2])).value
        values[3] = values[3] / 1000
        values[6] = (values[6] or "")[:EVIDENCE_SHOWN]
        rows.append(values)
    return pd.DataFrame.from_records(rows, columns=ASPECT)


def aspects_read(conn: Connection, ids: Sequence[int], *, model: str | None = None) -> pd.DataFrame:
    """What the model read of these mentions, whatever rules and people say: the columns of `aspects`.

    model: None stands for the one that each mention's label goes by.
    """
    rows = []
    for row in _readings(conn, ids, model):
        for name, sign, confidence, start, end in row.aspects:
            evidence = str(row.text)[start:end][:EVIDENCE_SHOWN]
            rows.append((row.mention_id, name, Sentiment.of_sign(sign).value, confidence / 1000, start, end, evidence))
    return pd.DataFrame.from_records(sorted(rows, key=lambda row: (row[0], row[4])), columns=ASPECT)


def sentiments_read(conn: Connection, ids: Sequence[int]) -> dict[int, str]:
    """The sentiment that the model read of these mentions, in a word, whatever rules and people say."""
    return {row.mention_id: Sentiment.of_sign(row.sentiment).value for row in _readings(conn, ids, None)}


def _readings(conn: Connection, ids: Sequence[int], model: str | None) -> list[Any]:
    query = (
        select(reading.c.mention_id, reading.c.sentiment, reading.c.aspects, mention.c.text)
        .join(mention, mention.c.id == reading.c.mention_id)
        .where(reading.c.mention_id.in_(ids))
    )
    if model is not None:
        return list(conn.execute(query.where(reading.c.model == model)))
    held = (label.c.mention_id == reading.c.mention_id) & (label.c.model == reading.c.model)
    return list(conn.execute(query.join(label, held)))


def how_many(conn: Connection, wanted: Wanted, limit: int = 10_000) -> int:
    """How many mentions match, counted no further than `limit`."""
    some = _select(conn, wanted, [mention.c.id]).limit(limit).subquery()
    return conn.scalar(select(func.count()).select_from(some)) or 0


def corrections(conn: Connection, mention_id: int) -> pd.DataFrame:
    """What people said instead about a mention: id, field, aspect, before, after, who, at, undone_at; oldest first."""
    names = ["id", "field", "aspect", "before", "after", "who", "at", "undone_at"]
    query = select(*(correction.c[name] for name in names)).where(correction.c.mention_id == mention_id)
    rows = [tuple(row) for row in conn.execute(query.order_by(correction.c.id))]
    return pd.DataFrame.from_records(rows, columns=names)


def why_unreadable(conn: Connection, ids: Sequence[int]) -> dict[int, str]:
    """The errors of those of these mentions that could not be read."""
    query = select(unreadable.c.mention_id, unreadable.c.error).where(unreadable.c.mention_id.in_(ids))
    return {row.mention_id: row.error for row in conn.execute(query)}
