"""Incidents: joined, opened once, resolved once, reopened, never flapping."""

from __future__ import annotations

from dataclasses import replace

from sentiment.spikes.incident import (
    HOURLY_PACE,
    EventKind,
    Incident,
    IncidentEvent,
    IncidentState,
    Read,
    acknowledge,
    advance,
)
from sentiment.spikes.spike import Judgement, SeriesKey, Severity, Spike, SpikeClass, Verdict

WEB = SeriesKey(brand="Aurora", source="web", dimension="Reliability")
WEB_CARE = replace(WEB, dimension="Empathy")
FORUM = replace(WEB, source="forum")
FORUM_PRICE = SeriesKey(brand="Aurora", source="forum", dimension="Value")
OTHER_BRAND = replace(WEB, brand="Borealis")


def spike(series: SeriesKey, at: int, *, score: float = 5.0, kind: SpikeClass = SpikeClass.DISSATISFACTION) -> Spike:
    return Spike(
        series=series,
        at=at,
        window=3,
        spike_class=kind,
        observed=12,
        expected=2.0,
        lower=0,
        upper=6,
        voices=40,
        share_observed=0.3,
        share_expected=0.05,
        p=1e-6,
        p_count=1e-6,
        p_share=1e-5,
        score=score,
        severity=Severity.MODERATE,
    )


def unusual(
    series: SeriesKey, at: int, *, score: float = 5.0, kind: SpikeClass = SpikeClass.DISSATISFACTION
) -> Verdict:
    found = spike(series, at, score=score, kind=kind)
    return Verdict(
        series=series,
        at=at,
        judgement=Judgement.UNUSUAL,
        score=found.score,
        observed=4,
        expected=1.0,
        spike=found,
        restless=True,
    )


def raised(series: SeriesKey, at: int) -> Verdict:
    return replace(unusual(series, at, score=3.5), judgement=Judgement.RAISED)


def restless(series: SeriesKey, at: int) -> Verdict:
    return replace(unusual(series, at), judgement=Judgement.CALM, spike=None)


def all_read(series: SeriesKey, after: int, until: int) -> list[int]:
    return list(range(after + 1, until + 1))


def all_but(missed: range, source: str = "web") -> Read:
    """Everything is read but these hours of a source."""

    def read(series: SeriesKey, after: int, until: int) -> list[int]:
        return [at for at in all_read(series, after, until) if series.source != source or at not in missed]

    return read


def run(
    steps: dict[int, list[Verdict]], until: int, read: Read = all_read, *, began: list[Incident] | None = None
) -> tuple[list[Incident], list[IncidentEvent]]:
    current, told = began or [], []
    for at in range(100, until):
        current, events = advance(current, steps.get(at, []), at, read)
        told.extend(events)
    return current, told


def kinds(events: list[IncidentEvent]) -> list[EventKind]:
    return [event.kind for event in events]


def test_one_burst_is_opened_once_and_resolved_once_after_six_quiet_hours() -> None:
    incidents, events = run({h: [unusual(WEB, h)] for h in range(105, 110)}, 140)
    assert kinds(events) == [EventKind.OPENED, EventKind.RESOLVED]
    assert [i.state for i in incidents] == [IncidentState.RESOLVED]
    assert incidents[0].last == 109
    assert incidents[0].resolved == 115


def test_an_incident_stays_open_while_its_series_is_restless() -> None:
    steps = {105: [unusual(WEB, 105)]} | {h: [restless(WEB, h)] for h in range(106, 130)}
    incidents, events = run(steps, 130)
    assert kinds(events) == [EventKind.OPENED]
    assert incidents[0].state is IncidentState.ONGOING


def test_siblings_in_dimension_and_source_join_instead_of_opening_their_own() -> None:
    steps = {105: [unusual(WEB, 105)], 106: [unusual(WEB_CARE, 106), raised(FORUM, 106)]}
    incidents, events = run(steps, 108)
    assert kinds(events) == [EventKind.OPENED, EventKind.JOINED, EventKind.JOINED]
    assert incidents[0].series() == {WEB, WEB_CARE, FORUM}


def test_a_raised_series_opens_nothing_by_itself_and_a_stranger_does_not_join() -> None:
    assert run({105: [raised(WEB, 105)]}, 110) == ([], [])
    incidents, _ = run({105: [unusual(WEB, 105)], 106: [raised(FORUM_PRICE, 106)]}, 110)
    assert incidents[0].series() == {WEB}


def test_brands_are_followed_apart() -> None:
    incidents, _ = run({105: [unusual(WEB, 105), unusual(OTHER_BRAND, 105)]}, 110)
    assert sorted(i.brand for i in incidents) == ["Aurora", "Borealis"]


