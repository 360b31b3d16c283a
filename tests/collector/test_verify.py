"""Reading back: edits become revisions, deletions are followed, and a source that lost its memory is not believed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from collector.collect import RunReport
from collector.sources import kinds
from collector.store import Store
from collector.store.mentions import delete_mentions
from collector.store.tables import mention, tombstone
from collector.verify import can_verify, verify_source
from tests.collector.test_collect import BRANDS, OPTIONS, Site, site

VERIFIED = sorted(kind for kind in OPTIONS if can_verify(kind.split(" ", maxsplit=1)[0]) and kind != "x")


def verify(at: Site) -> RunReport:
    return verify_source(at.store, at.config, BRANDS, at.client(), now=at.clock.now)


def test_the_kinds_that_can_read_back_are_those_whose_site_lets_them() -> None:
    expected = {"bluesky", "discourse", "hacker_news", "mastodon", "reddit", "trustpilot", "woocommerce", "wordpress"}
    assert {kind for kind in kinds() if can_verify(kind)} == expected | {"x", "youtube"}


@pytest.mark.parametrize("kind", VERIFIED)
def test_edits_and_deletions_at_the_source_are_followed(store: Store, kind: str) -> None:
    with site(store, 60, kind=kind) as at:
        at.collect()
        at.clock.moment += timedelta(hours=3)
        at.world.posts[10].deleted = at.world.posts[11].deleted = True
        at.world.posts[20].text += " (they answered)"
        at.world.posts[20].edited = at.clock.moment
        report = verify(at)
        assert (report.error, report.deleted, report.edited, report.new) == (None, 2, 1, 0)
        assert at.numbers() == [n for n in range(60) if n not in {10, 11}]
        with store.read() as conn:
            texts = conn.scalars(select(mention.c.text))
            assert sum("they answered" in text for text in texts) == 1
            assert conn.scalar(select(func.count()).select_from(tombstone)) == 2
        again = verify(at)
        assert (again.deleted, again.edited) == (0, 0)
        at.world.posts[10].deleted = False
        at.collect(since=at.world.posts[0].created)
        assert at.numbers() == [n for n in range(60) if n != 11]
        assert verify(at).deleted == 0


@pytest.mark.parametrize("kind", VERIFIED)
def test_what_was_hidden_at_the_source_comes_back_once_it_answers_again(store: Store, kind: str) -> None:
    """Even where no walk reaches down to it any more."""
    with site(store, 60, kind=kind) as at:
        at.collect()
        erase(at, 12)
        at.clock.moment += timedelta(days=2)
        hidden = [at.world.posts[number] for number in (10, 11, 12, 13)]
        for post in hidden:
            post.deleted = True
        assert verify(at).deleted == 3
        at.clock.moment += timedelta(days=2)
        for post in hidden[:3]:
            post.deleted = False
        report = verify(at)
        assert (report.error, report.new, report.deleted, report.note) == (None, 2, 0, None)
        assert at.numbers() == [n for n in range(60) if n not in {12, 13}]
        with store.read() as conn:
            assert sorted(conn.scalars(select(tombstone.c.reason))) == ["deleted at the source", "erased"]
        assert (verify(at).new, verify(at).deleted) == (0, 0)


def test_what_was_erased_or_deleted_long_ago_is_not_asked_for(store: Store) -> None:
    with site(store, 40, kind="reddit") as at:
        at.collect()
        erase(at, 5)
        at.world.posts[6].deleted = True
        at.clock.moment += timedelta(days=1)
        assert verify(at).deleted == 1
        at.world.asked.clear()
        verify(at)
        asked = asked_for(at)
        assert ("t3_6x" in asked, "t3_5x" in asked) == (True, False)
        at.clock.moment += timedelta(days=8)
        at.world.posts[6].deleted = False
        at.world.asked.clear()
        assert (verify(at).new, asked_for(at)) == (0, set())


def test_what_was_hidden_is_asked_for_in_batches_that_a_stopped_run_goes_on_with(store: Store) -> None:
    with site(store, 60, kind="mastodon") as at:
        at.collect()
        for post in at.world.posts[:50]:
            post.deleted = True
        while len(at.numbers()) > 10:
            verify(at)
        for post in at.world.posts[:50]:
            post.deleted = False
        batches: list[int] = []
        while at.numbers() != list(range(60)) and len(batches) < 10:
            at.world.asked.clear()
            verify_source(at.store, at.config, BRANDS, at.client(), now=at.clock.now, stop=lambda: bool(asked_for(at)))
            batches.append(len(asked_for(at)))
        assert batches == [10, 20, 20, 10], "what is still there, then what was hidden"


def erase(at: Site, number: int) -> None:
    with at.store.write() as conn:
        ids = list(conn.scalars(select(mention.c.id).where(mention.c.text.like(f"%case {number} %"))))
        assert delete_mentions(conn, at.store, ids, reason="erased", now=at.clock.moment) == 1


def asked_for(at: Site) -> set[str]:
    """The ids that were asked for."""
    queries = (query.get("id[]") or query.get("id") or "" for _path, query in at.world.asked)
    return {one for query in queries for one in query.split(",") if one}


@pytest.mark.parametrize("read_back", [False, True])
def test_an_edit_that_no_longer_names_the_brand_replaces_what_was_said(store: Store, read_back: bool) -> None:
    with site(store, 5, kind="discourse") as at:
        at.world.posts[2].text += " and Borealis"
        at.collect()
        at.clock.moment += timedelta(minutes=5)
        at.world.posts[2].text = "I take this back. case 2 is settled"
        at.world.posts[2].edited = at.clock.moment
        report = verify(at) if read_back else at.collect()
        assert (report.edited, report.new, report.unmatched, report.error) == (2, 0, 0, None)
        with store.read() as conn:
            query = select(mention.c.brand, mention.c.text, mention.c.revision).where(mention.c.external_id == "2")
            said = [tuple(row) for row in conn.execute(query.order_by(mention.c.brand))]
        assert said == [(brand.name, "I take this back. case 2 is settled", 2) for brand in BRANDS]
        assert len(at.numbers()) == 6


def test_a_topic_of_a_forum_keeps_its_title_when_it_is_read_back(store: Store) -> None:
    with site(store, 30, kind="discourse") as at:
        at.collect()
        with store.read() as conn:
            texts = select(mention.c.external_id, mention.c.text).order_by(mention.c.id)
            known = [tuple(row) for row in conn.execute(texts)]
        assert sum(text.startswith("Topic ") for _id, text in known) == 10
        assert (verify(at).edited, at.collect().edited, verify(at).edited) == (0, 0, 0)
        with store.read() as conn:
            assert [tuple(row) for row in conn.execute(texts)] == known
        at.world.odd.add(3)
        at.world.posts[9].text += " (they answered)"
        assert verify(at).edited == 0, "without its title, what is said is not known"
        at.world.odd.clear()
        assert (verify(at).edited, at.collect().edited) == (1, 0)


def test_posts_that_must_go_at_x_go_here_without_a_post_being_paid_for(store: Store) -> None:
    with site(store, 60, kind="x") as at:
        at.collect()
        spent = at.state("budget/talk")["cursor"]
        at.clock.moment += timedelta(hours=3)
        at.world.posts[10].deleted = at.world.posts[11].deleted = True
        report = verify(at)
        assert (report.error, report.deleted, report.edited) == (None, 2, 0)
        assert at.numbers() == [n for n in range(60) if n not in {10, 11}]
        assert len(at.world.uploads["77"]) == 60
        assert at.state("budget/talk")["cursor"] == spent
        assert [path for path, _query in at.world.asked].count("/2/tweets/search/recent") == 1
        without_token = [headers for headers in at.world.headers if "authorization" not in headers]
        assert len(without_token) == 1, "the results lie elsewhere, where our token must not go"


def test_a_compliance_job_that_fails_or_drags_on_deletes_nothing(store: Store) -> None:
    with site(store, 20, kind="x") as at:
        at.collect()
        at.world.posts[3].deleted = True
        at.world.faults.extend(["html"])
        assert verify(at).error_kind == "PayloadChanged"
        assert len(at.numbers()) == 20
        assert verify(at).deleted == 1


@pytest.mark.parametrize("kind", ["judge_me", "lemmy"])
def test_what_a_listing_marks_as_deleted_is_deleted_here(store: Store, kind: str) -> None:
    with site(store, 60, kind=kind) as at:
        at.collect()
        at.clock.moment += timedelta(minutes=5)
        at.world.posts[50].deleted = at.world.posts[51].deleted = True
        report = at.collect()
        assert (report.error, report.deleted, report.new, report.rejected) == (None, 2, 0, 0)
        assert at.numbers() == [n for n in range(60) if n not in {50, 51}]
        at.world.posts[50].deleted = False
        assert (at.collect().new, len(at.numbers())) == (1, 59)
        at.world.posts[50].deleted = True
        assert (at.collect().deleted, len(at.numbers())) == (1, 58)


@pytest.mark.parametrize("kind", ["judge_me", "lemmy"])
def test_what_was_erased_stays_erased_though_the_site_hides_and_shows_it_again(store: Store, kind: str) -> None:
    with site(store, 60, kind=kind) as at:
        at.collect()
        erase(at, 50)
        for hidden in (True, False):
            at.clock.moment += timedelta(minutes=5)
            at.world.posts[50].deleted = hidden
            report = at.collect()
            assert (report.error, report.new, report.deleted, len(at.numbers())) == (None, 0, 0, 59)


@pytest.mark.parametrize(("also", "held"), [("", 30), (" and Borealis", 31)])
def test_a_source_that_says_everything_is_gone_is_not_believed(store: Store, also: str, held: int) -> None:
    """Nor where a post is held by two brands, so that there are more mentions than posts."""
    with site(store, 30) as at:
        at.world.posts[4].text += also
        at.collect()
        at.world.posts.clear()
        report = verify(at)
        assert report.deleted == 0
        assert "not believed" in (report.note or "")
        assert len(at.numbers()) == held


def test_a_post_of_reddit_with_an_odd_field_is_not_taken_for_gone(store: Store) -> None:
    with site(store, 30, kind="reddit") as at:
        at.collect()
        at.world.odd.add(7)
        report = verify(at)
        assert (report.error, report.deleted) == (None, 0)
        assert len(at.numbers()) == 30


def test_a_failure_while_reading_back_is_kept_and_the_next_run_goes_on_from_there(store: Store) -> None:
    with site(store, 60) as at:
        at.collect()
        at.world.posts[59].deleted = at.world.posts[1].deleted = True
        at.world.faults.extend([None, *["500"] * 9])
        assert verify(at).error_kind == "SourceUnavailable"
        assert at.state("verify/talk")["last_error_kind"] == "SourceUnavailable"
        assert at.state()["last_error"] is None
        at.world.faults.clear()
        assert verify(at).ok
        assert len(at.numbers()) == 58


def test_old_mentions_are_left_in_peace(store: Store) -> None:
    with site(store, 10) as at:
        at.collect()
        at.world.posts[3].deleted = True
        at.clock.moment += timedelta(days=8)
        assert verify(at).deleted == 0


def test_a_kind_that_cannot_read_back_says_so(store: Store) -> None:
    with site(store, 5, kind="app_store") as at:
        assert "cannot read back" in (verify(at).skipped or "")
