"""How far counts spread about what was expected of them: by how much, relative to it, and in clumps.

Arrays are shaped series × days × windows of a day, one number per series comes out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SPREAD_CUT = 2.5  # residual beyond which a window no longer adds to the spread
SPREAD_WEIGHT = 20.0  # calm windows that the default spread counts for
SPREAD_FLOOR = 0.25
CLUMP_CUT = 3.0  # deviations beyond which a window no longer adds to the clumping
CLUMP_ROUNDS = 3
CLUMP_PRIOR = 2.0  # windows of large counts, halved, that the usual clumping counts for
CLUMP_SHARED = 20.0  # at most so much of a series counts in what all series show


def spread_of(
    observed: Floats,
    mean: Floats,
    known: Floats | float,
    usual: Floats,
    usable: NDArray[np.bool_],
    *,
    rounds: int = 1,
) -> Floats:
    """Squared relative spread beyond chance and beyond what is `known`, by moments, shrunk to the usual one.

    Each window counts by the information it holds, 1 / (1/mean + usual + known)²; outliers above lose weight. In
    further rounds what was found takes the place of the usual.
    """
    mean = np.maximum(mean, 1e-9)
    error = (observed - mean) / mean
    beyond = error**2 - 1 / mean - known
    spread = usual
    for _ in range(rounds):
        relative = 1 / mean + spread[:, None, None] + known
        excess = error / np.sqrt(relative)
        weight = np.where(excess > SPREAD_CUT, (SPREAD_CUT / np.maximum(excess, SPREAD_CUT)) ** 2, 1.0)
        weight = weight * usable / relative**2
        found, total = (weight * beyond).sum(axis=(1, 2)), weight.sum(axis=(1, 2))
        prior = SPREAD_WEIGHT / spread**2
        shrunk = (found + prior * usual) / (total + prior)
        spread = np.maximum(shrunk, usual * SPREAD_FLOOR)
    return np.asarray(spread)


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
