"""Summaries: what they tell, when, and to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert

from collector.store import Store, hour_of
from dashboard.alerts.decide import Telling
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
from dashboard.alerts.message import Envelope
from dashboard.alerts.settings import DigestEvery, Manager
from dashboard.alerts.silence import Topic
from dashboard.alerts.summaries import decide_digests
from dashboard.alerts.words import words
from sentiment.spikes.spike import Severity
from sentiment.store.counts import count_hour
from tests.dashboard.alerts.conftest import NOW, a_manager, a_telling, deliveries

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)


def test_a_digest_waits_for_what_was_said_while_everything_was_off_but_not_for_ever(post: Store) -> None:
    telling = a_telling(a_manager(digest=DigestEvery.DAY, digest_at="12:00", digest_empty=True))

    def told(at: datetime, *, behind: bool) -> int:
        with post.write() as conn:
            decide_digests(conn, telling, no_incidents, [], at, catching_up=lambda _start, _end: behind)
        return len(deliveries(post))

    assert told(NOW + MINUTE, behind=True) == 0
    assert told(NOW + 10 * MINUTE, behind=False) == 1
    later = NOW + 5 * DAY + 3 * HOUR
    assert told(later, behind=True) == 1
    assert told(later + HOUR, behind=True) == 1
    assert told(later + 2 * HOUR, behind=True) == 2
    assert told(later + 3 * HOUR, behind=False) == 2
    digest = from_json(deliveries(post)[1]["body"])
    assert (digest.start, digest.end) == (NOW, NOW + 5 * DAY)


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
    [row] = deliveries(post)
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
    assert len(deliveries(post)) == 2


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
    [row] = deliveries(post)
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
    assert [from_json(row["body"]).start for row in deliveries(post)] == [NOW - DAY, NOW]


def test_an_empty_digest_is_sent_only_to_those_who_want_it(post: Store) -> None:
    telling = a_telling(
        a_manager("Ann", digest=DigestEvery.DAY, digest_at="12:00"),
        a_manager("Ben", digest=DigestEvery.DAY, digest_at="12:00", digest_empty=True),
    )
    digests(post, telling, NOW)
    [row] = deliveries(post)
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
