"""Spikes and incidents as they leave: what was observed, what was expected, since when, and who has it in hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.engine import Row

from collector.errors import BadSettings
from collector.store import from_hour, hour_of
from dashboard.exports.filters import Filters
from dashboard.exports.table import Cell, Column, Table, What
from sentiment.spikes.grain import HOURLY, span
from sentiment.spikes.spike import SpikeClass
from sentiment.spikes.store import spike
from sentiment.spikes.store.incidents import KeptIncident, incidents
from sentiment.taxonomy import ALL, taxonomy

_TEXT, _WHOLE, _NUMBER, _TIME = Cell.TEXT, Cell.WHOLE, Cell.NUMBER, Cell.TIME
SPIKE_COLUMNS = tuple(
    Column(name=name, cell=cell)
    for name, cell in (
        ("spike_id", _WHOLE), ("incident_id", _WHOLE), ("brand", _TEXT), ("source", _TEXT), ("facet", _TEXT),
        ("label", _TEXT), ("class", _TEXT), ("severity", _TEXT), ("window_start", _TIME), ("window_end", _TIME),
        ("observed", _WHOLE), ("expected", _NUMBER), ("lower", _WHOLE), ("upper", _WHOLE), ("excess", _NUMBER),
        ("voices", _WHOLE), ("share_observed", _NUMBER), ("share_expected", _NUMBER), ("p", _NUMBER),
        ("p_count", _NUMBER), ("p_share", _NUMBER), ("score", _NUMBER), ("found_at", _TIME),
    )
)  # fmt: skip
"""observed: negative voices in the window [start, end); lower and upper hold 95 % of calm windows."""

INCIDENT_COLUMNS = tuple(
    Column(name=name, cell=cell)
    for name, cell in (
        ("incident_id", _WHOLE), ("brand", _TEXT), ("state", _TEXT), ("severity", _TEXT), ("track", _TEXT),
        ("began", _TIME), ("opened_at", _TIME), ("last_seen", _TIME), ("resolved_at", _TIME),
        ("acknowledged_at", _TIME), ("acknowledged_by", _TEXT), ("assigned_to", _TEXT), ("reopenings", _WHOLE),
        ("series", _TEXT), ("source", _TEXT), ("facet", _TEXT), ("label", _TEXT), ("class", _TEXT),
        ("window_start", _TIME), ("window_end", _TIME), ("observed", _WHOLE), ("expected", _NUMBER),
        ("lower", _WHOLE), ("upper", _WHOLE), ("excess", _NUMBER), ("reason", _TEXT), ("found_at", _TIME),
    )
)  # fmt: skip
"""series: all that belong to it; source to excess: those of its worst spike; reason: the explanation's sentence."""


def no_sentiment(filters: Filters) -> None:
    """Raise BadSettings where rows are asked for by a sentiment that they do not have."""
    if filters.sentiment is not None:
        raise BadSettings("Only mentions and complaints have a sentiment; leave that filter out.")


def spike_table(conn: Connection, filters: Filters) -> Table:
    """Spikes whose window touches the span of time, the earliest first."""
    no_sentiment(filters)
    c = spike.c
    query = select(spike).order_by(c.hour, c.id)
    # A window ends within a day of its spike: this only spares reading the others, each row's window is looked at.
    if filters.since is not None:
        query = query.where(c.hour >= hour_of(filters.since))
    if filters.until is not None:
        query = query.where(c.hour - c.window <= hour_of(filters.until) + HOURLY.steps_per_day)
    for name, wanted in (("brand", filters.brand), ("source", filters.source), ("facet", filters.facet)):
        if wanted is not None:
            query = query.where(c[name] == wanted)
    streamed = conn.execute(query, execution_options={"stream_results": True, "max_row_buffer": 500})
    return Table(name=What.SPIKES, columns=SPIKE_COLUMNS, rows=_spike_rows(streamed, filters))


def _spike_rows(rows: Iterable[Row[Any]], filters: Filters) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        start, end = _window(row)
        if (filters.since is not None and end <= filters.since) or (
            filters.until is not None and start >= filters.until
        ):
            continue
        yield (
            row.id, row.incident_id, row.brand, row.source, row.facet, taxonomy().label(row.facet), row.spike_class,
            row.severity, start, end, row.observed, row.expected, row.lower, row.upper, row.observed - row.expected,
            row.voices, row.share_observed, row.share_expected, row.p, row.p_count, row.p_share, row.score,
            row.found_at,
        )  # fmt: skip


def _window(row: Row[Any]) -> tuple[datetime, datetime]:
    slow = row.spike_class == SpikeClass.SLOW_RISE
    first, end = span(row.hour, row.window, HOURLY.steps_per_day, slow=slow)
    return from_hour(first), from_hour(end)


def incident_table(conn: Connection, filters: Filters) -> Table:
    """Incidents that touch the span of time, the earliest first; a source or dimension must be among their series."""
    no_sentiment(filters)
    found = incidents(conn, brand=filters.brand, since=filters.since, until=filters.until)
    rows = (_incident_row(one) for one in reversed(found) if _touches(one, filters))
    return Table(name=What.INCIDENTS, columns=INCIDENT_COLUMNS, rows=rows)


def _touches(one: KeptIncident, filters: Filters) -> bool:
    series = [(key.source, key.dimension or ALL) for key in one.incident.series()]
    facet = filters.facet
    return any(
        (filters.source is None or source == filters.source) and (facet is None or dimension == facet)
        for source, dimension in series
    )


def _incident_row(one: KeptIncident) -> tuple[Any, ...]:
    peak = one.peak
    facet = peak.series.dimension or ALL
    start, end = one.window
    names = sorted(f"{taxonomy().label(key.dimension or ALL)} at {key.source}" for key in one.incident.series())
    return (
        one.id, one.incident.brand, one.incident.state.value, one.severity.value, one.incident.track, one.began,
        one.opened_at, one.last_seen, one.resolved_at, one.acknowledged_at, one.acknowledged_by, one.assigned_to,
        one.incident.reopenings, "; ".join(names), peak.series.source, facet, taxonomy().label(facet),
        peak.spike_class.value, start, end, peak.observed, peak.expected, peak.lower, peak.upper,
        peak.excess, (one.explanation or {}).get("sentence"), one.found_at,
    )  # fmt: skip
