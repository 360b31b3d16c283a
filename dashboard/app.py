"""The screens: `streamlit run dashboard/app.py`, with GROUNDSWELL_CONFIG naming the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib import resources

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import StreamlitPage

from collector.store import StoreError
from dashboard.binding import ConfigError
from dashboard.views.parts import empty, put, style
from dashboard.views.session import now, page, session
from dashboard.words import times_in

# Sections would be nicer, but Streamlit puts their headings into the list itself, which screen readers stumble over.
PAGES = ["today", "incidents", "trends", "dimensions", "mentions", "sources", "alerts", "quality", "terms", "settings"]
HIDDEN = ["incident", "confirm", "unsubscribe"]
CARRIED = ("brand", "period", "days", "source", "lens", "compare", "about", "step")
"""Filters that a reader takes along from page to page."""
# A file of our own: a symbol by name would be fetched from a font server outside.
MARK = str(resources.files("dashboard").joinpath("mark.png"))
# On a phone the menu lies over the page. Streamlit closes its own list when a page is chosen, but no other links.
CLOSING_MENU = """<script>
{
  const menu = document.querySelector('[data-testid="stSidebar"]');
  if (menu && !menu.dataset.closing) {
    menu.dataset.closing = "yes";
    menu.addEventListener("click", (event) => {
      if (window.innerWidth <= 768 && event.target.closest("a")) {
        menu.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
      }
    });
  }
}
</script>"""


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
    pages = {name: page(name) for name in [*PAGES, *HIDDEN]}
    chosen = st.navigation(list(pages.values()), position="hidden")
    places = st.sidebar.empty()
    before = _filters()
    _links(places, [pages[name] for name in PAGES], before)
    st.sidebar.html(CLOSING_MENU, unsafe_allow_javascript=True)
    try:
        chosen.run()
    except (ConfigError, StoreError) as error:
        empty("This page cannot be shown now.", str(error))
        return
    put(f'<p class="gs-small gs-foot">{escape(times_in(session().zone, st.context.timezone, now()))}</p>')
    if _filters() != before:
        _links(places, [pages[name] for name in PAGES], _filters())


def _filters() -> dict[str, list[str]]:
    """What the address says of the filters that go along."""
    return {name: st.query_params.get_all(name) for name in CARRIED if name in st.query_params}


def _links(place: DeltaGenerator, pages: Sequence[StreamlitPage], filters: dict[str, list[str]]) -> None:
    """The pages to go to. Streamlit's own list would drop the filters, and put an empty step before the back button."""
    with place.container(gap="xxsmall"):
        for one in pages:
            st.page_link(one, query_params=filters, width="stretch")


main()
