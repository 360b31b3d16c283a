"""The SQL behind each export: which rows, in which columns, streamed from the server in the order of their time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, select
from sqlalchemy.engine import Row

from collector.errors import BadSettings
from collector.store import EPOCH, MICROSECOND, Store, day_of
from collector.store.mentions import mention
from dashboard.exports.filters import Filters, nearest
from dashboard.exports.table import Cell, Column, Table, What
from sentiment.reading import Intent, Sentiment
from sentiment.store.counts import aspect_facet, count_day
from sentiment.store.readings import label, label_aspect, reading
from sentiment.taxonomy import taxonomy

CHUNK = 500
"""Rows fetched at once, and ids whose aspects are asked for at once: below SQLite's limit of bound variables."""

_STREAMED = {"stream_results": True, "max_row_buffer": CHUNK}


def table_of(conn: Connection, store: Store, what: What, filters: Filters, models: set[str]) -> Table:
    """The rows of an export, read while they are walked through; `models` gathers whose readings pass by.

    Raises BadSettings where a filter names what is not there, or cannot be asked of this table.
    """
    _check_names(conn, filters)
    if what is What.DAILY:
        return _daily(conn, store, filters)
    return _mentions(conn, what, filters, models)


def _check_names(conn: Connection, filters: Filters) -> None:
    for name, wanted in (("brand", filters.brand), ("source", filters.source)):
        if wanted is None:
            continue
        known = conn.scalars(select(count_day.c[name]).distinct()).all()
        if known and wanted not in known:
            raise BadSettings(f"There is nothing of the {name} {wanted!r} in the store. {nearest(wanted, known)}")


# ------------------------------------------------------------------ mentions, complaints

_TEXT, _WHOLE, _NUMBER, _FLAG, _TIME = Cell.TEXT, Cell.WHOLE, Cell.NUMBER, Cell.FLAG, Cell.TIME
MENTION_COLUMNS = tuple(
    Column(name=name, cell=cell)
    for name, cell in (
        ("mention_id", _WHOLE), ("source", _TEXT), ("brand", _TEXT), ("kind", _TEXT), ("external_id", _TEXT),
        ("created_at", _TIME), ("edited_at", _TIME), ("fetched_at", _TIME), ("language", _TEXT), ("rating", _NUMBER),
        ("text", _TEXT), ("url", _TEXT), ("parent_id", _TEXT), ("reach", _WHOLE), ("place", _TEXT), ("segment", _TEXT),
        ("author_key", _TEXT), ("author_name", _TEXT), ("matched", _TEXT), ("revision", _WHOLE), ("voice_id", _WHOLE),
        ("stands_for_voice", _FLAG), ("sentiment", _TEXT), ("satisfaction", _NUMBER), ("negative", _NUMBER),
        ("neutral", _NUMBER), ("positive", _NUMBER), ("stage", _TEXT), ("intent", _TEXT), ("loyalty", _TEXT),
        ("uncertain", _FLAG), ("corrected", _FLAG), ("language_validated", _FLAG), ("model", _TEXT),
        ("dimensions", _TEXT), ("aspects", Cell.ASPECTS),
    )
)  # fmt: skip
"""stands_for_voice: whether it is the one of its near-duplicates that figures count; negative, neutral, positive: the
model's probabilities; uncertain: they lie too close to be relied upon; the labels are those held true, corrections
included."""


def _mentions(conn: Connection, what: What, filters: Filters, models: set[str]) -> Table:
    probabilities = ("negative", "neutral", "positive")
    query = (
        select(
            mention,
            *(label.c[name] for name in ("sentiment", "satisfaction", "stage", "intent", "loyalty", "abstained")),
            *(label.c[name] for name in ("corrected", "validated", "model")),
            *(reading.c[name] for name in probabilities),
        )
        .select_from(
            mention.outerjoin(label, label.c.mention_id == mention.c.id).outerjoin(
                reading, and_(reading.c.mention_id == label.c.mention_id, reading.c.model == label.c.model)
            )
        )
        .where(*_conditions(what, filters))
        .order_by(mention.c.created_at, mention.c.id)
    )
    return Table(name=what, columns=MENTION_COLUMNS, rows=_mention_rows(conn, query, models))


def _conditions(what: What, filters: Filters) -> Iterator[ColumnElement[bool]]:
    if filters.since is not None:
        yield mention.c.created_at >= filters.since
    if filters.until is not None:
        yield mention.c.created_at < filters.until
    if filters.brand is not None:
        yield mention.c.brand == filters.brand
    if filters.source is not None:
        # The addition of nothing keeps SQLite from taking UNIQUE(source, …) and sorting everything it finds there.
        yield mention.c.source + "" == filters.source
    if filters.sign is not None:
        yield label.c.sentiment == filters.sign
    if what is What.COMPLAINTS:
        yield label.c.sentiment == Sentiment.NEGATIVE.sign
        yield label.c.intent == Intent.COMPLAINT.value
    if filters.facet not in {None, "all"}:
        aspects = select(aspect_facet.c.aspect).where(aspect_facet.c.facet == filters.facet)
        yield exists().where(label_aspect.c.mention_id == mention.c.id, label_aspect.c.aspect.in_(aspects))


