"""What the alerts would have been: a past span judged again with any budget, and planted incidents that are missed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from html import escape

import pandas as pd
import streamlit as st

from dashboard.replay import Replay
from dashboard.views.download import download
from dashboard.views.parts import put
from dashboard.views.session import now, session, today
from dashboard.views.tables import Column, bar, small, table
from dashboard.words import count, moment
from sentiment.spikes.backtest import BacktestReport
from sentiment.spikes.run import backtest

LOOK_EVERY = 1.0
"""Seconds between two looks at a backtest under way."""
WEEKS = 12
"""Weeks that are judged unless another span is chosen."""
SIZES = {"none": None, "2 times the usual": 2.0, "3 times": 3.0, "5 times": 5.0, "10 times": 10.0}


def backtest_section() -> None:
    """The choices, the button, and the backtest that it began."""
    st.header("What would have been alerted?", anchor=False)
    st.caption(
        "Judges a past span again, as it would have been judged then, and changes nothing. "
        "Planted incidents show what a setting would have missed."
    )
    replay: Replay | None = st.session_state.get("backtest")
    running = replay is not None and replay.running
    with st.form("backtest-form", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        span = st.date_input("From and to", (today() - timedelta(weeks=WEEKS), today()), key="backtest-span", width=240)
        weeks = st.number_input(
            "At most one false alert in … weeks",
            min_value=0.5,
            max_value=520.0,
            value=float(session().config.spikes.budget_weeks),
            step=1.0,
            key="backtest-weeks",
            width=240,
        )
        size = st.selectbox("Planted incidents", list(SIZES), key="backtest-plant", width=200)
        pressed = st.form_submit_button("Try it", icon=":material/history:", disabled=running)
    if pressed and not running:
        chosen = _span(span)
        if chosen is None:
            st.error("Choose two days: the first and the last to judge.")
            return
        replay = st.session_state["backtest"] = _begun(*chosen, weeks, SIZES[size])
    if replay is not None:
        _outcome(replay)


def _span(chosen: object) -> tuple[datetime, datetime] | None:
    """Start of the first day and end of the last, in the owner's zone."""
    days = [day for day in chosen if isinstance(day, date)] if isinstance(chosen, tuple) else []
    if len(days) != 2:
        return None
    first, last = (datetime.combine(day, time(), session().zone) for day in days)
    return first, min(last + timedelta(days=1), now())


def _begun(since: datetime, until: datetime, weeks: float, plant: float | None) -> Replay:
    here = session()
    settings = replace(here.config.spikes, budget_weeks=weeks)
    work = partial(backtest, here.store, settings, since=since, until=until, plant=plant)
    return Replay().start(lambda progress: work(progress=progress))


def _outcome(replay: Replay) -> None:
    watched = replay.running

    @st.fragment(run_every=LOOK_EVERY if watched else None)
    def shown() -> None:
        if replay.running:
            far = f"{replay.done} of {count(replay.total, 'day', 'days')}" if replay.total else "the counts are loaded"
            st.progress(replay.part, f"Judging: {far}. You may leave this page; it goes on.")
            st.button("Stop", on_click=replay.stop, key="backtest-stop", icon=":material/stop:")
        elif watched:
            st.rerun()
        elif replay.report is None:
            _say([replay.failure or "It ended without a word; the log says more."])
        else:
            _told(replay.report)

    shown()


def _say(lines: list[str]) -> None:
    put(f'<div class="gs-card" role="status">{"".join(f"<p>{escape(line)}</p>" for line in lines)}</div>')


def _told(report: BacktestReport) -> None:
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
        put(_alerts(report))
    download("backtest", partial(alerts_frame, report), {"budget_weeks": report.budget_weeks})


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


def alerts_frame(report: BacktestReport) -> pd.DataFrame:
    """One row an alert; times in UTC."""
    names = ["brand", "about", "source", "opened", "last", "observed", "expected", "severity", "spike_class"]
    return pd.DataFrame([{name: row[name] for name in names} for row in report.as_dict()["alerts"]], columns=names)
