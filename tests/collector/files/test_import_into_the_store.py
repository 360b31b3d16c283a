"""A file on its way into the store, through the run that every source goes through."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from collector.brand import Brand
from collector.collect import RunReport, collect
from collector.sources import SourceConfig
from collector.sources.files import import_settings
from collector.store import Store
from collector.store.runs import reject
from collector.store.tables import mention
from sentiment.store.recount import verify
from tests.collector.files.writing import BERLIN, CLIENT, NOW, write, write_csv

BRAND = Brand(name="Aurora Air", own=True)


def source_of(path: Path, **options: Any) -> SourceConfig:
    settings = import_settings(path, zone=BERLIN, **options)
    return SourceConfig(name="survey", kind="files", settings=settings, brand=BRAND.name)


def take_in(store: Store, path: Path, **options: Any) -> RunReport:
    return collect(store, source_of(path, **options), [BRAND], CLIENT, now=lambda: NOW)


def count(store: Store) -> int:
    with store.read() as conn:
        return conn.scalar(select(func.count()).select_from(mention)) or 0


@pytest.mark.slow
def test_ten_thousand_rows_are_kept_once_however_often_they_are_imported(store: Store, tmp_path: Path) -> None:
    rows = [["ID", "x", "Datum", "Rezension", "Sterne", ""]]
    for n in range(10_000):
        row = [
            str(n),
            "",
            f"{n % 28 + 1}.02.2026",
            f"Die Maschine {n} kam {n % 7} Stunden zu spät",
            f"{n % 5 + 1}",
            "x",
        ]
        rows.append(row[:3] if n % 500 == 3 else row)
    path = write_csv(tmp_path / "r.csv", rows, delimiter=";")
    first = take_in(store, path)
    assert (first.new, first.rejected, first.error) == (9_980, 20, None)
    again = take_in(store, path, again=True)
    assert (again.new, again.edited, again.unchanged) == (0, 0, 9_980)
    assert count(store) == 9_980
    with store.read() as conn:
        assert verify(conn) == []
        kept = conn.execute(select(reject.c.place, reject.c.reason).order_by(reject.c.id)).first()
    assert kept is not None
    assert tuple(kept) == ("r.csv, line 5", "the text is empty")


def test_zeros_and_strange_bytes_do_not_break_either_database(any_store: Store, tmp_path: Path) -> None:
    lines = b"date,text\n2026-03-05,fine\0 text\n2026-03-05,\0\nno\0date,b\xf0\x9f\x98d\n2026-03-05,a,\0b\n"
    report = take_in(any_store, write(tmp_path / os.fsdecode(b"r\xff.csv"), lines), encoding="utf-8")
    assert (report.new, report.rejected, report.error) == (1, 3, None)


def test_what_is_wrong_with_a_file_is_said_by_the_run(store: Store, tmp_path: Path) -> None:
    report = take_in(store, write(tmp_path / "r.csv", "date,text\n05/03/2024,slow\n"))
    assert report.error_kind == "AmbiguousDates"
    assert report.error is not None
    assert "--date-format" in report.error
    assert count(store) == 0


def test_an_edited_row_becomes_a_revision_and_an_unknown_brand_a_reject(store: Store, tmp_path: Path) -> None:
    take_in(store, write(tmp_path / "a.csv", "id,date,text\n1,2026-03-05,slow\n2,2026-03-05,fine\n"))
    report = take_in(
        store,
        write(tmp_path / "b.csv", "id,date,text,brand\n1,2026-03-05,very slow,aurora air\n3,2026-03-05,hi,Other\n"),
    )
    assert (report.edited, report.new, report.rejected) == (1, 0, 1)
    assert count(store) == 2


_KILLED = """
import os, sys
from pathlib import Path
from collector.collect import collect
from sentiment.store import open_store
from tests.collector.files.test_import_into_the_store import BRAND, source_of
from tests.collector.files.writing import BERLIN, CLIENT, NOW

def die(report):
    if report.pages == 2:
        os.kill(os.getpid(), 9)

store = open_store(sys.argv[1], zone=BERLIN, salt=b"salt")
collect(store, source_of(Path(sys.argv[2])), [BRAND], CLIENT, now=lambda: NOW, on_page=die)
"""


def test_an_import_that_was_killed_goes_on_and_keeps_every_row_once(store: Store, tmp_path: Path) -> None:
    rows = [["id", "date", "text"], *([str(n), "2026-03-05", f"the ferry {n} was late"] for n in range(3_500))]
    path = write_csv(tmp_path / "r.csv", rows)
    child = subprocess.run(
        [sys.executable, "-c", _KILLED, str(store.engine.url.database), str(path)],
        cwd=Path(__file__).parents[3],
        check=False,
    )
    assert child.returncode == -signal.SIGKILL
    assert count(store) == 2_000
    # The lease of the killed process still stands; whoever comes after it has run out takes over.
    later = NOW + timedelta(minutes=11)
    report = collect(store, source_of(path), [BRAND], CLIENT, now=lambda: later)
    assert (report.new, report.unchanged, report.error) == (1_500, 0, None)
    assert count(store) == 3_500
