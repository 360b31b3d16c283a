"""How fast files are read and written, and with how much memory against pandas.

Run it with `python -m tests.benchmarks.files [rows]`, on Linux. Every figure is measured in a process of its own;
seconds are those of the processor, so that others on the machine do not count; memory is the peak over what was held
before.
"""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
WORDS = ("the", "crossing", "was", "late", "again", "and", "nobody", "could", "tell", "us", "why", "we", "waited", "so")
IMPORTS = ("csv", "jsonl", "parquet", "xlsx")
EXPORTS = ("csv", "jsonl", "parquet", "xlsx", "pandas csv")


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        few = min(rows, 100_000)
        _write_inputs(place, few)
        for kind in IMPORTS:
            _report(f"import {few:,} rows of {kind}", few, _alone("import", place, kind))
        _fill_store(place / "store.db", rows)
        for kind in EXPORTS:
            _report(f"export {rows:,} rows by {kind}", rows, _alone("export", place, kind))


def _report(what: str, rows: int, result: dict[str, float]) -> None:
    rate = rows / result["seconds"]
    print(f"{what:<40} {result['seconds']:7.1f} s {rate:10,.0f} rows/s   +{result['megabytes']:,.0f} MB", flush=True)


def _alone(task: str, place: Path, kind: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.files", task, str(place), kind],
        check=True,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    result: dict[str, float] = json.loads(done.stdout)
    return result


def _measured(work: Callable[[], object]) -> None:
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before, start = _peak(), time.process_time()
    work()
    seconds = time.process_time() - start
    print(json.dumps({"seconds": seconds, "megabytes": (_peak() - before) / 1024}))


def _peak() -> int:
    """Highest resident memory so far, in kB."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split(maxsplit=1)[0])


# ------------------------------------------------------------------ import


def _write_inputs(place: Path, rows: int) -> None:
    import pandas as pd

    chance = random.Random(1)
    header = ["id", "date", "rating", "title", "review", "store"]
    table = [
        [str(n), f"{n % 28 + 1:02}.{n % 12 + 1:02}.2025 10:{n % 60:02}", str(n % 5 + 1), f"Title {n}",
         " ".join(chance.choices(WORDS, k=40)), f"Branch {n % 50}"]
        for n in range(rows)
    ]  # fmt: skip
    with (place / "in.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *table])
    with (place / "in.jsonl").open("w") as file:
        file.writelines(json.dumps(dict(zip(header, row, strict=True))) + "\n" for row in table)
    frame = pd.DataFrame(table, columns=header)
    frame.to_parquet(place / "in.parquet")
    frame.to_excel(place / "in.xlsx", index=False, engine="xlsxwriter")


def _import(place: Path, kind: str) -> None:
    import openpyxl  # noqa: F401  loaded before memory is measured
    import pyarrow.parquet  # noqa: F401  the same

    from collector.sources import Walk
    from collector.sources.files import Settings, fetch

    settings = Settings(path=place / f"in.{kind}", zone=BERLIN)
    client: Any = None
    _measured(lambda: [len(page.items) for page in fetch(settings, client, None, Walk(now=NOW, max_pages=10**6))])


# ------------------------------------------------------------------ export


def _fill_store(path: Path, rows: int) -> None:
    """Rows straight into the tables: how they get there is measured elsewhere."""
    from sqlalchemy import insert

    from collector.store.tables import mention
    from sentiment.store import open_store
    from sentiment.store.readings import label, label_aspect

    store = open_store(str(path), zone=BERLIN, salt=b"salt")
    chance = random.Random(2)
    for start in range(0, rows, 10_000):
        ids = range(start + 1, min(start + 10_000, rows) + 1)
        with store.write() as conn:
            conn.execute(insert(mention), [_mention_row(i, chance) for i in ids])
            conn.execute(insert(label), [_label_row(i) for i in ids])
            conn.execute(
                insert(label_aspect),
                [{"mention_id": i, "aspect": a, "polarity": -1, "confidence": 900, "start": 4, "end": 30}
                 for i in ids for a in ("timeliness", "courtesy")],
            )  # fmt: skip
    store.engine.dispose()


def _mention_row(number: int, chance: random.Random) -> dict[str, Any]:
    at = NOW - timedelta(minutes=number)
    return {
        "id": number, "source": "reviews", "brand": "Northwind Ferries", "external_id": str(number), "kind": "review",
        "text": " ".join(chance.choices(WORDS, k=40)), "created_at": at, "fetched_at": NOW, "rating": number % 5 + 1.0,
        "hour": 0, "day": 0, "revision": 1, "voice_id": number, "head": True, "url": f"https://example.org/r/{number}",
    }  # fmt: skip


def _label_row(number: int) -> dict[str, Any]:
    return {
        "mention_id": number, "model": "fake-1", "sentiment": -1, "satisfaction": 150, "stage": "during",
        "intent": "complaint", "loyalty": "unknown", "language": "en", "validated": True, "abstained": False,
        "corrected": False,
    }  # fmt: skip


def _export(place: Path, kind: str) -> None:
    import pandas as pd
    import pyarrow.parquet  # noqa: F401  loaded before memory is measured
    import xlsxwriter  # noqa: F401  the same
    from sqlalchemy import text

    from dashboard.exports import Filters, export
    from sentiment.store import open_store

    store = open_store(str(place / "store.db"), zone=BERLIN, salt=b"salt")
    out = place / f"out.{kind.removeprefix('pandas ')}"

    def by_pandas() -> None:
        query = "SELECT * FROM mention LEFT JOIN label ON label.mention_id = mention.id ORDER BY created_at"
        with store.read() as conn:
            pd.read_sql(text(query), conn).to_csv(out, index=False)

    def by_us() -> None:
        export(store, "mentions", out, None, Filters(), zone=BERLIN, now=NOW)

    _measured(by_pandas if kind.startswith("pandas") else by_us)
    out.unlink()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        {"import": _import, "export": _export}[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])
    else:
        main()
