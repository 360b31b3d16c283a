"""The history of the tables: each step can be taken back and gone again, with mentions in the store."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, func, inspect, select

from collector.store import Store, migrate
from collector.store.mentions import save_mentions
from collector.store.tables import mention
from tests.fakes import a_mention

FIRST = "0001"


def history(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", "collector.store:migrations")
    config.attributes["engine"] = engine
    return config


def shape(engine: Engine) -> dict[str, tuple[list[str], list[str | None]]]:
    """Columns and indexes of each table."""
    found = inspect(engine)
    return {
        table: (
            sorted(column["name"] for column in found.get_columns(table)),
            sorted(index["name"] or "" for index in found.get_indexes(table)),
        )
        for table in found.get_table_names()
    }


def test_every_step_can_be_taken_back_and_gone_again(any_store: Store) -> None:
    with any_store.write() as conn:
        save_mentions(conn, any_store, [a_mention(str(n)) for n in range(3)])
    before = shape(any_store.engine)
    command.downgrade(history(any_store.engine), FIRST)
    assert "gap" not in shape(any_store.engine)
    migrate(any_store.engine)
    assert shape(any_store.engine) == before
    with any_store.read() as conn:
        assert conn.scalar(select(func.count()).select_from(mention)) == 3
