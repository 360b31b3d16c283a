"""The store: engine, pragmas, the one metadata that all rooms' tables join, and the UTC column type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Connection, Dialect, Engine, MetaData, create_engine, event
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
BUSY_S = 30
"""How long a writer waits for its turn in an SQLite store, in seconds."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class StoreError(Exception):
    """The store cannot be used or is not what this version expects; the message says what to do."""


class Utc(TypeDecorator[datetime]):
    """An aware datetime, kept as integer microseconds since 1970 so that both databases order and bucket it alike."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored; give it a zone")
        return micros(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else from_micros(int(value))


def micros(moment: datetime) -> int:
    """Whole microseconds since 1970-01-01T00:00Z of an aware datetime."""
    return (moment - EPOCH) // MICROSECOND


def from_micros(value: int) -> datetime:
    """The aware UTC datetime of `value` microseconds since 1970."""
    return EPOCH + timedelta(microseconds=value)


def hour_of(moment: datetime) -> int:
    """Whole hours since 1970-01-01T00:00Z: the bucket of hourly counts."""
    return (moment - EPOCH) // HOUR


def from_hour(hour: int) -> datetime:
    """The start of an hour bucket, aware UTC."""
    return EPOCH + hour * HOUR


def day_of(moment: datetime, zone: ZoneInfo) -> int:
    """The calendar day in `zone` that holds `moment`, as days since 1970-01-01."""
    return (moment.astimezone(zone).date() - EPOCH.date()).days


class Observer(Protocol):
    """What must happen in the very transaction that changes mentions (counts move, reading is queued)."""

    def leaving(self, conn: Connection, ids: Sequence[int]) -> None:
        """Called before the rows of these mentions change or go."""
        ...

    def arriving(self, conn: Connection, ids: Sequence[int], *, unread: bool) -> None:
        """Called after rows were added or changed; unread: their text is new and must be read."""
        ...


class Unobserved:
    """Nobody counts: for a store that only collects."""

    def leaving(self, conn: Connection, ids: Sequence[int]) -> None:
        """Do nothing."""

    def arriving(self, conn: Connection, ids: Sequence[int], *, unread: bool) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """An open store.

    zone      the owner's zone: daily counts are calendar days there
    salt      secret with which author keys are hashed
    keep_authors  whether displayed names are kept beside the hash
    leave_out_suspects  whether suspect mentions (see collector.suspicion) are kept but do not count as voices
    observer  counts and the reading queue (see sentiment.store.open_store)
    """

    engine: Engine
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    salt: bytes = field(default=b"", repr=False)
    keep_authors: bool = False
    leave_out_suspects: bool = False
    observer: Observer = field(default_factory=Unobserved)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One write transaction (BEGIN IMMEDIATE on SQLite: taken at once or waited for, never upgraded)."""
        with self.engine.begin() as conn:
            yield conn

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent read that never blocks a writer: all its statements see the store at one moment."""
        options: dict[str, Any] = {"readonly": True}
        if self.engine.dialect.name == "postgresql":
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self.engine.connect().execution_options(**options) as conn:
            yield conn


def open_engine(url: str) -> Engine:
    """Open the database at an SQLAlchemy URL (or a path to an SQLite file), with the pragmas that it needs.

    Raises StoreError where the driver is missing or the folder cannot be made; so does whatever is done with the
    engine, later, where the database cannot be reached, is busy, full, damaged or not to be written.
    """
    if "://" not in url:
        url = f"sqlite:///{url}"
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed.database, url)
    if parsed.drivername in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    try:
        engine = create_engine(parsed, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise StoreError(
            f"The store is on {parsed.get_backend_name()}, but its driver {error.name!r} is not installed. "
            "Install it with: pip install 'groundswell[postgres]'"
        ) from error
    _say_refusals(engine, parsed)
    return engine


def _open_sqlite(database: str | None, url: str) -> Engine:
    if database and database != ":memory:" and not database.startswith("file:"):  # a URI names no new folder
        try:
            Path(database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"The folder of the store {database} cannot be made: {error.strerror}.") from error
    engine = create_engine(url, connect_args={"timeout": BUSY_S})
    _say_refusals(engine, engine.url)

    @event.listens_for(engine, "connect")
    def pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_S * 1000}",
            "temp_store=MEMORY",
            "cache_size=-65536",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(conn: Connection) -> None:
        # A deferred transaction that turns from reading to writing fails at once with "database is locked",
        # whatever the busy timeout; writers therefore take the lock when they begin.
        readonly = conn.get_execution_options().get("readonly", False)
        conn.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")

    return engine


def _say_refusals(engine: Engine, url: URL) -> None:
    """From now on, what this database refuses for a reason of its own is a StoreError that people understand."""
    lite = url.get_backend_name() == "sqlite"
    where = url.database if lite else url.set(drivername=url.get_backend_name(), query={}).render_as_string()
    reason_of = _sqlite_refusal if lite else _postgres_refusal

    @event.listens_for(engine, "handle_error")
    def in_words(context: ExceptionContext) -> StoreError | None:
        refusal = reason_of(context.original_exception)
        return None if refusal is None or context.is_pre_ping else StoreError(f"The store {where} {refusal}")


def _sqlite_refusal(error: BaseException) -> str | None:
    """What the error means (https://www.sqlite.org/rescode.html) and what to do; None where it may be our fault."""
    reason = str(error).strip().partition("\n")[0]
    match getattr(error, "sqlite_errorname", "").split("_")[:2]:
        case [_, "BUSY" | "LOCKED"]:
            return f"is busy: others have been writing to it for {BUSY_S} seconds. Try again when they are done."
        case [_, "FULL"]:
            return "has no room left on its disk. Make room; what was being written is not kept, nothing else is lost."
        case [_, "CANTOPEN" | "READONLY" | "PERM" | "AUTH"]:
            return f"cannot be opened for writing ({reason}). Look whether its folder is there and yours to write to."
        case [_, "NOTADB" | "CORRUPT"]:
            return (
                f"is damaged, or no SQLite database ({reason}). Name another file under [groundswell] store, or "
                "restore a backup (docs/operations.md)."
            )
        case [_, "IOERR"]:
            return f"cannot be read or written ({reason}). Look after its disk."
    return None


def _postgres_refusal(error: BaseException) -> str | None:
    """What the error means (PostgreSQL's manual, appendix "Error Codes") and what to do; None as above."""
    reason = str(error).strip().partition("\n")[0]
    if not any(f"{kind.__module__}.{kind.__name__}" == "psycopg.OperationalError" for kind in type(error).__mro__):
        return None
    match (getattr(error, "sqlstate", None) or "08")[:2]:  # none where no connection came about
        case "08" | "28" | "57":
            return f"cannot be reached ({reason}). Look whether its server runs and lets you in."
        case "53":
            return f"has no room or no connection left ({reason}). What was being written is not kept."
        case "40":
            return "is busy: two processes wrote to the same place. Try again."
    return None


def _alembic(engine: Engine) -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", "collector.store:migrations")
    config.attributes["engine"] = engine
    return config


def migrate(engine: Engine) -> None:
    """Bring the tables to this version's shape; harmless where they are already.

    Raises StoreError if the store was made by a newer version.
    """
    config = _alembic(engine)
    script = ScriptDirectory.from_config(config)
    with engine.connect().execution_options(readonly=True) as conn:
        current = MigrationContext.configure(conn).get_current_revision()
    if current == script.get_current_head():
        return
    if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
        raise StoreError(
            f"The store was written by a newer Groundswell (its tables are at {current!r}, "
            f"this version knows {script.get_current_head()!r}). Update Groundswell, or point [store] elsewhere."
        )
    command.upgrade(config, "head")
