"""The detector: what it says of calm, planted, thin, short, missing and shifted streams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from sentiment.spikes.detect import Watch
from sentiment.spikes.grain import DAILY, HOURLY, Grain
from sentiment.spikes.judge import SeriesHistory, Tick, judge, judge_span
from sentiment.spikes.spike import Judgement, SpikeClass, SpikeSettings, Verdict

Stream = Callable[..., SeriesHistory]
SETTINGS = SpikeSettings(budget_weeks=52)


def with_extra(history: SeriesHistory, row: int, hours_ago: int, extra: list[int]) -> SeriesHistory:
    """The history with more negatives in consecutive hours, each of them a voice."""
    negatives, voices = history.negatives.copy(), np.asarray(history.voices).copy()
    at = negatives.shape[1] - hours_ago
    for offset, count in enumerate(extra):
        negatives[row, at + offset] += count
        voices[row, at + offset] += count
    return replace(history, negatives=negatives, voices=voices)


def span(history: SeriesHistory, days: int = 2, settings: SpikeSettings = SETTINGS) -> list[Tick]:
    watch = Watch.fresh(len(history.keys))
    return list(judge_span(history, history.end_step - 24 * days, settings, watch))


def unusual(ticks: list[Tick]) -> list[Verdict]:
    return [v for tick in ticks for v in tick.verdicts if v.judgement is Judgement.UNUSUAL]


def test_a_calm_stream_is_called_calm(stream: Stream) -> None:
    verdicts = [v for tick in span(stream(), days=7) for v in tick.verdicts]
    assert not [v for v in verdicts if v.judgement not in (Judgement.CALM, Judgement.RAISED)]
    assert sum(v.judgement is Judgement.CALM for v in verdicts) > 0.95 * len(verdicts)


def test_a_planted_burst_is_a_dissatisfaction_spike_that_adds_up(stream: Stream) -> None:
    found = unusual(span(with_extra(stream(), 0, 10, [8, 10, 8])))
    assert found
    spike = max((v.spike for v in found if v.spike), key=lambda s: s.score)
    assert spike.spike_class is SpikeClass.DISSATISFACTION
    assert spike.excess == pytest.approx(spike.observed - spike.expected)
    assert spike.lower <= spike.expected <= spike.upper < spike.observed
    assert spike.share_observed > spike.share_expected
    assert spike.p < 1e-4
    assert found[0].at - (490_000 + 70 * 24 - 10) <= 2


def test_more_of_everybody_is_a_volume_surge_and_no_dissatisfaction(stream: Stream) -> None:
    history = stream(rates=(50.0,))
    rng = np.random.default_rng(3)
    voices, negatives = np.asarray(history.voices).copy(), history.negatives.copy()
    voices[0, -12:] *= 5
    negatives[0, -12:] = rng.binomial(voices[0, -12:], 0.1)
    found = unusual(span(replace(history, voices=voices, negatives=negatives)))
    assert found
    assert {v.spike.spike_class for v in found if v.spike} == {SpikeClass.VOLUME_SURGE}


def test_the_score_of_a_surge_is_divided_by_the_restlessness_of_its_series(stream: Stream) -> None:
    history = stream(rates=(50.0,))
    voices, negatives = np.asarray(history.voices).copy(), history.negatives.copy()
    voices[0, -12:] *= 8
    negatives[0, -12:] = np.random.default_rng(3).binomial(voices[0, -12:], 0.1)
    history = replace(history, voices=voices, negatives=negatives)
    begin, found = history.end_step - 24, []
    for high in (1.0, 9.0):  # a calm past, and one that asks for division by 2.5
        watch = Watch.fresh(1)
        watch.highs = {begin // 24 - day: np.array([high]) for day in range(1, 90)}
        spikes = [v.spike for v in unusual(list(judge_span(history, begin, SETTINGS, watch)))]
        found.append({(one.at, one.window): one.score for one in spikes if one is not None})
    calm, restless = found
    both = calm.keys() & restless.keys()
    assert both
    assert len(restless) < len(calm)
    for key in both:
        assert restless[key] == pytest.approx(calm[key] / 2.5)


def test_a_rise_over_weeks_is_found_as_a_slow_rise(stream: Stream) -> None:
    history = stream(rates=(6.0,), days=84)
    rng = np.random.default_rng(5)
    voices = np.asarray(history.voices)
    ramp = 0.1 + 0.1 * np.clip((np.arange(voices.shape[1]) - 56 * 24) / (21 * 24), 0, 1)
    found = unusual(span(replace(history, negatives=rng.binomial(voices, ramp)), days=27))
    assert SpikeClass.SLOW_RISE in {v.spike.spike_class for v in found if v.spike}


def by_day(history: SeriesHistory) -> SeriesHistory:
    """The same counts by whole days in UTC."""
    skipped = -history.first_step % 24
    days = (history.negatives.shape[1] - skipped) // 24

    def whole(steps: np.ndarray) -> np.ndarray:
        return steps[:, skipped : skipped + days * 24].reshape(len(steps), days, 24).sum(axis=2)

    return replace(
        history,
        first_step=(history.first_step + skipped) // 24,
        negatives=whole(history.negatives),
        voices=whole(np.asarray(history.voices)),
        covered=np.ones((len(history.keys), days), dtype=np.bool_),
        grain=DAILY,
    )


@pytest.mark.parametrize("grain", [HOURLY, DAILY], ids=["hourly", "daily"])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_every_spike_counts_the_voices_of_the_window_that_it_names(stream: Stream, grain: Grain, zone: str) -> None:
    """The history ends a few days after Berlin put its clock on, at 2026-03-29 01:00 UTC."""
    history = stream(rates=(6.0,), days=130)
    voices = np.asarray(history.voices)
    ramp = 0.1 + 0.1 * np.clip((np.arange(voices.shape[1]) - 102 * 24) / (21 * 24), 0, 1)
    history = replace(history, negatives=np.random.default_rng(6).binomial(voices, ramp))
    if grain is DAILY:
        history = by_day(history)
    settings = SpikeSettings(zone=ZoneInfo(zone), recalibrate=False)
    ticks = judge_span(history, history.end_step - 27 * grain.steps_per_day, settings, Watch.fresh(1))
    spikes = [v.spike for tick in ticks for v in tick.verdicts if v.spike is not None]
    assert {SpikeClass.SLOW_RISE, SpikeClass.DISSATISFACTION} <= {spike.spike_class for spike in spikes}
    counted = np.asarray(history.voices)[0]
    for spike in spikes:
        first, end = spike.span(grain.steps_per_day)
        assert end - first == spike.window
        assert spike.voices == counted[first - history.first_step : end - history.first_step].sum()


def test_a_steep_rise_over_weeks_is_found_before_it_is_over(stream: Stream) -> None:
    history = stream(rates=(10.0,), days=84)
    voices = np.asarray(history.voices)
    ramp = 0.1 + 0.15 * np.clip((np.arange(voices.shape[1]) - 56 * 24) / (21 * 24), 0, 1)
    found = unusual(span(replace(history, negatives=np.random.default_rng(5).binomial(voices, ramp)), days=27))
    assert found[0].at < history.first_step + 70 * 24


@pytest.mark.parametrize("hour", [0, 1, 12, 23])
def test_a_burst_is_no_slow_rise_a_week_or_two_later(stream: Stream, hour: int) -> None:
    history = stream(rates=(0.5,), days=84)
    began = 24 * 24 - history.first_step % 24 - hour  # hours ago, at this hour of a day in UTC
    ticks = span(with_extra(history, 0, began, [150, 150, 150]), days=28, settings=SpikeSettings())
    found = [v.spike for tick in ticks for v in tick.verdicts if v.spike is not None]
    assert SpikeClass.DISSATISFACTION in {spike.spike_class for spike in found}
    assert SpikeClass.SLOW_RISE not in {spike.spike_class for spike in found}


def test_a_hotel_with_two_mentions_a_day_gets_sensible_answers(stream: Stream) -> None:
    quiet = stream(rates=(2 / 24,))
    assert {v.judgement for t in span(quiet) for v in t.verdicts} == {Judgement.CALM}
    assert unusual(span(with_extra(quiet, 0, 8, [2, 2, 2])))


def test_a_stream_with_a_voice_a_week_is_too_thin_to_judge(stream: Stream) -> None:
    thin = stream(rates=(1 / 168,))
    assert {v.judgement for t in span(thin) for v in t.verdicts} == {Judgement.TOO_FEW}


def test_five_days_of_history_are_too_little_and_eight_are_enough(stream: Stream) -> None:
    short = with_extra(stream(days=5), 0, 10, [30, 30])
    assert {v.judgement for t in span(short, days=1) for v in t.verdicts} == {Judgement.TOO_LITTLE_HISTORY}
    assert unusual(span(with_extra(stream(days=10), 0, 10, [30, 30]), days=1))


def test_an_uncovered_hour_is_unknown_and_not_calm(stream: Stream) -> None:
    history = stream()
    covered = history.covered.copy()
    covered[0, -5:] = False
    last = span(replace(history, covered=covered))[-1].verdicts[0]
    assert last.judgement is Judgement.NOT_COVERED


def test_what_stands_in_uncovered_hours_changes_nothing(stream: Stream) -> None:
    history = stream()
    covered = history.covered.copy()
    covered[0, -100:-60] = False
    spoilt = history.negatives.copy()
    spoilt[0, -100:-60] = 0
    kept = span(replace(history, covered=covered))
    other = span(replace(history, covered=covered, negatives=spoilt))
    assert [v.score for t in kept for v in t.verdicts] == [v.score for t in other for v in t.verdicts]


def test_a_backlog_that_arrives_in_one_hour_is_no_dissatisfaction(stream: Stream) -> None:
    history = stream(rates=(20.0,))
    voices, negatives = np.asarray(history.voices).copy(), history.negatives.copy()
    for counts in (voices, negatives):
        counts[0, -5] += counts[0, -35:-5].sum()
        counts[0, -35:-5] = 0
    found = unusual(span(replace(history, voices=voices, negatives=negatives)))
    assert {v.spike.spike_class for v in found if v.spike} <= {SpikeClass.VOLUME_SURGE}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
def test_a_change_of_clock_raises_no_alert(stream: Stream, zone: str) -> None:
    settings = SpikeSettings(budget_weeks=52, zone=ZoneInfo(zone))
    calm = stream(rates=(5.0, 50.0), days=120)
    assert not unusual(span(calm, days=21, settings=settings))


def test_live_and_replay_agree_hour_by_hour(stream: Stream) -> None:
    history = with_extra(stream(rates=(2.0, 20.0)), 0, 40, [6, 9, 6, 3])
    begin = history.end_step - 53
    replayed = list(judge_span(history, begin, SETTINGS, Watch.fresh(2)))
    watch = Watch.fresh(2)
    live = [judge(history, at, SETTINGS, watch) for at in range(begin, history.end_step)]
    assert [list(tick.verdicts) for tick in replayed] == live
    assert unusual(replayed)


def test_the_future_changes_no_verdict_of_the_past(stream: Stream) -> None:
    history = stream(rates=(5.0,))
    begin, middle = history.end_step - 48, history.end_step - 20
    whole = list(judge_span(with_extra(history, 0, 10, [40]), begin, SETTINGS, Watch.fresh(1)))
    early = list(judge_span(history.until(middle), begin, SETTINGS, Watch.fresh(1)))
    assert whole[: len(early)] == early


def test_an_incident_does_not_raise_what_is_normal_afterwards(stream: Stream) -> None:
    calm = stream(rates=(10.0,))
    disturbed = with_extra(calm, 0, 24 * 20, [15] * 24)
    before, after = span(calm)[-1].verdicts[0], span(disturbed)[-1].verdicts[0]
    assert after.expected < 1.25 * before.expected


def test_without_totals_the_count_alone_decides(stream: Stream) -> None:
    history = replace(with_extra(stream(), 0, 10, [10, 12, 10]), voices=None)
    assert unusual(span(history))


def test_a_smaller_budget_of_false_alerts_asks_for_more_surprise() -> None:
    assert SpikeSettings(budget_weeks=52).alert_score(24) > SpikeSettings(budget_weeks=4).alert_score(24)
    assert SpikeSettings().alert_score(100) > SpikeSettings().alert_score(10)
    with pytest.raises(ValueError, match="budget_weeks"):
        SpikeSettings(budget_weeks=0)
