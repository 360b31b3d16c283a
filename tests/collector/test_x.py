"""X: what is paid for is counted once and for all, and a search that was cut short goes on as it began."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import httpx
import pytest

from collector.collect import collect, preview
from collector.errors import BudgetSpent
from collector.http import Client
from collector.store import Store
from collector.store.runs import spend
from tests.collector.test_collect import BRANDS, site
from tests.collector.world import posts


def test_a_budget_for_paid_posts_is_never_passed_and_the_rest_is_a_gap(store: Store) -> None:
    with site(store, 300, kind="x", monthly_budget=150) as at:
        report = at.collect()
        assert report.error_kind == "BudgetSpent"
        assert "budget of 150 posts" in (report.error or "")
        assert len(at.numbers()) == 150
        assert at.covered() == []
        assert (at.state()["budget_left"], at.spent()) == (0, 150)
        assert "not to come back before" in (at.collect().skipped or "")


def test_backfills_and_dry_runs_spend_from_the_same_budget_as_the_schedule(store: Store) -> None:
    with site(store, 300, kind="x", monthly_budget=150) as at:
        assert at.collect(since=at.clock.moment - timedelta(days=2)).error_kind == "BudgetSpent"
        asked = len(at.world.asked)
        assert at.collect().error_kind == "BudgetSpent"
        assert at.collect(since=at.clock.moment - timedelta(days=6), force=True).error_kind == "BudgetSpent"
        with pytest.raises(BudgetSpent):
            list(preview(at.store, at.config, BRANDS, at.client(), now=at.clock.now()))
        assert (len(at.world.asked), at.spent()) == (asked, 150)
        at.clock.moment += timedelta(days=31)
        assert at.spent() == 0
        at.world.posts += posts(20, at.clock.moment - timedelta(minutes=1), start=300)
        assert (at.collect().error, at.spent()) == (None, 20)


def test_a_dry_run_of_a_paid_source_counts_what_it_read(store: Store) -> None:
    with site(store, 30, kind="x", monthly_budget=150) as at:
        list(preview(at.store, at.config, BRANDS, at.client(), now=at.clock.now()))
        assert (at.numbers(), at.spent()) == ([], 30)


def test_paid_posts_that_cannot_be_read_are_counted_and_refused_requests_are_not(store: Store) -> None:
    with site(store, 30, *["500"] * 9, kind="x", monthly_budget=150) as at:
        assert at.collect().error_kind == "SourceUnavailable"
        assert at.spent() == 0
        at.world.faults.clear()
        at.world.faults.append("html")
        assert at.collect().error_kind == "PayloadChanged"
        assert at.spent() == 100
        assert at.collect().error is None
        assert at.spent() == 130


def test_what_a_request_may_cost_is_counted_before_it_is_sent_so_a_kill_loses_none(store: Store) -> None:
    with site(store, 30, kind="x", monthly_budget=150) as at:

        def killed(_request: httpx.Request) -> httpx.Response:
            raise SystemExit

        client = Client(now=at.clock.now, sleep=at.clock.sleep, transport=httpx.MockTransport(killed))
        with pytest.raises(SystemExit):
            collect(at.store, at.config, BRANDS, client, now=at.clock.now)
        assert at.spent() == 100


class Together(httpx.HTTPTransport):
    """Lets the first request of each of several runs go only once all of them have been made."""

    def __init__(self, all_of_them: Barrier, asked: list[int]) -> None:
        super().__init__()
        self._all, self._first, self._asked = all_of_them, True, asked

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._first:
            self._first = False
            self._all.wait(timeout=60)
        response = super().handle_request(request)
        self._asked.append(int(request.url.params["max_results"]))
        return response


def test_runs_at_one_time_spend_no_more_than_the_budget_together(any_store: Store) -> None:
    """Each has counted what it may read before any of them has read it."""
    with site(any_store, 400, kind="x", monthly_budget=250) as at:
        together, asked = Barrier(3), list[int]()
        clients = [
            Client(now=at.clock.now, sleep=at.clock.sleep, transport=Together(together, asked)) for _ in range(3)
        ]
        how = (at.store, at.config, BRANDS)
        day = timedelta(days=1)
        runs: list[Callable[[], object]] = [
            lambda: collect(*how, clients[0], now=at.clock.now),
            lambda: collect(*how, clients[1], now=at.clock.now, since=at.clock.moment - day),
            lambda: list(preview(*how, clients[2], now=at.clock.now())),
        ]
        with ThreadPoolExecutor(3) as pool:
            ended = [pool.submit(run) for run in runs]
        assert all(isinstance(one.exception(), BudgetSpent | None) for one in ended)
        assert sorted(asked) == [50, 100, 100]
        assert at.spent() == 250


def test_what_many_count_at_once_is_all_counted(any_store: Store) -> None:
    def count(_number: int) -> int:
        with any_store.write() as conn:
            return spend(conn, "talk", "x", "2026-11", 1)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(count, range(80))) == list(range(1, 81))


def test_a_search_on_x_that_is_resumed_asks_for_the_same_span_as_before(store: Store) -> None:
    with site(store, 250, kind="x") as at:
        at.collect()
        at.clock.moment += timedelta(hours=2)
        at.world.posts += posts(250, at.clock.moment - timedelta(minutes=1), timedelta(seconds=10), start=250)
        asked = len(at.world.asked) + 1
        assert at.collect(stop=lambda: len(at.world.asked) == asked).unfinished
        at.clock.moment += timedelta(minutes=20)
        at.world.posts += posts(20, at.clock.moment - timedelta(minutes=1), timedelta(seconds=10), start=500)
        assert at.collect().ok
        before, *after = [query for _path, query in at.world.asked[asked - 1 :]]
        span = {"start_time": before["start_time"], "end_time": before["end_time"]}
        assert [query.get("next_token") for query in after] == ["100", "200", None]
        assert [span.items() <= query.items() for query in after] == [True, True, False]
        assert at.numbers() == list(range(520))


def test_a_resumed_search_on_x_begins_no_earlier_than_x_shows(store: Store) -> None:
    with site(store, 250, kind="x") as at:
        at.collect(stop=lambda: len(at.world.asked) == 1)
        at.clock.moment += timedelta(minutes=20)
        assert at.collect().ok
        _path, first = at.world.asked[0]
        _path, resumed = at.world.asked[1]
        assert (resumed["next_token"], resumed["end_time"]) == ("100", first["end_time"])
        assert datetime.fromisoformat(resumed["start_time"]) > at.clock.moment - timedelta(days=7)
        assert at.numbers() == list(range(250))
