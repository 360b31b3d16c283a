"""What is new is told in a few words; a page is drawn anew by itself only when nothing was on it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector.store import Store
from collector.store.mentions import save_mentions
from dashboard.queries import news
from dashboard.views.live import Marks, outdated, told
from tests.dashboard.conftest import plant
from tests.fakes import NOW, a_mention

DRAWN = Marks(mentions=900, read=1_000, waiting=0, aside=0, incidents=frozenset({1, 2}))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"mentions": 901}, "1 new mention"),
        ({"mentions": 1_912}, "1,012 new mentions"),
        ({"mentions": 912, "waiting": 5}, "12 new mentions, 5 still to be read"),
        ({"incidents": frozenset({1, 2, 7})}, "1 new spike"),
        ({"incidents": frozenset({7, 8}), "mentions": 903}, "2 new spikes and 3 new mentions"),
        ({"read": 1_004}, "4 more read"),
        ({"read": 1_004, "waiting": 9}, None),
        ({"read": 1_500, "waiting": 9}, "500 more read, 9 still to be read"),
        ({"mentions": 850, "incidents": frozenset({1})}, None),
    ],
)
def test_what_is_new_is_told_in_a_few_words(changes: dict[str, object], expected: str | None) -> None:
    assert told(DRAWN, replace(DRAWN, **changes)) == expected  # type: ignore[arg-type]  # fields of Marks


def test_a_page_is_drawn_anew_by_itself_only_when_it_was_empty() -> None:
    assert not outdated(DRAWN, DRAWN)
    assert not outdated(DRAWN, replace(DRAWN, read=100_000))
    empty = replace(DRAWN, read=0)
    assert outdated(empty, replace(DRAWN, read=1))
    assert not outdated(empty, empty)


def test_new_mentions_and_incidents_of_the_brands_are_counted(store: Store) -> None:
    with store.write() as conn:
        save_mentions(conn, store, [a_mention("1"), a_mention("2", brand="Calder Coaches", text="Something else")])
        number = plant(conn, NOW)
        assert news.mentions_in_all(conn, ["Northwind Ferries"]) == 1
        assert news.mentions_in_all(conn, ["Northwind Ferries", "Calder Coaches"]) == 2
        assert news.mentions_in_all(conn, ["Nobody"]) == 0
        assert news.incident_ids(conn, ["Northwind Ferries"]) == {number}
        assert news.incident_ids(conn, ["Calder Coaches"]) == frozenset()
