"""What was not read: budgets, walks cut short, moments with more than a source shows; each a gap with its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from collector.collect import RunReport, collect
from collector.mention import Item, Kind
from collector.sources import Gap, Span, Walk, Why, without
from collector.store import Store
from collector.store.gaps import forget_gaps, gaps_of, lasting_gaps, note_gap, note_unread
from collector.store.runs import cover
from collector.store.tables import mention
from collector.walk import Leaf, each, newest_first
from tests.collector.test_collect import BRANDS, Site, site
from tests.collector.world import posts

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVER = datetime(2100, 1, 1, tzinfo=UTC)


def span(start: float, end: float) -> Span:
    return Span(start=NOW + start * HOUR, end=NOW + end * HOUR)


def gap(start: float, end: float, why: Why = Why.FAILED) -> Gap:
    return Gap(start=NOW + start * HOUR, end=NOW + end * HOUR, why=why, sentence=why.value)


def gaps(at: Site) -> list[Gap]:
    with at.store.read() as conn:
        return gaps_of(conn, "talk", datetime(2000, 1, 1, tzinfo=UTC), EVER)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 6)), max_size=12))
def test_what_is_taken_off_a_span_and_what_is_left_are_the_whole(parts: list[tuple[int, int]]) -> None:
    left = without(span(0, 40), [span(start, start + length) for start, length in parts])
    taken = {h for start, length in parts for h in range(start, start + length)}
    assert {h for h in range(40) if any(one.start <= NOW + h * HOUR < one.end for one in left)} == {*range(40)} - taken
    assert all(one.start < one.end for one in left)


def test_a_gap_shrinks_as_what_it_misses_is_read_and_is_forgotten_at_last(any_store: Store) -> None:
    with any_store.write() as conn:
        note_gap(conn, "s", gap(0, 10), NOW)
        cover(conn, "s", span(3, 5))
        assert [(g.start, g.end) for g in gaps_of(conn, "s", NOW, EVER)] == [
            (NOW, NOW + 3 * HOUR),
            (NOW + 5 * HOUR, NOW + 10 * HOUR),
        ]
        cover(conn, "s", span(-1, 12))
        assert gaps_of(conn, "s", NOW, EVER) == []
        forget_gaps(conn, "s", NOW)
        cover(conn, "other", span(0, 1))
        assert lasting_gaps(conn, "s", NOW - HOUR) == []


def test_a_gap_grows_while_its_reason_stays_and_another_reason_begins_another(any_store: Store) -> None:
    with any_store.write() as conn:
        cover(conn, "s", span(-10, 0))
        for hour, why in ((1, Why.FAILED), (2, Why.FAILED), (3, Why.BUDGET), (4, Why.BUDGET)):
            note_unread(conn, "s", NOW + hour * HOUR, why, f"{why.value} at {hour}")
        assert [(g.start, g.end, g.sentence) for g in gaps_of(conn, "s", NOW, EVER)] == [
            (NOW, NOW + 2 * HOUR, "failed at 2"),
            (NOW + 2 * HOUR, NOW + 4 * HOUR, "budget at 4"),
        ]


def test_a_spent_budget_is_a_gap_that_says_so(store: Store) -> None:
    with site(store, 300, kind="x", monthly_budget=150) as at:
        at.collect()
        (found,) = gaps(at)
        assert found.why is Why.BUDGET
        assert "budget of 150 posts on X is used up" in found.sentence
        assert found.start < at.world.posts[0].created
        assert found.end >= at.world.posts[-1].created
        assert at.state()["last_success"] is None


def test_a_walk_capped_in_pages_is_no_success_until_it_is_through(store: Store) -> None:
    with site(store, 120) as at:
        few = replace(at.config, max_pages=2)

        def run() -> RunReport:
            return collect(store, few, BRANDS, at.client(), now=at.clock.now)

        report = run()
        assert (report.error, report.unfinished) == (None, True)
        (found,) = gaps(at)
        assert (found.why, found.sentence) == (Why.CUT_SHORT, "Stopped after 2 pages; the next run goes on from there.")
        assert at.state()["last_success"] is None
        while run().unfinished:
            at.clock.moment += timedelta(minutes=1)
        assert at.numbers() == list(range(120))
        assert gaps(at) == []
        assert at.state()["last_success"] is not None
        assert at.state()["read_until"] is not None


def test_a_failing_source_leaves_a_gap_that_the_next_success_fills(store: Store) -> None:
    with site(store, 20) as at:
        at.collect()
        at.clock.moment += HOUR
        at.world.faults.extend(["html"] * 2)
        at.world.posts += posts(5, at.clock.moment, timedelta(seconds=10), start=20)
        assert at.collect().error_kind == "PayloadChanged"
        (found,) = gaps(at)
        assert found.why is Why.FAILED
        assert found.end - found.start == HOUR
        at.world.faults.clear()
        assert at.collect().ok
        assert gaps(at) == []


def burst(count: int, second: int) -> list[Item]:
    made = [Item(external_id=f"b{n}", kind=Kind.POST, text="x", created_at=NOW - second * HOUR) for n in range(count)]
    rest = [Item(external_id=f"r{n}", kind=Kind.POST, text="x", created_at=NOW - n * HOUR) for n in range(1, 20)]
    return sorted(made + rest, key=lambda one: one.created_at, reverse=True)


def test_a_moment_with_more_than_the_source_shows_is_missed_in_every_walk_that_claims_it(store: Store) -> None:
    items = burst(3, 5)

    def read(token: Any, _floor: datetime) -> Leaf:
        skips = NOW - 5 * HOUR if token == 1 else None
        return Leaf(items=items, next=None if token == 1 else 1, oldest=items[-1].created_at, skips=skips)

    quiet = Leaf(items=items[:1], next=None, oldest=NOW - 19 * HOUR)
    first = list(newest_first(None, Walk(now=NOW), read))
    (found,) = first[-1].missed
    assert (found.start, found.why) == (NOW - 5 * HOUR, Why.TOO_MANY)
    later = Walk(now=NOW + HOUR)
    pages = list(each({"q": first[-1].cursor}, {"q": lambda c: newest_first(c, later, lambda _t, _f: quiet)}))
    assert pages[-1].covered == Span(start=NOW - timedelta(days=30), end=NOW + HOUR)
    assert list(pages[-1].missed) == [found]


def test_gdelt_says_which_quarter_of_an_hour_held_more_than_it_shows(store: Store) -> None:
    with site(store, 600, kind="gdelt") as at:
        moment = at.world.posts[300].created.replace(microsecond=0)
        for post in at.world.posts[300:570]:
            post.created = moment
        report = at.collect()
        assert report.ok
        (found,) = gaps(at)
        assert (found.start, found.why) == (moment, Why.TOO_MANY)
        assert found.sentence.endswith("narrower queries would show it.")
        before, after = at.covered()
        assert before[1] == moment
        assert after[0] == moment + timedelta(seconds=1)
        at.clock.moment += HOUR
        at.collect()
        assert len(at.covered()) == 2


def test_a_moment_that_fills_gdelt_s_first_answer_does_not_end_the_walk(store: Store) -> None:
    with site(store, 400, kind="gdelt") as at:
        moment = at.world.posts[100].created.replace(microsecond=0)
        for post in at.world.posts[100:]:
            post.created = moment
        at.collect()
        (found,) = gaps(at)
        assert (found.start, found.why) == (moment, Why.TOO_MANY)
        with store.read() as conn:
            assert conn.scalar(select(func.count()).select_from(mention)) == 350


def test_what_rolled_off_a_feed_is_a_lasting_gap(store: Store) -> None:
    with site(store, 20, kind="rss") as at:
        at.collect()
        at.clock.moment += 5 * HOUR
        at.world.posts += posts(150, at.clock.moment, timedelta(seconds=60), start=20)
        at.collect()
        (found,) = gaps(at)
        assert found.why is Why.OUT_OF_REACH
        assert "shows nothing before" in found.sentence
        with store.read() as conn:
            assert lasting_gaps(conn, "talk", at.clock.moment - HOUR) == [found]
