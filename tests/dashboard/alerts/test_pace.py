"""When a person is told: quiet hours in their own zone, gathering, backoff and digests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.alerts.pace import Standing, Way, backoff, digest_due, gather_due, quiet_until, rule
from dashboard.alerts.settings import AlertSettings, DigestEvery
from sentiment.spikes.spike import Severity
from tests.dashboard.alerts.conftest import NOW, a_manager
from tests.dashboard.alerts.test_route import a_silence, a_topic

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PACE = AlertSettings(per_hour=3, gather=30 * MINUTE, past=48 * HOUR)
NIGHT = a_manager(timezone="Europe/Berlin", quiet_hours="22:00-07:00")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-01-15T20:59", None),
        ("2026-01-15T21:00", "2026-01-16T06:00"),
        ("2026-01-16T05:59", "2026-01-16T06:00"),
        ("2026-01-16T06:00", None),
        ("2026-07-15T20:00", "2026-07-16T05:00"),
        ("2026-03-28T23:00", "2026-03-29T05:00"),  # the clock goes forward in this night
        ("2026-10-25T00:30", "2026-10-25T06:00"),  # and back in this one
        ("2026-10-25T01:30", "2026-10-25T06:00"),
    ],
)
def test_quiet_hours_are_those_of_the_recipients_clock(now: str, until: str | None) -> None:
    assert quiet_until(NIGHT, utc(now)) == (None if until is None else utc(until))


def test_quiet_hours_may_lie_within_one_day() -> None:
    lunch = a_manager(quiet_hours="12:00-13:00")
    assert quiet_until(lunch, utc("2026-01-15T12:30")) == utc("2026-01-15T13:00")
    assert quiet_until(lunch, utc("2026-01-15T13:00")) is None


def test_an_alert_in_quiet_hours_waits_unless_it_is_bad_enough_to_wake_for() -> None:
    night = utc("2026-01-15T23:00")
    mild = rule(a_topic(), NIGHT, Standing(), [], PACE, now=night, last_seen=night)
    assert (mild.way, mild.due) == (Way.GATHER, utc("2026-01-16T06:00"))
    bad = rule(a_topic(severity=Severity.CRITICAL), NIGHT, Standing(), [], PACE, now=night, last_seen=night)
    assert (bad.way, bad.due) == (Way.SEND, night)


def test_a_silenced_alert_is_recorded_with_the_reason_and_not_sent() -> None:
    ruling = rule(a_topic(), NIGHT, Standing(), [a_silence()], PACE, now=NOW, last_seen=NOW)
    assert ruling.way is Way.SUPPRESS
    assert ruling.reason == "silenced until 2026-03-10 14:00 CET: strike announced"


def test_nobody_who_unsubscribed_is_written_to() -> None:
    ruling = rule(a_topic(), NIGHT, Standing(refused="unsubscribed"), [], PACE, now=NOW, last_seen=NOW)
    assert (ruling.way, ruling.reason) == (Way.SUPPRESS, "unsubscribed")


def test_news_of_what_was_not_told_yet_is_told_with_it() -> None:
    assert rule(a_topic(), NIGHT, Standing(waiting=True), [], PACE, now=NOW, last_seen=NOW).way is Way.FOLD


def test_beyond_so_many_an_hour_alerts_are_gathered_at_once_and_then_at_a_pause() -> None:
    ann = a_manager()
    assert rule(a_topic(), ann, Standing(alone=2), [], PACE, now=NOW, last_seen=NOW).way is Way.SEND
    first = rule(a_topic(), ann, Standing(alone=3), [], PACE, now=NOW, last_seen=NOW)
    assert (first.way, first.due) == (Way.GATHER, NOW)
    soon = NOW + 10 * MINUTE
    second = rule(a_topic(), ann, Standing(alone=3, gathered_at=NOW), [], PACE, now=soon, last_seen=soon)
    assert second.due == NOW + 30 * MINUTE
    standing = Standing(alone=3, gathered_at=NOW, open_at=(second.due,))
    assert rule(a_topic(), ann, standing, [], PACE, now=soon, last_seen=soon).due == second.due


def test_history_is_gathered() -> None:
    ruling = rule(a_topic(), a_manager(), Standing(), [], PACE, now=NOW, last_seen=NOW - 49 * HOUR)
    assert (ruling.way, ruling.due) == (Way.GATHER, NOW)


def test_a_critical_alert_never_waits_for_the_morning_with_the_others() -> None:
    night, morning = utc("2026-01-15T23:00"), utc("2026-01-16T06:00")
    standing = Standing(alone=3, open_at=(morning,))
    ruling = rule(a_topic(severity=Severity.CRITICAL), NIGHT, standing, [], PACE, now=night, last_seen=night)
    assert ruling.due == night


@given(st.lists(st.integers(-120, 120), max_size=4), st.none() | st.integers(-120, 0))
def test_gathered_messages_keep_their_distance_and_never_wait_longer_than_the_pause(
    minutes: list[int], gone: int | None
) -> None:
    standing = Standing(
        open_at=tuple(NOW + minute * MINUTE for minute in minutes),
        gathered_at=None if gone is None else NOW + gone * MINUTE,
    )
    due = gather_due(standing, PACE, NOW)
    assert due <= NOW + PACE.gather
    joined = due in standing.open_at
    assert joined or due >= NOW
    assert joined or standing.gathered_at is None or due - standing.gathered_at >= PACE.gather


def test_the_pause_doubles_from_a_minute_to_two_hours() -> None:
    assert [backoff(n) // MINUTE for n in (1, 2, 3, 7, 8, 9, 500)] == [1, 2, 4, 64, 120, 120, 120]


def test_a_daily_digest_is_due_once_at_its_hour_in_the_recipients_zone() -> None:
    ann = a_manager(timezone="Asia/Tokyo", digest=DigestEvery.DAY, digest_at="08:00")
    assert digest_due(ann, None, utc("2026-01-14T22:59")) is None
    span = digest_due(ann, None, utc("2026-01-14T23:05"))
    assert span == (utc("2026-01-13T23:00"), utc("2026-01-14T23:00"))
    assert digest_due(ann, span[1], utc("2026-01-15T10:00")) is None
    assert digest_due(ann, span[1], utc("2026-01-15T23:00")) == (span[1], utc("2026-01-15T23:00"))


def test_a_digest_after_an_outage_covers_everything_since_the_last() -> None:
    ann = a_manager(digest=DigestEvery.DAY)
    end = utc("2026-01-10T08:00")
    assert digest_due(ann, end, utc("2026-01-14T15:00")) == (end, utc("2026-01-14T08:00"))


def test_a_weekly_digest_is_due_on_mondays() -> None:
    ann = a_manager(digest=DigestEvery.WEEK)
    span = digest_due(ann, None, utc("2026-01-12T08:30"))  # a Monday
    assert span == (utc("2026-01-05T08:00"), utc("2026-01-12T08:00"))
    assert digest_due(ann, span[1], utc("2026-01-18T23:00")) is None


def test_setting_up_a_digest_at_noon_does_not_send_the_mornings() -> None:
    assert digest_due(a_manager(digest=DigestEvery.DAY), None, utc("2026-01-12T12:00")) is None


def test_a_digest_over_the_change_of_clocks_keeps_its_hour() -> None:
    ann = a_manager(timezone="Europe/Berlin", digest=DigestEvery.DAY)
    end = utc("2026-03-28T07:00")
    assert digest_due(ann, end, utc("2026-03-29T06:30")) == (end, utc("2026-03-29T06:00"))
