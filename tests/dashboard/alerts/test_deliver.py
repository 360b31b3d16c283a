"""From the outbox to real mail: once, in spite of failures and deaths, and nobody in another's way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from collector.store import Store
from dashboard.alerts import outbox, wishes
from dashboard.alerts.channels import RecipientRefused, ServerUnreachable
from dashboard.alerts.decide import Endpoint, Telling, decide
from dashboard.alerts.deliver import deliver
from dashboard.alerts.message import Message
from dashboard.alerts.outbox import State
from dashboard.alerts.settings import Manager
from dashboard.alerts.silence import Silence
from sentiment.spikes.spike import Severity
from tests.dashboard.alerts.conftest import NOW, MailServer, a_followed, a_manager, a_telling, free_port

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def queue(store: Store, telling: Telling, *numbers: int, now: datetime = NOW, **changes: Any) -> None:
    with store.write() as conn:
        decide(conn, telling, [a_followed(number, **changes) for number in numbers or (12,)], now)


def rows(store: Store) -> list[Any]:
    with store.read() as conn:
        return list(conn.execute(select(outbox.delivery).order_by(outbox.delivery.c.id)))


class Sent(list[tuple[str, Message]]):
    """A channel that keeps what it is handed, and fails as told."""

    def __init__(self, fail: dict[str, Exception] | None = None) -> None:
        super().__init__()
        self.fail = fail or {}
        self.tried: list[str] = []

    def __call__(self, _telling: Telling, _who: Manager, endpoint: Endpoint, message: Message, _now: datetime) -> None:
        self.tried.append(endpoint.recipient)
        if endpoint.recipient in self.fail:
            raise self.fail[endpoint.recipient]
        self.append((endpoint.recipient, message))


def test_a_planted_incident_arrives_as_one_mail_and_not_again_after_a_restart(
    post: Store, mail_server: MailServer
) -> None:
    telling = a_telling(a_manager(), mail=mail_server.settings)
    for _ in range(3):
        queue(post, telling)
        deliver(post, telling, at(NOW))
    [mail] = mail_server.mailbox.mails
    assert mail["To"] == "Ann <ann@northwind.example>"
    [row] = rows(post)
    assert (row.state, row.sent_at, row.attempts) == (State.SENT, NOW, 1)
    assert mail["Message-ID"] == row.message_id


def test_the_end_joins_the_thread_of_the_opening(post: Store, mail_server: MailServer) -> None:
    telling = a_telling(a_manager(), mail=mail_server.settings)
    queue(post, telling)
    deliver(post, telling, at(NOW))
    later = NOW + 26 * HOUR
    queue(post, telling, now=later, resolved_at=NOW + 6 * HOUR, opened_at=NOW - HOUR)
    deliver(post, telling, at(later))
    opening, end = mail_server.mailbox.mails
    assert end["References"] == opening["Message-ID"]
    assert opening["References"] is None
    assert end["Subject"] == "It is over – Northwind Ferries: dissatisfaction about Reliability is back to normal"


def test_one_refused_recipient_does_not_keep_the_others_back(post: Store, mail_server: MailServer) -> None:
    mail_server.mailbox.refuse["ann@northwind.example"] = "550 5.1.1 No such user"
    telling = a_telling(a_manager("Ann"), a_manager("Ben"), mail=mail_server.settings)
    queue(post, telling)
    outcomes = deliver(post, telling, at(NOW))
    assert mail_server.mailbox.recipients == ["ben@northwind.example"]
    assert [row.state for row in rows(post)] == [State.FAILED, State.SENT]
    assert "550 5.1.1 No such user" in rows(post)[0].last_error
    assert outcomes[0].line.startswith("failed for Ann (ann@northwind.example): ann@northwind.example was not accepted")


def test_a_server_that_is_down_is_tried_once_a_round_and_the_mail_arrives_when_it_is_back(
    post: Store, mail_server: MailServer
) -> None:
    down = a_telling(a_manager("Ann"), a_manager("Ben"), mail=replace(mail_server.settings, port=free_port()))
    queue(post, down)
    assert len(deliver(post, down, at(NOW))) == 1
    assert [row.state for row in rows(post)] == [State.QUEUED, State.QUEUED]
    assert all("cannot be reached" in row.last_error for row in rows(post))
    up = a_telling(a_manager("Ann"), a_manager("Ben"), mail=mail_server.settings)
    assert deliver(post, up, at(NOW + timedelta(seconds=59))) == []
    assert len(deliver(post, up, at(NOW + MINUTE))) == 2
    assert sorted(mail_server.mailbox.recipients) == ["ann@northwind.example", "ben@northwind.example"]


def test_a_message_is_given_up_after_so_many_tries_with_the_error_named(post: Store) -> None:
    telling = a_telling(a_manager(), attempts=3)
    queue(post, telling)
    sent = Sent({"ann@northwind.example": ServerUnreachable("The mail server is away.")})
    for hour in range(10):
        deliver(post, telling, at(NOW + hour * HOUR), sent)
    assert len(sent.tried) == 3
    [row] = rows(post)
    assert (row.state, row.last_error) == (State.FAILED, "Given up after 3 tries: The mail server is away.")


def test_a_chat_room_that_is_down_keeps_no_other_back(post: Store) -> None:
    ann = a_manager(chat=("json://localhost:1/one", "json://localhost:1/two"))
    telling = a_telling(ann)
    queue(post, telling)
    room = rows(post)[1].recipient
    sent = Sent({room: ServerUnreachable("json did not take the message.")})
    deliver(post, telling, at(NOW), sent)
    assert sorted(row.state for row in rows(post)) == [State.QUEUED, State.SENT, State.SENT]


def test_a_message_that_cannot_be_written_keeps_no_other_back(post: Store) -> None:
    telling = a_telling(a_manager())
    queue(post, telling, 1, 2)
    with post.write() as conn:
        conn.execute(outbox.delivery.update().where(outbox.delivery.c.incident_id == 1).values(body={"alert": {}}))
    sent = Sent()
    deliver(post, telling, at(NOW), sent)
    assert len(sent) == 1
    assert "could not be written" in next(row for row in rows(post) if row.incident_id == 1).last_error


def test_a_claim_is_left_alone_until_its_lease_runs_out(post: Store) -> None:
    telling = a_telling(a_manager(), lease=5 * MINUTE)
    queue(post, telling)
    with post.write() as conn:
        [mine] = outbox.claim(conn, NOW, 5 * MINUTE)
    sent = Sent()
    assert deliver(post, telling, at(NOW + 4 * MINUTE), sent) == []
    assert len(deliver(post, telling, at(NOW + 5 * MINUTE), sent)) == 1
    with post.write() as conn:
        outbox.finish(conn, [mine], state=State.FAILED, last_error="the dead sender wakes up")
    assert rows(post)[0].state == State.SENT


def test_two_senders_at_once_send_each_message_once(post: Store) -> None:
    telling = a_telling(*(a_manager(f"M{n}") for n in range(5)))
    queue(post, telling)
    first, second = Sent(), Sent()

    def interleaved(*given: Any) -> None:
        first(*given)
        deliver(post, telling, at(NOW), second)

    deliver(post, telling, at(NOW), interleaved)
    assert sorted(first.tried + second.tried) == [f"m{n}@northwind.example" for n in range(5)]


def test_what_was_silenced_while_it_waited_and_goes_on_is_told_once_when_the_silence_ends(post: Store) -> None:
    telling = a_telling(a_manager(timezone="UTC", quiet_hours="22:00-07:00"))
    night = NOW.replace(hour=23)
    queue(post, telling, now=night, opened_at=night, last_seen=night, severity=Severity.MODERATE)
    with post.write() as conn:
        made = Silence(start=night + 6 * HOUR, end=night + 10 * HOUR, reason="harbour closed")
        wishes.add_silence(conn, made, night)
    sent = Sent()
    for hour in (8, 9, 10, 11, 12):
        now = night + hour * HOUR
        queue(post, telling, now=now, opened_at=night, last_seen=now, severity=Severity.MODERATE)
        deliver(post, telling, at(now), sent)
        assert len(sent) == (hour >= 10)
    held, told = rows(post)
    assert (held.event, held.state) == ("silenced/opened", State.SUPPRESSED)
    assert (told.event, told.state) == ("opened", State.SENT)


def test_what_waited_and_ended_under_a_silence_is_told_to_nobody(post: Store) -> None:
    telling = a_telling(a_manager(), planned=(Silence(start=NOW + MINUTE, end=NOW + 40 * HOUR, reason="strike"),))
    queue(post, telling)
    sent = Sent()
    for hour in (1, 30, 41, 70):
        now = NOW + hour * HOUR
        deliver(post, telling, at(now), sent)
        queue(post, telling, now=now, resolved_at=NOW + 2 * HOUR)
    assert sent == []
    with post.read() as conn:
        assert outbox.decided(conn, ["incident/12"])["incident/12"] >= {"silenced/opened", "opened", "resolved/0"}


def test_an_end_that_was_silenced_while_it_waited_is_told_after_the_silence(post: Store) -> None:
    later = NOW + 26 * HOUR
    telling = a_telling(a_manager(), planned=(Silence(start=later + MINUTE, end=later + 2 * HOUR, reason="strike"),))
    sent = Sent()
    queue(post, telling)
    deliver(post, telling, at(NOW), sent)
    queue(post, telling, now=later, resolved_at=NOW + HOUR)
    for hour in (1, 2, 3):
        deliver(post, telling, at(later + hour * HOUR), sent)
        queue(post, telling, now=later + hour * HOUR, resolved_at=NOW + HOUR)
    assert [(row.event, row.state) for row in rows(post)] == [
        ("opened", State.SENT),
        ("silenced/resolved/0", State.SUPPRESSED),
        ("resolved/0", State.SENT),
    ]


def test_one_who_heard_before_the_silence_hears_after_it_only_that_it_is_worse(post: Store) -> None:
    ben = a_manager("Ben", timezone="UTC", quiet_hours="11:00-14:00")
    silence = Silence(start=NOW + HOUR, end=NOW + 4 * HOUR, reason="strike")
    telling = a_telling(a_manager("Ann"), ben, planned=(silence,))
    sent = Sent()
    queue(post, telling, severity=Severity.MODERATE)
    deliver(post, telling, at(NOW), sent)
    for hour in (2, 3, 4, 5):
        now = NOW + hour * HOUR
        queue(post, telling, now=now, last_seen=now, severity=Severity.CRITICAL)
        deliver(post, telling, at(now), sent)
    told = [(row.event, row.person) for row in rows(post) if row.state == State.SENT]
    assert sorted(told) == [("opened", "Ann"), ("opened", "Ben"), ("worse/critical", "Ann")]
    assert [who for who, _ in sent].count("ben@northwind.example") == 1


def test_what_was_to_be_told_with_a_silenced_message_is_told_after_the_silence(post: Store) -> None:
    ann = a_manager(timezone="UTC", quiet_hours="13:00-18:00", wake_for=Severity.CRITICAL)
    silence = Silence(start=NOW + 5 * HOUR, end=NOW + 8 * HOUR, reason="strike")
    telling = a_telling(ann, planned=(silence,))
    sent = Sent()
    for hour, severity in enumerate((Severity.LOW, Severity.MODERATE, Severity.HIGH, Severity.HIGH)):
        now = NOW + hour * HOUR
        queue(post, telling, now=now, last_seen=now, severity=severity)
        deliver(post, telling, at(now), sent)
    for hour in (6, 7, 8, 9):
        now = NOW + hour * HOUR
        deliver(post, telling, at(now), sent)
        queue(post, telling, now=now, last_seen=now, severity=Severity.HIGH)
    told = [row.event for row in rows(post) if row.state == State.SENT]
    assert told == ["opened", "worse/high"]


def test_a_second_silence_holds_back_what_the_first_one_held_back(post: Store) -> None:
    first = Silence(start=NOW - HOUR, end=NOW + HOUR, reason="strike")
    second = Silence(start=NOW + 2 * HOUR, end=NOW + 4 * HOUR, reason="harbour closed")
    telling = a_telling(a_manager(), planned=(first, second))
    sent = Sent()
    for hour in (0, 1, 3, 4, 5):
        now = NOW + hour * HOUR
        deliver(post, telling, at(now), sent)
        queue(post, telling, now=now, last_seen=now)
    deliver(post, telling, at(NOW + 5 * HOUR), sent)
    held, told = rows(post)
    assert (held.event, held.state) == ("silenced/opened", State.SUPPRESSED)
    assert held.reason.endswith("strike; silenced before it was sent: harbour closed")
    assert (told.event, told.state) == ("opened", State.SENT)
    assert len(sent) == 1


def test_what_was_silenced_while_it_waited_is_not_sent(post: Store) -> None:
    telling = a_telling(a_manager(quiet_hours="11:00-13:00"))
    queue(post, telling)
    with post.write() as conn:
        wishes.add_silence(conn, Silence(start=NOW, end=NOW + 9 * HOUR, reason="harbour closed"), NOW)
    sent = Sent()
    deliver(post, telling, at(NOW + HOUR), sent)
    assert sent == []
    assert rows(post)[0].reason == "silenced before it was sent: harbour closed"


def test_who_left_the_configuration_or_unsubscribed_meanwhile_is_not_written_to(post: Store) -> None:
    telling = a_telling(a_manager("Ann"), a_manager("Ben"))
    queue(post, telling)
    with post.write() as conn:
        wishes.set_recipient(conn, "ben@northwind.example", unsubscribed_at=NOW)
    sent = Sent()
    deliver(post, a_telling(a_manager("Ben")), at(NOW), sent)
    assert sent == []
    assert [row.state for row in rows(post)] == [State.SUPPRESSED, State.SUPPRESSED]


def test_gathered_incidents_are_one_mail_with_a_link_each(post: Store, mail_server: MailServer) -> None:
    telling = a_telling(a_manager(), mail=mail_server.settings, per_hour=1)
    queue(post, telling, 1, 2, 3)
    deliver(post, telling, at(NOW))
    alone, gathered = mail_server.mailbox.mails
    assert gathered["Subject"] == "2 incidents about Northwind Ferries"
    text = gathered.get_body(("plain",)).get_content()
    assert [f"incident?id={n}" in text for n in (1, 2, 3)].count(True) == 2
    assert alone["Message-ID"] != gathered["Message-ID"]


def test_a_refusal_of_a_gathered_message_is_kept_with_each_of_its_parts(post: Store) -> None:
    telling = a_telling(a_manager(), per_hour=1)
    queue(post, telling, 1, 2, 3)
    deliver(post, telling, at(NOW), Sent({"ann@northwind.example": RecipientRefused("No such user.")}))
    assert [(row.state, row.last_error) for row in rows(post)] == [(State.FAILED, "No such user.")] * 3


def test_unconfirmed_addresses_get_the_link_to_confirm_with_and_confirmed_ones_do_not(post: Store) -> None:
    telling = a_telling(a_manager("Ann"), a_manager("Ben"))
    with post.write() as conn:
        wishes.set_recipient(conn, "ben@northwind.example", confirmed_at=NOW)
    queue(post, telling)
    sent = Sent()
    deliver(post, telling, at(NOW), sent)
    shown = {address: "/confirm?token=" in message.html for address, message in sent}
    assert shown == {"ann@northwind.example": True, "ben@northwind.example": False}


CHILD = """
import sys
from datetime import datetime
from pathlib import Path
from datetime import timedelta
from zoneinfo import ZoneInfo
from sentiment.store import open_store
from dashboard.alerts.decide import Telling
from dashboard.alerts.deliver import deliver
from dashboard.alerts.settings import AlertSettings, MailSettings, Manager

