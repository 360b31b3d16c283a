"""A budget that runs out, from the site's answers to the screen, the alert and the detector: unknown, never calm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import streamlit as st
from sqlalchemy import select

from collector.sources import Gap, Why
from collector.store import Store, hour_of
from collector.store.gaps import note_gap
from collector.store.runs import set_state, state_of
from dashboard.alerts.outbox import delivery
from dashboard.alerts.source_health import decide_sources
from dashboard.queries import health
from dashboard.standing import State, standing
from sentiment.read import read_unread
from sentiment.spikes.store.history import load_history
from sentiment.store import open_store
from tests.collector.test_collect import site
from tests.collector.world import posts
from tests.dashboard.alerts.conftest import a_manager, a_telling
from tests.dashboard.conftest import SOURCES, a_config
from tests.dashboard.test_views import opened, words_of
from tests.fakes import FakeReader

HOUR = timedelta(hours=1)


def test_a_spent_budget_is_shown_told_and_never_read_as_calm(store: Store) -> None:
    with site(store, 100, kind="x", monthly_budget=120) as at:
        assert at.collect().ok
        begun = at.clock.moment
        at.clock.moment += 6 * HOUR
        at.world.posts += posts(300, at.clock.moment, timedelta(minutes=1), start=100)
        assert at.collect().error_kind == "BudgetSpent"
        read_unread(store, FakeReader(), clock=at.clock.now)
        with store.read() as conn:
            missing = health.missing(conn, begun - HOUR, at.clock.moment)
            history = load_history(conn, hour_of(begun) - 24, hour_of(at.clock.moment))
            stands = standing(at.config, state_of(conn, "talk"), at.clock.moment, store.zone)
        (row,) = missing.to_dict("records")
        assert (row["source"], row["why"]) == ("talk", "budget")
        assert "budget of 120 posts on X is used up" in row["reason"]
        assert row["end"] - row["start"] > 5.9 * HOUR
        assert stands.state is State.FAILING
        assert stands.sentence == row["reason"]
        assert history is not None
        since = hour_of(begun) - history.first_step
        assert not history.covered[:, since:].any()
        assert np.asarray(history.voices)[:, since:].any()
        telling = a_telling(a_manager("Ops", operations=True))
        with store.write() as conn:
            decide_sources(conn, telling, [at.config], at.clock.moment)
            (subject,) = conn.scalars(select(delivery.c.subject))
        assert subject.startswith("talk cannot be read")


def test_the_sources_page_lists_what_was_not_read_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, now = a_config(tmp_path), datetime.now(UTC)
    store = open_store(str(tmp_path / "groundswell.db"), zone=ZoneInfo("Europe/Berlin"), salt=b"salt")
    told = "The site answered <b>503</b> [now](javascript:1)."
    with store.write() as conn:
        for hours, why in ((5, Why.FAILED), (1 / 100, Why.WAIT)):
            start = now - 40 * HOUR - hours * HOUR
            note_gap(conn, SOURCES[1], Gap(start=start, end=start + hours * HOUR, why=why, sentence=told), now)
        set_state(conn, SOURCES[1], "rss", last_success=now)
    words = words_of(opened("sources", config, monkeypatch))
    assert "1 span not read, with the reason" in words
    assert "The site answered &lt;b&gt;503&lt;/b&gt; [now](javascript:1)." in words
    assert "5 hours" in words
    store.engine.dispose()
    st.cache_resource.clear()
