"""What the store knows that messages tell: figures for digests, and how long a source has been tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, func, select

from collector.store import hour_of
from collector.store.runs import run
from dashboard.alerts import outbox
from dashboard.alerts.digest import Figures
from dashboard.alerts.settings import Manager
from dashboard.alerts.silence import named
from sentiment.spikes.store.history import unread_share
from sentiment.store.counts import count_hour
from sentiment.taxonomy import ALL, taxonomy


def first_run(conn: Connection, source: str) -> datetime | None:
    """When a source was first tried; None: never."""
    started: datetime | None = conn.scalar(select(func.min(run.c.started_at)).where(run.c.source == source))
    return started


def last_end(conn: Connection, source: str) -> datetime | None:
    """When a run of a source last ended, well or not; None: never."""
    ended: datetime | None = conn.scalar(select(func.max(run.c.finished_at)).where(run.c.source == source))
    return ended


def first_due(conn: Connection, about: str, now: datetime) -> datetime:
    """When something was first found to be due: now, unless it was before."""
    outbox.take(conn, about, "due", now)
    known = (outbox.decision.c.about == about, outbox.decision.c.event == "due")
    at: datetime = conn.scalars(select(outbox.decision.c.at).where(*known)).one()
    return at


def unread_part(conn: Connection, start: datetime, end: datetime) -> float:
    """Which part of what was said in [start, end) waits to be read."""
    return unread_share(conn, hour_of(start), hour_of(end))


def figures(
    conn: Connection, people: Sequence[Manager], start: datetime, end: datetime, before: timedelta
) -> tuple[list[Figures], list[Figures]]:
    """Voices and dissatisfaction on the routes of some people together in [start, end) and in the span `before` it.

    Returns those of whole brands and those of each dimension of the default lens; a dimension's share is that of all
    voices of its brand that were read.
    """
    first, last, earliest = hour_of(start), hour_of(end), hour_of(start - before)
    now_ = count_hour.c.hour >= first
    lens = taxonomy().default_lens
    read = count_hour.c.negative + count_hour.c.neutral + count_hour.c.positive
    rows = conn.execute(
        select(
            count_hour.c.brand,
            count_hour.c.facet,
            count_hour.c.source,
            *(
                func.sum(case((when, amount), else_=0)).label(name)
                for name, when, amount in (
                    ("read", now_, read),
                    ("negative", now_, count_hour.c.negative),
                    ("read_before", ~now_, read),
                    ("negative_before", ~now_, count_hour.c.negative),
                )
            ),
        )
        .where(
            count_hour.c.hour >= earliest,
            count_hour.c.hour < last,
            (count_hour.c.facet == ALL) | count_hour.c.facet.startswith(f"{lens}/"),
        )
        .group_by(count_hour.c.brand, count_hour.c.facet, count_hour.c.source)
    )
    sums: dict[tuple[str, str], list[int]] = {}
    for row in rows.mappings():
        if not any(_within(row["brand"], one.brands) and _within(row["source"], one.sources) for one in people):
            continue
        total = sums.setdefault((row["brand"], row["facet"]), [0, 0, 0, 0])
        for place, name in enumerate(("read", "negative", "read_before", "negative_before")):
            total[place] += int(row[name])
    return _split(sums, people)


def _within(name: str, route: Sequence[str]) -> bool:
    return not route or named(name, route)


def _split(sums: Mapping[tuple[str, str], list[int]], people: Sequence[Manager]) -> tuple[list[Figures], list[Figures]]:
    whole: list[Figures] = []
    parts: list[Figures] = []
    for (brand, facet), (read, negative, read_before, negative_before) in sorted(sums.items()):
        owners = [one for one in people if _within(brand, one.brands)]
        if facet != ALL and not any(_within(facet, one.dimensions) for one in owners):
            continue
        of_brand = sums.get((brand, ALL), [read, 0, read_before, 0])
        found = Figures(
            brand=brand,
            dimension=None if facet == ALL else taxonomy().label(facet),
            voices=of_brand[0],
            negative=negative,
            voices_before=of_brand[2],
            negative_before=negative_before,
        )
        (whole if facet == ALL else parts).append(found)
    return sorted(whole, key=lambda f: -f.voices), parts
