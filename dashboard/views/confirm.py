"""Confirm: the page behind the question mailed to a new address; nothing is confirmed until its button is pressed."""

from __future__ import annotations

import streamlit as st

from dashboard.alerts import wishes
from dashboard.alerts.links import confirm
from dashboard.views.parts import answer, empty
from dashboard.views.session import look, now, session

TITLE = "Confirm"
ICON = ":material/mark_email_read:"
HIDDEN = True


def show() -> None:
    """Draw the page."""
    address = confirm(st.query_params.get("token", ""), session().config.alerts.secret or "")
    if address is None:
        empty(
            "This link is not one of ours.",
            "Open it from the mail again: it may have been cut. Or ask who runs Groundswell.",
        )
        return
    known = look(wishes.standing_of, address)
    if known is not None and known["confirmed_at"] is not None and known["unsubscribed_at"] is None:
        answer(f"{address} gets alerts.", "There is nothing more to do.")
        return
    answer(f"Send alerts to {address}?", "They tell when dissatisfaction rises. Every mail has a link to stop them.")
    if st.button("Yes, send them", type="primary"):
        with session().store.write() as conn:
            wishes.set_recipient(conn, address, confirmed_at=now(), unsubscribed_at=None)
        st.rerun()
