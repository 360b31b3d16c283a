"""One round of telling people: decide what is news in one transaction, send what is due, say in lines what was done."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from collector.sources import SourceConfig
from collector.store import Store
from dashboard.alerts import outbox
from dashboard.alerts.channels import RecipientRefused, email
from dashboard.alerts.decide import Telling, decide, message_id
from dashboard.alerts.deliver import Send, deliver, send_by_channel, ticking
from dashboard.alerts.facts import unread_part
from dashboard.alerts.incidents import followed, incidents_between
from dashboard.alerts.links import page_link
from dashboard.alerts.message import Envelope, write_note
from dashboard.alerts.outbox import Draft
from dashboard.alerts.settings import AlertSettings, MailSettings, Manager, address_of
from dashboard.alerts.source_health import decide_sources, just_started, troubles
from dashboard.alerts.summaries import ask_to_confirm, decide_digests
from dashboard.alerts.words import words
from sentiment.spikes.backtest import UNREAD_MOST


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a round did, a line each; `failed` says whether something could not be sent."""

    lines: list[str]
    failed: bool = False


class _DryRun(Exception):
    """Rolls a dry run's transaction back."""


def notify(  # noqa: PLR0917  # the configuration, section by section, then the moment
    store: Store,
    alerts: AlertSettings,
    mail: MailSettings | None,
    managers: Sequence[Manager],
    sources: Sequence[SourceConfig],
    now: datetime,
    *,
    dry_run: bool = False,
    send: Send = send_by_channel,
    elapsed: Callable[[], float] = time.monotonic,
) -> Summary:
    """Decide on alerts and send what is due; with dry_run only say what would be told, and leave no trace.

    elapsed   seconds of any clock that only goes forward, by which `now` moves on while messages are sent
    """
    telling = Telling(alerts=alerts, mail=mail, managers=tuple(managers))
    if dry_run:
        return _foresee(store, telling, sources, now)
    clock = ticking(now, elapsed)
    with store.write() as conn:
        drafts = _decide(conn, telling, sources, now)
    lines = [_withheld(draft) for draft in drafts if draft.reason is not None]
    outcomes = deliver(store, telling, clock, send)
    failed = any(outcome.error is not None and outcome.state in _BAD for outcome in outcomes)
    return Summary(lines=[*lines, *(outcome.line for outcome in outcomes)], failed=failed)


_BAD = (outbox.State.FAILED, outbox.State.QUEUED)


def test_mail(mail: MailSettings, alerts: AlertSettings, to: str, now: datetime) -> str:
    """Send a test message to an address and say so. Raises ChannelError, also where `to` is no address."""
    try:
        address = address_of(to).addr_spec
    except ValueError as error:
        raise RecipientRefused(f"{error}.") from error
    telling = Telling(alerts=alerts, mail=mail, managers=())
    spoken = words("en", ZoneInfo("UTC"))
    envelope = Envelope(
        message_id=message_id(telling, "test", "test", address, now),
        why=spoken.say("why_test", address=address),
        link=page_link(alerts, ""),
    )
    message = write_note(
        spoken["subject_test"],
        spoken["headline_test"],
        [spoken["test_body"]],
        spoken,
        envelope,
        link_text=spoken["open_dashboard"],
    )
    email.send(mail, address, None, message, now)
    return (
        f"A test mail to {address} was taken by {mail.host}:{mail.port_used}. Look for it, in the spam folder as well."
    )


# pytest takes every function of this prefix that a test imports for a test.
test_mail.__test__ = False  # type: ignore[attr-defined]  # functions take attributes, their type does not say so


def _decide(conn: Connection, telling: Telling, sources: Sequence[SourceConfig], now: datetime) -> list[Draft]:
    def catching_up(start: datetime, end: datetime) -> bool:
        return just_started(conn, sources, now) or unread_part(conn, start, end) > UNREAD_MOST

    return [
        *ask_to_confirm(conn, telling, now),
        *decide(conn, telling, followed(conn, now), now),
        *decide_sources(conn, telling, sources, now),
        *decide_digests(conn, telling, incidents_between, troubles(conn, sources, now), now, catching_up=catching_up),
    ]


def _foresee(store: Store, telling: Telling, sources: Sequence[SourceConfig], now: datetime) -> Summary:
    lines: list[str] = []
    try:
        with store.write() as conn:
            before = outbox.waiting(conn)
            drafts = _decide(conn, telling, sources, now)
            lines += [f"waiting for {row['person']} ({row['recipient']}): {row['subject']}" for row in before]
            lines += [_withheld(draft) if draft.reason is not None else _foreseen(draft, now) for draft in drafts]
            raise _DryRun
    except _DryRun:
        return Summary(lines=lines)


def _foreseen(draft: Draft, now: datetime) -> str:
    when = "" if draft.due <= now else f" at {draft.due:%Y-%m-%d %H:%M} UTC"
    together = ", gathered" if draft.bundle is not None else ""
    return f"would tell {draft.person} ({draft.recipient}){when}{together}: {draft.subject}"


def _withheld(draft: Draft) -> str:
    return f"not told to {draft.person} ({draft.recipient}), {draft.reason}: {draft.subject}"
