"""Verdicts: what is said of every watched series at one step, live or in replay, from counts alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.spikes.detect import Watch
from sentiment.spikes.grain import HOURLY, Grain
from sentiment.spikes.incident import Read
from sentiment.spikes.replay import JudgedDay, replay
from sentiment.spikes.severity import Bands, own_bands
from sentiment.spikes.spike import (
    JOIN_MARGIN,
    Judgement,
    SeriesKey,
    Spike,
    SpikeClass,
    SpikeSettings,
    Verdict,
    severity,
)
from sentiment.spikes.tails import beta_binomial_tail, negative_binomial_quantile, negative_binomial_tail

COUNT_RAISED = 0.01  # a share that is extreme while the count is no rarer than this is a share shift
SHIFT_EXCESS = 5.0
FEW_VOICES_A_WEEK = 3.0
SATURATED = 0.8  # above this share of negatives only the count can tell


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesHistory:
    """Counts of every watched series, shaped series × steps; column 0 is step `first_step` since the epoch.

    `voices` are all deduplicated mentions of the series' brand and source; None if totals are unknown. `covered`
    is False where the source was not fully read: there the counts mean nothing.
    """

    keys: tuple[SeriesKey, ...]
    first_step: int
    negatives: NDArray[np.integer]
    voices: NDArray[np.integer] | None
    covered: NDArray[np.bool_]
    grain: Grain = HOURLY

    @property
    def end_step(self) -> int:
        """The step after the last known one."""
        return self.first_step + int(self.negatives.shape[1])

    def reading(self) -> Read:
        """Tells which steps of a series were fully read; none of a series that is not watched."""
        rows = {key: row for row, key in enumerate(self.keys)}

        def read(series: SeriesKey, after: int, until: int) -> list[int]:
            if series not in rows:
                return []
            first = max(after + 1, self.first_step)
            known = self.covered[rows[series], first - self.first_step : max(until + 1 - self.first_step, 0)]
            return [first + int(step) for step in np.flatnonzero(known)]

        return read

    def until(self, step: int) -> SeriesHistory:
        """The same history as it was known when `step` had just ended."""
        kept = max(step + 1 - self.first_step, 0)
        return SeriesHistory(
            keys=self.keys,
            first_step=self.first_step,
            negatives=self.negatives[:, :kept],
            voices=None if self.voices is None else self.voices[:, :kept],
            covered=self.covered[:, :kept],
            grain=self.grain,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """All verdicts of one step."""

    at: int
    verdicts: tuple[Verdict, ...]


def judge(history: SeriesHistory, now_step: int, settings: SpikeSettings, watch: Watch) -> list[Verdict]:
    """Judge step `now_step` of every series from what is known up to it; carries `watch` on (changed in place)."""
    ticks = list(judge_span(history.until(now_step), now_step, settings, watch))
    return list(ticks[-1].verdicts) if ticks else []


def judge_span(
    history: SeriesHistory,
    begin: int,
    settings: SpikeSettings,
    watch: Watch,
    *,
    every_verdict: bool = True,
    observe: Callable[[JudgedDay], None] | None = None,
) -> Iterator[Tick]:
    """Judge each step from `begin` to the end of the history, in order: the same code as live judging.

    With `every_verdict` off, only verdicts that matter to an incident are made: raised, unusual or restless.
    `observe` is shown each day's scores.
    """
    threshold = settings.alert_score(len(history.keys))
    for judged in replay(
        history.negatives,
        history.voices,
        history.covered,
        first_step=history.first_step,
        begin=begin,
        grain=history.grain,
        zone=settings.zone,
        threshold=threshold,
        watch=watch,
        recalibrate=settings.recalibrate,
    ):
        if observe is not None:
            observe(judged)
        yield from _ticks(history, judged, every_verdict=every_verdict)


def _ticks(history: SeriesHistory, judged: JudgedDay, *, every_verdict: bool) -> Iterator[Tick]:
    scores, threshold = judged.scores, judged.calibration.score
    surge, surge_score = judged.day.surges(threshold, judged.calibration.scale)
    raised = (scores.score >= threshold - JOIN_MARGIN) & (scores.window >= 0)
    restless = scores.open & scores.restless
    telling = raised | restless | (surge >= 0)
    spikes = _Spikes(history, judged)
    column = judged.first_step - history.first_step
    covered = history.covered[:, column : column + judged.day.steps]
    idle = None if not every_verdict else spikes.idle(covered)
    for step in range(judged.day.steps):
        rows = range(len(history.keys)) if every_verdict else np.flatnonzero(telling[:, step])
        verdicts = []
        for row in rows:
            spike, judgement = None, Judgement.CALM
            if raised[row, step]:
                spike = spikes.make(int(row), step, int(scores.window[row, step]), float(scores.score[row, step]))
                judgement = Judgement.UNUSUAL if scores.score[row, step] >= threshold else Judgement.RAISED
                if spike.spike_class is SpikeClass.SHARE_SHIFT and spike.excess < SHIFT_EXCESS:
                    judgement = Judgement.RAISED
            if judgement is not Judgement.UNUSUAL and surge[row, step] >= 0:
                spike = spikes.surge(int(row), step, int(surge[row, step]), float(surge_score[row, step]))
                judgement = Judgement.UNUSUAL
            if judgement is Judgement.CALM and idle is not None:
                judgement = idle[row][step]
            observed, expected = spikes.plain(int(row), step)
            verdicts.append(
                Verdict(
                    series=history.keys[row],
                    at=judged.first_step + step,
                    judgement=judgement,
                    score=float(scores.score[row, step]),
                    observed=observed,
                    expected=expected,
                    spike=spike,
                    restless=bool(restless[row, step]),
                )
            )
        yield Tick(at=judged.first_step + step, verdicts=tuple(verdicts))


class _Spikes:
    """Turns cells of a judged day into spikes."""

    def __init__(self, history: SeriesHistory, judged: JudgedDay) -> None:
        self._history, self._judged = history, judged
        self._bands: dict[str, Bands] = {}
        self._windows = history.grain.windows
        self._counts = {w: judged.day.counts(w) for w in self._windows if w.steps in judged.day.baseline.windows}

    def plain(self, row: int, step: int) -> tuple[int, float]:
        seen = self._counts[self._windows[0]]
        return int(seen.observed[row, step]), float(seen.expected[row, step])

    def idle(self, covered: NDArray[np.bool_]) -> list[list[Judgement]]:
        """What to say where nothing is unusual."""
        baseline = self._judged.day.baseline
        usable = baseline.windows[self._windows[0].steps].usable
        weekly = baseline.rate * self._history.grain.steps_per_day * 7
        calm = [
            Judgement.TOO_LITTLE_HISTORY
            if not usable[row]
            else Judgement.TOO_FEW
            if weekly[row] < FEW_VOICES_A_WEEK
            else Judgement.CALM
            for row in range(len(covered))
        ]
        return [[calm[row] if seen else Judgement.NOT_COVERED for seen in covered[row]] for row in range(len(covered))]

    def make(self, row: int, step: int, number: int, score: float) -> Spike:
        window = self._windows[number]
        return self._spike(row, step, number, score, SpikeClass.SLOW_RISE if window.slow else None)

    def surge(self, row: int, step: int, number: int, score: float) -> Spike:
        return self._spike(row, step, number, score, SpikeClass.VOLUME_SURGE)

    def _spike(self, row: int, step: int, number: int, score: float, known: SpikeClass | None) -> Spike:
        window = self._windows[number]
        seen, base = self._counts[window], self._judged.day.baseline.windows[window.steps]
        observed, voices, due, expected, spread = (
            a[row : row + 1, step] for a in (seen.observed, seen.voices, seen.due, seen.expected, seen.spread)
        )
        share = base.share[row : row + 1]
        doubt = 1 / base.support[row : row + 1]
        p = float(negative_binomial_tail(observed, expected, spread)[0])
        due = np.maximum(due, 1e-6)
        spread_count = base.spread_count[row : row + 1] + doubt + base.clumps[row : row + 1] / due
        p_count = float(negative_binomial_tail(observed, due, spread_count)[0])
        own = base.spread_negatives[row : row + 1] + doubt + base.clumps_negatives[row : row + 1] / expected
        correlation = own * share / np.maximum(1 - share, 0.05)
        p_share = float(beta_binomial_tail(observed, voices, share, correlation)[0])
        if self._history.voices is None or share[0] > SATURATED:
            p_share = p_count
        if known is SpikeClass.VOLUME_SURGE:
            expected, spread, p = due, spread_count, p_count
        lower, upper = (int(negative_binomial_quantile(level, expected, spread)[0]) for level in (0.025, 0.975))
        kind = known or (SpikeClass.DISSATISFACTION if p_count < COUNT_RAISED else SpikeClass.SHARE_SHIFT)
        return Spike(
            series=self._history.keys[row],
            at=self._judged.first_step + step,
            window=window.steps,
            spike_class=kind,
            observed=round(float(observed[0])),
            expected=float(expected[0]),
            lower=lower,
            upper=upper,
            voices=round(float(voices[0])),
            share_observed=float(observed[0] / max(voices[0], 1)),
            share_expected=float(share[0]),
            p=p,
            p_count=p_count,
            p_share=p_share,
            score=score,
            severity=severity(float(observed[0]), float(expected[0]), bands=self._own_bands(row)),
        )

    def _own_bands(self, row: int) -> Bands:
        """Bands of severity from the past weeks of the brand that a series belongs to."""
        brand = self._history.keys[row].brand
        if brand not in self._bands:
            rows = np.array([place for place, key in enumerate(self._history.keys) if key.brand == brand])
            day = self._judged.first_step // self._history.grain.steps_per_day
            self._bands[brand] = own_bands(self._judged.weights, day, rows)
        return self._bands[brand]
