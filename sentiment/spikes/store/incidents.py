"""Incidents and spikes as they are kept: saved once, found again, taken on, commented, assigned, and explained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, insert, or_, select, update
from sqlalchemy.engine import RowMapping

from collector.store import from_hour, hour_of
from collector.store.runs import upsert
from sentiment.spikes.incident import HOURLY_PACE, EventKind, Incident, IncidentEvent, IncidentState, Member
from sentiment.spikes.spike import SeriesKey, Severity, Spike, SpikeClass
from sentiment.spikes.store import incident, incident_event, spike
from sentiment.spikes.store.history import facet_of
from sentiment.store.counts import count_hour
from sentiment.taxonomy import ALL

NOTE_UP_TO = 10_000
LIVE = (IncidentState.OPEN.value, IncidentState.ONGOING.value)
JUST_READ = 2
"""Hours that a source which is read at all may be behind: the newest is judged before it is collected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A source that was not read since a moment, so that how an incident went on there is not known."""

    source: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptIncident:
    """An incident as the store knows it.

    `explanation` is what was known when it was last seen (see sentiment.spikes.run.explanation_json), None until
    the first one is written. `found_at` is when it was written.
    """

    id: int
    incident: Incident
    severity: Severity
    began: datetime
    opened_at: datetime
    last_seen: datetime
    resolved_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    assigned_to: str | None
    explanation: Mapping[str, Any] | None
    found_at: datetime

    @property
    def peak(self) -> Spike:
        """Its worst spike."""
        return self.incident.peak

    @property
    def window(self) -> tuple[datetime, datetime]:
        """Start and end of the worst spike's window."""
        first, end = self.peak.span()
        return from_hour(first), from_hour(end)

    @property
    def calm_since(self) -> datetime | None:
        """Since when it is known to be back to normal; None: it is not."""
        quiet = timedelta(hours=HOURLY_PACE.quiet)
        return None if self.resolved_at is None else max(self.last_seen, self.resolved_at - quiet)

    @property
    def unread(self) -> Unread | None:
        """What keeps it from being known whether it is over; None: nothing does, or its sources are read again."""
        member = self.incident.unknown
        if member is None:
            return None
        read = member.last if member.read is None else member.read
        if self.incident.live and self.incident.seen - read <= JUST_READ:
            return None
        return Unread(source=member.series.source, since=from_hour(read + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptEvent:
    """One line of an incident's history."""

    kind: str
    at: datetime
    subject: str
    by: str | None
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """What the counts say today of a window that was judged earlier."""

    observed: int
    voices: int


# ------------------------------------------------------------------ reading


def incidents(
    conn: Connection,
    *,
    brand: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[KeptIncident]:
    """Incidents that touch [since, until), the newest first; one that is still open touches all since it began."""
    query = select(incident).order_by(incident.c.last_seen.desc(), incident.c.id.desc())
    if brand is not None:
        query = query.where(incident.c.brand == brand)
    if since is not None:
        query = query.where(or_(incident.c.last_seen > since, incident.c.state.in_(LIVE)))
    if until is not None:
        query = query.where(incident.c.began < until)
    return _kept(conn, query)


def incident_by_id(conn: Connection, incident_id: int) -> KeptIncident | None:
    """One incident, None if there is none."""
    found = _kept(conn, select(incident).where(incident.c.id == incident_id))
    return found[0] if found else None


def _kept(conn: Connection, query: Select[Any]) -> list[KeptIncident]:
    return [_from_row(row) for row in conn.execute(query).mappings()]


def _from_row(row: RowMapping) -> KeptIncident:
    resolved, taken = row["resolved_at"], row["acknowledged_at"]
    return KeptIncident(
        id=row["id"],
        incident=Incident(
            brand=row["brand"],
            track=row["track"],
            number=row["number"],
            state=IncidentState(row["state"]),
            began=hour_of(row["began"]),
            opened=hour_of(row["opened_at"]) - 1,
            last=hour_of(row["last_seen"]) - 1,
            seen=row["seen_hour"],
            members=tuple(_member(values) for values in row["members"]),
            resolved=None if resolved is None else hour_of(resolved) - 1,
            reopenings=row["reopenings"],
            acknowledged=None if taken is None else hour_of(taken),
            acknowledged_by=row["acknowledged_by"],
        ),
        severity=Severity(row["severity"]),
        began=row["began"],
        opened_at=row["opened_at"],
        last_seen=row["last_seen"],
        resolved_at=resolved,
        acknowledged_at=taken,
        acknowledged_by=row["acknowledged_by"],
        assigned_to=row["assigned_to"],
        explanation=row["explanation"],
        found_at=row["found_at"],
    )


def _member(values: Mapping[str, Any]) -> Member:
    key = SeriesKey(**values["series"])
    peak = dict(values["peak"])
    return Member(
        series=key,
        since=values["since"],
        last=values["last"],
        read=values.get("read"),
        peak=Spike(
            **{
                **peak,
                "series": key,
                "spike_class": SpikeClass(peak["spike_class"]),
                "severity": Severity(peak["severity"]),
            }
        ),
    )


def history_of(conn: Connection, incident_id: int) -> list[KeptEvent]:
    """What happened to an incident, in order."""
    rows = conn.execute(
        select(incident_event)
        .where(incident_event.c.incident_id == incident_id)
        .order_by(incident_event.c.at, incident_event.c.id)
    ).mappings()
    return [
        KeptEvent(kind=row["kind"], at=row["at"], subject=row["subject"], by=row["by"], note=row["note"])
        for row in rows
    ]


def present(conn: Connection, found: Spike) -> Present:
    """The counts of a spike's window as they are now: labels may have been corrected, mentions deleted or come late."""
    key, (first, end) = found.series, found.span()
    rows = conn.execute(
        select(count_hour.c.facet, count_hour.c.negative, count_hour.c.neutral, count_hour.c.positive).where(
            count_hour.c.brand == key.brand,
            count_hour.c.source == key.source,
            count_hour.c.facet.in_([ALL, facet_of(key)]),
            count_hour.c.hour >= first,
            count_hour.c.hour < end,
        )
    ).all()
    return Present(
        observed=sum(row.negative for row in rows if row.facet == facet_of(key)),
        voices=sum(row.negative + row.neutral + row.positive for row in rows if row.facet == ALL),
    )


# ------------------------------------------------------------------ writing


def save(
    conn: Connection, current: Iterable[Incident], events: Iterable[IncidentEvent], now: datetime
) -> dict[tuple[str, str, int], int]:
    """Save incidents and their new events; saving the same again changes nothing. Returns ids by identity."""
    ids = {}
    for one in current:
        values = _values(one)
        statement = upsert(conn, incident).values(**values, found_at=now)
        changed = {name: value for name, value in values.items() if name not in {"brand", "track", "number"}}
        ids[one.brand, one.track, one.number] = conn.execute(
            statement.on_conflict_do_update(index_elements=["brand", "track", "number"], set_=changed).returning(
                incident.c.id
            )
        ).scalar_one()
    rows = [
        {
            "incident_id": ids[event.brand, event.track, event.number],
            "kind": event.kind.value,
            "at": from_hour(event.at + 1),
            "subject": "" if event.spike is None else event.spike.series.name(),
            "by": event.by,
            "written_at": now,
        }
        for event in events
    ]
    if rows:
        conn.execute(upsert(conn, incident_event).on_conflict_do_nothing(), rows)
    return ids


def _values(one: Incident) -> dict[str, Any]:
    return {
        "brand": one.brand,
        "track": one.track,
        "number": one.number,
        "state": one.state.value,
        "severity": one.severity.value,
        "began": from_hour(one.began),
        "opened_at": from_hour(one.opened + 1),
        "last_seen": from_hour(one.last + 1),
        "seen_hour": one.seen,
        "resolved_at": None if one.resolved is None else from_hour(one.resolved + 1),
        "reopenings": one.reopenings,
        "members": [asdict(member) for member in one.members],
    }


def save_spikes(conn: Connection, found: Sequence[tuple[Spike, int | None]], now: datetime) -> None:
    """Save spikes with the incident each belongs to; one that is there stays as it was first known."""
    rows = []
    for one, incident_id in found:
        values = asdict(one)
        key = values.pop("series")
        rows.append(
            values
            | {
                "brand": key["brand"],
                "source": key["source"],
                "facet": facet_of(one.series),
                "hour": values.pop("at"),
                "incident_id": incident_id,
                "found_at": now,
            }
        )
    columns = [column.name for column in spike.c]
    for start in range(0, len(rows), 500):
        chunk = [{name: row[name] for name in columns if name in row} for row in rows[start : start + 500]]
        conn.execute(upsert(conn, spike).on_conflict_do_nothing(), chunk)


def save_explanation(conn: Connection, incident_id: int, explanation: Mapping[str, Any]) -> None:
    """Keep why an incident stands out, as it is known now."""
    conn.execute(update(incident).where(incident.c.id == incident_id).values(explanation=dict(explanation)))


def strip_quotes(conn: Connection, mention_ids: Iterable[int]) -> int:
    """Take the words of erased mentions out of every explanation; returns how many quotes went."""
    gone = set(mention_ids)
    stripped = 0
    for row in conn.execute(select(incident.c.id, incident.c.explanation).where(incident.c.explanation.is_not(None))):
        told = dict(row.explanation)
        kept = [quote for quote in told.get("quotes", ()) if quote["mention_id"] not in gone]
        if len(kept) != len(told.get("quotes", ())):
            stripped += len(told["quotes"]) - len(kept)
            save_explanation(conn, row.id, told | {"quotes": kept})
    return stripped


# ------------------------------------------------------------------ what people do


def acknowledge(conn: Connection, incident_id: int, by: str, now: datetime) -> bool:
    """Take an incident on; False if somebody has or there is none. Nothing is resolved by it."""
    done = conn.execute(
        update(incident)
        .where(incident.c.id == incident_id, incident.c.acknowledged_at.is_(None))
        .values(acknowledged_at=now, acknowledged_by=by[:200])
    ).rowcount
    if done:
        _note(conn, incident_id, EventKind.ACKNOWLEDGED.value, now, by=by)
    return bool(done)


def assign(conn: Connection, incident_id: int, to: str, by: str, now: datetime) -> None:
    """Give an incident to somebody."""
    conn.execute(update(incident).where(incident.c.id == incident_id).values(assigned_to=to[:200]))
    _note(conn, incident_id, "assigned", now, by=by, note=to)


def comment(conn: Connection, incident_id: int, note: str, by: str, now: datetime) -> None:
    """Write into an incident's history."""
    _note(conn, incident_id, "commented", now, by=by, note=note)


def _note(conn: Connection, incident_id: int, kind: str, now: datetime, *, by: str, note: str | None = None) -> None:
    conn.execute(
        insert(incident_event).values(
            incident_id=incident_id,
            kind=kind,
            at=now,
            subject="",
            by=by[:200],
            note=None if note is None else note[:NOTE_UP_TO],
            written_at=now,
        )
    )
