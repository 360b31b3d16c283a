"""The facts that an alert tells, as known when it was decided: what a delivery keeps and messages are written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from sentiment.spikes.spike import Severity, SpikeClass
from sentiment.spikes.store.incidents import Unread


class Event(StrEnum):
    """What an alert tells."""

    OPENED = "opened"
    WORSE = "worse"
    REOPENED = "reopened"
    UNACKNOWLEDGED = "unacknowledged"
    RESOLVED = "resolved"
    LAPSED = "lapsed"
    SOURCE_DOWN = "source_down"
    SOURCE_BACK = "source_back"
    SOURCE_GAP = "source_gap"
    DIGEST = "digest"
    CONFIRM = "confirm"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """A part of the excess: "4.5 of the 24 too many are about refunds"."""

    label: str
    excess: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """One voice, in its own words."""

    text: str
    source: str
    said_at: datetime
    url: str | None = None
    mention_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One bucket of the chart; observed is None where the source was not fully read."""

    at: datetime
    observed: int | None
    expected: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sibling:
    """Another line that is unusual in the same incident, at its worst."""

    dimension: str | None
    source: str
    hours: int
    observed: int
    lower: float
    upper: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An incident as one message tells it: the figures are those of its worst spike.

    dimension    in words, e.g. "Reliability"; None: dissatisfaction as a whole
    observed     dissatisfied voices within `hours`; expected, lower and upper are those of the same window
    share, usual_share   of all voices, 0 to 1
    weeks        by chance at most once in so many weeks
    calm_since   since when it is known to be back to normal; None: it is not
    unread       where and since when it is not known how it went on
    drivers      add up to the excess
    """

    event: Event
    incident_id: int
    brand: str
    dimension: str | None
    source: str
    severity: Severity
    spike_class: SpikeClass
    started_at: datetime
    last_seen: datetime
    hours: int
    observed: int
    expected: float
    upper: float
    lower: float = 0.0
    also: tuple[Sibling, ...] = ()
    share: float | None = None
    usual_share: float | None = None
    weeks: float | None = None
    drivers: tuple[Driver, ...] = ()
    phrases: tuple[str, ...] = ()
    quotes: tuple[Quote, ...] = ()
    unchanged: tuple[str, ...] = ()
    points: tuple[Point, ...] = ()
    calm_since: datetime | None = None
    unread: Unread | None = None
    note: str | None = None


_ALERT = TypeAdapter(Alert)


def to_json(alert: Alert) -> dict[str, Any]:
    """An alert as JSON values; `from_json` gives the equal alert back."""
    dumped: dict[str, Any] = _ALERT.dump_python(alert, mode="json")
    return dumped


def from_json(values: Mapping[str, Any]) -> Alert:
    """The alert that `to_json` wrote."""
    return _ALERT.validate_python(dict(values))
