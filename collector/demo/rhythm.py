"""How much is said on a day and at which hour: season, week, day and chance, all drawn from a seed."""

from __future__ import annotations

import math
from datetime import timedelta
from random import Random
from statistics import NormalDist

_NORMAL = NormalDist()
_WEEK = (0.96, 0.92, 0.93, 0.98, 1.1, 1.12, 1.02)
"""Monday to Sunday; ferries are talked about most when people travel."""
_HOURS = (2, 1, 1, 1, 2, 4, 8, 13, 17, 18, 18, 17, 18, 18, 17, 17, 18, 20, 22, 23, 22, 17, 10, 5)
"""What is said by hour of the UTC day."""
_MEMORY = 0.55
"""How much of a day's noise the next one inherits."""
_NIGHT = min(_HOURS) / max(_HOURS)


def chance(*names: object) -> Random:
    """The stream of random numbers that belongs to these names; the same in every process."""
    return Random("/".join(map(str, names)))  # noqa: S311 - samples, not secrets


def normal(rng: Random) -> float:
    """A standard normal number, through random() alone."""
    return _NORMAL.inv_cdf(max(1e-12, rng.random()))


def lasting(names: tuple[object, ...], day: int) -> float:
    """A day's noise of variance 1 that lasts some days: a moving sum of the last days' own noise."""
    weights = [_MEMORY**age for age in range(6)]
    total = sum(w * normal(chance(*names, day - age)) for age, w in enumerate(weights))
    return total / math.sqrt(sum(w * w for w in weights))


def expected(daily: float, weekday: int, day: int, names: tuple[object, ...]) -> float:
    """Mentions to be expected on a day: `daily` with week, a slow swell and a lasting noise of 12 %."""
    swell = 1 + 0.12 * math.sin(2 * math.pi * (day / 97 + chance(*names, "swell").random()))
    return daily * _WEEK[weekday] * swell * math.exp(0.12 * lasting((*names, "volume"), day) - 0.0072)


def poisson(rng: Random, mean: float) -> int:
    """A Poisson number by multiplication (Knuth); means stay far below the 700 at which exp underflows."""
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def moment(rng: Random) -> timedelta:
    """A time of day, more often when people are awake."""
    left = rng.random() * sum(_HOURS)
    hour = 0
    for weight in _HOURS:
        left -= weight
        if left < 0:
            break
        hour += 1
    return timedelta(hours=min(hour, 23), seconds=int(rng.random() * 3600))


def awake(hour: int, rng: Random) -> bool:
    """Whether somebody with something to say at this hour of the UTC day is up to say it."""
    return rng.random() < max(0.25, _HOURS[hour] / max(_HOURS))
