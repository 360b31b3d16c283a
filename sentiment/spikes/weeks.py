"""Weekly counts: an annual profile with a trend, and the odds that something began within the last three weeks.

Expected: log-linear in time with two annual harmonics, fitted by penalised quasi-likelihood to every earlier week,
weeks above the fit losing weight, one Newton step a week from where the last week's fit stood.

Score: log10 of the mean likelihood ratio over what may have begun j = 0, 1, 2 weeks ago with an excess of k standard
deviations spread .5, .42, .08 over its weeks, times the chance that it still shows in this week: large while it is
on, not long after. A fiftieth of the odds goes by how rare this week's count is: (1 − p + p ln p) / (p ln² p), whose
mean is one where p is uniform (Vovk & Wang 2021), so that what no ratio foresees is found too, such as a series that
was silent until now. By Markov's inequality a calm week reaches S at most once in 10^S.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from sentiment.spikes.baseline import Floats
from sentiment.spikes.tails import negative_binomial_tail

YEAR = 52.0  # drifts by 1.2 days a year, which old years' weight makes harmless
LEAST_WEEKS = 8
SIZES = (1.5, 3.0, 5.0, 8.0)
SHAPE = (0.5, 0.42, 0.08)
BEGAN = (1.0, 1.0, 0.1)  # prior weight of having begun 0, 1, 2 weeks ago
RARE = 0.02  # part of the odds that goes by how rare the count is
WINDOWS = (1, 2, 4)
MOST_DOUBLINGS = 60
ROBUST_AT = 2.58
# Prior standard deviations of the coefficients: level free, growth per year, annual waves.
PRIOR_SPREAD = np.array([30.0, 0.3, 0.7, 0.7, 0.35, 0.35])
PHI_USUAL, PHI_WEEKS = 1.3, 20.0
FIRST_ROUNDS = 12
LOGS = (-12.0, 35.0)  # of an expected count
HALF_LIFE_YEARS = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekScores:
    """Series × weeks; `window` is the number of weeks whose p is smallest. Not judged: score 0, known False."""

    expected: Floats
    spread: Floats
    p: Floats
    window: NDArray[np.int64]
    score: Floats
    known: NDArray[np.bool_]


def judge_weeks(counts: NDArray[np.int64], voices: NDArray[np.int64] | None, covered: NDArray[np.bool_]) -> WeekScores:
    """Judge every week from the weeks before it; with `voices`, count and share must both be unusual."""
    plain = _judge(counts.astype(np.float64), None, covered)
    if voices is None:
        return plain
    shared = _judge(counts.astype(np.float64), voices.astype(np.float64), covered)
    milder = shared.score < plain.score
    return WeekScores(
        **{
            name: np.where(milder, getattr(shared, name), getattr(plain, name))
            for name in ("expected", "spread", "p", "window", "score", "known")
        }
    )


def highest_calm(mean: Floats, spread: Floats, bar: Floats) -> Floats:
    """The count that a week must exceed to reach the score `bar` by itself, whatever the weeks before it showed."""
    enough = np.ones_like(mean)
    less = np.zeros_like(mean)
    rows = np.arange(len(mean))
    for _ in range(MOST_DOUBLINGS):
        rows = rows[np.log10(_odds_alone(enough[rows], mean[rows], spread[rows])) < bar[rows]]
        if not len(rows):
            break
        less[rows] = enough[rows]
        enough[rows] *= 2
    for _ in range(MOST_DOUBLINGS):
        rows = np.flatnonzero(enough - less > 1)
        if not len(rows):
            break
        middle = np.floor((less[rows] + enough[rows]) / 2)
        reaches = np.log10(_odds_alone(middle, mean[rows], spread[rows])) >= bar[rows]
        enough[rows] = np.where(reaches, middle, enough[rows])
        less[rows] = np.where(reaches, less[rows], middle)
    return less


def _judge(counts: Floats, voices: Floats | None, covered: NDArray[np.bool_]) -> WeekScores:
    series, weeks = counts.shape
    offset = None if voices is None else np.log(np.maximum(voices, 0.5))
    design = _design(weeks)
    mean, spread = np.ones_like(counts), np.zeros_like(counts)
    seen: NDArray[np.int64] = np.cumsum(covered, axis=1) - covered
    known = (seen >= LEAST_WEEKS) & covered
    coefficients: Floats | None = None
    phi = np.full(series, PHI_USUAL)
    for week in range(LEAST_WEEKS, weeks):
        past = slice(0, week)
        past_offset = None if offset is None else offset[:, past]
        age = 0.5 ** (np.arange(week - 1, -1, -1) / (YEAR * HALF_LIFE_YEARS))
        weight = covered[:, past] * age
        if coefficients is None:
            coefficients = _start(counts[:, past], past_offset, weight, design.shape[1])
            for _ in range(FIRST_ROUNDS - 1):
                coefficients, phi, _ = _newton((coefficients, phi), design[past], counts[:, past], past_offset, weight)
        coefficients, phi, covariance = _newton((coefficients, phi), design[past], counts[:, past], past_offset, weight)
        here = design[week]
        linear = coefficients @ here + (0.0 if offset is None else offset[:, week])
        mean[:, week] = np.exp(np.clip(linear, *LOGS))
        doubt = np.minimum(np.einsum("i,sij,j->s", here, covariance, here), 0.5)
        spread[:, week] = (phi - 1) / mean[:, week] + doubt
    return _scores(counts, mean, np.maximum(spread, 1e-6), known)


def _design(weeks: int) -> Floats:
    time = np.arange(weeks) / YEAR
    angle = 2 * np.pi * time
    return np.column_stack(
        [np.ones(weeks), time - time.mean(), np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)]
    )


def _start(counts: Floats, offset: Floats | None, weight: Floats, terms: int) -> Floats:
    exposure = 1.0 if offset is None else np.exp(offset)
    level = ((weight * counts).sum(axis=1) + 0.1) / ((weight * exposure).sum(axis=1) + 0.1)
    return np.column_stack([np.log(level), np.zeros((len(counts), terms - 1))])


def _newton(
    fit: tuple[Floats, Floats], design: Floats, counts: Floats, offset: Floats | None, weight: Floats
) -> tuple[Floats, Floats, Floats]:
    coefficients, phi = fit
    linear = coefficients @ design.T
    if offset is not None:
        linear = linear + offset
    mean = np.exp(np.clip(linear, *LOGS))
    root = np.sqrt(phi)[:, None]
    residual = 1.5 * (np.cbrt(counts) ** 2 * mean ** (-1 / 6) - np.sqrt(mean)) / root
    robust = weight * np.minimum(1.0, (ROBUST_AT / np.maximum(residual, 1e-9)) ** 2)
    terms = design.shape[1]
    products = (design[:, :, None] * design[:, None, :]).reshape(len(design), -1)
    ridge = np.diag(1 / PRIOR_SPREAD**2)
    information = ((robust * mean / root**2) @ products).reshape(-1, terms, terms) + ridge
    gradient = (robust * (counts - mean) / root**2) @ design - coefficients / PRIOR_SPREAD**2
    step = np.linalg.solve(information, gradient[:, :, None])[:, :, 0]
    moved = coefficients + np.clip(step, -1.0, 1.0)
    error = (robust * (counts - mean) ** 2 / mean).sum(axis=1)
    freedom = np.maximum(robust.sum(axis=1) - terms, 0.0)
    found = (error + PHI_WEEKS * PHI_USUAL) / (freedom + PHI_WEEKS)
    return moved, np.clip(found, 1.02, 1e4), np.linalg.inv(information)


def _scores(counts: Floats, mean: Floats, spread: Floats, known: NDArray[np.bool_]) -> WeekScores:
    best_p, best_window = np.ones_like(counts), np.ones(counts.shape, dtype=np.int64)
    for window in WINDOWS:
        y, m = _trailing(counts * known, window), np.maximum(_trailing(mean * known, window), 1e-9)
        wide = _trailing(spread * mean**2 * known, window) / m**2
        p = np.where(known, negative_binomial_tail(y, m, np.maximum(wide, 1e-6)), 1.0)
        best_window = np.where(p < best_p, window, best_window)
        best_p = np.minimum(p, best_p)
    odds = _odds_alone(counts, mean, spread)
    deviation = np.sqrt(mean + spread * mean**2)
    calm = _log_mass(counts, mean, spread)
    for size in SIZES:
        gains = [np.where(known, _gain(counts, mean, spread, size * part * deviation, calm), 0.0) for part in SHAPE]
        for began, prior in enumerate(BEGAN[1:], start=1):
            gain = sum((_shift(gains[part], began - part) for part in range(began + 1)), np.zeros_like(counts))
            shows = -np.expm1(-size * deviation * SHAPE[began])
            odds += _share(prior) * shows * np.exp(np.minimum(gain, 600))
    score = np.where(known & (counts > 0), np.maximum(np.log10(odds + 1e-300), 0.0), 0.0)
    return WeekScores(expected=mean, spread=spread, p=best_p, window=best_window, score=score, known=known)


def _share(prior: float) -> float:
    """Part of the odds that goes to one size of what began so many weeks ago."""
    return (1 - RARE) * prior / (sum(BEGAN) * len(SIZES))


def _odds_alone(counts: Floats, mean: Floats, spread: Floats) -> Floats:
    """The odds by this week's count alone: that something began in it, or that it is too rare for chance."""
    p = np.minimum(negative_binomial_tail(counts, mean, np.maximum(spread, 1e-6)), 1 - 1e-6)
    odds = RARE * (1 - p + p * np.log(p)) / (p * np.log(p) ** 2)
    deviation = np.sqrt(mean + spread * mean**2)
    calm = _log_mass(counts, mean, spread)
    for size in SIZES:
        extra = size * SHAPE[0] * deviation
        # Variance in proportion to the mean: then a higher count is never less telling.
        gain = _log_mass(counts, mean + extra, spread * mean / (mean + extra)) - calm
        odds += _share(BEGAN[0]) * -np.expm1(-extra) * np.exp(np.minimum(gain, 600))
    return np.asarray(odds)


def _gain(counts: Floats, mean: Floats, spread: Floats, extra: Floats, calm: Floats) -> Floats:
    raised = mean + extra
    return _log_mass(counts, raised, spread * (mean / raised) ** 2) - calm


def _log_mass(counts: Floats, mean: Floats, spread: Floats) -> Floats:
    size = 1 / spread
    return np.asarray(
        special.gammaln(counts + size)
        - special.gammaln(size)
        - special.gammaln(counts + 1)
        - size * np.log1p(spread * mean)
        + counts * (np.log(mean) - np.log(mean + size))
    )


def _trailing(steps: Floats, window: int) -> Floats:
    total = np.cumsum(steps, axis=1)
    total[:, window:] = total[:, window:] - total[:, :-window]
    return total


def _shift(steps: Floats, by: int) -> Floats:
    if by == 0:
        return steps
    return np.concatenate([np.zeros((len(steps), by)), steps[:, :-by]], axis=1)