def _mention_rows(conn: Connection, query: Select[Any], models: set[str]) -> Iterator[tuple[Any, ...]]:
    streamed = conn.execute(query, execution_options=_STREAMED)
    for rows in streamed.partitions(CHUNK):
        aspects = _aspects(conn, {row.id: row.text for row in rows})
        for row in rows:
            if row.model is not None:
                models.add(row.model)
            yield _mention_row(row, aspects.get(row.id, []))


def _aspects(conn: Connection, texts: dict[int, str]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    query = select(label_aspect).where(label_aspect.c.mention_id.in_(texts))
    for row in conn.execute(query.order_by(label_aspect.c.mention_id, label_aspect.c.start, label_aspect.c.aspect)):
        found.setdefault(row.mention_id, []).append(
            {
                "aspect": row.aspect,
                "polarity": Sentiment.of_sign(row.polarity).value,
                "confidence": row.confidence / 1000,
                "evidence": texts[row.mention_id][row.start : row.end],
            }
        )
    return found


def _mention_row(row: Row[Any], aspects: list[dict[str, Any]]) -> tuple[Any, ...]:
    was_read = row.sentiment is not None
    touched = taxonomy().dimensions_of({a["aspect"]: Sentiment(a["polarity"]) for a in aspects})
    return (
        row.id, row.source, row.brand, row.kind, row.external_id, row.created_at, row.edited_at, row.fetched_at,
        row.language, row.rating, row.text, row.url, row.parent_id, row.reach, row.place, row.segment, row.author_key,
        row.author_name, row.matched, row.revision, row.voice_id, row.head,
        Sentiment.of_sign(row.sentiment).value if was_read else None, _hundredths(row.satisfaction),
        *(None if p is None else p / 10_000 for p in (row.negative, row.neutral, row.positive)),
        row.stage, row.intent, row.loyalty, row.abstained, row.corrected, row.validated, row.model,
        "; ".join(f"{name} {sign.value}" for name, sign in touched.items()) if was_read else None,
        aspects if was_read else None,
    )  # fmt: skip


def _hundredths(value: int | None) -> float | None:
    return None if value is None else value / 100


# ------------------------------------------------------------------ daily counts

DAILY_COLUMNS = tuple(
    Column(name=name, cell=cell)
    for name, cell in (
        ("day", Cell.DAY), ("brand", _TEXT), ("source", _TEXT), ("facet", _TEXT), ("label", _TEXT),
        ("mentions", _WHOLE), ("voices", _WHOLE), ("negative", _WHOLE), ("neutral", _WHOLE), ("positive", _WHOLE),
        ("unread", _WHOLE), ("dissatisfaction", _NUMBER), ("satisfaction", _NUMBER),
    )
)  # fmt: skip
"""Days are calendar days of the owner; all figures but `mentions` count voices; dissatisfaction is negative over
negative + neutral + positive; satisfaction the mean from 1 to 5 over voices that were read."""


def _daily(conn: Connection, store: Store, filters: Filters) -> Table:
    if filters.sentiment is not None:
        raise BadSettings("Daily counts have a column for each sentiment; leave the filter on sentiment out.")
    c = count_day.c
    query = select(count_day).where(c.mentions > 0).order_by(c.day, c.brand, c.source, c.facet)
    if filters.since is not None:
        query = query.where(c.day >= day_of(filters.since, store.zone))
    if filters.until is not None:
        query = query.where(c.day <= day_of(filters.until - MICROSECOND, store.zone))
    for name, wanted in (("brand", filters.brand), ("source", filters.source), ("facet", filters.facet)):
        if wanted is not None:
            query = query.where(c[name] == wanted)
    streamed = conn.execute(query, execution_options=_STREAMED)
    return Table(name=What.DAILY, columns=DAILY_COLUMNS, rows=_daily_rows(streamed))


def _daily_rows(rows: Iterable[Row[Any]]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        was_read = row.negative + row.neutral + row.positive
        yield (
            EPOCH.date() + timedelta(days=row.day), row.brand, row.source, row.facet, taxonomy().label(row.facet),
            row.mentions, row.voices, row.negative, row.neutral, row.positive, row.unread,
            round(row.negative / was_read, 6) if was_read else None,
            round(row.satisfaction / 100 / was_read, 4) if was_read else None,
        )  # fmt: skip
