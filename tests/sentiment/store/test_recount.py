"""Counting from scratch some days at a time: exact at its end whatever is written meanwhile, and never half a day."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from collector.store import Store
from collector.store.mentions import delete_mentions, save_mentions
from collector.store.tables import mention
from sentiment.read import read_unread
from sentiment.spikes.run import detect
from sentiment.spikes.spike import SpikeSettings
from sentiment.store import open_store
from sentiment.store.corrections import correct
from sentiment.store.counts import FIGURES, TABLES, aspect_facet, count_day, count_hour, counted_anew_from
from sentiment.store.readings import label
from sentiment.store.recount import begin, place_facets, rebuild, recount, step, under_way, verify
from tests.conftest import BERLIN
from tests.fakes import NOW, FakeReader, a_mention

OBSOLETE = "rater/Obsolete"
TEXTS = ["late", "a lovely crew, but late", "we sailed today and that is that", "lovely"]


def fill(store: Store, days: int = 8, a_day: int = 3) -> None:
    save(store, *(one(day, n) for day in range(days) for n in range(a_day)))
    read(store)


def one(day: int, number: int, text: str | None = None, *, hours: int = 0):
    words = text or TEXTS[(day + number) % len(TEXTS)]
    at = NOW - timedelta(days=day, hours=7 * number)
    return a_mention(f"{day}-{number}", text=words, created_at=at, fetched_at=NOW + timedelta(hours=hours))


def save(store: Store, *mentions) -> None:
    with store.write() as conn:
        save_mentions(conn, store, mentions)


def read(store: Store) -> None:
    read_unread(store, FakeReader(), clock=lambda: NOW)


def count_by_an_older_taxonomy(store: Store) -> None:
    """As if the taxonomy had placed timeliness elsewhere until now, with all counts made by that."""
    with store.write() as conn:
        conn.execute(delete(aspect_facet).where(aspect_facet.c.aspect == "timeliness"))
        conn.execute(insert(aspect_facet), [{"aspect": "timeliness", "facet": OBSOLETE}])
    list(rebuild(store))
    assert_exact(store)


def assert_exact(store: Store) -> None:
    with store.read() as conn:
        assert verify(conn) == []
        assert verify(conn, most=2) == []


def rows(store: Store) -> dict[tuple[object, ...], tuple[int, ...]]:
    with store.read() as conn:
        found = {(table.name, *row[:4]): tuple(row[4:]) for table, _ in TABLES for row in conn.execute(select(table))}
    return {key: figures for key, figures in found.items() if any(figures)}


def test_a_new_taxonomy_is_counted_the_newest_days_first_and_each_day_wholly(any_store: Store) -> None:
    fill(any_store)
    count_by_an_older_taxonomy(any_store)
    old = rows(any_store)
    with any_store.write() as conn:
        place_facets(conn, most=6)
    told = []
    for at in recount(any_store, most=6):
        told.append(at)
        with any_store.read() as conn:
            reached = counted_anew_from(conn)
        present = rows(any_store)
        for key, figures in present.items():
            day = key[4] // (24 if key[0] == "count_hour" else 1)
            if key[2] != "all" and day < reached:
                assert old[key] == figures, "the days before are as they were"
            assert key[2] != OBSOLETE or day < reached, "the days after are by the new taxonomy"
    assert_exact(any_store)
    assert [one.since for one in told] == sorted((one.since for one in told), reverse=True)
    assert told[0].since == date(2026, 3, 7)
    assert 0 < told[0].part < told[-1].part < 1
    with any_store.read() as conn:
        assert under_way(conn) is None
        assert not [key for key in rows(any_store) if key[2] == OBSOLETE]


def test_opening_a_small_store_after_a_change_of_taxonomy_counts_it_at_once(any_store: Store) -> None:
    fill(any_store)
    count_by_an_older_taxonomy(any_store)
    with any_store.write() as conn:
        place_facets(conn)
        assert under_way(conn) is None
    assert_exact(any_store)


def test_a_day_of_more_mentions_than_one_statement_counts_is_counted_wholly(any_store: Store) -> None:
    fill(any_store, days=2, a_day=3)
    save(any_store, *(replace(one(0, 0), external_id=f"many-{n}") for n in range(20)))
    read(any_store)
    with any_store.write() as conn:
        conn.execute(update(count_hour).values(negative=count_hour.c.negative + 1))
        conn.execute(delete(count_day))
    list(rebuild(any_store, most=4))
    assert_exact(any_store)


def test_counts_of_days_without_any_mention_go(any_store: Store) -> None:
    fill(any_store, days=3)
    wrong = {"brand": "Nobody", "facet": "aspect/price", "source": "nowhere"} | dict.fromkeys(FIGURES, 7)
    with any_store.write() as conn:
        for day in (-400, 0, 19_000, 60_000):
            conn.execute(insert(count_day), [wrong | {"day": day}])
            conn.execute(insert(count_hour), [wrong | {"hour": 24 * day + 5}])
    with any_store.read() as conn:
        assert len(verify(conn)) == 8
    list(rebuild(any_store, most=3))
    assert_exact(any_store)


WRITES = st.lists(
    st.tuples(
        st.sampled_from(["save", "edit", "delete", "read", "correct", "step", "step", "kill", "taxonomy"]),
        st.integers(0, 6),
        st.sampled_from(TEXTS),
    ),
    max_size=15,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(writes=WRITES, most=st.integers(1, 6))
def test_whatever_is_written_between_its_steps_a_recount_ends_exact(
    migrated: Path, writes: list[tuple[str, int, str]], most: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(shutil.copy(migrated, folder), zone=BERLIN, salt=b"salt")
        fill(store, days=5, a_day=1)
        count_by_an_older_taxonomy(store)
        with store.write() as conn:
            place_facets(conn, most)
        for hours, write in enumerate(writes, start=1):
            _write(store, write, hours, most)
            present = rows(store)
            assert min(min(figures) for figures in present.values()) >= 0, "no figure is ever below nothing"
            with store.read() as conn:
                wrong = [one for one in verify(conn) if one.key[1] == "all"]
            assert wrong == [], "what all mentions come to is right all the while"
        for _ in recount(store, most=most):
            pass
        assert_exact(store)
        store.engine.dispose()


class Killed(Exception):
    """As if the process had ended here."""


def _step_and_end(store: Store, most: int) -> None:
    with store.write() as conn:
        step(conn, most)
        raise Killed


def _write(store: Store, write: tuple[str, int, str], hours: int, most: int) -> None:
    operation, number, words = write
    if operation in {"save", "edit"}:
        save(store, one(number, 0 if operation == "edit" else 3, f"{words} {hours}", hours=hours))
    elif operation == "read":
        read(store)
    elif operation == "taxonomy":
        with store.write() as conn:
            begin(conn)
    elif operation == "kill":
        with pytest.raises(Killed):
            _step_and_end(store, most)
    else:
        with store.write() as conn:
            ids = list(conn.scalars(select(mention.c.id).where(mention.c.external_id == f"{number}-0")))
            if operation == "step":
                step(conn, most)
            elif operation == "delete":
                delete_mentions(conn, store, ids, reason="erased", now=NOW, bury=False)
            else:
                for i in conn.scalars(select(label.c.mention_id).where(label.c.mention_id.in_(ids))).all():
                    correct(conn, store, i, field="aspect", aspect="price", after="negative", who="Kim", now=NOW)


def test_a_recount_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "g.db"), zone=BERLIN, salt=b"salt")
    fill(store, days=20)
    count_by_an_older_taxonomy(store)
    with store.write() as conn:
        place_facets(conn, most=3)
    programme = (
        "import sys\nfrom collector.store import Store, open_engine\nfrom sentiment.store.recount import recount\n"
        "for at in recount(Store(engine=open_engine(sys.argv[1])), most=3):\n    print(at.since, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", programme, str(tmp_path / "g.db")], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        reached = date.fromisoformat([child.stdout.readline() for _ in range(3)][-1].strip())
        child.kill()
    save(store, one(1, 2, "late again", hours=1), one(19, 2, "late again", hours=1))
    read(store)
    with store.read() as conn:
        at = under_way(conn)
    assert at is not None
    assert at.since <= reached
    assert all(later.since < reached for later in recount(store, most=3))
    assert_exact(store)
    store.engine.dispose()


def test_several_who_count_anew_and_others_who_write_meanwhile_end_exact(any_store: Store) -> None:
    fill(any_store, days=12)
    count_by_an_older_taxonomy(any_store)
    with any_store.write() as conn:
        place_facets(conn, most=3)
    failed: list[BaseException] = []

    def guarded(work) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001  # told below, in the test's own thread
                failed.append(error)

        return threading.Thread(target=run)

    def write() -> None:
        for n in range(12):
            save(any_store, one(n, 0, f"lovely, said once more {n}", hours=n + 1), one(n, 5, hours=n + 1))
            read(any_store)

    threads = [guarded(lambda: list(recount(any_store, most=3))) for _ in range(2)] + [guarded(write)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert_exact(any_store)


def test_nothing_is_judged_while_facets_are_counted_anew(store: Store) -> None:
    fill(store, days=30)
    with store.write() as conn:
        begin(conn)
    assert detect(store, SpikeSettings(), NOW).hours == 0
    list(recount(store))
    assert detect(store, SpikeSettings(), NOW).hours > 0
