"""Dimensions: what dissatisfaction is about over time, through any lens, down to the aspects inside."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.comparison import changes_by, flat
from dashboard.queries import figures
from dashboard.scope import Scope
from dashboard.shares import share
from dashboard.views.download import download
from dashboard.views.filters import about, choose_scope, same_filters
from dashboard.views.parts import address, chart, empty, put, reading_progress
from dashboard.views.session import ask
from dashboard.views.shares_table import shares_table
from dashboard.words import percent, sentence
from sentiment.taxonomy import taxonomy

TITLE = "Dimensions"
ICON = ":material/grid_on:"
DAYS_SHOWN = 45
"""A longer period is shown by weeks: more columns than this cannot be told apart on a phone."""


def show() -> None:
    """Draw the page."""
    scope = choose_scope(lens=True)
    reading_progress()
    days = ask(figures.by_day, scope)
    if not days["read"].sum():
        empty("Nothing has been read in these days.", "Choose a longer period, or wait until the mentions are read.")
        return
    _heat(scope, days)
    _inside(scope)


def _heat(scope: Scope, days: pd.DataFrame) -> None:
    order = figures.dimensions_of_lens(scope.lens)
    found = ask(figures.by_facet_and_day, scope, tuple(order))
    cells = cells_of(found, days, order, width=1 if scope.days <= DAYS_SHOWN else 7)
    labels = [taxonomy().label(facet) for facet in order]
    cells["row"] = [taxonomy().label(facet) for facet in cells["facet"]]
    known = cells.dropna(subset="share")
    told = "no dimension has a dissatisfied voice"
    if len(known) and known["negative"].sum():
        lows = [share([n], [r]).low or 0.0 for n, r in zip(known["negative"], known["read"], strict=True)]
        worst = known.iloc[max(range(len(lows)), key=lows.__getitem__)]
        told = f"{worst['row']} was most surely bad on {_day(worst)}: {percent(worst['share'])} of all voices"
    chart(
        sentence(told),
        charts.heat_map(
            cells, labels, unit="Day" if scope.days <= DAYS_SHOWN else "Week from", height=60 + 44 * len(order)
        ),
        cells[["row", "start", "end", "share", "negative", "read"]].rename(columns={"row": "dimension"}),
        name="dimensions-over-time",
        note="Share of all voices that are dissatisfied about each dimension. Blank: nothing was read.",
        manifest=scope,
    )


def _day(cell: pd.Series) -> str:
    first = date.fromisoformat(cell["start"])
    last = date.fromisoformat(cell["end"]) - timedelta(days=1)
    told = f"{first.day} {first:%b}"
    return told if first == last else f"the days from {told} to {last.day} {last:%b}"


def cells_of(found: pd.DataFrame, days: pd.DataFrame, order: list[str], *, width: int) -> pd.DataFrame:
    """Negatives of each facet in steps of `width` days against all voices: facet, start, end, negative, read, share."""
    first = days["day"].iloc[0]
    read = days.groupby([(day - first).days // width for day in days["day"]])["read"].sum()
    steps = [(day - first).days // width for day in found["day"]]
    negatives = found.groupby(["facet", pd.Series(steps, index=found.index, dtype="int64")])["negative"].sum()
    rows = []
    for facet in order:
        for step, whole in read.items():
            part = int(negatives.get((facet, step), 0))
            start = first + timedelta(days=int(str(step)) * width)
            end = min(start + timedelta(days=width), days["day"].iloc[-1] + timedelta(days=1))
            value = part / whole if whole else None
            rows.append((facet, start.isoformat(), end.isoformat(), part, int(whole), value))
    return pd.DataFrame.from_records(rows, columns=["facet", "start", "end", "negative", "read", "share"])


def _inside(scope: Scope) -> None:
    lens = taxonomy().lenses[scope.lens]
    facets = tuple(f"aspect/{name}" for name in taxonomy().aspects)
    whole, old = ask(figures.by_day, scope), ask(figures.by_day, scope.before)
    found = changes_by(
        ask(figures.by_facet_and_day, scope, facets),
        ask(figures.by_facet_and_day, scope.before, facets),
        "facet",
        whole,
        old,
    )
    found["label"] = [taxonomy().label(facet) for facet in found["facet"]]
    found["order"] = [s.part for s in found["now"]]
    found = found.sort_values("order", ascending=False)
    found["dimension"] = [lens.dimension_of(facet.partition("/")[2]) or "in no dimension" for facet in found["facet"]]
    top = found.iloc[0] if len(found) else None
    told = f"within them, most is about {top['label']}" if top is not None and top["order"] else "no aspect stands out"
    st.header(sentence(told), anchor=False)
    links = [address("mentions", same_filters(scope, **about(facet))) for facet in found["facet"]]
    put(shares_table("Aspect", found, links, under=list(found["dimension"])))
    download("aspects", flat(found, "aspect").assign(dimension=found["dimension"]), scope)
