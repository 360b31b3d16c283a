"""Incidents of the store as alerts look at them: which may have news, and the facts that a message tells of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, String, cast, literal, or_, select

from collector.store import from_hour
from dashboard.alerts.alert import Alert, Driver, Event, Point, Quote, Sibling
from dashboard.alerts.decide import Followed
from dashboard.alerts.digest import IncidentLine
from dashboard.alerts.outbox import decision
from dashboard.alerts.silence import Topic
from sentiment.spikes.drivers import NO_ASPECT
from sentiment.spikes.incident import IncidentState
from sentiment.spikes.spike import SeriesKey
from sentiment.spikes.store import incident
from sentiment.spikes.store.history import last_judged
from sentiment.spikes.store.incidents import LIVE, KeptIncident, incident_by_id, incidents
from sentiment.taxonomy import taxonomy

NOT_MAILED_TRACK = "volume"
"""More of everything, without a larger share of it being dissatisfied: shown, but no reason to write to anybody."""
EXPLAINED_WITHIN = timedelta(minutes=10)
"""The reason is written just after the incident; it is waited for, but not for ever."""


def followed(conn: Connection, now: datetime) -> list[Followed]:
    """The incidents that may have news: the open ones, and those whose opening or end was not decided yet."""
    about = literal("incident/") + cast(incident.c.id, String)
    opened = select(decision.c.about).where(decision.c.about == about, decision.c.event == "opened").exists()
    number = cast(incident.c.reopenings, String)
    ends = [literal(f"{event}/") + number for event in (Event.RESOLVED.value, Event.LAPSED.value)]
    ended = select(decision.c.about).where(decision.c.about == about, decision.c.event.in_(ends)).exists()
    rows = conn.execute(
        select(incident.c.id).where(
            incident.c.track != NOT_MAILED_TRACK,
            or_(incident.c.state.in_(LIVE), ~opened, ~ended),
        )
    )
    kept = (incident_by_id(conn, row.id) for row in rows)
    judged = last_judged(conn)
    until = None if judged is None else from_hour(judged + 1)
    return [_followed(one, until) for one in kept if one is not None and _explained(one, now)]


def incidents_between(conn: Connection, start: datetime, end: datetime) -> Sequence[tuple[Topic, IncidentLine]]:
    """The incidents that were open at some time in [start, end), as a digest lists them."""
    return [
        (
            topic_of(one),
            IncidentLine(
                id=one.id,
                brand=one.incident.brand,
                dimension=label_of(one.peak.series),
                severity=one.severity,
                started_at=one.began,
                over=one.resolved_at is not None,
                lapsed=one.incident.state is IncidentState.LAPSED,
                unread_since=None if one.unread is None else one.unread.since,
            ),
        )
        for one in incidents(conn, since=start, until=end)
        if one.incident.track != NOT_MAILED_TRACK
    ]


def topic_of(kept: KeptIncident) -> Topic:
    """What routes and silences look at: everything that any of its series touches."""
    series = [member.series for member in kept.incident.members]
    return Topic(
        brand=kept.incident.brand,
        dimensions=tuple(sorted({key.dimension for key in series if key.dimension is not None})),
        sources=tuple(sorted({key.source for key in series})),
        severity=kept.severity,
    )


def label_of(series: SeriesKey) -> str | None:
    """A series' dimension in words; None: dissatisfaction as a whole."""
    if series.dimension is None or "/" not in series.dimension:
        return series.dimension
    return taxonomy().label(series.dimension)


def alert_of(kept: KeptIncident, event: Event) -> Alert:
    """The facts of an incident, as they are known now, for a message about an event."""
    peak, told = kept.peak, kept.explanation or {}
    return Alert(
        event=event,
        incident_id=kept.id,
        brand=kept.incident.brand,
        dimension=label_of(peak.series),
        source=peak.series.source,
        severity=kept.severity,
        spike_class=peak.spike_class,
        started_at=kept.began,
        last_seen=kept.last_seen,
        calm_since=kept.calm_since,
        unread=kept.unread,
        hours=peak.window,
        observed=peak.observed,
        expected=peak.expected,
        lower=peak.lower,
        upper=peak.upper,
        share=peak.share_observed,
        usual_share=peak.share_expected,
        also=_siblings(kept),
        weeks=told.get("weeks"),
        drivers=_drivers(told, peak.excess),
        phrases=tuple(phrase["words"] for phrase in told.get("phrases", ())),
        quotes=tuple(_quote(quote) for quote in told.get("quotes", ())),
        unchanged=tuple(told.get("unchanged", ())),
        points=tuple(_point(point) for point in told.get("points", ())),
    )


def _followed(kept: KeptIncident, judged: datetime | None) -> Followed:
    facts = alert_of(kept, Event.OPENED)

    def tell(event: Event) -> Alert:
        return replace(facts, event=event)

    return Followed(
        id=kept.id,
        topic=topic_of(kept),
        # One that came late could not be taken on before it was found.
        opened_at=max(kept.opened_at, kept.found_at),
        last_seen=kept.last_seen,
        resolved_at=kept.resolved_at,
        lapsed=kept.incident.state is IncidentState.LAPSED,
        reopenings=kept.incident.reopenings,
        acknowledged=kept.acknowledged_at is not None,
        quiet=timedelta(0) if judged is None else judged - (kept.calm_since or kept.last_seen),
        tell=tell,
    )


def _explained(kept: KeptIncident, now: datetime) -> bool:
    return kept.explanation is not None or now - kept.found_at >= EXPLAINED_WITHIN


def _siblings(kept: KeptIncident) -> tuple[Sibling, ...]:
    others = [member.peak for member in kept.incident.members if member.series != kept.peak.series]
    return tuple(
        Sibling(
            dimension=label_of(spike.series),
            source=spike.series.source,
            hours=spike.window,
            observed=spike.observed,
            lower=spike.lower,
            upper=spike.upper,
        )
        for spike in sorted(others, key=lambda spike: -spike.score)
    )


def _drivers(told: Mapping[str, Any], excess: float) -> tuple[Driver, ...]:
    """The parts of the excess by aspect; none where no aspect is named, or where they are those of an earlier spike."""
    parts = told.get("parts", {}).get("aspect", ())
    found = tuple(Driver(label=part["label"], excess=part["excess"]) for part in parts)
    if all(driver.label == NO_ASPECT for driver in found):
        return ()
    return found if abs(sum(driver.excess for driver in found) - excess) < 0.05 else ()


def _quote(quote: Mapping[str, Any]) -> Quote:
    return Quote(
        text=quote["text"],
        source=quote["source"],
        said_at=datetime.fromisoformat(quote["said_at"]),
        url=quote["url"],
        mention_id=quote["mention_id"],
    )


def _point(point: Mapping[str, Any]) -> Point:
    return Point(
        at=datetime.fromisoformat(point["at"]),
        observed=point["observed"],
        expected=point["expected"],
        lower=point["lower"],
        upper=point["upper"],
    )
