"""The steps that counts come in, and the windows that are judged for each: constants with their origin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One span that is judged as a whole.

    `steps` long; its baseline ends `guard_days` before the day of judging (before the window, where it spans days);
    needs `history_days`. A slow window is judged once a day on burst-free blocks: a lasting change, not an event.
    `dispersion` is what calm windows show on top of chance when a series has no past to learn from: of a count,
    (`count`), and of negatives given the other voices (`floor` + `share` × (1 − p) / p).
    """

    steps: int
    guard_days: int
    history_days: int
    count: float
    floor: float
    share: float
    bonus: float
    slow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grain:
    """Hourly or daily counts: steps in a day, days of memory, half-life of the level, slots of the profile.

    `learnt_days`: of whose highest scores the bar learns how restless the past was. `own_spread`: outliers of a series
    are judged by its own spread, for series differ widely (days), not by the usual one, which is that of most (hours).
    """

    name: str
    steps_per_day: int
    block: int
    memory_days: int
    half_life_days: float
    slots: int
    learnt_days: int
    own_spread: bool
    windows: tuple[Window, ...]

    def days(self, window: Window) -> int:
        """Days that a window spans, at least one."""
        return max(1, window.steps // self.steps_per_day)

    def slots_of(self, first: int, steps: int, zone: ZoneInfo) -> NDArray[np.int64]:
        """Profile slot of each of `steps` steps from step `first` since the epoch, by the clock of `zone`."""
        if self.steps_per_day == 1:
            return (np.arange(first, first + steps) + 3) % 7
        days = [_slots_of_utc_day(day, zone) for day in range(first // 24, (first + steps - 1) // 24 + 1)]
        skipped = first % 24
        return np.concatenate(days)[skipped : skipped + steps]


def span(at: int, steps: int, steps_per_day: int, *, slow: bool) -> tuple[int, int]:
    """First step of a window of `steps` that is judged at step `at`, and the step after its last.

    It ends with `at`; a slow one, judged on whole UTC days, with the last step of the day before.
    """
    end = at - at % steps_per_day if slow else at + 1
    return end - steps, end


@lru_cache(maxsize=4096)
def _slots_of_utc_day(day: int, zone: ZoneInfo) -> NDArray[np.int64]:
    start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)
    local = [(start + timedelta(hours=hour)).astimezone(zone) for hour in range(24)]
    return np.array([at.hour + 24 * (at.weekday() >= 5) for at in local], dtype=np.int64)


def _bonus(steps: int, weight: float = 0.75) -> float:
    """What a window earns for being looked at afresh less often than every step."""
    return float(weight * np.log10(steps))


def _hourly_window(steps: int, guard: int, history: int, count: float, *, slow: bool = False) -> Window:
    return Window(
        steps=steps,
        guard_days=guard,
        history_days=history,
        count=count,
        floor=0.03,
        share=0.01 / steps**0.8,
        bonus=_bonus(steps),
        slow=slow,
    )


HOURLY = Grain(
    name="hourly",
    steps_per_day=24,
    block=6,
    memory_days=56,
    half_life_days=14,
    slots=48,
    learnt_days=84,
    own_spread=False,
    windows=(
        _hourly_window(1, 2, 7, 0.12),
        _hourly_window(2, 2, 7, 0.11),
        _hourly_window(3, 2, 7, 0.10),
        _hourly_window(6, 2, 7, 0.08),
        _hourly_window(12, 2, 7, 0.07),
        _hourly_window(24, 2, 7, 0.06),
        _hourly_window(48, 4, 14, 0.06),
        _hourly_window(72, 6, 21, 0.05),
        _hourly_window(168, 10, 35, 0.04, slow=True),
        _hourly_window(336, 21, 49, 0.04, slow=True),
    ),
)

DAILY = Grain(
    name="daily",
    steps_per_day=1,
    block=1,
    memory_days=112,
    half_life_days=28,
    slots=7,
    learnt_days=364,
    own_spread=True,
    windows=(
        Window(steps=1, guard_days=2, history_days=28, count=0.06, floor=0.03, share=0.002, bonus=0.0),
        Window(steps=2, guard_days=3, history_days=28, count=0.06, floor=0.03, share=0.001, bonus=_bonus(2)),
        Window(steps=3, guard_days=4, history_days=28, count=0.05, floor=0.03, share=0.001, bonus=_bonus(3)),
        Window(
            steps=7, guard_days=10, history_days=42, count=0.04, floor=0.03, share=0.001, bonus=_bonus(7), slow=True
        ),
        Window(
            steps=14, guard_days=21, history_days=70, count=0.04, floor=0.03, share=0.001, bonus=_bonus(14), slow=True
        ),
    ),
)
