"""How many mentions match: what the counts tell is what counting one by one finds, and cost does not grow with all."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, insert, select, update

from collector.store import Store
from collector.store.tables import mention
from dashboard.queries import figures, health, matches, mentions
from dashboard.queries.matches import Matches
from dashboard.queries.mentions import Only, Wanted
from dashboard.queries.places import Order, Place, place_after
from dashboard.scope import Scope, day_number
from sentiment.reading import Sentiment
from sentiment.store import open_store
from sentiment.store.corrections import ABOUT_US, correct
from sentiment.store.counts import count_day
from sentiment.store.readings import label
from tests.conftest import BERLIN, on_postgres
from tests.dashboard.conftest import BRAND, OTHER, SOURCES, fill

NEGATIVE = Sentiment.NEGATIVE
NOW = datetime(2026, 10, 27, 9, 30, tzinfo=UTC)
"""Two days after clocks were put back in Berlin: one of the days counted has 25 hours."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def much_said(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, migrated: Path
) -> Iterator[Store]:
    """A store read but for forty mentions; more than a thousand texts, of whomever, have the words "the ferry".

    Tests change nothing in it that others look at.
    """
    if request.param == "sqlite":
        with on_sqlite(tmp_path_factory, migrated) as opened:
            fill(opened, NOW, unread=40)
            say_much(opened)
            yield opened
        return
    with on_postgres(request.getfixturevalue("postgres"), "much_said") as opened:
        fill(opened, NOW, unread=40)
        with opened.write() as conn:
            conn.exec_driver_sql("ANALYZE")
        yield opened


@pytest.fixture(scope="module")
def full(much_said: Store) -> Store:
    """The same; a person found some of its mentions not to be about the brand."""
    with much_said.write() as conn:
        some = select(mention.c.id).where(mention.c.brand == BRAND).order_by(mention.c.id.desc()).limit(3)
        for number in conn.scalars(some).all():
            correct(conn, much_said, number, field=ABOUT_US, after="no", who="Ada", now=NOW)
    return much_said


@pytest.fixture(scope="module")
def much_said_on_sqlite(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Store]:
    """The same as `much_said` on SQLite alone."""
    with on_sqlite(tmp_path_factory, migrated) as opened:
        fill(opened, NOW, unread=40)
        say_much(opened)
        yield opened


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Store]:
    """All read, on SQLite, which knows how much of everything there is."""
    with on_sqlite(tmp_path_factory, migrated) as opened:
        fill(opened, NOW)
        with opened.write() as conn:
            conn.exec_driver_sql("ANALYZE")
        yield opened


@contextmanager
def on_sqlite(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Store]:
    opened = open_store(shutil.copy(migrated, tmp_path_factory.mktemp("matches")), zone=BERLIN, salt=b"salt")
    yield opened
    opened.engine.dispose()


def say_much(store: Store) -> None:
    with store.write() as conn:
        conn.exec_driver_sql("INSERT INTO mention_fts(rowid, text) SELECT id + 1000000, 'the ferry' FROM mention")
        conn.exec_driver_sql("ANALYZE")


def a_scope(days: int = 30, *sources: str, brand: str = BRAND) -> Scope:
    last = NOW.astimezone(BERLIN).date()
    first = last - timedelta(days=days - 1)
    return Scope(brand=brand, sources=sources, first=first, last=last, zone=BERLIN, lens="rater")


def every_want() -> list[Wanted]:
    scopes = [a_scope(), a_scope(90), a_scope(90, SOURCES[0], SOURCES[2]), a_scope(7, SOURCES[1], brand=OTHER)]
    return [
        Wanted(scope=scope, words=words, sentiment=sentiment, facet=facet, polarity=polarity, only=only)
        for scope in scopes
        for facet, polarity in ((None, None), ("rater/Reliability", None), ("aspect/courtesy", NEGATIVE))
        for sentiment in (None, NEGATIVE)
        for words, only in (("", None), ("late", None), ("-late", None), ("", Only.UNREAD))
    ]


