"""The backtest and the recalibration: they say what live judging would have done, and what the data asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from sentiment.spikes.backtest import gumbel_score, run_backtest
from sentiment.spikes.calibration import Calibration
from sentiment.spikes.detect import Watch
from sentiment.spikes.incident import Incident, advance
from sentiment.spikes.judge import SeriesHistory, judge
from sentiment.spikes.spike import SpikeSettings, weeks_between

Stream = Callable[..., SeriesHistory]
SETTINGS = SpikeSettings(budget_weeks=12)


def burst(history: SeriesHistory, row: int, hours_ago: int) -> SeriesHistory:
    negatives, voices = history.negatives.copy(), np.asarray(history.voices).copy()
    at = slice(negatives.shape[1] - hours_ago, negatives.shape[1] - hours_ago + 3)
    negatives[row, at] += 14
    voices[row, at] += 14
    return replace(history, negatives=negatives, voices=voices)


def test_the_backtest_and_live_judging_open_the_same_incidents(stream: Stream) -> None:
    history = burst(burst(stream(rates=(4.0, 15.0)), 0, 100), 1, 40)
    history.covered[0, -97:-70] = False  # the source died while the incident went on
    begin = history.end_step - 120
    report = run_backtest(history, begin, SETTINGS)
    watch, current = Watch.fresh(2), list[Incident]()
    for at in range(begin, history.end_step):
        current, _ = advance(current, judge(history, at, SETTINGS, watch), at, history.reading())
    live = sorted((one.opened, one.last, one.peak.observed) for one in current if one.track != "volume")
    assert len(live) == 2
    assert [(one.opened, one.last, one.observed) for one in report.alerts] == live


def test_planted_incidents_of_twice_the_usual_are_missed_more_than_those_of_ten_times(stream: Stream) -> None:
    history = stream(rates=(2.0, 10.0, 40.0), days=100)
    begin = history.end_step - 24 * 50
    small, large = (run_backtest(history, begin, SETTINGS, plant=ratio).planted for ratio in (2, 10))
    assert small is not None
    assert large is not None
    assert small.planted == large.planted >= 10
    assert large.missed <= small.missed
    assert large.missed < 0.3


def test_a_restless_past_asks_for_a_higher_score_and_a_calm_one_does_not(stream: Stream) -> None:
    rng = np.random.default_rng(1)
    calm, restless = rng.gumbel(2.0, 0.4, 200), rng.gumbel(4.0, 1.5, 200)
    assert gumbel_score(list(calm), 4) == pytest.approx(2.0 + 0.4 * 3.3, abs=0.4)
    assert (gumbel_score(list(restless), 4) or 0) > 7
    assert gumbel_score([1.0] * 5, 4) is None
    raised = replace(SETTINGS, recalibrated=9.0)
    assert raised.alert_score(10) == 9.0


def test_a_span_without_alerts_recommends_nothing_and_reads_well(stream: Stream) -> None:
    report = run_backtest(stream(rates=(5.0,)), stream().end_step - 24 * 35, SETTINGS)
    assert report.recommended is None
    assert report.lines(SETTINGS.zone)[0].startswith(f"{len(report.alerts)} alerts in 5.0 weeks over 1 series")
    assert report.as_dict()["budget_per_week"] == pytest.approx(1 / 12, abs=1e-3)


def test_a_score_below_the_bar_in_force_is_not_recommended(stream: Stream) -> None:
    history = burst(stream(rates=(10.0,)), 0, 40)
    report = run_backtest(history, history.end_step - 24 * 35, SETTINGS)
    raised = Calibration(nominal=report.score, score=report.score + 2, scale=np.ones(1), days=84)
    below, above = (
        replace(report, calibration=raised, gumbel_score=report.score + by, budget_weeks=52.0) for by in (1, 3)
    )
    assert report.alerts
    assert replace(below, calibration=None).recommended is not None
    assert below.recommended is None
    assert above.recommended == pytest.approx(report.score + 3, abs=0.01)


def test_the_alert_score_and_its_meaning_in_weeks_agree() -> None:
    assert weeks_between(SpikeSettings(budget_weeks=4).alert_score(24), 24) == pytest.approx(4)
