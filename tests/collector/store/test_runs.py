"""Cursors, coverage, leases and the migrations."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

import collector
import dashboard
import sentiment
from collector.sources import Span
from collector.store import Store, StoreError, metadata, migrate, open_engine
from collector.store.runs import cover, drop_lease, holds, spans_of, take_lease
from tests.fakes import NOW

HOUR = timedelta(hours=1)


def span(start: int, end: int) -> Span:
    return Span(start=NOW + start * HOUR, end=NOW + end * HOUR)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 6)), max_size=12))
def test_coverage_is_the_union_of_what_was_read(parts: list[tuple[int, int]]) -> None:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as conn:
        for start, length in parts:
            cover(conn, "s", span(start, start + length))
        spans = spans_of(conn, "s", NOW - HOUR, NOW + 100 * HOUR)
    hours = {h for start, length in parts for h in range(start, start + length)}
    kept = [h for h in range(60) if any(s.start <= NOW + h * HOUR < s.end for s in spans)]
    assert set(kept) == hours
    assert all(one.end < other.start for one, other in pairwise(spans))
    engine.dispose()


def test_a_lease_is_held_by_one_until_it_expires(any_store: Store) -> None:
    with any_store.write() as conn:
        first = take_lease(conn, "collect:a", "one", NOW, 5 * timedelta(minutes=1))
        assert first is not None
        assert take_lease(conn, "collect:a", "two", NOW, timedelta(minutes=5)) is None
        second = take_lease(conn, "collect:a", "two", NOW + HOUR, timedelta(minutes=5))
        assert second is not None
        assert second.token > first.token
        assert not holds(conn, first)
        drop_lease(conn, first)
        assert holds(conn, second)


def test_the_migrations_make_what_the_tables_say(any_store: Store) -> None:
    for room in (collector, sentiment, dashboard):
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if {"store", "alerts"} & set(module.name.split(".")) and "migrations" not in module.name:
                importlib.import_module(module.name)  # every table must have joined the metadata

    with any_store.engine.connect() as conn:
        context = MigrationContext.configure(
            conn,
            opts={
                "include_object": lambda o, name, kind, r, c: "fts" not in (name or "") and name != "ix_mention_text"
            },
        )
        assert compare_metadata(context, metadata) == []


def test_migrating_again_changes_nothing(any_store: Store) -> None:
    migrate(any_store.engine)
    migrate(any_store.engine)


def test_a_store_of_a_newer_version_is_refused_with_advice(store: Store) -> None:
    with store.write() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer Groundswell"):
        migrate(store.engine)


def test_a_store_whose_folder_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="folder of the store"):
        open_engine(str(tmp_path / "file" / "groundswell.db"))
