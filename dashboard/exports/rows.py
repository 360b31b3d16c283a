"""The SQL behind each export: which rows, in which columns, streamed from the server in the order of their time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, select, true
from sqlalchemy.engine import Row

from collector.errors import BadSettings
from collector.store import EPOCH, MICROSECOND, Store, day_of
from collector.store.tables import mention
from dashboard.exports.filters import Filters, nearest
from dashboard.exports.incident_rows import incident_table, no_sentiment, spike_table
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
    if what is What.SPIKES:
        return spike_table(conn, filters)
    if what is What.INCIDENTS:
        return incident_table(conn, filters)
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


# Columns are selected in the order in which they leave, so that a row need not be taken apart by name.
_OWN = (
    "id", "source", "brand", "kind", "external_id", "created_at", "edited_at", "fetched_at", "language", "rating",
    "text", "url", "parent_id", "reach", "place", "segment", "author_key", "author_name", "matched", "revision",
    "voice_id", "head",
)  # fmt: skip
_LABEL = ("sentiment", "satisfaction", "stage", "intent", "loyalty", "abstained", "corrected", "validated", "model")
_PROBABILITIES = (reading.c.negative, reading.c.neutral, reading.c.positive)


def _mentions(conn: Connection, what: What, filters: Filters, models: set[str]) -> Table:
    query = (
        select(*(mention.c[name] for name in _OWN), *(label.c[name] for name in _LABEL), *_PROBABILITIES)
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
    # What a person found not to be about the brand counts nowhere, so it leaves with no file either.
    yield func.coalesce(label.c.about_us, true()) == true()
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
    text = _OWN.index("text")
    for rows in streamed.partitions(CHUNK):
        aspects = _aspects(conn, {row[0]: row[text] for row in rows})
        for row in rows:
            own, labels, probabilities = row[: len(_OWN)], row[len(_OWN) : -3], row[-3:]
            model = labels[-1]
            if model is None:
                yield (*own, *_UNREAD)
                continue
            models.add(model)
            about = aspects.get(own[0], [])
            yield (
                *own,
                Sentiment.of_sign(labels[0]).value,
                labels[1] / 100,
                *(None if p is None else p / 10_000 for p in probabilities),
                *labels[2:],
                _dimensions(tuple((a["aspect"], a["polarity"]) for a in about)),
                about,
            )


_UNREAD = (None,) * (len(MENTION_COLUMNS) - len(_OWN))


@lru_cache(maxsize=4_096)
def _dimensions(aspects: tuple[tuple[str, str], ...]) -> str:
    touched = taxonomy().dimensions_of({aspect: Sentiment(polarity) for aspect, polarity in aspects})
    return "; ".join(f"{name} {sign.value}" for name, sign in touched.items())


def _aspects(conn: Connection, texts: dict[int, str]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    c = label_aspect.c
    query = (
        select(c.mention_id, c.aspect, c.polarity, c.confidence, c.start, c.end)
        .where(c.mention_id.in_(texts))
        .order_by(c.mention_id, c.start, c.aspect)
    )
    for mention_id, aspect, polarity, confidence, start, end in conn.execute(query):
        found.setdefault(mention_id, []).append(
            {
                "aspect": aspect,
                "polarity": Sentiment.of_sign(polarity).value,
                "confidence": confidence / 1000,
                "evidence": texts[mention_id][start:end],
            }
        )
    return found


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
    no_sentiment(filters)
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
