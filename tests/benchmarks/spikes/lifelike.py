"""Calm streams that look like real ones, for counting false alerts: nothing in them is an incident.

Volume: log-normal days with heavy tails, weekday and annual rhythm, holidays, a level that wanders and now and then
steps, threads that draw a crowd for hours. Negatives: a share that walks at random, differs by weekday, and is a
thread's own within a thread. Sources start late, stop, and pause. Rates are from 0.1 voices a day up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FIRST_DAY = 19_358  # 2023-01-01, a Sunday
THIN, MIDDLE, BUSY = (0.1, 5.0), (5.0, 100.0), (100.0, 3000.0)
HOLIDAYS = (1, 97, 100, 121, 148, 275, 359, 360)  # days of the year on which people write less or more


@dataclass(frozen=True, slots=True, kw_only=True)
class Calm:
    """Counts shaped series × steps from step `first_step` since the epoch, `per_day` steps a day."""

    negatives: Ints
    voices: Ints
    covered: NDArray[np.bool_]
    first_step: int
    per_day: int


def opinions(seed: int, series: int, days: int, *, rates: tuple[float, float], per_day: int = 1) -> Calm:
    """What people say of brands: negatives among all voices."""
    rng = np.random.default_rng(seed)
    rate = np.exp(rng.uniform(np.log(rates[0]), np.log(rates[1]), series))
    daily = rate[:, None] * np.exp(_level(rng, series, days) + _heavy_days(rng, series, days))
    intensity = np.repeat(daily, per_day, axis=1) / per_day
    if per_day > 1:
        intensity *= _rhythm(rng, series, days, per_day)
    logit = np.repeat(_share_logit(rng, series, days), per_day, axis=1)
    negatives, voices = _draw(rng, intensity, logit, correlation=0.01)
    _threads(rng, (negatives, voices), logit, rate, per_day)
    covered = _life(rng, negatives, voices, per_day)
    return Calm(negatives=negatives, voices=voices, covered=covered, first_step=FIRST_DAY * per_day, per_day=per_day)


def cases(seed: int, series: int, days: int) -> Calm:
    """Daily counts without totals, as offices of public health keep them: weekdays, seasons, trend, overdispersion."""
    rng = np.random.default_rng(seed)
    rate = np.exp(rng.uniform(np.log(0.2), np.log(150.0), (series, 1)))
    day = np.arange(days)[None, :]
    weekday = np.take_along_axis(rng.normal(0, 0.2, (series, 7)), (day + np.zeros((series, 1), np.int64)) % 7, axis=1)
    angle = 2 * np.pi * day / 365.25
    season = rng.uniform(0, 0.7, (series, 1)) * np.cos(angle - rng.uniform(0, 6.28, (series, 1)))
    trend = rng.normal(0, 0.3, (series, 1)) * day / 365.25
    slow = _autoregression(rng, (series, days), memory=0.95, spread=0.15)
    closed = np.where(np.isin((FIRST_DAY + day) % 365 - 13, HOLIDAYS), np.log(0.5), 0.0)
    mean = rate * np.exp(weekday + season + trend + slow + closed)
    phi = rng.uniform(1.05, 4.0, (series, 1))
    counts = rng.poisson(rng.gamma(mean / (phi - 1)) * (phi - 1))
    covered = np.ones(counts.shape, dtype=np.bool_)
    return Calm(negatives=counts, voices=counts, covered=covered, first_step=FIRST_DAY, per_day=1)


def calls(seed: int, series: int, days: int) -> Calm:
    """Daily calls or visits without totals: a level that wanders, few on holidays, bursts that die away in days."""
    rng = np.random.default_rng(seed)
    rate = np.exp(rng.uniform(np.log(2.0), np.log(2000.0), (series, 1)))
    day = np.arange(days)[None, :]
    weekday = np.take_along_axis(rng.normal(0, 0.25, (series, 7)), (day + np.zeros((series, 1), np.int64)) % 7, axis=1)
    level = _autoregression(rng, (series, days), memory=0.9, spread=0.25)
    closed = np.where(np.isin((FIRST_DAY + day) % 365 - 13, HOLIDAYS), np.log(0.3), 0.0)
    begun = (rng.random((series, days)) < 1 / 60) * rng.lognormal(-0.5, 1.0, (series, days))
    burst = signal.lfilter([1.0], [1.0, -0.5], begun, axis=1)
    mean = rate * np.exp(weekday + level + closed) * (1 + burst)
    shape = rng.uniform(5.0, 50.0, (series, 1))
    counts = rng.poisson(mean * rng.gamma(shape, 1 / shape, (series, days)))
    covered = np.ones(counts.shape, dtype=np.bool_)
    return Calm(negatives=counts, voices=counts, covered=covered, first_step=FIRST_DAY, per_day=1)


def weeks_of(calm: Calm) -> Calm:
    """The same stream by the week; a week counts as covered if all its days are."""
    length = 7 * calm.per_day
    kept = calm.negatives.shape[1] // length * length
    negatives, voices = (a[:, :kept].reshape(len(a), -1, length).sum(axis=2) for a in (calm.negatives, calm.voices))
    covered = np.asarray(calm.covered[:, :kept].reshape(len(negatives), -1, length).all(axis=2))
    first = calm.first_step // length + 1
    return Calm(negatives=negatives, voices=voices, covered=covered, first_step=first, per_day=0)


def _level(rng: np.random.Generator, series: int, days: int) -> Floats:
    """Rhythm of weekdays and of the year, holidays, a wandering level, and a step about once a year."""
    day = np.arange(days)[None, :]
    weekday = rng.normal(0, 0.15, (series, 7))
    weekday[:, 5:] += rng.choice([-0.5, 0.3], (series, 1))
    rhythm = weekday[:, np.arange(days) % 7]
    angle = 2 * np.pi * day / 365.25
    annual = rng.uniform(0, 0.5, (series, 1)) * np.cos(angle - rng.uniform(0, 6.28, (series, 1)))
    wander = np.cumsum(rng.normal(0, 0.03, (series, days)), axis=1)
    steps = np.cumsum(rng.normal(0, 0.4, (series, days)) * (rng.random((series, days)) < 1 / 365), axis=1)
    holiday = np.isin(np.arange(days) % 365 + 1, HOLIDAYS) * rng.normal(0, 0.5, (series, 1))
    return np.asarray(rhythm + annual + 0.97 * (wander - wander.mean(axis=1, keepdims=True)) + steps + holiday)


def _heavy_days(rng: np.random.Generator, series: int, days: int) -> Floats:
    width = rng.uniform(0.1, 0.45, (series, 1))
    shocks = np.clip(rng.standard_t(4, (series, days)) / np.sqrt(2), -4, 4)
    return np.asarray(width * (0.7 * shocks + 0.7 * _autoregression(rng, (series, days), memory=0.6, spread=1.0)))


def _share_logit(rng: np.random.Generator, series: int, days: int) -> Floats:
    share = rng.beta(1.2, 8, (series, 1)).clip(0.01, 0.7)
    walk = np.cumsum(rng.normal(0, 0.02, (series, days)), axis=1)
    walk -= walk.mean(axis=1, keepdims=True)
    weekday = rng.normal(0, 0.1, (series, 7))[:, np.arange(days) % 7]
    daywise = _autoregression(rng, (series, days), memory=0.6, spread=0.2)
    return np.asarray(np.log(share / (1 - share)) + walk + weekday + daywise)


def _rhythm(rng: np.random.Generator, series: int, days: int, per_day: int) -> Floats:
    hour = np.arange(days * per_day) % per_day
    wave = rng.uniform(0.4, 1.1, (series, 1)) * np.cos(2 * np.pi * (hour - rng.normal(15, 2, (series, 1))) / per_day)
    noise = _autoregression(rng, (series, days * per_day), memory=0.6, spread=0.3)
    return np.exp(wave + noise)


def _draw(rng: np.random.Generator, intensity: Floats, logit: Floats, *, correlation: float) -> tuple[Ints, Ints]:
    voices = rng.poisson(intensity)
    spread = 1 / correlation - 1
    share = 1 / (1 + np.exp(-logit))
    negatives = rng.binomial(voices, rng.beta(share * spread, (1 - share) * spread))
    return negatives.astype(np.int64), voices.astype(np.int64)


def _threads(rng: np.random.Generator, into: tuple[Ints, Ints], logit: Floats, rate: Floats, per_day: int) -> None:
    """One thread a month draws a crowd (Pareto) for a day or so; it is somewhat better or worse than the rest."""
    negatives, voices = into
    series, steps = voices.shape
    for at in range(series):
        for begin in rng.integers(0, steps, rng.poisson(steps / per_day / 30)):
            size = int(min(0.4 * rate[at] * (1 + rng.pareto(1.5)), 20 * rate[at] + 20))
            base = logit[at, begin] + rng.normal(0, 0.4)
            bad = rng.binomial(size, 1 / (1 + np.exp(-base)))
            for counts, number in ((voices, size), (negatives, bad)):
                when = begin + np.floor(rng.exponential(0.4 * per_day, number)).astype(np.int64)
                np.add.at(counts[at], when[when < steps], 1)
    np.minimum(negatives, voices, out=negatives)


def _life(rng: np.random.Generator, negatives: Ints, voices: Ints, per_day: int) -> NDArray[np.bool_]:
    """A third of the sources start late, a tenth stop for good, all pause at times: half of the pauses are known."""
    series, steps = voices.shape
    covered = np.ones(voices.shape, dtype=np.bool_)
    for at in range(series):
        if rng.random() < 1 / 3:
            covered[at, : int(rng.integers(0, steps // 2))] = False
        if rng.random() < 0.1:
            voices[at, int(rng.integers(steps // 2, steps)) :] = 0
        for begin in rng.integers(0, steps, rng.poisson(steps / per_day / 120)):
            pause = slice(int(begin), int(begin + rng.integers(per_day, 8 * per_day)))
            voices[at, pause] = 0
            covered[at, pause] &= bool(rng.random() < 0.5)
    voices *= covered
    negatives[voices == 0] = 0
    return covered


def _autoregression(rng: np.random.Generator, shape: tuple[int, int], *, memory: float, spread: float) -> Floats:
    shocks = rng.normal(0, spread * np.sqrt(1 - memory**2), shape)
    shocks[:, 0] /= np.sqrt(1 - memory**2)
    for step in range(1, shape[1]):
        shocks[:, step] += memory * shocks[:, step - 1]
    return shocks
