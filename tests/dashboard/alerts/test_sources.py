"""Sources that cannot be read are told once, and so is their return."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import repeat

from collector.sources import Gap, SourceConfig, Why
from collector.store import Store
from collector.store.gaps import note_gap
from collector.store.runs import end_run, set_state, start_run
from dashboard.alerts import outbox
from dashboard.alerts.decide import Endpoint, Telling
from dashboard.alerts.deliver import deliver
from dashboard.alerts.letter import letter
from dashboard.alerts.message import Message
from dashboard.alerts.settings import Manager
from dashboard.alerts.source_health import decide_sources, just_started, trouble
from tests.dashboard.alerts.conftest import NOW, a_manager, a_telling, deliveries

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
FORUM = SourceConfig(name="forum", kind="feed", settings=None, every=timedelta(minutes=15))


def check_sources(store: Store, telling: Telling, now: datetime, *sources: SourceConfig) -> None:
    with store.write() as conn:
        decide_sources(conn, telling, sources or [FORUM], now)


def send_all(store: Store, at: datetime) -> list[int]:
    """Send what is due; returns how many things each message told."""
    told = []
    with store.write() as conn:
        while claimed := outbox.claim(conn, at, HOUR):
            outbox.finish(conn, claimed, state=outbox.State.SENT, sent_at=at)
            told.append(len(claimed))
    return told


def test_a_source_that_fails_is_told_once_and_its_return_once(post: Store) -> None:
    telling = a_telling(a_manager("Ann"), a_manager("Ops", operations=True))
    with post.write() as conn:
        set_state(conn, "forum", "feed", last_success=NOW - 30 * timedelta(minutes=1))
    check_sources(post, telling, NOW)
    assert deliveries(post) == []
    with post.write() as conn:
        set_state(conn, "forum", "feed", last_error="The site refused the key.", last_error_at=NOW)
    for hour in (1, 2, 3):
        check_sources(post, telling, NOW + hour * HOUR)
    [down] = deliveries(post)
    assert (down["person"], down["event"]) == ("Ops", "source_down")
    assert down["subject"] == "forum cannot be read: what customers say there is missing since Tue 10 Mar, 11:30"
    message = letter([down], telling.managers[1], telling, confirmed=True)
    assert "The last error: The site refused the key." in message.text
    send_all(post, NOW + 3 * HOUR)
    with post.write() as conn:
        set_state(conn, "forum", "feed", last_success=NOW + 4 * HOUR)
    for half_hours in (8, 9):
        check_sources(post, telling, NOW + half_hours * HOUR / 2)
    assert [row["event"] for row in deliveries(post)] == ["source_down", "source_back"]
    check_sources(post, telling, NOW + 9 * HOUR)
    assert [row["event"] for row in deliveries(post)] == ["source_down", "source_back", "source_down"]


def test_what_is_read_again_before_anybody_was_told_is_told_to_nobody(post: Store) -> None:
    telling = a_telling(a_manager("Ops", operations=True))
    with post.write() as conn:
        set_state(conn, "forum", "feed", last_success=NOW - 60 * HOUR)
    # Groundswell was off over the weekend; alerts are looked at before the first source is read.
    check_sources(post, telling, NOW)
    assert send_all(post, NOW) == []
    with post.write() as conn:
        set_state(conn, "forum", "feed", last_success=NOW + 2 * MINUTE)
    check_sources(post, telling, NOW + 2 * MINUTE)
    [row] = deliveries(post)
    assert (row["event"], row["state"]) == ("source_down", outbox.State.SUPPRESSED)
    assert row["reason"] == "the source was read again before this was sent"


def test_sources_that_fail_together_are_one_message_and_wait_for_the_morning(post: Store) -> None:
    ops = a_manager("Ops", operations=True, quiet_hours="11:00-14:00")
    telling = a_telling(ops, a_manager("Night", operations=True))
    sources = [replace(FORUM, name=f"forum {number}") for number in range(40)]
    with post.write() as conn:
        for number, source in enumerate(sources):
            set_state(conn, source.name, "feed", last_success=NOW - HOUR - number // 8 * MINUTE)
    for minute in range(6):
        check_sources(post, telling, NOW + minute * MINUTE, *sources)
    sent: list[tuple[str, str]] = []

    def send(_telling: Telling, who: Manager, _to: Endpoint, message: Message, _now: datetime) -> None:
        sent.append((who.name, message.subject))
        assert "forum 39 cannot be read" in message.text or "and 10 more" in message.text
        assert message.html.count("cannot be read: what customers say") == 31

    deliver(post, telling, repeat(NOW + 20 * MINUTE).__next__, send)
    assert [who for who, _ in sent] == ["Night"]
    assert sent[0][1].startswith("forum 8 cannot be read")
    assert sent[0][1].endswith("– and 39 more")
    deliver(post, telling, repeat(NOW + 2 * HOUR).__next__, send)
    assert [who for who, _ in sent] == ["Night", "Ops"]


def test_a_source_whose_name_begins_like_anothers_has_troubles_of_its_own(post: Store) -> None:
    telling = a_telling(a_manager("Ops", operations=True))
    app, reviews = replace(FORUM, name="app"), replace(FORUM, name="app/reviews")
    with post.write() as conn:
        set_state(conn, "app", "feed", last_success=NOW)
        set_state(conn, "app/reviews", "feed", last_success=NOW - 2 * HOUR)
    check_sources(post, telling, NOW, app, reviews)
    check_sources(post, telling, NOW + MINUTE, app, reviews)
    assert [(row["about"].rpartition("/")[0], row["event"]) for row in deliveries(post)] == [
        ("source/app/reviews", "source_down")
    ]
    check_sources(post, telling, NOW + 2 * HOUR, app, reviews)
    assert [row["about"].rpartition("/")[0] for row in deliveries(post)] == ["source/app/reviews", "source/app"]


def test_a_source_that_nobody_tried_since_it_was_due_means_that_groundswell_was_off(post: Store) -> None:
    with post.write() as conn:
        run_id = start_run(conn, "forum", "feed", NOW - 60 * HOUR)
        end_run(conn, run_id, NOW - 60 * HOUR, error_kind=None, error=None)
        set_state(conn, "forum", "feed", last_success=NOW - 60 * HOUR)
        assert just_started(conn, [FORUM], NOW)
        assert not just_started(conn, [FORUM], NOW - 60 * HOUR)
        end_run(conn, start_run(conn, "forum", "feed", NOW), NOW, error_kind="SourceUnavailable", error="503")
        assert not just_started(conn, [FORUM], NOW)


def test_a_source_that_never_worked_is_told_after_the_time_it_promises(post: Store) -> None:
    with post.write() as conn:
        run_id = start_run(conn, "forum", "feed", NOW)
        end_run(conn, run_id, NOW, error_kind="SourceRefused", error="404")
        set_state(conn, "forum", "feed", last_error="404", last_error_at=NOW)
    telling = a_telling(a_manager("Ops", operations=True))
    check_sources(post, telling, NOW + HOUR)
    assert deliveries(post) == []
    check_sources(post, telling, NOW + 2 * HOUR)
    assert len(deliveries(post)) == 1


def test_a_source_that_is_off_or_never_ran_is_no_trouble() -> None:
    assert trouble(FORUM, None, None, NOW) is None


def test_a_budget_that_will_not_be_renewed_in_time_is_told_at_once(post: Store) -> None:
    telling = a_telling(a_manager("Ops", operations=True))
    error = "This month's budget of 150 posts on X is used up; it is renewed on 01 April."
    spent = {"last_error": error, "last_error_kind": "BudgetSpent", "last_error_at": NOW}
    with post.write() as conn:
        set_state(conn, "forum", "feed", last_success=NOW - HOUR / 4, wait_until=NOW + 20 * DAY, **spent)
    check_sources(post, telling, NOW)
    check_sources(post, telling, NOW + HOUR)
    [down] = deliveries(post)
    assert f"The last error: {error}" in letter([down], telling.managers[0], telling, confirmed=True).text


def test_a_source_that_lags_behind_is_one_episode_however_far_it_gets(post: Store) -> None:
    telling = a_telling(a_manager("Ops", operations=True))
    for hour in range(5):
        at = NOW + hour * HOUR
        with post.write() as conn:
            set_state(conn, "forum", "feed", read_until=at - 4 * HOUR, note="Stopped after 500 pages.")
        check_sources(post, telling, at)
    [down] = deliveries(post)
    assert "Stopped after 500 pages." in letter([down], telling.managers[0], telling, confirmed=True).text
    send_all(post, at)
    with post.write() as conn:
        set_state(conn, "forum", "feed", read_until=at, last_success=at, note=None)
    check_sources(post, telling, at)
    assert [row["event"] for row in deliveries(post)] == ["source_down", "source_back"]


def test_a_span_that_a_source_no_longer_shows_is_told_once_and_a_short_one_only_shown(post: Store) -> None:
    telling = a_telling(a_manager("Ops", operations=True, language="de"))
    lost = "The source shows nothing before 2026-03-10 09:00 UTC."
    with post.write() as conn:
        set_state(conn, "forum", "feed", last_success=NOW)
        for hours, start in ((3, NOW - 6 * HOUR), (0.2, NOW - 20 * HOUR)):
            gap = Gap(start=start, end=start + hours * HOUR, why=Why.OUT_OF_REACH, sentence=lost)
            note_gap(conn, "forum", gap, NOW)
    for hour in range(3):
        check_sources(post, telling, NOW + hour * HOUR / 4)
    [told] = deliveries(post)
    assert told["event"] == "source_gap"
    assert told["subject"].startswith("forum: Ein Teil dessen, was Kunden sagten, fehlt seit")
    assert lost in letter([told], telling.managers[0], telling, confirmed=True).text
