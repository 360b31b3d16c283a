"""What others ship, as scores that can be swept: mean + 3 sd, the 24 h rule of vendors, EARS C2, S-H-ESD, Farrington.

Hourly rivals take counts shaped series × hours, weekly ones series × weeks; each returns scores of the steps from
`start` on, judged from the past only. Naive hourly rules alert from five mentions on.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rival = Callable[[Floats, int], Floats]

GATE = 5
DAY, WEEK, YEAR = 24, 168, 52


def _running(counts: Floats) -> Floats:
    return np.concatenate([np.zeros((len(counts), 1)), np.cumsum(counts, axis=1)], axis=1)


def _trailing(counts: Floats, length: int, ends: NDArray[np.int64]) -> Floats:
    total = _running(counts)
    return np.asarray(total[:, ends] - total[:, ends - length])


def _moments(counts: Floats, length: int, ends: NDArray[np.int64]) -> tuple[Floats, Floats]:
    mean = _trailing(counts, length, ends) / length
    square = _trailing(counts**2, length, ends) / length
    return mean, np.sqrt(np.maximum(square - mean**2, 1e-9) * length / (length - 1))


def mean_and_deviations(counts: Floats, start: int) -> Floats:
    """Standard deviations above the mean of the last 7 days."""
    at = np.arange(start, counts.shape[1])
    mean, deviation = _moments(counts, WEEK, at)
    now = counts[:, at]
    return np.where(now >= GATE, (now - mean) / np.maximum(deviation, 1e-6), 0.0)


def vendor_rule(counts: Floats, start: int) -> Floats:
    """The last 24 hours over the mean day of the 7 days before."""
    at = np.arange(start, counts.shape[1]) + 1
    now, before = _trailing(counts, DAY, at), _trailing(counts, WEEK, at - DAY) / 7
    return np.where(now >= GATE, now / np.maximum(before, 0.5), 0.0)


def ears_c2(counts: Floats, start: int) -> Floats:
    """EARS C2 on sums of 24 hours: deviations above the mean of 7 days that end 2 days before."""
    at = np.arange(start, counts.shape[1]) + 1
    now = _trailing(counts, DAY, at)
    before = np.stack([_trailing(counts, DAY, at - DAY * lag) for lag in range(3, 10)])
    return np.where(now >= GATE, (now - before.mean(axis=0)) / np.maximum(before.std(axis=0, ddof=1), 0.5), 0.0)


def seasonal_esd(counts: Floats, start: int) -> Floats:
    """S-H-ESD: residual from the median of the same hour over 4 weeks, in median absolute deviations."""
    scores = np.zeros((len(counts), counts.shape[1] - start))
    for begin in range(start, counts.shape[1], DAY):
        past = counts[:, begin - 28 * DAY : begin].reshape(len(counts), 28, DAY)
        usual = np.median(past, axis=1)
        rest = past - usual[:, None, :]
        middle = np.median(rest, axis=(1, 2))
        spread = 1.4826 * np.median(np.abs(rest - middle[:, None, None]), axis=(1, 2))
        now = counts[:, begin : begin + DAY]
        score = (now - usual[:, : now.shape[1]] - middle[:, None]) / np.maximum(spread, 0.5)[:, None]
        scores[:, begin - start : begin - start + now.shape[1]] = np.where(now >= GATE, score, 0.0)
    return scores


def farrington_hourly(counts: Floats, start: int) -> Floats:
    """Farrington's quasi-Poisson regression on 4 weeks of hours (hour of day, week), past outliers down-weighted."""
    scores = np.zeros((len(counts), counts.shape[1] - start))
    hour = np.arange(28 * DAY) % DAY
    design = np.column_stack([np.eye(DAY)[hour], np.linspace(-1, 0, 28 * DAY)])
    for begin in range(start, counts.shape[1], DAY):
        past = counts[:, begin - 30 * DAY : begin - 2 * DAY]
        now = counts[:, begin : begin + DAY]
        here = np.column_stack([np.eye(DAY), np.full(DAY, 0.07)])[: now.shape[1]]
        mean, phi, doubt = _quasi_poisson(past, design, here)
        score = _farrington_score(now, mean, phi, doubt)
        scores[:, begin - start : begin - start + now.shape[1]] = np.where(now >= GATE, score, 0.0)
    return scores


HOURLY: dict[str, Rival] = {
    "mean + 3 sd": mean_and_deviations,
    "vendor 24 h rule": vendor_rule,
    "EARS C2 24 h": ears_c2,
    "S-H-ESD": seasonal_esd,
    "Farrington GLM 1 h": farrington_hourly,
}


# ------------------------------------------------------------------ weekly


def naive_weeks(counts: Floats, start: int) -> Floats:
    """Standard deviations above the mean of the last 7 weeks."""
    at = np.arange(start, counts.shape[1])
    mean, deviation = _moments(counts, 7, at)
    return np.asarray((counts[:, at] - mean) / np.maximum(deviation, 0.5))


