"""From claimed deliveries to the one message that tells them: whose words, which links, which thread."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.engine import RowMapping

from dashboard.alerts.alert import Alert, from_json
from dashboard.alerts.decide import Endpoint, Telling, sharing
from dashboard.alerts.digest import from_json as digest_from_json
from dashboard.alerts.digest import write_digest
from dashboard.alerts.links import confirm_link, incident_link, page_link, unsubscribe_link
from dashboard.alerts.message import (
    GATHERED_SHOWN,
    Envelope,
    Message,
    one_line,
    write_gathered,
    write_incident,
    write_note,
)
from dashboard.alerts.route import described
from dashboard.alerts.settings import AlertSettings, Manager
from dashboard.alerts.silence import rank
from dashboard.alerts.words import Words, words


def letter(rows: Sequence[RowMapping], manager: Manager, telling: Telling, *, confirmed: bool) -> Message:
    """The message of one claim: of its only delivery, or of the several that were gathered."""
    spoken = words(manager.language, manager.zone)
    if len(rows) > 1 and rows[0]["incident_id"] is None:
        return _sources(rows, manager, telling, spoken, confirmed=confirmed)
    if len(rows) > 1:
        return _gathered(rows, manager, telling, spoken, confirmed=confirmed)
    row = rows[0]
    kind, body = row["about"].partition("/")[0], row["body"]
    settings = telling.alerts
    if kind == "incident":
        alert = from_json(body["alert"])
        envelope = _envelope(
            row, _why(manager, spoken), settings, link=incident_link(settings, alert.incident_id), confirmed=confirmed,
            thread=body.get("thread"),
        )  # fmt: skip
        return write_incident(alert, spoken, envelope)
    if kind == "digest":
        people = _asked(row, manager, telling)
        key = "why_digest" if len(people) == 1 else "why_digest_several"
        why = spoken.say(key, name=spoken.both([one_line(name, 80) for name in people]))
        envelope = _envelope(row, why, settings, link=page_link(settings, ""), confirmed=confirmed)
        return write_digest(digest_from_json(body), spoken, envelope)
    if kind == "confirm":
        link = confirm_link(settings, row["recipient"])
        envelope = _envelope(row, spoken["confirm_why"], settings, link=link, confirmed=True)
        lines = [spoken["confirm_body"]]
        return write_note(
            row["subject"], spoken["headline_confirm"], lines, spoken, envelope, link_text=spoken["confirm"]
        )
    why = spoken.say("why_operations", name=manager.name)
    envelope = _envelope(row, why, settings, link=page_link(settings, "sources"), confirmed=confirmed)
    return _source(row, spoken, envelope)


def _asked(row: RowMapping, manager: Manager, telling: Telling) -> list[str]:
    """The names of those who get this summary together."""
    if manager.digest is None:
        return [manager.name]
    endpoint = Endpoint(channel=row["channel"], recipient=row["recipient"])
    return [one.name for one in sharing(telling, endpoint, manager.digest)]


def source_subject(event: str, body: Mapping[str, Any], spoken: Words) -> str:
    """The subject line of an alert about a source; event is "source_down", "source_back" or "source_gap"."""
    return one_line(spoken.say(f"subject_{event}", **_named(body, spoken)), 200)


def _named(body: Mapping[str, Any], spoken: Words) -> dict[str, str]:
    return {
        "source": one_line(body["source"], 60),
        "since": spoken.moment(datetime.fromisoformat(body["since"])),
        "until": spoken.moment(datetime.fromisoformat(body.get("until") or body["since"])),
        "promise": spoken.span(max(1, round(body["promise_hours"]))),
    }


def _source(row: RowMapping, spoken: Words, envelope: Envelope) -> Message:
    body, event = row["body"], row["event"]
    named = _named(body, spoken)
    lines = [spoken.say(event, **named)]
    if event == "source_down":
        error = body["error"]
        lines.append(
            spoken.say("source_error", error=one_line(error, 300)) if error else spoken.say("source_stale", **named)
        )
        lines.append(spoken["source_act"])
    elif event == "source_gap":
        lines.append(spoken.say("source_reason", error=one_line(body["error"], 300)))
    colour = "calm" if event == "source_back" else "moderate"
    return write_note(
        row["subject"], spoken[f"headline_{event}"], lines, spoken, envelope,
        link_text=spoken["open_dashboard"], colour=colour,
    )  # fmt: skip


def _sources(
    rows: Sequence[RowMapping], manager: Manager, telling: Telling, spoken: Words, *, confirmed: bool
) -> Message:
    """News of several sources in one message, a line each."""
    subject = f"{rows[0]['subject']} – {spoken.say('more', n=len(rows) - 1)}"
    why = spoken.say("why_operations", name=manager.name)
    link = page_link(telling.alerts, "sources")
    mark = hashlib.sha256(" ".join(row["message_id"] for row in rows).encode()).hexdigest()[:16]
    envelope = replace(
        _envelope(rows[0], why, telling.alerts, link=link, confirmed=confirmed),
        message_id=f"<sources.{mark}@{rows[0]['message_id'].strip('<>').partition('@')[2]}>",
    )
    lines = [row["subject"] for row in rows[:GATHERED_SHOWN]]
    if len(rows) > GATHERED_SHOWN:
        lines.append(spoken.say("more", n=len(rows) - GATHERED_SHOWN))
    return write_note(
        subject, spoken["sources"], [*lines, spoken["source_act"]], spoken, envelope,
        link_text=spoken["open_dashboard"], colour="moderate",
    )  # fmt: skip


def _gathered(
    rows: Sequence[RowMapping], manager: Manager, telling: Telling, spoken: Words, *, confirmed: bool
) -> Message:
    alerts = [from_json(row["body"]["alert"]) for row in rows]
    worst_first = sorted(alerts, key=lambda alert: (-rank(alert.severity), alert.started_at))
    links = [incident_link(telling.alerts, alert.incident_id) for alert in worst_first]
    mark = hashlib.sha256(" ".join(row["message_id"] for row in rows).encode()).hexdigest()[:16]
    domain = rows[0]["message_id"].strip("<>").partition("@")[2]
    envelope = Envelope(
        message_id=f"<gathered.{mark}@{domain}>",
        why=_why(manager, spoken),
        link=page_link(telling.alerts, "incidents"),
        confirm=None if confirmed else confirm_link(telling.alerts, rows[0]["recipient"]),
        unsubscribe=_unsubscribe(rows[0], telling.alerts),
    )
    return write_gathered(worst_first, links, _intro(rows, alerts, telling.alerts, spoken), spoken, envelope)


def _intro(rows: Sequence[RowMapping], alerts: Sequence[Alert], settings: AlertSettings, spoken: Words) -> str:
    old = all(row["due"] - alert.last_seen > settings.past for row, alert in zip(rows, alerts, strict=True))
    if old and all(alert.calm_since is not None for alert in alerts):
        return spoken["gathered_past"]
    held = any(row["due"] - row["created_at"] > settings.gather for row in rows)
    return spoken["gathered_quiet" if held else "gathered_many"]


def _envelope(
    row: RowMapping,
    why: str,
    settings: AlertSettings,
    *,
    link: str | None,
    confirmed: bool,
    thread: str | None = None,
) -> Envelope:
    mail = row["channel"] == "email"
    return Envelope(
        message_id=row["message_id"],
        why=why,
        thread=thread,
        link=link,
        confirm=None if confirmed or not mail else confirm_link(settings, row["recipient"]),
        unsubscribe=_unsubscribe(row, settings),
    )


def _unsubscribe(row: RowMapping, settings: AlertSettings) -> str | None:
    return unsubscribe_link(settings, row["recipient"]) if row["channel"] == "email" else None


def _why(manager: Manager, spoken: Words) -> str:
    if manager.escalate_after is not None or manager.catch_all:
        key = "why_rest" if manager.escalate_after is None else "why_escalated"
        return spoken.say(key, name=one_line(manager.name, 80))
    route = spoken.both([one_line(spoken.name(name), 60) for name in described(manager)]) or spoken["why_all"]
    return spoken.say("why_told", name=one_line(manager.name, 80), route=route)
