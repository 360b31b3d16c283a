"""When a person is told: at once, after quiet hours, gathered with others, with what still waits, or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from dashboard.alerts.settings import AlertSettings, DigestEvery, Manager, clock_of, quiet_of
from dashboard.alerts.silence import Silence, Topic, rank, silenced_by
from sentiment.spikes.spike import Severity

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FOLDED = "told with the earlier message, which was still waiting"
FIRST_DIGEST_WITHIN = HOUR
"""A first digest is sent only this close to its hour: setting one up at noon is not asking for the morning's."""


class Way(StrEnum):
    """What becomes of an alert for one recipient."""

    SEND = "send"
    GATHER = "gather"
    FOLD = "fold"
    SUPPRESS = "suppress"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of one recipient when an alert is decided.

    alone        messages of their own within the last hour, sent or waiting
    open_at      when gathered messages are due that may still take in more
    gathered_at  when the latest one that may not was due
    waiting      an earlier message about the same incident was not tried yet
    refused      why nothing may be sent to this address (unsubscribed, not confirmed); None: it may
    """

    alone: int = 0
    open_at: tuple[datetime, ...] = ()
    gathered_at: datetime | None = None
    waiting: bool = False
    refused: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What becomes of an alert, when it is due, and why it is not sent."""

    way: Way
    due: datetime
    reason: str | None = None


def rule(
    topic: Topic,
    manager: Manager,
    standing: Standing,
    silences: Iterable[Silence],
    settings: AlertSettings,
    *,
    now: datetime,
    last_seen: datetime,
) -> Ruling:
    """Decide one alert for one recipient.

    In this order: nobody who may not be written to; nothing silenced; what was not sent yet is told with the newer;
    quiet hours wait; history, and more than `per_hour`, is gathered.
    """
    if standing.refused is not None:
        return Ruling(way=Way.SUPPRESS, due=now, reason=standing.refused)
    silence = silenced_by(silences, topic, now)
    if silence is not None:
        until = silence.end.astimezone(manager.zone)
        reason = f"silenced until {until:%Y-%m-%d %H:%M %Z}: {silence.reason}"
        return Ruling(way=Way.SUPPRESS, due=now, reason=reason)
    if standing.waiting:
        return Ruling(way=Way.FOLD, due=now, reason=FOLDED)
    quiet = quiet_until(manager, now)
    if quiet is not None and rank(topic.severity) < rank(manager.wake_for):
        return Ruling(way=Way.GATHER, due=quiet)
    if now - last_seen > settings.past or standing.alone >= settings.per_hour:
        return Ruling(way=Way.GATHER, due=gather_due(standing, settings, now))
    return Ruling(way=Way.SEND, due=now)


def gather_due(standing: Standing, settings: AlertSettings, now: datetime) -> datetime:
    """When a gathered message is due: with one that goes soon, else at once, but never closer than the pause."""
    soon = [due for due in standing.open_at if due <= now + settings.gather]
    if soon:
        return min(soon)
    return now if standing.gathered_at is None else max(now, standing.gathered_at + settings.gather)


def quiet_until(manager: Manager, now: datetime) -> datetime | None:
    """The end of the quiet hours that `now` lies in, aware UTC; None outside them."""
    if manager.quiet_hours is None:
        return None
    start, end = quiet_of(manager.quiet_hours)
    today = now.astimezone(manager.zone).date()
    for day in (today - DAY, today):
        begins = datetime.combine(day, start, manager.zone)
        ends = datetime.combine(day if start < end else day + DAY, end, manager.zone)
        if begins.astimezone(now.tzinfo) <= now < ends.astimezone(now.tzinfo):
            return ends.astimezone(now.tzinfo)
    return None


def wakes(manager: Manager, severity: Severity, *, than: Severity, now: datetime) -> bool:
    """Whether what waits for the end of the quiet hours was milder (`than`) and has become too severe to wait."""
    return rank(than) < rank(manager.wake_for) <= rank(severity) and quiet_until(manager, now) is not None


def backoff(attempts: int) -> timedelta:
    """The pause after so many failed tries: 1 minute, doubling, at most 2 hours."""
    return min(timedelta(minutes=2 ** min(attempts - 1, 10)), timedelta(hours=2))


def digest_due(manager: Manager, last_end: datetime | None, now: datetime) -> tuple[datetime, datetime] | None:
    """The span that a digest due by `now` covers, [start, end) in aware UTC; None if none is due.

    It starts where the last one ended, so that a machine that slept leaves no gap.
    """
    if manager.digest is None:
        return None
    end = _digest_moment(manager, now)
    length = DAY if manager.digest is DigestEvery.DAY else 7 * DAY
    if last_end is None:
        return (end - length, end) if now - end < FIRST_DIGEST_WITHIN else None
    return (last_end, end) if end - last_end >= length / 2 else None


def _digest_moment(manager: Manager, now: datetime) -> datetime:
    """The latest moment up to `now` at which a digest of this person is due."""
    local = now.astimezone(manager.zone)
    day = local.date()
    if _at(manager, day) > now:
        day -= DAY
    if manager.digest is DigestEvery.WEEK:
        day -= timedelta(days=day.weekday())
    return _at(manager, day).astimezone(now.tzinfo)


def _at(manager: Manager, day: date) -> datetime:
    return datetime.combine(day, clock_of(manager.digest_at), manager.zone)
