"""Severity: the same excess is worse for a quiet brand; fixed bands hold while history is short."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment.spikes.severity import LEAST_WEEKS, LIMIT, own_bands, weight_of
from sentiment.spikes.spike import DEFAULT_BANDS, Severity, severity

ROWS = np.array([0, 1])


def weights(typical: float, weeks: int = 12) -> dict[int, np.ndarray]:
    """Each week's largest weight is `typical`, on its fourth day."""
    return {day: np.array([typical if day % 7 == 3 else 0.0, 0.0, 1e6]) for day in range(7 * weeks)}


def test_own_weeks_move_the_bands_and_other_brands_do_not() -> None:
    assert own_bands(weights(30), 84, ROWS) == pytest.approx([2 * band for band in DEFAULT_BANDS])
    assert own_bands(weights(5), 84, ROWS)[0] == pytest.approx(5)


def test_the_same_excess_is_worse_for_a_quiet_brand() -> None:
    quiet, busy = (own_bands(weights(typical), 84, ROWS) for typical in (5, 50))
    assert severity(20, 4, bands=quiet) is Severity.HIGH
    assert severity(20, 4, bands=busy) is Severity.LOW


def test_bands_stay_within_four_times_of_the_fixed_ones() -> None:
    assert own_bands(weights(1e9), 84, ROWS)[0] == DEFAULT_BANDS[0] * LIMIT
    assert own_bands(weights(0), 84, ROWS)[0] == DEFAULT_BANDS[0] / LIMIT


def test_fixed_bands_hold_while_history_is_short() -> None:
    short = LEAST_WEEKS - 1
    assert own_bands(weights(100, short), 7 * short, ROWS) == DEFAULT_BANDS


def test_what_was_not_judged_is_no_calm_week() -> None:
    past = weights(30) | {day: np.full(3, np.nan) for day in range(35)}
    assert own_bands(past, 84, ROWS) == DEFAULT_BANDS


def test_the_weight_grows_with_the_excess_and_with_the_ratio() -> None:
    found = weight_of(np.array([10.0, 20.0, 20.0]), np.array([5.0, 10.0, 5.0]))
    assert list(found) == sorted(found)
