"""The hourly world of the benchmark: mentions, negatives and events whose time and size are known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

RATES = (0.5, 2.0, 10.0, 50.0, 250.0)
SHARES = (0.02, 0.05, 0.1, 0.2)
HISTORY_WEEKS = 10
TEST_WEEKS = 4
WEEK = 168
HOURS = (HISTORY_WEEKS + TEST_WEEKS) * WEEK
TEST_START = HISTORY_WEEKS * WEEK
ZONE = ZoneInfo("Europe/Berlin")
CLOCK_CHANGE = datetime(2025, 3, 30, 1, tzinfo=UTC)  # of ZONE, in the second test week of Event.DST
SHARE_CORRELATION = 0.01


class Event(StrEnum):
    """What happens to every series within the test weeks."""

    NOTHING = "nothing"
    INCIDENT = "incident"
    SLOW_RISE = "slow rise"
    SURGE = "surge"
    OUTAGE = "outage"
    BACKLOG = "backlog"
    DST = "dst"
    RELABEL = "re-label"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Counts shaped series × hours; `begins` and `ends` give each series' event as hours [begins, ends).

    `reread`: the negatives if every voice had been read by the model that came with the event, None without one.
    """

    negatives: NDArray[np.int64]
    voices: NDArray[np.int64]
    covered: NDArray[np.bool_]
    start: datetime
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    rate: NDArray[np.float64]
    share: NDArray[np.float64]
    ratio: NDArray[np.float64]
    extra: NDArray[np.float64]
    reread: NDArray[np.int64] | None = None

    def first_hour(self) -> int:
        return int(self.start.timestamp() // 3600)


def simulate(seed: int, series: int, *, event: Event = Event.NOTHING, label_noise: bool = False) -> World:
    """Ten weeks of history and four of test for `series` independent series, rates and shares in rotation."""
    rng = np.random.default_rng(seed)
    rate = np.resize(np.array(RATES), series)
    share = np.resize(np.repeat(np.array(SHARES), len(RATES)), series)
    start = datetime(2025, 1, 6, tzinfo=UTC) if event is Event.DST else datetime(2025, 6, 2, tzinfo=UTC)
    intensity = _intensity(rng, rate, start)
    probability = _probability(rng, share, start)
    campaign = rng.random(series) < 0.5
    _multiply(rng, intensity, campaign, factor=(1.5, 4.0), length=(24, 168), first=WEEK, last=TEST_START)
    begins = np.full(series, HOURS)
    ends = np.full(series, HOURS)
    ratio = np.ones(series)
    planted = np.zeros((series, HOURS), dtype=np.int64)
    extra = np.zeros(series)
    if event is Event.SURGE:
        begins, ends = _multiply(
            rng,
            intensity,
            np.ones(series, bool),
            factor=(2.0, 8.0),
            length=(6, 72),
            first=TEST_START + 24,
            last=HOURS - 96,
        )
    if event in (Event.RELABEL, Event.DST):
        since = CLOCK_CHANGE - start
        begins[:] = TEST_START + WEEK if event is Event.RELABEL else int(since.total_seconds()) // 3600
    if event is Event.SLOW_RISE:
        begins[:] = TEST_START + rng.integers(0, WEEK, series)
        ratio = rng.choice([1.5, 2.0, 3.0], series)
        ramp = np.clip((np.arange(HOURS)[None, :] - begins[:, None]) / (HOURS - begins[:, None]), 0, 1)
        probability = np.minimum(0.95, probability * (1 + (ratio[:, None] - 1) * ramp))
    voices = rng.poisson(intensity)
    negatives = _negatives(rng, voices, probability)
    usual = intensity * probability
    for at in range(series):
        for _ in range(int(rng.integers(0, 3))):
            length = int(rng.integers(6, 49))
            begin = int(rng.integers(WEEK, TEST_START - length))
            _plant(rng, planted[at], usual[at], begin=begin, length=length, ratio=rng.uniform(3, 10), least=0)
        if event is Event.INCIDENT:
            kind = int(rng.integers(0, 3))
            length, least = (3, 12, 48)[kind], (6, 12, 25)[kind]
            begin = int(rng.integers(TEST_START, HOURS - length))
            begins[at], ends[at] = begin, begin + length
            ratio[at] = rng.choice([2.0, 3.0, 5.0, 10.0])
            extra[at] = _plant(rng, planted[at], usual[at], begin=begin, length=length, ratio=ratio[at], least=least)
    negatives, voices = negatives + planted, voices + planted
    reread = None
    if event is Event.RELABEL:
        reread = negatives + rng.binomial(voices - negatives, np.minimum(0.03 / (1 - probability), 1.0))
        negatives = np.where(np.arange(HOURS) < TEST_START + WEEK, negatives, reread)
    covered = np.ones((series, HOURS), dtype=np.bool_)
    if event in (Event.OUTAGE, Event.BACKLOG):
        for at in range(series):
            length = int(rng.integers(6, 49))
            begin = int(rng.integers(TEST_START, HOURS - length - 1))
            begins[at], ends[at] = begin, begin + length + 1
            for counts in (negatives, voices):
                if event is Event.BACKLOG:
                    counts[at, begin + length] += counts[at, begin : begin + length].sum()
                counts[at, begin : begin + length] = 0
    if label_noise:
        kept = rng.binomial(negatives, 0.85)
        negatives = kept + rng.binomial(voices - negatives, 0.02)
    return World(
        negatives=negatives,
        voices=voices,
        covered=covered,
        start=start,
        begins=begins,
        ends=ends,
        rate=rate,
        share=share,
        ratio=ratio,
        extra=extra,
        reread=reread,
    )


def _local_clock(start: datetime) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    local = [(start + timedelta(hours=hour)).astimezone(ZONE) for hour in range(HOURS)]
    return np.array([float(at.hour) for at in local]), np.array([at.weekday() for at in local])


def _autoregression(
    rng: np.random.Generator, shape: tuple[int, int], *, memory: float, spread: float, freedom: int | None = None
) -> NDArray[np.float64]:
    if freedom is None:
        shocks = rng.normal(size=shape)
    else:
        shocks = rng.standard_t(freedom, size=shape) / math.sqrt(freedom / (freedom - 2))
    shocks *= spread * math.sqrt(1 - memory**2)
    shocks[:, 0] /= math.sqrt(1 - memory**2)
    for step in range(1, shape[1]):
        shocks[:, step] += memory * shocks[:, step - 1]
    return shocks


def _intensity(rng: np.random.Generator, rate: NDArray[np.float64], start: datetime) -> NDArray[np.float64]:
    series = len(rate)
    hour, weekday = _local_clock(start)
    amplitude = rng.uniform(0.4, 1.0, (series, 1))
    phase = rng.normal(15, 2, (series, 1))
    daily = amplitude * np.cos(2 * np.pi * (hour - phase) / 24)
    daily += 0.25 * amplitude * np.cos(4 * np.pi * (hour - phase - 2) / 24)
    weekend = np.where(weekday >= 5, 1 + 0.4 * rng.choice([-1.0, 1.0], (series, 1)), 1.0)
    days = rng.normal(0, 0.07, (series, 7))[:, weekday]
    trend = rng.normal(0, 0.25, (series, 1)) * np.arange(HOURS) / HOURS
    daywise = np.repeat(_autoregression(rng, (series, HOURS // 24), memory=0.6, spread=0.2), 24, axis=1)
    hourly = _autoregression(rng, (series, HOURS), memory=0.5, spread=0.25, freedom=5)
    return np.asarray(rate[:, None] * weekend * np.exp(daily + days + trend + daywise + hourly), dtype=np.float64)


def _probability(rng: np.random.Generator, share: NDArray[np.float64], start: datetime) -> NDArray[np.float64]:
    series = len(share)
    hour, _ = _local_clock(start)
    logit = np.log(share / (1 - share))[:, None] + rng.normal(0, 0.3, (series, 1))
    logit = logit + np.repeat(_autoregression(rng, (series, HOURS // 24), memory=0.7, spread=0.15), 24, axis=1)
    logit = logit + rng.normal(0, 0.1, (series, 1)) * np.cos(2 * np.pi * (hour - 12) / 24)
    return np.asarray(1 / (1 + np.exp(-logit)), dtype=np.float64)


def _negatives(
    rng: np.random.Generator, voices: NDArray[np.int64], probability: NDArray[np.float64]
) -> NDArray[np.int64]:
    spread = 1 / SHARE_CORRELATION - 1
    drawn = rng.beta(probability * spread, (1 - probability) * spread)
    return np.asarray(rng.binomial(voices, drawn), dtype=np.int64)


def _plant(
    rng: np.random.Generator,
    planted: NDArray[np.int64],
    usual: NDArray[np.float64],
    *,
    begin: int,
    length: int,
    ratio: float,
    least: int,
) -> float:
    span = slice(begin, begin + length)
    expected = float(usual[span].sum())
    size = max((ratio - 1) * expected, least)
    middle = (np.arange(length) + 0.5) / length
    shape = middle**0.4 * (1 - middle) ** 1.2
    planted[span] += rng.poisson(size * shape / shape.sum())
    return size


def _multiply(
    rng: np.random.Generator,
    intensity: NDArray[np.float64],
    chosen: NDArray[np.bool_],
    *,
    factor: tuple[float, float],
    length: tuple[int, int],
    first: int,
    last: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    begins = rng.integers(first, last - length[1], len(intensity))
    lengths = rng.integers(length[0], length[1] + 1, len(intensity))
    factors = rng.uniform(*factor, len(intensity))
    for at in np.flatnonzero(chosen):
        intensity[at, begins[at] : begins[at] + lengths[at]] *= factors[at]
    return begins, begins + lengths
