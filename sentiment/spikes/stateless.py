"""Judging a file of counts without a store: other people's numbers in, one JSON line per series and bucket out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TextIO
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from scipy import special

from sentiment.spikes import calibration
from sentiment.spikes.baseline import Floats
from sentiment.spikes.counts_file import Counts, SetAside, Spacing, read_counts
from sentiment.spikes.detect import Watch
from sentiment.spikes.grain import DAILY, HOURLY
from sentiment.spikes.replay import replay
from sentiment.spikes.spike import SpikeSettings
from sentiment.spikes.tails import negative_binomial_tail
from sentiment.spikes.weeks import highest_calm, judge_weeks

CHUNK = 2000
WEEKS_OF_MEMORY = 156
UTC_ZONE = ZoneInfo("UTC")
GRAINS = {Spacing.HOURLY: HOURLY, Spacing.DAILY: DAILY}

# Told how many series and buckets are done, out of how many.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSummary:
    """What became of a file; `set_aside` names the first thousand rows that could not be used.

    `alert_score` is the bar that the budget asks for, `highest_bar` the highest to which a restless past raised it.
    """

    spacing: Spacing
    series: int
    judged: int
    flagged: int
    alert_score: float
    highest_bar: float
    set_aside: tuple[SetAside, ...]
    set_aside_count: int


class Line(NamedTuple):
    """One JSON line with its end, whether it is flagged, and the score from which it would be."""

    text: str
    flagged: bool
    bar: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """Series × steps: the bucket's own expectation and bound, and the most surprising window that ends with it.

    `bar`: the score from which each step is flagged, which a restless past has raised. `upper`: what the bucket alone
    must exceed for it.
    """

    expected: Floats
    upper: Floats
    p: Floats
    score: Floats
    window: NDArray[np.int64]
    known: NDArray[np.bool_]
    bar: Floats


def judge_file(
    path: Path,
    out: TextIO,
    *,
    budget_weeks: float = 4.0,
    zone: ZoneInfo = UTC_ZONE,
    spacing: Spacing | None = None,
    progress: Progress | None = None,
) -> FileSummary:
    """Judge every bucket of `path` from its own past and write one JSON object a line to `out`.

    At most about one false alert in `budget_weeks` weeks, over all series of the file. `zone` is that of times
    without an offset and of the daily rhythm. Raises CountsUnreadable if the file as a whole cannot be used.
    """
    settings = SpikeSettings(budget_weeks=budget_weeks, zone=zone)
    counts = read_counts(path, zone=zone, spacing=spacing)
    judged = flagged = 0
    highest = nominal = alert_score(counts, settings)
    for line in judge_counts(counts, settings, progress=progress):
        out.write(line.text)
        judged += 1
        flagged += line.flagged
        highest = max(highest, line.bar)
    return FileSummary(
        spacing=counts.spacing,
        series=len(counts.names),
        judged=judged,
        flagged=flagged,
        alert_score=round(nominal, 3),
        highest_bar=round(highest, 3),
        set_aside=counts.set_aside,
        set_aside_count=counts.set_aside_count,
    )


def alert_score(counts: Counts, settings: SpikeSettings) -> float:
    """The score from which a bucket is flagged; weekly scores are odds that calm weeks reach once in 10^score."""
    if counts.spacing is Spacing.WEEKLY:
        nominal = float(np.log10(max(len(counts.names) * settings.budget_weeks, 1.0)))
        return max(nominal, settings.recalibrated or 0.0, 0.5)
    return settings.alert_score(len(counts.names))


def judge_counts(
    counts: Counts, settings: SpikeSettings, *, progress: Progress | None = None, at_once: int = CHUNK
) -> Iterator[Line]:
    """A line a bucket, series by series.

    Up to `at_once` series are judged together, share their bar and come in the order of the file; more are judged in
    batches of neighbouring names, each with its own bar and in the order of names, so that the order of the file
    changes nothing.
    """
    threshold = alert_score(counts, settings)
    done = 0
    for rows in _batches(counts.names, at_once):
        judged = _judge(counts, rows, settings, threshold)
        for place, row in enumerate(rows):
            yield from _lines(counts, int(row), judged, place)
            done += 1
            if progress is not None:
                progress(done, len(counts.names))


def _batches(names: Sequence[str], at_once: int) -> list[NDArray[np.int64]]:
    """Rows that are judged together, in batches of nearly the same size."""
    count = max(-(-len(names) // at_once), 1)
    order = np.arange(len(names)) if count == 1 else np.array(sorted(range(len(names)), key=names.__getitem__))
    return np.array_split(order, count)


def judge_flags(counts: Counts, settings: SpikeSettings) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which buckets are flagged and which were judged at all, shaped series × steps, as judge_counts says it."""
    judged = _judge(counts, np.arange(len(counts.names)), settings, alert_score(counts, settings))
    return (judged.score >= judged.bar) & judged.known, judged.known


