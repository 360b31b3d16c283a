"""Counts as the detector wants them: arrays of series × hours with a coverage mask, and how far judging got."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, case, delete, func, insert, or_, select

from collector.store import MICROSECOND, from_hour, hour_of
from collector.store.gaps import gaps_of
from collector.store.runs import coverage, spans_of, upsert
from collector.store.tables import mention
from sentiment.spikes.detect import NEVER, Watch
from sentiment.spikes.judge import SeriesHistory
from sentiment.spikes.spike import SeriesKey
from sentiment.spikes.store import judged_hour, spike_watch
from sentiment.store.counts import count_hour
from sentiment.store.readings import unread
from sentiment.taxonomy import ALL, taxonomy

READ_SHARE = 0.9  # an hour in which fewer voices than this have been read yet is unknown
_READ = count_hour.c.negative + count_hour.c.neutral + count_hour.c.positive


def watched_facets() -> list[str]:
    """All mentions and the dimensions of the default lens."""
    lens = taxonomy().lenses[taxonomy().default_lens]
    return [ALL, *(f"{lens.name}/{name}" for name in lens.dimensions)]


def facet_of(key: SeriesKey) -> str:
    """The facet that a series counts."""
    return ALL if key.dimension is None else key.dimension


def first_hour(conn: Connection) -> int | None:
    """The earliest hour with counts, None in an empty store."""
    found: int | None = conn.scalar(select(func.min(count_hour.c.hour)).where(count_hour.c.facet == ALL))
    return found


def load_history(conn: Connection, first: int, end: int) -> SeriesHistory | None:
    """Counts of every watched series in hours [first, end); None where there are none."""
    rows = conn.execute(
        select(
            count_hour.c.brand,
            count_hour.c.source,
            count_hour.c.facet,
            count_hour.c.hour,
            count_hour.c.negative,
            _READ.label("read"),
            count_hour.c.unread,
        ).where(count_hour.c.hour >= first, count_hour.c.hour < end, count_hour.c.facet.in_(watched_facets()))
    ).all()
    if not rows:
        return None
    names = sorted({(row.brand, row.source, row.facet) for row in rows})
    places = {name: place for place, name in enumerate(names)}
    pairs = sorted({(brand, source) for brand, source, _ in names})
    pair_places = {pair: place for place, pair in enumerate(pairs)}
    width = end - first
    negatives = np.zeros((len(names), width), dtype=np.int64)
    read, unread = (np.zeros((len(pairs), width), dtype=np.int64) for _ in range(2))
    series = np.array([places[row.brand, row.source, row.facet] for row in rows])
    hours = np.array([row.hour for row in rows]) - first
    negatives[series, hours] = [row.negative for row in rows]
    whole = [row for row in rows if row.facet == ALL]
    at = (np.array([pair_places[row.brand, row.source] for row in whole]), np.array([r.hour for r in whole]) - first)
    read[at], unread[at] = [row.read for row in whole], [row.unread for row in whole]
    masks = _coverage(conn, {source for _, source in pairs}, first, end)
    settled = read >= READ_SHARE * (read + unread)
    covered = settled & np.array([masks[source] for _, source in pairs])
    started = np.maximum.accumulate((read + unread) > 0, axis=1)
    of_pair = np.array([pair_places[brand, source] for brand, source, _ in names])
    return SeriesHistory(
        keys=tuple(
            SeriesKey(brand=brand, source=source, dimension=None if facet == ALL else facet)
            for brand, source, facet in names
        ),
        first_step=first,
        negatives=negatives,
        voices=read[of_pair],
        covered=(covered & started)[of_pair],
    )


def _coverage(conn: Connection, sources: Iterable[str], first: int, end: int) -> dict[str, NDArray[np.bool_]]:
    """Hours that each source was fully read for; one that keeps no ledger is taken at its word, but for known gaps."""
    masks = {}
    for source in sources:
        mask = np.zeros(end - first, dtype=np.bool_)
        for span in spans_of(conn, source, from_hour(first), from_hour(end)):
            start = (span.start - from_hour(first)).total_seconds() / 3600
            stop = (span.end - from_hour(first)).total_seconds() / 3600
            mask[max(int(np.ceil(start)), 0) : max(int(np.floor(stop)), 0)] = True
        masks[source] = mask if _has_ledger(conn, source) else np.ones(end - first, dtype=np.bool_)
        for gap in gaps_of(conn, source, from_hour(first), from_hour(end)):
            masks[source][hour_of(gap.start) - first : hour_of(gap.end - MICROSECOND) + 1 - first] = False
    return masks


def _has_ledger(conn: Connection, source: str) -> bool:
    return conn.scalar(select(func.count()).select_from(coverage).where(coverage.c.source == source)) != 0


def unread_share(conn: Connection, first: int, end: int) -> float:
    """Part of the mentions in hours [first, end) that wait to be read, anew or for the first time."""
    total = conn.scalar(
        select(func.sum(count_hour.c.mentions)).where(
            count_hour.c.facet == ALL, count_hour.c.hour >= first, count_hour.c.hour < end
        )
    )
    waits = conn.scalar(
        select(func.count())
        .select_from(unread.join(mention, mention.c.id == unread.c.mention_id))
        .where(mention.c.hour >= first, mention.c.hour < end)
    )
    return (waits or 0) / max(int(total or 0), 1)


# ------------------------------------------------------------------ how far judging got


def checksums(conn: Connection, first: int, end: int) -> dict[int, int]:
    """Of the counts in each hour of [first, end) that has any and of which nearly all voices have been read."""
    whole = count_hour.c.facet == ALL
    read = case((whole, _READ), else_=0)
    mixed = (
        func.sum(count_hour.c.negative) * 1_000_003 + func.sum(_READ) * 1_009 + func.sum(count_hour.c.unread)
    ).label("checksum")
    rows = conn.execute(
        select(count_hour.c.hour, mixed)
        .where(count_hour.c.hour >= first, count_hour.c.hour < end, count_hour.c.facet.in_(watched_facets()))
        .group_by(count_hour.c.hour)
        .having((1 - READ_SHARE) * func.sum(read) >= READ_SHARE * func.sum(case((whole, count_hour.c.unread), else_=0)))
    )
    return {row.hour: int(row.checksum) for row in rows}


def judged(conn: Connection, first: int) -> dict[int, int]:
    """Hours from `first` on that were judged, each with the checksum it was judged by."""
    rows = conn.execute(select(judged_hour.c.hour, judged_hour.c.checksum).where(judged_hour.c.hour >= first))
    return {row.hour: row.checksum for row in rows}


def last_judged(conn: Connection) -> int | None:
    """The last hour that was judged, None before the first."""
    found: int | None = conn.scalar(select(func.max(judged_hour.c.hour)))
    return found


def save_judged(conn: Connection, sums: Mapping[int, int]) -> None:
    """Remember by which counts hours were judged."""
    rows = [{"hour": hour, "checksum": checksum} for hour, checksum in sums.items()]
    for start in range(0, len(rows), 500):
        statement = upsert(conn, judged_hour)
        statement = statement.on_conflict_do_update(
            index_elements=["hour"], set_={"checksum": statement.excluded.checksum}
        )
        conn.execute(statement, rows[start : start + 500])


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The detector's memory as it stood at the start of a day."""

    day: int
    watch: Watch


