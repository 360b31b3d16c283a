"""From the outbox to people: claim a message, write it, send it, keep how it ended; at least once, each on its own.

A sender that dies between the server's answer and our commit leaves its claim behind; once the lease ran out, another
sends the same message again under the same Message-ID (RFC 1047): at least once, normally once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.engine import RowMapping

from collector.store import Store
from dashboard.alerts import outbox, wishes
from dashboard.alerts.channels import ChannelDown, ChannelError, MessageRefused, NoAnswer, chat, email
from dashboard.alerts.decide import SILENCED, SOURCES, Endpoint, Telling, bundle_of, chat_label, person, refusal
from dashboard.alerts.letter import letter
from dashboard.alerts.message import Message
from dashboard.alerts.outbox import State
from dashboard.alerts.pace import backoff, quiet_until
from dashboard.alerts.settings import Manager
from dashboard.alerts.silence import Silence, Topic, rank, silenced_by
from sentiment.spikes.spike import Severity

log = structlog.get_logger("groundswell.alerts")

TRIES_WITHOUT_ANSWER = 5
"""Once a message was handed over twice without an answer, it is not tried more often than so: each may be a copy."""

Send = Callable[[Telling, Manager, Endpoint, Message, datetime], None]
"""Hands one message to one recipient; raises ChannelError where it cannot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """Why a message is not sent; what was only silenced is news once more when the silence is over."""

    reason: str
    silenced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one message ended, for the owner to read."""

    person: str
    recipient: str
    subject: str
    state: State
    error: str | None = None

    @property
    def line(self) -> str:
        """One line for the terminal."""
        if self.state is State.SENT:
            return f"sent to {self.person} ({self.recipient}): {self.subject}"
        if self.state is State.QUEUED:
            return f"not sent yet to {self.person} ({self.recipient}), tried again later: {self.error}"
        return f"{self.state} for {self.person} ({self.recipient}): {self.error}"


def send_by_channel(telling: Telling, manager: Manager, endpoint: Endpoint, message: Message, now: datetime) -> None:
    """Send by mail or chat, as the endpoint says."""
    if endpoint.channel == "chat":
        chat.send(next(url for url in manager.chat if chat_label(url) == endpoint.recipient), message)
    elif telling.mail is None:
        raise MessageRefused("No mail server is configured; add a [mail] section.")
    else:
        email.send(telling.mail, endpoint.recipient, manager.name, message, now)


def deliver(
    store: Store, telling: Telling, clock: Callable[[], datetime], send: Send = send_by_channel
) -> list[Outcome]:
    """Send everything that is due; returns how each message ended.

    clock   the present moment, asked before each claim, for a lease must start when it is taken
    """
    outcomes: list[Outcome] = []
    while True:
        now = clock()
        with store.write() as conn:
            rows = outbox.claim(conn, now, telling.alerts.lease)
        if not rows:
            return outcomes
        try:
            outcome = _one(store, telling, rows, send, clock)
            if outcome is not None:
                outcomes.append(outcome)
        except Exception as error:  # the job boundary: one message must not keep the others back
            log.exception("message could not be written", delivery=rows[0]["id"])
            sentence = f"The message could not be written ({type(error).__name__}: {error})."
            outcomes.append(_end(store, telling, rows, clock(), sentence, retry=True))


def _one(
    store: Store, telling: Telling, rows: Sequence[RowMapping], send: Send, clock: Callable[[], datetime]
) -> Outcome | None:
    """Send one message; None where it waits for the end of somebody's quiet hours."""
    row, now = rows[0], clock()
    endpoint = Endpoint(channel=row["channel"], recipient=row["recipient"])
    manager = person(telling, row)
    withheld, confirmed = _withheld(store, telling, rows, endpoint, now)
    if manager is None:
        withheld = dict.fromkeys(withheld, Withheld(reason="this person or address is no longer configured"))
    open_rows = [one for one in rows if withheld[one["id"]] is None]
    with store.write() as conn:
        for one in rows:
            if (why := withheld[one["id"]]) is None:
                continue
            if why.silenced:
                outbox.hold_back(conn, one, SILENCED, why.reason, now)
            else:
                outbox.finish(conn, [one], state=State.SUPPRESSED, reason=why.reason)
    if manager is None or not open_rows:
        first = withheld[row["id"]]
        return _outcome(row, State.SUPPRESSED, None if first is None else first.reason)
    until = _asleep(manager, open_rows, now)
    if until is not None:
        with store.write() as conn:
            name = bundle_of(endpoint, until)
            outbox.keep_until(conn, open_rows, until, name if row["incident_id"] else SOURCES + name)
        return None
    if row["attempts"] > telling.alerts.attempts:
        return _end(store, telling, open_rows, clock(), "the sender died every time.", retry=True)
    message = letter(open_rows, manager, telling, confirmed=confirmed)
    try:
        send(telling, manager, endpoint, message, clock())
    except ChannelError as error:
        return _failed(store, telling, open_rows, clock(), error)
    with store.write() as conn:
        outbox.finish(conn, open_rows, state=State.SENT, sent_at=clock(), last_error=None)
    return _outcome(row, State.SENT, None, subject=message.subject)


