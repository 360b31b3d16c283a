"""Judging a store: from counts to incidents with their reason, once, whatever is repeated, late or killed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import func, insert, select

from collector.sources import Gap, Span, Why
from collector.store import Store, from_hour, hour_of
from collector.store.gaps import note_gap
from collector.store.mentions import save_mentions
from collector.store.runs import cover
from collector.store.tables import mention
from sentiment.read import read_unread
from sentiment.spikes.incident import Incident, IncidentState, Member
from sentiment.spikes.run import backtest, detect
from sentiment.spikes.spike import SeriesKey, Severity, Spike, SpikeClass, SpikeSettings
from sentiment.spikes.store import incident, incident_event, spike
from sentiment.spikes.store.history import load_history
from sentiment.spikes.store.incidents import (
    Unread,
    acknowledge,
    assign,
    comment,
    history_of,
    incident_by_id,
    incidents,
    present,
    save,
    save_explanation,
    strip_quotes,
)
from sentiment.spikes.store.said import said_before, said_in
from sentiment.store.counts import FIGURES, count_hour
from tests.fakes import FakeReader, a_mention

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 45
NOW = START + timedelta(days=DAYS)
SETTINGS = SpikeSettings(budget_weeks=12)
BRAND, SOURCE = "Northwind Ferries", "reviews"


def fill(store: Store, *, hours: int = DAYS * 24, source: str = SOURCE, seed: int = 1) -> None:
    """Counts of a calm source: four voices an hour, a tenth of them negative about Reliability."""
    rng = np.random.default_rng(seed)
    voices = rng.poisson(4, hours)
    negative = rng.binomial(voices, 0.1)
    rows = []
    for at in range(hours):
        for facet in ("all", "rater/Reliability"):
            total = int(voices[at]) if facet == "all" else int(negative[at])
            values = dict.fromkeys(FIGURES, 0) | {
                "mentions": total,
                "voices": total,
                "negative": int(negative[at]),
                "neutral": total - int(negative[at]),
            }
            rows.append(values | {"brand": BRAND, "facet": facet, "source": source, "hour": hour_of(START) + at})
    with store.write() as conn:
        conn.execute(insert(count_hour), [row for row in rows if row["mentions"]])


def complain(store: Store, hours_ago: int, count: int, words: str = "The ferry was late, we missed the train") -> None:
    """Real mentions, read by the fake reader as negative timeliness."""
    said = NOW - timedelta(hours=hours_ago) + timedelta(minutes=10)
    texts = ("and nobody cared", "again this week", "with two kids", "so we paid for a hotel", "what a mess")
    with store.write() as conn:
        known = conn.scalar(select(func.count()).select_from(mention)) or 0
        save_mentions(
            conn,
            store,
            [
                a_mention(
                    str(known + n),
                    text=f"{words} {texts[n % len(texts)]} {chr(97 + known % 26) * 3}{chr(97 + n) * 4} {n * 7919}",
                    created_at=said + timedelta(seconds=n),
                )
                for n in range(count)
            ],
        )
    read_unread(store, FakeReader(), clock=lambda: NOW)


def rows_of(store: Store) -> tuple[list[object], list[object], list[object]]:
    with store.read() as conn:
        found = [conn.execute(select(table).order_by(table.c.id)).all() for table in (incident, incident_event, spike)]
    return found[0], found[1], found[2]


def test_a_burst_becomes_one_incident_with_its_reason(any_store: Store) -> None:
    fill(any_store)
    for ago, count in ((5, 7), (4, 9), (3, 6)):
        complain(any_store, ago, count)
    report = detect(any_store, SETTINGS, NOW)
    assert report.opened == 1
    assert any("Reliability" in line or "All mentions" in line for line in report.lines)
    with any_store.read() as conn:
        (found,) = incidents(conn, brand=BRAND)
        told = found.explanation
        now_says = present(conn, found.peak)
    assert found.incident.state is not IncidentState.RESOLVED
    assert NOW - timedelta(hours=5) <= found.opened_at <= NOW - timedelta(hours=2)
    assert told is not None
    assert sum(part["excess"] for part in told["parts"]["aspect"]) == pytest.approx(found.peak.excess)
    assert sum(told["causes"].values()) == pytest.approx(found.peak.excess)
    assert "late" in " ".join(phrase["words"] for phrase in told["phrases"])
    assert told["quotes"]
    assert told["sentence"].startswith(f"{found.peak.observed} dissatisfied voices")
    assert [point["at"] for point in told["points"]][-1] == from_hour(found.incident.last).isoformat()
    assert now_says.observed == found.peak.observed


def test_a_slow_rise_is_told_by_the_voices_of_the_days_that_were_judged(any_store: Store) -> None:
    """Found at 20:00, it is about the seven whole days before: today's voices are no part of it."""
    for hours_ago, count in ((2, 3), (5, 2), (7 * 24, 4), (7 * 24 + 1, 1)):
        complain(any_store, hours_ago, count)
    start, end = NOW - timedelta(days=7), NOW
    at = hour_of(NOW) + 20
    slow = Spike(
        series=SeriesKey(brand=BRAND, source=SOURCE), at=at, window=168, spike_class=SpikeClass.SLOW_RISE, observed=9,
        expected=2.0, lower=0, upper=6, voices=9, share_observed=1.0, share_expected=0.2, p=1e-6, p_count=1e-6,
        p_share=1e-6, score=6.0, severity=Severity.MODERATE,
    )  # fmt: skip
    rise = Incident(
        brand=BRAND, track="slow rise", number=at, state=IncidentState.OPEN, began=hour_of(start), opened=at, last=at,
        seen=at, members=(Member(series=slow.series, since=at, last=at, peak=slow),),
    )  # fmt: skip
    complain(any_store, -3, 5)
    with any_store.write() as conn:
        save(conn, [rise], [], NOW)
    with any_store.read() as conn:
        (kept,) = incidents(conn, brand=BRAND)
        said, before = said_in(conn, slow), said_before(conn, replace(slow, at=at + 3 * 24))
        now_says = present(conn, slow)
    assert kept.window == (start, end)
    assert len(said) == now_says.observed == now_says.voices == 9
    assert all(start <= one.said_at < end for one in said)
    assert len(before) == 5


