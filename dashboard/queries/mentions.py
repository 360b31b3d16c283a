"""The mentions that a reader leafs through: one keyset page at a time, with labels, aspects and evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import pandas as pd
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    case,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    type_coerce,
    union_all,
)

from collector.store import from_micros, micros
from collector.store.search import has, is_rare, matching, terms_of
from collector.store.tables import mention
from dashboard.queries.places import BY_TIME, NO_REACH, UNREAD_LAST, Order, Place
from dashboard.scope import Scope
from sentiment.reading import Sentiment
from sentiment.store.corrections import ABOUT_US
from sentiment.store.counts import aspect_facet
from sentiment.store.readings import correction, label, label_aspect, unread, unreadable

SHOWN = 1_500
"""Characters of a text that a screen shows; the whole leaves with the download."""
EVIDENCE_SHOWN = 300
RARE = 1_000
"""Texts that a search may match for each of them to be looked at, whenever it was written."""
NEAR, FREQUENT = 1_000, 20
"""Mentions next in the order that are each asked for words that more than one in so many has."""
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
    "about_us",
    "rule_id",
    "suspicion",
    "suspicion_reason",
    "validated",
]
ASPECT = ["mention_id", "aspect", "polarity", "confidence", "start", "end", "evidence"]


class Only(StrEnum):
    """Which part of the mentions: by where their labels come from."""

    UNREAD = "unread"
    CORRECTED = "corrected"
    RULED = "ruled"
    ELSEWHERE = "elsewhere"
    SUSPECT = "suspect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which mentions of a scope. facet: "aspect/<name>" or "<lens>/<dimension>".

    start, end    a span of time within the scope's days, e.g. that of an incident
    one_a_voice   only the mention that stands for its near-duplicates
    only          None: all but those that a person said are not about the brand, as figures count them
    """

    scope: Scope
    words: str = ""
    sentiment: Sentiment | None = None
    facet: str | None = None
    polarity: Sentiment | None = None
    start: datetime | None = None
    end: datetime | None = None
    one_a_voice: bool = False
    only: Only | None = None
    order: Order = Order.NEWEST


def _keys(order: Order) -> tuple[ColumnElement[Any], bool]:
    """What an order goes by, and whether the lowest comes first."""
    if order is Order.REACH:
        return case((mention.c.reach > NO_REACH, mention.c.reach), else_=NO_REACH), False
    if order is Order.DISSATISFIED:
        return func.coalesce(label.c.satisfaction, UNREAD_LAST), True
    return mention.c.created_at, order is Order.OLDEST


def _ordered(order: Order) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """What to sort by: the latest come first among those of one satisfaction."""
    key, rising = _keys(order)
    return (key.asc() if rising else key.desc()), (mention.c.id.asc() if order is Order.OLDEST else mention.c.id.desc())


def among(wanted: Wanted) -> list[ColumnElement[bool]]:
    """The brand and the time."""
    since, until = _days(wanted)
    return [mention.c.brand == wanted.scope.brand, mention.c.created_at >= since, mention.c.created_at < until]


def _days(wanted: Wanted) -> tuple[datetime, datetime]:
    scope = wanted.scope
    return max(scope.start, wanted.start or scope.start), min(scope.end, wanted.end or scope.end)


def other_conditions(conn: Connection, wanted: Wanted) -> list[ColumnElement[bool]]:
    """All but the brand and the time."""
    scope = wanted.scope
    found: list[ColumnElement[bool]] = []
    if scope.sources:
        # UNIQUE(source, brand, …) would sort everything by date.
        found.append(_off_index(conn, mention.c.source).in_(scope.sources))
    if any(terms_of(wanted.words)):
        found.append(_worded(conn, wanted))
    if wanted.sentiment is not None:
        found.append(label.c.sentiment == wanted.sentiment.sign)
    found.append(_part(conn, wanted.only))
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


