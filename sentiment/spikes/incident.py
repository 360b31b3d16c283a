"""Incidents: spikes that belong together, from their opening to their end, as one thing that people follow.

The machine is pure: (incidents, verdicts of one step) → (incidents, events). Feeding a step twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sentiment.spikes.spike import Judgement, SeriesKey, Severity, Spike, SpikeClass, Verdict


class IncidentState(StrEnum):
    """Open: just found. Ongoing: seen again since. Resolved: quiet for `Pace.quiet` steps that were read.

    Lapsed: too little was read for `Pace.lapse` steps to say whether it ended.
    """

    OPEN = "open"
    ONGOING = "ongoing"
    RESOLVED = "resolved"
    LAPSED = "lapsed"


class EventKind(StrEnum):
    """What happened to an incident."""

    OPENED = "opened"
    JOINED = "joined"
    WORSENED = "worsened"
    RESOLVED = "resolved"
    LAPSED = "lapsed"
    REOPENED = "reopened"
    ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long, in steps, quiet lasts before an incident is resolved, and how far off news is a new incident.

    `lapse`: how long an incident waits to be read again. `per_day`: steps in a day.
    """

    quiet: int = 6
    merge: int = 24
    lapse: int = 14 * 24
    per_day: int = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One series within an incident, with its spike of highest score.

    `last` is its last restless step, `read` the last one that is known to be fully read (None while it is restless).
    """

    series: SeriesKey
    since: int
    last: int
    peak: Spike
    read: int | None = None

    @property
    def quiet(self) -> int:
        """Steps from its last restless one to the last that was read."""
        return 0 if self.read is None else max(self.read - self.last, 0)


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
        """Neither resolved nor lapsed."""
        return self.state in {IncidentState.OPEN, IncidentState.ONGOING}

    @property
    def unknown(self) -> Member | None:
        """The member that was read the least since its last restless step, where only that keeps the end unknown."""
        if self.state is IncidentState.RESOLVED or self.seen - self.last < HOURLY_PACE.quiet:
            return None
        return min(self.members, key=lambda member: (member.quiet >= HOURLY_PACE.quiet, member.last + member.quiet))

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


Read = Callable[[SeriesKey, int, int], Sequence[int]]
"""The steps after the first and up to the second one given at which a series is known to be fully read, in order."""


def advance(
    incidents: Iterable[Incident], verdicts: Sequence[Verdict], at: int, read: Read, pace: Pace = HOURLY_PACE
) -> tuple[list[Incident], list[IncidentEvent]]:
    """Carry all incidents over step `at`.

    A step up to the last restless one of a live incident, or one that a closed incident has seen, leaves it as it is;
    a spike there that no incident covers (a late arrival) opens one, once. A live incident takes later steps again,
    for they may have been read since; what was not read at a step says nothing of it. Incidents come back in the order
    given, new ones last.
    """
    current = list(incidents)
    events: list[IncidentEvent] = []
    groups: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.spike is not None and not _told_already(verdict.spike, current, pace):
            groups.setdefault((verdict.series.brand, track_of(verdict.spike)), []).append(verdict)
    known = {one.series for one in verdicts if (one.restless or one.spike is not None) and read(one.series, at - 1, at)}
    restless = frozenset(verdict.series for verdict in verdicts if verdict.restless) & known
    for (brand, track), found in groups.items():
        place = _covering(current, (brand, track), {verdict.series for verdict in found}, at, pace)
        unusual = [v for v in found if v.judgement is Judgement.UNUSUAL]
        if place is None and unusual:
            opened = _open(unusual, track, at, pace)
            current.append(opened)
            events.append(_event(opened, EventKind.OPENED, at, opened.peak))
            place = len(current) - 1
        if place is not None and _takes(current[place], at):
            current[place], news = _update(current[place], [v for v in found if v.series in known], at)
            events.extend(news)
    for place, incident in enumerate(current):
        if incident.live and _takes(incident, at):
            current[place], news = _carry(incident, restless & incident.series(), at, read, pace)
            events.extend(news)
    return current, events


def _takes(incident: Incident, at: int) -> bool:
    return at >= incident.seen or (incident.live and at > incident.last)


def _carry(
    incident: Incident, restless: frozenset[SeriesKey], at: int, read: Read, pace: Pace
) -> tuple[Incident, list[IncidentEvent]]:
    """A live incident after step `at`, at which these of its series are restless."""
    if restless or incident.last == at:
        members = tuple(
            replace(member, last=at, read=None) if member.series in restless else member for member in incident.members
        )
        state = IncidentState.ONGOING if at > incident.opened else incident.state
        return replace(incident, members=members, last=at, seen=max(incident.seen, at), state=state), []
    known = [(member, read(member.series, min(member.last, at - pace.lapse), at)) for member in incident.members]
    members = tuple(replace(member, read=steps[-1] if steps else member.read) for member, steps in known)
    incident = replace(incident, members=members, seen=max(incident.seen, at))
    if at - incident.last < pace.quiet:
        return incident, []
    calm = [[step for step in steps if step > member.last][: pace.quiet] for member, steps in known]
    if all(len(steps) == pace.quiet for steps in calm):
        # What was read late was quiet then, not now.
        end = max(incident.last + pace.quiet, *(steps[-1] for steps in calm))
        over = replace(incident, state=IncidentState.RESOLVED, resolved=end, seen=at)
        return over, [_event(over, EventKind.RESOLVED, end, None)]
    if at - incident.last >= pace.lapse:
        lapsed = replace(incident, state=IncidentState.LAPSED)
        return lapsed, [_event(lapsed, EventKind.LAPSED, at, None)]
    return incident, []


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


def _covering(
    incidents: Sequence[Incident], kind: tuple[str, str], found: set[SeriesKey], at: int, pace: Pace
) -> int | None:
    """Place of the incident that what was found at step `at` belongs to: less than `pace.merge` from it in time.

    Where it was not read between its last sign and its quiet steps, it may have gone on until these.
    One that waits for longer to be read again takes in what comes of its own series, not all that is new elsewhere.
    """
    alike = [p for p in reversed(range(len(incidents))) if (incidents[p].brand, incidents[p].track) == kind]
    for place in alike:
        incident = incidents[place]
        if incident.live and at >= incident.began and found & incident.series():
            return place
    for place in alike:
        incident = incidents[place]
        calm = incident.last if incident.resolved is None else max(incident.last, incident.resolved - pace.quiet)
        if incident.began - pace.merge <= at <= calm + pace.merge:
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
        members=tuple(_member(s, at) for s in spikes),
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
            member = replace(member, peak=peak)
            # What is only raised may be so for days by a long window, and be quiet.
            calm = verdict.judgement is not Judgement.UNUSUAL
            members[spike.series] = member if calm else replace(member, last=at, read=None)
        elif verdict.judgement is Judgement.UNUSUAL or _sibling(spike.series, incident):
            members[spike.series] = _member(spike, at)
            events.append(_event(incident, EventKind.JOINED, at, spike))
    incident = replace(incident, members=tuple(members.values()), last=at if unusual else incident.last)
    if incident.peak.excess >= WORSE_FACTOR * before.excess and at > incident.opened:
        events.append(_event(incident, EventKind.WORSENED, at, incident.peak))
    return incident, events


def _member(spike: Spike, at: int) -> Member:
    return Member(series=spike.series, since=at, last=at, peak=spike)


def _sibling(series: SeriesKey, incident: Incident) -> bool:
    return any(
        series.source == member.series.source or series.dimension == member.series.dimension
        for member in incident.members
    )


def _event(incident: Incident, kind: EventKind, at: int, spike: Spike | None) -> IncidentEvent:
    return IncidentEvent(
        brand=incident.brand, track=incident.track, number=incident.number, kind=kind, at=at, spike=spike
    )
