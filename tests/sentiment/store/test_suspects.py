"""Suspects in the store: flagged with their reason, left out of voices on request, and counts that stay exact."""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Row, event, func, insert, select

from collector.mention import Kind, Mention
from collector.store import Store, hour_of
from collector.store.mentions import delete_mentions, ids_of, save_mentions
from collector.store.suspects import MOST_OF_AN_HOUR, look_at_new, settle
from collector.store.tables import mention
from sentiment.read import read_unread
from sentiment.store import open_store
from sentiment.store.counts import count_day
from sentiment.store.recount import verify
from tests.fakes import NOW, FakeReader, a_mention

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BOMB = "They ruined our holiday and the staff laughed at us, avoid this company at all cost"
ZONE = ZoneInfo("Europe/Berlin")


def bombing(count: int = 8, kind: Kind = Kind.REVIEW) -> list[Mention]:
    return [
        a_mention(f"bomb{n}", text=BOMB, kind=kind, author_key=f"{n:032x}", created_at=NOW + timedelta(minutes=n))
        for n in range(count)
    ]


def save(store: Store, mentions: Iterable[Mention]) -> None:
    with store.write() as conn:
        save_mentions(conn, store, mentions)


def known(store: Store) -> None:
    """The source is listened to for long enough to know who is new."""
    save(store, [a_mention("old", created_at=NOW - 20 * DAY, author_key="a" * 32)])


def voices(store: Store) -> int:
    with store.read() as conn:
        assert verify(conn) == []
        return int(conn.scalar(select(func.sum(count_day.c.voices)).where(count_day.c.facet == "all")) or 0)


def stand_for_voices(store: Store) -> set[str]:
    with store.read() as conn:
        return set(conn.scalars(select(mention.c.external_id).where(mention.c.head)))


def flagged(store: Store) -> dict[str, str]:
    with store.read() as conn:
        rows = conn.execute(select(mention.c.external_id, mention.c.suspicion_reason).order_by(mention.c.id))
        return {row.external_id: row.suspicion_reason for row in rows if row.suspicion_reason}


def test_a_bombing_is_flagged_with_its_reason_and_counts_unless_left_out(any_store: Store) -> None:
    known(any_store)
    save(any_store, bombing())
    assert look_at_new(any_store) == 9
    reason = "the same words by 8 new authors within an hour"
    assert flagged(any_store) == {f"bomb{n}": reason for n in range(8)}
    assert voices(any_store) == 2
    strict = replace(any_store, leave_out_suspects=True)
    assert settle(strict) == 1
    assert voices(any_store) == 1
    assert settle(strict) == 0
    assert settle(any_store) == 1
    assert voices(any_store) == 2


def test_late_copies_join_the_suspects_and_none_counts_where_suspects_are_left_out(store: Store) -> None:
    strict = replace(store, leave_out_suspects=True)
    known(strict)
    for copy in bombing():
        save(strict, [copy])
        look_at_new(strict)
    assert len(flagged(strict)) == 8
    assert voices(strict) == 1


@pytest.mark.parametrize("newest_first", [True, False])
def test_the_one_post_that_a_flood_is_spared_is_the_voice_in_whatever_order_it_is_collected(
    any_store: Store, newest_first: bool
) -> None:
    strict = replace(any_store, leave_out_suspects=True)
    posts = [
        a_mention(f"p{n}", text=BOMB, kind=Kind.POST, author_key="f" * 32, created_at=NOW + timedelta(minutes=n))
        for n in range(12)
    ]
    save(strict, posts[::-1] if newest_first else posts)
    look_at_new(strict)
    assert set(flagged(strict)) == {f"p{n}" for n in range(1, 12)}
    assert voices(strict) == 1
    assert stand_for_voices(strict) == {"p0"}


