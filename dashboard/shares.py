"""Shares with their uncertainty: how sure a share or its change is, given that days differ more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

Z = 1.959964
"""95 %, two-sided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Part of a whole with the 95 % interval around it; value, low and high from 0 to 1. None where the whole is 0."""

    part: int
    whole: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Later share minus earlier one, in parts of 1, with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def sure(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


def share(parts: Sequence[int], wholes: Sequence[int]) -> Share:
    """The share over several days, with Wilson's interval at the effective number of voices.

    Voices of one day resemble each other, so that plain binomial intervals are too narrow; the design effect is
    estimated from the days themselves and never below 1 (Rao & Scott, Biometrics 48, 1992, eq. 1 and 2).
    """
    part, whole = sum(parts), sum(wholes)
    if not whole:
        return Share(part=part, whole=whole, value=None, low=None, high=None)
    value = part / whole
    low, high = _wilson(value, whole / design_effect(parts, wholes))
    return Share(part=part, whole=whole, value=value, low=low, high=high)


def design_effect(parts: Sequence[int], wholes: Sequence[int]) -> float:
    """Variance of a share over days against that of as many independent voices; at least 1."""
    pairs = [(y, n) for y, n in zip(parts, wholes, strict=True) if n]
    days, whole = len(pairs), sum(n for _, n in pairs)
    value = sum(y for y, _ in pairs) / whole if whole else 0.0
    binomial = value * (1 - value) / whole if whole else 0.0
    if days < 2 or binomial == 0:
        return 1.0
    between = days / (days - 1) * sum((y - n * value) ** 2 for y, n in pairs) / whole**2
    return max(1.0, between / binomial)


def _wilson(value: float, n: float) -> tuple[float, float]:
    """Wilson, JASA 22, 1927."""
    middle = (value + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * sqrt(value * (1 - value) / n + Z**2 / (4 * n**2))
    # Rounding alone may leave the share a hair outside its own interval at 0 and 1.
    return max(0.0, min(value, middle - half)), min(1.0, max(value, middle + half))


def change(now: Share, before: Share) -> Change | None:
    """How a share changed (Newcombe, Statistics in Medicine 17, 1998, method 10); None where one of them is unknown."""
    if now.value is None or now.low is None or now.high is None:
        return None
    if before.value is None or before.low is None or before.high is None:
        return None
    value = now.value - before.value
    down = sqrt((now.value - now.low) ** 2 + (before.high - before.value) ** 2)
    up = sqrt((now.high - now.value) ** 2 + (before.value - before.low) ** 2)
    return Change(value=value, low=value - down, high=value + up)
