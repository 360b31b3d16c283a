"""The backtest on a screen: it runs beside the page, says what it found, can be taken away, and can be stopped."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.exports.frames import frame_to_csv
from dashboard.replay import Backtests, Replay
from dashboard.views.backtest import FILED, alerts_frame, backtests, weeks_frame
from sentiment.spikes.backtest import Alerted, BacktestReport, Progress
from tests.dashboard.conftest import BRAND, Filled

SECONDS = 120


pytestmark = pytest.mark.usefixtures("forgetful")


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
    replay = backtests().latest
    assert replay is not None
    replay.wait(SECONDS)
    assert replay.failure is None
    assert replay.report is not None
    assert replay.report.budget_weeks == 2
    assert "the budget of false alerts is 0.50 a week (one in 2 weeks)" in words_of(app.run())
    assert "at most one false alert in weeks: 2; planted incidents: none" in "".join(c.value for c in app.caption)


def waiting(go: Event) -> Callable[[Progress], BacktestReport]:
    def work(progress: Progress) -> BacktestReport:
        progress(3, 10)
        assert go.wait(SECONDS)
        return a_report()

    return work


def a_report() -> BacktestReport:
    alert = Alerted(
        brand=BRAND,
        about="Reliability",
        source="forum",
        opened=490_000,
        last=490_004,
        observed=9,
        expected=2.5,
        severity="high",
        spike_class="dissatisfaction spike",
    )
    return BacktestReport(
        begin=489_990, end=490_500, series=3, budget_weeks=4, alerts=(alert,), score=4.0, gumbel_score=None
    )


def test_every_reader_sees_the_one_backtest_and_a_second_waits(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    early = opened(filled.config, monkeypatch)
    go = Event()
    assert backtests().begin({"first day": "2026-01-01"}, waiting(go))
    other = opened(filled.config, monkeypatch)
    assert other.button[0].disabled
    assert "first day: 2026-01-01" in "".join(c.value for c in other.caption)
    assert any(button.key == "backtest-stop" for button in other.button)
    running = backtests().latest
    early.button[0].click().run()
    assert backtests().latest is running
    assert "first day: 2026-01-01" in "".join(c.value for c in early.caption)
    go.set()
    kept = backtests().latest
    assert kept is not None
    kept.wait(SECONDS)
    assert "1 alerts in" in words_of(opened(filled.config, monkeypatch))


def test_no_more_than_one_backtest_is_begun_however_many_press_at_once() -> None:
    kept, go = Backtests(), Event()
    with ThreadPoolExecutor(16) as many:
        begun = list(many.map(lambda _: kept.begin({}, waiting(go)), range(64)))
    go.set()
    assert sum(begun) == 1


@pytest.mark.parametrize("weeks", [0.25, 2000.0])
def test_a_budget_beyond_the_usual_is_offered_as_configured(
    filled: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weeks: float
) -> None:
    config = tmp_path / "groundswell.toml"
    text = filled.config.read_text(encoding="utf-8") + f"[spikes]\nbudget_weeks = {weeks}\n"
    config.write_text(text, encoding="utf-8")
    app = opened(config, monkeypatch)
    words_of(app)
    assert app.number_input(key="backtest-weeks").value == weeks


def test_the_files_say_what_the_screen_says() -> None:
    zone = ZoneInfo("Asia/Kolkata")
    alerts, weeks = alerts_frame(a_report(), zone), weeks_frame(a_report(), zone)
    assert list(alerts.columns) == FILED
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=490_001)
    assert alerts["opened"][0] == at
    assert alerts["opened"][0].isoformat() == at.astimezone(zone).isoformat()
    assert alerts["last"][0] == at + timedelta(hours=4)
    assert weeks["alerts"].sum() == 1
    assert len(frame_to_csv(alerts, zone=zone)) > 0
    assert frame_to_csv(weeks, zone=zone).decode("utf-8-sig").splitlines()[0] == "week from,alerts"


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
