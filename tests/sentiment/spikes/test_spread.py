"""Spread: found where it is wider than usual, and hardly moved by a few incidents."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment.spikes.grain import DAILY
from sentiment.spikes.spread import spread_of

USUAL = 0.05
DAYS = DAILY.memory_days


def found(spread: float, *, mean: float = 200.0, incidents: tuple[float, ...] = (), rounds: int) -> float:
    """Median spread that is found in 200 series of which each day is so many times its mean."""
    rng = np.random.default_rng(5)
    expected = np.full((200, DAYS, 1), mean)
    observed = rng.poisson(expected * rng.gamma(1 / spread, spread, expected.shape)).astype(np.float64)
    for place, ratio in enumerate(incidents):
        observed[:, 10 + 30 * place] += ratio * mean
    usable = np.ones(expected.shape, dtype=np.bool_)
    return float(np.median(spread_of(observed, expected, 0.0, np.full(200, USUAL), usable, rounds=rounds)))


@pytest.mark.parametrize(("spread", "least"), [(0.5, 0.6), (1.5, 0.4)])
def test_days_that_spread_far_wider_than_usual_are_found_to(spread: float, least: float) -> None:
    assert found(spread, rounds=DAILY.spread_rounds) > least * spread


@pytest.mark.parametrize("ratio", [3.0, 10.0])
def test_three_incidents_in_sixteen_weeks_hardly_widen_the_spread(ratio: float) -> None:
    calm = found(0.1, rounds=DAILY.spread_rounds)
    assert found(0.1, rounds=DAILY.spread_rounds, incidents=(ratio,) * 3) < 1.35 * calm


def test_the_usual_spread_is_left_as_it_is() -> None:
    assert found(USUAL, rounds=DAILY.spread_rounds) == pytest.approx(found(USUAL, rounds=1), rel=0.2)