def _asleep(manager: Manager, rows: Sequence[RowMapping], now: datetime) -> datetime | None:
    """Until when news of incidents that is due waits all the same: a server was down, or it was gathered too long."""
    until = quiet_until(manager, now)
    severities = [_severity(row) for row in rows]
    mild = all(severity is not None and rank(severity) < rank(manager.wake_for) for severity in severities)
    return until if mild else None


def _severity(row: RowMapping) -> Severity | None:
    """How bad what a message tells is: a source that is not read is moderate; None: it is no alert."""
    if row["incident_id"]:
        return Severity(row["severity"])
    return Severity.MODERATE if row["about"].startswith(("source/", "gap/")) else None


def _withheld(
    store: Store, telling: Telling, rows: Sequence[RowMapping], endpoint: Endpoint, now: datetime
) -> tuple[dict[int, Withheld | None], bool]:
    """Why each of the deliveries is not sent any more (None: it is), and whether the address is confirmed."""
    with store.read() as conn:
        silences = [*telling.alerts.planned, *wishes.silences(conn, now)]
        refused = None if rows[0]["about"].startswith("confirm/") else refusal(conn, telling, endpoint)
        said = wishes.standing_of(conn, endpoint.recipient)
    no = None if refused is None else Withheld(reason=refused)
    confirmed = said is not None and said["confirmed_at"] is not None
    return {row["id"]: no or _silenced(row, silences, now) for row in rows}, confirmed


def _failed(store: Store, telling: Telling, rows: Sequence[RowMapping], now: datetime, error: ChannelError) -> Outcome:
    handed_over = isinstance(error, NoAnswer)
    tiresome = handed_over and rows[0]["sent_at"] is not None and rows[0]["attempts"] >= TRIES_WITHOUT_ANSWER
    retry = error.retry and not tiresome
    outcome = _end(store, telling, rows, now, str(error), retry=retry, handed_over=handed_over)
    if isinstance(error, ChannelDown):
        row = rows[0]
        # Each chat room has a server of its own; all mail goes by one.
        only = row["recipient"] if row["channel"] == "chat" else None
        until = now + backoff(row["attempts"])
        with store.write() as conn:
            outbox.postpone(conn, row["channel"], only, now=now, until=until, error=str(error))
    return outcome


def _end(
    store: Store,
    telling: Telling,
    rows: Sequence[RowMapping],
    now: datetime,
    error: str,
    *,
    retry: bool,
    handed_over: bool = False,
) -> Outcome:
    row = rows[0]
    values: dict[str, datetime] = {"sent_at": now} if handed_over else {}
    if retry and row["attempts"] < telling.alerts.attempts:
        state, values = State.QUEUED, values | {"next_try": now + backoff(row["attempts"])}
    else:
        state = State.FAILED
        error = _gave_up(row, error) if retry else error
    with store.write() as conn:
        outbox.finish(conn, rows, state=state, last_error=error, **values)
    log.warning("message not sent", delivery=row["id"], state=state.value, attempts=row["attempts"], error=error[:200])
    return _outcome(row, state, error)


def _gave_up(row: RowMapping, error: str) -> str:
    return f"Given up after {row['attempts']} tries: {error}"


def _outcome(row: RowMapping, state: State, error: str | None, subject: str | None = None) -> Outcome:
    return Outcome(
        person=row["person"], recipient=row["recipient"], subject=subject or row["subject"], state=state, error=error
    )


def _silenced(row: RowMapping, silences: Sequence[Silence], now: datetime) -> Withheld | None:
    """Why a message that waited is not sent now; None: it is."""
    if row["incident_id"] is None:
        return None
    body = row["body"]
    topic = Topic(
        brand=body["alert"]["brand"],
        dimensions=tuple(body["dimensions"]),
        sources=tuple(body["sources"]),
        severity=Severity(row["severity"]),
    )
    silence = silenced_by(silences, topic, now)
    if silence is None:
        return None
    return Withheld(reason=f"silenced before it was sent: {silence.reason}", silenced=True)


def ticking(start: datetime, elapsed: Callable[[], float]) -> Callable[[], datetime]:
    """A clock that starts at `start` and goes on by the seconds that `elapsed` (e.g. time.monotonic) has moved."""
    origin = elapsed()
    return lambda: start + timedelta(seconds=elapsed() - origin)
