"""The whole round: counts are judged, an incident is found, explained and told by a real mail server, once."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from collector.sources import Span
from collector.store import Store, hour_of
from collector.store.mentions import save_mentions
from collector.store.runs import cover
from dashboard.alerts import outbox
from dashboard.alerts.channels import ChannelError, RecipientRefused
from dashboard.alerts.incidents import followed, incidents_between
from dashboard.alerts.notify import notify, test_mail
from dashboard.alerts.settings import AlertSettings, DigestEvery, MailSettings, Manager, Security
from dashboard.erasure import remove
from sentiment.reading import Sentiment
from sentiment.spikes.run import detect
from sentiment.spikes.spike import Severity, SpikeSettings
from sentiment.spikes.store.incidents import acknowledge, incidents
from sentiment.store import open_store
from sentiment.store.counts import count_hour
from sentiment.store.readings import claim, save_readings
from tests.conftest import BERLIN
from tests.dashboard.alerts.conftest import NOW, MailServer, a_manager, free_port
from tests.fakes import a_mention, a_reading

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BRAND = "Northwind Ferries"
ALERTS = AlertSettings(base_url="https://groundswell.example", secret="hush")
WORDS = re.findall(
    r"\w+",
    "ferry crossing captain harbour ticket queue cabin deck lounge coffee morning evening weather island bridge "
    "luggage family children holiday counter screen call email website phone terminal gate parking bus train",
)


def calm(store: Store, first: int, hours: int, but: frozenset[int] = frozenset()) -> None:
    """Hours that are all alike: ten voices, one of them dissatisfied, every other time with punctuality."""
    rows = [
        {
            "brand": BRAND,
            "source": "reviews",
            "facet": facet,
            "hour": hour,
            "mentions": voices,
            "voices": voices,
            "negative": bad,
            "neutral": 0,
            "positive": voices - bad,
            "unread": 0,
            "satisfaction": 0,
        }
        for hour in range(first, first + hours)
        if hour not in but
        for facet, bad, voices in (("all", 1, 10), ("rater/Reliability", hour % 2, hour % 2))
    ]
    with store.write() as conn:
        conn.execute(insert(count_hour), rows)


def planted(folder: Path, *days_ago: int) -> Path:
    """A database with nine weeks of calm, broken by four hours of complaints so many days ago."""
    path = folder / "planted.db"
    store = open_store(str(path), zone=BERLIN, salt=b"salt")
    # Room is left for the complaints, which are counted where they are saved.
    busy = frozenset(hour_of(NOW) - 24 * days - hour for days in days_ago for hour in (1, 2, 3, 4))
    calm(store, hour_of(NOW) - 63 * 24, 63 * 24, busy)
    for days in days_ago:
        complaints(store, NOW - days * DAY)
    assert detect(store, SpikeSettings(zone=BERLIN), NOW).opened == len(days_ago)
    store.engine.dispose()
    return path


def complaints(store: Store, end: datetime, *, hours: int = 4, an_hour: int = 12) -> None:
    """Real mentions, all of them dissatisfied with punctuality, in the hours before `end`."""
    dice = random.Random(hour_of(end))
    made = [
        a_mention(
            f"{end.isoformat()}-{n}",
            text=f"{' '.join(dice.sample(WORDS, 12))} two hours late, no refund <b>{n}</b>",
            created_at=end - timedelta(minutes=1 + n * 60 / an_hour),
        )
        for n in range(hours * an_hour)
    ]
    with store.write() as conn:
        save_mentions(conn, store, made)
        claimed = claim(conn, "test", end, HOUR, 1000)
        reading = a_reading(aspects={"timeliness": Sentiment.NEGATIVE})
        save_readings(conn, store, [(unread, reading) for unread in claimed], end)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted(tmp_path_factory.mktemp("planted"), 0)


@pytest.fixture
def alarmed(once: Path, tmp_path: Path) -> Iterator[Store]:
    """A store in which a spike of the last four hours was just found."""
    store = open_store(str(shutil.copy(once, tmp_path / "groundswell.db")), zone=BERLIN, salt=b"salt")
    yield store
    store.engine.dispose()


def told(store: Store) -> list[Any]:
    with store.read() as conn:
        return list(conn.execute(select(outbox.delivery).order_by(outbox.delivery.c.id)))


def round_(
    store: Store, mail: MailSettings | None, *managers: Manager, now: datetime = NOW, **options: Any
) -> list[str]:
    return notify(store, ALERTS, mail, managers, (), now, **options).lines


def test_a_planted_spike_arrives_as_one_mail_with_its_reason_and_chart(alarmed: Store, mail_server: MailServer) -> None:
    ann = a_manager(dimensions=("Reliability",), timezone="Europe/Berlin")
    lines = round_(alarmed, mail_server.settings, ann)
    [mail] = mail_server.mailbox.mails
    assert lines == [f"sent to Ann (ann@northwind.example): {mail['Subject']}"]
    text = mail.get_body(("plain",)).get_content()
    assert BRAND in mail["Subject"]
    assert "late" in text
    assert "Timeliness" in text or "unctuality" in text
    assert "<b>" not in mail.get_body(("html",)).get_content().partition("<blockquote")[2].partition("</blockquote>")[0]
    assert any(part.get_content_type() == "image/png" for part in mail.walk())
    with alarmed.read() as conn:
        [incident] = followed(conn, NOW)
    assert f"https://groundswell.example/incident?id={incident.id}" in text
    for minute in (1, 2, 30):
        detect(alarmed, SpikeSettings(zone=BERLIN), NOW + timedelta(minutes=minute))
        assert round_(alarmed, mail_server.settings, ann, now=NOW + timedelta(minutes=minute)) == []
    assert len(mail_server.mailbox.mails) == 1


def test_its_end_is_told_once_in_the_same_thread(alarmed: Store, mail_server: MailServer) -> None:
    ann = a_manager()
    round_(alarmed, mail_server.settings, ann)
    calm(alarmed, hour_of(NOW), 46)
    for hour in (2, 12, 27, 45):
        detect(alarmed, SpikeSettings(zone=BERLIN), NOW + hour * HOUR)
        round_(alarmed, mail_server.settings, ann, now=NOW + hour * HOUR)
    opening, end = mail_server.mailbox.mails
    assert end["Subject"].startswith("It is over – Northwind Ferries")
    assert end["References"] == opening["Message-ID"]


def test_a_dry_run_says_what_would_be_told_and_leaves_no_trace(alarmed: Store) -> None:
    mail = MailSettings(host="localhost", port=free_port(), sender="a@groundswell.example", security=Security.NONE)
    managers = (a_manager(), a_manager("Ben", quiet_hours="11:00-14:00", wake_for=Severity.CRITICAL))
    lines = round_(alarmed, mail, *managers, dry_run=True)
    assert lines[0].startswith(f"would tell Ann (ann@northwind.example): {BRAND}: ")
    assert told(alarmed) == []
    assert round_(alarmed, mail, *managers, dry_run=True) == lines


def test_a_failed_round_says_what_to_do_and_the_next_one_delivers(alarmed: Store, mail_server: MailServer) -> None:
    down = MailSettings(host="localhost", port=free_port(), sender="a@groundswell.example", security=Security.NONE)
    summary = notify(alarmed, ALERTS, down, (a_manager(),), (), NOW)
    assert summary.failed
    assert "cannot be reached" in summary.lines[0]
    later = NOW + 2 * timedelta(minutes=1)
    assert notify(alarmed, ALERTS, mail_server.settings, (a_manager(),), (), later).failed is False
    assert len(mail_server.mailbox.mails) == 1


def test_history_is_told_in_one_message(tmp_path: Path, mail_server: MailServer) -> None:
    store = open_store(str(planted(tmp_path, 20, 12, 5)), zone=BERLIN, salt=b"salt")
    round_(store, mail_server.settings, a_manager())
    assert len(mail_server.mailbox.mails) == 1
    assert "They are over" in mail_server.mailbox.mails[0].get_body(("plain",)).get_content()
    assert round_(store, mail_server.settings, a_manager(), now=NOW + 30 * HOUR) == []


def test_nobody_is_escalated_to_once_somebody_took_it_on(alarmed: Store, mail_server: MailServer) -> None:
    boss = a_manager("Boss", escalate_after=2 * HOUR)
    with alarmed.write() as conn:
        [incident] = followed(conn, NOW)
        assert acknowledge(conn, incident.id, "Ann", NOW + HOUR)
    assert round_(alarmed, mail_server.settings, boss, now=NOW + 3 * HOUR) == []


def test_erased_words_leave_the_messages_that_are_kept(alarmed: Store, mail_server: MailServer) -> None:
    round_(alarmed, mail_server.settings, a_manager())
    quotes = told(alarmed)[0].body["alert"]["quotes"]
    assert quotes
    with alarmed.write() as conn:
        assert outbox.forget_voices(conn, [quotes[0]["mention_id"]]) == 1
    assert told(alarmed)[0].body["alert"]["quotes"] == quotes[1:]


def test_a_digest_lists_the_incident(alarmed: Store, mail_server: MailServer) -> None:
    ann = a_manager(digest=DigestEvery.DAY, digest_at="12:00", timezone="UTC")
    with alarmed.read() as conn:
        assert len(incidents_between(conn, NOW - DAY, NOW)) == 1
    round_(alarmed, mail_server.settings, ann)
    digest = next(mail for mail in mail_server.mailbox.mails if mail["Subject"].startswith("Your day: 1 incident"))
    assert "still open" in digest.get_body(("plain",)).get_content()


def test_a_test_mail_arrives_or_says_why_not(mail_server: MailServer) -> None:
    said = test_mail(mail_server.settings, ALERTS, "ann@northwind.example", NOW)
    assert said.startswith("A test mail to ann@northwind.example was taken by localhost:")
    assert mail_server.mailbox.mails[0]["Subject"] == "Groundswell can write to you"
    mail_server.mailbox.refuse["ann@northwind.example"] = "550 No such user"
    with pytest.raises(ChannelError, match="No such user"):
        test_mail(mail_server.settings, ALERTS, "ann@northwind.example", NOW)
    with pytest.raises(RecipientRefused, match="is no mail address"):
        test_mail(mail_server.settings, ALERTS, "nobody", NOW)


def test_erasing_a_mention_takes_its_words_out_of_incidents_and_messages(
    alarmed: Store, mail_server: MailServer
) -> None:
    round_(alarmed, mail_server.settings, a_manager())
    quoted = [quote["mention_id"] for quote in told(alarmed)[0].body["alert"]["quotes"]]
    assert remove(alarmed, quoted, NOW) == len(quoted)
    assert told(alarmed)[0].body["alert"]["quotes"] == []
    with alarmed.read() as conn:
        assert incidents(conn)[0].explanation["quotes"] == []


def ends(store: Store, mail: MailSettings, hours: int = 40) -> list[Any]:
    """Judge and tell a day and some hours on; returns what was told of an end."""
    later = NOW + hours * HOUR
    detect(store, SpikeSettings(zone=BERLIN), later)
    round_(store, mail, a_manager(), now=later)
    return [row for row in told(store) if row.event.startswith("resolved/")]


def test_nobody_is_told_of_an_end_while_nobody_reads_the_source(alarmed: Store, mail_server: MailServer) -> None:
    with alarmed.write() as conn:
        cover(conn, "reviews", Span(start=NOW - 63 * DAY, end=NOW + HOUR))
    round_(alarmed, mail_server.settings, a_manager())
    assert ends(alarmed, mail_server.settings) == []
    with alarmed.write() as conn:
        cover(conn, "reviews", Span(start=NOW + 34 * HOUR, end=NOW + 40 * HOUR))
    # What was not read may have gone on: it is as good as over only since it is read again.
    assert ends(alarmed, mail_server.settings, 58) == []
    assert len(ends(alarmed, mail_server.settings, 59)) == 1
    text = mail_server.mailbox.mails[-1].get_body(("plain",)).get_content()
    assert "has been back to normal since Wed 11 Mar, 22:00" in text


def test_what_nobody_reads_for_two_weeks_is_closed_as_unknown_once(alarmed: Store, mail_server: MailServer) -> None:
    with alarmed.write() as conn:
        cover(conn, "reviews", Span(start=NOW - 63 * DAY, end=NOW + HOUR))
    round_(alarmed, mail_server.settings, a_manager())
    for days in (1, 13):
        assert ends(alarmed, mail_server.settings, days * 24) == []
    with alarmed.read() as conn:
        [(_, line)] = incidents_between(conn, NOW + 12 * DAY, NOW + 13 * DAY)
    assert (line.over, line.lapsed, line.unread_since) == (False, False, NOW + HOUR)
    for days in (15, 16):
        assert ends(alarmed, mail_server.settings, days * 24) == []
    _, closed = mail_server.mailbox.mails
    assert closed["Subject"].startswith("Closed unanswered – Northwind Ferries: it is not known whether")
    text = closed.get_body(("plain",)).get_content()
    assert "reviews has not been read since Tue 10 Mar, 13:00" in text
    assert "normal" not in text
    with alarmed.read() as conn:
        [(_, line)] = incidents_between(conn, NOW, NOW + DAY)
    assert (line.over, line.lapsed, line.unread_since) == (False, True, NOW + HOUR)


def test_what_is_told_late_is_not_called_over_while_nobody_reads_the_source(
    alarmed: Store, mail_server: MailServer
) -> None:
    with alarmed.write() as conn:
        cover(conn, "reviews", Span(start=NOW - 63 * DAY, end=NOW + HOUR))
    detect(alarmed, SpikeSettings(zone=BERLIN), NOW + 20 * HOUR)
    round_(alarmed, mail_server.settings, a_manager(), now=NOW + 20 * HOUR)
    [mail] = mail_server.mailbox.mails
    assert mail["Subject"].endswith("expected")
    assert "reviews has not been read since" in mail.get_body(("plain",)).get_content()


def test_nobody_is_told_of_an_end_before_what_came_since_was_judged(alarmed: Store, mail_server: MailServer) -> None:
    round_(alarmed, mail_server.settings, a_manager())
    calm(alarmed, hour_of(NOW), 20)
    detect(alarmed, SpikeSettings(zone=BERLIN), NOW + 20 * HOUR)
    # Everything was off for a day; the alerts come first when it starts again.
    assert round_(alarmed, mail_server.settings, a_manager(), now=NOW + 40 * HOUR) == []
    assert len(ends(alarmed, mail_server.settings)) == 1
