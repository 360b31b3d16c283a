"""The weekly world of the benchmark: counts of public-health surveillance with outbreaks, after Noufaily et al."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WEEKS = 624
TEST_START = 575  # weeks 576 to 624, counted from one
PAST = (312, 575)
# theta, phi, beta, gamma1, gamma2 of the seven blocks; each with and without trend and with 0, 1, 2 harmonics.
BLOCKS = (
    (0.1, 1.5, 0.0025, 0.6, 0.6),
    (-2.0, 2.0, 0.005, 0.1, 0.3),
    (1.5, 1.0, 0.003, 0.2, -0.4),
    (0.5, 5.0, 0.002, 0.5, 0.5),
    (2.5, 3.0, 0.001, 1.0, 0.1),
    (3.75, 1.1, 0.001, 0.1, -0.1),
    (5.0, 1.2, 0.0001, 0.05, 0.01),
)
SCENARIOS = tuple((*block, trend, harmonics) for block in BLOCKS for trend in (0, 1) for harmonics in (0, 1, 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyWorld:
    """Counts and the part of them that is outbreak, shaped series × weeks; `k` sizes the current outbreak."""

    counts: NDArray[np.int64]
    outbreak: NDArray[np.int64]
    mean: NDArray[np.float64]
    phi: NDArray[np.float64]
    k: NDArray[np.int64]


def simulate(seed: int, repeats: int) -> WeeklyWorld:
    """`repeats` series of each of the 42 scenarios, with four past outbreaks and a current one each."""
    rng = np.random.default_rng(seed)
    scenarios = np.array(SCENARIOS * repeats)
    theta, phi, beta, gamma1, gamma2, trend, harmonics = (column[:, None] for column in scenarios.T)
    week = np.arange(1, WEEKS + 1)[None, :]
    log_mean = theta + beta * trend * week
    for order in (1, 2):
        angle = 2 * np.pi * order * week / 52
        log_mean = log_mean + (harmonics >= order) * (gamma1 * np.cos(angle) + gamma2 * np.sin(angle))
    mean = np.exp(log_mean)
    size = mean / np.maximum(phi - 1, 1e-9)
    counts = rng.poisson(np.where(phi > 1, rng.gamma(size) * np.maximum(phi - 1, 1e-9), mean))
    past = np.zeros_like(counts)
    current = np.zeros_like(counts)
    k = rng.integers(1, 11, len(mean))
    for at in range(len(mean)):
        k1 = rng.choice([0, 2, 3, 5, 10])
        for start in rng.integers(*PAST, 4):
            _outbreak(rng, past[at], int(start), k=k1, mean=mean[at], phi=phi[at, 0], end=TEST_START)
        begin = int(rng.integers(TEST_START, WEEKS))
        _outbreak(rng, current[at], begin, k=k[at], mean=mean[at], phi=phi[at, 0], end=WEEKS)
    return WeeklyWorld(counts=counts + past + current, outbreak=current, mean=mean, phi=phi[:, 0], k=k)


def _outbreak(
    rng: np.random.Generator,
    into: NDArray[np.int64],
    start: int,
    *,
    k: int,
    mean: NDArray[np.float64],
    phi: float,
    end: int,
) -> None:
    size = rng.poisson(k * np.sqrt(phi * mean[start]))
    weeks = start + np.floor(rng.lognormal(0, 0.5, size)).astype(np.int64)
    np.add.at(into, weeks[weeks < end], 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyResult:
    """Shares: of calm weeks flagged, of outbreaks flagged, of outbreak weeks flagged, of flags that are right."""

    false_positive_rate: float
    detected: float
    sensitivity: float
    predictive: float


def measure(world: WeeklyWorld, score: NDArray[np.float64], threshold: float) -> WeeklyResult:
    """Score flags (series × test weeks) against the current outbreak; series whose outbreak drew nobody are left out
    of `detected`."""
    flag = score >= threshold
    ill = world.outbreak[:, TEST_START:] > 0
    struck = np.asarray(ill.any(axis=1))
    return WeeklyResult(
        false_positive_rate=float((flag & ~ill).sum() / (~ill).sum()),
        detected=float(np.asarray((flag & ill).any(axis=1))[struck].mean()),
        sensitivity=float((flag & ill).sum() / ill.sum()),
        predictive=float((flag & ill).sum() / max(flag.sum(), 1)),
    )


def threshold_at(world: WeeklyWorld, score: NDArray[np.float64], rate: float) -> float:
    """The threshold at which `rate` of the calm weeks are flagged."""
    calm = score[world.outbreak[:, TEST_START:] == 0]
    return float(np.quantile(calm, 1 - rate))
