"""One period, one number: every page and every file tells the same of the same days, in any zone, on any clock."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, select

from collector.store import Store
from collector.store.mentions import save_mentions
from collector.store.tables import mention
from dashboard.comparison import share_of
from dashboard.exports.filters import Filters
from dashboard.exports.rows import table_of
from dashboard.exports.table import What
from dashboard.queries import changes, figures, matches, mentions, trends
from dashboard.queries.mentions import Wanted
from dashboard.queries.places import Order, place_after
from dashboard.scope import DAY, Scope, midnight
from dashboard.steps import Step, in_steps
from sentiment.read import read_unread
from sentiment.reading import Sentiment
from sentiment.store import open_store
from sentiment.store.corrections import ABOUT_US, correct
from sentiment.store.readings import label
from sentiment.store.recount import verify
from tests.fakes import NOW, FakeReader, a_mention

BRANDS = ("Northwind Ferries", "Calder Coaches")
SOURCES = ("reviews", "forum", "post")
TEXTS = ("late", "a lovely crew, but late", "we sailed today and that is that", "lovely", "late: {n} and {n} again")
CLOCK_CHANGES = {
    "Europe/Berlin": (date(2025, 3, 30), date(2025, 10, 26)),
    "America/St_Johns": (date(2025, 3, 9), date(2025, 11, 2)),
    "Asia/Kolkata": (date(2025, 3, 30), date(2025, 10, 26)),
    "Africa/Cairo": (date(2025, 4, 25), date(2025, 10, 31)),
    "Australia/Lord_Howe": (date(2025, 4, 6), date(2025, 10, 5)),
}
"""Days on which clocks change there (in Kolkata they never do): at midnight in Cairo, by half an hour on Lord Howe."""


def said(zone: ZoneInfo, dice: random.Random) -> Iterator[datetime]:
    """Moments close to the ends of days, and anywhere in days on which the clock changes and around them."""
    for day in CLOCK_CHANGES[zone.key]:
        for number in range(-2, 3):
            edge = midnight(day + number * DAY, zone)
            for micros in (-1, 0, 1, 59_999_999, -1_800_000_001, 1_799_999_999, 3_600_000_000, -3_600_000_000):
                yield edge + timedelta(microseconds=micros)
            for _ in range(4):
                yield edge + timedelta(seconds=dice.uniform(0, 90_000))


@pytest.fixture(scope="module", params=list(CLOCK_CHANGES))
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Two brands, copies, mentions not read yet, corrections, and what is not about the brand."""
    dice, zone = random.Random(11), ZoneInfo(request.param)
    store = open_store(str(Path(tmp_path_factory.mktemp("agree")) / "g.db"), zone=zone, salt=b"salt")
    made = [
        a_mention(
            f"{brand}-{number}",
            brand=brand,
            source=dice.choice(SOURCES),
            text=dice.choice(TEXTS).format(n=number % 40),
            created_at=at,
            fetched_at=NOW,
            reach=dice.choice([None, -3, 0, 5]),
        )
        for number, at in enumerate(said(zone, dice))
        for brand in BRANDS
        if brand == BRANDS[0] or number % 3 == 0
    ]
    with store.write() as conn:
        save_mentions(conn, store, made[:-15])
    read_unread(store, FakeReader(), clock=lambda: NOW)
    with store.write() as conn:
        save_mentions(conn, store, made[-15:])
        ids = list(conn.scalars(select(label.c.mention_id).order_by(label.c.mention_id)))
        for number in ids[::9]:
            correct(conn, store, number, field=ABOUT_US, after="no", who="Ada", now=NOW)
        for number in ids[1::9]:
            correct(conn, store, number, field="sentiment", after="negative", who="Ada", now=NOW)
        for number in ids[2::9]:
            correct(conn, store, number, field="aspect", aspect="price", after="negative", who="Ada", now=NOW)
    yield store
    store.engine.dispose()


def scopes(zone: ZoneInfo) -> Iterator[Scope]:
    for day in CLOCK_CHANGES[zone.key]:
        for before, after in ((0, 0), (3, 3), (2, 0)):
            whole = Scope(brand=BRANDS[0], first=day - before * DAY, last=day + after * DAY, zone=zone, lens="rater")
            yield whole
            yield replace(whole, sources=SOURCES[:2])
            yield replace(whole, brand=BRANDS[1])


def leafed(conn: Connection, wanted: Wanted) -> list[int]:
    """The mentions that somebody sees who goes through all pages."""
    found, after = [], None
    while not (page := mentions.page(conn, wanted, after=after, size=17)).empty:
        found += [int(i) for i in page["id"]]
        after = place_after(wanted.order, page.iloc[-1].to_dict())
    return found


def exported(conn: Connection, store: Store, what: What, scope: Scope) -> list[dict[str, object]]:
    """The rows of a file of the brand and days of a scope."""
    filters = Filters(since=scope.start, until=scope.end, brand=scope.brand)
    table = table_of(conn, store, what, filters, set())
    names = [column.name for column in table.columns]
    rows = [dict(zip(names, row, strict=True)) for row in table.rows]
    return [row for row in rows if not scope.sources or row["source"] in scope.sources]


