"""Replaying a span of time step by step, each day judged from the days before it: live judging is its last step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from sentiment.spikes.baseline import Baseline, Floats, fit
from sentiment.spikes.calibration import COUNTS_ALONE, LAG_DAYS, MEMORY_DAYS, WITH_TOTALS, Calibration, calibrate
from sentiment.spikes.detect import LEAST_COVERED, Day, DayScores, Watch
from sentiment.spikes.grain import Grain
from sentiment.spikes.spike import weeks_between


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedDay:
    """The scores of one day and what is needed to explain them; `first_step` counts from the epoch.

    `weights`: the largest weight of each series on the days before.
    """

    first_step: int
    day: Day
    scores: DayScores
    calibration: Calibration
    weights: Mapping[int, Floats]


def replay(
    negatives: NDArray[np.integer],
    voices: NDArray[np.integer] | None,
    covered: NDArray[np.bool_],
    *,
    first_step: int,
    begin: int,
    grain: Grain,
    zone: ZoneInfo,
    threshold: float,
    watch: Watch,
    recalibrate: bool = True,
) -> Iterator[JudgedDay]:
    """Judge every step from step `begin` to the end of the arrays (series × steps, starting at `first_step`).

    A day is refit once, at its first step in UTC, from at most the grain's memory. `threshold` is the nominal bar,
    which the days before may raise (`recalibrate`). `watch` is carried along and changed in place; a span judged in
    parts gives the same scores as judged at once.
    """
    per_day = grain.steps_per_day
    alone = voices is None or voices is negatives
    total = negatives.shape[1]
    end = first_step + total
    at = begin
    while at < end:
        day_start = at - at % per_day
        stop = min(day_start + per_day, end)
        memory = grain.memory_days * per_day
        y, n, m = (
            _slice(a, first_step, day_start - memory, stop)
            for a in (negatives, negatives if voices is None else voices, covered)
        )
        slots = grain.slots_of(day_start - memory, stop - day_start + memory, zone)
        shape = (len(y), grain.memory_days, per_day)
        baseline = fit(
            y[:, :memory].reshape(shape),
            n[:, :memory].reshape(shape),
            m[:, :memory].reshape(shape),
            slots[:memory].reshape(shape[1:]),
            grain,
        )
        recent = memory - _reach_days(grain) * per_day
        day = Day((y[:, recent:], n[:, recent:], m[:, recent:]), slots[recent:], baseline, grain, first_step=at)
        number = day_start // per_day
        calibration = Calibration.none(threshold, len(y))
        if recalibrate and watch.highs:
            chance = 1 / (7 * weeks_between(threshold, 1))
            tail = COUNTS_ALONE if alone else WITH_TOTALS
            learnt = grain.learnt_days + LAG_DAYS
            calibration = calibrate(watch.highs, number, threshold, chance, tail, memory_days=learnt)
        scores = day.scores(calibration.score, watch, calibration.scale)
        earlier = dict(watch.weights)
        _remember(watch, number, grain, (scores, calibration, baseline))
        if stop == day_start + per_day:
            _forget(watch, number, m[:, memory:].mean(axis=1) < LEAST_COVERED)
        yield JudgedDay(first_step=at, day=day, scores=scores, calibration=calibration, weights=earlier)
        at = stop


def _remember(watch: Watch, day: int, grain: Grain, judged_day: tuple[DayScores, Calibration, Baseline]) -> None:
    """Keep the day's highest scores and weights, and forget the days that are too old to be learnt from."""
    scores, calibration, baseline = judged_day
    judged = baseline.windows[grain.windows[0].steps].usable
    slow = np.array([window.slow for window in grain.windows] + [False])[scores.window]
    short = np.where(slow, 0.0, scores.score)  # what rises for weeks is no restlessness from day to day
    highest = np.where(judged, short.max(axis=1, initial=0.0) * calibration.scale, np.nan)
    heaviest = np.where(judged, scores.weight, np.nan)
    for kept, found, days in (
        (watch.highs, highest, grain.learnt_days + LAG_DAYS),
        (watch.weights, heaviest, MEMORY_DAYS),
    ):
        kept[day] = np.fmax(kept[day], found) if day in kept else found
        for old in [one for one in kept if one < day - days]:
            del kept[old]


def _forget(watch: Watch, day: int, unseen: NDArray[np.bool_]) -> None:
    """Learn nothing of a day that is over from the series that were not read on most of it: calm is not known there."""
    for kept in (watch.highs, watch.weights):
        kept[day] = np.where(unseen, np.nan, kept[day])


def _reach_days(grain: Grain) -> int:
    return max(grain.days(w) for w in grain.windows if not w.slow)


def _slice(steps: NDArray[np.generic], first: int, begin: int, end: int) -> Floats:
    """Steps [begin, end) as numbers; what lies before the first known step is zero (and so not covered)."""
    missing = max(first - begin, 0)
    known = steps[:, max(begin - first, 0) : end - first].astype(np.float64)
    if not missing:
        return known
    return np.concatenate([np.zeros((len(known), missing)), known], axis=1)
