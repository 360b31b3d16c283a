"""Spread: found where it is wider than usual, and hardly moved by a few incidents."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sentiment.spikes.grain import DAILY
from sentiment.spikes.spread import own_spread_of, spread_of

USUAL = 0.05
DAYS = DAILY.memory_days
Measure = Callable[..., np.ndarray]


def found(
    spread: float,
    *,
    mean: float = 200.0,
    incidents: tuple[float, ...] = (),
    usual: float = USUAL,
    measure: Measure = own_spread_of,
) -> float:
    """Median spread that is found in 200 series of which each day is so many times its mean."""
    rng = np.random.default_rng(5)
    expected = np.full((200, DAYS, 1), mean)
    observed = rng.poisson(expected * rng.gamma(1 / spread, spread, expected.shape)).astype(np.float64)
    for place, ratio in enumerate(incidents):
        observed[:, 10 + 30 * place] += ratio * mean
    usable = np.ones(expected.shape, dtype=np.bool_)
    return float(np.median(measure(observed, expected, 0.0, np.full(200, usual), usable)))


@pytest.mark.parametrize(("spread", "least"), [(0.5, 0.72), (1.5, 0.65)])
def test_days_that_spread_far_wider_than_usual_are_found_to(spread: float, least: float) -> None:
    assert least * spread < found(spread) < spread


@pytest.mark.parametrize("ratio", [3.0, 10.0])
def test_three_incidents_in_sixteen_weeks_hardly_widen_the_spread(ratio: float) -> None:
    assert found(0.1, incidents=(ratio,) * 3) < 1.35 * found(0.1)


@pytest.mark.parametrize("mean", [0.5, 3.0, 200.0])
@pytest.mark.parametrize("usual", [0.05, 0.3, 1.0])
def test_a_spread_that_is_the_usual_one_is_found_whole(usual: float, mean: float) -> None:
    assert found(usual, usual=usual, mean=mean) == pytest.approx(usual, rel=0.05)


def test_by_the_usual_spread_the_usual_spread_is_nearly_found() -> None:
    assert found(USUAL, measure=spread_of) == pytest.approx(USUAL, rel=0.2)
