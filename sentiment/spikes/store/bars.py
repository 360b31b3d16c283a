"""Daily highest scores and the bars that came of them, as they are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, delete, insert, select

from collector.store.runs import upsert
from sentiment.spikes.calibration import MEMORY_DAYS, Calibration
from sentiment.spikes.detect import Watch
from sentiment.spikes.spike import SeriesKey
from sentiment.spikes.store import alert_bar, spike_high
from sentiment.spikes.store.history import facet_of

AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBar:
    """The bar of one UTC day (days since 1970); `restless` names series by what their scores are divided."""

    day: int
    series: int
    nominal: float
    score: float
    restless: Mapping[str, float]


def load_learnt(conn: Connection, watch: Watch, day: int, keys: Sequence[SeriesKey]) -> None:
    """Put into `watch` what the days before `day` teach; nan where a series was not judged."""
    places = {(key.brand, key.source, facet_of(key)): place for place, key in enumerate(keys)}
    for row in conn.execute(select(spike_high).where(spike_high.c.day >= day - MEMORY_DAYS, spike_high.c.day < day)):
        place = places.get((row.brand, row.source, row.facet))
        if place is not None:
            for kept, value in ((watch.highs, row.highest), (watch.weights, row.weight)):
                kept.setdefault(row.day, np.full(len(keys), np.nan))[place] = value


def save_learnt(
    conn: Connection, watch: Watch, days: Sequence[int], keys: Sequence[SeriesKey], *, keep_days: int
) -> None:
    """Keep what these days teach in place of what was kept of them; drop what nothing learns from any more."""
    if not days:
        return
    conn.execute(delete(spike_high).where(spike_high.c.day.in_(days) | (spike_high.c.day < max(days) - keep_days)))
    rows = [
        {
            "day": day,
            "brand": key.brand,
            "source": key.source,
            "facet": facet_of(key),
            "highest": float(watch.highs[day][place]),
            "weight": float(watch.weights[day][place]),
        }
        for day in days
        for place, key in enumerate(keys)
        if not np.isnan(watch.highs[day][place])
    ]
    for start in range(0, len(rows), AT_ONCE):
        conn.execute(insert(spike_high), rows[start : start + AT_ONCE])


def save_bar(conn: Connection, day: int, calibration: Calibration, keys: Sequence[SeriesKey]) -> None:
    """Keep the bar of one day."""
    values = {
        "series": len(keys),
        "nominal": calibration.nominal,
        "score": calibration.score,
        "restless": {keys[place].name(): round(float(calibration.scale[place]), 3) for place in calibration.restless},
    }
    statement = upsert(conn, alert_bar).values(day=day, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["day"], set_=values))


def bars(conn: Connection, first: int, end: int) -> list[KeptBar]:
    """The bars of UTC days [first, end), in order."""
    rows = conn.execute(
        select(alert_bar).where(alert_bar.c.day >= first, alert_bar.c.day < end).order_by(alert_bar.c.day)
    )
    return [
        KeptBar(day=row.day, series=row.series, nominal=row.nominal, score=row.score, restless=row.restless)
        for row in rows
    ]