def _off_index(conn: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column in a guise that keeps SQLite from its index; PostgreSQL would not know what to expect of that."""
    if conn.dialect.name == "postgresql":
        return column
    return column.op("||")("") if isinstance(column.type, String) else type_coerce(column, BigInteger) + 0


def _worded(conn: Connection, wanted: Wanted) -> ColumnElement[bool]:
    """Which mentions match the words wanted."""
    if conn.dialect.name != "postgresql":
        # Rare words lead to their mentions. Others are looked up among the mentions of the days, lest every mention
        # that has them be gone to, at any time and of any brand.
        rare = is_rare(conn, wanted.words, RARE)
        return (mention.c.id if rare else _off_index(conn, mention.c.id)).in_(matching(conn, wanted.words))
    if not seldom(conn, wanted.words):
        return has(conn, wanted.words)
    # Found apart from the order and from all else: PostgreSQL takes looking through a text for words to be as cheap as
    # comparing two numbers, and would rather look through all of them in the order wanted than use the index.
    hits = select(mention.c.id).where(*among(wanted), has(conn, wanted.words)).cte("hits").prefix_with("MATERIALIZED")
    return mention.c.id.in_(select(hits.c.id))


def seldom(conn: Connection, words: str) -> bool:
    """Whether no more than one text in FREQUENT has these words."""
    there = conn.scalar(select(func.max(mention.c.id))) or 0
    return is_rare(conn, words, max(RARE, there // FREQUENT))


def common(conn: Connection, words: str) -> bool:
    """Whether so many texts have these words that finding all takes long; PostgreSQL stops by itself at enough."""
    return conn.dialect.name != "postgresql" and bool(terms_of(words)[0]) and not seldom(conn, words)


def _part(conn: Connection, only: Only | None) -> ColumnElement[bool]:
    about_us = func.coalesce(label.c.about_us, true()) == true()
    # What is rare is looked up by its ids: going through all mentions of the days would take seconds in a large store.
    said = select(correction.c.mention_id).where(correction.c.undone_at.is_(None))
    match only:
        case Only.ELSEWHERE:
            said = said.where(correction.c.field == ABOUT_US)
            return and_(label.c.about_us.is_(False), mention.c.id.in_(said))
        case Only.UNREAD:
            # Labels are looked up only of what waits or was set aside, not of every mention of the days.
            if conn.dialect.name == "postgresql":
                waiting = union_all(select(unread.c.mention_id), select(unreadable.c.mention_id))
                return and_(label.c.mention_id.is_(None), mention.c.id.in_(waiting))
            queued = exists().where(unread.c.mention_id == mention.c.id)
            aside = exists().where(unreadable.c.mention_id == mention.c.id)
            return and_(label.c.mention_id.is_(None), or_(queued, aside))
        case Only.CORRECTED:
            return and_(label.c.corrected.is_(True), mention.c.id.in_(said))
        case Only.RULED:
            ruled = select(label.c.mention_id).where(label.c.rule_id.is_not(None))
            return and_(about_us, mention.c.id.in_(ruled))
        case Only.SUSPECT:
            return and_(about_us, mention.c.suspicion.is_not(None))
        case None:
            return about_us


def _select(conn: Connection, wanted: Wanted, columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
    return joined(columns).where(*among(wanted), *other_conditions(conn, wanted))


def joined(columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
    """Of mentions with their labels, if they have any."""
    return select(*columns).select_from(mention.outerjoin(label, label.c.mention_id == mention.c.id))


def _columns(shown: int | None) -> list[ColumnElement[Any]]:
    text = mention.c.text if shown is None else func.substr(mention.c.text, 1, shown)
    own: dict[str, ColumnElement[Any]] = {"text": text, "length": func.length(mention.c.text)}
    return [
        own.get(name, mention.c[name] if name in mention.c else label.c.get(name, literal(None))).label(name)
        for name in ROW
    ]


def page(
    conn: Connection,
    wanted: Wanted,
    *,
    after: Place | None = None,
    size: int = 25,
    whole_texts: bool = False,
    many: bool = False,
) -> pd.DataFrame:
    """Up to `size` mentions after a place, in the order wanted; the columns of ROW.

    sentiment is a word or None (unread); satisfaction is 1 to 5. Texts are cut to SHOWN characters unless whole_texts.
    many: so many match that those of widest reach or least satisfaction are better met by going along that order until
    enough match than by sorting all of them (see matches.many).
    """
    if wanted.order in BY_TIME:
        found = _near(conn, wanted, after, size, whole_texts=whole_texts)
        if found is None:
            query = _select(conn, wanted, _columns(None if whole_texts else SHOWN))
            found = _frame(conn, _leaf(query, wanted.order, after, size))
        return found
    ids: list[int] = []
    if many and not any(terms_of(wanted.words)):
        ids = first_along(conn, wanted, after, size)
    elif terms_of(wanted.words)[0] and (many or common(conn, wanted.words)):
        wordless = replace(wanted, words="")
        leaf = _leaf(_select(conn, wordless, [mention.c.id]), wanted.order, after, NEAR)
        near = first_along(conn, wordless, after, NEAR) if many else list(conn.scalars(leaf))
        having = set(conn.scalars(select(mention.c.id).where(mention.c.id.in_(near), has(conn, wanted.words))))
        ids = [number for number in near if number in having][:size]
    if len(ids) < size:
        # Sorted by id alone: with their texts, all of the period would be read for the few that are shown.
        ids = list(conn.scalars(_leaf(_select(conn, wanted, [mention.c.id]), wanted.order, after, size)))
    return ones(conn, ids, whole_texts=whole_texts)


def _near(
    conn: Connection, wanted: Wanted, after: Place | None, size: int, *, whole_texts: bool
) -> pd.DataFrame | None:
    """The page of a search for what very many texts have, if the NEAR next mentions fill it; else None.

    Asking for each of them whether it has the words is slow; for what every other has, finding all is slower yet.
    """
    if not common(conn, wanted.words):
        return None
    near = _leaf(select(mention.c.id).where(*among(wanted)), wanted.order, after, NEAR).subquery()
    query = joined(_columns(None if whole_texts else SHOWN)).where(mention.c.id.in_(select(near.c.id)))
    query = query.where(has(conn, wanted.words), *other_conditions(conn, replace(wanted, words="")))
    found = _frame(conn, query.order_by(*_ordered(wanted.order)).limit(size))
    return found if len(found) == size else None


def _leaf(query: Select[Any], order: Order, after: Place | None, size: int) -> Select[Any]:
    if after is not None:
        query = query.where(*_beyond(after, order, _keys(order)[0], mention.c.id))
    return query.order_by(*_ordered(order)).limit(size)


def _beyond(
    after: Place, order: Order, key: ColumnElement[Any], number: ColumnElement[int]
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """What lies behind a place in an order by `key` and the id `number`; an index serves the first condition."""
    _, rising = _keys(order)
    value = from_micros(after.key) if order in BY_TIME else after.key
    later = number > after.id if order is Order.OLDEST else number < after.id
    return (key >= value, or_(key > value, later)) if rising else (key <= value, or_(key < value, later))


def first_along(conn: Connection, wanted: Wanted, after: Place | None, size: int) -> list[int]:
    """The first ids after a place along an order's index; fewer where only those without a key are left."""
    brand, (since, until) = wanted.scope.brand, _days(wanted)
    # The index by brand and time would lead to all of the days, to be sorted.
    at = _off_index(conn, type_coerce(mention.c.created_at, BigInteger))
    spans = [at >= micros(since), at < micros(until), *other_conditions(conn, wanted)]
    if wanted.order is Order.REACH:
        key: ColumnElement[int] = mention.c.reach
        # A partial index serves only those who write its condition out.
        own = [mention.c.brand == brand, key > literal_column("0")]
        number: ColumnElement[int] = mention.c.id
        tables = mention.outerjoin(label, label.c.mention_id == mention.c.id)
        first = key.desc()
    else:
        key, number = label.c.satisfaction, label.c.mention_id
        own = [_off_index(conn, mention.c.brand) == brand]
        tables = label.join(mention, mention.c.id == label.c.mention_id)
        first = key.asc()
    if after is not None:
        own += _beyond(after, wanted.order, key, number)
    query = select(number).select_from(tables).where(*own, *spans).order_by(first, number.desc()).limit(size)
    return list(conn.scalars(query))


def ones(conn: Connection, ids: Sequence[int], *, whole_texts: bool = False) -> pd.DataFrame:
    """Those of these mentions that are there, in the order given; the columns of ROW."""
    query = joined(_columns(None if whole_texts else SHOWN)).where(mention.c.id.in_(ids))
    places = {mention_id: place for place, mention_id in enumerate(ids)}
    return _frame(conn, query).sort_values("id", key=lambda own: own.map(places), ignore_index=True)


def _frame(conn: Connection, query: Select[Any]) -> pd.DataFrame:
    place = ROW.index("sentiment")
    rows = []
    for row in conn.execute(query):
        sign = row[place]
        rows.append((*row[:place], None if sign is None else Sentiment.of_sign(int(sign)).value, *row[place + 1 :]))
    frame = words_or_none(pd.DataFrame.from_records(rows, columns=ROW))
    frame["satisfaction"] = pd.to_numeric(frame["satisfaction"]) / 100
    return frame


def words_or_none(frame: pd.DataFrame) -> pd.DataFrame:
    """The same with None where a word is missing: pandas would put nan beside words, which is true and no word."""
    kept = {}
    for name, column in frame.items():
        if isinstance(column.dtype, pd.StringDtype):
            kept[name] = pd.Series([None if pd.isna(word) else word for word in column], frame.index, dtype=object)
    return frame.assign(**{str(name): column for name, column in kept.items()})


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


def how_many(conn: Connection, wanted: Wanted, limit: int = 10_000) -> int:
    """How many mentions match, counted one by one and no further than `limit` (`matches` knows shorter ways)."""
    some = _select(conn, wanted, [mention.c.id]).limit(limit).subquery()
    return conn.scalar(select(func.count()).select_from(some)) or 0


def why_unreadable(conn: Connection, ids: Sequence[int]) -> dict[int, str]:
    """The errors of those of these mentions that could not be read."""
    query = select(unreadable.c.mention_id, unreadable.c.error).where(unreadable.c.mention_id.in_(ids))
    return {row.mention_id: row.error for row in conn.execute(query)}
