"""What becomes of an incident after it was first decided: whom it reaches later, and what still waits to be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import repeat
from typing import Any

import pytest
from sqlalchemy import select

from collector.store import Store
from dashboard.alerts import outbox, wishes
from dashboard.alerts.alert import Event
from dashboard.alerts.channels import NoAnswer, ServerUnreachable
from dashboard.alerts.decide import Endpoint, Followed, Telling, decide
from dashboard.alerts.deliver import deliver
from dashboard.alerts.message import Message
from dashboard.alerts.outbox import State
from dashboard.alerts.settings import Manager
from dashboard.alerts.silence import Silence
from sentiment.spikes.spike import Severity
from tests.dashboard.alerts.conftest import NOW, a_followed, a_manager, a_telling

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
RELIABILITY, EMPATHY = "rater/Reliability", "rater/Empathy"


def rows(store: Store) -> list[Any]:
    with store.read() as conn:
        return list(conn.execute(select(outbox.delivery).order_by(outbox.delivery.c.id)))


def decided(store: Store, telling: Telling, followed: Sequence[Followed], now: datetime) -> list[tuple[str, str]]:
    """Decide, and return what is new: person and event."""
    with store.write() as conn:
        return [(draft.person, draft.event) for draft in decide(conn, telling, followed, now)]


def sent(store: Store, telling: Telling, now: datetime, error: Exception | None = None) -> list[Message]:
    """Send what is due at a moment, or fail with the error; returns the messages."""
    messages = []

    def send(_telling: Telling, _who: Manager, _to: Endpoint, message: Message, _now: datetime) -> None:
        if error is not None:
            raise error
        messages.append(message)

    deliver(store, telling, lambda: now, send)
    return messages


# ------------------------------------------------------------------ whom it reaches


def test_who_looks_after_a_dimension_is_told_when_an_incident_spreads_to_it(post: Store) -> None:
    ann, ben, chief = a_manager("Ann", dimensions=("Reliability",)), a_manager("Ben", dimensions=("Empathy",)), "Chief"
    telling = a_telling(ann, ben, a_manager(chief))
    assert decided(post, telling, [a_followed(dimensions=())], NOW) == [(chief, "opened")]
    spread = a_followed(dimensions=(RELIABILITY,))
    assert decided(post, telling, [spread], NOW + HOUR) == [("Ann", "touches/rater/Reliability")]
    further = a_followed(dimensions=(EMPATHY, RELIABILITY))
    assert decided(post, telling, [further], NOW + 2 * HOUR) == [("Ben", "touches/rater/Empathy")]
    assert decided(post, telling, [further], NOW + 3 * HOUR) == []
    messages = sent(post, telling, NOW + 3 * HOUR)
    assert all(message.subject.startswith("Northwind Ferries: 31 dissatisfied voices") for message in messages)
    said = [line for message in messages for line in message.text.splitlines() if line.startswith("It has now reached")]
    assert len(messages) == 3
    assert said == [f"It has now reached {name}, which you look after." for name in ("Reliability", "Empathy")]


def test_of_those_who_share_an_address_the_one_who_was_told_hears_of_the_end(post: Store) -> None:
    ann = a_manager("Ann", dimensions=("Empathy",))
    telling = a_telling(ann, replace(ann, name="Ben", dimensions=("Reliability",)))
    assert decided(post, telling, [a_followed(dimensions=(RELIABILITY,))], NOW) == [("Ben", "opened")]
    sent(post, telling, NOW)
    over = a_followed(dimensions=(RELIABILITY,), resolved_at=NOW + 6 * HOUR)
    assert decided(post, telling, [over], NOW + 30 * HOUR) == [("Ben", "resolved/0")]
    [message] = sent(post, telling, NOW + 30 * HOUR)
    assert "because Ben is told of Reliability" in message.text


def test_a_mail_says_why_it_came_to_the_last_resort(post: Store) -> None:
    telling = a_telling(a_manager("Rest", catch_all=True), a_manager("Boss", escalate_after=HOUR))
    decided(post, telling, [a_followed()], NOW)
    rest, boss = (message.text for message in sent(post, telling, NOW))
    assert "because Rest is told of incidents that are on nobody else's route" in rest
    assert "because Boss is told of incidents that nobody takes on" in boss


def test_an_incident_that_was_told_before_its_reach_was_kept_is_not_told_anew(post: Store) -> None:
    telling = a_telling(a_manager())
    with post.write() as conn:
        outbox.take(conn, "incident/12", "opened", NOW - HOUR)
        outbox.take(conn, "incident/12", "worse/high", NOW - HOUR)
    assert decided(post, telling, [a_followed()], NOW) == []


def test_what_an_incident_came_to_touch_under_a_silence_is_told_after_it_if_it_goes_on(post: Store) -> None:
    silence = Silence(start=NOW + MINUTE, end=NOW + 2 * HOUR, reason="strike announced")
    telling = a_telling(a_manager("Ann", dimensions=("Reliability",)), a_manager("Chief"), planned=(silence,))
    for number in (1, 2):
        decided(post, telling, [a_followed(number, dimensions=())], NOW)
        sent(post, telling, NOW)
        decided(post, telling, [a_followed(number, dimensions=(RELIABILITY,))], NOW + HOUR)
    after = NOW + 3 * HOUR
    goes_on = a_followed(1, dimensions=(RELIABILITY,), last_seen=after)
    ended = a_followed(2, dimensions=(RELIABILITY,), resolved_at=NOW + 2 * HOUR)
    assert decided(post, telling, [goes_on, ended], after) == [("Ann", "touches/rater/Reliability")]
    assert [row.incident_id for row in rows(post)][-1] == 1


def test_all_mails_about_an_incident_refer_to_the_first_one_that_a_person_got(post: Store) -> None:
    telling = a_telling(a_manager("Ann", min_severity=Severity.CRITICAL))
    decided(post, telling, [a_followed()], NOW)
    decided(post, telling, [a_followed(severity=Severity.CRITICAL)], NOW + HOUR)
    [first] = sent(post, telling, NOW + HOUR)
    over = a_followed(severity=Severity.CRITICAL, resolved_at=NOW + 8 * HOUR)
    decided(post, telling, [over], NOW + 30 * HOUR)
    [last] = sent(post, telling, NOW + 30 * HOUR)
    assert (first.thread, last.thread) == (None, first.message_id)


def test_who_confirms_while_an_incident_goes_on_is_told_of_it_then_and_once(post: Store) -> None:
    telling = a_telling(a_manager(), require_confirmation=True)
    ended = a_followed(13, resolved_at=NOW)
    decided(post, telling, [a_followed(severity=Severity.LOW), ended], NOW)
    decided(post, telling, [a_followed(severity=Severity.HIGH), ended], NOW + HOUR)
    assert sent(post, telling, NOW + HOUR) == []
    with post.write() as conn:
        wishes.set_recipient(conn, "ann@northwind.example", confirmed_at=NOW + 2 * HOUR)
    for hour in (2, 3):
        decided(post, telling, [a_followed(severity=Severity.HIGH), ended], NOW + hour * HOUR)
    [message] = sent(post, telling, NOW + 3 * HOUR)
    assert message.text.startswith("New incident")
    assert "Severity: high" in message.text


# ------------------------------------------------------------------ what waits


def test_what_waits_for_the_morning_tells_the_figures_of_the_morning(post: Store) -> None:
    telling = a_telling(a_manager(quiet_hours="11:00-14:00"))
    first = a_followed()
    decided(post, telling, [first], NOW)
    grown = replace(first, tell=lambda event: replace(first.tell(event), observed=59))
    assert decided(post, telling, [grown], NOW + HOUR) == []
    [message] = sent(post, telling, NOW + 2 * HOUR)
    assert message.subject.startswith("Northwind Ferries: 59 dissatisfied voices")


@pytest.mark.parametrize("then", [{"acknowledged": True}, {"resolved_at": NOW + HOUR}])
def test_nobody_is_asked_to_take_on_what_was_taken_on_or_over_meanwhile(post: Store, then: dict[str, Any]) -> None:
    telling = a_telling(a_manager("Boss", escalate_after=HOUR, quiet_hours="11:00-14:00"))
    assert decided(post, telling, [a_followed()], NOW) == [("Boss", "unacknowledged/Boss")]
    decided(post, telling, [a_followed(**then)], NOW + HOUR)
    assert sent(post, telling, NOW + 3 * HOUR) == []
    [row] = rows(post)
    assert (row.state, row.reason) == (
        State.SUPPRESSED,
        "the incident was taken on, or over, before this was sent",
    )


def test_an_incident_that_ends_while_the_server_is_down_is_told_in_one_message(post: Store) -> None:
    telling = a_telling(a_manager())
    decided(post, telling, [a_followed()], NOW)
    sent(post, telling, NOW, ServerUnreachable("The mail server is away."))
    over = a_followed(resolved_at=NOW + 6 * HOUR)
    decided(post, telling, [over], NOW + 26 * HOUR)
    [message] = sent(post, telling, NOW + 27 * HOUR)
    assert message.subject.endswith("– it is over")
    assert decided(post, telling, [over], NOW + 28 * HOUR) == []


def test_nobody_hears_the_end_of_what_could_never_be_sent(post: Store) -> None:
    telling, away = a_telling(a_manager(), attempts=2), ServerUnreachable("The mail server is away.")
    decided(post, telling, [a_followed()], NOW)
    sent(post, telling, NOW, away)
    decided(post, telling, [a_followed(resolved_at=NOW + 6 * HOUR)], NOW + 26 * HOUR)
    sent(post, telling, NOW + 26 * HOUR, away)
    assert sent(post, telling, NOW + 60 * HOUR) == []


def test_what_a_dead_sender_may_have_sent_is_not_changed_any_more(post: Store) -> None:
    telling = a_telling(a_manager(), lease=5 * MINUTE)
    decided(post, telling, [a_followed()], NOW)
    with post.write() as conn:
        outbox.claim(conn, NOW, 5 * MINUTE)
    sent(post, telling, NOW + HOUR, ServerUnreachable("The mail server is away."))
    decided(post, telling, [a_followed(resolved_at=NOW + 6 * HOUR)], NOW + 26 * HOUR)
    subjects = [message.subject for message in sent(post, telling, NOW + 27 * HOUR)]
    assert [subject.startswith("It is over") for subject in subjects] == [False, True]


def test_a_person_who_was_given_another_name_gets_what_waits(post: Store) -> None:
    decided(post, a_telling(a_manager("Ann")), [a_followed()], NOW)
    [address] = {row.recipient for row in rows(post)}
    assert len(sent(post, a_telling(Manager(name="Ann Miller", email=address)), NOW)) == 1


def test_a_message_that_cannot_be_written_keeps_no_news_back(post: Store) -> None:
    telling = a_telling(a_manager())
    decided(post, telling, [a_followed()], NOW)
    with post.write() as conn:
        conn.execute(outbox.delivery.update().values(body={"alert": {}}))
    assert decided(post, telling, [a_followed(), a_followed(13)], NOW + MINUTE) == [("Ann", "opened")]
    assert {row.body["alert"]["event"] for row in rows(post)} == {Event.OPENED}


def test_what_a_server_may_have_taken_is_not_changed_and_not_repeated_for_ever(post: Store) -> None:
    telling, silent = a_telling(a_manager()), NoAnswer("The mail server did not say whether it took it.")
    decided(post, telling, [a_followed()], NOW)
    for hour in range(10):
        sent(post, telling, NOW + hour * HOUR, silent)
    [row] = rows(post)
    assert (row.state, row.attempts, row.sent_at) == (State.FAILED, 5, NOW + 4 * HOUR)
    decided(post, telling, [a_followed(13)], NOW)
    sent(post, telling, NOW, silent)
    decided(post, telling, [a_followed(13, resolved_at=NOW + 6 * HOUR)], NOW + 26 * HOUR)
    assert len(sent(post, telling, NOW + 27 * HOUR)) == 2


def test_a_message_at_which_the_server_hangs_up_keeps_no_other_back(post: Store) -> None:
    telling, tried = a_telling(a_manager("Ann"), a_manager("Ben")), []

    def send(_telling: Telling, who: Manager, _to: Endpoint, _message: Message, _now: datetime) -> None:
        tried.append(who.name)
        if who.name == "Ann":
            raise ServerUnreachable("The mail server broke the connection off.")

    decided(post, telling, [a_followed()], NOW)
    for minute in range(4):
        deliver(post, telling, repeat(NOW + minute * MINUTE).__next__, send)
    assert tried[:2] == ["Ann", "Ben"]
    assert [row.state for row in rows(post)] == [State.QUEUED, State.SENT]


def test_what_is_due_in_quiet_hours_waits_for_their_end_with_the_others(post: Store) -> None:
    night = NOW.replace(hour=22, minute=30)
    telling = a_telling(a_manager(quiet_hours="22:00-07:00"))
    evening = night - HOUR
    for number in (1, 2):
        decided(post, telling, [a_followed(number, opened_at=evening, last_seen=evening)], evening)
    sent(post, telling, evening, ServerUnreachable("The mail server is away."))
    decided(post, telling, [a_followed(3, opened_at=evening, last_seen=evening)], night)
    assert sent(post, telling, night) == []
    critical = a_followed(4, severity=Severity.CRITICAL, opened_at=night, last_seen=night)
    decided(post, telling, [critical], night)
    assert len(sent(post, telling, night + MINUTE)) == 1
    [morning] = sent(post, telling, night + 9 * HOUR)
    assert morning.subject == "3 incidents about Northwind Ferries"
    assert {row.attempts for row in rows(post) if row.incident_id == 2} == {1}
