"""Figures over time for a facet: by hour or day, against the whole that its share is of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd
from sqlalchemy import Connection, func, select

from collector.store import from_hour, hour_of
from dashboard.queries import figures
from dashboard.scope import DAY, Scope, midnight
from dashboard.steps import Step, in_steps, of_days
from sentiment.store.counts import FIGURES, count_hour
from sentiment.taxonomy import ALL


def over_time(conn: Connection, scope: Scope, facet: str, step: Step) -> pd.DataFrame:
    """One row an hour (where step is the hour) or a day, as `steps.in_steps` takes them.

    negative counts voices dissatisfied about the facet, read all voices that were read: the share is of the whole.
    Raises ValueError for hours of a scope that has no `whole_hours`.
    """
    by = _by_hour if step is Step.HOUR else _by_day
    found = by(conn, scope, facet)
    if facet != ALL:
        found["read"] = by(conn, scope, ALL)["read"]
    return found


def course(conn: Connection, scope: Scope, facet: str, step: Step, *, laid_over: Scope) -> pd.DataFrame:
    """The same in steps, as `steps.in_steps` makes them, moved to the days of another scope that are as many."""
    first, last = laid_over.first, laid_over.last
    return in_steps(over_time(conn, scope, facet, step), step, first=first, last=last, shift=first - scope.first)


def whole_hours(scope: Scope) -> bool:
    """Whether hours on the wall clock of these days are hours as they are counted, which begin with those of UTC.

    Where the zone is off by half an hour or a quarter (Asia/Kolkata), each counted hour lies in two of the wall clock.
    """
    ends = (midnight(scope.first + n * DAY, scope.zone) for n in range(scope.days + 1))
    return not any(end.minute or end.second for end in ends)


def _by_day(conn: Connection, scope: Scope, facet: str) -> pd.DataFrame:
    return of_days(figures.by_day(conn, scope, facet))


def _by_hour(conn: Connection, scope: Scope, facet: str) -> pd.DataFrame:
    if not whole_hours(scope):
        raise ValueError(f"{scope.zone.key} is not whole hours off UTC: counts by the hour do not fit its clock")
    first, end = hour_of(scope.start), hour_of(scope.end - timedelta(microseconds=1)) + 1
    rows = conn.execute(
        select(count_hour.c.hour, *(func.sum(count_hour.c[name]) for name in FIGURES))
        .where(
            count_hour.c.brand == scope.brand,
            count_hour.c.facet == facet,
            # Naming the sources lets the primary key lead to these hours alone.
            count_hour.c.source.in_(_sources(conn, scope)),
            count_hour.c.hour >= first,
            count_hour.c.hour < end,
        )
        .group_by(count_hour.c.hour)
    ).all()
    frame = pd.DataFrame.from_records([tuple(row) for row in rows], columns=["hour", *FIGURES]).set_index("hour")
    frame = frame.astype("int64").reindex(range(first, end), fill_value=0)
    frame["read"] = frame["own"] = frame["negative"] + frame["neutral"] + frame["positive"]
    # The hour of autumn that comes twice is one on the wall clock.
    frame["at"] = [from_hour(hour).astimezone(scope.zone).replace(tzinfo=None) for hour in frame.index]
    return frame.reset_index(drop=True)


def _sources(conn: Connection, scope: Scope) -> Sequence[str]:
    return scope.sources or figures.sources_of(conn, scope.brand)
