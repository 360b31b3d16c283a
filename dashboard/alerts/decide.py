"""From incidents to deliveries: what is news, who is told and when, recorded in the transaction that decides it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.engine import RowMapping

from dashboard.alerts import outbox, wishes
from dashboard.alerts.alert import Alert, Event, to_json
from dashboard.alerts.message import one_line, subject_of
from dashboard.alerts.outbox import Draft, Gathered, State
from dashboard.alerts.pace import Ruling, Standing, Way, rule, wakes
from dashboard.alerts.route import escalated, told
from dashboard.alerts.settings import AlertSettings, DigestEvery, MailSettings, Manager, address_of
from dashboard.alerts.silence import Silence, Topic, rank, silenced_by
from dashboard.alerts.words import words
from sentiment.spikes.spike import Severity
from sentiment.taxonomy import taxonomy

HOUR = timedelta(hours=1)
GATHERED_LOOK_BACK = timedelta(days=2)
SILENCED, TOUCHES, UNACKNOWLEDGED = "silenced/", "touches/", "unacknowledged/"
SOURCES = "sources/"
UNCONFIRMED = "this address has not been confirmed"
TAKEN_ON = "the incident was taken on, or over, before this was sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """An incident as deciding looks at it.

    lapsed its sources were not read for so long that it was closed without knowing whether it ended
    quiet  for how long it is known to be back to normal, up to the last hour that is judged
    tell   the facts for a message about an event, asked for only if somebody is told
    """

    id: int
    topic: Topic
    opened_at: datetime
    last_seen: datetime
    resolved_at: datetime | None
    reopenings: int
    acknowledged: bool
    quiet: timedelta
    tell: Callable[[Event], Alert]
    lapsed: bool = False

    @property
    def closed(self) -> bool:
        """Over, or no longer followed."""
        return self.lapsed or self.resolved_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a person is reached: a mail address, or a chat room by its label."""

    channel: str
    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Everything configured about telling people."""

    alerts: AlertSettings
    mail: MailSettings | None
    managers: tuple[Manager, ...]


def chat_label(url: str) -> str:
    """How a chat is known without its secrets: its service and a short hash."""
    return f"{url.partition(':')[0].lower()}:{hashlib.sha256(url.encode()).hexdigest()[:10]}"


def endpoints(manager: Manager) -> list[Endpoint]:
    """Every way to reach a person."""
    # However it is written, it is one mailbox: nobody wants its mails twice.
    address = None if manager.email is None else address_of(manager.email).addr_spec.lower()
    mail = [] if address is None else [Endpoint(channel="email", recipient=address)]
    return mail + [Endpoint(channel="chat", recipient=chat_label(url)) for url in manager.chat]


def sharing(telling: Telling, endpoint: Endpoint, every: DigestEvery) -> list[Manager]:
    """Those who want a summary so often at the same place: they get one together, when the first of them wants it."""
    return [one for one in telling.managers if one.digest is every and endpoint in endpoints(one)]


def message_id(telling: Telling, about: str, event: str, recipient: str, seed: datetime) -> str:
    """The stable Message-ID of one delivery; `seed` and the owner's secret keep installations apart."""
    sender = "groundswell.invalid" if telling.mail is None else address_of(telling.mail.sender).domain
    key = "\0".join((about, event, recipient, seed.isoformat()))
    mark = hmac.new((telling.alerts.secret or "").encode(), key.encode(), hashlib.sha256).hexdigest()[:16]
    return f"<{about.partition('/')[0]}.{event.partition('/')[0]}.{mark}@{sender}>"


def decide(conn: Connection, telling: Telling, followed: Iterable[Followed], now: datetime) -> list[Draft]:
    """Turn what is new about incidents into deliveries; returns the new ones. Deciding again adds none."""
    known = list(followed)
    done = outbox.decided(conn, [_about(incident) for incident in known])
    silences = [*telling.alerts.planned, *wishes.silences(conn, now)]
    drafts: list[Draft] = []
    # The worst first, so that it gets a message of its own where others are gathered.
    for incident in sorted(known, key=lambda f: (-rank(f.topic.severity), f.opened_at)):
        desk = _Desk(conn=conn, telling=telling, incident=incident, silences=silences, now=now)
        # What is silenced is recorded under a name of its own, so that it is news once the silence is over.
        prefix = SILENCED if silenced_by(silences, incident.topic, now) else ""
        for news, event, managers in _news(incident, done.get(_about(incident), set()), telling, now):
            key = prefix + news
            if outbox.take(conn, _about(incident), key, now):
                drafts += desk.tell(key, event, managers)
        desk.bring_up_to_date()
    return drafts


def _about(incident: Followed) -> str:
    return f"incident/{incident.id}"