def test_counts_tell_what_counting_one_by_one_finds_and_never_more_than_there_are(full: Store) -> None:
    with full.read() as conn:
        for wanted in every_want():
            there = mentions.how_many(conn, wanted)
            assert matches.how_many(conn, wanted, 10_000) == Matches(number=there)
            for most in (0, 25, there - 1, there):
                found = matches.how_many(conn, wanted, max(0, most))
                if found.more:
                    assert found == Matches(number=max(0, most), more=True)
                    assert there > max(0, most)
                else:
                    assert found.number == there


def test_an_order_is_gone_along_only_where_counts_show_that_many_match(full: Store) -> None:
    reach, least = (Wanted(scope=a_scope(90), order=order) for order in (Order.REACH, Order.DISSATISFIED))
    day = replace(least, scope=a_scope(1, SOURCES[0]))
    with full.read() as conn:
        assert matches.many(conn, reach)
        assert matches.many(conn, least)
        assert not matches.many(conn, day)
        assert not matches.many(conn, replace(reach, words="late"))
        assert not matches.many(conn, replace(reach, only=Only.UNREAD))


def test_what_has_no_reading_yet_comes_last_however_the_least_satisfied_are_found(full: Store) -> None:
    missing = 0
    for brand in (BRAND, OTHER):
        wanted = Wanted(scope=a_scope(90, brand=brand), order=Order.DISSATISFIED)
        with full.read() as conn:
            everything, along = (mentions.page(conn, wanted, size=5_000, many=many) for many in (False, True))
            short = mentions.page(conn, wanted, size=5, many=True)
        assert list(everything["id"]) == list(along["id"])
        assert list(short["id"]) == list(along["id"])[:5]
        missing += along["satisfaction"].isna().sum()
    assert missing > 0


@pytest.mark.parametrize("words", ["the", "the -late", '"the ferry" the'])
def test_a_frequent_word_is_looked_up_among_the_mentions_of_the_days(much_said_on_sqlite: Store, words: str) -> None:
    wanted = Wanted(scope=a_scope(), words=words)
    steps = looks_at(plan(much_said_on_sqlite, lambda conn: mentions.how_many(conn, wanted)), "mention")
    assert any("ix_mention_brand_created" in step for step in steps)
    assert not any("INTEGER PRIMARY KEY" in step for step in steps)


@pytest.mark.parametrize("more", [{}, {"sentiment": NEGATIVE}, {"facet": "rater/Reliability", "polarity": NEGATIVE}])
def test_those_with_a_common_word_are_counted_along_the_index_of_texts_and_are_as_many_as_one_by_one(
    much_said_on_sqlite: Store, more: dict[str, Any]
) -> None:
    for words in ("the", "the -late", '"the ferry" the'):
        for scope in (a_scope(), a_scope(90, SOURCES[0], SOURCES[2])):
            wanted = Wanted(scope=scope, words=words, **more)
            with much_said_on_sqlite.read() as conn:
                there = mentions.how_many(conn, wanted)
                for most in (10, there - 1, there, there + 1):
                    found = matches.how_many(conn, wanted, most, latest=100)
                    assert found == Matches(number=min(there, most), more=there > most)
    steps = plan(much_said_on_sqlite, lambda conn: matches.how_many(conn, Wanted(scope=a_scope(), words="the"), 9_000))
    along, each = (steps.index(step) for step in (ALONG_TEXTS, BY_NUMBER))
    assert along < each


def test_a_page_of_what_nearly_every_text_has_is_found_without_finding_all(much_said_on_sqlite: Store) -> None:
    asked: list[str] = []

    def note(*args: Any) -> None:
        asked.append(args[2])

    event.listen(much_said_on_sqlite.engine, "before_cursor_execute", note)
    with much_said_on_sqlite.read() as conn:
        assert len(mentions.page(conn, Wanted(scope=a_scope(90), words="the"), size=21)) == 21
    event.remove(much_said_on_sqlite.engine, "before_cursor_execute", note)
    assert not any("IN (SELECT rowid" in " ".join(statement.split()) for statement in asked[:-1])
    assert "rowid = mention.id" in asked[-1]