def load_watch(conn: Connection, day: int, keys: Iterable[SeriesKey]) -> Watch:
    """The memory at the start of a day; fresh where nothing was kept."""
    names = list(keys)
    watch = Watch.fresh(len(names))
    places = {(key.brand, key.source, facet_of(key)): place for place, key in enumerate(names)}
    for row in conn.execute(select(spike_watch).where(spike_watch.c.day == day)):
        place = places.get((row.brand, row.source, row.facet))
        if place is not None:
            watch.open[place], watch.last[place], watch.floor[place] = row.open, row.last, row.floor
    return watch


def save_watch(conn: Connection, snapshot: Snapshot, keys: Iterable[SeriesKey], *, keep_days: int) -> None:
    """Keep the memory of a day, and drop that of days too old to be judged again."""
    conn.execute(
        delete(spike_watch).where(or_(spike_watch.c.day == snapshot.day, spike_watch.c.day < snapshot.day - keep_days))
    )
    watch = snapshot.watch
    rows = [
        {
            "day": snapshot.day,
            "brand": key.brand,
            "source": key.source,
            "facet": facet_of(key),
            "open": bool(watch.open[place]),
            "last": int(watch.last[place]),
            "floor": int(watch.floor[place]),
        }
        for place, key in enumerate(keys)
        if watch.open[place] or watch.floor[place] != NEVER
    ]
    if rows:
        conn.execute(insert(spike_watch), rows)
