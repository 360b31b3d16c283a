"""The walk over a listing that grows, is cut short, repeats itself or forgets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import RateLimited, SourceRefused, SourceUnavailable
from collector.mention import Item, Kind
from collector.sources import Page, Span, Walk, Why
from collector.walk import Leaf, Read, below, depth, each, newest_first, reach

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def item(number: int, created: datetime) -> Item:
    return Item(external_id=str(number), kind=Kind.POST, text=f"post {number}", created_at=created)


def listing(items: list[Item], size: int = 10, **leaf: Any) -> Read:
    """Pages of a newest-first listing, with the last id as token."""

    def read(token: str | None, _floor: datetime) -> Leaf:
        start = 0 if token is None else next(i for i, one in enumerate(items) if one.external_id == token) + 1
        rows = items[start : start + size]
        return Leaf(
            items=rows,
            next=rows[-1].external_id if rows else None,
            oldest=depth([one.created_at for one in rows]),
            **leaf,
        )

    return read


def minutes(count: int, newest: datetime = NOW) -> list[Item]:
    return [item(count - n, newest - n * MINUTE) for n in range(count)]


def ids(pages: list[Page]) -> set[str]:
    return {one.external_id for page in pages for one in page.items}


def test_a_first_run_reads_all_of_the_first_look_and_covers_it() -> None:
    pages = list(newest_first(None, Walk(now=NOW), listing(minutes(95))))
    assert len(ids(pages)) == 95
    assert [page.covered for page in pages[:-1]] == [None] * (len(pages) - 1)
    assert pages[-1].covered == Span(start=NOW - timedelta(days=30), end=NOW)


def test_the_next_run_reads_only_the_new_and_the_overlap() -> None:
    first = list(newest_first(None, Walk(now=NOW), listing(minutes(500))))
    later = NOW + 30 * MINUTE
    grown = [item(1000 + n, later - n * MINUTE) for n in range(30)] + minutes(500)
    pages = list(newest_first(first[-1].cursor, Walk(now=later), listing(grown)))
    assert {str(1000 + n) for n in range(30)} <= ids(pages)
    assert len(ids(pages)) < 120
    assert pages[-1].covered == Span(start=NOW - timedelta(days=30), end=later)


def test_a_walk_cut_short_goes_on_where_it_was_and_covers_nothing_until_then() -> None:
    read = listing(minutes(100))
    first = list(newest_first(None, Walk(now=NOW, max_pages=4), read))
    assert all(page.covered is None for page in first)
    assert "Stopped after 4 pages" in (first[-1].note or "")
    rest = list(newest_first(first[-1].cursor, Walk(now=NOW + MINUTE), read))
    assert ids(first) | ids(rest) == {str(n) for n in range(1, 101)}
    assert not ids(first[:3]) & ids(rest[:6])
    assert rest[-1].covered == Span(start=NOW - timedelta(days=30), end=NOW + MINUTE)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=40))
def test_wherever_a_walk_is_broken_off_nothing_is_missed(stops: list[int]) -> None:
    read, got, cursor, now = listing(minutes(120)), set[str](), None, NOW
    for pages_saved in [*stops, 10_000]:
        now += timedelta(seconds=1)
        for number, page in enumerate(newest_first(cursor, Walk(now=now), read), start=1):
            got |= ids([page])
            cursor = dict(page.cursor)
            if number == pages_saved:
                break
    assert got == {str(n) for n in range(1, 121)}


def test_a_walk_whose_token_the_site_has_forgotten_begins_again_at_the_top() -> None:
    honest = listing(minutes(100))
    first = list(newest_first(None, Walk(now=NOW, max_pages=4), honest))
    stale = first[-1].cursor["walk"]["next"]

    def forgetful(token: Any, floor: datetime) -> Leaf:
        if token == stale and not started:
            raise SourceRefused("no such page token")
        started.append(token)
        return honest(token, floor)

    started: list[Any] = []
    rest = list(newest_first(first[-1].cursor, Walk(now=NOW + MINUTE), forgetful))
    assert started[0] is None
    assert ids(rest) == {str(n) for n in range(1, 101)}
    assert rest[-1].covered == Span(start=NOW - timedelta(days=30), end=NOW + MINUTE)


def test_a_backfill_stops_at_its_bound_and_is_done_once() -> None:
    walk = Walk(now=NOW, since=NOW - 20 * MINUTE)
    pages = list(newest_first(None, walk, listing(minutes(100))))
    assert 21 <= len(ids(pages)) <= 40
    assert pages[-1].covered == Span(start=NOW - 20 * MINUTE, end=NOW)
    (again,) = newest_first(pages[-1].cursor, walk, listing(minutes(100)))
    assert not again.items
    assert again.covered == pages[-1].covered


def test_a_listing_that_repeats_itself_ends_the_walk() -> None:
    page = minutes(10)

    def read(token: int | None, _floor: datetime) -> Leaf:
        return Leaf(items=page, next=(token or 0) + 1, oldest=NOW)

    assert len(list(newest_first(None, Walk(now=NOW), read))) == 2


def test_a_short_page_and_an_empty_page_in_the_middle_do_not_end_the_walk() -> None:
    sizes = {None: 3, 1: 0, 2: 5, 3: 1}

    def read(token: int | None, _floor: datetime) -> Leaf:
        made = [item(hash((token, n)), NOW - MINUTE) for n in range(sizes[token])]
        return Leaf(items=made, next=None if token == 3 else (token or 0) + 1, oldest=NOW - MINUTE if made else None)

    assert len(ids(list(newest_first(None, Walk(now=NOW), read)))) == 9


@given(st.lists(st.integers(0, 6), min_size=1, max_size=60))
def test_however_many_entries_share_a_second_a_listing_read_by_bounds_is_read_whole(ages: list[int]) -> None:
    newest = int(NOW.timestamp())
    listed = [item(number, NOW - timedelta(seconds=age)) for number, age in enumerate(sorted(ages))]

    def read(token: list[int] | None, _floor: datetime) -> Leaf:
        before, page = token or [newest + 10, 0]
        rows = [one for one in listed if one.created_at.timestamp() < before][page * 5 : page * 5 + 5]
        seconds = [int(one.created_at.timestamp()) for one in rows]
        deeper = below(seconds, (before, page), size=5, reachable=1_000)
        return Leaf(items=rows, next=deeper, oldest=min((one.created_at for one in rows), default=None))

    assert len(ids(list(newest_first(None, Walk(now=NOW), read)))) == len(ages)


def test_what_rolled_off_a_forgetful_listing_is_a_gap() -> None:
    read_first = listing(minutes(5), forgets=True)
    first = list(newest_first(None, Walk(now=NOW), read_first))
    later = NOW + timedelta(hours=6)
    pages = list(newest_first(first[-1].cursor, Walk(now=later), listing(minutes(20, later), forgets=True)))
    covered = pages[-1].covered
    assert covered is not None
    assert covered.start > NOW
    assert "shows nothing before" in (pages[-1].note or "")


Shown = list[tuple[str, datetime | None]]


def polled(*shown: Shown) -> Page:
    """The last page of reading, every 12 hours, a document that shows these entries (None: without a date)."""
    cursor, page = None, None
    for number, entries in enumerate(shown):
        now = NOW + number * timedelta(hours=12)
        items = [Item(external_id=name, kind=Kind.POST, text="x", created_at=at or now) for name, at in entries]
        oldest = reach([at for _, at in entries if at is not None])
        leaf = Leaf(items=items, oldest=oldest, forgets=True, whole=True)
        (page,) = newest_first(cursor, Walk(now=now), partial(lambda leaf, _token, _floor: leaf, leaf))
        cursor = dict(page.cursor)
    assert page is not None
    return page


def latest(name: str, now: datetime, count: int = 20) -> Shown:
    return [(f"{name}{n}", now - n * 5 * MINUTE) for n in range(count)]


@pytest.mark.parametrize("pinned", [[], [("pin", NOW - timedelta(days=900))], [("top", None)]])
def test_an_entry_pinned_to_a_document_hides_nothing_that_rolled_off(pinned: Shown) -> None:
    later = NOW + timedelta(hours=12)
    page = polled(pinned + latest("e", NOW), pinned + latest("n", later))
    (gap,) = page.missed
    assert (gap.start, gap.why) == (NOW, Why.OUT_OF_REACH)
    assert later - timedelta(hours=2) < gap.end < later
    assert page.covered is not None
    assert page.covered.start == gap.end


def test_a_document_without_dates_is_covered_from_its_first_read_while_its_newest_entries_stay() -> None:
    undated: Shown = [(f"e{n}", None) for n in range(3)]
    page = polled(undated, undated, [("new", None), *undated[:2]])
    assert page.covered == Span(start=NOW, end=NOW + timedelta(days=1))
    assert not page.missed
    (gap,) = polled(undated, undated, [("other", None)]).missed
    assert (gap.start, gap.end) == (NOW + timedelta(hours=12), NOW + timedelta(days=1))


def test_a_document_whose_newest_entries_are_still_shown_has_lost_nothing_whatever_its_dates_say() -> None:
    shown = latest("e", NOW)
    redated: Shown = [(name, NOW + timedelta(hours=11)) for name, _ in shown]
    page = polled(shown, redated)
    assert not page.missed
    assert page.covered == Span(start=NOW - 75 * MINUTE, end=NOW + timedelta(hours=12))


def test_one_backdated_post_does_not_end_a_walk() -> None:
    posts = minutes(60)
    posts[4] = item(9999, NOW - timedelta(days=400))
    posts[9] = item(9998, NOW - timedelta(days=400))
    pages = list(newest_first(None, Walk(now=NOW), listing(posts)))
    assert len(ids(pages)) == 60


# ------------------------------------------------------------------ several queries

Pages = Callable[[Any], Iterator[Page]]


def failing(error: Exception) -> Pages:
    def pages(_cursor: Any) -> Iterator[Page]:
        raise error
        yield

    return pages


def good(count: int) -> Pages:
    return partial(lambda read, cursor: newest_first(cursor, Walk(now=NOW), read), listing(minutes(count)))


def test_several_queries_cover_what_all_of_them_have_read() -> None:
    pages = list(each(None, {"a": good(15), "b": good(25)}))
    assert [page.covered is not None for page in pages].count(True) == 1
    assert pages[-1].covered == Span(start=NOW - timedelta(days=30), end=NOW)
    assert set(pages[-1].cursor) == {"a", "b"}


def test_a_query_that_fails_does_not_keep_the_others_from_being_read() -> None:
    got: list[Page] = []
    with pytest.raises(SourceRefused, match="gone"):
        got.extend(each(None, {"a": failing(SourceRefused("gone")), "b": good(25)}))
    # extend keeps what came before the error
    assert len(ids(got)) == 25
    assert all(page.covered is None for page in got)


@pytest.mark.parametrize("error", [RateLimited("wait", NOW), SourceUnavailable("down")])
def test_one_host_in_trouble_is_not_asked_the_other_queries(error: Exception) -> None:
    got: list[Page] = []
    with pytest.raises(type(error)):
        got.extend(each(None, {"a": failing(error), "b": good(5)}))
    assert not got


def test_a_query_that_is_no_longer_asked_is_forgotten_and_a_new_one_starts_by_itself() -> None:
    before = list(each(None, {"a": good(5), "b": good(5)}))[-1].cursor
    after = list(each(before, {"b": good(5), "c": good(5)}))
    assert set(after[-1].cursor) == {"b", "c"}
