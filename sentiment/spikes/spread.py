"""How far counts spread about what was expected of them: by how much, relative to it, and in clumps.

Arrays are shaped series × days × windows of a day, one number per series comes out.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

SPREAD_CUT = 2.5  # residual beyond which a window no longer adds to the spread
SPREAD_WEIGHT = 20.0  # calm windows that the default spread counts for
SPREAD_FLOOR = 0.25
OWN_ROUNDS = 6  # in which a spread of thirty times the usual is nearly found
CLUMP_CUT = 3.0  # deviations beyond which a window no longer adds to the clumping
CLUMP_ROUNDS = 3
CLUMP_PRIOR = 2.0  # windows of large counts, halved, that the usual clumping counts for
CLUMP_SHARED = 20.0  # at most so much of a series counts in what all series show


def spread_of(
    observed: Floats, mean: Floats, known: Floats | float, usual: Floats, usable: NDArray[np.bool_]
) -> Floats:
    """Squared relative spread beyond chance and beyond what is `known`, by moments, shrunk to the usual one.

    Each window counts by the information it holds, 1 / (1/mean + usual + known)²; outliers above lose weight.
    """
    mean = np.maximum(mean, 1e-9)
    error = (observed - mean) / mean
    relative = 1 / mean + usual[:, None, None] + known
    excess = error / np.sqrt(relative)
    weight = np.where(excess > SPREAD_CUT, (SPREAD_CUT / np.maximum(excess, SPREAD_CUT)) ** 2, 1.0)
    return _shrunk(error**2 - 1 / mean - known, weight * usable / relative**2, usual, usual)


def own_spread_of(
    observed: Floats, mean: Floats, known: Floats | float, usual: Floats, usable: NDArray[np.bool_]
) -> Floats:
    """The same where series differ widely: in rounds, each judging outliers by the spread that the round before found.

    Errors are cut at SPREAD_CUT deviations above, and what a negative binomial loses by the cut is put back: cut
    squares alone would be those of a narrower spread, by whose deviations still more would be cut.
    """
    mean = np.maximum(mean, 1e-9)
    error = (observed - mean) / mean
    spread = usual
    for _ in range(OWN_ROUNDS):
        wide = spread[:, None, None] + known
        relative = 1 / mean + wide
        square = np.minimum(error, SPREAD_CUT * np.sqrt(relative)) ** 2
        beyond = square / _left_by_the_cut(mean, wide) - 1 / mean - known
        spread = _shrunk(beyond, usable / relative**2, spread, usual)
    return spread


def _shrunk(beyond: Floats, weight: Floats, spread: Floats, usual: Floats) -> Floats:
    """Weighted mean of each series, the usual one counting for SPREAD_WEIGHT windows without chance."""
    prior = SPREAD_WEIGHT / spread**2
    found = (weight * beyond).sum(axis=(1, 2)) + prior * usual
    return np.asarray(np.maximum(found / (weight.sum(axis=(1, 2)) + prior), usual * SPREAD_FLOOR))


def _left_by_the_cut(mean: Floats, spread: Floats) -> Floats:
    """Part of a negative binomial's variance that is left when its errors are cut at SPREAD_CUT deviations above.

    It is that of the shifted gamma distribution (Pearson type III) of the same skewness 2√r.
    """
    third = 1 / mean**2 + 3 * spread / mean + 2 * spread**2
    log_r = 2 * np.log(third) - 3 * np.log(1 / mean + spread) - np.log(4)
    return np.asarray(np.interp(log_r, *_gamma_left_by_the_cut()))


@lru_cache(maxsize=1)
def _gamma_left_by_the_cut() -> tuple[Floats, Floats]:
    """Logs of squared relative spreads of a gamma distribution of mean 1, and the part of its variance left."""
    r = np.geomspace(1e-3, 30, 200)
    at = 1 + SPREAD_CUT * np.sqrt(r)
    whole, first, second = (special.gammainc(1 / r + moment, at / r) for moment in range(3))
    inside = second * (1 + r) - 2 * first + whole
    return np.log(r), inside / r + SPREAD_CUT**2 * (1 - whole)


def clumps_of(
    observed: Floats, mean: Floats, spread: Floats, usable: NDArray[np.bool_], usual: Floats | None
) -> Floats:
    """Variance per expected count beyond chance and beyond `spread`: clumps, which show most where counts are low.

    By moments, each window weighted by what it tells, m / (1 + 2m), and down where it is above CLUMP_CUT deviations;
    shrunk to `usual` (what the shorter window showed), or to what all series show together.
    """
    mean = np.maximum(mean, 1e-9)
    telling = usable * mean / (1 + 2 * mean)
    square = (observed - mean) ** 2 / mean
    beyond = square - 1 - spread * mean
    known = 1 + spread * mean
    high = observed > mean
    extra = np.zeros(len(mean)) if usual is None else usual
    for _ in range(CLUMP_ROUNDS):
        ratio = square / (known + extra[:, None, None])
        weight = telling * np.where(high & (ratio > CLUMP_CUT**2), CLUMP_CUT**2 / np.maximum(ratio, 1e-9), 1.0)
        found, total = (weight * beyond).sum(axis=(1, 2)), weight.sum(axis=(1, 2))
        prior = _shared(found, total) if usual is None else usual
        extra = np.maximum((found + CLUMP_PRIOR * prior) / (total + CLUMP_PRIOR), 0.0)
    return extra


def _shared(found: Floats, total: Floats) -> Floats:
    share = np.minimum(total, CLUMP_SHARED) / np.maximum(total, 1e-9)
    return np.full(len(found), max(float((share * found).sum() / max(float((share * total).sum()), 1e-9)), 0.0))
