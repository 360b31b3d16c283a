"""The filters above a page (brand, period, sources, lens), kept in the address: a link shows the very view."""

from __future__ import annotations

from datetime import date, timedelta
from html import escape

import streamlit as st

from dashboard.queries import figures
from dashboard.scope import Scope
from dashboard.views.choices import choose, choose_dates, choose_many
from dashboard.views.parts import put
from dashboard.views.session import ask, brands, session, today
from dashboard.words import days_named
from sentiment.taxonomy import taxonomy

DAYS = {"7d": 7, "30d": 30, "90d": 90, "365d": 365}
DATES = "dates"
PERIODS = {"7d": "7 days", "30d": "30 days", "90d": "90 days", "365d": "12 months", DATES: "between dates"}
"""What stands in the address, and its words on the screen."""


def choose_scope(*, lens: bool = False) -> Scope:
    """Show the filters and return what they select."""
    everyone = brands()
    own = session().config.own_brand
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        default = own if own in everyone else None
        brand = choose("Brand", "brand", {name: name for name in everyone}, default=default, width=190)
        first, last = _choose_days()
        theirs = ask(figures.sources_of, brand)
        sources = choose_many("Sources", "source", theirs, placeholder="All sources", width=220)
        chosen = _choose_lens() if lens else session().config.general.lens
    put(f'<p class="gs-small gs-days">{escape(days_named(first, last))}</p>')
    return Scope(brand=brand, sources=tuple(sorted(sources)), first=first, last=last, zone=session().zone, lens=chosen)


def _choose_days() -> tuple[date, date]:
    period = choose("Period", "period", PERIODS, default="30d", width=140)
    end = today()
    if period in DAYS:
        return end - timedelta(days=DAYS[period] - 1), end
    default = (end - timedelta(days=29), end)
    return choose_dates("First and last day", "days", default, latest=end, width=240)


def _choose_lens() -> str:
    names = {name: lens.label for name, lens in taxonomy().lenses.items()}
    return choose("Lens", "lens", names, default=session().config.general.lens, width=200)


def of_brand(brand: str) -> dict[str, str]:
    """The query parameter of a brand; none for the one shown anyway.

    Streamlit takes a default out of the address by a step of its own, and the back button would lead into it again.
    """
    # Each link on a page needs this: the store is asked only where no brand is configured.
    default = session().config.own_brand or next(iter(brands()), None)
    return {} if brand == default else {"brand": brand}


def same_filters(scope: Scope, **more: str) -> dict[str, str | list[str]]:
    """The query parameters under which another page shows the same brand, days and sources."""
    kept: dict[str, str | list[str]] = {**of_brand(scope.brand)}
    for name in ("period", "days"):
        if name in st.query_params:
            kept[name] = st.query_params.get_all(name)
    if scope.sources:
        kept["source"] = list(scope.sources)
    return kept | more


def facet_names(lens: str) -> dict[str, str]:
    """Everything a mention can be about, by its words: dimensions of `lens`, aspects, then other lenses."""
    chosen = taxonomy().lenses[lens]
    found = {name: f"{lens}/{name}" for name in chosen.dimensions}
    found |= {f"{aspect.label} (aspect)": f"aspect/{name}" for name, aspect in taxonomy().aspects.items()}
    for other in taxonomy().lenses.values():
        if other.name != lens:
            found |= {f"{other.label}: {name}": f"{other.name}/{name}" for name in other.dimensions}
    return found


def about(facet: str) -> dict[str, str]:
    """The query parameters of the mentions that are dissatisfied with a facet."""
    names = {facet: name for name, facet in facet_names(session().config.general.lens).items()}
    return {"about": names[facet], "polarity": "negative"}