def _news(
    incident: Followed, done: set[str], telling: Telling, now: datetime
) -> Iterable[tuple[str, Event, Sequence[Manager] | None]]:
    """What is new about an incident: a key, the event, and whom to tell (None: those told of an earlier event)."""
    route = told(incident.topic, telling.managers)
    severity = incident.topic.severity
    if "opened" not in done and SILENCED + "opened" in done and incident.closed:
        # It came and went under a silence: nobody hears of it.
        yield "opened", Event.OPENED, ()
    elif "opened" not in done:
        yield "opened", Event.OPENED, route
        # Some may have heard of it before a silence held it back from the others.
        yield f"worse/{severity}", Event.WORSE, None if rank(severity) > _told_severity(done) else ()
    elif rank(severity) > _told_severity(done) and not incident.closed:
        yield f"worse/{severity}", Event.WORSE, route
    yield from _reached(incident, done, telling)
    if incident.lapsed:
        yield f"{Event.LAPSED}/{incident.reopenings}", Event.LAPSED, None
    elif incident.resolved_at is None:
        for number in range(incident.reopenings):
            if f"resolved/{number}" in done:
                yield f"reopened/{number + 1}", Event.REOPENED, None
        if not incident.acknowledged and now - incident.last_seen <= telling.alerts.past:
            for manager in escalated(incident.topic, telling.managers, now - incident.opened_at):
                yield f"{UNACKNOWLEDGED}{manager.name}", Event.UNACKNOWLEDGED, [manager]
    elif min(incident.quiet, now - incident.last_seen) >= telling.alerts.settle:
        yield f"resolved/{incident.reopenings}", Event.RESOLVED, None


def _reached(incident: Followed, done: set[str], telling: Telling) -> Iterable[tuple[str, Event, Sequence[Manager]]]:
    """What an incident has come to touch since it was first told, and those onto whose route that brought it."""
    known = {key.removeprefix(TOUCHES) for key in done if key.startswith(TOUCHES)}
    opening = not known
    before: list[Manager] = [] if opening else told(_within(incident.topic, known), telling.managers)
    for name in (*incident.topic.dimensions, *incident.topic.sources):
        if name in known:
            continue
        known.add(name)
        reached = told(_within(incident.topic, known), telling.managers)
        gone = incident.closed and f"{SILENCED}{TOUCHES}{name}" in done
        news = [] if opening or gone else [manager for manager in reached if manager not in before]
        yield f"{TOUCHES}{name}", Event.OPENED, news
        before = reached


def _within(topic: Topic, names: set[str]) -> Topic:
    return replace(
        topic,
        dimensions=tuple(name for name in topic.dimensions if name in names),
        sources=tuple(name for name in topic.sources if name in names),
    )


