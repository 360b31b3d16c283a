"""Figures on screens: sums of the rollups by day, facet, source or brand; no text is ever touched here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pandas as pd
from sqlalchemy import Column, ColumnElement, Connection, func, select

from collector.store import HOUR, MICROSECOND, hour_of
from dashboard.scope import DAY, Scope, day_number, day_of_number, midnight
from sentiment.store.counts import FIGURES, count_day, count_hour
from sentiment.store.readings import label
from sentiment.taxonomy import ALL, taxonomy

COLUMNS = (*FIGURES, "read")


def _scoped(scope: Scope, facets: Sequence[str]) -> list[ColumnElement[bool]]:
    day = count_day.c.day
    found: list[ColumnElement[bool]] = [
        count_day.c.brand == scope.brand,
        count_day.c.facet.in_(facets),
        day.between(day_number(scope.first), day_number(scope.last)),
    ]
    if scope.sources:
        found.append(count_day.c.source.in_(scope.sources))
    return found


def _sums() -> list[ColumnElement[int]]:
    return [func.sum(count_day.c[name]).label(name) for name in FIGURES]


def _frame(conn: Connection, keys: Sequence[str], scope: Scope, facets: Sequence[str]) -> pd.DataFrame:
    columns = [count_day.c[key] for key in keys]
    rows = conn.execute(select(*columns, *_sums()).where(*_scoped(scope, facets)).group_by(*columns)).all()
    frame = pd.DataFrame.from_records([tuple(row) for row in rows], columns=[*keys, *FIGURES])
    frame[list(FIGURES)] = frame[list(FIGURES)].astype("int64")
    frame["read"] = frame["negative"] + frame["neutral"] + frame["positive"]
    return frame


def by_day(conn: Connection, scope: Scope, facet: str = ALL) -> pd.DataFrame:
    """One row for each calendar day of the scope, days without mentions included: day (date) and the figures."""
    frame = _frame(conn, ["day"], scope, [facet]).set_index("day")
    every = range(day_number(scope.first), day_number(scope.last) + 1)
    frame = frame.reindex(every, fill_value=0).rename_axis("day").reset_index()
    frame["day"] = [day_of_number(number) for number in frame["day"]]
    return frame


def by_facet_and_day(conn: Connection, scope: Scope, facets: Sequence[str]) -> pd.DataFrame:
    """One row a facet and day that has any: facet, day (date) and the figures."""
    frame = _frame(conn, ["facet", "day"], scope, facets)
    frame["day"] = [day_of_number(number) for number in frame["day"]]
    return frame


def by_source_and_day(conn: Connection, scope: Scope, facet: str = ALL) -> pd.DataFrame:
    """One row a source and day that has any: source, day (date) and the figures."""
    frame = _frame(conn, ["source", "day"], scope, [facet])
    frame["day"] = [day_of_number(number) for number in frame["day"]]
    return frame


def by_brand_and_day(conn: Connection, scope: Scope, brands: Sequence[str]) -> pd.DataFrame:
    """One row a brand and day that has any, whatever the scope's own brand and sources: brand, day (date), figures."""
    parts = [_frame(conn, ["brand", "day"], replace(scope, brand=brand, sources=()), [ALL]) for brand in brands]
    frame = pd.concat(parts, ignore_index=True)
    frame["day"] = [day_of_number(number) for number in frame["day"]]
    return frame


def mentions_until(conn: Connection, scope: Scope, end: datetime) -> int:
    """How many mentions of a scope were made before `end`, for comparing a day under way with its like.

    Whole days are those of every other figure; the last is counted to the hour, and where the clock is not whole hours
    off UTC, the counted hour that holds its midnight is left to the day before.
    """
    last = end.astimezone(scope.zone).date()
    counted = 0
    if last > scope.first:
        whole = replace(scope, last=min(scope.last, last - DAY))
        counted = int(by_day(conn, whole)["mentions"].sum())
    begin = midnight(last, scope.zone)
    if begin >= scope.end or begin >= end or last < scope.first:
        return counted
    hours = count_hour.c.hour
    query = select(func.coalesce(func.sum(count_hour.c.mentions), 0)).where(
        count_hour.c.brand == scope.brand,
        count_hour.c.facet == ALL,
        hours >= hour_of(begin + HOUR - MICROSECOND),
        hours < hour_of(end),
    )
    if scope.sources:
        query = query.where(count_hour.c.source.in_(scope.sources))
    return counted + int(conn.scalar(query) or 0)


def sources_of(conn: Connection, brand: str) -> list[str]:
    """The sources that ever said anything about a brand."""
    query = select(count_day.c.source).where(count_day.c.brand == brand, count_day.c.facet == ALL).distinct()
    return sorted(conn.scalars(query))


def brands_present(conn: Connection) -> list[str]:
    """The brands that have mentions, configured or not."""
    return sorted(_values(conn, count_day.c.brand))


def models_read(conn: Connection) -> tuple[str, ...]:
    """The models whose readings the figures stand on."""
    return tuple(sorted(_values(conn, label.c.model)))


def _values(conn: Connection, column: Column[str]) -> list[str]:
    """The values of a column that an index begins with.

    Each is found behind the last one in the index's order: a DISTINCT would go through all rows.
    """
    found = select(func.min(column).label("value")).cte("found", recursive=True)
    behind = select(func.min(column)).where(column > found.c.value).scalar_subquery()
    found = found.union_all(select(behind).where(found.c.value.is_not(None)))
    return list(conn.scalars(select(found.c.value).where(found.c.value.is_not(None))))


def dimensions_of_lens(lens: str) -> list[str]:
    """The facets of a lens, in its order."""
    return [f"{lens}/{name}" for name in taxonomy().lenses[lens].dimensions]
