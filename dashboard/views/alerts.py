"""Alerts: who is told of what, what waits or was sent, what is silenced, and a mail to try it all."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import pandas as pd
import streamlit as st

from dashboard.alerts.channels import ChannelError
from dashboard.alerts.notify import test_mail
from dashboard.alerts.outbox import State
from dashboard.alerts.settings import Manager, address_of
from dashboard.alerts.silence import Silence
from dashboard.alerts.wishes import lift_silence, silences
from dashboard.queries import deliveries
from dashboard.views.backtest import backtest_section
from dashboard.views.download import download
from dashboard.views.parts import answer, empty, heading, plain, put
from dashboard.views.session import look, now, session
from dashboard.views.tables import Column, small, table
from dashboard.words import ago, count, moment
from sentiment.spikes.spike import Severity

TITLE = "Alerts"
ICON = ":material/notifications:"
SHOWN = 100
STATES = {
    State.QUEUED: "waiting",
    State.SENDING: "being sent",
    State.SENT: "sent",
    State.FAILED: "failed",
    State.SUPPRESSED: "not sent",
}


def show() -> None:
    """Draw the page."""
    config = session().config
    if not config.managers:
        empty(
            "Nobody is told when something goes wrong.",
            "Add a [[manager]] with name and email to groundswell.toml, and a [mail] section to send by; "
            "“groundswell doctor” checks both.",
        )
        backtest_section()
        return
    found = look(deliveries.latest, SHOWN)
    answer(*finding(config.managers, mail=config.mail is not None, failed=int((found["state"] == "failed").sum())))
    heading("Who is told of what")
    put(_routes(config.managers))
    _try_mail()
    _silenced()
    _outbox(found)
    backtest_section()


def finding(managers: Sequence[Manager], *, mail: bool, failed: int) -> tuple[str, str]:
    """Whether anybody is told, and what is missing for the others. mail: there is a server to send by."""
    told = [one for one in managers if one.chat or (mail and one.email)]
    rest = len(managers) - len(told)
    missing = "Add a [mail] section to groundswell.toml to send by; “groundswell doctor” checks it."
    if failed:
        return f"{count(failed, 'alert', 'alerts')} could not be delivered.", missing if rest else ""
    if not told:
        return "Nobody is told yet: there is no mail server to send by.", missing
    people = f"{count(len(told), 'person is', 'people are')} told when dissatisfaction rises"
    return (f"{people}, {count(rest)} cannot be reached by mail.", missing) if rest else (f"{people}.", "")


def _routes(managers: tuple[Manager, ...]) -> str:
    rows = [
        (
            f"<bdi>{escape(m.name)}</bdi>{small(m.email or 'chat only')}",
            f"<bdi>{escape(', '.join(m.brands) or 'every brand')}</bdi>"
            + small(", ".join(d.rpartition("/")[2] for d in m.dimensions) or "everything"),
            escape(", ".join(m.sources) or "every source"),
            f"{escape(m.min_severity.value)}{'' if m.min_severity is Severity.CRITICAL else ' or worse'}",
        )
        for m in managers
    ]
    heads = [
        Column(words=words, roomy=words in {"Sources", "Severity"})
        for words in ("Who", "Told of", "Sources", "Severity")
    ]
    return table(heads, rows)


def _try_mail() -> None:
    config = session().config
    if config.mail is None:
        return
    addresses = sorted({m.email for m in config.managers if m.email})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        to = st.selectbox("Send a test mail to", addresses, key="test-to", width=300)
        pressed = st.button("Send", icon=":material/send:", disabled=not to)
    if pressed and to:
        try:
            with st.spinner("Sending …"):
                st.success(plain(test_mail(config.mail, config.alerts, str(address_of(to)), now())))
        except ChannelError as error:
            st.error(plain(str(error)))


def _silenced() -> None:
    planned = [one for one in session().config.alerts.planned if one.end > now()]
    found = [*look(silences, now()), *planned]
    if not found:
        return
    heading(f"{count(len(found), 'silence', 'silences')} in force or to come")
    for one in found:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            st.text(_told(one))
            if one.id is not None and st.button(
                "End it now", key=f"lift-{one.id}", icon=":material/notifications_active:"
            ):
                with session().store.write() as conn:
                    lift_silence(conn, one.id, now())
                st.rerun()


def _told(one: Silence) -> str:
    zone = session().zone
    what = [
        ", ".join(names) for names in (one.brands, [d.rpartition("/")[2] for d in one.dimensions], one.sources) if names
    ]
    who = f" by {one.by}" if one.by else ""
    return f"{'; '.join(what) or 'Everything'} until {moment(one.end, zone)}{who}: {one.reason}"


def _outbox(found: pd.DataFrame) -> None:
    if found.empty:
        empty(
            "No alert was sent yet.",
            "The first spike on a route sends one; a test mail shows whether it would arrive.",
            within=True,
        )
        return
    sent = int((found["state"] == "sent").sum())
    heading(f"The latest {count(len(found), 'alert', 'alerts')}, {count(sent) if sent else 'none'} of them sent")
    rows = [
        (
            f"<bdi>{escape(row.subject)}</bdi>{small(f'to {row.person}, {row.recipient}')}",
            f"{escape(STATES[State(row.state)])}{small(ago(row.at, now()))}{small(row.why or '')}",
        )
        for row in found.itertuples()
    ]
    put(table([Column(words=words) for words in ("What", "State")], rows, named=False))
    download("alerts", found, {})
