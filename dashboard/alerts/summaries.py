"""Which summaries and which questions are due: a digest a day or week, and whether an address may be written to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from dashboard.alerts import outbox, wishes
from dashboard.alerts.decide import UNCONFIRMED, Telling, endpoints, message_id, refusal, sharing
from dashboard.alerts.digest import Digest, IncidentLine, SourceLine, digest_subject, moved, to_json
from dashboard.alerts.facts import figures, first_due
from dashboard.alerts.links import incident_link
from dashboard.alerts.outbox import Draft
from dashboard.alerts.pace import DAY, digest_due
from dashboard.alerts.route import on_route
from dashboard.alerts.settings import DigestEvery, Manager
from dashboard.alerts.silence import Topic
from dashboard.alerts.source_health import Trouble
from dashboard.alerts.words import words

WAITS_FOR_THE_PAST = timedelta(hours=2)
"""A digest waits so long, after an outage, for what was said meanwhile: half of it would be figures that are wrong."""
BEFORE = {DigestEvery.DAY: 7 * DAY, DigestEvery.WEEK: 28 * DAY}
"""What a digest compares with: whole weeks, so that weekends weigh the same on both sides."""

IncidentsBetween = Callable[[Connection, datetime, datetime], Sequence[tuple[Topic, IncidentLine]]]
"""The incidents that were open at some time in [start, end), with what routes look at."""


def decide_digests(
    conn: Connection,
    telling: Telling,
    incidents: IncidentsBetween,
    troubles: Sequence[Trouble],
    now: datetime,
    *,
    catching_up: Callable[[datetime, datetime], bool] = lambda start, end: False,
) -> list[Draft]:
    """Queue the digests that are due; an empty one only for those who want it, but then it counts as told.

    catching_up   whether much of what was said in a span is still to be collected or read; it is waited for a while
    """
    drafts: list[Draft] = []
    for manager in telling.managers:
        span = digest_due(manager, _last_end(conn, telling, manager), now)
        if span is None or manager.digest is None:
            continue
        about = f"digest/{manager.name}/{span[1].isoformat()}"
        if catching_up(*span) and now - first_due(conn, about, now) < WAITS_FOR_THE_PAST:
            continue
        if not outbox.take(conn, about, "digest", span[1]):
            continue
        made: dict[tuple[str, ...], Digest] = {}
        for endpoint in endpoints(manager):
            people = sharing(telling, endpoint, manager.digest)
            if people[0] is not manager:
                continue
            names = tuple(one.name for one in people)
            if names not in made:
                made[names] = _digest(conn, telling, people, span, incidents=incidents, troubles=troubles)
            digest = made[names]
            if digest.empty and not any(one.digest_empty for one in people):
                continue
            drafts.append(
                Draft(
                    about=about,
                    event="digest",
                    recipient=endpoint.recipient,
                    channel=endpoint.channel,
                    person=manager.name,
                    message_id=message_id(telling, about, "digest", endpoint.recipient, span[1]),
                    subject=digest_subject(digest, words(manager.language, manager.zone)),
                    body=to_json(digest),
                    due=now,
                    reason=refusal(conn, telling, endpoint),
                )
            )
    return outbox.put(conn, drafts, now)


def _last_end(conn: Connection, telling: Telling, manager: Manager) -> datetime | None:
    """When a person's last summary ended; of somebody new at a place, that of those who got it there before."""
    own = outbox.last_decided(conn, f"digest/{manager.name}/", "digest")
    if own is not None or manager.digest is None:
        return own
    others = [one for endpoint in endpoints(manager) for one in sharing(telling, endpoint, manager.digest)]
    ends = [outbox.last_decided(conn, f"digest/{one.name}/", "digest") for one in others]
    return max((end for end in ends if end is not None), default=None)


def _digest(
    conn: Connection,
    telling: Telling,
    people: Sequence[Manager],
    span: tuple[datetime, datetime],
    *,
    incidents: IncidentsBetween,
    troubles: Sequence[Trouble],
) -> Digest:
    start, end = span
    every = people[0].digest or DigestEvery.DAY
    whole, parts = figures(conn, people, start, end, BEFORE[every])
    lines = [
        replace(line, link=incident_link(telling.alerts, line.id))
        for topic, line in incidents(conn, start, end)
        if any(on_route(one, topic) for one in people)
    ]
    return Digest(
        every=every,
        start=start,
        end=end,
        brands=tuple(whole),
        moved=tuple(moved(parts)),
        incidents=tuple(sorted(lines, key=lambda line: (line.over, line.started_at))),
        sources=tuple(
            SourceLine(source=found.source, since=found.since)
            for found in troubles
            if any(not one.sources or found.source in one.sources for one in people)
        ),
    )


def ask_to_confirm(conn: Connection, telling: Telling, now: datetime) -> list[Draft]:
    """Queue the question to each address that must confirm and was not asked yet; it is asked once.

    Where it could not be delivered it is asked again each day: without it nobody is ever told of anything.
    """
    if not telling.alerts.require_confirmation or telling.mail is None:
        return []
    drafts = []
    for manager in telling.managers:
        for endpoint in endpoints(manager):
            about = f"confirm/{endpoint.recipient.lower()}"
            if endpoint.channel != "email":
                continue
            if not outbox.take(conn, about, "confirm", now):
                if refusal(conn, telling, endpoint) == UNCONFIRMED:
                    outbox.try_again(conn, about, now - DAY, now)
                continue
            wishes.set_recipient(conn, endpoint.recipient, asked_at=now)
            drafts.append(
                Draft(
                    about=about,
                    event="confirm",
                    recipient=endpoint.recipient,
                    channel=endpoint.channel,
                    person=manager.name,
                    message_id=message_id(telling, about, "confirm", endpoint.recipient, now),
                    subject=words(manager.language, manager.zone)["subject_confirm"],
                    body={},
                    due=now,
                )
            )
    return outbox.put(conn, drafts, now)
