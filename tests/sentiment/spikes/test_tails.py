"""Tails against scipy's exact distributions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sentiment.spikes.tails import beta_binomial_tail, negative_binomial_quantile, negative_binomial_tail


@given(observed=st.integers(0, 300), mean=st.floats(0.01, 100), dispersion=st.floats(0.001, 2))
def test_the_negative_binomial_tail_is_the_exact_one(observed: int, mean: float, dispersion: float) -> None:
    size = 1 / dispersion
    exact = stats.nbinom.sf(observed - 1, size, size / (size + mean))
    found = negative_binomial_tail(np.array([float(observed)]), np.array([mean]), np.array([dispersion]))[0]
    assert found == pytest.approx(max(exact, 1e-300), rel=1e-6)


@given(trials=st.integers(1, 40), probability=st.floats(0.01, 0.9), correlation=st.floats(0.001, 0.3), data=st.data())
def test_the_beta_binomial_tail_is_exact_up_to_forty_trials(
    trials: int, probability: float, correlation: float, data: st.DataObject
) -> None:
    observed = data.draw(st.integers(0, trials))
    spread = 1 / correlation - 1
    exact = stats.betabinom.pmf(
        np.arange(observed, trials + 1), trials, probability * spread, (1 - probability) * spread
    ).sum()
    found = beta_binomial_tail(
        np.array([float(observed)]), np.array([float(trials)]), np.array([probability]), np.array([correlation])
    )[0]
    assert found == pytest.approx(exact, rel=1e-6, abs=1e-12)


def test_above_forty_trials_the_beta_binomial_tail_is_near_the_exact_one() -> None:
    spread = 1 / 0.01 - 1
    exact = stats.betabinom.sf(39, 200, 0.1 * spread, 0.9 * spread)
    found = beta_binomial_tail(np.array([40.0]), np.array([200.0]), np.array([0.1]), np.array([0.01]))[0]
    assert 0.2 < np.log10(found) / np.log10(exact) < 2


@given(mean=st.floats(0.05, 500), dispersion=st.floats(0.001, 1))
def test_a_calm_window_stays_at_or_under_its_quantile_as_often_as_promised(mean: float, dispersion: float) -> None:
    upper = negative_binomial_quantile(0.975, np.array([mean]), np.array([dispersion]))
    assert negative_binomial_tail(upper + 1.0, np.array([mean]), np.array([dispersion]))[0] <= 0.0251
