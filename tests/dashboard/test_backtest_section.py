"""The backtest on a screen: it runs beside the page, says what it found, can be taken away, and can be stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.replay import Replay
from dashboard.views.backtest import alerts_frame
from sentiment.spikes.backtest import BacktestReport, Progress
from tests.dashboard.conftest import Filled

SECONDS = 120


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    yield
    st.cache_resource.clear()


def opened(config: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("GROUNDSWELL_CONFIG", str(config))
    code = "from dashboard.views.backtest import backtest_section\nbacktest_section()"
    return AppTest.from_string(code, default_timeout=SECONDS).run()


def words_of(app: AppTest) -> str:
    assert not app.exception, app.exception[0].value
    return "\n".join(element.proto.body for element in app.get("html"))


def test_a_past_span_is_judged_beside_the_page_and_said_in_words(
    filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(filled.config, monkeypatch)
    app.number_input(key="backtest-weeks").set_value(2.0)
    app.button[0].click().run()
    replay: Replay = app.session_state["backtest"]
    replay.wait(SECONDS)
    assert replay.failure is None
    assert replay.report is not None
    assert replay.report.budget_weeks == 2
    assert "the budget of false alerts is 0.50 a week (one in 2 weeks)" in words_of(app.run())
    assert len(alerts_frame(replay.report)) == len(replay.report.alerts)


def test_a_backtest_can_be_stopped(filled: Filled) -> None:
    began, go = Event(), Event()

    def work(progress: Progress) -> BacktestReport:
        began.set()
        assert go.wait(SECONDS)
        progress(1, 10)
        raise AssertionError

    replay = Replay().start(work)
    assert began.wait(SECONDS)
    replay.stop()
    go.set()
    replay.wait(SECONDS)
    assert not replay.running
    assert replay.failure == "It was stopped."


def test_what_goes_wrong_is_said(filled: Filled) -> None:
    def work(progress: Progress) -> BacktestReport:
        progress(1, 2)
        raise ValueError

    replay = Replay().start(work)
    replay.wait(SECONDS)
    assert (replay.part, replay.report) == (0.5, None)
    assert "ValueError" in (replay.failure or "")