def _told_severity(done: set[str]) -> int:
    told_bands = {key.partition("/")[2] for key in done if key.startswith("worse/")}
    return max((rank(band) for band in Severity if band.value in told_bands), default=len(Severity))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """One incident being decided within a transaction."""

    conn: Connection
    telling: Telling
    incident: Followed
    silences: Sequence[Silence]
    now: datetime

    def tell(self, key: str, event: Event, managers: Sequence[Manager] | None) -> list[Draft]:
        """Queue or record one event for everybody concerned; returns the deliveries that this made."""
        if managers is not None and not managers:
            return []
        earlier = outbox.told_of(self.conn, self.incident.id)
        drafts = []
        for manager in self.telling.managers if managers is None else managers:
            for endpoint in endpoints(manager):
                own = [row for row in earlier if _reaches(row, endpoint)]
                heard = [row for row in own if row["state"] in _ALIVE]
                # Of those who share an address, the one who was told of the beginning.
                if managers is not None or (heard and person(self.telling, heard[0]) is manager):
                    drafts.append(self._draft(key, event, manager, endpoint, own))
        return outbox.put(self.conn, drafts, self.now)

    def _draft(self, key: str, event: Event, manager: Manager, endpoint: Endpoint, own: Sequence[RowMapping]) -> Draft:
        if event is Event.WORSE and not any(row["state"] in _ALIVE for row in own):
            event = Event.OPENED
        alert = replace(self.incident.tell(event), note=self._reason(key, manager))
        waiting = [row for row in own if outbox.waits(row)]
        since = self.now - GATHERED_LOOK_BACK
        known = outbox.gathered_since(self.conn, endpoint.recipient, endpoint.channel, since)
        gathered = [message for message in known if not message.bundle.startswith(SOURCES)]
        ruling = rule(
            self.incident.topic,
            manager,
            self._standing(endpoint, gathered, waiting=bool(waiting)),
            self.silences,
            self.telling.alerts,
            now=self.now,
            last_seen=self.incident.last_seen,
        )
        if ruling.way is Way.FOLD:
            self._fold(waiting[-1], alert, manager)
        about = _about(self.incident)
        return Draft(
            about=about,
            event=key,
            recipient=endpoint.recipient,
            channel=endpoint.channel,
            person=manager.name,
            incident_id=self.incident.id,
            severity=self.incident.topic.severity,
            message_id=message_id(self.telling, about, key, endpoint.recipient, self.incident.opened_at),
            subject=subject_of(alert, words(manager.language, manager.zone)),
            body=self._body(alert, next((row["message_id"] for row in own if row["state"] in _ALIVE), None)),
            due=ruling.due,
            bundle=_bundle(endpoint, ruling, gathered),
            reason=ruling.reason,
        )

    def _reason(self, key: str, manager: Manager) -> str | None:
        """Why somebody hears of an incident only now; None: it is new, or they know of it."""
        if not key.startswith(TOUCHES):
            return None
        name = key.removeprefix(TOUCHES)
        spoken = words(manager.language, manager.zone)
        shown = spoken.name(taxonomy().label(name)) if name in self.incident.topic.dimensions else name
        return spoken.say("fact_spread", name=one_line(shown, 80))

    def _body(self, alert: Alert, thread: str | None) -> dict[str, object]:
        topic = self.incident.topic
        return {
            "alert": to_json(alert),
            "thread": thread,
            "dimensions": list(topic.dimensions),
            "sources": list(topic.sources),
        }

    def bring_up_to_date(self) -> None:
        """What still waits tells what is known now; nobody is asked to take on what somebody has taken on.

        Who confirms an address while an incident goes on is told of it then.
        """
        incident = self.incident
        settled = incident.acknowledged or incident.closed
        rows = outbox.told_of(self.conn, incident.id)
        reached = {row["recipient"] for row in rows if row["state"] in _ALIVE}
        for row in rows:
            held = row["reason"] == UNCONFIRMED and row["recipient"] not in reached and not incident.closed
            endpoint = Endpoint(channel=row["channel"], recipient=row["recipient"])
            if held and refusal(self.conn, self.telling, endpoint) is None:
                outbox.revive(self.conn, row["id"], self.now)
                reached.add(row["recipient"])
            elif not outbox.waits(row):
                continue
            if settled and row["event"].startswith(UNACKNOWLEDGED):
                outbox.drop(self.conn, row["id"], TAKEN_ON)
            elif (manager := person(self.telling, row)) is not None:
                self._fold(row, incident.tell(Event.OPENED), manager)

    def _fold(self, row: RowMapping, alert: Alert, manager: Manager) -> None:
        kept = row["body"]["alert"]
        updated = replace(alert, event=Event(kept.get("event", alert.event)), note=kept.get("note"))
        body = self._body(updated, row["body"].get("thread"))
        severity = self.incident.topic.severity
        if body == row["body"] and severity == row["severity"]:
            return
        subject = subject_of(updated, words(manager.language, manager.zone))
        at = self.now if wakes(manager, severity, than=Severity(row["severity"]), now=self.now) else None
        outbox.fold(self.conn, row["id"], body, subject, severity, at=at)

    def _standing(self, endpoint: Endpoint, gathered: Sequence[Gathered], *, waiting: bool) -> Standing:
        return Standing(
            alone=outbox.alone_since(self.conn, endpoint.recipient, endpoint.channel, self.now - HOUR),
            open_at=tuple(message.due for message in gathered if message.open),
            gathered_at=max((message.due for message in gathered if not message.open), default=None),
            waiting=waiting,
            refused=refusal(self.conn, self.telling, endpoint),
        )


def _bundle(endpoint: Endpoint, ruling: Ruling, gathered: Sequence[Gathered]) -> str | None:
    if ruling.way is not Way.GATHER:
        return None
    fresh = bundle_of(endpoint, ruling.due)
    return next((message.bundle for message in gathered if message.open and message.due == ruling.due), fresh)


def bundle_of(endpoint: Endpoint, due: datetime) -> str:
    """The name of the message in which somebody gets together what is due at a moment."""
    return f"{endpoint.channel}/{endpoint.recipient}/{due.isoformat()}"


_ALIVE = (State.QUEUED, State.SENDING, State.SENT)


def _reaches(row: RowMapping, endpoint: Endpoint) -> bool:
    return (row["channel"], row["recipient"]) == (endpoint.channel, endpoint.recipient)


def person(telling: Telling, row: RowMapping) -> Manager | None:
    """Whom a delivery is for: the person it was decided for, else who is reached there by another name now."""
    endpoint = Endpoint(channel=row["channel"], recipient=row["recipient"])
    found = [manager for manager in telling.managers if endpoint in endpoints(manager)]
    return next((manager for manager in found if manager.name == row["person"]), found[0] if found else None)


def refusal(conn: Connection, telling: Telling, endpoint: Endpoint) -> str | None:
    """Why nothing may be sent to somebody; None: it may."""
    if endpoint.channel != "email":
        return None
    if telling.mail is None:
        return "no mail server is configured"
    said = wishes.standing_of(conn, endpoint.recipient)
    if said is not None and said["unsubscribed_at"] is not None:
        return "this address has unsubscribed"
    if telling.alerts.require_confirmation and (said is None or said["confirmed_at"] is None):
        return UNCONFIRMED
    return None