def test_a_known_customer_among_bombers_still_counts_and_hands_on_when_gone(any_store: Store) -> None:
    strict = replace(any_store, leave_out_suspects=True)
    known(strict)
    customers = [
        a_mention(f"customer{n}", text=BOMB, author_key="a" * 32, created_at=NOW + timedelta(minutes=30 - n))
        for n in range(2)
    ]
    save(strict, [*bombing(6), customers[0]])
    look_at_new(strict)
    assert "customer0" not in flagged(strict)
    assert stand_for_voices(strict) == {"old", "customer0"}
    save(strict, [customers[1]])
    assert stand_for_voices(strict) == {"old", "customer1"}
    with strict.write() as conn:
        delete_mentions(conn, strict, ids_of(conn, "reviews", ["customer1"]), reason="test", now=NOW)
    assert stand_for_voices(strict) == {"old", "customer0"}
    assert settle(any_store) == 1
    assert stand_for_voices(any_store) == {"old", "bomb0"}
    assert settle(strict) == 1
    assert stand_for_voices(strict) == {"old", "customer0"}
    assert voices(strict) == 2
    later = {"text": "No, they were kind", "edited_at": NOW + HOUR, "fetched_at": NOW + HOUR}
    save(strict, [replace(customers[0], **later)])
    assert stand_for_voices(strict) == {"old", "customer0"}
    assert voices(strict) == 2


def test_a_source_just_begun_has_only_new_authors_and_none_is_suspect(store: Store) -> None:
    save(store, bombing())
    look_at_new(store)
    assert flagged(store) == {}


def test_authors_met_before_are_no_bots(store: Store) -> None:
    known(store)
    earlier = [replace(m, external_id=f"e{n}", text=f"fine {n}", created_at=NOW - 3 * DAY) for n, m in
               enumerate(bombing())]  # fmt: skip
    save(store, [*earlier, *bombing()])
    look_at_new(store)
    assert flagged(store) == {}


def test_an_edit_is_looked_at_anew(store: Store) -> None:
    links = "http://a.example http://b.example http://c.example buy"
    save(store, [a_mention("1", text=links)])
    look_at_new(store)
    assert flagged(store) == {"1": "3 links among 1 words"}
    save(store, [a_mention("1", text="I am sorry, that was my nephew", edited_at=NOW + HOUR, fetched_at=NOW + HOUR)])
    assert look_at_new(store) == 1
    assert flagged(store) == {}
    assert look_at_new(store) == 0


def test_whether_suspects_count_is_kept_with_the_store(tmp_path: Path) -> None:
    def opened(leave_out: bool | None) -> Store:
        return open_store(str(tmp_path / "g.db"), zone=ZONE, salt=b"salt", leave_out_suspects=leave_out)

    store = opened(None)
    known(store)
    save(store, bombing())
    look_at_new(store)
    assert [voices(opened(wanted)) for wanted in (None, True, None, False, None)] == [2, 1, 1, 2, 2]
    assert opened(True).leave_out_suspects
    assert opened(None).leave_out_suspects
    store.engine.dispose()


