"""Which sources are past their promised freshness or have lost a span for good, and who is told so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import RowMapping

from collector.errors import BudgetSpent
from collector.sources import Gap, SourceConfig, Why, is_pushed
from collector.store.gaps import lasting_gaps
from collector.store.runs import state_of
from dashboard.alerts import outbox
from dashboard.alerts.decide import SOURCES, Endpoint, Telling, bundle_of, endpoints, message_id, refusal
from dashboard.alerts.facts import first_run, last_end
from dashboard.alerts.letter import source_subject
from dashboard.alerts.outbox import Draft
from dashboard.alerts.words import words
from dashboard.standing import promise_of, read_as_of

COMES_BACK_WITHIN = timedelta(minutes=15)
"""News about sources waits so long for more of it: a network that is down takes many along, and after a start of
Groundswell all are late until they have been read."""
READ_AGAIN = "the source was read again before this was sent"
FOUND_WITHIN = timedelta(days=7)
"""Spans that were lost longer ago are no news: they are on the Sources page."""


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
    since = None if state is None else read_as_of(state) or first_run
    promise = promise_of(source)
    if state is None or since is None or not source.enabled or is_pushed(source):
        return None
    # A budget that is renewed next month need not be waited for: that the promise will be broken is certain today.
    spent = state["wait_until"] if state["last_error_kind"] == BudgetSpent.__name__ else None
    if max(now, spent or now) - since <= promise:
        return None
    failed_at = state["last_error_at"]
    error = state["last_error"] if failed_at is not None and failed_at >= since else state["note"]
    return Trouble(source=source.name, since=since, promise=promise, error=error)


def just_started(conn: Connection, sources: Iterable[SourceConfig], now: datetime) -> bool:
    """Whether a source is past its promise and was not even tried since: Groundswell was off, and catches up."""
    for source in sources:
        found = trouble(source, state_of(conn, source.name), first_run(conn, source.name), now)
        if found is not None and (last_end(conn, source.name) or found.since) <= found.since + found.promise < now:
            return True
    return False


def troubles(conn: Connection, sources: Iterable[SourceConfig], now: datetime) -> list[Trouble]:
    """The sources that are in trouble now."""
    found = (trouble(source, state_of(conn, source.name), first_run(conn, source.name), now) for source in sources)
    return [one for one in found if one is not None]


def decide_sources(conn: Connection, telling: Telling, sources: Iterable[SourceConfig], now: datetime) -> list[Draft]:
    """Queue an alert for each source that stopped being read, one when it is read again, and one for what it lost.

    An episode is known by how far the source was read before it, so that two processes cannot tell it twice; while
    one is open there is no other, though a source that lags behind is read a little further with every run. What is
    over before anybody was told of it is told to nobody.
    """
    drafts: list[Draft] = []
    for source in sources:
        state = state_of(conn, source.name)
        found = trouble(source, state, first_run(conn, source.name), now)
        # A source may be called as another one and more: "app", "app/reviews".
        open_ = [
            about
            for about in outbox.unanswered(conn, f"source/{source.name}/", "source_down", "source_back")
            if about.rpartition("/")[0] == f"source/{source.name}"
        ]
        if found is not None:
            about = f"source/{source.name}/{found.since.isoformat()}"
            if not open_ and outbox.take(conn, about, "source_down", now):
                drafts += _drafts(conn, telling, about, "source_down", _body(found), now=now)
        elif state is not None and (read := read_as_of(state)) is not None:
            back = {
                "source": source.name,
                "since": (state["last_success"] or read).isoformat(),
                "error": None,
                "promise_hours": 0,
            }
            for about in open_:
                if outbox.take(conn, about, "source_back", now):
                    unheard = _unheard(conn, about)
                    drafts += [
                        draft
                        for draft in _drafts(conn, telling, about, "source_back", back, now=now)
                        if (draft.channel, draft.recipient) not in unheard
                    ]
        drafts += _lost(conn, telling, source, now)
    return outbox.put(conn, drafts, now)


def _lost(conn: Connection, telling: Telling, source: SourceConfig, now: datetime) -> list[Draft]:
    """What a source no longer shows: each span longer than its promise once, moments with too much once a week."""
    drafts: list[Draft] = []
    for gap in lasting_gaps(conn, source.name, now - FOUND_WITHIN) if source.enabled else ():
        about = f"gap/{source.name}/{_episode(gap)}"
        whole = gap.why is Why.TOO_MANY or gap.end - gap.start > promise_of(source)
        if whole and outbox.take(conn, about, "source_gap", now):
            body = {
                "source": source.name,
                "since": gap.start.isoformat(),
                "until": gap.end.isoformat(),
                "error": gap.sentence,
                "promise_hours": 0,
            }
            drafts += _drafts(conn, telling, about, "source_gap", body, now=now)
    return drafts


def _unheard(conn: Connection, about: str) -> set[tuple[str, str]]:
    """Take back what still waits to be told of an episode; returns whom nobody told."""
    found = [row for row in outbox.waiting(conn) if row["about"] == about and outbox.waits(row)]
    for row in found:
        outbox.drop(conn, row["id"], READ_AGAIN)
    return {(row["channel"], row["recipient"]) for row in found}


def _episode(gap: Gap) -> str:
    return f"{gap.start:%G-W%V}" if gap.why is Why.TOO_MANY else gap.start.isoformat()


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
    drafts = []
    for manager in telling.managers:
        for endpoint in endpoints(manager) if manager.operations else ():
            due, bundle = _together(conn, endpoint, now)
            drafts.append(
                Draft(
                    about=about,
                    event=event,
                    recipient=endpoint.recipient,
                    channel=endpoint.channel,
                    person=manager.name,
                    message_id=message_id(telling, about, event, endpoint.recipient, now),
                    subject=source_subject(event, body, words(manager.language, manager.zone)),
                    body=body,
                    due=due,
                    bundle=bundle,
                    reason=refusal(conn, telling, endpoint),
                )
            )
    return drafts


def _together(conn: Connection, endpoint: Endpoint, now: datetime) -> tuple[datetime, str]:
    """When somebody is told of sources, and in which message: in the one that waits, else in a new one."""
    for message in outbox.gathered_since(conn, endpoint.recipient, endpoint.channel, now):
        if message.open and message.bundle.startswith(SOURCES):
            return message.due, message.bundle
    due = now + COMES_BACK_WITHIN
    return due, SOURCES + bundle_of(endpoint, due)
