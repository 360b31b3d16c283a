"""Upper tails and quantiles of overdispersed counts, vectorised."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Floats = NDArray[np.float64]

SMALLEST = 1e-300
EXACT_UP_TO = 40


def negative_binomial_tail(observed: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """P(X ≥ observed) for a negative binomial with variance mean + dispersion × mean²."""
    size = 1.0 / np.maximum(dispersion, 1e-6)
    tail = special.betainc(np.maximum(observed, 1e-9), size, mean / (mean + size))
    return np.where(observed <= 0, 1.0, np.maximum(tail, SMALLEST))


def negative_binomial_quantile(level: Any, mean: Floats, dispersion: Floats) -> NDArray[np.int64]:
    """Smallest count whose cumulated probability reaches `level`."""
    size = 1.0 / np.maximum(dispersion, 1e-6)
    return np.asarray(stats.nbinom.ppf(level, size, size / (size + mean)), dtype=np.int64)


def beta_binomial_tail(observed: Floats, trials: Floats, probability: Floats, correlation: Floats) -> Floats:
    """P(X ≥ observed) of `trials` draws with pairwise `correlation`.

    Summed exactly up to 40 trials; above, the binomial tail of the effective number of trials N / (1 + (N−1) ρ).
    """
    observed, trials, probability, correlation = np.broadcast_arrays(observed, trials, probability, correlation)
    probability = np.clip(probability, 1e-6, 1 - 1e-6)
    correlation = np.clip(correlation, 1e-6, 0.9)
    effective = trials / (1 + np.maximum(trials - 1, 0) * correlation)
    hits = np.maximum(observed * effective / np.maximum(trials, 1), 1e-9)
    tail = special.betainc(hits, np.maximum(effective - hits, 0) + 1, probability)
    small = (trials <= EXACT_UP_TO) & (observed > 0)
    if small.any():
        tail[small] = _exact_tail(observed[small], trials[small], probability[small], correlation[small])
    return np.where(observed <= 0, 1.0, np.clip(tail, SMALLEST, 1.0))


def _exact_tail(observed: Floats, trials: Floats, probability: Floats, correlation: Floats) -> Floats:
    spread = 1 / correlation - 1
    a, b = (probability * spread)[:, None], ((1 - probability) * spread)[:, None]
    hits = np.arange(EXACT_UP_TO + 1)[None, :]
    misses = trials[:, None] - hits
    possible = (misses >= 0) & (hits >= observed[:, None])
    misses = np.maximum(misses, 0)
    log_mass = -np.log1p(trials)[:, None] - special.betaln(misses + 1, hits + 1)
    log_mass = log_mass + special.betaln(hits + a, misses + b) - special.betaln(a, b)
    return np.asarray(np.where(possible, np.exp(log_mass), 0.0).sum(axis=1), dtype=np.float64)


def anscombe(observed: Floats, mean: Floats, dispersion: float) -> Floats:
    """Anscombe residual of counts: near standard normal if they are Poisson with the given extra dispersion."""
    mean = np.maximum(mean, 1e-9)
    return np.asarray(
        1.5 * (np.cbrt(observed) ** 2 * mean ** (-1 / 6) - np.sqrt(mean)) / np.sqrt(1 + dispersion * mean)
    )
