"""Recalibration: what the past days of a watch set ask for where they are more restless than the detector assumes.

Of each series the highest score of each past day is kept, before any recalibration. Two things are learnt from what
ended two weeks ago (twelve weeks of hours, a year of days), both from quantiles that incidents on a few days do not
move: by how much a single series is more restless than a calm one (its scores are divided by that), and which bar the
whole set asks for. The tail of the set's daily highest scores is followed to the chance that the budget of false
alerts allows. With totals it is taken for exponential. Counts alone have the tails of crowds, whose sizes follow a
power law, and so do their scores: these are extrapolated as a Pareto tail, the doubt about its growth included. The
bar only ever rises, and not beyond a limit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.spikes.grain import HOURLY

Floats = NDArray[np.float64]

LAG_DAYS = 14  # what has only just begun to rise is an alert, and no lesson yet
MEMORY_DAYS = HOURLY.learnt_days + LAG_DAYS  # of what a store keeps
LEAST_DAYS = 28
LEAST_HIGHS = 60
RESTLESS_AT = 3.6  # calm series have a 90 % quantile of daily highest scores of about 3.1
SCALE_LIMIT = 3.0
LEAST_BEYOND = 6  # scores that a tail is learnt from, at least
MOST_GROWTH = 10.0  # of the log of a score, so that no bar overflows


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortTail:
    """Exponential through two quantiles: parts of the past above them, and the score that the lower one is at least.

    What is asked is divided by `forgiven`, for the real incidents that a past holds. The bar rises to at most `limit`
    times the nominal one.
    """

    high: float
    low: float
    least: float
    forgiven: float
    limit: float

    def asked(self, known: Floats, chance: float) -> float:
        """The score that is exceeded with probability `chance`; nothing where too little is known."""
        if len(known) < LEAST_HIGHS:
            return 0.0
        upper = max(self.high, LEAST_BEYOND / len(known))
        ratio = self.low / self.high
        low, high = np.quantile(known, [1 - min(upper * ratio, 0.5), 1 - upper])
        spread = max(float(high) - max(float(low), self.least), 0.0) / math.log(ratio)
        return (float(high) + spread * max(math.log(upper / chance), 0.0)) / self.forgiven


@dataclass(frozen=True, slots=True, kw_only=True)
class LongTail:
    """Pareto above the quantile that a part `high` of the past exceeds.

    The mean log of score over quantile, beyond it, is the tail's growth (Hill 1975). A gamma prior on its inverse
    counts for `weight` scores of the usual `growth`, and what is asked is the posterior predictive quantile, which is
    the higher the less is known. Where nothing is known yet the tail starts at `start`; it never starts below `least`.
    The bar rises to at most `limit` times the nominal one.
    """

    high: float
    start: float
    growth: float
    weight: float
    least: float
    limit: float

    def asked(self, known: Floats, chance: float) -> float:
        """The score that is exceeded with probability `chance`."""
        beyond, start, logs = self.high, self.start, np.zeros(0)
        if len(known) >= LEAST_HIGHS:
            quantile = np.quantile(known, 1 - max(self.high, LEAST_BEYOND / len(known)))
            start = max(float(quantile), self.least)
            logs = np.log(known[known > start] / start)
            beyond = max(len(logs), 1) / len(known)
        seen = len(logs) + self.weight
        total = float(logs.sum()) + self.weight * self.growth
        return start * math.exp(min(total * (max(beyond / chance, 1.0) ** (1 / seen) - 1), MOST_GROWTH))


# With totals a crowd is no incident, so the tail is light, and incidents on a few days must not raise the bar.
WITH_TOTALS = ShortTail(high=0.06, low=0.20, least=2.0, forgiven=1.15, limit=2.0)
# Counts alone have the tails of crowds: only the rarest days show them.
COUNTS_ALONE = LongTail(high=0.008, start=2.8, growth=0.5, weight=16.0, least=1.5, limit=4.0)
WEEKLY = LongTail(high=0.015, start=1.9, growth=0.35, weight=8.0, least=0.5, limit=4.0)
Tail = ShortTail | LongTail


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The bar for one day, what it would be on a calm past, and by what each series' scores are divided."""

    nominal: float
    score: float
    scale: Floats
    days: int

    @classmethod
    def none(cls, nominal: float, series: int) -> Calibration:
        """Nothing learnt."""
        return cls(nominal=nominal, score=nominal, scale=np.ones(series), days=0)

    @property
    def restless(self) -> NDArray[np.int64]:
        """Places of the series whose scores are divided."""
        return np.flatnonzero(self.scale > 1)


def calibrate(
    highs: Mapping[int, Floats],
    day: int,
    nominal: float,
    chance: float,
    tail: Tail = WITH_TOTALS,
    *,
    memory_days: int = MEMORY_DAYS,
) -> Calibration:
    """Learn from the days before `day`: `highs` has each day's highest score by series, nan where it was not judged.

    `chance`: of a false alert, for one series and day, that the budget allows.
    """
    known = {one for one in highs if day - memory_days <= one < day - LAG_DAYS and not np.isnan(highs[one]).all()}
    if len(known) < LEAST_DAYS:
        series = len(next(iter(highs.values()), np.zeros(0)))
        asked = bar(np.zeros(0), nominal, chance, tail)
        return Calibration(nominal=nominal, score=asked, scale=np.ones(series), days=0)
    past = np.stack([highs[one] for one in sorted(known)])
    scale = _scale(past)
    return Calibration(nominal=nominal, score=bar(past / scale, nominal, chance, tail), scale=scale, days=len(known))


def _scale(past: Floats) -> Floats:
    """Days × series → by how much each series is more restless than the detector assumes, 1 to SCALE_LIMIT."""
    scale = np.ones(past.shape[1])
    enough = np.flatnonzero((~np.isnan(past)).sum(axis=0) >= LEAST_DAYS)
    if len(enough):
        high = np.nanquantile(past[:, enough], 0.9, axis=0)
        scale[enough] = np.clip(high / RESTLESS_AT, 1.0, SCALE_LIMIT)
    return scale


def bar(past: Floats, nominal: float, chance: float, tail: Tail) -> float:
    """The score that a highest score exceeds with probability `chance`, at least the nominal one."""
    asked = tail.asked(past[~np.isnan(past)], chance) if chance > 0 else nominal
    return min(max(nominal, asked), tail.limit * nominal)


def bar_sentence(calibration: Calibration, budget_weeks: float) -> str:
    """Where the bar stands, and why, for a person."""
    if calibration.score <= calibration.nominal:
        return (
            f"Alerts open at score {calibration.nominal:.2f}: at most about one false alert in {budget_weeks:g} weeks."
        )
    return (
        f"Alerts open at score {calibration.score:.2f} instead of {calibration.nominal:.2f}: on {calibration.days} "
        f"earlier days high scores came more often than one false alert in {budget_weeks:g} weeks allows."
    )
