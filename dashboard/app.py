"""The screens: `streamlit run dashboard/app.py`, with GROUNDSWELL_CONFIG naming the configuration."""

from __future__ import annotations

from importlib import resources

import streamlit as st

from collector.store import StoreError
from dashboard.binding import ConfigError
from dashboard.views.parts import empty, style
from dashboard.views.session import page, session

# Sections would be nicer, but Streamlit puts their headings into the list itself, which screen readers stumble over.
PAGES = ["today", "incidents", "trends", "dimensions", "mentions", "sources", "alerts", "quality", "terms", "settings"]
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
    st.navigation([page(name) for name in [*PAGES, *HIDDEN]]).run()


main()
