"""The Sources page: sources and nothing else, and figures of suspects that lead to the very mentions they count."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest
import streamlit as st

from collector.store import Store
from collector.store.mentions import save_mentions
from collector.store.runs import set_state
from collector.store.suspects import look_at_new
from dashboard.queries import health
from dashboard.scope import midnight
from sentiment.store import open_store
from tests.dashboard.conftest import BRAND, OTHER, SOURCES, a_config
from tests.dashboard.test_views import opened, words_of
from tests.fakes import a_mention

BERLIN = ZoneInfo("Europe/Berlin")
LINKS = "http://a.example http://b.example http://c.example buy"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store whose three sources were just read."""
    opened_store = open_store(str(tmp_path / "groundswell.db"), zone=BERLIN, salt=b"salt")
    with opened_store.write() as conn:
        for name in SOURCES:
            set_state(conn, name, "rss", last_success=datetime.now(UTC))
    yield opened_store
    opened_store.engine.dispose()
    st.cache_resource.clear()


def test_backfills_and_readings_back_are_no_sources(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.write() as conn:
        for name in (f"verify/{SOURCES[0]}", f"backfill/{SOURCES[1]}", f"budget/{SOURCES[1]}"):
            set_state(conn, name, "rss", last_success=datetime.now(UTC))
    with store.read() as conn:
        assert [row["source"] for row in health.states(conn).values()] == sorted(SOURCES)
    words = words_of(opened("sources", a_config(tmp_path), monkeypatch))
    assert "all 3 sources are read as promised" in words.lower()
    assert "verify/" not in words
    assert "backfill/" not in words
    assert "budget/" not in words


def test_suspects_lead_to_the_mentions_that_are_counted_brand_by_brand(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    week = midnight(now.astimezone(BERLIN).date() - timedelta(days=6), BERLIN)
    said = [(BRAND, week), (BRAND, now), (BRAND, week - timedelta(hours=1)), (OTHER, now), ("A brand of old", now)]
    made = [
        a_mention(str(n), source=SOURCES[1], brand=brand, text=f"{LINKS} {n}", created_at=at)
        for n, (brand, at) in enumerate(said)
    ]
    with store.write() as conn:
        save_mentions(conn, store, made)
    look_at_new(store)
    config = a_config(tmp_path)
    words = words_of(opened("sources", config, monkeypatch))
    told = re.findall(r'href="mentions\?([^"]*)"[^>]*>([^<]*: \d+ links)<', words)
    assert [text for _, text in told] == ["A brand of old: 1 links", f"{OTHER}: 1 links", f"{BRAND}: 2 links"]
    for query, text in told:
        many = int(text.rsplit(": ", 1)[1].split()[0])
        app = opened("mentions", config, monkeypatch, **dict(parse_qsl(unescape(query))))
        assert ("1 mention matches" if many == 1 else f"{many} mentions match") in words_of(app)
