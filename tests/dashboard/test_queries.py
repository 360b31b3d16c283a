"""What screens ask: figures agree with each other and with the mentions, pages neither repeat nor lose one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from sqlalchemy import func, select

from collector.store import Store
from collector.store.mentions import save_mentions
from collector.store.tables import mention
from dashboard.queries import figures, health, mentions, trends
from dashboard.queries.mentions import Only, Wanted
from dashboard.queries.places import Order, Place, place_after, place_of
from dashboard.scope import Scope
from dashboard.steps import Step
from sentiment.reading import Sentiment
from sentiment.store.readings import claim, save_readings
from tests.conftest import BERLIN
from tests.dashboard.conftest import BRAND, HOSTILE, SOURCES, Filled
from tests.fakes import NOW, a_mention, a_reading

FERRIES = "Northwind Ferries"


def a_scope(filled: Filled, *, days: int = 90, sources: tuple[str, ...] = ()) -> Scope:
    last = filled.now.astimezone(BERLIN).date()
    return Scope(
        brand=BRAND, sources=sources, first=last - timedelta(days=days - 1), last=last, zone=BERLIN, lens="rater"
    )


def test_days_facets_and_sources_add_up_to_the_mentions(filled: Filled) -> None:
    scope = a_scope(filled)
    with filled.store.read() as conn:
        days = figures.by_day(conn, scope)
        sources = figures.by_source_and_day(conn, scope)
        counted = conn.scalar(
            select(func.count()).where(
                mention.c.brand == BRAND, mention.c.created_at >= scope.start, mention.c.created_at < scope.end
            )
        )
    assert len(days) == 90
    assert days["mentions"].sum() == sources["mentions"].sum() == counted
    assert (days["read"] == days["negative"] + days["neutral"] + days["positive"]).all()


def test_a_source_filter_narrows_every_figure(filled: Filled) -> None:
    scope = a_scope(filled, sources=(SOURCES[1],))
    with filled.store.read() as conn:
        assert set(figures.by_source_and_day(conn, scope)["source"]) == {SOURCES[1]}
        whole = figures.by_day(conn, replace(scope, sources=()))["mentions"].sum()
        assert 0 < figures.by_day(conn, scope)["mentions"].sum() < whole


def test_hours_and_days_count_the_same(filled: Filled) -> None:
    scope = a_scope(filled, days=20)
    with filled.store.read() as conn:
        counted = [trends.over_time(conn, scope, "all", step)["mentions"].sum() for step in (Step.HOUR, Step.DAY)]
        assert counted == [figures.by_day(conn, scope)["mentions"].sum()] * 2


@pytest.mark.parametrize("many", [False, True])
def test_leafing_through_pages_shows_each_mention_once_in_order(filled: Filled, many: bool) -> None:
    for order in Order:
        wanted = Wanted(scope=a_scope(filled, days=30), order=order)
        after: Place | None = None
        seen: list[pd.DataFrame] = []
        with filled.store.read() as conn:
            while not (found := mentions.page(conn, wanted, after=after, size=37, many=many)).empty:
                seen.append(found)
                last = found.iloc[-1]
                after = place_of(str(place_after(order, last.to_dict())))
            matching = mentions.how_many(conn, wanted)
        everything = pd.concat(seen)
        assert everything["id"].is_unique
        assert len(everything) == matching
        by = {Order.REACH: everything["reach"].fillna(0), Order.DISSATISFIED: everything["satisfaction"].fillna(5.01)}
        key = by.get(order, everything["created_at"])
        assert (
            key.is_monotonic_increasing if order in {Order.OLDEST, Order.DISSATISFIED} else key.is_monotonic_decreasing
        )


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("size", [1, 3, 4])
def test_what_is_below_nothing_or_unknown_is_on_exactly_one_page(any_store: Store, many: bool, size: int) -> None:
    said = [datetime(1969, 12, 30, tzinfo=UTC) + timedelta(hours=9 * n) for n in range(12)]
    reaches = [None, -5, 0, 7, -1, None, 3, 0, -5, 7, None, -900]
    made = [
        a_mention(str(n), text=f"late, said {n} times", created_at=at, reach=reach)
        for n, (at, reach) in enumerate(zip(said, reaches, strict=True))
    ]
    with any_store.write() as conn:
        save_mentions(conn, any_store, made)
        claimed = claim(conn, "me", NOW, timedelta(minutes=1), 8)
        save_readings(conn, any_store, [(one, a_reading()) for one in claimed], NOW)
    scope = Scope(brand=FERRIES, first=date(1969, 12, 29), last=date(1970, 1, 9), zone=BERLIN, lens="rater")
    for order in Order:
        for words in ("", "late"):
            wanted, after, seen = Wanted(scope=scope, order=order, words=words), None, []
            with any_store.read() as conn:
                whole = list(mentions.page(conn, wanted, size=50)["id"])
                while not (found := mentions.page(conn, wanted, after=after, size=size, many=many)).empty:
                    seen += list(found["id"])
                    assert len(seen) <= len(made), (order, words)
                    after = place_of(str(place_after(order, found.iloc[-1].to_dict())))
            assert seen == whole, (order, words)
            assert len(set(seen)) == len(made), (order, words)


def test_filters_select_what_they_say(filled: Filled) -> None:
    scope = a_scope(filled)
    with filled.store.read() as conn:
        bad = mentions.page(conn, Wanted(scope=scope, sentiment=Sentiment.NEGATIVE), size=500)
        assert set(bad["sentiment"]) == {"negative"}
        late = Wanted(scope=scope, facet="rater/Reliability", polarity=Sentiment.NEGATIVE)
        found = mentions.page(conn, late, size=2_000)
        assert set(mentions.aspects(conn, list(found["id"])[:500])["aspect"]) == {"timeliness"}
        whole = figures.by_facet_and_day(conn, scope, ["rater/Reliability"])
        assert len(found[found["head"].astype(bool)]) == whole["negative"].sum()
        assert mentions.page(conn, Wanted(scope=scope, only=Only.UNREAD)).empty


@pytest.mark.parametrize(
    "words", ['"', "-", '"" - -"', "a AND OR NOT (", "late* NEAR(", "'; DROP TABLE mention; --", "\0"]
)
def test_nothing_typed_into_the_search_is_an_error(filled: Filled, words: str) -> None:
    with filled.store.read() as conn:
        mentions.page(conn, Wanted(scope=a_scope(filled), words=words))


def test_search_finds_phrases_and_leaves_out_what_is_excluded(filled: Filled) -> None:
    scope = a_scope(filled)
    with filled.store.read() as conn:
        phrase = mentions.page(conn, Wanted(scope=scope, words='"nobody told us"'), size=50)
        assert len(phrase)
        assert phrase["text"].str.contains("nobody told us").all()
        without = mentions.page(conn, Wanted(scope=scope, words='late -"nobody told us"'), size=500)
        assert len(without)
        assert not without["text"].str.contains("nobody told us").any()


def test_a_text_of_a_million_characters_is_cut_for_the_screen_and_whole_for_the_file(filled: Filled) -> None:
    with filled.store.read() as conn:
        found = mentions.page(conn, Wanted(scope=a_scope(filled), words="complaint waiting ever"), size=5)
        assert len(found) == 1
        assert len(found.loc[0, "text"]) == mentions.SHOWN
        assert found.loc[0, "length"] == len(HOSTILE[-1].strip())
        whole = mentions.ones(conn, [int(found.loc[0, "id"])], whole_texts=True)
        assert len(whole.loc[0, "text"]) == found.loc[0, "length"]


@pytest.mark.parametrize(
    "text", ["", "x", "1-2-3", "99999999999999999999-1", "--1-5", "-5", "١٢-٣", "5", "1-" + "9" * 30]
)
def test_a_place_that_is_none_is_none(text: str) -> None:
    assert place_of(text) is None or text == "١٢-٣"


def test_gaps_are_between_first_coverage_and_now(filled: Filled) -> None:
    scope = a_scope(filled, days=30)
    with filled.store.read() as conn:
        spans = health.spans(conn, scope.start, filled.now)
    gaps = health.gaps(spans, SOURCES, scope.start, filled.now, timedelta(hours=6))
    assert list(gaps["source"]) == [SOURCES[1]]
    assert gaps.loc[0, "end"] - gaps.loc[0, "start"] == timedelta(days=2)
    later = health.gaps(spans, SOURCES, scope.start, filled.now + timedelta(days=1), timedelta(hours=6))
    assert len(later) == 1 + len(SOURCES)


def test_what_waits_to_be_read_is_counted(store: Store) -> None:
    with store.write() as conn:
        save_mentions(conn, store, [a_mention(str(n), text=f"{n} {'abcdefgh'[n]} crossing") for n in range(8)])
        first = claim(conn, "me", NOW, timedelta(minutes=1), 3)
        save_readings(conn, store, [(u, a_reading()) for u in first], NOW)
        assert health.to_read(conn) == (5, 0)


def test_a_day_of_the_owners_zone_starts_at_its_midnight(store: Store) -> None:
    late_evening = datetime(2026, 3, 9, 23, 30, tzinfo=UTC)
    with store.write() as conn:
        save_mentions(conn, store, [a_mention(created_at=late_evening)])
        day = late_evening.astimezone(BERLIN).date()
        scope = Scope(brand=FERRIES, first=day, last=day, zone=BERLIN, lens="rater")
        assert figures.by_day(conn, scope)["mentions"].sum() == 1
        assert len(mentions.page(conn, Wanted(scope=scope))) == 1
        assert figures.by_day(conn, scope.before)["mentions"].sum() == 0


def test_a_day_of_a_clock_change_is_as_long_as_it_is() -> None:
    change = date(2026, 3, 29)
    scope = Scope(brand="b", first=change, last=change, zone=BERLIN, lens="rater")
    assert scope.end - scope.start == timedelta(hours=23)
