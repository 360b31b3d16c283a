"""The expected band of one series hour by hour, for a chart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sentiment.spikes.detect import Watch
from sentiment.spikes.judge import SeriesHistory
from sentiment.spikes.replay import replay
from sentiment.spikes.spike import SeriesKey, SpikeSettings
from sentiment.spikes.tails import negative_binomial_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class BandPoint:
    """One hour: observed is None where the source was not fully read; lower and upper hold 95 % of calm hours."""

    at: int
    observed: int | None
    expected: float
    lower: int
    upper: int


def band(history: SeriesHistory, series: SeriesKey, first: int, last: int, settings: SpikeSettings) -> list[BandPoint]:
    """Hours `first` to `last` of one series, each expected from the days before it."""
    row = history.keys.index(series)
    one = slice(row, row + 1)
    end = last + 1 - history.first_step
    points = []
    for judged in replay(
        history.negatives[one, :end],
        None if history.voices is None else history.voices[one, :end],
        history.covered[one, :end],
        first_step=history.first_step,
        begin=max(first, history.first_step),
        grain=history.grain,
        zone=settings.zone,
        threshold=np.inf,
        watch=Watch.fresh(1),
        recalibrate=False,
    ):
        seen = judged.day.counts(history.grain.windows[0])
        expected, spread = seen.expected[0], seen.spread[0]
        lower, upper = (negative_binomial_quantile(level, expected, spread) for level in (0.025, 0.975))
        for step in range(judged.day.steps):
            at = judged.first_step + step
            column = at - history.first_step
            known = bool(history.covered[row, column])
            points.append(
                BandPoint(
                    at=at,
                    observed=int(history.negatives[row, column]) if known else None,
                    expected=float(expected[step]),
                    lower=int(lower[step]),
                    upper=int(upper[step]),
                )
            )
    return points
