"""The screens: `streamlit run dashboard/app.py`, with GROUNDSWELL_CONFIG naming the configuration."""

from __future__ import annotations

from importlib import resources

import streamlit as st

from collector.store import StoreError
from dashboard.binding import ConfigError
from dashboard.views.parts import empty, style
from dashboard.views.session import page, session

PAGES = {
    "": ["today", "incidents", "mentions", "dimensions"],
    "Behind the figures": ["sources", "alerts", "settings"],
}
HIDDEN = ["incident", "confirm", "unsubscribe"]
# A file of our own: a symbol by name would be fetched from a font server outside.
MARK = str(resources.files("dashboard").joinpath("mark.png"))


def main() -> None:
    """Draw the page that the address names."""
    st.set_page_config(page_title="Groundswell", page_icon=MARK, layout="wide")
    st.logo(MARK, size="large", link=None)
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