def test_news_within_a_day_reopens_and_later_news_is_a_new_incident() -> None:
    incidents, events = run({105: [unusual(WEB, 105)], 125: [unusual(WEB, 125)], 170: [unusual(WEB, 170)]}, 180)
    assert kinds(events) == [
        EventKind.OPENED,
        EventKind.RESOLVED,
        EventKind.REOPENED,
        EventKind.RESOLVED,
        EventKind.OPENED,
        EventKind.RESOLVED,
    ]
    assert [i.number for i in incidents] == [105, 170]
    assert incidents[0].reopenings == 1


def test_an_hour_on_and_an_hour_off_does_not_flap() -> None:
    steps = {h: [unusual(WEB, h)] for h in range(105, 160, 3)}
    _, events = run(steps, 158)
    assert kinds(events) == [EventKind.OPENED]


def test_the_same_step_twice_changes_nothing() -> None:
    steps = {h: [unusual(WEB, h), raised(WEB_CARE, h)] for h in range(105, 110)}
    current: list[Incident] = []
    for at in range(100, 130):
        current, _ = advance(current, steps.get(at, []), at, all_read)
        again, events = advance(current, steps.get(at, []), at, all_read)
        assert again == current
        assert events == []


def test_a_late_arrival_opens_an_incident_late_but_never_twice() -> None:
    current, _ = run({}, 120)
    late = [unusual(WEB, 108)]
    current, first = advance(current, late, 108, all_read)
    assert kinds(first) == [EventKind.OPENED]
    current, second = advance(current, late, 108, all_read)
    assert second == []
    for at in range(109, 121):
        current, events = advance(current, [], at, all_read)
        first.extend(events)
    assert kinds(first) == [EventKind.OPENED, EventKind.RESOLVED]


def test_a_volume_surge_and_a_slow_rise_are_followed_beside_the_incident() -> None:
    surge = unusual(WEB, 105, kind=SpikeClass.VOLUME_SURGE)
    slow = unusual(WEB, 105, kind=SpikeClass.SLOW_RISE)
    incidents, _ = run({105: [surge, slow, unusual(WEB_CARE, 105)]}, 106)
    assert sorted(i.track for i in incidents) == ["dissatisfaction", "slow rise", "volume"]


def test_a_slow_rise_that_only_sums_up_an_incident_of_its_series_is_not_told_again() -> None:
    slow = replace(unusual(WEB, 200, kind=SpikeClass.SLOW_RISE), restless=False)
    assert slow.spike is not None
    slow = replace(slow, spike=replace(slow.spike, window=168))
    incidents, _ = run({105: [unusual(WEB, 105)], 200: [slow]}, 205)
    assert [i.track for i in incidents] == ["dissatisfaction"]
    incidents, _ = run({105: [unusual(WEB_CARE, 105)], 200: [slow]}, 205)
    assert [i.track for i in incidents] == ["dissatisfaction", "slow rise"]


def test_the_window_of_a_slow_rise_ends_with_the_day_before() -> None:
    late = 105 + 24 * 7 + 10  # 168 hours that end with the day before still hold hour 105
    assert (late - late % 24 - 168) <= 105 < late - 168
    slow = replace(unusual(WEB, late, kind=SpikeClass.SLOW_RISE), restless=False)
    assert slow.spike is not None
    slow = replace(slow, spike=replace(slow.spike, window=168))
    incidents, _ = run({105: [unusual(WEB, 105)], late: [slow]}, late + 1)
    assert [i.track for i in incidents] == ["dissatisfaction"]
    incidents, _ = run({late: [slow]}, late + 1)
    assert [i.began for i in incidents] == [late - late % 24 - 168]


def test_acknowledging_keeps_the_incident_open_and_counts_once() -> None:
    incidents, _ = run({105: [unusual(WEB, 105)]}, 106)
    taken, events = acknowledge(incidents[0], 107, "a manager")
    assert kinds(events) == [EventKind.ACKNOWLEDGED]
    assert taken.live
    assert acknowledge(taken, 108, "another") == (taken, [])


def test_the_peak_is_kept_when_later_hours_are_milder() -> None:
    incidents, _ = run({105: [unusual(WEB, 105, score=9.0)], 106: [unusual(WEB, 106, score=5.0)]}, 108)
    assert incidents[0].peak.score == 9.0


