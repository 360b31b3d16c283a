"""Judging: which steps of which series are unusual, given what is normal for them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sentiment.spikes.baseline import Baseline, Floats, predict
from sentiment.spikes.grain import Grain, Window, span
from sentiment.spikes.severity import weight_of
from sentiment.spikes.tails import negative_binomial_tail

Ints = NDArray[np.int64]

LEAST_EXCESS = 3.0
LEAST_VOICES = 3.0
LEAST_COVERED = 0.5
ALMOST = 1.5  # standard deviations above expectation under which a window is not worth an exact tail
USUAL_SHARE = 2.0  # standard deviations within which the share of negatives is as usual
RESTLESS_P = 0.05  # an incident goes on while a short window is this unlikely
RESTLESS_STEPS = 6
QUIET_STEPS = 6
NEVER = -(10**9)

# Added to the threshold (taken off the score) while little history is known: days known, decades of p.
COLD = ((14, 1.1), (28, 0.6), (56, 0.35))


@dataclass(slots=True, kw_only=True)
class Watch:
    """What is remembered of each series from step to step: inside an episode or not, and its last restless step.

    `highs` has the highest score of each of the last days, by series, before recalibration, and `weights` the largest
    weight (see sentiment.spikes.severity); nan where not judged, or where most of a day that is over was not covered.
    """

    open: NDArray[np.bool_]
    last: Ints
    floor: Ints
    highs: dict[int, Floats] = field(default_factory=dict)
    weights: dict[int, Floats] = field(default_factory=dict)

    @classmethod
    def fresh(cls, series: int) -> Watch:
        return cls(open=np.zeros(series, dtype=np.bool_), last=np.full(series, NEVER), floor=np.full(series, NEVER))

    def copy(self) -> Watch:
        return Watch(
            open=self.open.copy(),
            last=self.last.copy(),
            floor=self.floor.copy(),
            highs=dict(self.highs),
            weights=dict(self.weights),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DayScores:
    """Scores of one day, shaped series × steps; `window` is an index into the grain's windows, −1 for none.

    `weight`: the largest weight of each series on this day.
    """

    score: Floats
    window: Ints
    restless: NDArray[np.bool_]
    open: NDArray[np.bool_]
    weight: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowCounts:
    """Observed and expected of one window ending at each step of a day, shaped series × steps."""

    observed: Floats
    voices: Floats
    due_voices: Floats
    due: Floats
    expected: Floats
    spread: Floats
    covered: Floats


class Day:
    """One day's counts against the baseline of the days before: `recent` holds the days that windows reach into."""

    def __init__(
        self,
        counts: tuple[Floats, Floats, Floats],
        slots: Ints,
        baseline: Baseline,
        grain: Grain,
        *,
        first_step: int,
    ) -> None:
        negatives, voices, covered = counts
        self.grain, self.baseline, self.first_step = grain, baseline, first_step
        today = (negatives.shape[1] - 1) % grain.steps_per_day + 1
        self.steps = today - first_step % grain.steps_per_day
        past = negatives.shape[1] - today
        gap = baseline.gap.reshape(len(negatives), -1)[:, -past:]
        if gap.any():
            covered = covered.copy()
            covered[:, :past] = np.where(gap, 0.0, covered[:, :past])
        self._negatives, self._voices = _running(negatives * covered), _running(voices * covered)
        self._expected = _running(baseline.profile[:, slots] * covered)
        self._covered = _running(covered)
        self._ends = np.arange(negatives.shape[1] - self.steps, negatives.shape[1]) + 1

    def _sum(self, running: Floats, window: Window) -> Floats:
        return np.asarray(running[:, self._ends] - running[:, np.maximum(self._ends - window.steps, 0)])

    def counts(self, window: Window) -> WindowCounts:
        """Observed, expected and spread of a window at every step of the day."""
        base = self.baseline.windows[window.steps]
        if window.slow:
            shown = self.baseline.slow[window.steps]
            observed, voices, weight, covered = (
                np.repeat(a[:, None], self.steps, axis=1)
                for a in (shown.negatives, shown.voices, shown.weight, shown.covered)
            )
        else:
            observed, voices = self._sum(self._negatives, window), self._sum(self._voices, window)
            weight = self._sum(self._expected, window)
            covered = self._sum(self._covered, window) / window.steps
        share = base.share[:, None]
        due_voices = base.level[:, None] * weight
        others, due_others = np.maximum(voices - observed, 0), due_voices * (1 - share)
        due = due_voices * share
        expected, volume_doubt = predict(due, others, due_others, base.spread_voices[:, None])
        spread = base.spread_negatives[:, None] + volume_doubt + 1 / base.support[:, None]
        spread = spread + base.clumps_negatives[:, None] / np.maximum(expected, 1e-6)
        return WindowCounts(
            observed=observed,
            voices=voices,
            due_voices=due_voices,
            due=due,
            expected=np.maximum(expected, 1e-6),
            spread=spread,
            covered=covered,
        )

    def count_spread(self, window: Window, due: Floats) -> Floats:
        """Squared relative spread of the negatives of a window when the other voices are not looked at."""
        base = self.baseline.windows[window.steps]
        known = base.spread_count + 1 / base.support
        return np.asarray(known[:, None] + base.clumps[:, None] / np.maximum(due, 1e-6))

    def cold(self) -> Floats:
        """Decades taken off the score of each series for lack of history."""
        known = self.baseline.known_days
        taken = np.zeros(len(known))
        for days, decades in reversed(COLD):
            taken[known < days] = decades
        return taken

    def scores(self, threshold: float, watch: Watch, scale: Floats) -> DayScores:
        """Score every step and carry `watch` through the day (changed in place); scores are divided by `scale`."""
        windows = [w for w in self.grain.windows if w.steps in self.baseline.windows]
        series = len(self.baseline.rate)
        stacked = np.zeros((len(windows), series, self.steps))
        cold = self.cold()
        weight = np.zeros(series)
        short = []
        for number, window in enumerate(windows):
            seen = self.counts(window)
            stacked[number] = self._score(window, seen, cold) / scale[:, None]
            if not window.slow:
                _heaviest(weight, seen, stacked[number] > 0)
            if window.steps <= max(RESTLESS_STEPS // (24 // self.grain.steps_per_day), 1):
                short.append(seen)
        stirring = watch.open | (stacked >= threshold).any(axis=(0, 2))
        scores = self._follow(windows, stacked, self._restless(short, stirring), threshold, watch)
        return replace(scores, weight=weight)

    def surges(self, threshold: float, scale: Floats) -> tuple[Ints, Floats]:
        """Index of the longest window in which the count is beyond `threshold` at a usual share, and its score.

        −1 and 0 where there is none. Scores are divided by `scale`, as those of `scores` are.
        """
        found = np.full((len(self.baseline.rate), self.steps), -1, dtype=np.int64)
        scores = np.zeros(found.shape)
        cold = self.cold()[:, None]
        for number, window in enumerate(self.grain.windows):
            if window.slow or window.steps > self.grain.steps_per_day or window.steps not in self.baseline.windows:
                continue
            base, seen = self.baseline.windows[window.steps], self.counts(window)
            spread = self.count_spread(window, seen.due)
            excess = seen.observed - seen.due
            worth = excess >= np.maximum(LEAST_EXCESS, 3 * np.sqrt(seen.due + spread * seen.due**2))
            beyond_share = seen.observed - seen.expected
            worth &= beyond_share < USUAL_SHARE * np.sqrt(seen.expected + seen.spread * seen.expected**2)
            worth &= base.usable[:, None] & (seen.covered >= LEAST_COVERED)
            if worth.any():
                tail = negative_binomial_tail(seen.observed[worth], np.maximum(seen.due[worth], 1e-6), spread[worth])
                score = -np.log10(tail) + window.bonus - np.broadcast_to(cold, worth.shape)[worth]
                score = score / np.broadcast_to(scale[:, None], worth.shape)[worth]
                found[worth] = np.where(score >= threshold, number, found[worth])
                scores[worth] = np.where(score >= threshold, score, scores[worth])
        return found, scores

    def _score(self, window: Window, seen: WindowCounts, cold: Floats) -> Floats:
        score = np.zeros_like(seen.observed)
        excess = seen.observed - seen.expected
        spread = np.sqrt(seen.expected + seen.spread * seen.expected**2)
        worth = (
            (excess >= np.maximum(LEAST_EXCESS, ALMOST * spread))
            & (seen.observed >= LEAST_VOICES)
            & (seen.covered >= LEAST_COVERED)
            & self.baseline.windows[window.steps].usable[:, None]
        )
        tail = negative_binomial_tail(seen.observed[worth], seen.expected[worth], seen.spread[worth])
        rows = np.nonzero(worth)[0]
        score[worth] = np.maximum(-np.log10(tail) + window.bonus - cold[rows], 0.0)
        return score

    def _restless(self, short: list[WindowCounts], stirring: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Where a short window is still unlikely and its newest steps add to it, for the series that it matters for."""
        restless = np.zeros((len(stirring), self.steps), dtype=np.bool_)
        rows = np.flatnonzero(stirring)
        if not len(rows):
            return restless
        newest = short[min(1, len(short) - 1)]
        adds = newest.observed[rows] > newest.expected[rows]
        for seen in short:
            tail = negative_binomial_tail(seen.observed[rows], seen.expected[rows], seen.spread[rows])
            restless[rows] |= (tail < RESTLESS_P) & adds
        return restless

    def _follow(
        self,
        windows: list[Window],
        stacked: Floats,
        restless: NDArray[np.bool_],
        threshold: float,
        watch: Watch,
    ) -> DayScores:
        """Take the best window at each step; no window may reach back before the end of an earlier episode.

        Episodes are what short windows open and prolong. A slow window tells of what lasts, so it is silent while one
        goes on and until it has left the window, which ends with the day before.
        """
        best = stacked.argmax(axis=0)
        score = np.take_along_axis(stacked, best[None], axis=0)[0]
        opened = np.zeros(score.shape, dtype=np.bool_)
        slow = np.array([w.slow for w in windows])
        reaches = watch.floor >= self._firsts(windows, self.first_step).min()
        busy = np.flatnonzero(watch.open | reaches | (score >= threshold).any(axis=1))
        for step in range(self.steps if len(busy) else 0):
            at = self.first_step + step
            was_open = watch.open[busy]
            allowed = self._firsts(windows, at)[:, None] > watch.floor[busy]
            here = np.where(allowed, stacked[:, busy, step], 0.0)
            stirring = here[~slow].max(axis=0) >= threshold
            here = np.where(slow[:, None] & (was_open | stirring), 0.0, here)
            best[busy, step] = here.argmax(axis=0)
            score[busy, step] = here.max(axis=0)
            active = np.where(was_open, restless[busy, step], stirring)
            watch.last[busy] = np.where(active, at, watch.last[busy])
            still = was_open | stirring
            over = still & (at - watch.last[busy] >= QUIET_STEPS)
            watch.floor[busy] = np.where(over, watch.last[busy], watch.floor[busy])
            watch.open[busy] = still & ~over
            opened[busy, step] = watch.open[busy]
        numbers = np.array([self.grain.windows.index(w) for w in windows])
        return DayScores(
            score=score,
            window=np.where(score > 0, numbers[best], -1),
            restless=restless,
            open=opened,
            weight=np.zeros(len(score)),
        )

    def _firsts(self, windows: list[Window], at: int) -> Ints:
        """First step of each window that is judged at step `at`."""
        return np.array([span(at, w.steps, self.grain.steps_per_day, slow=w.slow)[0] for w in windows])


def _heaviest(weight: Floats, seen: WindowCounts, worth: NDArray[np.bool_]) -> None:
    """Raise each series' weight to that of its heaviest window among those worth a look."""
    rows = np.nonzero(worth)[0]
    np.maximum.at(weight, rows, weight_of(seen.observed[worth], seen.expected[worth]))


def _running(steps: Floats) -> Floats:
    return np.concatenate([np.zeros((len(steps), 1)), np.cumsum(steps, axis=1)], axis=1)