def test_the_least_satisfied_who_say_what_nearly_everybody_says_are_met_along_their_order(
    much_said_on_sqlite: Store,
) -> None:
    for order in (Order.REACH, Order.DISSATISFIED):
        wanted = Wanted(scope=a_scope(90), words="-late the", order=order)
        with much_said_on_sqlite.write() as conn:
            conn.execute(update(mention).values(reach=mention.c.id % 9))
            assert not matches.many(conn, replace(wanted, words="timetable"))
            assert not matches.many(conn, replace(wanted, words="-late"))
            for size in (5, 60):
                along = mentions.page(conn, wanted, size=size, many=True)
                assert list(along["id"]) == list(mentions.page(conn, wanted, size=size)["id"])
                assert len(along) == size


@pytest.mark.parametrize("order", [Order.NEWEST, Order.OLDEST])
@pytest.mark.parametrize("sentiment", [None, NEGATIVE])
def test_a_search_for_a_frequent_word_leafs_through_all_that_have_it(
    much_said: Store, order: Order, sentiment: Sentiment | None
) -> None:
    wanted = Wanted(scope=a_scope(60), words="the -late", order=order, sentiment=sentiment)
    rare = replace(wanted, words='"timetable" says -late', sentiment=None)
    with much_said.read() as conn:
        every = mentions.page(conn, replace(wanted, words=""), size=5_000, whole_texts=True)
        said = [set(re.findall(r"\w+", text.lower())) for text in every["text"]]
        having = [int(i) for i, words in zip(every["id"], said, strict=True) if "the" in words and "late" not in words]
        after, seen = None, []
        while not (found := mentions.page(conn, wanted, after=after, size=9)).empty:
            seen += [int(i) for i in found["id"]]
            after = place_after(order, found.iloc[-1].to_dict())
        few = list(mentions.page(conn, rare, size=500)["id"])
    assert seen == having
    assert len(seen) > 50
    if sentiment is None:
        assert few == [i for i, words in zip(every["id"], said, strict=True) if {"timetable", "says"} <= words]


def test_models_are_those_that_labels_are_by(full: Store) -> None:
    with full.write() as conn:
        some = select(label.c.mention_id).limit(3)
        conn.execute(update(label).where(label.c.mention_id.in_(some.subquery().select())).values(model="another"))
    with full.read() as conn:
        assert figures.models_read(conn) == tuple(sorted(conn.scalars(select(label.c.model).distinct())))
        assert len(figures.models_read(conn)) == 2


def test_brands_are_those_that_have_counts(full: Store) -> None:
    with full.read() as conn:
        distinct = select(count_day.c.brand).distinct()
        assert figures.brands_present(conn) == sorted(conn.scalars(distinct)) == sorted([BRAND, OTHER])


def test_without_mentions_there_are_no_brands(any_store: Store) -> None:
    with any_store.read() as conn:
        assert figures.brands_present(conn) == []


# ------------------------------------------------------------------ what it costs


def plan(store: Store, query: Callable[[Connection], Any]) -> list[str]:
    """The steps that SQLite takes for the statements of a query."""
    asked: list[tuple[str, Any]] = []

    def note(*args: Any) -> None:
        asked.append(args[2:4])

    event.listen(store.engine, "before_cursor_execute", note)
    with store.read() as conn:
        query(conn)
        event.remove(store.engine, "before_cursor_execute", note)
        return [
            step.detail
            for statement, parameters in asked
            for step in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]


def looks_at(steps: list[str], *tables: str) -> list[str]:
    """Those of the steps that go to these tables, however they are found there."""
    return [step for step in steps if step.startswith(tuple(f"{how} {name}" for name in tables for how in HOW))]


