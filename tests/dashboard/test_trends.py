"""Trends: figures are those of the counts, in any step; comparisons say what is sure and what is not known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from collector.store import Store
from collector.store.mentions import save_mentions
from dashboard.queries import figures, trends
from dashboard.scope import Scope
from dashboard.steps import Step, in_steps
from dashboard.views.trends import way_in, worst_steps
from sentiment.store.readings import claim, save_readings
from sentiment.taxonomy import ALL
from tests.conftest import BERLIN
from tests.dashboard.conftest import BRAND, OTHER, SOURCES, Filled
from tests.dashboard.test_queries import FERRIES, a_scope
from tests.dashboard.test_views import opened, words_of
from tests.fakes import NOW, a_mention, a_reading

LORD_HOWE = ZoneInfo("Australia/Lord_Howe")


pytestmark = pytest.mark.usefixtures("forgetful")


@pytest.mark.parametrize("facet", [ALL, "rater/Reliability", "aspect/timeliness"])
@pytest.mark.parametrize("step", Step)
def test_every_step_adds_up_to_the_same(filled: Filled, step: Step, facet: str) -> None:
    scope = a_scope(filled, days=21)
    with filled.store.read() as conn:
        days, whole = figures.by_day(conn, scope, facet), figures.by_day(conn, scope)
        found = in_steps(trends.over_time(conn, scope, facet, step), step, first=scope.first, last=scope.last)
    assert found["mentions"].sum() == days["mentions"].sum()
    assert found["negative"].sum() == days["negative"].sum()
    assert found["read"].sum() == whole["read"].sum()
    assert found["own"].sum() == days["read"].sum()


def test_a_source_narrows_the_hours_too(filled: Filled) -> None:
    scope = a_scope(filled, days=14, sources=(SOURCES[2],))
    with filled.store.read() as conn:
        hours = trends.over_time(conn, scope, ALL, Step.HOUR)
        assert hours["mentions"].sum() == figures.by_day(conn, scope)["mentions"].sum() > 0


def test_the_hour_that_comes_twice_in_autumn_is_one_and_no_mention_is_lost(store: Store) -> None:
    twice = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]
    with store.write() as conn:
        texts = ["The late crossing to the islands", "A lovely cabin and good coffee"]
        save_mentions(conn, store, [a_mention(str(n), created_at=at, text=texts[n]) for n, at in enumerate(twice)])
        save_readings(conn, store, [(u, a_reading()) for u in claim(conn, "me", NOW, timedelta(minutes=1), 9)], NOW)
        day = date(2026, 10, 25)
        scope = Scope(brand=FERRIES, first=day, last=day, zone=BERLIN, lens="rater")
        hours = trends.over_time(conn, scope, ALL, Step.HOUR)
    assert len(hours) == 25
    steps = in_steps(hours, Step.HOUR, first=day, last=day)
    assert len(steps) == 24
    assert steps.loc[steps["mentions"] > 0, "start"].tolist() == [pd.Timestamp(2026, 10, 25, 2)]
    assert steps["mentions"].sum() == 2


def test_the_page_says_its_share_beside_the_days_before(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    words = words_of(opened("trends", filled.config, monkeypatch))
    scope = a_scope(filled, days=30)
    with filled.store.read() as conn:
        days, before = figures.by_day(conn, scope), figures.by_day(conn, scope.before)
    for part in (days, before):
        assert f"{100 * part['negative'].sum() / part['read'].sum():.1f}\u202f%" in words
    assert "in the days before" in words
    assert "Read what was said" in words
    assert "incident?id=" in words


def test_another_brand_and_another_year_stand_beside_it(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened("trends", filled.config, monkeypatch, step="week", about="Reliability", compare=OTHER)
    assert f"at {OTHER}" in words_of(app)
    assert f"Reliability of {BRAND}" in words_of(app)
    nothing = words_of(opened("trends", filled.config, monkeypatch, compare="a year before"))
    assert "nothing was read a year before" in nothing


def test_hours_of_a_long_period_fall_back_to_days_and_say_so(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    words = words_of(opened("trends", filled.config, monkeypatch, step="hour", period="90 days"))
    assert "Hours are shown for up to 31 days" in words
    assert "Dissatisfaction by day" in words


@pytest.mark.parametrize(("zone", "whole"), [("Asia/Kolkata", False), ("Asia/Kathmandu", False), ("Asia/Tokyo", True)])
def test_hours_are_told_only_where_the_clock_is_whole_hours_off(filled: Filled, zone: str, whole: bool) -> None:
    scope = replace(a_scope(filled, days=14), zone=ZoneInfo(zone))
    assert trends.whole_hours(scope) is whole
    with filled.store.read() as conn:
        if whole:
            hours = trends.over_time(conn, scope, ALL, Step.HOUR)
            assert all((at.minute, at.second) == (0, 0) for at in hours["at"])
            assert {at.date() for at in hours["at"]} == {scope.first + timedelta(days=n) for n in range(14)}
        else:
            with pytest.raises(ValueError, match=zone):
                trends.over_time(conn, scope, ALL, Step.HOUR)


def test_half_an_hour_of_summer_time_takes_hours_away_in_summer_only(filled: Filled) -> None:
    winter = Scope(brand=BRAND, first=date(2026, 7, 1), last=date(2026, 7, 9), zone=LORD_HOWE, lens="rater")
    assert not trends.whole_hours(winter)
    assert trends.whole_hours(replace(winter, first=date(2026, 12, 1), last=date(2026, 12, 9)))
    assert not trends.whole_hours(replace(winter, first=date(2026, 10, 1), last=date(2026, 10, 9)))


def test_the_page_of_a_zone_off_by_half_an_hour_falls_back_to_days_and_says_so(
    filled: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "groundswell.toml"
    text = filled.config.read_text(encoding="utf-8").replace("Europe/Berlin", "Asia/Kolkata")
    store = filled.config.parent / "groundswell.db"
    config.write_text(text.replace("[groundswell]", f'[groundswell]\nstore = "{store}"'), encoding="utf-8")
    words = words_of(opened("trends", config, monkeypatch, step="hour", period="7d"))
    assert "the clock of Asia/Kolkata is not whole hours off" in words
    assert "Dissatisfaction by day" in words


def test_a_link_from_an_hour_names_the_day_that_it_opens() -> None:
    start = datetime(2026, 11, 16, 23)  # noqa: DTZ001  # wall-clock time
    assert way_in(start, start + timedelta(hours=1), Step.HOUR, "31 %") == "on Mon 16 Nov (31 % from 23:00 to 00:00)"
    assert way_in(start, start + timedelta(days=7), Step.WEEK, "31 %").startswith("from 16 to 23 Nov (31 %)")


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "1600-02-29", "2026-02-30", "soon"])
def test_any_day_in_the_address_shows_the_page(filled: Filled, monkeypatch: pytest.MonkeyPatch, day: str) -> None:
    words_of(opened("trends", filled.config, monkeypatch, period="dates", days=day, step="month"))


def test_an_address_of_nonsense_shows_the_page_all_the_same(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    words_of(opened("trends", filled.config, monkeypatch, step="<b>", compare="nobody", about="'; DROP"))


def test_the_worst_steps_are_those_that_are_surely_bad() -> None:
    steps = pd.DataFrame(
        {
            "read": [2, 100, 50, 40],
            "negative": [2, 60, 32, 0],
            "low": [0.34, 0.5, 0.49, 0.0],
            "share": [1, 0.6, 0.64, 0],
        }
    )
    assert list(worst_steps(steps)["negative"]) == [60, 32]
    assert worst_steps(steps.assign(negative=0)).empty
