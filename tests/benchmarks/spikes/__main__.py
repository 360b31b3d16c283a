"""Prints the tables of docs/methods/spikes.md: ours beside the rivals, on fresh seeds.

python -m tests.benchmarks.spikes [hourly] [weekly] [speed] [lifelike]
                                  [--series N] [--repeats N] [--seed N] [--only ROW]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence

import numpy as np

from sentiment.spikes.baseline import Floats
from sentiment.spikes.detect import Watch
from sentiment.spikes.grain import HOURLY
from sentiment.spikes.replay import replay
from sentiment.spikes.spike import SpikeSettings
from sentiment.spikes.weeks import judge_weeks
from tests.benchmarks.spikes import budgets, hourly, rivals, weekly
from tests.benchmarks.spikes.hourly import HOURS, TEST_START, ZONE, Event, World

RATE = 0.005  # false alerts per series and week at which thresholds are set
COOLDOWN = 24
AFTER = {Event.INCIDENT: 6, Event.SURGE: 24, Event.OUTAGE: 24, Event.BACKLOG: 24}
WARM_DAYS = 14
ALERT_EVENTS = (Event.SURGE, Event.BACKLOG, Event.OUTAGE, Event.DST, Event.RELABEL)

Judge = Callable[[World], Floats]


def ours(world: World) -> Floats:
    """Scores of the test hours; where the model has changed, of the counts as they are read again before judging."""
    series = len(world.negatives)
    scores = np.zeros((series, HOURS - TEST_START))
    first = world.first_hour()
    for judged in replay(
        world.negatives if world.reread is None else world.reread,
        world.voices,
        world.covered,
        first_step=first,
        begin=first + TEST_START - 24 * WARM_DAYS,
        grain=HOURLY,
        zone=ZONE,
        threshold=SpikeSettings().alert_score(series),
        watch=Watch.fresh(series),
    ):
        at = judged.first_step - first - TEST_START
        if at >= 0:
            scores[:, at : at + judged.day.steps] = judged.scores.score
    return scores


def _rival(judge: rivals.Rival) -> Judge:
    return lambda world: judge(world.negatives.astype(np.float64), TEST_START)


def alerts(scores: Floats, threshold: float) -> list[list[int]]:
    """Hours at which each series' alerts begin; what follows within a day is the same alert."""
    found = []
    for row in scores:
        hours = np.flatnonzero(row >= threshold)
        new = np.diff(hours, prepend=-COOLDOWN - 1) > COOLDOWN
        found.append([int(hour) for hour in hours[new]])
    return found


def threshold_for(scores: Floats, rate: float) -> float:
    """The lowest threshold at which calm series alert at most `rate` times a week."""
    weeks = scores.shape[0] * scores.shape[1] / 168
    low, high = 0.0, float(scores.max()) + 1
    for _ in range(40):
        middle = (low + high) / 2
        if sum(map(len, alerts(scores, middle))) / weeks > rate:
            low = middle
        else:
            high = middle
    return high


def caught(world: World, scores: Floats, threshold: float, after: int) -> tuple[float, float]:
    """Share of series with an alerting hour within their event, and the median hours until it."""
    delays = []
    for row, begin, end in zip(scores, world.begins - TEST_START, world.ends - TEST_START, strict=True):
        hours = np.flatnonzero(row[begin : end + after] >= threshold)
        if len(hours):
            delays.append(int(hours[0]))
    return len(delays) / len(scores), float(np.median(delays)) if delays else float("nan")


