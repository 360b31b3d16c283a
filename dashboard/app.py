"""The screens: `streamlit run dashboard/app.py`, with GROUNDSWELL_CONFIG naming the configuration."""

from __future__ import annotations

import streamlit as st

from collector.store import StoreError
from dashboard.binding import ConfigError
from dashboard.views.parts import empty, style
from dashboard.views.session import page, session

PAGES = {
    "": ["today", "incidents", "mentions", "dimensions"],
    "Behind the figures": ["sources"],
}
HIDDEN = ["incident"]


def main() -> None:
    """Draw the page that the address names."""
    st.set_page_config(page_title="Groundswell", page_icon=":material/waves:", layout="wide")
    style()
    try:
        session()
    except (ConfigError, StoreError) as error:
        empty("Groundswell cannot start.", str(error))
        return
    shown = {section: [page(name) for name in names] for section, names in PAGES.items()}
    shown[""] = [*shown[""], *(page(name) for name in HIDDEN)]
    st.navigation(shown, position="sidebar").run()


main()
