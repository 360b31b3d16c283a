"""Pages say which of their figures are still being counted anew, and what those that are not stand for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dashboard.queries import matches, mentions
from dashboard.queries.mentions import Wanted
from sentiment.store.counts import count_day
from sentiment.store.recount import begin, recount, step
from sentiment.store.rezone import move_days, place_zone
from tests.conftest import BERLIN
from tests.dashboard.conftest import SOURCES, Filled, filled_at
from tests.dashboard.test_matches import NOW as THEN
from tests.dashboard.test_matches import a_scope
from tests.dashboard.test_views import opened, words_of

pytestmark = pytest.mark.usefixtures("forgetful")


@pytest.fixture
def changing(tmp_path: Path) -> Iterator[Filled]:
    with filled_at(tmp_path, THEN) as made:
        yield made


def test_a_page_says_how_far_counting_anew_is_until_it_is_done(
    changing: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    with changing.store.write() as conn:
        begin(conn)
        step(conn, most=300)
    assert "are being counted anew: done back to" in words_of(opened("sources", changing.config, monkeypatch))
    list(recount(changing.store))
    with changing.store.write() as conn:
        place_zone(conn, ZoneInfo("Asia/Kolkata"))
    assert "being moved to the days of" in words_of(opened("sources", changing.config, monkeypatch))
    with changing.store.write() as conn:
        place_zone(conn, BERLIN)
    list(move_days(changing.store))
    told = words_of(opened("sources", changing.config, monkeypatch))
    assert "counted anew" not in told
    assert "being moved" not in told


def test_mentions_of_a_dimension_are_counted_themselves_while_its_counts_may_be_of_another_taxonomy(
    changing: Filled,
) -> None:
    wanted = Wanted(scope=a_scope(60), facet="rater/Reliability")
    with changing.store.write() as conn:
        begin(conn)
        conn.execute(count_day.update().where(count_day.c.facet == wanted.facet).values(mentions=1))
        there = mentions.how_many(conn, wanted)
        assert matches.how_many(conn, wanted, 5_000) == matches.Matches(number=there)
    assert there > 60


def test_brands_side_by_side_say_that_they_are_at_all_sources(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = words_of(opened("today", filled.config, monkeypatch))
    some = words_of(opened("today", filled.config, monkeypatch, source=SOURCES[1]))
    assert "at all sources whichever are chosen above" in some
    assert "at all sources whichever are chosen above" not in whole
