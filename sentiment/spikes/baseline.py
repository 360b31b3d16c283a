"""What is normal for each series: profile, level, share and spread, learnt from the past and robust to incidents.

Arrays are shaped series × days × steps of a day. Negatives of a window are predicted from the other voices of the
same window: if V is the volume factor all voices of a source share, with prior Gamma(1/c_V, 1/c_V), then after
seeing O other voices where M_O were expected the expected negatives are
M_Y · (1/c_V + O) / (1/c_V + M_O), and their variance adds E²/(1/c_V + O) to what the window shows by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from sentiment.spikes.grain import Grain, Window
from sentiment.spikes.spread import SPREAD_CUT, clumps_of, own_spread_of, spread_of
from sentiment.spikes.tails import anscombe

Floats = NDArray[np.float64]

SHARE_PRIOR = 25.0  # voices that the long-run share counts for beside the recent ones
POOL_PRIOR = 5.0  # voices that the share of all series counts for in the long-run share
GAP_EXPECTED = 14.0  # a silence in which this many mentions were due is a gap: e^-14 by chance
ROBUST_ROUNDS = 3
ROBUST_AT = 2.0  # residual beyond which a block loses weight
BURST_AT = 2.0
BURST_ROUNDS = 4
AT_ONCE = 64  # series whose arrays stay in the processor's cache


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowBaseline:
    """One window's normal, one number per series: level of voices, share of negatives, and spreads."""

    level: Floats
    share: Floats
    support: Floats
    spread_voices: Floats
    spread_count: Floats
    spread_negatives: Floats
    clumps: Floats
    clumps_negatives: Floats
    usable: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowWindow:
    """What a slow window showed at the end of the past, bursts taken out: one number per series."""

    negatives: Floats
    voices: Floats
    weight: Floats
    covered: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """All that judging a day needs to know of the days before it."""

    profile: Floats
    rate: Floats
    known_days: NDArray[np.int64]
    gap: NDArray[np.bool_]
    windows: dict[int, WindowBaseline]
    slow: dict[int, SlowWindow]


def fit(negatives: Floats, voices: Floats, covered: Floats, slots: NDArray[np.int64], grain: Grain) -> Baseline:
    """Learn from whole days before the day to judge; `slots` is shaped days × steps of a day.

    Without totals give the negatives as voices: the prediction then rests on level and profile alone. Series are
    taken AT_ONCE at a time, in order, and lean on the others of their block where they have little past themselves.
    """
    blocks = [slice(begin, begin + AT_ONCE) for begin in range(0, len(negatives), AT_ONCE)]
    parts = [_fit(negatives[block], voices[block], covered[block], slots, grain) for block in blocks]
    return parts[0] if len(parts) == 1 else _join(parts)


def _join(parts: Sequence[Baseline]) -> Baseline:
    windows = {
        steps: WindowBaseline(
            **{
                f.name: np.concatenate([getattr(p.windows[steps], f.name) for p in parts])
                for f in fields(WindowBaseline)
            }
        )
        for steps in parts[0].windows
    }
    slow = {
        steps: SlowWindow(
            **{f.name: np.concatenate([getattr(p.slow[steps], f.name) for p in parts]) for f in fields(SlowWindow)}
        )
        for steps in parts[0].slow
    }
    profile, rate, known, gap = (
        np.concatenate([getattr(p, name) for p in parts]) for name in ("profile", "rate", "known_days", "gap")
    )
    return Baseline(profile=profile, rate=rate, known_days=known, gap=gap, windows=windows, slow=slow)


def _fit(negatives: Floats, voices: Floats, covered: Floats, slots: NDArray[np.int64], grain: Grain) -> Baseline:
    profile, rate = _profile(voices, covered, slots, grain)
    expected = profile[:, slots.ravel()].reshape(voices.shape) * covered
    gap = _gaps(voices, expected * rate[:, None, None])
    if gap.any():
        covered = np.where(gap, 0.0, covered)
        profile, rate = _profile(voices, covered, slots, grain)
        expected = profile[:, slots.ravel()].reshape(voices.shape) * covered
    if not covered.all():
        negatives, voices = negatives * covered, voices * covered
    known = _known_days(covered)
    past = _Past(negatives, voices, expected, covered, grain)
    windows: dict[int, WindowBaseline] = {}
    slow: dict[int, SlowWindow] = {}
    for window in grain.windows:
        shorter = windows[min(windows) if window.slow else max(windows)] if windows else None
        windows[window.steps], shown = past.window(window, known, shorter)
        if window.slow:
            slow[window.steps] = shown
    return Baseline(profile=profile, rate=rate, known_days=known, gap=gap, windows=windows, slow=slow)


