"""How fast a local source is collected, and how memory behaves over many mentions.

    python tests/benchmarks/collector/collecting.py [COUNT] [KIND]

Starts the test server in a process of its own, collects COUNT posts (10,000) of KIND (mastodon) into an empty SQLite
store with counts kept, and prints seconds, CPU seconds and memory (resident now, and its peak) after every tenth.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from zoneinfo import ZoneInfo

import psutil

from collector.brand import Brand
from collector.collect import RunReport, collect
from collector.http import Client
from collector.sources import SourceConfig, kinds
from sentiment.store import open_store
from tests.collector.server import serving
from tests.collector.world import Post, World, posts


class Still(World):
    """A world that never changes: its order is worked out once."""

    def newest_first(self) -> list[Post]:
        return list(self.posts)

    def place(self, number: str) -> int | None:
        return len(self.posts) - 1 - int(number)


def serve(count: int, channel: Connection) -> None:
    apart = timedelta(seconds=2_000_000 / max(count, 1))
    made = posts(count, datetime.now(UTC) - timedelta(minutes=1), apart)
    world = Still(posts=made[::-1])
    with serving(world) as base:
        channel.send(base)
        channel.recv()


def main(count: int, kind: str) -> None:
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(count, theirs), daemon=True)
    server.start()
    base = ours.recv()
    query = {"mastodon": {"tags": ("auroraair",)}}.get(kind, {"queries": ("aurora",)})
    settings = kinds()[kind].Settings(base_url=base, **query)
    config = SourceConfig(name="talk", kind=kind, settings=settings)
    shown = new = 0

    def show(report: RunReport) -> None:
        nonlocal shown
        if (new + report.new) * 10 // count > shown:
            shown = (new + report.new) * 10 // count
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            resident = psutil.Process().memory_info().rss / 2**20
            seconds = time.perf_counter() - began
            told = f"resident {resident:6.0f} MB  peak {peak:6.0f} MB"
            used = time.process_time() - cpu
            print(f"{new + report.new:>9,} mentions  {seconds:7.1f} s  {used:7.1f} s of CPU  {told}", flush=True)

    def now() -> datetime:
        return datetime.now(UTC)

    with tempfile.TemporaryDirectory() as folder:
        store = open_store(str(Path(folder) / "g.db"), zone=ZoneInfo("UTC"), salt=b"salt")
        began, cpu = time.perf_counter(), time.process_time()
        client = Client(now=now)
        while True:
            report = collect(store, config, (Brand(name="Aurora Air"),), client, now=now, on_page=show)
            new += report.new
            if report.note is None or report.error:
                break
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        print(f"{kind}: {new:,} of {count:,} in {seconds:.1f} s ({cpu:.1f} s of CPU), error {report.error}")
        store.engine.dispose()
    ours.send(None)
    server.join()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, sys.argv[2] if len(sys.argv) > 2 else "mastodon")
