"""False alerts against the budget on lifelike calm streams, as `groundswell spikes` flags them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sentiment.spikes.counts_file import Counts, Spacing
from sentiment.spikes.spike import SpikeSettings
from sentiment.spikes.stateless import judge_flags
from tests.benchmarks.spikes import lifelike
from tests.benchmarks.spikes.lifelike import BUSY, MIDDLE, THIN, Calm

WATCHED = 24
BUDGETS = (4, 12, 52)
SPACINGS = {24: Spacing.HOURLY, 1: Spacing.DAILY, 0: Spacing.WEEKLY}
STEPS_A_WEEK = {24: 168, 1: 7, 0: 1}
ONE_ALERT = {24: 24, 1: 2, 0: 1}  # flags at most so many steps apart are one alert


def table(seed: int) -> None:
    """Print alerts (and flagged buckets) over the budget; files of 24 series."""
    print(f"Calm streams in files of {WATCHED} series, alerts (flagged buckets) against the budget, seed {seed}\n")
    print("| stream | series-weeks | " + " | ".join(f"one in {weeks} weeks" for weeks in BUDGETS) + " |")
    print("|---|---|" + "---|" * len(BUDGETS))
    for name, rates in (("thin", THIN), ("middle", MIDDLE), ("busy", BUSY)):
        daily = lifelike.opinions(seed, 2 * WATCHED, 500, rates=rates)
        weekly = lifelike.weeks_of(lifelike.opinions(seed + 50, 4 * WATCHED, 7 * 260, rates=rates))
        for spacing, calm in (("daily", daily), ("weekly", weekly)):
            for totals in (True, False):
                _row(f"{name}, {spacing}, {'with' if totals else 'without'} totals", calm, totals=totals)
    cases = lifelike.cases(seed + 7, 4 * WATCHED, 500)
    _row("public health, daily, without totals", cases, totals=False)
    cases = lifelike.cases(seed + 8, 6 * WATCHED, 7 * 300)
    _row("public health, weekly, without totals", lifelike.weeks_of(cases), totals=False)
    _row("calls, daily, without totals", lifelike.calls(seed + 9, 3 * WATCHED, 500), totals=False)
    calls = lifelike.calls(seed + 10, 4 * WATCHED, 7 * 300)
    _row("calls, weekly, without totals", lifelike.weeks_of(calls), totals=False)
    print()


def _row(name: str, calm: Calm, *, totals: bool) -> None:
    cells, weeks = [], 0.0
    for budget in BUDGETS:
        alerts, flags, known = 0, 0, 0
        for begin in range(0, len(calm.negatives), WATCHED):
            flagged, judged = judge_flags(
                _counts(calm, slice(begin, begin + WATCHED), totals=totals), SpikeSettings(budget_weeks=budget)
            )
            known += int(judged.sum())
            flags += int(flagged.sum())
            alerts += sum(_alerts(row, ONE_ALERT[calm.per_day]) for row in flagged)
        weeks = known / STEPS_A_WEEK[calm.per_day]
        allowed = weeks / WATCHED / budget
        cells.append(f"×{alerts / allowed:.2f} ({flags / allowed:.2f})")
    print(f"| {name} | {weeks:,.0f} | " + " | ".join(cells) + " |", flush=True)


def _alerts(flagged: NDArray[np.bool_], apart: int) -> int:
    steps = np.flatnonzero(flagged)
    return int((np.diff(steps, prepend=-apart - 1) > apart).sum())


def _counts(calm: Calm, rows: slice, *, totals: bool) -> Counts:
    negatives, voices, covered = calm.negatives[rows], calm.voices[rows], calm.covered[rows]
    return Counts(
        names=tuple(str(number) for number in range(len(negatives))),
        spacing=SPACINGS[calm.per_day],
        first_step=calm.first_step,
        anchor_day=0,
        count=negatives,
        total=voices if totals else negatives,
        has_total=np.full(len(negatives), totals),
        covered=covered,
        present=np.ones(covered.shape, dtype=np.bool_),
        time=np.empty(covered.shape, dtype=np.object_),
        set_aside=(),
        set_aside_count=0,
    )