def _known_days(covered: Floats) -> NDArray[np.int64]:
    seen = covered.max(axis=2) > 0
    return np.where(seen.any(axis=1), seen.shape[1] - seen.argmax(axis=1), 0)


def _profile(voices: Floats, covered: Floats, slots: NDArray[np.int64], grain: Grain) -> tuple[Floats, Floats]:
    """Shape over the slots (mean 1) and voices per step, days capped at twice the median day."""
    daily = voices.sum(axis=2)
    seen = covered.max(axis=2) > 0
    typical = np.nanmedian(np.where(seen, daily, np.nan), axis=1) if seen.all() else _median_of_seen(daily, seen)
    cap = np.minimum(1.0, 2 * np.maximum(typical, 1.0)[:, None] / np.maximum(daily, 1.0))
    amount = _by_slot(voices * (covered * cap[:, :, None]), slots, grain)
    time = _by_slot(covered, slots, grain)
    rate = amount.sum(axis=1) / np.maximum(time.sum(axis=1), 1.0)
    due = rate[:, None] * time
    trust = np.minimum(amount.sum(axis=1), 2000.0)
    pooled = ((amount / np.maximum(due, 1e-9)) * trust[:, None]).sum(axis=0) / max(float(trust.sum()), 1e-9)
    pooled = np.where(pooled > 0, pooled, 1.0)
    near_amount, near_due = _smooth(amount, grain), _smooth(due, grain)
    prior = (4 * near_amount + 30 * pooled) / (4 * near_due + 30)
    return (amount + 20 * prior) / (due + 20), rate