def hourly_table(series: int, seed: int, only: str | None = None) -> None:
    """The hourly simulation."""
    judges: dict[str, Judge] = {name: _rival(judge) for name, judge in rivals.HOURLY.items()} | {"ours": ours}
    calm = hourly.simulate(seed, 2 * series)
    noisy = hourly.simulate(seed + 1, series, label_noise=True)
    worlds = {event: hourly.simulate(seed + 10 + n, series, event=event) for n, event in enumerate(Event)}
    blurred = hourly.simulate(seed + 30, series, event=Event.INCIDENT, label_noise=True)
    columns = ["detected", "delay h", "with label noise", Event.SLOW_RISE.value, *(e.value for e in ALERT_EVENTS)]
    print(f"Hourly, {series} series an event, thresholds at {RATE} false alerts per series-week, seed {seed}\n")
    print("| | threshold | " + " | ".join(columns) + " |\n|" + "---|" * (len(columns) + 2))
    for name, judge in judges.items():
        if only not in {None, name}:
            continue
        began = time.process_time()
        base = judge(calm)
        threshold = threshold_for(base, RATE)
        found, delay = caught(worlds[Event.INCIDENT], judge(worlds[Event.INCIDENT]), threshold, AFTER[Event.INCIDENT])
        # The noise of the labels is always there, so it has its own calm world and its own threshold.
        noise_threshold = threshold_for(judge(noisy), RATE)
        noise, _ = caught(blurred, judge(blurred), noise_threshold, AFTER[Event.INCIDENT])
        cells = [found, delay, noise]
        for event in (Event.SLOW_RISE, *ALERT_EVENTS):
            scores = judge(worlds[event])
            cells.append(caught(worlds[event], scores, threshold, AFTER.get(event, 0))[0])
        print(f"| {name} | {threshold:.2f} | " + " | ".join(f"{cell:.3g}" for cell in cells) + " |", flush=True)
        if name == "ours":
            _budget(base, judge(noisy), series, time.process_time() - began)


def _budget(calm: Floats, noisy: Floats, series: int, seconds: float) -> None:
    print(f"\nFalse alerts against the budget chosen (ours, {seconds:.0f} s of CPU for all of the above)\n")
    print("| watched series | budget: one in | calm | with label noise |\n|---|---|---|---|")
    for watched in (1, 24, 200):
        for weeks in (1, 4, 12):
            score = SpikeSettings(budget_weeks=weeks).alert_score(watched)
            ratios = [
                sum(map(len, alerts(scores, score))) / (len(scores) * scores.shape[1] / 168) * watched * weeks
                for scores in (calm, noisy)
            ]
            print(f"| {watched} | {weeks} weeks | ×{ratios[0]:.2f} | ×{ratios[1]:.2f} |")
    print()


def weekly_table(repeats: int, seed: int) -> None:
    """The surveillance benchmark."""
    world = weekly.simulate(seed, repeats)
    counts = world.counts.astype(np.float64)
    began = time.process_time()
    judged = judge_weeks(world.counts, None, np.ones(world.counts.shape, dtype=np.bool_))
    seconds = time.process_time() - began
    scores = {name: judge(counts, weekly.TEST_START) for name, judge in rivals.WEEKLY.items()}
    scores["ours"] = judged.score[:, weekly.TEST_START :]
    print(
        f"Weekly, {len(counts)} series, thresholds at a false positive rate of 1 %, seed {seed}; ours {seconds:.0f} s\n"
    )
    print("| | threshold | detected | sensitivity | PPV |\n|---|---|---|---|---|")
    for name, score in scores.items():
        threshold = weekly.threshold_at(world, score, 0.01)
        found = weekly.measure(world, score, threshold)
        cells = (threshold, found.detected, found.sensitivity, found.predictive)
        print(f"| {name} | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |", flush=True)
    print()


def speed_table(series: int) -> None:
    """One day of hourly ticks after a refit, in one process."""
    rng = np.random.default_rng(1)
    days = HOURLY.memory_days + 1
    voices = rng.poisson(np.resize(np.array(hourly.RATES), series)[:, None], (series, days * 24))
    negatives = rng.binomial(voices, 0.1)
    covered = np.ones(voices.shape, dtype=np.bool_)
    first = 490_008 - 490_008 % 24
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in replay(
        negatives,
        voices,
        covered,
        first_step=first,
        begin=first + (days - 1) * 24,
        grain=HOURLY,
        zone=ZONE,
        threshold=SpikeSettings().alert_score(series),
        watch=Watch.fresh(series),
    ):
        pass
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{series:,} series, refit and 24 ticks: {wall:.1f} s of wall time, {cpu:.1f} s of CPU\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables asked for, all by default."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.spikes")
    parser.add_argument("tables", nargs="*", choices=["hourly", "weekly", "speed", "lifelike"], default=[])
    parser.add_argument("--series", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--only", help="one row of the hourly table, such as ours")
    parser.add_argument("--seed", type=int, default=77_000)
    chosen = parser.parse_args(arguments)
    tables = chosen.tables or ["hourly", "weekly", "speed", "lifelike"]
    if "hourly" in tables:
        hourly_table(chosen.series, chosen.seed, chosen.only)
    if "weekly" in tables:
        weekly_table(chosen.repeats, chosen.seed)
    if "speed" in tables:
        speed_table(10_000)
    if "lifelike" in tables:
        budgets.table(chosen.seed)


if __name__ == "__main__":
    main()
