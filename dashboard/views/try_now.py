"""The button that reads a source now, and what came of it, for every reader to see."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from collector.collect import RunReport
from collector.sources import is_pushed
from dashboard.reports import what_came
from dashboard.trial import Collect, Trial, Trials
from dashboard.views.parts import plain, put
from dashboard.views.session import now, session
from dashboard.views.tables import small
from dashboard.words import ago, count

if TYPE_CHECKING:
    from dashboard.jobs import Pipeline

LOOK_EVERY = 1.0
"""Seconds between two looks at a run under way."""


def try_now() -> None:
    """A choice of source, the button, and the run that it began."""
    names = [source.name for source in session().config.sources if source.enabled and not is_pushed(source)]
    if not names:
        return
    kept = trials()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Read a source now", names, key="try-source", width=280)
        busy = any(one.source == name for one in kept.running)
        pressed = st.button("Try now", key="try-now", icon=":material/sync:", disabled=busy)
    if pressed and not kept.begin(name, now(), _collect(name)):
        st.warning(f"{plain(name)} is being read already; how far that is stands below.")
    if kept.latest is not None:
        _outcome(kept)


def trials() -> Trials:
    """The runs asked for of the configured store: the same for every reader, whatever page they are on."""
    return _trials(session().config.store_url)


@st.cache_resource(show_spinner=False)
def _trials(_store: str) -> Trials:
    return Trials()


@st.cache_resource
def _pipeline(opened: int) -> Pipeline:
    """One a session that is opened: its client holds the pace of every host, for all readers."""
    from dashboard.jobs import Pipeline

    here = session()
    return Pipeline(config=here.config, store=here.store)


def _collect(name: str) -> Collect:
    here = session()
    collect = partial(_pipeline(id(here)).collect, here.config.source(name), force=True)
    return lambda on_page: collect(on_page=on_page)


def _outcome(kept: Trials) -> None:
    watched = kept.running

    @st.fragment(run_every=LOOK_EVERY if watched else None)
    def shown() -> None:
        if any(not one.running for one in watched):
            st.rerun()
        latest = kept.latest
        for one in kept.running or ([latest] if latest is not None else []):
            told = _so_far(one.source, one.report) if one.running else _told(one)
            _say(told, f"Asked for {ago(one.began, now())}.")

    shown()


def _say(told: str, under: str) -> None:
    put(f'<div class="gs-card" role="status"><p>{escape(told)}</p>{small(under)}</div>')


def _so_far(name: str, report: RunReport | None) -> str:
    if report is None:
        return f"{name} is being asked …"
    return f"{name} is being read: {count(report.new)} new in {count(report.pages, 'page', 'pages')} so far."


def _told(trial: Trial) -> str:
    report, name = trial.report, trial.source
    if trial.failure is not None or report is None:
        return f"{name}: {trial.failure or 'The run ended without a word; the log says more.'}"
    if report.error:
        return f"{name} could not be read. {report.error}"
    if report.skipped:
        return f"{name} was not read. {report.skipped}"
    return f"{name} was read: {what_came(report)}. {report.note or ''}".strip()
