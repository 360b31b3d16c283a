"""How the time that a reading takes grows with the length of what is read."""

from __future__ import annotations

import time
from collections.abc import Callable

LONG = 200_000
"""Characters of a long hostile text."""
SHORTEST = 0.002
"""Seconds below which a time says nothing."""


def filled(part: str, length: int) -> str:
    """A text of that many characters, of one part over and over."""
    return (part * (length // len(part) + 1))[:length]


def growth(read: Callable[[int], object]) -> float:
    """How many times longer four times the length takes: about 4 where time is linear, 16 where it is quadratic."""
    return _seconds(read, LONG) / max(_seconds(read, LONG // 4), SHORTEST)


def _seconds(read: Callable[[int], object], length: int) -> float:
    """Processor seconds, the least of a few tries: what else the machine does is left out."""
    times: list[float] = []
    while len(times) < 3 and sum(times) < 2:
        began = time.process_time()
        read(length)
        times.append(time.process_time() - began)
    return min(times)
