"""Incidents: spikes that belong together, from their opening to their end, as one thing that people follow.

The machine is pure: (incidents, verdicts of one step) → (incidents, events). Feeding a step twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sentiment.spikes.spike import Judgement, SeriesKey, Severity, Spike, SpikeClass, Verdict


class IncidentState(StrEnum):
    """Open: just found. Ongoing: seen again since. Resolved: quiet for `Pace.quiet` steps."""

    OPEN = "open"
    ONGOING = "ongoing"
    RESOLVED = "resolved"


class EventKind(StrEnum):
    """What happened to an incident."""

    OPENED = "opened"
    JOINED = "joined"
    WORSENED = "worsened"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long, in steps, quiet lasts before an incident is resolved, and resolved before news is a new incident.

    `per_day`: steps in a day.
    """

    quiet: int = 6
    merge: int = 24
    per_day: int = 24

    @classmethod
    def of_days(cls) -> Pace:
        """For daily counts."""
        return cls(quiet=1, merge=2, per_day=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One series within an incident, with its spike of highest score."""

    series: SeriesKey
    since: int
    last: int
    peak: Spike


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Spikes of one brand that belong together.

    `number` is the step that opened it, unique per brand and track. `began` is the first step of the window that
    opened it, `opened` the step at which it was found, `last` its last restless step, `seen` the last that it was fed.
    """

    brand: str
    track: str
    number: int
    state: IncidentState
    began: int
    opened: int
    last: int
    seen: int
    members: tuple[Member, ...]
    resolved: int | None = None
    reopenings: int = 0
    acknowledged: int | None = None
    acknowledged_by: str | None = None

    @property
    def peak(self) -> Spike:
        """The spike of highest score."""
        return max((member.peak for member in self.members), key=lambda spike: (spike.score, spike.excess))

    @property
    def severity(self) -> Severity:
        """The worst severity among its spikes."""
        order = list(Severity)
        return max((member.peak.severity for member in self.members), key=order.index)

    @property
    def live(self) -> bool:
        """Not resolved."""
        return self.state is not IncidentState.RESOLVED

    def series(self) -> frozenset[SeriesKey]:
        """Keys of its members."""
        return frozenset(member.series for member in self.members)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentEvent:
    """One change of one incident at step `at`; `spike` is what changed it."""

    brand: str
    track: str
    number: int
    kind: EventKind
    at: int
    spike: Spike | None = None
    by: str | None = None


HOURLY_PACE = Pace()
WORSE_FACTOR = 2.0  # an incident that doubles its excess is worth saying once more in its history

# Volume alone and slow change are followed apart: they must not open, prolong or hide a dissatisfaction incident.
_TRACK = {
    SpikeClass.DISSATISFACTION: "dissatisfaction",
    SpikeClass.SHARE_SHIFT: "dissatisfaction",
    SpikeClass.SLOW_RISE: "slow rise",
    SpikeClass.VOLUME_SURGE: "volume",
}


def track_of(spike: Spike) -> str:
    """Which kind of incident a spike belongs to."""
    return _TRACK[spike.spike_class]


def advance(
    incidents: Iterable[Incident], verdicts: Sequence[Verdict], at: int, pace: Pace = HOURLY_PACE
) -> tuple[list[Incident], list[IncidentEvent]]:
    """Carry all incidents over step `at`.

    A step that an incident has already seen leaves it as it is; a spike there that no incident covers (a late
    arrival) opens one, once. Incidents come back in the order given, new ones last.
    """
    current = list(incidents)
    events: list[IncidentEvent] = []
    groups: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.spike is not None and not _told_already(verdict.spike, current, pace):
            groups.setdefault((verdict.series.brand, track_of(verdict.spike)), []).append(verdict)
    restless = {verdict.series for verdict in verdicts if verdict.restless}
    for (brand, track), found in groups.items():
        place = _covering(current, brand, track, at, pace)
        unusual = [v for v in found if v.judgement is Judgement.UNUSUAL]
        if place is None and unusual:
            opened = _open(unusual, track, at, pace)
            current.append(opened)
            events.append(_event(opened, EventKind.OPENED, at, opened.peak))
            place = len(current) - 1
        if place is not None and current[place].seen <= at:
            current[place], news = _update(current[place], found, at)
            events.extend(news)
    for place, incident in enumerate(current):
        if incident.seen > at or not incident.live:
            continue
        active = incident.last == at or bool(restless & incident.series())
        last = at if active else incident.last
        state = incident.state
        if incident.state is IncidentState.OPEN and at > incident.opened and active:
            state = IncidentState.ONGOING
        moved = replace(incident, last=last, seen=at, state=state)
        if at - last >= pace.quiet:
            moved = replace(moved, state=IncidentState.RESOLVED, resolved=at)
            events.append(_event(moved, EventKind.RESOLVED, at, None))
        current[place] = moved
    return current, events


def acknowledge(incident: Incident, at: int, by: str) -> tuple[Incident, list[IncidentEvent]]:
    """Someone took it on: repeats stop, nothing is resolved. A second acknowledgement changes nothing."""
    if incident.acknowledged is not None:
        return incident, []
    taken = replace(incident, acknowledged=at, acknowledged_by=by)
    return taken, [replace(_event(taken, EventKind.ACKNOWLEDGED, at, None), by=by)]


def _told_already(found: Spike, incidents: Sequence[Incident], pace: Pace) -> bool:
    """Whether a slow rise only sums up an incident of its own series that lies within its window."""
    return found.spike_class is SpikeClass.SLOW_RISE and any(
        incident.brand == found.series.brand
        and incident.track == _TRACK[SpikeClass.DISSATISFACTION]
        and found.span(pace.per_day)[0] <= incident.last
        and found.series in incident.series()
        for incident in incidents
    )


def _covering(incidents: Sequence[Incident], brand: str, track: str, at: int, pace: Pace) -> int | None:
    """Place of the incident that step `at` belongs to: live, or less than `pace.merge` from it in time."""
    for place in range(len(incidents) - 1, -1, -1):
        incident = incidents[place]
        if (incident.brand, incident.track) != (brand, track):
            continue
        if incident.began - pace.merge <= at <= incident.last + pace.merge or (incident.live and at >= incident.began):
            return place
    return None


def _open(unusual: Sequence[Verdict], track: str, at: int, pace: Pace) -> Incident:
    spikes = [verdict.spike for verdict in unusual if verdict.spike is not None]
    return Incident(
        brand=unusual[0].series.brand,
        track=track,
        number=at,
        state=IncidentState.OPEN,
        began=min(spike.span(pace.per_day)[0] for spike in spikes),
        opened=at,
        last=at,
        seen=at,
        members=tuple(Member(series=s.series, since=at, last=at, peak=s) for s in spikes),
    )


def _update(incident: Incident, found: Sequence[Verdict], at: int) -> tuple[Incident, list[IncidentEvent]]:
    events: list[IncidentEvent] = []
    unusual = any(v.judgement is Judgement.UNUSUAL for v in found)
    if not incident.live:
        if not unusual:
            return incident, []
        incident = replace(
            incident, state=IncidentState.ONGOING, resolved=None, last=at, reopenings=incident.reopenings + 1
        )
        events.append(_event(incident, EventKind.REOPENED, at, None))
    before = incident.peak
    members = {member.series: member for member in incident.members}
    for verdict in found:
        spike = verdict.spike
        if spike is None:
            continue
        member = members.get(spike.series)
        if member is not None:
            peak = spike if spike.score > member.peak.score else member.peak
            members[spike.series] = replace(member, last=at, peak=peak)
        elif verdict.judgement is Judgement.UNUSUAL or _sibling(spike.series, incident):
            members[spike.series] = Member(series=spike.series, since=at, last=at, peak=spike)
            events.append(_event(incident, EventKind.JOINED, at, spike))
    incident = replace(incident, members=tuple(members.values()), last=at if unusual else incident.last)
    if incident.peak.excess >= WORSE_FACTOR * before.excess and at > incident.opened:
        events.append(_event(incident, EventKind.WORSENED, at, incident.peak))
    return incident, events


def _sibling(series: SeriesKey, incident: Incident) -> bool:
    return any(
        series.source == member.series.source or series.dimension == member.series.dimension
        for member in incident.members
    )


def _event(incident: Incident, kind: EventKind, at: int, spike: Spike | None) -> IncidentEvent:
    return IncidentEvent(
        brand=incident.brand, track=incident.track, number=incident.number, kind=kind, at=at, spike=spike
    )
