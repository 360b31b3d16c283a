"""A store of many read mentions, for measuring pages: python archive.py FOLDER MENTIONS [POSTGRESQL_URL].

Rows are made by SQL inside SQLite, three years of three brands and eight sources, then indexed and counted by the
product's own code. It writes FOLDER/groundswell.toml and FOLDER/groundswell.db; with a URL, the rows are copied to the
empty PostgreSQL database there, are counted there, and the configuration names that.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import time
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Boolean, Table

from collector.store import Store, day_of, from_hour
from collector.store.tables import mention
from sentiment.store import open_store
from sentiment.store.readings import label, label_aspect, reading
from sentiment.store.recount import rebuild
from sentiment.taxonomy import taxonomy
from sentiment.training.written import written

CONFIGURATION = """
[groundswell]
timezone = "Europe/Berlin"
{store}

[[brand]]
name = "Kelpwind Ferries"
own = true

[[brand]]
name = "Tidemarrow"

[[brand]]
name = "Ostrelle"
"""
ZONE = ZoneInfo("Europe/Berlin")
BATCH = 250_000
COPIED = (mention, label, reading, label_aspect)


def main() -> None:
    """Make the store and say how long each part took."""
    folder, many = Path(sys.argv[1]), int(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    url = sys.argv[3] if len(sys.argv) > 3 else None
    named = "" if url is None else f'store = "{url}"'
    (folder / "groundswell.toml").write_text(CONFIGURATION.format(store=named), encoding="utf-8")
    file = folder / "groundswell.db"
    store = open_store(f"sqlite:///{file}", zone=ZONE, salt=b"benchmark")
    started = time.monotonic()
    with sqlite3.connect(file, isolation_level=None) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -500000")
        db.create_function("day_of", 1, _day_of, deterministic=True)
        _words(db)
        for first in range(0, many, BATCH):
            _mentions(db, first, min(BATCH, many - first))
            print(f"{first + BATCH:>10,} mentions  {time.monotonic() - started:6.0f} s", flush=True)
        db.execute("INSERT INTO mention_fts(mention_fts) VALUES ('rebuild')")
        print(f"full text  {time.monotonic() - started:6.0f} s", flush=True)
        db.execute("ANALYZE")
        if url is not None:
            store = open_store(url, zone=ZONE, salt=b"benchmark")
            for table in COPIED:
                _copy(db, store, table)
                print(f"copied {table.name}  {time.monotonic() - started:6.0f} s", flush=True)
    for at in rebuild(store):
        print(f"counted back to {at.since}  {time.monotonic() - started:6.0f} s", flush=True)
    print(f"counts  {time.monotonic() - started:6.0f} s", flush=True)


def _copy(db: sqlite3.Connection, store: Store, table: Table) -> None:
    """Copy a table's rows from SQLite to PostgreSQL, and let its numbers go on behind them."""
    kept = {row[1] for row in db.execute(f"PRAGMA table_info({table.name})")}
    columns = [column for column in table.c if column.name in kept]
    names = ", ".join(f'"{column.name}"' for column in columns)
    truths = [place for place, column in enumerate(columns) if isinstance(column.type, Boolean)]
    with store.write() as conn, conn.connection.cursor() as cursor:
        with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:  # type: ignore[attr-defined]  # psycopg's
            for row in db.execute(f"SELECT {names} FROM {table.name}"):
                values = list(row)
                for place in truths:
                    values[place] = bool(values[place])
                copy.write_row(values)
        if "id" in table.c:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) FROM {table.name}")
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.exec_driver_sql(f"VACUUM ANALYZE {table.name}")


@cache
def _day_of(hour: int) -> int:
    return day_of(from_hour(hour), ZONE)


def _words(db: sqlite3.Connection) -> None:
    choose = random.Random(5)
    phrases = [example.text for example in written() if example.language == "en"]
    db.execute("CREATE TEMP TABLE said (place INTEGER PRIMARY KEY, text TEXT)")
    rows = [(n, f"{choose.choice(phrases)} {choose.choice(phrases)}") for n in range(20_000)]
    db.executemany("INSERT INTO said VALUES (?, ?)", rows)
    db.execute("CREATE TEMP TABLE aspects (place INTEGER PRIMARY KEY, name TEXT)")
    db.executemany("INSERT INTO aspects VALUES (?, ?)", enumerate(taxonomy().aspects))


def _mentions(db: sqlite3.Connection, first: int, many: int) -> None:
    """Rows first to first + many; r is a fixed scramble of the number, so that every run makes the same store."""
    db.execute("BEGIN")
    db.execute(
        """
        INSERT INTO mention (id, source, brand, external_id, kind, text, created_at, fetched_at, author_key, language,
                             reach, hour, day, revision, voice_id, head, suspicion_due)
        WITH RECURSIVE step(n) AS (SELECT ? UNION ALL SELECT n + 1 FROM step WHERE n + 1 < ?),
        drawn AS (SELECT n, (n * 2654435761) % 4294967296 AS r FROM step),
        placed AS (SELECT n, r, strftime('%s', 'now') / 3600 - (r % 26280) AS hour FROM drawn)
        SELECT n, 'source ' || (r / 131 % 8), CASE r / 26280 % 5 WHEN 0 THEN 'Tidemarrow' WHEN 1 THEN 'Ostrelle'
               ELSE 'Kelpwind Ferries' END, n, 'review', said.text || ' ' || n,
               (hour * 3600 + r % 3600) * 1000000, (hour * 3600 + 3600) * 1000000, 'author' || (r % 500000), 'en',
               r % 40, hour, day_of(hour), 1, n, 1, 0
        FROM placed JOIN said ON said.place = r % 20000
        """,
        (first + 1, first + many + 1),
    )
    span = (first + 1, first + many)
    db.execute(
        """
        INSERT INTO label (mention_id, model, sentiment, satisfaction, stage, intent, loyalty, language, validated,
                           abstained, corrected, about_us)
        SELECT id, 'made-up', (id * 7919 / 3) % 3 - 1, 300 + 150 * ((id * 7919 / 3) % 3 - 1), 'during', 'complaint',
               'unknown', 'en', 1, 0, 0, 1 FROM mention WHERE id BETWEEN ? AND ?
        """,
        span,
    )
    db.execute(
        """
        INSERT INTO reading (mention_id, model, revision, sentiment, negative, neutral, positive, satisfaction, stage,
                             intent, loyalty, language, validated, abstained, aspects, read_at)
        SELECT mention_id, model, 1, sentiment, 3400, 3300, 3300, satisfaction, stage, intent, loyalty, language, 1, 0,
               '[]', (SELECT fetched_at FROM mention WHERE id = mention_id) FROM label WHERE mention_id BETWEEN ? AND ?
        """,
        span,
    )
    db.execute(
        """
        INSERT INTO label_aspect (mention_id, aspect, polarity, confidence, start, end)
        SELECT mention_id, aspects.name, sentiment, 800, 0, 10
        FROM label JOIN aspects ON aspects.place = mention_id % 20
        WHERE mention_id BETWEEN ? AND ?
        """,
        span,
    )
    db.execute("COMMIT")


if __name__ == "__main__":
    main()
