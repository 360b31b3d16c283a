"""How bad a spike is for this customer: its weight against the worst hours of their own past weeks.

Weight: excess × log2(observed / expected). Of each past week the largest weight in any window of any line of the brand
is looked at, alerted or not. Moderate begins at the median week's, high at four times, critical at sixteen times that;
within a factor of four of DEFAULT_BANDS, which hold until eight weeks are known.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sentiment.spikes.spike import DEFAULT_BANDS

WEEKS = 12
LEAST_WEEKS = 8
LEAST_DAYS = 4  # judged days that make a week
LIMIT = 4.0

Bands = tuple[float, float, float]


def weight_of(observed: NDArray[np.float64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """Excess × log2(observed / expected); an expectation under half a mention counts as half."""
    ratio = np.maximum(observed, 1.0) / np.maximum(expected, 0.5)
    return np.asarray((observed - expected) * np.log2(ratio))


def own_bands(weights: Mapping[int, NDArray[np.float64]], day: int, rows: NDArray[np.int64]) -> Bands:
    """Bands for the series in `rows` on `day`, from each earlier day's largest weight by series (nan: not judged)."""
    weekly = []
    for back in range(WEEKS):
        days = [weights[one][rows] for one in range(day - 7 * (back + 1), day - 7 * back) if one in weights]
        judged = [found[~np.isnan(found)] for found in days]
        known = [float(found.max()) for found in judged if len(found)]
        if len(known) >= LEAST_DAYS:
            weekly.append(max(known))
    if len(weekly) < LEAST_WEEKS:
        return DEFAULT_BANDS
    factor = float(np.clip(np.median(weekly) / DEFAULT_BANDS[0], 1 / LIMIT, LIMIT))
    low, middle, high = DEFAULT_BANDS
    return low * factor, middle * factor, high * factor