database, port, ca_file, now = sys.argv[1:]
mail = MailSettings(host="localhost", port=int(port), sender="Groundswell <alerts@groundswell.example>",
                    user="groundswell", password="right", ca_file=Path(ca_file), timeout=timedelta(seconds=5))
telling = Telling(alerts=AlertSettings(base_url="https://groundswell.example", secret="hush"), mail=mail,
                  managers=(Manager(name="Ann", email="ann@northwind.example"),))
store = open_store(database, zone=ZoneInfo("UTC"), salt=b"salt")
moment = datetime.fromisoformat(now)
for outcome in deliver(store, telling, lambda: moment):
    print(outcome.line)
"""


def test_a_sender_killed_after_the_server_took_the_mail_repeats_it_once_under_the_same_id(
    store: Store, tmp_path: Path, mail_server: MailServer
) -> None:
    telling = a_telling(a_manager(), mail=mail_server.settings)
    queue(store, telling)
    script = tmp_path / "child.py"
    script.write_text(textwrap.dedent(CHILD))

    def child(now: datetime) -> subprocess.Popen[str]:
        database = str(store.engine.url.database)
        given = [database, str(mail_server.settings.port), str(mail_server.settings.ca_file), now.isoformat()]
        return subprocess.Popen([sys.executable, str(script), *given], text=True, stdout=subprocess.PIPE)

    victim = child(NOW)
    mail_server.mailbox.before_answer = lambda: os.kill(victim.pid, signal.SIGKILL)
    victim.communicate(timeout=60)
    assert victim.returncode == -signal.SIGKILL
    assert len(mail_server.mailbox.mails) == 1
    assert rows(store)[0].state == State.SENDING

    mail_server.mailbox.before_answer = None
    for moment in (NOW + MINUTE, NOW + 6 * MINUTE, NOW + HOUR):
        child(moment).communicate(timeout=60)
    first, repeated = mail_server.mailbox.mails
    assert first["Message-ID"] == repeated["Message-ID"]
    assert rows(store)[0].state == State.SENT
