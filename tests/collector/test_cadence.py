"""How often a source is read: within its owner's bounds, by what is said there and what the site allows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.cadence import pause_of, rate_of
from collector.errors import BadSettings
from collector.sources import SourceConfig

MINUTE = timedelta(minutes=1)
FIXED = SourceConfig(name="talk", kind="mastodon", settings=None, every=30 * MINUTE)
QUICK = replace(FIXED, at_least=2 * MINUTE)


def test_without_a_shortest_pause_the_configured_one_stands() -> None:
    assert pause_of(FIXED, rate=1_000).length == 30 * MINUTE


@pytest.mark.parametrize(
    ("rate", "minutes", "told"),
    [
        (0, 30, "little is said there lately, so the configured pause is enough"),
        (4, 30, "about 4 new mentions an hour lately, so the configured pause is enough"),
        (60, 10, "about 60 new mentions an hour lately, so that a run brings about 10"),
        (5_000, 2, "about 5,000 new mentions an hour lately, and its shortest pause is configured so"),
    ],
)
def test_the_pause_follows_the_rate(rate: float, minutes: int, told: str) -> None:
    pause = pause_of(QUICK, rate=rate)
    assert (pause.length, pause.because) == (minutes * MINUTE, told)


@given(st.floats(0, 1e9), st.integers(0, 500), st.none() | st.integers(0, 10_000))
def test_a_pause_stays_within_what_the_owner_allows(rate: float, pages: int, budget_left: int | None) -> None:
    pause = pause_of(QUICK, rate=rate, pages=pages, budget_left=budget_left)
    assert 2 * MINUTE <= pause.length <= 30 * MINUTE


def test_a_site_with_little_left_to_grant_is_asked_no_more_often_than_configured() -> None:
    pause = pause_of(QUICK, rate=500, pages=3, budget_left=40)
    assert (pause.length, pause.because) == (30 * MINUTE, "the site grants only 40 more requests for now")


def test_a_site_that_asks_us_to_wait_is_left_alone_until_then() -> None:
    assert pause_of(QUICK, rate=500, wait=timedelta(days=3)).length == timedelta(days=3)
    assert pause_of(QUICK, rate=5_000, wait=MINUTE).length == 2 * MINUTE


def test_the_rate_is_that_of_the_last_hour_where_it_is_higher_than_usual() -> None:
    assert rate_of({timedelta(hours=1): 30, timedelta(days=1): 48}) == 30
    assert rate_of({timedelta(hours=1): 0, timedelta(days=1): 48}) == 2
    assert rate_of({}) == 0


@pytest.mark.parametrize("at_least", [timedelta(seconds=1), 31 * MINUTE])
def test_a_shortest_pause_that_makes_no_sense_is_refused(at_least: timedelta) -> None:
    with pytest.raises(BadSettings, match="at_least is the shortest pause"):
        replace(FIXED, at_least=at_least)