def _judge(counts: Counts, rows: NDArray[np.int64], settings: SpikeSettings, threshold: float) -> _Judged:
    covered = (counts.covered & counts.present)[rows]
    if counts.spacing is not Spacing.WEEKLY:
        return _judge_steps(counts, rows, covered, settings=settings, threshold=threshold)
    shape = covered.shape
    parts = {name: np.zeros(shape) for name in ("expected", "spread", "p", "window", "score", "known")}
    for with_total in (False, True):
        chosen = np.flatnonzero(counts.has_total[rows] == with_total)
        if len(chosen):
            voices = counts.total[rows[chosen]] if with_total else None
            found = judge_weeks(counts.count[rows[chosen]], voices, covered[chosen])
            for name, part in parts.items():
                part[chosen] = getattr(found, name)
    known = parts["known"].astype(np.bool_)
    bar = _weekly_bar(parts["score"], known, settings, threshold)
    upper = np.zeros(shape)
    upper[known] = highest_calm(parts["expected"][known], parts["spread"][known], np.broadcast_to(bar, shape)[known])
    return _Judged(
        expected=parts["expected"],
        upper=upper,
        p=parts["p"],
        score=parts["score"],
        window=parts["window"].astype(np.int64),
        known=parts["known"].astype(np.bool_),
        bar=bar,
    )


def _weekly_bar(score: Floats, known: NDArray[np.bool_], settings: SpikeSettings, nominal: float) -> Floats:
    """The bar of each week, raised by the scores of the three years before where they were restless."""
    past = np.where(known, score, np.nan)
    raised = np.full(score.shape[1], nominal)
    for week in range(score.shape[1] if settings.recalibrate else 0):
        raised[week] = calibration.bar(
            past[:, max(week - WEEKS_OF_MEMORY, 0) : week], nominal, 10.0**-nominal, calibration.WEEKLY
        )
    return raised


def _judge_steps(
    counts: Counts,
    rows: NDArray[np.int64],
    covered: NDArray[np.bool_],
    *,
    settings: SpikeSettings,
    threshold: float,
) -> _Judged:
    grain = GRAINS[counts.spacing]
    negatives = counts.count[rows]
    voices = counts.total[rows] if counts.has_total[rows].any() else None
    shape = negatives.shape
    expected, upper, p = np.zeros(shape), np.zeros(shape), np.ones(shape)
    score, window, known = np.zeros(shape), np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.bool_)
    lengths = np.array([w.steps for w in grain.windows] + [0])
    bonuses = np.array([w.bonus for w in grain.windows] + [0.0])
    bar = np.full(shape[1], threshold)
    watch = Watch.fresh(len(rows))
    for judged in replay(
        negatives,
        voices,
        covered,
        first_step=counts.first_step,
        begin=counts.first_step,
        grain=grain,
        zone=settings.zone,
        threshold=threshold,
        watch=watch,
        recalibrate=settings.recalibrate,
    ):
        first = judged.first_step - counts.first_step
        here = (slice(None), slice(first, first + judged.day.steps))
        seen = judged.day.counts(grain.windows[0])
        usable = judged.day.baseline.windows[grain.windows[0].steps].usable[:, None]
        known[here] = usable & covered[here]
        expected[here] = seen.expected
        single = negative_binomial_tail(seen.observed, seen.expected, seen.spread)
        best = judged.scores.window
        cold = judged.day.cold()[:, None]
        window[here] = np.where(best >= 0, lengths[best], 1)
        scale = judged.calibration.scale[:, None]
        raw = judged.scores.score * scale
        p[here] = np.where(best >= 0, 10.0 ** (bonuses[best] - cold - raw), single)
        bar[here[1]] = judged.calibration.score
        score[here] = judged.scores.score
        upper[here] = _upper(seen.expected, seen.spread, 10.0 ** -(judged.calibration.score * scale + cold))
    return _Judged(expected=expected, upper=upper, p=p, score=score, window=window, known=known, bar=bar)


def _upper(expected: Floats, spread: Floats, level: Floats | float) -> Floats:
    """Count that a calm bucket exceeds with probability `level`: gamma quantile of the same mean and variance."""
    shape = expected / np.maximum(1 + spread * expected, 1e-9)
    return np.asarray(special.gammainccinv(np.maximum(shape, 1e-6), level) * (1 + spread * expected))


def _bound(upper: float) -> str:
    """Four digits, or all of a larger one, so that no count lies between what is written and what is meant."""
    return f"{upper:.4g}" if upper < 1000 else f"{upper:.0f}"


def _lines(counts: Counts, row: int, judged: _Judged, place: int) -> Iterator[Line]:
    name = json.dumps(counts.names[row])
    for step in np.flatnonzero(counts.present[row]):
        score = float(judged.score[place, step])
        bar = float(judged.bar[step])
        flagged = score >= bar
        written, observed = json.dumps(str(counts.time[row, step]).strip()), counts.count[row, step]
        if not judged.known[place, step]:
            reason = "too little history" if counts.covered[row, step] else "not covered"
            text = (
                f'{{"series": {name}, "time": {written}, "observed": {observed}, "expected": null, "upper": null, '
                f'"p": null, "score": 0.0, "bar": {bar:.4f}, "flagged": false, "window": null, "note": "{reason}"}}\n'
            )
            yield Line(text, False, bar)
            continue
        text = (
            f'{{"series": {name}, "time": {written}, "observed": {observed}, '
            f'"expected": {judged.expected[place, step]:.4g}, "upper": {_bound(judged.upper[place, step])}, '
            f'"p": {max(judged.p[place, step], 1e-300):.4g}, "score": {score:.4f}, "bar": {bar:.4f}, '
            f'"flagged": {"true" if flagged else "false"}, "window": {judged.window[place, step]}}}\n'
        )
        yield Line(text, flagged, bar)
