"""Daily highest scores and the bars that came of them, as they are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, delete, insert, select

from collector.store.runs import upsert
from sentiment.spikes.calibration import MEMORY_DAYS, Calibration, Floats
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


def load_highs(conn: Connection, day: int, keys: Sequence[SeriesKey]) -> dict[int, Floats]:
    """Highest scores of the days before `day` that recalibration learns from; nan where a series was not judged."""
    places = {(key.brand, key.source, facet_of(key)): place for place, key in enumerate(keys)}
    highs: dict[int, Floats] = {}
    for row in conn.execute(select(spike_high).where(spike_high.c.day >= day - MEMORY_DAYS, spike_high.c.day < day)):
        place = places.get((row.brand, row.source, row.facet))
        if place is not None:
            highs.setdefault(row.day, np.full(len(keys), np.nan))[place] = row.highest
    return highs


def save_highs(conn: Connection, highs: Mapping[int, Floats], keys: Sequence[SeriesKey], *, keep_days: int) -> None:
    """Keep the highest scores of these days in place of what was kept of them; drop what nothing learns from."""
    if not highs:
        return
    conn.execute(
        delete(spike_high).where(spike_high.c.day.in_(list(highs)) | (spike_high.c.day < max(highs) - keep_days))
    )
    rows = [
        {"day": day, "brand": key.brand, "source": key.source, "facet": facet_of(key), "highest": float(highest)}
        for day, found in highs.items()
        for key, highest in zip(keys, found, strict=True)
        if not np.isnan(highest)
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
