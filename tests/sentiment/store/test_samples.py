"""The weekly sample: the same for everyone, every reading as likely as any other, and a record of its own."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, text

from collector.store import Store
from collector.store.mentions import delete_mentions, save_mentions
from collector.store.tables import mention
from sentiment.read import read_unread
from sentiment.store.checks import SKIP, check, take_back
from sentiment.store.corrections import CannotCorrect, correct, corrected_texts
from sentiment.store.readings import claim, label, label_aspect, save_readings
from sentiment.store.recount import verify
from sentiment.store.reread import queue_other_models
from sentiment.store.samples import SIZE, draw, due, monday_of, next_to_check, sample_of, sampled
from tests.conftest import BERLIN
from tests.fakes import NOW, FakeReader, a_mention, a_reading

WEEK = timedelta(days=7)
MONDAY = date(2026, 3, 9)


def fill(store: Store, many: int, at=NOW) -> None:
    with store.write() as conn:
        save_mentions(conn, store, [a_mention(f"{at:%j}-{n}", text=f"late {n} {at:%j}") for n in range(many)])
    read_unread(store, FakeReader(), clock=lambda: at)


def drawn(store: Store, now=NOW):
    with store.write() as conn:
        found = draw(conn, due(conn, now, BERLIN) or monday_of(now.astimezone(BERLIN).date()), now, BERLIN)
        rows = conn.execute(select(sampled).where(sampled.c.week == (found.monday - date(1970, 1, 1)).days)).all()
    return found, rows


def test_the_first_sample_is_of_the_running_week_and_later_ones_of_the_last_full_week(any_store: Store) -> None:
    with any_store.write() as conn:
        assert due(conn, NOW, BERLIN) is None
        assert draw(conn, MONDAY, NOW, BERLIN) is None
    fill(any_store, 80)
    found, rows = drawn(any_store)
    assert (found.monday, found.population, len(rows)) == (MONDAY, 80, SIZE)
    fill(any_store, 30, NOW + WEEK)
    assert drawn(any_store, NOW + WEEK)[0] == found
    later, rows = drawn(any_store, NOW + 2 * WEEK)
    assert (later.monday, later.population, len(rows)) == (MONDAY + WEEK, 30, 30)


def test_drawing_again_gives_the_same_and_keeps_it(any_store: Store) -> None:
    fill(any_store, 80)
    first = drawn(any_store)
    fill(any_store, 80, NOW + timedelta(hours=1))
    assert drawn(any_store, NOW + timedelta(days=1)) == first
    with any_store.read() as conn:
        assert sample_of(conn, MONDAY) == first[0]
        assert sample_of(conn, MONDAY + WEEK) is None


def test_every_reading_of_a_week_is_as_likely_as_any_other(store: Store) -> None:
    seen: Counter[int] = Counter()
    weeks = 12
    fill(store, 100)
    for week in range(1, weeks + 1):
        again = FakeReader()
        again.name = f"again-{week}"
        assert sum(queue_other_models(store, again.name)) == 100
        read_unread(store, again, clock=lambda at=NOW + week * WEEK: at)
        _, rows = drawn(store, NOW + (week + 1) * WEEK)
        seen.update(row.mention_id for row in rows)
    assert sum(seen.values()) == weeks * SIZE
    # Each of 100 mentions is in a sample with probability 1/2: about 0.02 of them would be in none of twelve.
    assert len(seen) >= 98
    halves = sum(count for mention_id, count in seen.items() if mention_id <= min(seen) + 49)
    assert abs(halves - weeks * SIZE / 2) < 40


def test_what_was_found_right_is_recorded_and_moves_nothing(any_store: Store) -> None:
    fill(any_store, 3)
    drawn(any_store)
    with any_store.write() as conn:
        first = next_to_check(conn, MONDAY)
        check(conn, any_store, MONDAY, first, verdict="negative", who="Kim", now=NOW)
        assert next_to_check(conn, MONDAY) not in {first, None}
        row = conn.execute(select(sampled).where(sampled.c.mention_id == first)).one()
        assert (row.verdict, row.wrong, row.who, row.batch_id, row.model) == ("negative", [], "Kim", None, "fake-1")
        assert conn.scalars(select(label.c.corrected).where(label.c.mention_id == first)).one() is False
        assert corrected_texts(conn) == [
            (
                conn.scalars(select(mention.c.text).where(mention.c.id == first)).one(),
                {"sentiment": "negative", "aspects": {"timeliness": "-"}, "language": "en"},
            )
        ]
        with pytest.raises(CannotCorrect):
            check(conn, any_store, MONDAY, first, verdict="positive", who="Ada", now=NOW)


def test_what_was_found_wrong_is_corrected_at_once_and_can_be_taken_back(any_store: Store) -> None:
    fill(any_store, 3)
    drawn(any_store)
    with any_store.write() as conn:
        first = next_to_check(conn, MONDAY)
        check(conn, any_store, MONDAY, first, verdict="positive", wrong={"timeliness": None}, who="Kim", now=NOW)
        held = select(label.c.sentiment).where(label.c.mention_id == first)
        about = select(label_aspect.c.aspect).where(label_aspect.c.mention_id == first)
        assert (conn.scalar(held), conn.scalars(about).all()) == (1, [])
        assert verify(conn) == []
        assert take_back(conn, any_store, MONDAY, "Ada", NOW) is None
        assert take_back(conn, any_store, MONDAY, "Kim", NOW) == first
        assert (conn.scalar(held), conn.scalars(about).all()) == (-1, ["timeliness"])
        assert next_to_check(conn, MONDAY) == first
        assert verify(conn) == []
        assert take_back(conn, any_store, MONDAY, "Kim", NOW) is None


def test_a_correction_made_elsewhere_changes_nothing_of_the_sample(any_store: Store) -> None:
    fill(any_store, 60)
    before = drawn(any_store)
    with any_store.write() as conn:
        for row in before[1][:20]:
            correct(conn, any_store, row.mention_id, field="sentiment", after="positive", who="Ada", now=NOW)
    assert drawn(any_store) == before
    assert [row.sentiment for row in before[1]] == [-1] * SIZE


def test_skipped_edited_and_deleted_ones_are_passed_over(any_store: Store) -> None:
    fill(any_store, 4)
    _, rows = drawn(any_store)
    in_turn = [row.mention_id for row in sorted(rows, key=lambda row: row.place)]
    with any_store.write() as conn:
        check(conn, any_store, MONDAY, in_turn[0], verdict=SKIP, wrong={"timeliness": None}, who="Kim", now=NOW)
        external = conn.scalars(select(mention.c.external_id).where(mention.c.id == in_turn[1])).one()
        later = NOW + timedelta(hours=1)
        save_mentions(conn, any_store, [a_mention(external, text="said otherwise now", fetched_at=later)])
        delete_mentions(conn, any_store, [in_turn[2]], reason="erased", now=NOW)
        assert next_to_check(conn, MONDAY) == in_turn[3]
        assert conn.scalars(select(sampled.c.wrong).where(sampled.c.mention_id == in_turn[0])).one() == []
        assert corrected_texts(conn) == []


def test_a_week_begins_on_monday() -> None:
    assert [monday_of(MONDAY + timedelta(days=n)) for n in (0, 6, 7)] == [MONDAY, MONDAY, MONDAY + WEEK]


def test_the_first_week_is_drawn_from_when_all_was_read_and_enough(any_store: Store) -> None:
    fill(any_store, SIZE - 1)
    with any_store.write() as conn:
        assert due(conn, NOW, BERLIN) is None
        save_mentions(conn, any_store, [a_mention("one"), a_mention("two")])
        claimed = claim(conn, "me", NOW, WEEK, 1)
        save_readings(conn, any_store, [(claimed[0], a_reading())], NOW)
        assert due(conn, NOW, BERLIN) is None
    read_unread(any_store, FakeReader(), clock=lambda: NOW + 2 * WEEK)
    with any_store.read() as conn:
        assert due(conn, NOW, BERLIN) == MONDAY
        assert due(conn, NOW + WEEK, BERLIN) == MONDAY


def test_an_aspect_read_with_the_wrong_sign_keeps_its_place_with_the_right_one(any_store: Store) -> None:
    fill(any_store, 3)
    drawn(any_store)
    with any_store.write() as conn:
        first = next_to_check(conn, MONDAY)
        said = {"timeliness": "positive"}
        check(conn, any_store, MONDAY, first, verdict="negative", wrong=said, who="Kim", now=NOW)
        about = select(label_aspect.c.aspect, label_aspect.c.polarity).where(label_aspect.c.mention_id == first)
        assert conn.execute(about).all() == [("timeliness", 1)]
        assert conn.scalars(select(sampled.c.wrong).where(sampled.c.mention_id == first)).one() == ["timeliness"]
        assert verify(conn) == []


@pytest.mark.parametrize("any_store", ["postgresql"], indirect=True)
def test_of_two_who_draw_at_once_the_later_takes_what_the_earlier_drew(any_store: Store) -> None:
    fill(any_store, 80)

    def draw_too():
        with any_store.write() as conn:
            return draw(conn, MONDAY, NOW, BERLIN)

    with ThreadPoolExecutor(1) as pool:
        with any_store.write() as conn:
            mine = draw(conn, MONDAY, NOW, BERLIN)
            other = pool.submit(draw_too)
            blocked = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            while not conn.scalar(blocked) and not other.done():
                continue
        assert other.result() == mine
    with any_store.read() as conn:
        assert conn.scalar(select(func.count()).select_from(sampled)) == SIZE
