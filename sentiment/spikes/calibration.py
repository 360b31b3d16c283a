"""Recalibration: what the past days of a watch set ask for where they are more restless than the detector assumes.

Of each series the highest score of each past day is kept, before any recalibration. Two things are learnt from the
twelve weeks that ended two weeks ago, both from quantiles that incidents on a few days do not move: by how much a
single series is more restless than a calm one (its scores are divided by that), and which bar the whole set asks for.
The tail of the set's daily highest scores is taken for exponential through two quantiles, and followed to the chance
that the budget of false alerts allows. The bar only ever rises, and not beyond BAR_LIMIT times the nominal one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LAG_DAYS = 14  # what has only just begun to rise is an alert, and no lesson yet
MEMORY_DAYS = 84 + LAG_DAYS
LEAST_DAYS = 28
LEAST_HIGHS = 60
RESTLESS_AT = 3.6  # calm series have a 90 % quantile of daily highest scores of about 3.1
SCALE_LIMIT = 3.0
BAR_LIMIT = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """Parts of the past above the two quantiles, and the score below which the least excess rounds all to nothing.

    What is asked is divided by `forgiven`, for the real incidents that a past holds.
    """

    high: float
    low: float
    least: float
    forgiven: float = 1.0


# With totals a crowd is no incident, so the tail is light, and incidents on a few days must not raise the bar.
WITH_TOTALS = Tail(high=0.06, low=0.20, least=2.0, forgiven=1.15)
# Counts alone have the tails of crowds: only the rarest days show them.
COUNTS_ALONE = Tail(high=0.008, low=0.04, least=0.5)
WEEKLY = Tail(high=0.015, low=0.06, least=0.3)


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
    highs: Mapping[int, Floats], day: int, nominal: float, chance: float, tail: Tail = WITH_TOTALS
) -> Calibration:
    """Learn from the days before `day`: `highs` has each day's highest score by series, nan where it was not judged.

    `chance`: of a false alert, for one series and day, that the budget allows.
    """
    days = [one for one in highs if day - MEMORY_DAYS <= one < day - LAG_DAYS and not np.isnan(highs[one]).all()]
    if len(days) < LEAST_DAYS:
        return Calibration.none(nominal, len(next(iter(highs.values()), np.zeros(0))))
    past = np.stack([highs[one] for one in sorted(days)])
    scale = _scale(past)
    return Calibration(nominal=nominal, score=bar(past / scale, nominal, chance, tail), scale=scale, days=len(days))


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
    known = past[~np.isnan(past)]
    if len(known) < LEAST_HIGHS or chance <= 0:
        return nominal
    upper = max(tail.high, 6 / len(known))
    ratio = tail.low / tail.high
    low, high = np.quantile(known, [1 - min(upper * ratio, 0.5), 1 - upper])
    spread = max(float(high) - max(float(low), tail.least), 0.0) / math.log(ratio)
    asked = float(high) + spread * max(math.log(upper / chance), 0.0)
    return min(max(nominal, asked / tail.forgiven), BAR_LIMIT * nominal)


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
