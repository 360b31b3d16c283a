"""What is told besides incidents: sources that cannot be read, summaries, and the question to confirm an address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import repeat
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, insert, select

from collector.sources import Gap, SourceConfig, Why
from collector.store import Store, hour_of
from collector.store.gaps import note_gap
from collector.store.runs import end_run, set_state, start_run
from dashboard.alerts import outbox
from dashboard.alerts.channels import ServerUnreachable
from dashboard.alerts.decide import Endpoint, Telling
from dashboard.alerts.deliver import deliver
from dashboard.alerts.digest import (
    Digest,
    Figures,
    IncidentLine,
    SourceLine,
    digest_subject,
    from_json,
    moved,
    to_json,
    write_digest,
)
from dashboard.alerts.letter import letter
from dashboard.alerts.links import confirm, confirm_link, token_of, unsubscribe
from dashboard.alerts.message import Envelope, Message
from dashboard.alerts.settings import DigestEvery, Manager
from dashboard.alerts.silence import Topic
from dashboard.alerts.source_health import decide_sources, just_started, trouble
from dashboard.alerts.summaries import ask_to_confirm, decide_digests
from dashboard.alerts.words import words
from sentiment.spikes.spike import Severity
from sentiment.store.counts import count_hour
from tests.dashboard.alerts.conftest import NOW, a_manager, a_telling

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
FORUM = SourceConfig(name="forum", kind="feed", settings=None, every=timedelta(minutes=15))


def rows(store: Store) -> list[Any]:
    with store.read() as conn:
        return list(conn.execute(select(outbox.delivery).order_by(outbox.delivery.c.id)).mappings())


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
    assert rows(post) == []
    with post.write() as conn:
        set_state(conn, "forum", "feed", last_error="The site refused the key.", last_error_at=NOW)
    for hour in (1, 2, 3):
        check_sources(post, telling, NOW + hour * HOUR)
    [down] = rows(post)
    assert (down["person"], down["event"]) == ("Ops", "source_down")
    assert down["subject"] == "forum cannot be read: what customers say there is missing since Tue 10 Mar, 11:30"
    message = letter([down], telling.managers[1], telling, confirmed=True)
    assert "The last error: The site refused the key." in message.text
    send_all(post, NOW + 3 * HOUR)
    with post.write() as conn:
        set_state(conn, "forum", "feed", last_success=NOW + 4 * HOUR)
    for half_hours in (8, 9):
        check_sources(post, telling, NOW + half_hours * HOUR / 2)
    assert [row["event"] for row in rows(post)] == ["source_down", "source_back"]
    check_sources(post, telling, NOW + 9 * HOUR)
    assert [row["event"] for row in rows(post)] == ["source_down", "source_back", "source_down"]


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
    [row] = rows(post)
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
    assert [(row["about"].rpartition("/")[0], row["event"]) for row in rows(post)] == [
        ("source/app/reviews", "source_down")
    ]
    check_sources(post, telling, NOW + 2 * HOUR, app, reviews)
    assert [row["about"].rpartition("/")[0] for row in rows(post)] == ["source/app/reviews", "source/app"]


def test_a_source_that_nobody_tried_since_it_was_due_means_that_groundswell_was_off(post: Store) -> None:
    with post.write() as conn:
        run_id = start_run(conn, "forum", "feed", NOW - 60 * HOUR)
        end_run(conn, run_id, NOW - 60 * HOUR, error_kind=None, error=None)
        set_state(conn, "forum", "feed", last_success=NOW - 60 * HOUR)
        assert just_started(conn, [FORUM], NOW)
        assert not just_started(conn, [FORUM], NOW - 60 * HOUR)
        end_run(conn, start_run(conn, "forum", "feed", NOW), NOW, error_kind="SourceUnavailable", error="503")
        assert not just_started(conn, [FORUM], NOW)


def test_a_digest_waits_for_what_was_said_while_everything_was_off_but_not_for_ever(post: Store) -> None:
    telling = a_telling(a_manager(digest=DigestEvery.DAY, digest_at="12:00", digest_empty=True))

    def told(at: datetime, *, behind: bool) -> int:
        with post.write() as conn:
            decide_digests(conn, telling, no_incidents, [], at, catching_up=lambda _start, _end: behind)
        return len(rows(post))

    assert told(NOW + MINUTE, behind=True) == 0
    assert told(NOW + 10 * MINUTE, behind=False) == 1
    later = NOW + 5 * DAY + 3 * HOUR
    assert told(later, behind=True) == 1
    assert told(later + HOUR, behind=True) == 1
    assert told(later + 2 * HOUR, behind=True) == 2
    assert told(later + 3 * HOUR, behind=False) == 2
    digest = from_json(rows(post)[1]["body"])
    assert (digest.start, digest.end) == (NOW, NOW + 5 * DAY)


def test_a_source_that_never_worked_is_told_after_the_time_it_promises(post: Store) -> None:
    with post.write() as conn:
        run_id = start_run(conn, "forum", "feed", NOW)
        end_run(conn, run_id, NOW, error_kind="SourceRefused", error="404")
        set_state(conn, "forum", "feed", last_error="404", last_error_at=NOW)
    telling = a_telling(a_manager("Ops", operations=True))
    check_sources(post, telling, NOW + HOUR)
    assert rows(post) == []
    check_sources(post, telling, NOW + 2 * HOUR)
    assert len(rows(post)) == 1


def test_a_source_that_is_off_or_never_ran_is_no_trouble() -> None:
    assert trouble(FORUM, None, None, NOW) is None


def count(store: Store, brand: str, facet: str, at: datetime, *, negative: int, positive: int) -> None:
    with store.write() as conn:
        conn.execute(
            insert(count_hour).values(
                brand=brand,
                facet=facet,
                source="forum",
                hour=hour_of(at),
                mentions=negative + positive,
                voices=negative + positive,
                negative=negative,
                neutral=0,
                positive=positive,
                unread=0,
                satisfaction=0,
            )
        )


def no_incidents(_conn: Connection, _start: datetime, _end: datetime) -> Sequence[tuple[Topic, IncidentLine]]:
    return []


def digests(store: Store, telling: Telling, now: datetime, incidents: Any = no_incidents) -> None:
    with store.write() as conn:
        decide_digests(conn, telling, incidents, [], now)


def test_a_daily_digest_tells_figures_moves_and_incidents_once(post: Store) -> None:
    ann = a_manager(digest=DigestEvery.DAY, digest_at="12:00", brands=("Northwind Ferries",))
    telling = a_telling(ann)
    for day in range(8):
        at = NOW - day * DAY - HOUR
        count(post, "Northwind Ferries", "all", at, negative=30 if day == 0 else 10, positive=70)
        count(post, "Northwind Ferries", "rater/Reliability", at, negative=25 if day == 0 else 3, positive=10)
        count(post, "Southwind", "all", at, negative=5, positive=5)

    def incidents(_conn: Connection, _start: datetime, _end: datetime) -> Sequence[tuple[Topic, IncidentLine]]:
        return [
            (
                Topic(brand=brand, dimensions=("rater/Reliability",), sources=("forum",), severity=Severity.HIGH),
                IncidentLine(
                    id=number, brand=brand, dimension="Reliability", severity=Severity.HIGH, started_at=NOW, over=False
                ),
            )
            for number, brand in ((1, "Northwind Ferries"), (2, "Southwind"))
        ]

    for minute in (1, 2, 50):
        digests(post, telling, NOW + minute * timedelta(minutes=1), incidents)
    [row] = rows(post)
    digest = from_json(row["body"])
    assert [(f.brand, f.voices, f.negative, f.voices_before) for f in digest.brands] == [
        ("Northwind Ferries", 100, 30, 560)
    ]
    assert [f.dimension for f in digest.moved] == ["Reliability"]
    assert [line.id for line in digest.incidents] == [1]
    assert row["subject"] == "Your day: 1 incident, 30% of voices about Northwind Ferries dissatisfied"
    text = letter([row], ann, telling, confirmed=True).text
    assert "Northwind Ferries: 100 voices, 30% of them dissatisfied (18 points more than in the week before)" in text
    assert "https://groundswell.example/incident?id=1" in text
    digests(post, telling, NOW + DAY, incidents)
    assert len(rows(post)) == 2


def test_those_who_share_an_address_get_one_digest_of_all_that_they_own(post: Store) -> None:
    common: dict[str, Any] = {"email": "desk@northwind.example", "digest": DigestEvery.DAY, "digest_at": "12:00"}
    ann = Manager(name="Ann", dimensions=("Reliability",), brands=("Northwind Ferries",), **common)
    his = {"digest_at": "13:00", "email": "Desk@Northwind.example"}
    ben = Manager(name="Ben", dimensions=("Empathy",), brands=("Southwind",), **common | his)
    telling = a_telling(ann, ben, a_manager("Chief", digest=DigestEvery.WEEK))
    for brand in ("Northwind Ferries", "Southwind", "Calder Coaches"):
        for facet in ("all", "rater/Reliability", "rater/Empathy"):
            count(post, brand, facet, NOW - HOUR, negative=40, positive=60)
            count(post, brand, facet, NOW - 2 * DAY, negative=4, positive=96)
    for hour in (0, 0.5, 1, 1.5):
        digests(post, telling, NOW + hour * HOUR)
    [row] = rows(post)
    digest = from_json(row["body"])
    assert [figures.brand for figures in digest.brands] == ["Northwind Ferries", "Southwind"]
    assert {(one.brand, one.dimension) for one in digest.moved} == {
        ("Northwind Ferries", "Reliability"),
        ("Southwind", "Empathy"),
    }
    assert "because Ann and Ben asked for a summary" in letter([row], ann, telling, confirmed=True).text
    # Who leaves hands over without a gap, and without telling anything twice.
    alone = a_telling(ann, replace(ben, name="Cem", digest_at="12:00"))
    count(post, "Southwind", "all", NOW + HOUR, negative=1, positive=1)
    digests(post, alone, NOW + DAY)
    digests(post, a_telling(alone.managers[1], ann), NOW + DAY + HOUR / 2)
    assert [from_json(row["body"]).start for row in rows(post)] == [NOW - DAY, NOW]


def test_an_empty_digest_is_sent_only_to_those_who_want_it(post: Store) -> None:
    telling = a_telling(
        a_manager("Ann", digest=DigestEvery.DAY, digest_at="12:00"),
        a_manager("Ben", digest=DigestEvery.DAY, digest_at="12:00", digest_empty=True),
    )
    digests(post, telling, NOW)
    [row] = rows(post)
    assert row["person"] == "Ben"
    assert "No incidents in this time." in letter([row], telling.managers[1], telling, confirmed=True).text


def test_small_moves_are_not_called_moves() -> None:
    def figures(negative: int, before: int) -> Figures:
        return Figures(
            brand="B", dimension="D", voices=100, negative=negative, voices_before=700, negative_before=before
        )

    assert moved([figures(12, 70), figures(4, 2), figures(10, 70)]) == []
    assert moved([figures(20, 70), figures(40, 70)]) == [figures(40, 70), figures(20, 70)]


def test_a_digest_is_one_message_however_long() -> None:
    lines = tuple(
        IncidentLine(id=n, brand="B", dimension=None, severity=Severity.LOW, started_at=NOW, over=True, link=None)
        for n in range(300)
    )
    digest = Digest(
        every=DigestEvery.WEEK, start=NOW - 7 * DAY, end=NOW, brands=(), moved=(), incidents=lines, sources=()
    )
    assert from_json(to_json(digest)) == digest
    spoken = words("en", ZoneInfo("UTC"))
    message = write_digest(digest, spoken, Envelope(message_id="<a@b>", why="Ann asked."))
    assert message.text.count("  * B:") == 300
    assert digest_subject(digest, spoken) == "Your week: 300 incidents"
    unread = replace(digest, incidents=(), sources=(SourceLine(source="app", since=NOW),))
    assert digest_subject(unread, spoken) == "Your week: 1 source not read"


def test_the_question_to_confirm_is_asked_once_and_its_link_confirms(post: Store) -> None:
    telling = a_telling(a_manager(), require_confirmation=True)
    for _ in range(2):
        with post.write() as conn:
            ask_to_confirm(conn, telling, NOW)
    [row] = rows(post)
    assert (row["event"], row["state"]) == ("confirm", "queued")
    link = confirm_link(telling.alerts, "ann@northwind.example")
    assert link is not None
    assert link in letter([row], telling.managers[0], telling, confirmed=False).text
    assert confirm(link.partition("token=")[2], "hush") == "ann@northwind.example"


def test_a_question_that_could_not_be_delivered_is_asked_again_the_next_day_until_it_is_answered(post: Store) -> None:
    telling = a_telling(a_manager(), require_confirmation=True, attempts=1)
    asked: list[datetime] = []

    def send(_telling: Telling, _who: Manager, _to: Endpoint, _message: Message, now: datetime) -> None:
        asked.append(now)
        if len(asked) < 3:
            raise ServerUnreachable("The mail server is away.")

    def round_(at: datetime) -> None:
        with post.write() as conn:
            ask_to_confirm(conn, telling, at)
        deliver(post, telling, repeat(at).__next__, send)

    for hours in (0, 1, 23, 24, 30, 48, 72):
        round_(NOW + hours * HOUR)
    assert asked == [NOW, NOW + DAY, NOW + 2 * DAY]


@pytest.mark.parametrize("token", ["", "abc", "é", "====", "A" * 400])
def test_a_token_that_is_not_ours_speaks_for_nobody(token: str) -> None:
    assert confirm(token, "hush") is None
    assert unsubscribe(token, "hush") is None


def test_a_token_serves_one_purpose_one_address_and_one_installation() -> None:
    token = token_of("ann@northwind.example", "unsubscribe", "hush")
    assert unsubscribe(token, "hush") == "ann@northwind.example"
    assert confirm(token, "hush") is None
    assert unsubscribe(token, "other") is None
    assert unsubscribe(token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), "hush") is None


def test_a_budget_that_will_not_be_renewed_in_time_is_told_at_once(post: Store) -> None:
    telling = a_telling(a_manager("Ops", operations=True))
    error = "This month's budget of 150 posts on X is used up; it is renewed on 01 April."
    spent = {"last_error": error, "last_error_kind": "BudgetSpent", "last_error_at": NOW}
    with post.write() as conn:
        set_state(conn, "forum", "feed", last_success=NOW - HOUR / 4, wait_until=NOW + 20 * DAY, **spent)
    check_sources(post, telling, NOW)
    check_sources(post, telling, NOW + HOUR)
    [down] = rows(post)
    assert f"The last error: {error}" in letter([down], telling.managers[0], telling, confirmed=True).text


def test_a_source_that_lags_behind_is_one_episode_however_far_it_gets(post: Store) -> None:
    telling = a_telling(a_manager("Ops", operations=True))
    for hour in range(5):
        at = NOW + hour * HOUR
        with post.write() as conn:
            set_state(conn, "forum", "feed", read_until=at - 4 * HOUR, note="Stopped after 500 pages.")
        check_sources(post, telling, at)
    [down] = rows(post)
    assert "Stopped after 500 pages." in letter([down], telling.managers[0], telling, confirmed=True).text
    send_all(post, at)
    with post.write() as conn:
        set_state(conn, "forum", "feed", read_until=at, last_success=at, note=None)
    check_sources(post, telling, at)
    assert [row["event"] for row in rows(post)] == ["source_down", "source_back"]


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
    [told] = rows(post)
    assert told["event"] == "source_gap"
    assert told["subject"].startswith("forum: Ein Teil dessen, was Kunden sagten, fehlt seit")
    assert lost in letter([told], telling.managers[0], telling, confirmed=True).text
