"""One run of a source: what is saved together, what is kept of a failure, and what a second run does."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from collector.brand import Brand
from collector.claim import Verdict
from collector.collect import RunReport, collect, preview
from collector.http import Client
from collector.sources import SourceConfig, kinds
from collector.sources.generic_json import Paging
from collector.sources.x import LAGS
from collector.store import Store
from collector.store.runs import lease, reject, run, spans_of, state_of, take_lease, this_process, validator
from collector.store.tables import mention, revision
from tests.collector.clock import Clock
from tests.collector.keys import account_file, elliptic_key
from tests.collector.server import serving
from tests.collector.world import World, posts

BRANDS = (Brand(name="Aurora Air", own=True), Brand(name="Borealis"))
OPTIONS: dict[str, dict[str, Any]] = {
    "mastodon": {"tags": ("auroraair",)},
    "bluesky": {"queries": ("aurora",)},
    "app_store": {"apps": ("1",)},
    "hacker_news": {"queries": ("aurora",)},
    "rss": {"feeds": ("{base}/feed.xml",)},
    "google_business": {
        "locations": ("accounts/1/locations/2",),
        "client_id": "c",
        "client_secret": "secret",
        "refresh_token": "token",
        "token_url": "{base}/token",
    },
    "app_store_connect": {"apps": ("1",), "issuer_id": "i", "key_id": "k", "private_key": elliptic_key()},
    "google_play": {"packages": ("org.example",), "service_account": account_file(), "token_url": "{base}/token"},
    "trustpilot": {"business_units": ("b",), "api_key": "key"},
    "schema_org": {"pages": ("{base}/product.html",)},
    "youtube": {"channels": ("UC1",), "api_key": "key"},
    "gdelt": {"queries": ("aurora",)},
    "discourse": {},
    "wordpress": {},
    "woocommerce": {"consumer_key": "ck_1", "consumer_secret": "cs_1"},
    "judge_me": {"shop_domain": "s", "api_token": "token"},
    "stack_exchange": {"queries": ("aurora",)},
    "lemmy": {"queries": ("aurora",)},
    "reddit": {
        "client_id": "c",
        "client_secret": "secret",
        "username": "u",
        "queries": ("aurora",),
        "token_url": "{base}/token",
    },
    "x": {"bearer_token": "token", "monthly_budget": 100_000, "queries": ("aurora",)},
} | {
    f"generic_json {paging}": {
        "base_url": "{base}/generic/" + paging,
        "items": "rows",
        "map": {"id": "id", "created_at": "at", "text": "said", "rating": "stars"},
        "date_format": "epoch",
        "paging": Paging(paging),
        "next": "next",
        "cursor_param": "after",
    }
    for paging in ("page", "offset", "cursor", "next-link", "link-header")
}


def _placed(value: Any, base: str) -> Any:
    if isinstance(value, tuple):
        return tuple(_placed(one, base) for one in value)
    return value.replace("{base}", base) if isinstance(value, str) else value


@dataclass(slots=True)
class Site:
    """A served world, a store, and a run of a source against them."""

    store: Store
    world: World
    base: str
    clock: Clock
    kind: str = "mastodon"
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def config(self) -> SourceConfig:
        kind = self.kind.split(" ")[0]
        options = {name: _placed(value, self.base) for name, value in OPTIONS[self.kind].items()} | self.options
        if "base_url" in kinds()[kind].Settings.__dataclass_fields__:
            options = {"base_url": self.base} | options
        return SourceConfig(name="talk", kind=kind, settings=kinds()[kind].Settings(**options))

    def client(self) -> Client:
        return Client(now=self.clock.now, sleep=self.clock.sleep)

    def collect(self, **how: Any) -> RunReport:
        return collect(self.store, self.config, BRANDS, self.client(), now=self.clock.now, **how)

    def numbers(self) -> list[int]:
        """The numbers of the posts that are in the store, sorted."""
        with self.store.read() as conn:
            texts = conn.scalars(select(mention.c.text).where(mention.c.source == "talk"))
            return sorted(int(text.split(" case ")[1].split(" ")[0]) for text in texts)

    def state(self, key: str = "talk") -> dict[str, Any]:
        with self.store.read() as conn:
            row = state_of(conn, key)
        return {} if row is None else dict(row)

    def spent(self) -> int:
        """What was spent on the source this month."""
        spent: int = (self.state("budget/talk").get("cursor") or {}).get(f"{self.clock.moment:%Y-%m}", 0)
        return spent

    def covered(self) -> list[tuple[datetime, datetime]]:
        with self.store.read() as conn:
            spans = spans_of(conn, "talk", datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
        return [(span.start, span.end) for span in spans]


@contextmanager
def site(store: Store, count: int = 120, *faults: str | None, kind: str = "mastodon", **options: Any) -> Iterator[Site]:
    clock = Clock()
    world = World(posts=posts(count, clock.moment - timedelta(minutes=1)), faults=deque(faults))
    with serving(world) as base:
        yield Site(store=store, world=world, base=base, clock=clock, kind=kind, options=options)


@pytest.mark.parametrize("kind", sorted(OPTIONS))
def test_every_kind_brings_every_post_once_and_covers_its_span(store: Store, kind: str) -> None:
    with site(store, 95, kind=kind) as at:
        report = at.collect()
        assert (report.error, report.new, report.rejected, report.unmatched) == (None, 95, 0, 0)
        assert at.numbers() == list(range(95))
        ((_start, end),) = at.covered()
        assert report.started_at - end in {timedelta(), LAGS if kind == "x" else timedelta()}
        again = at.collect()
        assert (again.new, again.edited, again.error) == (0, 0, None)


def test_robots_txt_is_obeyed(store: Store) -> None:
    with site(store, 5, kind="schema_org") as at:
        at.options = {"pages": (f"{at.base}/private/product.html",)}
        report = at.collect()
        assert report.error_kind == "SourceRefused"
        assert [path for path, _query in at.world.asked] == ["/robots.txt"]


@pytest.mark.parametrize("kind", sorted(OPTIONS))
def test_every_kind_survives_a_passing_failure_of_each_sort(store: Store, kind: str) -> None:
    faults = ("429-epoch", "500", "reset", None, "cut", "truncated", "429-body", "503", "gzip")
    with site(store, 95, *faults, kind=kind) as at:
        for _ in range(4):
            at.collect()
        assert at.numbers() == list(range(95))
        assert at.collect().ok


@pytest.mark.parametrize("kind", ["wordpress", "woocommerce"])
def test_a_wordpress_site_with_plain_links_is_read_by_its_route(store: Store, kind: str) -> None:
    with site(store, 250, kind=kind) as at:
        at.world.plain_links = True
        report = at.collect()
        assert (report.error, report.new) == (None, 250)
        assert sum(path.startswith("/wp-json") for path, _query in at.world.asked) == 2


@pytest.mark.parametrize("kind", ["wordpress", "woocommerce"])
def test_a_site_that_is_no_wordpress_is_named_by_what_it_answers(store: Store, kind: str) -> None:
    with site(store, 10, "html", kind=kind) as at:
        report = at.collect()
        assert report.error_kind == "PayloadChanged"
        assert "HTML page titled 'Just a moment'" in (report.error or "")


def test_new_posts_are_picked_up_and_an_edit_is_a_revision(store: Store) -> None:
    with site(store) as at:
        at.collect()
        at.clock.moment += timedelta(minutes=5)
        at.world.posts += posts(7, at.clock.moment, timedelta(seconds=10), start=120)
        at.world.posts[118].text += " (sorted out now)"
        at.world.posts[118].edited = at.clock.moment
        report = at.collect()
        assert (report.new, report.edited) == (7, 1)
        assert at.numbers() == list(range(127))
        with store.read() as conn:
            assert conn.scalar(select(func.count()).select_from(revision)) == 1


def test_an_answer_in_the_wrong_shape_ends_in_a_named_error_and_saves_nothing_of_its_page(store: Store) -> None:
    with site(store, 120, None, "html") as at:
        report = at.collect()
        assert report.error_kind == "PayloadChanged"
        assert report.pages == 1
        assert len(at.numbers()) == 40
        assert at.covered() == []
        state = at.state()
        assert "HTML page titled" in state["last_error"]
        assert (state["last_error_kind"], state["last_success"]) == ("PayloadChanged", None)
        recovered = at.collect()
        assert recovered.ok
        assert at.numbers() == list(range(120))
        assert at.state()["last_error"] is None


def test_a_site_that_asks_us_to_wait_is_left_alone_until_then(store: Store) -> None:
    with site(store, 40, "429-long") as at:
        assert at.collect().error_kind == "RateLimited"
        asked = len(at.world.asked)
        assert "not to come back before" in (at.collect().skipped or "")
        assert len(at.world.asked) == asked
        at.clock.moment += timedelta(hours=3)
        assert at.collect().new == 40


def test_a_run_that_is_told_to_stop_keeps_the_page_in_hand_and_goes_on_later(store: Store) -> None:
    with site(store) as at:
        report = at.collect(stop=lambda: len(at.world.asked) >= 2)
        assert report.error is None
        assert 0 < len(at.numbers()) < 120
        assert at.covered() == []
        assert at.collect().ok
        assert at.numbers() == list(range(120))


def test_a_backfill_is_resumable_and_leaves_the_live_cursor_alone(store: Store) -> None:
    with site(store, 200) as at:
        at.world.posts, old = at.world.posts[100:], at.world.posts[:100]
        at.collect()
        live = at.state()["cursor"]
        at.world.posts = old + at.world.posts
        since = at.world.posts[0].created
        half = at.collect(since=since, stop=lambda: len(at.numbers()) >= 120)
        assert half.error is None
        assert 120 <= len(at.numbers()) < 200
        assert at.state()["cursor"] == live
        assert at.collect(since=since).ok
        assert at.numbers() == list(range(200))
        assert at.state()["cursor"] == live
        asked = len(at.world.asked)
        assert at.collect(since=since).new == 0
        assert len(at.world.asked) == asked


def test_somebody_else_s_lease_is_respected_and_a_dead_process_s_is_not(store: Store) -> None:
    with site(store, 10) as at:
        with store.write() as conn:
            take_lease(conn, "collect/talk", this_process(), at.clock.moment, timedelta(minutes=10))
        assert "Another process" in (at.collect().skipped or "")
        with store.write() as conn:
            host, _pid, nonce = this_process().split("/")
            conn.execute(lease.update().values(holder=f"{host}/4194305/{nonce}"))
        assert at.collect().new == 10
        with store.read() as conn:
            assert conn.scalar(select(func.count()).select_from(lease)) == 0


def test_a_programming_error_closes_the_run_and_passes_through(store: Store) -> None:
    with site(store, 90) as at:

        def fail(_report: RunReport) -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            at.collect(on_page=fail)
        with store.read() as conn:
            assert conn.scalar(select(run.c.error)).startswith("An unexpected ZeroDivisionError")
        assert at.collect().ok


def test_what_names_no_brand_is_counted_but_not_kept(store: Store) -> None:
    with site(store, 20) as at:
        for post in at.world.posts[:5]:
            post.text = "nothing about anybody"
        report = collect(store, at.config, (Brand(name="Borealis"),), at.client(), now=at.clock.now)
        assert (report.new, report.unmatched) == (0, 20)


def test_a_reject_met_again_is_kept_once(store: Store) -> None:
    with site(store, 20) as at:
        at.world.posts[3].created = datetime(1980, 1, 1, tzinfo=UTC)
        at.world.posts[4].text = ""
        config = dataclasses.replace(at.config, brand="Aurora Air")
        for expected in (1, 0):
            report = collect(store, config, BRANDS, at.client(), now=at.clock.now)
            assert report.rejected == expected
        with store.read() as conn:
            (row,) = conn.execute(select(reject.c.place, reject.c.reason)).all()
        assert row.reason == "its date 1980-01-01 cannot be right"


def test_validators_are_kept_with_the_page_and_save_the_second_read(store: Store) -> None:
    with site(store, 20, kind="rss") as at:
        first = at.collect()
        with store.read() as conn:
            assert conn.scalar(select(func.count()).select_from(validator)) == 1
        at.clock.moment += timedelta(minutes=15)
        second = at.collect()
        assert (second.new, second.unchanged, second.error) == (0, 0, None)
        assert "if-none-match" in at.world.headers[-1]
        ((start, end),) = at.covered()
        assert start < first.started_at < end == second.started_at


def test_a_dry_run_says_what_it_would_keep_and_writes_nothing(store: Store) -> None:
    with site(store, 20) as at:
        at.world.posts[2].text = "no brand here"
        said = list(preview(at.store, at.config, BRANDS, at.client(), now=at.clock.now()))
        verdicts = [one for one in said if isinstance(one, Verdict)]
        assert len(verdicts) == 20
        assert {verdict.reason for verdict in verdicts} == {
            "Aurora Air: name Aurora Air",
            "Aurora Air: hashtag #auroraair",
        }
        assert at.numbers() == []
        assert at.state() == {}


def test_a_stale_bluesky_login_is_renewed_within_the_run(store: Store) -> None:
    with site(store, 250, kind="bluesky", identifier="me.example", password="app-password") as at:
        at.world.tokens = set()

        def expire(report: RunReport) -> None:
            if report.pages == 1:
                at.world.tokens = {"other"}

        report = at.collect(on_page=expire)
        assert report.error is None
        assert at.numbers() == list(range(250))
        assert at.world.logins == 2


def test_anonymous_search_that_is_refused_says_what_to_do(store: Store) -> None:
    with site(store, 20, kind="bluesky") as at:
        at.world.tokens = set()
        report = at.collect()
        assert report.error_kind == "SourceRefused"
        assert "app password" in (report.error or "")


def test_an_app_store_feed_gone_empty_is_not_taken_for_calm(store: Store) -> None:
    with site(store, 20, kind="app_store") as at:
        at.collect()
        before = at.covered()
        at.world.posts.clear()
        at.clock.moment += timedelta(hours=1)
        assert at.collect().error_kind == "SourceUnavailable"
        assert at.covered() == before
        assert len(at.numbers()) == 20


def test_more_hits_than_hacker_news_shows_are_reached_by_narrowing_the_window(store: Store) -> None:
    with site(store, 2300, kind="hacker_news") as at:
        for post in at.world.posts[700:1150]:
            post.created = at.world.posts[700].created
        assert at.collect().new == 2300
        assert at.numbers() == list(range(2300))
