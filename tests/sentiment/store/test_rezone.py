"""A store whose owner's zone changes counts every mention on its day there, and on exactly one day all the while."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from collector.store import Store, day_of
from collector.store.mentions import save_mentions
from collector.store.tables import mention
from sentiment.read import read_unread
from sentiment.store import open_store
from sentiment.store.counts import count_day
from sentiment.store.recount import begin, recount, step, verify
from sentiment.store.rezone import move_days, moving_days, place_zone
from tests.conftest import BERLIN
from tests.fakes import NOW, FakeReader, a_mention

MANY = 40


def filled(path: Path) -> Store:
    store = open_store(str(path), zone=BERLIN, salt=b"salt")
    made = [
        a_mention(str(n), text=f"late {n}" if n % 2 else "lovely", created_at=NOW - timedelta(hours=5 * n))
        for n in range(MANY)
    ]
    with store.write() as conn:
        save_mentions(conn, store, made)
    read_unread(store, FakeReader(), clock=lambda: NOW)
    return store


def assert_on_its_days(store: Store) -> None:
    with store.read() as conn:
        assert moving_days(conn) is None
        assert verify(conn) == []
        for row in conn.execute(select(mention.c.created_at, mention.c.day)):
            assert row.day == day_of(row.created_at, store.zone)


def total(store: Store) -> int:
    with store.read() as conn:
        query = select(func.sum(count_day.c.mentions)).where(count_day.c.facet == "all")
        return int(conn.execute(query).scalar_one())


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/St_Johns", "Pacific/Kiritimati", "Europe/Berlin"])
def test_opening_a_small_store_in_another_zone_moves_its_days(tmp_path: Path, zone: str) -> None:
    filled(tmp_path / "g.db").engine.dispose()
    store = open_store(str(tmp_path / "g.db"), zone=ZoneInfo(zone), salt=b"salt")
    assert_on_its_days(store)
    store.engine.dispose()
    again = open_store(str(tmp_path / "g.db"), zone=BERLIN, salt=b"salt")
    assert_on_its_days(again)
    again.engine.dispose()


def test_moving_may_stop_anywhere_and_counts_each_mention_once_all_the_while(tmp_path: Path) -> None:
    former = filled(tmp_path / "g.db")
    store = Store(engine=former.engine, zone=ZoneInfo("Asia/Tokyo"), salt=former.salt, observer=former.observer)
    with store.write() as conn:
        place_zone(conn, store.zone)
    stops = iter([False, False, True])
    parts = list(move_days(store, lambda: next(stops), most=7))
    assert parts == [7 / MANY, 14 / MANY]
    assert total(store) == MANY
    with store.write() as conn:
        save_mentions(conn, store, [a_mention("new", text="late once more", created_at=NOW)])
        begin(conn)
        step(conn, most=9)
    assert list(move_days(former, most=7)) == [], "one that was opened in the former zone moves nothing back"
    for _ in move_days(store, most=7):
        assert total(store) == MANY + 1
    for _ in recount(store, most=9):
        pass
    assert_on_its_days(store)
    former.engine.dispose()
