"""What the alerts would have been: a past span judged again with any budget, and planted incidents that are missed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from dashboard.replay import Backtests, Replay
from dashboard.scope import midnight
from dashboard.views.choices import EARLIEST
from dashboard.views.download import download
from dashboard.views.parts import heading, put
from dashboard.views.session import now, session, today
from dashboard.views.tables import Column, bar, small, table
from dashboard.words import count, moment
from sentiment.spikes.backtest import BacktestReport, Progress
from sentiment.spikes.run import backtest

LOOK_EVERY = 1.0
"""Seconds between two looks at a backtest under way."""
WEEKS = 12
"""Weeks that are judged unless another span is chosen."""
SIZES = {"none": None, "2 times the usual": 2.0, "3 times": 3.0, "5 times": 5.0, "10 times": 10.0}

FILED = ["brand", "about", "source", "opened", "last", "observed", "expected", "severity", "spike_class"]


def backtest_section() -> None:
    """The choices, the button, and the backtest that it began."""
    heading("What would have been alerted?")
    st.caption(
        "Judges a past span again, as it would have been judged then, and changes nothing. "
        "Planted incidents show what a setting would have missed."
    )
    kept = backtests()
    running = kept.latest is not None and kept.latest.running
    configured = float(session().config.spikes.budget_weeks)
    with st.form("backtest-form", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        days = st.date_input(
            "From and to",
            (today() - timedelta(weeks=WEEKS), today()),
            min_value=EARLIEST,
            max_value=today(),
            key="backtest-span",
            width=240,
        )
        weeks = st.number_input(
            "At most one false alert in … weeks",
            min_value=min(0.5, configured),
            max_value=max(520.0, configured),
            value=configured,
            step=1.0,
            format="%g",
            key="backtest-weeks",
            width=240,
        )
        size = st.selectbox("Planted incidents", list(SIZES), key="backtest-plant", width=200)
        pressed = st.form_submit_button("Try it", icon=":material/history:", disabled=running)
    if pressed:
        chosen = _days(days)
        if chosen is None:
            st.error("Choose two days: the first and the last to judge.")
        elif not kept.begin(_asked(*chosen, weeks, size), _work(*chosen, weeks, SIZES[size])):
            st.warning("Another one is under way, and one runs at a time: it stands below. Wait for it, or stop it.")
    if kept.latest is not None:
        _outcome(kept.latest)


def backtests() -> Backtests:
    """The backtests of the configured store: the same for every reader, whatever page they are on."""
    return _backtests(session().config.store_url)


@st.cache_resource(show_spinner=False)
def _backtests(_store: str) -> Backtests:
    return Backtests()


def _days(chosen: object) -> tuple[date, date] | None:
    days = [day for day in chosen if isinstance(day, date)] if isinstance(chosen, tuple) else []
    return (days[0], days[1]) if len(days) == 2 else None


def _asked(first: date, last: date, weeks: float, size: str) -> dict[str, Any]:
    """What was chosen, by the words on the screen."""
    return {
        "first day": first.isoformat(),
        "last day": last.isoformat(),
        "at most one false alert in weeks": weeks,
        "planted incidents": size,
    }


def _work(first: date, last: date, weeks: float, plant: float | None) -> Callable[[Progress], BacktestReport]:
    """Judging from the start of the first day to the end of the last, in the owner's zone."""
    here = session()
    settings = replace(here.config.spikes, budget_weeks=weeks)
    since, until = midnight(first, here.zone), min(midnight(last + timedelta(days=1), here.zone), now())
    work = partial(backtest, here.store, settings, since=since, until=until, plant=plant)
    return lambda progress: work(progress=progress)


def _outcome(replay: Replay) -> None:
    watched = replay.running

    @st.fragment(run_every=LOOK_EVERY if watched else None)
    def shown() -> None:
        if replay.asked:
            st.caption(_chosen(replay.asked))
        if replay.running:
            far = f"{replay.done} of {count(replay.total, 'day', 'days')}" if replay.total else "the counts are loaded"
            st.progress(replay.part, f"Judging: {far}. You may leave this page; it goes on.")
            st.button("Stop", on_click=replay.stop, key="backtest-stop", icon=":material/stop:")
        elif watched:
            st.rerun()
        elif replay.report is None:
            _say([replay.failure or "It ended without a word; the log says more."])
        else:
            _told(replay.report, replay.asked)

    shown()


def _chosen(asked: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{name}: {value:g}" if isinstance(value, float) else f"{name}: {value}" for name, value in asked.items()
    )


def _say(lines: list[str]) -> None:
    put(f'<div class="gs-card" role="status">{"".join(f"<p>{escape(line)}</p>" for line in lines)}</div>')


def _told(report: BacktestReport, asked: Mapping[str, Any]) -> None:
    zone = session().zone
    if report.weeks <= 0:
        _say(["There are no counts in this span."])
        return
    _say(report.summary())
    weekly = report.by_week(zone)
    most = max((alerts for _, alerts in weekly), default=0)
    if most:
        rows = [
            (escape(f"{monday:%d %b %Y}"), str(alerts), bar(alerts, most, min(1 / report.budget_weeks, most)))
            for monday, alerts in weekly
        ]
        heads = [Column(words="Week from"), Column(words="Alerts", number=True), Column(words="Against the budget")]
        put(table(heads, rows))
        download("backtest-weeks", partial(weeks_frame, report, zone), asked, label="Download the weeks")
        put(_alerts(report))
    download("backtest", partial(alerts_frame, report, zone), asked, label="Download the alerts")


def _alerts(report: BacktestReport) -> str:
    zone = session().zone
    rows = [
        (
            escape(moment(one.opened_at, zone)),
            f"<bdi>{escape(one.brand)}</bdi>{small(f'{one.about}, {one.source}')}",
            f"{one.observed:,}",
            f"{one.expected:.1f}",
            escape(f"{one.severity} {one.spike_class}"),
        )
        for one in report.alerts
    ]
    heads = [
        Column(words="Opened"),
        Column(words="What"),
        Column(words="Observed", number=True),
        Column(words="Expected", number=True, wide=True),
        Column(words="Kind", roomy=True),
    ]
    return table(heads, rows)


def weeks_frame(report: BacktestReport, zone: ZoneInfo) -> pd.DataFrame:
    """One row a week of the owner's zone."""
    return pd.DataFrame(report.by_week(zone), columns=["week from", "alerts"])


def alerts_frame(report: BacktestReport, zone: ZoneInfo) -> pd.DataFrame:
    """One row an alert; `opened` and `last` are the ends of its first and last hour, in the owner's zone."""
    rows = [
        {
            "brand": one.brand,
            "about": one.about,
            "source": one.source,
            "opened": one.opened_at.astimezone(zone),
            "last": one.last_at.astimezone(zone),
            "observed": one.observed,
            "expected": one.expected,
            "severity": one.severity,
            "spike_class": one.spike_class,
        }
        for one in report.alerts
    ]
    return pd.DataFrame(rows, columns=FILED)
