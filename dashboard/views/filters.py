"""The filters above a page: brand, period, sources and lens; kept in the address, so that a link shows the very view."""

from __future__ import annotations

from datetime import date, timedelta

import streamlit as st

from dashboard.queries import figures
from dashboard.scope import Scope
from dashboard.views.session import ask, brands, session, today
from sentiment.taxonomy import taxonomy

PERIODS = {"7d": 7, "30d": 30, "90d": 90, "365d": 365}
PERIOD_NAMES = {
    "7d": "Last 7 days",
    "30d": "Last 30 days",
    "90d": "Last 90 days",
    "365d": "Last 12 months",
    "dates": "Between two dates",
}


def choose_scope(*, lens: bool = False) -> Scope:
    """Show the filters and return what they select."""
    everyone = brands()
    own = session().config.own_brand
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        brand = st.selectbox(
            "Brand",
            everyone,
            index=everyone.index(own) if own in everyone else 0,
            key="brand",
            bind="query-params",
            width=230,
        )
        first, last = _choose_days()
        sources = st.multiselect(
            "Sources",
            ask(figures.sources_of, brand),
            key="source",
            bind="query-params",
            placeholder="All sources",
            width=280,
        )
        chosen = _choose_lens() if lens else session().config.general.lens
    return Scope(
        brand=str(brand), sources=tuple(sorted(sources)), first=first, last=last, zone=session().zone, lens=chosen
    )


def _choose_days() -> tuple[date, date]:
    period = st.selectbox(
        "Period",
        list(PERIOD_NAMES),
        index=1,
        format_func=PERIOD_NAMES.__getitem__,
        key="period",
        bind="query-params",
        width=190,
    )
    end = today()
    if period in PERIODS:
        return end - timedelta(days=PERIODS[period] - 1), end
    chosen = st.date_input(
        "First and last day",
        value=(end - timedelta(days=29), end),
        max_value=end,
        key="days",
        bind="query-params",
        width=240,
    )
    days = chosen if isinstance(chosen, tuple) else (chosen,)
    return (days[0], days[-1]) if days else (end - timedelta(days=29), end)


def _choose_lens() -> str:
    lenses = taxonomy().lenses
    default = session().config.general.lens
    return str(
        st.selectbox(
            "Lens",
            list(lenses),
            index=list(lenses).index(default),
            format_func=lambda name: lenses[name].label,
            key="lens",
            bind="query-params",
            width=230,
        )
    )


def same_filters(scope: Scope, **more: str) -> dict[str, str | list[str]]:
    """The query parameters under which another page shows the same brand, days and sources."""
    kept: dict[str, str | list[str]] = {"brand": scope.brand}
    for name in ("period", "days", "lens"):
        if name in st.query_params:
            kept[name] = st.query_params.get_all(name)
    if scope.sources:
        kept["source"] = list(scope.sources)
    return kept | more
