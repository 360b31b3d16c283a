"""The button that reads a source now, and what came of it."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from collector.collect import RunReport
from collector.sources import is_pushed
from dashboard.reports import what_came
from dashboard.trial import Trial
from dashboard.views.parts import put
from dashboard.views.session import session
from dashboard.words import count

if TYPE_CHECKING:
    from dashboard.jobs import Pipeline

LOOK_EVERY = 1.0
"""Seconds between two looks at a run under way."""


def try_now() -> None:
    """A choice of source, the button, and the run that it began."""
    names = [source.name for source in session().config.sources if source.enabled and not is_pushed(source)]
    if not names:
        return
    trial: Trial | None = st.session_state.get("trial")
    running = trial is not None and trial.running
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Read a source now", names, key="try-source", width=280)
        pressed = st.button("Try now", key="try-now", icon=":material/sync:", disabled=running)
    if pressed and not running:
        trial = st.session_state["trial"] = _begun(name)
    if trial is not None:
        _outcome(trial)


@st.cache_resource
def _pipeline(opened: int) -> Pipeline:
    """One a session that is opened: its client holds the pace of every host, for all readers."""
    from dashboard.jobs import Pipeline

    here = session()
    return Pipeline(config=here.config, store=here.store)


def _begun(name: str) -> Trial:
    here = session()
    collect = partial(_pipeline(id(here)).collect, here.config.source(name), force=True)
    return Trial(source=name).start(lambda on_page: collect(on_page=on_page))


def _outcome(trial: Trial) -> None:
    watched = trial.running

    @st.fragment(run_every=LOOK_EVERY if watched else None)
    def shown() -> None:
        if trial.running:
            _say(_so_far(trial.source, trial.report))
        elif watched:
            st.rerun()
        else:
            _say(_told(trial))

    shown()


def _say(told: str) -> None:
    put(f'<div class="gs-card" role="status"><p>{escape(told)}</p></div>')


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
