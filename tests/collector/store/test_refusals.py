"""What a database refuses is said in words: which store, what happened, what to do."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, select, text

from collector import store as the_store
from collector.store import Store, StoreError, migrate, open_engine
from collector.store.tables import mention


def opened(path: Path) -> Store:
    engine = open_engine(str(path))
    migrate(engine)
    return Store(engine=engine)


def test_a_file_that_is_no_store_is_named(tmp_path: Path) -> None:
    path = tmp_path / "letters.db"
    path.write_text("Dear all, " * 500)
    with pytest.raises(StoreError, match=rf"{path} is damaged, or no SQLite database"):
        opened(path)


def test_a_folder_in_the_place_of_the_store_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened for writing"):
        opened(tmp_path)


def test_a_store_that_may_only_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    opened(tmp_path / "store.db").engine.dispose()
    store = Store(engine=open_engine(f"sqlite:///file:{tmp_path / 'store.db'}?immutable=1&uri=true"))
    with pytest.raises(StoreError, match="cannot be opened for writing"), store.write() as conn:
        conn.execute(text("delete from mention"))
    assert not Path("file:").exists()


def test_a_writer_that_waited_in_vain_is_told_that_others_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(the_store, "BUSY_S", 0)
    store = opened(tmp_path / "store.db")
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(StoreError, match=r"store\.db is busy: others have been writing"), store.write():
        pass
    other.execute("rollback")
    with store.write() as conn:
        assert conn.execute(select(mention.c.id)).all() == []
    other.close()


def test_a_full_disk_is_said_and_what_was_there_stays(tmp_path: Path) -> None:
    store = opened(tmp_path / "store.db")

    @event.listens_for(store.engine, "begin")
    def small(conn: Connection) -> None:
        conn.exec_driver_sql("pragma max_page_count = 1")  # the least that it takes is what is there already

    with pytest.raises(StoreError, match="has no room left on its disk"), store.write() as conn:
        conn.execute(text("create table much as select randomblob(9000000) as some"))
    with store.read() as conn:
        assert conn.execute(select(mention.c.id)).all() == []


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError, match=r"u:\*\*\*@127\.0\.0\.1:1/x cannot be reached") as refused:
        migrate(open_engine("postgresql://u:hushhush@127.0.0.1:1/x?connect_timeout=2"))
    assert "hushhush" not in str(refused.value)


def test_a_faulty_statement_stays_an_error_of_ours(any_store: Store) -> None:
    with pytest.raises(Exception, match="nowhere") as failed, any_store.write() as conn:
        conn.execute(text("select 1 from nowhere"))
    assert not isinstance(failed.value, StoreError)


def test_two_who_change_the_same_row_at_once_are_told_to_try_again(postgres_url: str) -> None:
    engine = open_engine(postgres_url).execution_options(isolation_level="REPEATABLE READ")
    with engine.begin() as conn:
        conn.execute(text("create table pair (n int primary key)"))
        conn.execute(text("insert into pair values (1)"))
    with engine.connect() as one, engine.connect() as two:
        assert two.execute(text("select n from pair")).scalar() == 1
        one.execute(text("update pair set n = 2"))
        one.commit()
        with pytest.raises(StoreError, match="is busy"):
            two.execute(text("update pair set n = 3"))
    with engine.begin() as conn:
        conn.execute(text("drop table pair"))
    engine.dispose()
