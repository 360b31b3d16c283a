"""Which sources are past their promised freshness, and what is told to the people who look after them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import RowMapping

from collector.sources import SourceConfig
from collector.store.runs import state_of
from dashboard.alerts import outbox
from dashboard.alerts.decide import Telling, endpoints, message_id, refusal
from dashboard.alerts.facts import first_run
from dashboard.alerts.letter import source_subject
from dashboard.alerts.outbox import Draft
from dashboard.alerts.words import words
from dashboard.standing import promise_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A source that cannot be read: since when, and its last error if it reported one."""

    source: str
    since: datetime
    promise: timedelta
    error: str | None


def trouble(
    source: SourceConfig, state: RowMapping | None, first_run: datetime | None, now: datetime
) -> Trouble | None:
    """What is wrong with a source; None: nothing, or it is off, or it never ran.

    One that never succeeded is in trouble once it has been tried for as long as it promises.
    """
    since = None if state is None else state["last_success"] or first_run
    promise = promise_of(source)
    if state is None or since is None or not source.enabled or now - since <= promise:
        return None
    failed_at = state["last_error_at"]
    error = state["last_error"] if failed_at is not None and failed_at >= since else None
    return Trouble(source=source.name, since=since, promise=promise, error=error)


def troubles(conn: Connection, sources: Iterable[SourceConfig], now: datetime) -> list[Trouble]:
    """The sources that are in trouble now."""
    found = (trouble(source, state_of(conn, source.name), first_run(conn, source.name), now) for source in sources)
    return [one for one in found if one is not None]


def decide_sources(conn: Connection, telling: Telling, sources: Iterable[SourceConfig], now: datetime) -> list[Draft]:
    """Queue an alert for each source that stopped being read, and one when it is read again; once an episode.

    An episode is known by the last success before it, so that two processes cannot tell it twice.
    """
    drafts: list[Draft] = []
    for source in sources:
        state = state_of(conn, source.name)
        found = trouble(source, state, first_run(conn, source.name), now)
        if found is not None:
            about = f"source/{source.name}/{found.since.isoformat()}"
            if outbox.take(conn, about, "source_down", now):
                drafts += _drafts(conn, telling, about, "source_down", _body(found), now=now)
        elif state is not None and state["last_success"] is not None:
            back = {
                "source": source.name,
                "since": state["last_success"].isoformat(),
                "error": None,
                "promise_hours": 0,
            }
            for about in outbox.unanswered(conn, f"source/{source.name}/", "source_down", "source_back"):
                if outbox.take(conn, about, "source_back", now):
                    drafts += _drafts(conn, telling, about, "source_back", back, now=now)
    return outbox.put(conn, drafts, now)


def _body(found: Trouble) -> dict[str, Any]:
    return {
        "source": found.source,
        "since": found.since.isoformat(),
        "error": found.error,
        "promise_hours": found.promise / timedelta(hours=1),
    }


def _drafts(
    conn: Connection, telling: Telling, about: str, event: str, body: Mapping[str, Any], *, now: datetime
) -> Sequence[Draft]:
    return [
        Draft(
            about=about,
            event=event,
            recipient=endpoint.recipient,
            channel=endpoint.channel,
            person=manager.name,
            message_id=message_id(telling, about, event, endpoint.recipient, now),
            subject=source_subject(event, body, words(manager.language, manager.zone)),
            body=body,
            due=now,
            reason=refusal(conn, telling, endpoint),
        )
        for manager in telling.managers
        if manager.operations
        for endpoint in endpoints(manager)
    ]