@contextmanager
def watched(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """What is asked of the store meanwhile: statements with their parameters."""
    asked: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", note)
    yield asked
    event.remove(store.engine, "before_cursor_execute", note)


def days_of_reviews(count: int = 1_200, days: int = 30) -> list[Mention]:
    return [
        a_mention(f"d{n}", text=f"number {n}", author_key=f"{n:032x}", created_at=NOW - (n % days) * DAY)
        for n in range(count)
    ]


def test_an_import_whose_rows_name_only_days_is_looked_at_day_by_day_once(store: Store) -> None:
    save(store, days_of_reviews())
    with watched(store) as asked:
        assert look_at_new(store) == 1_200
    assert sum("suspicion_reason" in statement for statement, _ in asked) == 30


def test_looking_stops_between_hours_and_goes_on_where_it_stopped(any_store: Store) -> None:
    save(any_store, days_of_reviews(60))
    asked = iter([False, False, True])
    assert look_at_new(any_store, lambda: next(asked)) == 4
    assert look_at_new(any_store) == 56


def test_what_is_due_is_found_without_going_through_the_archive(store: Store) -> None:
    save(store, days_of_reviews(40))
    with watched(store) as asked:
        look_at_new(store)
    with store.read() as conn:
        plans = [
            step.detail
            for statement, parameters in asked
            if statement.startswith("SELECT")
            for step in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    assert [step for step in plans if "SCAN" in step and "USING INDEX ix_mention_suspicion_due" not in step] == []


def test_even_in_the_fullest_hour_no_text_of_links_goes_unseen(store: Store) -> None:
    many = MOST_OF_AN_HOUR + 10
    common = {
        "source": "reviews", "brand": "Northwind Ferries", "kind": "review", "text": "fine", "fetched_at": NOW,
        "hour": hour_of(NOW), "day": 0, "head": True, "suspicion_due": True,
    }  # fmt: skip
    rows = [
        common | {"id": n, "voice_id": n, "external_id": str(n), "created_at": NOW + n * timedelta(milliseconds=1)}
        for n in range(1, many + 1)
    ]
    rows[-1]["text"] = "http://a.example http://b.example http://c.example buy"
    with store.write() as conn:
        conn.execute(insert(mention), rows)
    assert look_at_new(store) == many
    assert flagged(store) == {str(many): "3 links among 1 words"}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    history=st.lists(
        st.tuples(
            st.sampled_from(["save", "flood", "known", "edit", "delete", "look", "read", "settle"]), st.integers(0, 7)
        ),
        min_size=4,
        max_size=14,
    )
)
def test_counts_equal_a_recount_whatever_is_suspect(migrated: Path, history: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(shutil.copy(migrated, folder), zone=ZONE, salt=b"salt")
        known(store)
        save(store, bombing())
        for step, number in history:
            now = NOW + timedelta(hours=2)
            if step == "save":
                save(store, bombing(number + 3, Kind.POST if number % 2 else Kind.REVIEW)[::-1])
            elif step == "known":
                at = NOW + timedelta(minutes=20 - number)
                save(store, [a_mention(f"k{number}", text=BOMB, author_key="a" * 32, created_at=at)])
            elif step == "flood":
                save(
                    store,
                    [
                        a_mention(
                            f"f{n}",
                            text=BOMB,
                            kind=Kind.POST,
                            author_key="f" * 32,
                            created_at=NOW + timedelta(minutes=n),
                        )
                        for n in reversed(range(number + 8))
                    ],
                )
            elif step == "edit":
                edited = {"text": f"{BOMB} and {number} more", "edited_at": now, "fetched_at": now}
                save(store, [replace(bombing()[number], **edited)])
            elif step == "delete":
                with store.write() as conn:
                    delete_mentions(conn, store, [number + 1], reason="test", now=now, bury=False)
            elif step == "look":
                look_at_new(store)
            elif step == "read":
                read_unread(store, FakeReader(), clock=lambda: NOW)
            else:
                store = replace(store, leave_out_suspects=bool(number % 2))
                settle(store)
        look_at_new(store)
        settle(store)
        voices(store)
        with store.read() as conn:
            rows = conn.execute(select(mention)).all()
        store.engine.dispose()
    assert {row.id for row in rows if row.head} == recounted(rows, leave_out=store.leave_out_suspects)


def recounted(rows: Sequence[Row[*tuple[Any, ...]]], *, leave_out: bool) -> set[int]:
    """Who must stand for the voices of these mentions."""
    members: dict[int, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for row in rows:
        members[row.voice_id].append(row)
    stand = set()
    for voice, said in members.items():
        assert voice in {row.id for row in said}
        fit = [row for row in said if not (leave_out and row.suspicion)]
        if fit:
            stand.add(min(fit, key=lambda row: (row.id != row.voice_id, row.created_at, row.id)).id)
    return stand
