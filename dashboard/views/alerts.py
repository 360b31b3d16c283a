"""Alerts: who is told of what, what waits or was sent, what is silenced, and a mail to try it all."""

from __future__ import annotations

from html import escape

import pandas as pd
import streamlit as st

from dashboard.alerts.channels import ChannelError
from dashboard.alerts.notify import test_mail
from dashboard.alerts.outbox import lift_silence, silences
from dashboard.alerts.settings import Manager, address_of
from dashboard.alerts.silence import Silence
from dashboard.queries import deliveries
from dashboard.views.parts import answer, download, empty, put
from dashboard.views.session import look, now, session
from dashboard.words import ago, count, moment

TITLE = "Alerts"
ICON = ":material/notifications:"
SHOWN = 100


def show() -> None:
    """Draw the page."""
    config = session().config
    if not config.managers:
        empty(
            "Nobody is told when something goes wrong.",
            "Add a [[manager]] with name and email to groundswell.toml, and a [mail] section to send by; "
            "“groundswell doctor” checks both.",
        )
        return
    found = look(deliveries.latest, SHOWN)
    failed = int((found["state"] == "failed").sum())
    people = count(len(config.managers), "person is", "people are")
    told = (
        f"{count(failed, 'alert', 'alerts')} could not be delivered"
        if failed
        else f"{people} told when dissatisfaction rises"
    )
    answer(
        told[0].upper() + told[1:] + ".",
        "" if config.mail else "No [mail] section is configured: nothing is sent by mail.",
    )
    st.subheader("Who is told of what", anchor=False)
    put(_routes(config.managers))
    _try_mail()
    _silenced()
    _outbox(found)


def _routes(managers: tuple[Manager, ...]) -> str:
    rows = "".join(
        f'<tr><th scope="row"><bdi>{escape(m.name)}</bdi><br><span class="gs-small">{escape(m.email or "chat only")}</span></th>'
        f"<td>{escape(', '.join(m.brands) or 'every brand')}</td>"
        f"<td>{escape(', '.join(d.rpartition('/')[2] for d in m.dimensions) or 'everything')}</td>"
        f'<td class="wide">{escape(", ".join(m.sources) or "every source")}</td>'
        f"<td>{escape(m.min_severity.value)} or worse</td></tr>"
        for m in managers
    )
    return (
        '<div class="gs-scroll"><table><thead><tr><th scope="col">Who</th><th scope="col">Brands</th>'
        '<th scope="col">About</th><th scope="col" class="wide">At</th><th scope="col">Severity</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


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
                st.success(test_mail(config.mail, config.alerts, str(address_of(to)), now()))
        except ChannelError as error:
            st.error(f"{error}")


def _silenced() -> None:
    planned = [one for one in session().config.alerts.planned if one.end > now()]
    found = [*look(silences, now()), *planned]
    if not found:
        return
    st.subheader(f"{count(len(found), 'silence', 'silences')} in force or to come", anchor=False)
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
            "No alert was sent yet.", "The first spike on a route sends one; a test mail shows whether it would arrive."
        )
        return
    st.subheader(f"The latest {count(len(found), 'alert', 'alerts')}", anchor=False)
    rows = "".join(
        f"<tr><td>{escape(ago(row.at, now()))}</td><td>{escape(row.state)}</td><td><bdi>{escape(row.person)}</bdi><br>"
        f'<span class="gs-small">{escape(row.recipient)}</span></td><td><bdi>{escape(row.subject)}</bdi>'
        f"{f'<br><span class=gs-small>{escape(row.why)}</span>' if row.why else ''}</td></tr>"
        for row in found.itertuples()
    )
    put(
        '<div class="gs-scroll"><table><thead><tr><th scope="col">When</th><th scope="col">State</th><th scope="col">To</th>'
        f'<th scope="col">What</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )
    download(found, "alerts")