def _by_slot(steps: Floats, slots: NDArray[np.int64], grain: Grain) -> Floats:
    """Sum of each profile slot: days that share a pattern of slots are added up first."""
    total = np.zeros((len(steps), grain.slots))
    patterns, member = np.unique(slots, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        added = steps[:, member == number].sum(axis=1)
        for step, slot in enumerate(pattern):
            total[:, slot] += added[:, step]
    return total


def _median_of_seen(daily: Floats, seen: NDArray[np.bool_]) -> Floats:
    ordered = np.sort(np.where(seen, daily, np.inf), axis=1)
    count = seen.sum(axis=1)
    rows = np.arange(len(daily))
    low, high = ordered[rows, np.maximum(count - 1, 0) // 2], ordered[rows, np.minimum(count // 2, seen.shape[1] - 1)]
    return np.where(count > 0, (np.where(count > 0, low, 0) + np.where(count > 0, high, 0)) / 2, 0.0)


def _smooth(by_slot: Floats, grain: Grain) -> Floats:
    cycle = min(grain.slots, 24)
    shaped = by_slot.reshape(len(by_slot), -1, cycle)
    return ((np.roll(shaped, 1, 2) + 2 * shaped + np.roll(shaped, -1, 2)) / 4).reshape(by_slot.shape)


def _gaps(voices: Floats, due: Floats) -> NDArray[np.bool_]:
    """Steps of silences in which more mentions were due than a silence can explain."""
    series = len(voices)
    flat, expected = voices.reshape(series, -1), due.reshape(series, -1)
    gap = np.zeros(flat.shape, dtype=np.bool_)
    suspects = np.flatnonzero(((flat == 0) * expected).sum(axis=1) > GAP_EXPECTED)
    if len(suspects):
        gap[suspects] = silent_runs(flat[suspects], expected[suspects])
    return gap.reshape(voices.shape)


def silent_runs(voices: Floats, due: Floats) -> NDArray[np.bool_]:
    """Series × steps: True through each whole run of zeros in which more than GAP_EXPECTED were due."""
    total = np.cumsum(due, axis=1)
    spoken = voices > 0
    before = np.maximum.accumulate(np.where(spoken, total, 0.0), axis=1)
    run = np.where(spoken, 0.0, total - before)
    last = np.concatenate([spoken[:, 1:], np.ones((len(voices), 1), dtype=np.bool_)], axis=1)
    index = np.where(last, np.arange(voices.shape[1]), voices.shape[1])
    end = np.minimum.accumulate(index[:, ::-1], axis=1)[:, ::-1]
    return np.asarray((np.take_along_axis(run, end, axis=1) > GAP_EXPECTED) & ~spoken)


def predict(due: Floats, others: Floats, due_others: Floats, spread_voices: Floats) -> tuple[Floats, Floats]:
    """Negatives expected beside so many other voices, and the squared relative doubt about it.

    The prior on the common volume factor yields where the others contradict it, as under a t distribution with four
    degrees of freedom: after a surge or a backlog the share alone counts.
    """
    surprise = (others - due_others) ** 2 / (due_others + spread_voices * due_others**2 + 1e-9)
    prior = (5 / (4 + np.maximum(surprise, 1.0))) / spread_voices
    return due * (prior + others) / (prior + due_others), 1 / (prior + others)


class _Past:
    """Sums and robust running levels that all windows share."""

    def __init__(self, negatives: Floats, voices: Floats, expected: Floats, covered: Floats, grain: Grain) -> None:
        self.grain = grain
        self.negatives, self.voices, self.expected, self.covered = negatives, voices, expected, covered
        self.fade = 0.5 ** (1 / grain.half_life_days)
        self.block_negatives = _blocks(negatives, grain.block)
        self.block_voices = _blocks(voices, grain.block)
        self.block_expected = _blocks(expected, grain.block)
        self._weigh()

    def _weigh(self) -> None:
        y, n, s = self.block_negatives, self.block_voices, self.block_expected
        age = self.fade ** np.arange(y.shape[1] - 1, -1, -1)[None, :, None]
        volume = np.ones_like(n)
        share_weight = np.ones_like(n)
        pooled = float(y.sum() / max(n.sum(), 1.0))
        for _ in range(ROBUST_ROUNDS):
            level = (volume * age * n).sum(axis=(1, 2)) / np.maximum((volume * age * s).sum(axis=(1, 2)), 1e-9)
            volume = _lose(anscombe(n, level[:, None, None] * s, 0.08))
            long_run = ((share_weight * y).sum(axis=(1, 2)) + POOL_PRIOR * pooled) / (
                (share_weight * n).sum(axis=(1, 2)) + POOL_PRIOR
            )
            share = ((share_weight * age * y).sum(axis=(1, 2)) + SHARE_PRIOR * long_run) / (
                (share_weight * age * n).sum(axis=(1, 2)) + SHARE_PRIOR
            )
            surprise = anscombe(y, share[:, None, None] * n, 0.05)
            share_weight = _lose(surprise)
        self.long_run = long_run
        calm = np.minimum(1.0, SPREAD_CUT / np.maximum(surprise, 1e-9))
        self.calm_negatives = calm * y + (1 - calm) * share[:, None, None] * n
        self.run_voices = self._run((volume * n).sum(axis=2))
        self.run_expected = self._run((volume * s).sum(axis=2))
        self.run_negatives = self._run((share_weight * y).sum(axis=2))
        self.run_total = self._run((share_weight * n).sum(axis=2))

    def _run(self, daily: Floats) -> Floats:
        return np.asarray(signal.lfilter([1.0], [1.0, -self.fade], daily, axis=1))

    def _levels(self, day: NDArray[np.int64]) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
        """Level, share, support and whether known, as they stood at the end of each given day."""
        at = np.maximum(day, 0)
        known = (day >= 0)[None, :] & (self.run_expected[:, at] > 2.0 * self.grain.steps_per_day)
        level = self.run_voices[:, at] / np.maximum(self.run_expected[:, at], 1e-9)
        support = self.run_negatives[:, at] + SHARE_PRIOR * self.long_run[:, None]
        return level, support / (self.run_total[:, at] + SHARE_PRIOR), support + 0.5, known

    def window(
        self, window: Window, known_days: NDArray[np.int64], shorter: WindowBaseline | None
    ) -> tuple[WindowBaseline, SlowWindow]:
        """Replay the past window by window, each predicted from before it, and measure how far off that was."""
        days = self.negatives.shape[1]
        span = self.grain.days(window)
        last = np.arange(days % span if span > 1 else 0, days, span)
        level, share, support, known = self._levels(last - 1 - window.guard_days)
        n, s = self._sums(self.voices, window), self._sums(self.expected, window)
        if window.slow:
            y = self._burst_free(window, share)
        elif window.steps >= self.grain.steps_per_day > 1:
            y = self._from_blocks(self.calm_negatives, window)
        else:
            y = self._sums(self.negatives, window)
        usable = known[:, :, None] & (s > 0)
        due_voices = level[:, :, None] * s
        p = share[:, :, None]
        others, due_others, due = np.maximum(n - y, 0), due_voices * (1 - p), due_voices * p
        doubt = 1 / support[:, :, None]
        width = window.count
        spread_voices = spread_of(others, due_others, 0.0, np.full(len(y), width), usable)
        spread_count = spread_of(y, due, doubt, np.full(len(y), width), usable)
        predicted, volume_doubt = predict(due, others, due_others, spread_voices[:, None, None])
        usual = window.floor + window.share * (1 - share[:, -1]) / np.maximum(share[:, -1], 0.01)
        known_spread = doubt + volume_doubt
        measure = own_spread_of if self.grain.own_spread else spread_of
        spread_negatives = measure(y, predicted, known_spread, usual, usable)
        if window.slow and shorter is not None:
            # Its bursts are taken out, so it clumps no more than what is shortest does.
            clumps = shorter.clumps
        else:
            spread = spread_count[:, None, None] + doubt
            clumps = clumps_of(y, due, spread, usable, None if shorter is None else shorter.clumps)
        lone = others.sum(axis=(1, 2)) == 0
        back = span if span > 1 or window.slow else 0
        now_level, now_share, now_support, now_known = self._levels(np.array([days - 1 - back - window.guard_days]))
        baseline = WindowBaseline(
            level=now_level[:, 0],
            share=now_share[:, 0],
            support=now_support[:, 0],
            spread_voices=spread_voices,
            spread_count=spread_count,
            spread_negatives=spread_negatives,
            clumps=clumps,
            clumps_negatives=np.where(lone, clumps, 0.0),
            usable=now_known[:, 0] & (known_days >= window.history_days),
        )
        covered = self.covered[:, -self.grain.days(window) :].mean(axis=(1, 2))
        return baseline, SlowWindow(negatives=y[:, -1, 0], voices=n[:, -1, 0], weight=s[:, -1, 0], covered=covered)

    def _sums(self, steps: Floats, window: Window) -> Floats:
        if window.steps <= self.grain.steps_per_day:
            return _blocks(steps, window.steps)
        return _whole_days(steps.sum(axis=2), self.grain.days(window))[:, :, None]

    def _from_blocks(self, blocks: Floats, window: Window) -> Floats:
        return _whole_days(blocks.sum(axis=2), self.grain.days(window))[:, :, None]

    def _burst_free(self, window: Window, share: Floats) -> Floats:
        """Negatives of each long window if its bursts had been like the rest of it."""
        inside = window.steps // self.grain.block
        y, n = (_last_runs(blocks, inside) for blocks in (self.block_negatives, self.block_voices))
        due = share[:, :, None] * n + 1e-9
        due_total = due.sum(axis=2, keepdims=True) + 0.5
        calm = y
        for _ in range(BURST_ROUNDS):
            ratio = (calm.sum(axis=2, keepdims=True) + 0.5) / due_total
            like_rest = ratio * due
            weight = np.minimum(1.0, BURST_AT / np.maximum(anscombe(y, like_rest, 0.05), 1e-9))
            calm = weight * y + (1 - weight) * np.minimum(like_rest, y)
        return np.asarray(calm.sum(axis=2)[:, :, None])


def _lose(residual: Floats) -> Floats:
    return np.minimum(1.0, (ROBUST_AT / np.maximum(np.abs(residual), 1e-9)) ** 2)


def _blocks(steps: Floats, length: int) -> Floats:
    total = steps[:, :, ::length]
    for offset in range(1, length):
        total = total + steps[:, :, offset::length]
    return total


def _whole_days(daily: Floats, span: int) -> Floats:
    kept = daily.shape[1] // span * span
    return np.asarray(daily[:, daily.shape[1] - kept :].reshape(len(daily), -1, span).sum(axis=2))


def _last_runs(blocks: Floats, length: int) -> Floats:
    flat = blocks.reshape(len(blocks), -1)
    kept = flat.shape[1] // length * length
    return flat[:, flat.shape[1] - kept :].reshape(len(blocks), -1, length)
