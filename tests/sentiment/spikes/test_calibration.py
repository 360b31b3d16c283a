"""Recalibration: a restless past raises the bar, a few incidents do not, and live agrees with replay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from collector.store import Store, from_hour, hour_of
from sentiment.spikes.calibration import (
    COUNTS_ALONE,
    LAG_DAYS,
    LEAST_DAYS,
    SCALE_LIMIT,
    WEEKLY,
    WITH_TOTALS,
    Calibration,
    bar,
    calibrate,
)
from sentiment.spikes.detect import Watch
from sentiment.spikes.judge import SeriesHistory, judge, judge_span
from sentiment.spikes.replay import JudgedDay
from sentiment.spikes.run import detect
from sentiment.spikes.spike import SpikeSettings, weeks_between
from sentiment.spikes.store import alert_bar, spike_high
from sentiment.spikes.store.bars import bars
from sentiment.spikes.store.incidents import incidents
from sentiment.store.counts import FIGURES, count_hour

Stream = Callable[..., SeriesHistory]
NOMINAL = 5.0
CHANCE = 1 / 700


def calm(days: int = 84, series: int = 24, seed: int = 1) -> np.ndarray:
    """Highest scores of calm days: exponential, 3.1 at their 90 % quantile, as the hourly simulator has them."""
    return np.maximum(1.9 + np.random.default_rng(seed).exponential(0.52, (days, series)), 0.0)


def test_a_calm_past_leaves_the_bar_where_the_budget_put_it() -> None:
    found = calibrate(dict(enumerate(calm())), 84 + LAG_DAYS, NOMINAL, CHANCE)
    assert found.score == NOMINAL
    assert not len(found.restless)


def test_incidents_on_one_day_in_fifty_do_not_raise_the_bar() -> None:
    past = calm()
    past[np.random.default_rng(2).random(past.shape) < 0.02] = 30.0
    assert calibrate(dict(enumerate(past)), 84 + LAG_DAYS, NOMINAL, CHANCE).score < 1.05 * NOMINAL


def test_a_restless_past_raises_the_bar_to_what_the_budget_allows() -> None:
    past = calm() * 1.9
    found = calibrate(dict(enumerate(past / 1.25)), 84 + LAG_DAYS, NOMINAL, CHANCE)
    assert NOMINAL < found.score <= WITH_TOTALS.limit * NOMINAL


def test_one_restless_series_is_scaled_and_the_others_keep_their_bar() -> None:
    past = calm()
    past[:, 3] *= 3
    found = calibrate(dict(enumerate(past)), 84 + LAG_DAYS, NOMINAL, CHANCE)
    assert list(found.restless) == [3]
    assert 2 < found.scale[3] <= SCALE_LIMIT
    assert found.score < 1.05 * NOMINAL


def test_four_weeks_are_needed_before_anything_is_learnt() -> None:
    past = dict(enumerate(calm(LEAST_DAYS - 1) * 3))
    assert calibrate(past, LEAST_DAYS - 1 + LAG_DAYS, NOMINAL, CHANCE).score == NOMINAL


@given(
    st.floats(0.1, 20), st.floats(1e-6, 0.5), st.integers(0, 5000), st.sampled_from([WITH_TOTALS, COUNTS_ALONE, WEEKLY])
)
def test_the_bar_never_falls_and_never_rises_beyond_its_limit(nominal, chance, days, tail) -> None:  # type: ignore[no-untyped-def]  # hypothesis
    past = np.random.default_rng(days).gumbel(3, 2, days)
    assert nominal <= bar(past, nominal, chance, tail) <= tail.limit * nominal


def crowds(days: int, seed: int, series: int = 24) -> np.ndarray:
    """Highest scores of days on which crowds come by a power law, as counts without totals have them."""
    return 0.7 * np.random.default_rng(seed).pareto(2.5, (days, series)) + 1.0


@pytest.mark.parametrize("days", [42, 84, 364])
@pytest.mark.parametrize("weeks", [12, 52])
def test_crowds_come_no_oftener_than_a_rare_budget_allows(days: int, weeks: int) -> None:
    settings = SpikeSettings(budget_weeks=weeks)
    nominal, chance = settings.alert_score(24), 1 / (7 * 24 * weeks)
    to_come = crowds(5_000, 999)
    rates = []
    for seed in range(20):
        past = dict(enumerate(crowds(days, seed)))
        found = calibrate(past, days + LAG_DAYS, nominal, chance, COUNTS_ALONE, memory_days=days + LAG_DAYS)
        rates.append(float((to_come >= found.score).mean()))
    assert 0.25 * chance < np.mean(rates) < 1.5 * chance


def test_counts_alone_whose_past_is_not_known_yet_are_taken_for_ones_with_crowds() -> None:
    young = dict(enumerate(crowds(LEAST_DAYS - 1, 1)))
    bars_by_weeks = {}
    for weeks in (1, 4, 52):
        nominal = SpikeSettings(budget_weeks=weeks).alert_score(24)
        found = calibrate(young, LEAST_DAYS - 1 + LAG_DAYS, nominal, 1 / (7 * 24 * weeks), COUNTS_ALONE)
        bars_by_weeks[weeks] = found.score / nominal
    assert bars_by_weeks[1] == 1
    assert bars_by_weeks[4] < 1.4
    assert bars_by_weeks[52] > 2


def test_a_light_tail_without_totals_leaves_the_default_bar_where_it_is() -> None:
    past = dict(enumerate(calm(364) - 1.2))
    found = calibrate(past, 364 + LAG_DAYS, NOMINAL, 1 / 672, COUNTS_ALONE, memory_days=364 + LAG_DAYS)
    assert found.score == NOMINAL


def restless(stream: Stream) -> SeriesHistory:
    """Two sources of which one has a share of negatives that jumps from day to day."""
    history = stream(rates=(8.0, 12.0), days=100)
    rng = np.random.default_rng(7)
    steps = history.negatives.shape[1]
    share = np.repeat(np.clip(0.1 * np.exp(rng.standard_t(2, steps // 4 + 1) * 0.8), 0.01, 0.9), 4)[:steps]
    negatives = history.negatives.copy()
    negatives[0] = rng.binomial(np.asarray(history.voices)[0], share)
    return replace(history, negatives=negatives)


def test_live_and_replay_agree_when_the_past_has_moved_the_bar(stream: Stream) -> None:
    history, settings = restless(stream), SpikeSettings(budget_weeks=4)
    days = list[JudgedDay]()
    watch = Watch.fresh(2)
    begin = history.end_step - 30
    for _ in judge_span(history.until(begin - 1), history.first_step, settings, watch, observe=days.append):
        pass
    assert days[-1].calibration.scale[0] > 1
    assert days[-1].calibration.scale[1] == 1
    replayed = list(judge_span(history, begin, settings, watch.copy()))
    live = [judge(history, at, settings, watch) for at in range(begin, history.end_step)]
    assert [list(tick.verdicts) for tick in replayed] == live


def test_a_fortnight_that_was_not_read_teaches_nothing(stream: Stream) -> None:
    whole = restless(stream)
    covered = whole.covered.copy()
    first = 60 * 24 - whole.first_step % 24  # a start of a day in UTC
    covered[0, first : first + 14 * 24] = False
    out = replace(whole, covered=covered)
    away = [(whole.first_step + first) // 24 + n for n in range(14)]
    last = dict[bool, Calibration]()
    for history in (whole, out):
        watch, days = Watch.fresh(2), list[JudgedDay]()
        for _ in judge_span(history, history.first_step, SpikeSettings(), watch, observe=days.append):
            pass
        last[history is out] = days[-1].calibration
        for kept in (watch.highs, watch.weights):
            unknown = {day for day in away if np.isnan(kept[day][0])}
            assert unknown == (set(away) if history is out else set())
            assert not any(np.isnan(kept[day][1]) for day in away)
    assert last[True].scale[0] > 0.95 * last[False].scale[0]


def test_days_of_nothing_known_are_no_days_to_learn_from() -> None:
    past = dict(enumerate(calm() * 3))
    known = calibrate(past, 84 + LAG_DAYS, NOMINAL, CHANCE)
    for day in range(60):
        past[day] = np.full(24, np.nan)
    found = calibrate(past, 84 + LAG_DAYS, NOMINAL, CHANCE)
    assert known.days == 84
    assert (found.days, found.score) == (0, NOMINAL)


def test_half_covered_days_teach_the_same_judged_hour_by_hour(stream: Stream) -> None:
    history = stream(rates=(8.0, 12.0), days=70)
    covered = history.covered.copy()
    day = history.end_step - history.end_step % 24 - history.first_step - 48  # a start of a day in UTC
    covered[0, day : day + 13] = False
    covered[1, day + 6 : day + 24] = False
    covered[0, day + 24 : day + 35] = False
    history = replace(history, covered=covered).until(history.first_step + day + 47)
    begin = history.first_step + day
    once, parts = Watch.fresh(2), Watch.fresh(2)
    for _ in judge_span(history, begin, SpikeSettings(), once):
        pass
    for at in range(begin, history.end_step):
        judge(history, at, SpikeSettings(), parts)
    for kept, other in ((once.highs, parts.highs), (once.weights, parts.weights)):
        assert kept.keys() == other.keys() == {begin // 24, begin // 24 + 1}
        for number in kept:
            np.testing.assert_array_equal(kept[number], other[number])
    assert np.isnan(once.highs[begin // 24]).all()
    assert not np.isnan(once.highs[begin // 24 + 1]).any()


def test_recalibrating_alerts_less_on_a_restless_source(stream: Stream) -> None:
    history = restless(stream)
    scores = []
    for recalibrate in (True, False):
        settings = SpikeSettings(budget_weeks=4, recalibrate=recalibrate)
        ticks = judge_span(history, history.first_step, settings, Watch.fresh(2))
        scores.append(sum(v.spike is not None for tick in ticks for v in tick.verdicts))
    assert scores[0] < scores[1]


@pytest.fixture
def filled(any_store: Store, stream: Stream) -> Store:
    history = restless(stream)
    rows = [
        dict.fromkeys(FIGURES, 0)
        | {"mentions": total, "voices": total, "negative": negative, "neutral": total - negative}
        | {"brand": key.brand, "facet": "all", "source": key.source, "hour": history.first_step + at}
        for row, key in enumerate(history.keys)
        for at in range(history.negatives.shape[1])
        for total, negative in [(int(np.asarray(history.voices)[row, at]), int(history.negatives[row, at]))]
        if total
    ]
    with any_store.write() as conn:
        conn.execute(insert(count_hour), rows)
    return any_store


def test_the_store_keeps_what_was_learnt_and_judging_anew_learns_the_same(filled: Store) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    with filled.read() as conn:
        last = max(conn.scalars(select(count_hour.c.hour)))
    now = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=last + 1)
    settings = SpikeSettings(budget_weeks=4)
    for hours_ago in (30, 20, 0):
        detect(filled, settings, now - timedelta(hours=hours_ago))
    day = hour_of(now) // 24
    with filled.read() as conn:
        kept = bars(conn, day - 10, day + 1)
        highs = sorted(tuple(row) for row in conn.execute(select(spike_high)))
    assert any("source 0" in name for name in kept[-1].restless)
    with filled.write() as conn:
        from sentiment.spikes.store import incident, incident_event, judged_hour, spike, spike_watch

        for table in (spike, incident_event, incident, judged_hour, spike_watch, spike_high, alert_bar):
            conn.execute(table.delete())
    detect(filled, settings, now)
    with filled.read() as conn:
        assert bars(conn, day - 10, day + 1) == kept
        assert sorted(tuple(row) for row in conn.execute(select(spike_high))) == highs


def test_the_rarity_that_is_told_is_that_by_the_raised_bar(filled: Store) -> None:
    with filled.read() as conn:
        last = max(conn.scalars(select(count_hour.c.hour)))
    detect(filled, SpikeSettings(budget_weeks=0.5), from_hour(last + 1))
    with filled.read() as conn:
        found = [one for one in incidents(conn) if one.explanation is not None]
        of_day = {one.day: one.score - one.nominal for one in bars(conn, 0, last // 24 + 1)}
    raised = {one.id: of_day[one.peak.at // 24] for one in found}
    assert any(by > 0 for by in raised.values())
    for one in found:
        assert one.explanation is not None
        told = weeks_between(one.peak.score - raised[one.id], 2)
        assert one.explanation["weeks"] == pytest.approx(min(told, 1e6))
