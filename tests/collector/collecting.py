"""A process that collects from a served world until it is through or killed."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from collector.brand import Brand
from collector.collect import collect
from collector.http import Client
from collector.sources import SourceConfig, kinds
from sentiment.store import open_store

BRANDS = (Brand(name="Aurora Air", own=True),)
QUERIES = {"mastodon": {"tags": ("auroraair",)}}


def now() -> datetime:
    """The real time: leases and faults go by it."""
    return datetime.now(UTC)


def run_to_the_end(database: str, base: str, kind: str) -> None:
    """Run one source over and over until a run ends without an error. Waits are skipped, failures are not."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(Path("/dev/null").open("w")))  # noqa: SIM115
    store = open_store(database, zone=ZoneInfo("UTC"), salt=b"salt")
    settings = kinds()[kind].Settings(base_url=base, **QUERIES.get(kind, {}))
    config = SourceConfig(name="talk", kind=kind, settings=settings)
    client = Client(now=now, sleep=lambda _seconds: None)
    while not collect(store, config, BRANDS, client, now=now, force=True).ok:
        pass
    sys.exit(0)