def test_every_page_and_file_counts_the_same_mentions_of_the_same_days(told: Store) -> None:
    some = 0
    with told.read() as conn:
        assert verify(conn) == []
        for scope in scopes(told.zone):
            days = figures.by_day(conn, scope)
            total = int(days["mentions"].sum())
            some += total
            wanted = Wanted(scope=scope)
            sources = figures.by_source_and_day(conn, scope)
            everywhere = replace(scope, sources=())
            assert total == sources["mentions"].sum(), scope
            assert matches.how_many(conn, wanted, 10_000) == matches.Matches(number=total), scope
            assert mentions.how_many(conn, wanted) == total, scope
            for order in Order if scope.days > 3 else (Order.NEWEST,):
                seen = leafed(conn, replace(wanted, order=order))
                assert len(seen) == len(set(seen)) == total, (scope, order)
            assert len(exported(conn, told, What.MENTIONS, scope)) == total, scope
            daily = [row for row in exported(conn, told, What.DAILY, scope) if row["facet"] == "all"]
            assert sum(int(str(row["mentions"])) for row in daily) == total, scope
            by_brand = figures.by_brand_and_day(conn, scope, BRANDS)
            assert (
                by_brand[by_brand["brand"] == scope.brand]["mentions"].sum()
                == figures.by_day(conn, everywhere)["mentions"].sum()
            )
            steps = [Step.DAY, Step.WEEK, Step.MONTH] + ([Step.HOUR] if trends.whole_hours(scope) else [])
            for step in steps:
                course = trends.course(conn, scope, "all", step, laid_over=scope)
                for name in ("mentions", "voices", "negative", "neutral", "positive", "unread", "read"):
                    assert course[name].sum() == days[name].sum(), (scope, step, name)
    assert some > 300


def test_every_page_tells_the_same_dissatisfaction_of_the_same_days(told: Store) -> None:
    dimensions = tuple(figures.dimensions_of_lens("rater"))
    with told.read() as conn:
        for scope in scopes(told.zone):
            days = figures.by_day(conn, scope)
            rows = exported(conn, told, What.MENTIONS, scope)
            voices = [row for row in rows if row["stands_for_voice"]]
            for sentiment in Sentiment:
                those = [row for row in voices if row["sentiment"] == sentiment.value]
                wanted = Wanted(scope=scope, sentiment=sentiment, one_a_voice=True)
                assert len(those) == days[sentiment.value].sum() == mentions.how_many(conn, wanted), (scope, sentiment)
            assert sum(row["sentiment"] is None for row in voices) == days["unread"].sum()
            course = in_steps(
                trends.over_time(conn, scope, "all", Step.DAY), Step.DAY, first=scope.first, last=scope.last
            )
            assert course["negative"].sum() == share_of(days).part
            found = changes.by_facet(conn, scope, dimensions).set_index("facet")
            for facet in dimensions:
                wanted = Wanted(scope=scope, facet=facet, polarity=Sentiment.NEGATIVE, one_a_voice=True)
                part = mentions.how_many(conn, wanted)
                over = trends.over_time(conn, scope, facet, Step.DAY)
                assert over["negative"].sum() == part, (scope, facet)
                assert over["read"].sum() == days["read"].sum()
                if facet in found.index:
                    assert (found.loc[facet, "now"].part, found.loc[facet, "now"].whole) == (part, days["read"].sum())


def test_each_calendar_day_holds_what_was_said_on_it(told: Store) -> None:
    with told.read() as conn:
        rows = conn.execute(select(mention.c.created_at, mention.c.day, mention.c.hour)).all()
        for row in rows:
            local = row.created_at.astimezone(told.zone)
            assert date(1970, 1, 1) + row.day * DAY == local.date()
            assert midnight(local.date(), told.zone) <= row.created_at < midnight(local.date() + DAY, told.zone)


def test_what_was_said_before_is_counted_up_to_the_same_time(told: Store) -> None:
    """A whole period before is that period as every page has it; a day under way is compared up to its hour."""
    with told.read() as conn:
        for scope in scopes(told.zone):
            whole = int(figures.by_day(conn, scope.before)["mentions"].sum())
            assert figures.mentions_until(conn, scope.before, scope.before.end) == whole, scope
            noon = midnight(scope.before.last, told.zone) + timedelta(hours=13)
            ids = mentions.how_many(conn, Wanted(scope=scope.before, end=noon))
            close = figures.mentions_until(conn, scope.before, noon)
            last = replace(scope.before, first=scope.before.last)
            edge = mentions.how_many(
                conn, Wanted(scope=last, start=noon - timedelta(hours=1), end=noon + timedelta(hours=1))
            ) + mentions.how_many(conn, Wanted(scope=last, end=last.start.astimezone(UTC) + timedelta(hours=1)))
            assert abs(close - ids) <= edge