def test_judging_again_changes_nothing(store: Store) -> None:
    fill(store)
    complain(store, 4, 14)
    detect(store, SETTINGS, NOW)
    before = rows_of(store)
    assert before[0]
    assert detect(store, SETTINGS, NOW).lines == []
    assert rows_of(store) == before


# On the day that NOW ends, and before its midnight, where each hour is judged before it is read to its end.
@pytest.mark.parametrize(("last", "late"), [(18, False), (25, True)])
def test_hour_by_hour_finds_the_same_as_catching_up(store: Store, last: int, late: bool) -> None:
    fill(store)
    for ago, count in ((last + 2, 8), (last + 1, 12), (last, 6)):
        complain(store, ago, count)
    for hours_ago in range(last + 12, -1, -1):
        now = NOW - timedelta(hours=hours_ago)
        if late:
            with store.write() as conn:
                cover(conn, SOURCE, Span(start=START, end=now - timedelta(minutes=50)))
        detect(store, SETTINGS, now)
    live = _figures(store)
    with store.write() as conn:
        from sentiment.spikes.store import judged_hour, spike_watch

        for table in (spike, incident_event, incident, judged_hour, spike_watch):
            conn.execute(table.delete())
    detect(store, SETTINGS, NOW)
    assert live
    assert _figures(store) == live


def _figures(store: Store) -> list[tuple[object, ...]]:
    with store.read() as conn:
        rows = conn.execute(select(spike).order_by(spike.c.hour, spike.c.source, spike.c.facet)).mappings()
        figures = [
            (r["source"], r["facet"], r["hour"], r["window"], r["observed"], r["expected"], r["score"]) for r in rows
        ]
        rows = conn.execute(select(incident.c.number, incident.c.state, incident.c.members)).all()
    return [*figures, *(tuple(str(row).split()) for row in rows)]


def test_a_late_arrival_opens_an_incident_late_and_never_twice(store: Store) -> None:
    fill(store)
    assert detect(store, SETTINGS, NOW).opened == 0
    complain(store, 30, 16)
    late = detect(store, SETTINGS, NOW + timedelta(hours=1))
    assert late.opened == 1
    complain(store, 29, 4)
    assert detect(store, SETTINGS, NOW + timedelta(hours=2)).opened == 0
    with store.read() as conn:
        (found,) = incidents(conn)
    assert found.opened_at <= NOW - timedelta(hours=28)
    assert found.found_at == NOW + timedelta(hours=1)
    assert found.resolved_at is not None


def test_an_incident_resolves_after_quiet_hours_and_keeps_what_was_known(store: Store) -> None:
    fill(store)
    complain(store, 22, 15)
    detect(store, SETTINGS, NOW - timedelta(hours=21))
    with store.read() as conn:
        opened = incidents(conn)[0]
    report = detect(store, SETTINGS, NOW)
    assert report.resolved == 1
    with store.write() as conn:
        conn.execute(mention.delete())
    with store.read() as conn:
        kept = incident_by_id(conn, opened.id)
    assert kept is not None
    assert kept.resolved_at is not None
    assert kept.peak.observed == opened.peak.observed
    assert kept.explanation is not None


