"""What was decided to be told and how far it got: deliveries, decisions, and all their SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    case,
    cast,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.engine import RowMapping

from collector.store import Utc, metadata
from collector.store.runs import upsert
from dashboard.alerts.pace import FOLDED
from sentiment.spikes.spike import Severity

_ID = BigInteger().with_variant(Integer, "sqlite")
ERROR_KEPT = 500
"""Characters of an error that a delivery keeps."""


class State(StrEnum):
    """How far a delivery got."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


delivery = Table(
    "delivery",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("about", String(400), nullable=False, comment="incident/12, source/forum/…, digest/day/…"),
    Column("event", String(130), nullable=False, comment="opened, worse/critical, resolved/0 …"),
    Column("recipient", String(320), nullable=False, comment="mail address, or the name of a chat without its secrets"),
    Column("channel", String(20), nullable=False),
    Column("person", String(200), nullable=False, comment="name of the manager in the configuration"),
    Column("incident_id", _ID),
    Column("severity", String(20)),
    Column("message_id", String(255), nullable=False, comment="stable: a message sent twice is recognised as one"),
    Column("subject", String(250), nullable=False),
    Column("body", JSON, nullable=False, comment="the facts as they were known"),
    Column("state", String(20), nullable=False),
    Column("reason", Text, comment="why it was suppressed"),
    Column("bundle", String(400), comment="deliveries that go out as one message"),
    Column("due", Utc, nullable=False),
    Column("next_try", Utc, nullable=False),
    Column("claimed_until", Utc),
    Column("claim", Integer, nullable=False, server_default="0", comment="fencing token: grows with every claim"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("last_error", Text),
    Column("created_at", Utc, nullable=False),
    Column("sent_at", Utc, comment="when it was taken; of one that waits: when it may have been"),
    UniqueConstraint("about", "event", "recipient", "channel", name="uq_delivery_once"),
    Index("ix_delivery_due", "state", "next_try"),
    Index("ix_delivery_incident", "incident_id"),
    Index("ix_delivery_recipient_due", "recipient", "channel", "due"),
)
"""One thing told to one recipient by one channel; unique, so that no restart and no second process tells it twice."""

decision = Table(
    "decision",
    metadata,
    Column("about", String(400), primary_key=True),
    Column("event", String(130), primary_key=True),
    Column("at", Utc, nullable=False),
    Column("recipients", Integer, nullable=False, server_default="0"),
)
"""What was decided already, whoever was told: a person added later does not hear of it anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A delivery to be queued, or recorded as suppressed."""

    about: str
    event: str
    recipient: str
    channel: str
    person: str
    message_id: str
    subject: str
    body: Mapping[str, Any]
    due: datetime
    incident_id: int | None = None
    severity: Severity | None = None
    bundle: str | None = None
    reason: str | None = None


_WAITS = (delivery.c.state == State.QUEUED, delivery.c.sent_at.is_(None))


def waits(row: RowMapping) -> bool:
    """Whether a delivery is still to be sent and nobody can have got it: what it tells may change."""
    return bool(row["state"] == State.QUEUED) and row["sent_at"] is None


# ------------------------------------------------------------------ deciding


def take(conn: Connection, about: str, event: str, now: datetime) -> bool:
    """Claim the right to decide something, for ever; False if it was decided before."""
    statement = (
        upsert(conn, decision)
        .values(about=about, event=event, at=now)
        .on_conflict_do_nothing(index_elements=["about", "event"])
        .returning(decision.c.about)
    )
    return conn.execute(statement).scalar_one_or_none() is not None


def decided(conn: Connection, abouts: Sequence[str]) -> dict[str, set[str]]:
    """The events decided so far, by what they are about."""
    found: dict[str, set[str]] = {}
    rows = conn.execute(select(decision.c.about, decision.c.event).where(decision.c.about.in_(abouts)))
    for about, event in rows:
        found.setdefault(about, set()).add(event)
    return found


def unanswered(conn: Connection, prefix: str, event: str, answer: str) -> list[str]:
    """What was decided with `event` and not yet with `answer`, among things whose name starts so."""
    answered = select(decision.c.about).where(decision.c.event == answer)
    asked = (decision.c.about.startswith(prefix, autoescape=True), decision.c.event == event)
    return list(conn.scalars(select(decision.c.about).where(*asked, decision.c.about.not_in(answered))))


def put(conn: Connection, drafts: Iterable[Draft], now: datetime) -> list[Draft]:
    """Queue drafts (those with a reason are recorded as suppressed); returns those that were new."""
    new = []
    for draft in drafts:
        values = asdict(draft) | {
            "state": State.QUEUED if draft.reason is None else State.SUPPRESSED,
            "next_try": draft.due,
            "created_at": now,
        }
        if conn.execute(upsert(conn, delivery).values(values).on_conflict_do_nothing()).rowcount:
            new.append(draft)
            key = (decision.c.about == draft.about, decision.c.event == draft.event)
            conn.execute(update(decision).where(*key).values(recipients=decision.c.recipients + 1))
    return new


def last_decided(conn: Connection, prefix: str, event: str) -> datetime | None:
    """When an event of something whose name starts so was last decided."""
    named = (decision.c.about.startswith(prefix, autoescape=True), decision.c.event == event)
    at: datetime | None = conn.scalar(select(func.max(decision.c.at)).where(*named))
    return at


def told_of(conn: Connection, incident_id: int) -> list[RowMapping]:
    """Every delivery about an incident, oldest first."""
    rows = conn.execute(select(delivery).where(delivery.c.incident_id == incident_id).order_by(delivery.c.id))
    return list(rows.mappings())


def alone_since(conn: Connection, recipient_: str, channel: str, since: datetime) -> int:
    """Messages of their own to a recipient that were due after `since`, sent or still waiting."""
    theirs = (delivery.c.recipient == recipient_, delivery.c.channel == channel, delivery.c.due > since)
    alone = (delivery.c.bundle.is_(None), delivery.c.incident_id.is_not(None))
    alive = delivery.c.state.in_((State.QUEUED, State.SENDING, State.SENT))
    return int(conn.scalar(select(func.count()).select_from(delivery).where(*theirs, *alone, alive)) or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """A gathered message: when it is due, and whether it may still take in more (nobody tried to send it yet)."""

    bundle: str
    due: datetime
    open: bool


def gathered_since(conn: Connection, recipient_: str, channel: str, since: datetime) -> list[Gathered]:
    """The gathered messages to a recipient that were or are due after `since`."""
    tried = case((and_(delivery.c.state == State.QUEUED, delivery.c.attempts == 0), 0), else_=1)
    rows = conn.execute(
        select(delivery.c.bundle, func.min(delivery.c.due).label("due"), func.max(tried).label("tried"))
        .where(
            delivery.c.recipient == recipient_,
            delivery.c.channel == channel,
            delivery.c.due > since,
            delivery.c.bundle.is_not(None),
            delivery.c.state != State.SUPPRESSED,
        )
        .group_by(delivery.c.bundle)
    )
    return [Gathered(bundle=row.bundle, due=row.due, open=not row.tried) for row in rows]


def fold(
    conn: Connection,
    delivery_id: int,
    body: Mapping[str, Any],
    subject: str,
    severity: Severity,
    *,
    at: datetime | None = None,
) -> bool:
    """Bring a message that nobody can have got yet up to date; False if it is under way by now.

    at: when it goes, by itself, if no longer when it was to go
    """
    moved = {} if at is None else {"due": at, "next_try": at, "bundle": None}
    changed = conn.execute(
        update(delivery)
        .where(delivery.c.id == delivery_id, *_WAITS)
        .values(body=dict(body), subject=subject, severity=severity, **moved)
    )
    return bool(changed.rowcount)


def drop(conn: Connection, delivery_id: int, reason: str) -> None:
    """Suppress a message that nobody can have got yet."""
    changed = update(delivery).where(delivery.c.id == delivery_id, *_WAITS)
    conn.execute(changed.values(state=State.SUPPRESSED, reason=reason))


def revive(conn: Connection, delivery_id: int, now: datetime) -> None:
    """Send after all what was suppressed."""
    held = update(delivery).where(delivery.c.id == delivery_id, delivery.c.state == State.SUPPRESSED)
    conn.execute(held.values(state=State.QUEUED, reason=None, due=now, next_try=now))


def try_again(conn: Connection, about: str, failed_before: datetime, now: datetime) -> None:
    """Queue anew what failed for good before a moment."""
    failed = update(delivery).where(delivery.c.about == about, delivery.c.state == State.FAILED)
    again = {"state": State.QUEUED, "attempts": 0, "due": now, "next_try": now}
    conn.execute(failed.where(delivery.c.next_try <= failed_before).values(**again))


# ------------------------------------------------------------------ sending


def claim(conn: Connection, now: datetime, lease: timedelta) -> list[RowMapping]:
    """Take the next message that is due: its delivery, or all of its bundle; empty if none is.

    A claim whose lease ran out is taken over: its sender died, before or after the mail left.
    """
    free = or_(
        and_(delivery.c.state == State.QUEUED, delivery.c.next_try <= now),
        and_(delivery.c.state == State.SENDING, delivery.c.claimed_until <= now),
    )
    # One row stands for its bundle, so that two senders never hold parts of the same one.
    message = func.coalesce(delivery.c.bundle, cast(delivery.c.id, String))
    heads = select(func.min(delivery.c.id)).where(free).group_by(message)
    wanted = (
        select(delivery.c.id, delivery.c.bundle)
        .where(delivery.c.id.in_(heads), free, ~_comes_after())
        # One that fails again and again must not hold those back that were tried less.
        .order_by(delivery.c.attempts, delivery.c.next_try, delivery.c.id)
        .limit(1)
    )
    if conn.dialect.name == "postgresql":
        wanted = wanted.with_for_update(skip_locked=True)
    first = conn.execute(wanted).one_or_none()
    if first is None:
        return []
    which = delivery.c.id == first.id if first.bundle is None else delivery.c.bundle == first.bundle
    rows = conn.execute(
        update(delivery)
        .where(which, free)
        .values(
            state=State.SENDING,
            claimed_until=now + lease,
            claim=delivery.c.claim + 1,
            attempts=delivery.c.attempts + 1,
            sent_at=case((delivery.c.state == State.SENDING, delivery.c.claimed_until), else_=delivery.c.sent_at),
        )
        .returning(delivery)
    )
    return sorted(rows.mappings(), key=lambda row: int(row["id"]))


def _comes_after() -> ColumnElement[bool]:
    """Whether an earlier message about the same incident still waits: nobody is told of an end before its beginning."""
    earlier = delivery.alias()
    return (
        select(earlier.c.id)
        .where(
            *(earlier.c[name] == delivery.c[name] for name in ("incident_id", "recipient", "channel")),
            earlier.c.id < delivery.c.id,
            earlier.c.state.in_((State.QUEUED, State.SENDING)),
            or_(earlier.c.bundle.is_(None), delivery.c.bundle.is_(None), earlier.c.bundle != delivery.c.bundle),
        )
        .exists()
    )


def finish(conn: Connection, rows: Sequence[RowMapping], **values: Any) -> None:
    """Write down how claimed deliveries ended, unless another sender took them over meanwhile."""
    if "last_error" in values and values["last_error"] is not None:
        values["last_error"] = values["last_error"][:ERROR_KEPT]
    for row in rows:
        mine = (delivery.c.id == row["id"], delivery.c.claim == row["claim"], delivery.c.state == State.SENDING)
        conn.execute(update(delivery).where(*mine).values(claimed_until=None, **values))


def keep_until(conn: Connection, rows: Sequence[RowMapping], until: datetime, bundle: str) -> None:
    """Let claimed deliveries wait, as one message where nobody can have got them; this was no try."""
    for row in rows:
        mine = (delivery.c.id == row["id"], delivery.c.claim == row["claim"], delivery.c.state == State.SENDING)
        values = {"state": State.QUEUED, "due": until, "next_try": until, "claimed_until": None}
        together = {} if row["sent_at"] is not None else {"bundle": bundle}
        conn.execute(update(delivery).where(*mine).values(attempts=delivery.c.attempts - 1, **values, **together))


def hold_back(conn: Connection, row: RowMapping, prefix: str, reason: str, now: datetime) -> None:
    """Record a claimed delivery, and what was told with it, under names with `prefix`, so that deciding finds it new.

    Nothing happens if another sender took it over meanwhile. An earlier record of that name gives way, and its reason
    is kept with the new one.
    """
    mine = (delivery.c.id == row["id"], delivery.c.claim == row["claim"], delivery.c.state == State.SENDING)
    held = update(delivery).where(*mine).values(claimed_until=None, state=State.SUPPRESSED, reason=reason)
    if not conn.execute(held).rowcount:
        return
    for one, why in [(row, reason), *((folded, FOLDED) for folded in _folded_into(conn, row))]:
        name = prefix + one["event"]
        same = (delivery.c.about == one["about"], delivery.c.recipient == one["recipient"])
        earlier = conn.execute(
            delete(delivery)
            .where(*same, delivery.c.channel == one["channel"], delivery.c.event == name)
            .returning(delivery.c.reason)
        ).scalar_one_or_none()
        said = why if earlier is None else f"{earlier}; {why}"
        conn.execute(update(delivery).where(delivery.c.id == one["id"]).values(event=name, reason=said))
        take(conn, one["about"], name, now)
        conn.execute(delete(decision).where(decision.c.about == one["about"], decision.c.event == one["event"]))


def _folded_into(conn: Connection, row: RowMapping) -> list[RowMapping]:
    """What was to be told with a delivery while it waited: folded since, before a later one waited."""
    own = [one for one in told_of(conn, row["incident_id"]) if one["id"] > row["id"]]
    same = [one for one in own if (one["recipient"], one["channel"]) == (row["recipient"], row["channel"])]
    return [one for one in takewhile(lambda one: one["state"] == State.SUPPRESSED, same) if one["reason"] == FOLDED]


def postpone(
    conn: Connection, channel: str, recipient_: str | None, *, now: datetime, until: datetime, error: str
) -> int:
    """Put off what is due on a channel that is down (of one recipient, where each has a server of its own)."""
    statement = update(delivery).where(
        delivery.c.channel == channel, delivery.c.state == State.QUEUED, delivery.c.next_try <= now
    )
    if recipient_ is not None:
        statement = statement.where(delivery.c.recipient == recipient_)
    return int(conn.execute(statement.values(next_try=until, last_error=error[:ERROR_KEPT])).rowcount)


def waiting(conn: Connection) -> list[RowMapping]:
    """What is queued or under way, the next first."""
    held = select(delivery).where(delivery.c.state.in_((State.QUEUED, State.SENDING)))
    return list(conn.execute(held.order_by(delivery.c.next_try, delivery.c.id)).mappings())


def forget_voices(conn: Connection, mention_ids: Iterable[int]) -> int:
    """Take erased mentions' words out of every kept message; returns how many messages held some."""
    erased, changed = set(mention_ids), 0
    for row in conn.execute(select(delivery.c.id, delivery.c.body).where(delivery.c.incident_id.is_not(None))):
        quotes = row.body["alert"]["quotes"]
        kept = [quote for quote in quotes if quote["mention_id"] not in erased]
        if len(kept) < len(quotes):
            body = row.body | {"alert": row.body["alert"] | {"quotes": kept}}
            conn.execute(update(delivery).where(delivery.c.id == row.id).values(body=body))
            changed += 1
    return changed