def test_hours_that_nobody_read_do_not_end_an_incident() -> None:
    burst = {105: [unusual(WEB, 105)]}
    (held,), events = run(burst, 150, all_but(range(107, 200)))
    assert kinds(events) == [EventKind.OPENED]
    assert held.live
    assert held.unknown is not None
    assert held.unknown.read == 106
    (over,), events = run(burst, 150, all_but(range(107, 140)))
    assert kinds(events) == [EventKind.OPENED, EventKind.RESOLVED]
    assert (over.resolved, over.unknown) == (144, None)  # the sixth hour that was read and quiet


def test_hours_that_nobody_read_do_not_prolong_an_incident_either() -> None:
    beside = {at: replace(raised(FORUM, at), restless=False) for at in range(105, 112)}
    steps = {at: [unusual(WEB, at), found] for at, found in beside.items()}
    (held,), _ = run(steps, 130, all_but(range(107, 200)))
    assert (held.last, held.series()) == (106, {WEB, FORUM})
    assert held.unknown is not None
    assert (held.unknown.series, held.unknown.last, held.unknown.read) == (WEB, 106, 106)


def test_hours_that_are_read_late_count_as_of_their_own_time() -> None:
    (held,), _ = run({105: [unusual(WEB, 105)]}, 130, all_but(range(106, 200)))
    (over,), events = advance([held], [], 130, all_read)
    assert kinds(events) == [EventKind.RESOLVED]
    assert over.resolved == events[0].at == 111


def test_what_was_said_in_hours_that_are_read_late_goes_on_with_the_incident() -> None:
    burst = {105: [unusual(WEB, 105)]}
    held, _ = run(burst, 130, all_but(range(106, 200)))
    late = burst | {at: [restless(WEB, at)] for at in range(106, 118)} | {118: [unusual(WEB, 118, score=9.0)]}
    found, events = run(late, 131, began=held)
    assert kinds(events) == [EventKind.RESOLVED]
    assert [(one.number, one.last, one.resolved, one.peak.score) for one in found] == [(105, 118, 124, 9.0)]
    assert [(one.last, one.resolved, one.peak.score) for one in run(late, 131)[0]] == [(118, 124, 9.0)]


def test_news_within_a_day_of_being_read_again_reopens() -> None:
    steps = {105: [unusual(WEB, 105)], 168: [unusual(FORUM, 168)]}
    (one,), events = run(steps, 170, all_but(range(106, 150)))
    assert kinds(events) == [EventKind.OPENED, EventKind.RESOLVED, EventKind.REOPENED, EventKind.JOINED]
    assert one.last == 168


def test_a_sibling_that_is_read_does_not_end_what_nobody_reads() -> None:
    both = {105: [unusual(WEB, 105), unusual(FORUM, 105)]}
    (held,), _ = run(both, 150, all_but(range(108, 200)))
    assert held.live
    assert held.unknown is not None
    assert held.unknown.series == WEB


def test_a_source_that_had_been_quiet_before_it_died_holds_nothing_open() -> None:
    steps = {105: [unusual(WEB, 105), unusual(FORUM, 105)]} | {at: [restless(FORUM, at)] for at in range(106, 130)}
    (over,), _ = run(steps, 150, all_but(range(115, 200)))
    assert (over.state, over.resolved) == (IncidentState.RESOLVED, 135)


def test_after_two_weeks_unread_an_incident_lapses_and_is_not_called_over() -> None:
    until = 105 + HOURLY_PACE.lapse
    (lapsed,), events = run({105: [unusual(WEB, 105)]}, until + 40, all_but(range(106, until + 20)))
    assert kinds(events) == [EventKind.OPENED, EventKind.LAPSED]
    assert (lapsed.state, lapsed.resolved, events[-1].at) == (IncidentState.LAPSED, None, until)
    later = {105: [unusual(WEB, 105)], until + 1: [unusual(WEB, until + 1)]}
    incidents, _ = run(later, until + 3, all_but(range(106, until)))
    assert [one.number for one in incidents] == [105, until + 1]


def test_an_incident_that_waits_to_be_read_takes_in_its_own_series_and_not_news_elsewhere() -> None:
    steps = {105: [unusual(WEB, 105)], 160: [unusual(FORUM_PRICE, 160)], 180: [unusual(WEB, 180)]}
    incidents, events = run(steps, 182, all_but(range(106, 180)))
    assert [one.number for one in incidents] == [105, 160]
    assert [(event.kind, event.number) for event in events] == [
        (EventKind.OPENED, 105), (EventKind.OPENED, 160), (EventKind.RESOLVED, 160),
    ]  # fmt: skip
    assert (incidents[0].last, incidents[0].state) == (180, IncidentState.ONGOING)
