"""Adding a source is one file: a made-up kind is found, configured and collected from, and nothing else knows it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

import collector.sources
from collector.brand import Brand
from collector.collect import collect
from collector.http import Client
from collector.sources import SourceConfig, kinds
from collector.store import Store
from collector.store.tables import mention
from tests.collector.clock import Clock

TOWN_CRIER = '''
"""What the town crier shouts."""
from collections.abc import Iterator
from dataclasses import dataclass

from collector.mention import Item, Kind
from collector.payload import Parsed, moment
from collector.sources import Page, Span

KIND = "town_crier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of the town crier."""

    shouts: tuple[str, ...] = ("Hear ye: Aurora Air is late",)


def fetch(settings, client, cursor, walk) -> Iterator[Page]:
    """One page of shouts."""
    items = parse(settings.shouts, settings, seen_at=walk.now).items
    yield Page(items=items, cursor={"heard": len(items)})


def parse(payload, settings, *, seen_at) -> Parsed:
    """Each shout is an item."""
    shouts = enumerate(payload)
    return Parsed(items=[Item(external_id=str(n), kind=Kind.POST, text=t, created_at=seen_at) for n, t in shouts])
'''


@pytest.fixture
def town_crier(tmp_path: Path) -> Iterator[None]:
    """The one file, in a folder that stands beside the built-in kinds."""
    (tmp_path / "town_crier.py").write_text(TOWN_CRIER)
    collector.sources.__path__.append(str(tmp_path))
    kinds.cache_clear()
    yield
    collector.sources.__path__.remove(str(tmp_path))
    sys.modules.pop("collector.sources.town_crier", None)
    kinds.cache_clear()


@pytest.mark.usefixtures("town_crier")
def test_a_new_kind_takes_one_file(store: Store) -> None:
    clock = Clock()
    config = SourceConfig(name="crier", kind="town_crier", settings=kinds()["town_crier"].Settings())
    client = Client(now=clock.now, sleep=clock.sleep)
    report = collect(store, config, (Brand(name="Aurora Air"),), client, now=clock.now)
    assert (report.error, report.new) == (None, 1)
    with store.read() as conn:
        assert conn.scalar(select(mention.c.text)) == "Hear ye: Aurora Air is late"
