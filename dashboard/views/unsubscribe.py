"""Unsubscribe: the page behind a mail's link; only its button stops anything, for mail scanners follow links."""

from __future__ import annotations

import streamlit as st

from dashboard.alerts import wishes
from dashboard.alerts.links import unsubscribe
from dashboard.views.parts import answer, empty
from dashboard.views.session import look, now, session

TITLE = "Unsubscribe"
ICON = ":material/unsubscribe:"
HIDDEN = True


def show() -> None:
    """Draw the page."""
    address = unsubscribe(st.query_params.get("token", ""), session().config.alerts.secret or "")
    if address is None:
        empty(
            "This link is not one of ours.",
            "Open it from the mail again: it may have been cut. Or ask who runs Groundswell.",
        )
        return
    known = look(wishes.standing_of, address)
    stopped = known is not None and known["unsubscribed_at"] is not None
    answer(f"{address} gets no more alerts." if stopped else f"Stop all alerts to {address}?")
    if st.button("Send them again" if stopped else "Stop all alerts", type="primary"):
        with session().store.write() as conn:
            wishes.set_recipient(conn, address, unsubscribed_at=None if stopped else now())
        st.rerun()