def test_an_incident_waits_until_its_source_is_read_again(any_store: Store) -> None:
    fill(any_store)
    complain(any_store, 40, 15)
    died, back = NOW - timedelta(hours=36), NOW - timedelta(hours=10)
    with any_store.write() as conn:
        cover(conn, SOURCE, Span(start=START, end=died))
    assert detect(any_store, SETTINGS, back).resolved == 0
    with any_store.write() as conn:
        (held,) = incidents(conn)
        cover(conn, SOURCE, Span(start=back, end=NOW))
        save_explanation(conn, held.id, {"sentence": "as it was known"})
    assert held.incident.live
    assert held.unread == Unread(source=SOURCE, since=died)
    detect(any_store, SETTINGS, back + timedelta(hours=1))
    with any_store.read() as conn:
        assert (incidents(conn)[0].explanation or {})["sentence"] == "as it was known"
    assert detect(any_store, SETTINGS, NOW).resolved == 1
    with any_store.read() as conn:
        (over,) = incidents(conn)
        assert [line.kind for line in history_of(conn, over.id)] == ["opened", "resolved"]
    assert (over.calm_since, over.unread) == (back, None)
    assert over.resolved_at == back + timedelta(hours=6)


def test_hours_that_the_source_was_not_read_for_are_unknown(store: Store) -> None:
    fill(store)
    with store.write() as conn:
        cover(conn, SOURCE, Span(start=START, end=NOW - timedelta(hours=10)))
    with store.read() as conn:
        history = load_history(conn, hour_of(START), hour_of(NOW))
    assert history is not None
    assert history.covered[:, -11].all()
    assert not history.covered[:, -10:].any()


def test_nothing_is_judged_while_the_past_waits_to_be_read(store: Store) -> None:
    fill(store, hours=24 * 20)
    with store.write() as conn:
        save_mentions(conn, store, [a_mention(str(n), text=f"unread {n * 7919}", created_at=START) for n in range(300)])
    assert detect(store, SETTINGS, NOW).hours == 0
    replayed = backtest(store, SETTINGS, until=NOW)
    assert any("wait to be read" in line for line in replayed.summary())
    read_unread(store, FakeReader(), clock=lambda: NOW)
    assert detect(store, SETTINGS, NOW).hours > 0
    assert not any("wait to be read" in line for line in backtest(store, SETTINGS, until=NOW).summary())


def test_people_acknowledge_assign_and_comment_and_the_history_says_so(store: Store) -> None:
    fill(store)
    complain(store, 3, 15)
    detect(store, SETTINGS, NOW)
    with store.write() as conn:
        found = incidents(conn)[0]
        assert acknowledge(conn, found.id, "Ines", NOW)
        assert not acknowledge(conn, found.id, "Otto", NOW)
        assign(conn, found.id, "Otto", "Ines", NOW + timedelta(minutes=1))
        comment(conn, found.id, "The pier is closed.", "Otto", NOW + timedelta(minutes=2))
    detect(store, SETTINGS, NOW + timedelta(hours=2))
    with store.read() as conn:
        kept = incident_by_id(conn, found.id)
        lines = history_of(conn, found.id)
    assert kept is not None
    assert (kept.acknowledged_by, kept.assigned_to) == ("Ines", "Otto")
    assert [line.kind for line in lines if line.by] == ["acknowledged", "assigned", "commented"]
    assert lines[0].kind == "opened"


def test_erased_words_leave_the_explanations(store: Store) -> None:
    fill(store)
    complain(store, 3, 15)
    detect(store, SETTINGS, NOW)
    with store.write() as conn:
        quoted = [quote["mention_id"] for quote in (incidents(conn)[0].explanation or {})["quotes"]]
        assert strip_quotes(conn, quoted) == len(quoted) > 0
        assert (incidents(conn)[0].explanation or {})["quotes"] == []


def test_a_backtest_says_what_was_found_live_and_what_is_missed(store: Store) -> None:
    fill(store)
    complain(store, 30, 16)
    detect(store, SETTINGS, NOW)
    report = backtest(store, SETTINGS, since=None, until=NOW, plant=10)
    with store.read() as conn:
        found = incidents(conn)
    assert [one.opened for one in report.alerts] == [one.incident.opened for one in found]
    assert report.planted is not None
    assert report.planted.planted > 0
    assert report.planted.missed < 0.5
    assert report.as_dict()["alerts_per_week"] > 0
    assert any("missed" in line for line in report.lines(SETTINGS.zone))


def test_an_empty_store_has_nothing_to_judge(store: Store) -> None:
    assert detect(store, SETTINGS, NOW).lines == []
    assert backtest(store, SETTINGS, until=NOW).lines(SETTINGS.zone) == ["There are no counts in this span."]


def test_hours_that_a_source_without_a_ledger_is_known_to_have_missed_are_unknown(store: Store) -> None:
    fill(store)
    missed = Gap(
        start=NOW - timedelta(hours=30.5),
        end=NOW - timedelta(hours=27.5),
        why=Why.BUDGET,
        sentence="This month's budget is used up.",
    )
    with store.write() as conn:
        note_gap(conn, SOURCE, missed, NOW)
        end = hour_of(NOW)
        history = load_history(conn, end - 48, end)
    assert history is not None
    covered = history.covered.all(axis=0)
    assert [end - 48 + at for at in np.flatnonzero(~covered)] == [end - 31, end - 30, end - 29, end - 28]
