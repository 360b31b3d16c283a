"""Dimensions: what dissatisfaction is about over time, through any lens, down to the aspects inside."""

from __future__ import annotations

from datetime import date, timedelta
from html import escape

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.comparison import apart, flat, highest_first
from dashboard.queries import changes, figures
from dashboard.scope import Scope
from dashboard.shares import Share, change, share
from dashboard.views.comparing import Other, choose_others
from dashboard.views.download import download, filters_of
from dashboard.views.filters import about, choose_scope, same_filters
from dashboard.views.nothing import nothing_yet
from dashboard.views.parts import address, answer, chart, empty, heading, put, reading_progress
from dashboard.views.session import ask
from dashboard.views.shares_table import shares_table
from dashboard.views.tables import Column, table
from dashboard.words import count, percent, sentence, shorten
from sentiment.taxonomy import taxonomy

TITLE = "Dimensions"
ICON = ":material/grid_on:"
AXES_AT_LEAST = 3
HEAD = 24
"""Characters of a brand's name at the head of a column."""
DAYS_SHOWN = 45
"""A longer period is shown by weeks: more columns than this cannot be told apart on a phone."""


def show() -> None:
    """Draw the page."""
    scope = choose_scope(lens=True)
    with st.container(horizontal=True, key="trend-filters"):
        others = choose_others(scope)
    reading_progress()
    days = ask(figures.by_day, scope)
    if not days["read"].sum():
        if nothing_yet(scope.brand):
            return
        empty("Nothing has been read in these days.", "Choose a longer period, or wait until the mentions are read.")
        return
    order = figures.dimensions_of_lens(scope.lens)
    own = _shares(scope, order)
    answer(sentence(_most(scope, own)), f"{taxonomy().lenses[scope.lens].label}: shares are of all voices read.")
    _heat(scope, days)
    _profiles(scope, own, others)
    _inside(scope)


def _most(scope: Scope, own: dict[str, Share]) -> str:
    """What most dissatisfaction is about, and what else is not clearly less."""
    if not any(one.part for one in own.values()):
        return f"no voice is dissatisfied with {scope.brand}"
    if (few := too_few(own)) is not None:
        return few
    top, *others = sorted(own, key=lambda facet: -own[facet].part)
    above, _ = apart(own[top], [own[facet] for facet in others])
    rivals = [taxonomy().label(facet) for place, facet in enumerate(others) if place not in above]
    level = f"{taxonomy().label(top)} ({percent(own[top].value)})"
    if not rivals:
        return f"most dissatisfaction with {scope.brand} is about {level}"
    beside = rivals[0] if len(rivals) == 1 else f"{len(rivals)} other dimensions"
    return f"most dissatisfaction with {scope.brand} is about {level}, not clearly more than about {beside}"


def too_few(own: dict[str, Share]) -> str | None:
    """What is said instead of a finding while hardly anything is read."""
    whole = max(one.whole for one in own.values())
    return (
        f"too few to tell: {count(whole, 'voice was', 'voices were')} read in these days"
        if whole < charts.FEW
        else None
    )


def _heat(scope: Scope, days: pd.DataFrame) -> None:
    order = figures.dimensions_of_lens(scope.lens)
    found = ask(figures.by_facet_and_day, scope, tuple(order))
    cells = cells_of(found, days, order, width=1 if scope.days <= DAYS_SHOWN else 7)
    labels = [taxonomy().label(facet) for facet in order]
    cells["row"] = [taxonomy().label(facet) for facet in cells["facet"]]
    chart(
        sentence(stands_out(cells)),
        charts.heat_map(
            cells, labels, unit="Day" if scope.days <= DAYS_SHOWN else "Week from", height=60 + 44 * len(order)
        ),
        _figures(cells),
        name="dimensions-over-time",
        note="Share of all voices that are dissatisfied about each dimension. "
        "Faded: fewer than eight voices. Blank: none was read.",
        manifest=scope,
    )


