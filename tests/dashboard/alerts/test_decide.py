"""From incidents to deliveries: told once, to the right people, however often and by however many it is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from collector.store import Store
from dashboard.alerts import outbox, wishes
from dashboard.alerts.alert import from_json
from dashboard.alerts.decide import Followed, Telling, decide
from dashboard.alerts.outbox import State
from dashboard.alerts.silence import Silence
from sentiment.spikes.spike import Severity
from tests.dashboard.alerts.conftest import NOW, a_followed, a_manager, a_telling

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def run(store: Store, telling: Telling, followed: Sequence[Followed], now: Any = NOW) -> None:
    with store.write() as conn:
        decide(conn, telling, followed, now)


def rows(store: Store) -> list[Any]:
    with store.read() as conn:
        return list(conn.execute(select(outbox.delivery).order_by(outbox.delivery.c.id)))


def events(store: Store, *, state: State | None = None) -> list[tuple[str, str]]:
    return [(row.event, row.person) for row in rows(store) if state is None or row.state == state]


def send_all(store: Store, at: Any = NOW) -> None:
    with store.write() as conn:
        while claimed := outbox.claim(conn, at, HOUR):
            outbox.finish(conn, claimed, state=State.SENT, sent_at=at)


def test_an_incident_is_told_once_however_often_it_is_decided(post: Store) -> None:
    telling = a_telling(a_manager())
    for minute in range(5):
        run(post, telling, [a_followed()], NOW + minute * MINUTE)
    [row] = rows(post)
    assert (row.about, row.event, row.recipient, row.channel) == (
        "incident/12",
        "opened",
        "ann@northwind.example",
        "email",
    )
    assert row.state == State.QUEUED
    assert row.subject.startswith("Northwind Ferries: 31 dissatisfied voices")
    assert from_json(row.body["alert"]).incident_id == 12


def test_an_incident_has_one_opening_and_one_end(post: Store) -> None:
    telling = a_telling(a_manager())
    run(post, telling, [a_followed()])
    send_all(post)
    over = a_followed(last_seen=NOW + 4 * HOUR, resolved_at=NOW + 10 * HOUR)
    run(post, telling, [over], NOW + 11 * HOUR)
    assert events(post) == [("opened", "Ann")]
    for hour in (30, 31, 60):
        run(post, telling, [over], NOW + hour * HOUR)
    assert events(post) == [("opened", "Ann"), ("resolved/0", "Ann")]


def test_an_incident_that_flaps_is_opened_and_ended_once(post: Store) -> None:
    telling = a_telling(a_manager())
    run(post, telling, [a_followed()])
    send_all(post)
    for round_ in range(3):
        at = NOW + round_ * 20 * HOUR
        run(post, telling, [a_followed(last_seen=at, resolved_at=at + 6 * HOUR, reopenings=round_)], at + 7 * HOUR)
        run(post, telling, [a_followed(last_seen=at + 20 * HOUR, reopenings=round_ + 1)], at + 20 * HOUR)
    end = NOW + 60 * HOUR
    run(post, telling, [a_followed(last_seen=end, resolved_at=end + 6 * HOUR, reopenings=3)], end + 26 * HOUR)
    assert events(post) == [("opened", "Ann"), ("resolved/3", "Ann")]


def test_where_ends_are_told_early_a_reopening_is_told_too(post: Store) -> None:
    telling = a_telling(a_manager(), settle=HOUR)
    run(post, telling, [a_followed()])
    send_all(post)
    run(post, telling, [a_followed(last_seen=NOW, resolved_at=NOW + 6 * HOUR)], NOW + 7 * HOUR)
    send_all(post, NOW + 7 * HOUR)
    run(post, telling, [a_followed(last_seen=NOW + 9 * HOUR, reopenings=1)], NOW + 9 * HOUR)
    assert events(post) == [("opened", "Ann"), ("resolved/0", "Ann"), ("reopened/1", "Ann")]


def test_worse_is_told_only_when_the_severity_rises_a_band(post: Store) -> None:
    telling = a_telling(a_manager())
    for hour, severity in enumerate(
        (Severity.MODERATE, Severity.MODERATE, Severity.HIGH, Severity.MODERATE, Severity.HIGH)
    ):
        run(post, telling, [a_followed(severity=severity)], NOW + hour * HOUR)
        send_all(post, NOW + hour * HOUR)
    assert events(post) == [("opened", "Ann"), ("worse/high", "Ann")]


def test_who_asked_for_bad_ones_hears_of_one_that_became_bad_as_new(post: Store) -> None:
    telling = a_telling(a_manager(), a_manager("Boss", min_severity=Severity.CRITICAL))
    run(post, telling, [a_followed()])
    send_all(post)
    run(post, telling, [a_followed(severity=Severity.CRITICAL)], NOW + HOUR)
    told = {row.person: from_json(row.body["alert"]).event for row in rows(post) if row.event == "worse/critical"}
    assert told == {"Ann": "worse", "Boss": "opened"}


def test_news_about_what_was_not_sent_yet_is_folded_into_it(post: Store) -> None:
    telling = a_telling(a_manager())
    run(post, telling, [a_followed()])
    over = a_followed(last_seen=NOW, resolved_at=NOW + 6 * HOUR)
    run(post, telling, [over], NOW + 26 * HOUR)
    opening, end = rows(post)
    assert opening.state == State.QUEUED
    assert opening.subject.endswith("it is over")
    assert from_json(opening.body["alert"]).calm_since == NOW + 6 * HOUR
    assert (end.state, end.reason) == (State.SUPPRESSED, "told with the earlier message, which was still waiting")


def test_nobody_hears_the_end_of_what_they_were_not_told(post: Store) -> None:
    silence = Silence(start=NOW - HOUR, end=NOW + HOUR, reason="strike announced")
    telling = a_telling(a_manager(), planned=(silence,))
    run(post, telling, [a_followed()])
    run(post, telling, [a_followed(resolved_at=NOW + 6 * HOUR)], NOW + 26 * HOUR)
    [row] = rows(post)
    assert row.state == State.SUPPRESSED
    assert row.reason.endswith("strike announced")


def test_a_silenced_incident_is_recorded_but_not_sent(post: Store) -> None:
    with post.write() as conn:
        made = Silence(start=NOW, end=NOW + HOUR, reason="campaign", by="Ann", brands=("Northwind Ferries",))
        number = wishes.add_silence(conn, made, NOW)
        assert wishes.silences(conn, NOW) == [replace(made, id=number)]
    run(post, a_telling(a_manager()), [a_followed()])
    assert events(post, state=State.SUPPRESSED) == [("silenced/opened", "Ann")]
    with post.write() as conn:
        wishes.lift_silence(conn, number, NOW + MINUTE)
        assert wishes.silences(conn, NOW + MINUTE) == []
    run(post, a_telling(a_manager()), [a_followed(13)], NOW + MINUTE)
    assert events(post, state=State.QUEUED) == [("opened", "Ann")]


def test_what_still_goes_on_when_the_silence_ends_is_told_then_and_once(post: Store) -> None:
    silence = Silence(start=NOW - HOUR, end=NOW + 2 * HOUR, reason="strike announced")
    telling = a_telling(a_manager(), a_manager("Boss", escalate_after=HOUR), planned=(silence,))
    for hour in (0, 1, 2, 3, 24):
        run(post, telling, [a_followed(opened_at=NOW, last_seen=NOW + hour * HOUR)], NOW + hour * HOUR)
        send_all(post, NOW + hour * HOUR)
    told = [("opened", "Ann"), ("unacknowledged/Boss", "Boss")]
    assert events(post, state=State.SENT) == told
    assert events(post, state=State.SUPPRESSED) == [(f"silenced/{event}", person) for event, person in told]


def test_an_end_under_a_silence_is_told_after_it(post: Store) -> None:
    silence = Silence(start=NOW + HOUR, end=NOW + 40 * HOUR, reason="strike announced")
    telling = a_telling(a_manager(), planned=(silence,))
    run(post, telling, [a_followed()])
    send_all(post)
    over = a_followed(resolved_at=NOW + 6 * HOUR)
    for hour in (30, 41, 42):
        run(post, telling, [over], NOW + hour * HOUR)
    assert events(post, state=State.QUEUED) == [("resolved/0", "Ann")]


def test_what_becomes_critical_in_quiet_hours_wakes_though_a_milder_message_waits(post: Store) -> None:
    night = NOW.replace(hour=23, minute=0)
    telling = a_telling(a_manager(timezone="UTC", quiet_hours="22:00-07:00"))
    run(post, telling, [a_followed(severity=Severity.MODERATE, opened_at=night, last_seen=night)], night)
    send_all(post, night)
    assert events(post, state=State.SENT) == []
    later = night + HOUR
    run(post, telling, [a_followed(severity=Severity.CRITICAL, opened_at=night, last_seen=later)], later)
    send_all(post, later)
    assert events(post, state=State.SENT) == [("opened", "Ann")]


def test_one_who_joins_later_does_not_hear_of_what_was_told_before(post: Store) -> None:
    run(post, a_telling(a_manager()), [a_followed()])
    send_all(post)
    run(post, a_telling(a_manager(), a_manager("Ben")), [a_followed()], NOW + HOUR)
    assert events(post) == [("opened", "Ann")]


def test_an_incident_nobody_acknowledges_is_escalated_once(post: Store) -> None:
    telling = a_telling(a_manager(), a_manager("Boss", escalate_after=2 * HOUR))
    run(post, telling, [a_followed(opened_at=NOW)])
    send_all(post)
    for hour in (1, 2, 3):
        run(post, telling, [a_followed(opened_at=NOW, last_seen=NOW + hour * HOUR)], NOW + hour * HOUR)
        send_all(post, NOW + hour * HOUR)
    assert events(post) == [("opened", "Ann"), ("unacknowledged/Boss", "Boss")]
    end = a_followed(opened_at=NOW, last_seen=NOW + 3 * HOUR, resolved_at=NOW + 9 * HOUR)
    run(post, telling, [end], NOW + 30 * HOUR)
    assert events(post)[2:] == [("resolved/0", "Ann"), ("resolved/0", "Boss")]


def test_acknowledging_stops_the_escalation(post: Store) -> None:
    telling = a_telling(a_manager("Boss", escalate_after=2 * HOUR))
    run(post, telling, [a_followed(opened_at=NOW, acknowledged=True)], NOW + 5 * HOUR)
    assert rows(post) == []


def test_a_storm_is_gathered_with_the_worst_told_alone(post: Store) -> None:
    severities = [Severity.LOW, Severity.HIGH, Severity.MODERATE, Severity.CRITICAL, Severity.LOW, Severity.LOW]
    storm = [a_followed(number, severity=severity) for number, severity in enumerate(severities, 1)]
    run(post, a_telling(a_manager()), storm)
    alone = [row.incident_id for row in rows(post) if row.bundle is None]
    assert alone == [4, 2, 3]
    assert len({row.bundle for row in rows(post) if row.bundle}) == 1
    with post.write() as conn:
        sizes = []
        while claimed := outbox.claim(conn, NOW, HOUR):
            sizes.append(len(claimed))
            outbox.finish(conn, claimed, state=State.SENT, sent_at=NOW)
    assert sorted(sizes) == [1, 1, 1, 3]


def test_history_arrives_as_one_message_and_then_at_a_pause(post: Store) -> None:
    old = [
        a_followed(number, opened_at=NOW - timedelta(days=number), last_seen=NOW - timedelta(days=number))
        for number in range(3, 13)
    ]
    telling = a_telling(a_manager())
    run(post, telling, old[:6])
    assert len({row.bundle for row in rows(post)}) == 1
    assert {row.due for row in rows(post)} == {NOW}
    send_all(post)
    run(post, telling, old, NOW + MINUTE)
    assert {row.due for row in rows(post)[6:]} == {NOW + 30 * MINUTE}


def test_what_comes_in_quiet_hours_arrives_together_at_their_end(post: Store) -> None:
    telling = a_telling(a_manager(quiet_hours="11:00-13:00"))
    run(post, telling, [a_followed(1)])
    run(post, telling, [a_followed(2)], NOW + 10 * MINUTE)
    run(post, telling, [a_followed(3, severity=Severity.CRITICAL)], NOW + 20 * MINUTE)
    due = {row.incident_id: row.due for row in rows(post)}
    assert due == {1: NOW + HOUR, 2: NOW + HOUR, 3: NOW + 20 * MINUTE}
    bundles = {row.incident_id: row.bundle for row in rows(post)}
    assert bundles[1] == bundles[2]
    assert bundles[3] is None


def test_every_address_and_room_of_a_person_is_told(post: Store) -> None:
    ann = a_manager(chat=("json://localhost/one", "slack://secret-token/b/c"))
    run(post, a_telling(ann), [a_followed()])
    assert [(row.channel, row.recipient.partition(":")[0]) for row in rows(post)] == [
        ("email", "ann@northwind.example"),
        ("chat", "json"),
        ("chat", "slack"),
    ]
    assert all("secret-token" not in str(row) for row in rows(post))


def test_without_a_mail_server_it_is_recorded_why_nothing_was_sent(post: Store) -> None:
    telling = replace(a_telling(a_manager()), mail=None)
    run(post, telling, [a_followed()])
    [row] = rows(post)
    assert (row.state, row.reason) == (State.SUPPRESSED, "no mail server is configured")


def test_who_unsubscribed_or_did_not_confirm_is_not_written_to(post: Store) -> None:
    with post.write() as conn:
        wishes.set_recipient(conn, "ANN@northwind.example", unsubscribed_at=NOW)
        wishes.set_recipient(conn, "ben@northwind.example", confirmed_at=NOW)
    telling = a_telling(a_manager("Ann"), a_manager("Ben"), a_manager("Cem"), require_confirmation=True)
    run(post, telling, [a_followed()])
    assert {row.person: row.reason for row in rows(post)} == {
        "Ann": "this address has unsubscribed",
        "Ben": None,
        "Cem": "this address has not been confirmed",
    }


def test_a_stable_identity_keeps_one_thread_an_incident_and_person(post: Store) -> None:
    telling = a_telling(a_manager(), a_manager("Ben"))
    run(post, telling, [a_followed(), a_followed(13)])
    ids = [row.message_id for row in rows(post)]
    assert len(set(ids)) == 4
    assert all(one.endswith("@groundswell.example>") for one in ids)
    with post.write() as conn:
        conn.execute(outbox.delivery.delete())
        conn.execute(outbox.decision.delete())
    run(post, telling, [a_followed(), a_followed(13)], NOW + HOUR)
    assert [row.message_id for row in rows(post)] == ids
