"""Pages of a store with next to nothing in it: no calm is told, and each says what to do next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from collector.mention import Kind, Mention
from collector.store import Store, hour_of
from collector.store.mentions import save_mentions
from collector.store.runs import set_state
from dashboard.views.session import session
from sentiment.spikes.store.history import save_judged
from sentiment.store import open_store
from sentiment.store.readings import claim, save_readings
from tests.dashboard.conftest import reading_for

APP = Path(__file__).parents[3] / "dashboard" / "app.py"
PAGES = ["today", "incidents", "trends", "dimensions", "mentions"]
ALONE = '[groundswell]\ntimezone = "Europe/Berlin"\n[[brand]]\nname = "Harbor Air"\nown = true\n'
FORUM = (
    '[[source]]\nname = "forum"\nkind = "rss"\nfeeds = ["http://127.0.0.1:9/1"]\nbrand = "Harbor Air"\nevery = "15m"\n'
)
NOW = datetime.now(UTC)


pytestmark = pytest.mark.usefixtures("forgetful")


def a_store(folder: Path, written: str) -> Store:
    (folder / "groundswell.toml").write_text(written, encoding="utf-8")
    return open_store(str(folder / "groundswell.db"), zone=ZoneInfo("Europe/Berlin"), salt=b"salt")


def words_of(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("GROUNDSWELL_CONFIG", str(folder / "groundswell.toml"))
    code = f"from dashboard.views import {name}\n{name}.show()"
    app = AppTest.from_string(code, default_timeout=120).run()
    assert not app.exception, app.exception[0].value
    metrics = [f"{metric.label}: {metric.value}" for metric in app.metric]
    return "\n".join([*(part.proto.body for part in app.get("html")), *(c.value for c in app.caption), *metrics])


@pytest.mark.parametrize("name", PAGES)
def test_a_store_without_a_source_names_the_commands_that_bring_mentions(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_store(tmp_path, ALONE).engine.dispose()
    words = words_of(name, tmp_path, monkeypatch)
    assert "no source is configured" in words
    assert "groundswell sources add KIND" in words


@pytest.mark.parametrize("name", PAGES)
def test_a_source_that_always_failed_is_not_taken_for_calm(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = a_store(tmp_path, ALONE + FORUM)
    with store.write() as conn:
        set_state(conn, "forum", "rss", last_error="503", last_error_kind="SourceUnavailable", last_error_at=NOW)
    store.engine.dispose()
    words = words_of(name, tmp_path, monkeypatch)
    assert "Nothing is known about Harbor Air: forum could not be read." in words
    assert 'href="sources?"' in words


def test_a_store_that_breaks_under_a_page_is_one_sentence_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_store(tmp_path, ALONE).engine.dispose()
    monkeypatch.setenv("GROUNDSWELL_CONFIG", str(tmp_path / "groundswell.toml"))
    app = AppTest.from_file(str(APP), default_timeout=120).run()
    assert not app.exception
    with session().store.write() as conn:
        conn.exec_driver_sql("PRAGMA writable_schema = ON")
        conn.exec_driver_sql("UPDATE sqlite_master SET sql = 'nonsense' WHERE name = 'mention'")
    session().store.engine.dispose()
    app.run()
    assert not app.exception, app.exception[0].value
    told = "\n".join(part.proto.body for part in app.get("html"))
    assert "This page cannot be shown now." in told


def test_of_a_single_mention_no_share_is_made_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = a_store(tmp_path, ALONE + FORUM)
    text, at = "The crossing was late again", NOW - timedelta(hours=2)
    said = Mention(
        source="forum", brand="Harbor Air", external_id="1", kind=Kind.POST, text=text, created_at=at, fetched_at=NOW
    )
    with store.write() as conn:
        save_mentions(conn, store, [said])
    with store.write() as conn:
        claimed = claim(conn, "fixture", NOW, timedelta(minutes=5), 5)
        save_readings(conn, store, [(one, reading_for(one.text, "late")) for one in claimed], NOW)
    store.engine.dispose()
    words = words_of("today", tmp_path, monkeypatch)
    assert "Too few to tell: 1 voice in these days." in words
    assert "Dissatisfaction by day: too few voices to say which stands out." in words
    assert "Dashed" not in words
    assert "21\u202f% to 100\u202f%" in words
    assert "1 of 1 source was not read yet" in words_of("sources", tmp_path, monkeypatch)


@pytest.mark.parametrize("said", [True, False])
def test_a_source_that_stopped_is_told_where_calm_would_be(
    said: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = a_store(tmp_path, ALONE + FORUM)
    at = NOW - timedelta(hours=5 if said else 24 * 40)
    post = Mention(
        source="forum", brand="Harbor Air", external_id="1", kind=Kind.POST, text="x", created_at=at, fetched_at=at
    )
    with store.write() as conn:
        save_mentions(conn, store, [post])
        set_state(conn, "forum", "rss", last_success=NOW - timedelta(hours=3))
    store.engine.dispose()
    words = words_of("today", tmp_path, monkeypatch)
    assert "forum has not been read since" in words
    assert ("Whether anything was said about Harbor Air in these days is unknown." in words) is not said
    with session().store.write() as conn:
        set_state(conn, "forum", "rss", last_success=NOW - timedelta(minutes=10))
    session().store.engine.dispose()
    assert "not been read" not in words_of("today", tmp_path, monkeypatch)


def test_what_was_not_judged_yet_is_not_called_calm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = a_store(tmp_path, ALONE)
    texts = [
        "boat",
        "queue",
        "tea was cold",
        "nice crew",
        "lost my bag",
        "pier",
        "ticket",
        "wind",
        "cabin",
        "lounge bar",
    ]
    said = [
        Mention(
            source="file",
            brand="Harbor Air",
            external_id=text,
            kind=Kind.POST,
            text=text,
            created_at=NOW,
            fetched_at=NOW,
        )
        for text in texts
    ]
    with store.write() as conn:
        save_mentions(conn, store, said)
        claimed = claim(conn, "fixture", NOW, timedelta(minutes=5), 20)
        save_readings(conn, store, [(one, reading_for(one.text, "late")) for one in claimed], NOW)
    store.engine.dispose()
    assert "Too early to tell whether anything is unusual at Harbor Air" in words_of("today", tmp_path, monkeypatch)
    with session().store.write() as conn:
        save_judged(conn, {hour_of(NOW): 0})
    session().store.engine.dispose()
    assert "Nothing unusual is open at Harbor Air" in words_of("today", tmp_path, monkeypatch)