def _figures(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells as a table: a row a dimension and step, its days as days."""
    days = {name: [date.fromisoformat(day) for day in cells[name]] for name in ("start", "end")}
    shown = cells.assign(**days)[["row", "start", "end", "share", "negative", "read"]]
    return shown.rename(columns={"row": "dimension"})


def stands_out(cells: pd.DataFrame) -> str:
    """The dimension and days whose share is most surely high, of those with enough voices to say so."""
    if not cells["negative"].sum():
        return "no dimension has a dissatisfied voice"
    known = cells[cells["read"] >= charts.FEW]
    if not known["negative"].sum():
        return "too few voices to say which dimension stands out, and when"
    lows = [share([n], [r]).low or 0.0 for n, r in zip(known["negative"], known["read"], strict=True)]
    worst = known.iloc[max(range(len(lows)), key=lows.__getitem__)]
    return f"{worst['row']} stands out most on {_day(worst)}: {percent(worst['share'])} of all voices"


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


def _profiles(scope: Scope, own: dict[str, Share], others: list[Other]) -> None:
    """A radar of the lens, the brand's days beside what they are compared with, and the same as a table."""
    order = list(own)
    if len(order) < AXES_AT_LEAST:
        return
    theirs = [(other, _shares(other.scope, order)) for other in others]
    known = [(other, found) for other, found in theirs if any(one.value is not None for one in found.values())]
    profiles = [(scope.brand, own), *((other.name, found) for other, found in known)]
    labels = [taxonomy().label(facet) for facet in order]
    told = sentence(_profile_finding(own, known))
    left, right = st.columns([1, 1], gap="large", vertical_alignment="center")
    with left:
        chart(
            told,
            charts.radar(labels, [(name, [found[facet].value for facet in order]) for name, found in profiles]),
            _profile_table(profiles, labels),
            name="dimension-profiles",
            note="The further out, the more voices are dissatisfied about it.",
            manifest=filters_of(scope) | {"lens": scope.lens, "compared with": [o.name for o in others] or "nothing"},
        )
    with right:
        put(_profile_rows(scope, own, known))


def _shares(scope: Scope, order: list[str]) -> dict[str, Share]:
    """Dissatisfaction with each dimension, of all voices read."""
    found = ask(figures.by_facet_and_day, scope, tuple(order))
    whole = ask(figures.by_day, scope)
    shares = {}
    for facet in order:
        part = found[found["facet"] == facet].groupby("day")["negative"].sum()
        shares[facet] = share([int(part.get(day, 0)) for day in whole["day"]], list(whole["read"]))
    return shares


def _profile_finding(own: dict[str, Share], known: list[tuple[Other, dict[str, Share]]]) -> str:
    if (few := too_few(own)) is not None:
        return few
    if not known:
        top = max(own, key=lambda facet: own[facet].value or 0.0)
        return f"most voices are dissatisfied about {taxonomy().label(top)}: {percent(own[top].value)}"
    other, theirs = known[0]
    changes = {facet: found for facet in own if (found := change(own[facet], theirs[facet])) and found.sure}
    worse = sorted((f for f in changes if changes[f].value > 0), key=lambda f: -changes[f].value)
    better = sorted((f for f in changes if changes[f].value < 0), key=lambda f: changes[f].value)
    parts = [
        f"{' and '.join(taxonomy().label(facet) for facet in some[:2])} {'is' if len(some[:2]) == 1 else 'are'} {word}"
        for some, word in ((worse, "clearly worse"), (better, "clearly better"))
        if some
    ]
    return f"{', '.join(parts) or 'no dimension is clearly different'} than {other.whose}".replace(
        "different than", "different from"
    )


def _profile_table(profiles: list[tuple[str, dict[str, Share]]], labels: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "dimension": label,
                "whose": name,
                "share": one.value,
                "low": one.low,
                "high": one.high,
                "dissatisfied voices": one.part,
                "voices read": one.whole,
            }
            for name, found in profiles
            for label, one in zip(labels, found.values(), strict=True)
        ]
    )


def _profile_rows(scope: Scope, own: dict[str, Share], known: list[tuple[Other, dict[str, Share]]]) -> str:
    """HTML: a row a dimension, a column for each of those compared, with the difference where it is sure."""
    columns = [Column(words="Dimension"), Column(words=shorten(scope.brand, HEAD), number=True)]
    columns += [
        Column(words=shorten(other.name, HEAD), number=True, roomy=place > 0) for place, (other, _) in enumerate(known)
    ]
    rows, kept = [], same_filters(scope)
    for facet, one in own.items():
        link = address("mentions", kept | about(facet))
        cells = [
            f'<a href="{link}" target="_self">{escape(taxonomy().label(facet))}</a>',
            f"<strong>{percent(one.value, 1)}</strong>",
        ]
        for _, theirs in known:
            found = change(one, theirs[facet])
            mark = "" if found is None or not found.sure else "▼ " if found.value > 0 else "▲ "
            cells.append(f"{mark}{percent(theirs[facet].value, 1)}")
        rows.append(cells)
    legend = "▼ clearly less dissatisfaction there than with us, ▲ clearly more." if known else ""
    return table(columns, rows) + f'<p class="gs-small">{legend}</p>'


def _inside(scope: Scope) -> None:
    lens = taxonomy().lenses[scope.lens]
    facets = tuple(f"aspect/{name}" for name in taxonomy().aspects)
    found = ask(changes.by_facet, scope, facets)
    labels = [taxonomy().label(facet) for facet in found["facet"]]
    found = highest_first(found, labels, [s.part for s in found["now"]])
    found["dimension"] = [lens.dimension_of(facet.partition("/")[2]) or "in no dimension" for facet in found["facet"]]
    top = found.iloc[0] if len(found) else None
    told = (
        f"within the dimensions, most is about {top['label']}"
        if top is not None and top["order"]
        else "no aspect stands out"
    )
    heading(sentence(told))
    kept = same_filters(scope)
    links = [address("mentions", kept | about(facet)) for facet in found["facet"]]
    put(shares_table("Aspect", found, links, under=list(found["dimension"])))
    download("aspects", flat(found, "aspect").assign(dimension=found["dimension"]), scope)