def ears_weeks(counts: Floats, start: int) -> Floats:
    """EARS C2 on weeks: deviations above the mean of 7 weeks that end 2 weeks before."""
    at = np.arange(start, counts.shape[1])
    mean, deviation = _moments(counts, 7, at - 2)
    return np.asarray((counts[:, at] - mean) / np.maximum(deviation, 0.5))


def seasonal_esd_weeks(counts: Floats, start: int) -> Floats:
    """S-H-ESD: residual from the median of the same week of 5 years and the level of the last year, in MADs."""
    scores = np.zeros((len(counts), counts.shape[1] - start))
    for week in range(start, counts.shape[1]):
        past = counts[:, week - 5 * YEAR : week].reshape(len(counts), 5, YEAR)
        level = np.median(past, axis=2, keepdims=True)
        usual = np.median(past - level, axis=1)
        rest = past - level - usual[:, None, :]
        spread = 1.4826 * np.median(np.abs(rest), axis=(1, 2))
        scores[:, week - start] = (counts[:, week] - level[:, -1, 0] - usual[:, 0]) / np.maximum(spread, 0.5)
    return scores


def farrington_flexible(counts: Floats, start: int) -> Floats:
    """Farrington Flexible (Noufaily 2013): 5 years, w = 3, ten seasonal levels, trend, last 26 weeks left out."""
    scores = np.zeros((len(counts), counts.shape[1] - start))
    for week in range(start, counts.shape[1]):
        times = np.arange(week - 5 * YEAR - 3, week - 26)
        season = np.array([_season(week, int(time)) for time in times])
        design = np.column_stack([np.eye(10)[season], (times - week) / (5 * YEAR)])
        here = np.concatenate([np.eye(10)[0], [0.0]])[None, :]
        mean, phi, doubt = _quasi_poisson(counts[:, times], design, here)
        scores[:, week - start] = _farrington_score(counts[:, week : week + 1], mean, phi, doubt)[:, 0]
    return scores


def _season(week: int, time: int) -> int:
    away = (week - time) % YEAR
    if min(away, YEAR - away) <= 3:
        return 0
    return 1 + min((away - 4) * 9 // (YEAR - 7), 8)


WEEKLY: dict[str, Rival] = {
    "naive 7 weeks": naive_weeks,
    "EARS C2": ears_weeks,
    "S-H-ESD": seasonal_esd_weeks,
    "Farrington Flexible": farrington_flexible,
}


def _quasi_poisson(past: Floats, design: Floats, here: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean at `here`, dispersion and variance of the log mean, after one round of down-weighting outliers."""
    terms = design.shape[1]
    ridge = 1e-4 * np.eye(terms)
    weight = np.ones_like(past)
    coefficients = np.zeros((len(past), terms))
    coefficients[:, :-1] = np.log(past.mean(axis=1) + 0.1)[:, None]
    products = (design[:, :, None] * design[:, None, :]).reshape(len(design), -1)
    phi = np.ones(len(past))
    for outer in range(2):
        for _ in range(5):
            mean = np.exp(np.clip(coefficients @ design.T, -8, 15))
            information = ((weight * mean) @ products).reshape(-1, terms, terms) + ridge
            gradient = (weight * (past - mean)) @ design
            step = np.linalg.solve(information, gradient[:, :, None])[:, :, 0]
            coefficients += np.clip(step, -1, 1)
        mean = np.exp(np.clip(coefficients @ design.T, -8, 15))
        freedom = max(past.shape[1] - terms, 1)
        phi = np.maximum((weight * (past - mean) ** 2 / mean).sum(axis=1) / freedom, 1.0)
        if outer == 0:
            residual = 1.5 * (past ** (2 / 3) * mean ** (-1 / 6) - np.sqrt(mean)) / np.sqrt(phi)[:, None]
            weight = np.where(residual > 2.58, np.maximum(residual, 2.58) ** -2.0, 1.0)
            weight *= past.shape[1] / weight.sum(axis=1, keepdims=True)
    inverse = np.linalg.inv(information)
    doubt = np.einsum("hi,sij,hj->sh", here, inverse, here) * phi[:, None]
    return np.exp(np.clip(coefficients @ here.T, -8, 15)), phi, doubt


def _farrington_score(now: Floats, mean: Floats, phi: Floats, doubt: Floats) -> Floats:
    """Standard deviations on the 2/3 power scale, where the counts are near normal."""
    variance = (phi[:, None] * mean + mean**2 * doubt) * (4 / 9) * mean ** (-2 / 3)
    return np.asarray((now ** (2 / 3) - mean ** (2 / 3)) / np.sqrt(np.maximum(variance, 1e-9)))