HOW = ("SCAN", "SEARCH")
ALONG_TEXTS = "SCAN mention_fts VIRTUAL TABLE INDEX 0:M1"
BY_NUMBER = "SEARCH mention USING INTEGER PRIMARY KEY (rowid=?)"


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(scope=a_scope()),
        Wanted(scope=a_scope(365, SOURCES[0])),
        Wanted(scope=a_scope(), facet="rater/Reliability"),
        Wanted(scope=a_scope(90), sentiment=NEGATIVE),
        Wanted(scope=a_scope(90), facet="rater/Reliability", polarity=NEGATIVE),
    ],
)
def test_how_many_match_is_told_without_looking_at_any_mention(store: Store, wanted: Wanted) -> None:
    day = {"brand": BRAND, "source": SOURCES[0], "day": day_number(NOW.date())}
    sums = dict.fromkeys(("mentions", "voices", "negative", "neutral", "positive", "unread", "satisfaction"), 9_000)
    with store.write() as conn:
        conn.execute(insert(count_day), [day | sums | {"facet": facet} for facet in ("all", "rater/Reliability")])
    steps = plan(store, lambda conn: matches.how_many(conn, wanted, 5_000))
    summed = looks_at(steps, "count_day")
    assert looks_at(steps, "count_day", "version") == steps
    assert summed != []
    assert all("USING PRIMARY KEY (brand=? AND facet=?" in step for step in summed)


def test_a_page_of_mentions_goes_by_brand_and_time_and_sorts_nothing(analysed: Store) -> None:
    for only, index in (
        (None, "ix_mention_brand_created"),
        (Only.UNREAD, "ix_mention_brand_created"),
        (Only.SUSPECT, "ix_mention_suspicion_brand_created"),
    ):
        wanted = Wanted(scope=a_scope(), only=only)
        steps = plan(analysed, lambda conn, wanted=wanted: mentions.page(conn, wanted, size=21))  # type: ignore[misc]  # its default is what it is called with
        assert index in steps[0]
        assert [step for step in steps if "SCAN" in step or "TEMP B-TREE" in step] == []


def test_the_suspects_of_a_week_are_found_without_going_through_what_was_said_in_it(analysed: Store) -> None:
    steps = plan(analysed, lambda conn: health.suspects(conn, [BRAND, OTHER], NOW - timedelta(days=7), NOW))
    assert "ix_mention_suspicion_brand_created" in steps[0]
    assert [step for step in steps if "SCAN" in step] == []


@pytest.mark.parametrize(
    ("order", "index"), [(Order.REACH, "ix_mention_reach"), (Order.DISSATISFIED, "ix_label_satisfaction")]
)
@pytest.mark.parametrize("narrowed", [{}, {"sentiment": NEGATIVE}, {"facet": "rater/Reliability"}])
def test_of_many_mentions_the_first_in_an_order_are_met_along_its_index(
    analysed: Store, order: Order, index: str, narrowed: dict[str, Any]
) -> None:
    for after in (None, Place(key=3, id=5) if order is Order.REACH else Place(key=150, id=5)):
        wanted = Wanted(scope=a_scope(90, SOURCES[0]), order=order, **narrowed)
        steps = plan(analysed, lambda conn, wanted=wanted, after=after: mentions.first_along(conn, wanted, after, 21))  # type: ignore[misc]  # its defaults are what it is called with
        assert index in steps[0]
        assert [step for step in steps if "TEMP B-TREE" in step] == []


def test_models_are_found_without_going_through_all_labels(store: Store) -> None:
    steps = looks_at(plan(store, figures.models_read), "label")
    assert len(steps) == 2
    assert all(step.startswith("SEARCH") for step in steps)


def test_brands_are_found_without_going_through_the_counts_of_all_days(store: Store) -> None:
    steps = plan(store, figures.brands_present)
    found = looks_at(steps, "count_day")
    assert len(found) == 2
    assert all(step.startswith("SEARCH") for step in found)


def test_all_days_are_summed_for_what_the_store_holds(full: Store) -> None:
    with full.read() as conn:
        counted = select(func.count()).where(mention.c.brand == BRAND)
        assert matches.how_many(conn, Wanted(scope=a_scope(400)), 5).number == (conn.scalar(counted) or 0) - 3
