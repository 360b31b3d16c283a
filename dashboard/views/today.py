"""Today: is anything wrong, where and why; and how things stand against the days before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.comparison import apart, flat, highest_first, share_of
from dashboard.queries import changes, figures, health
from dashboard.scope import Scope
from dashboard.shares import Share, change
from dashboard.standing import behind, read_as_of
from dashboard.steps import Step, in_steps, of_days
from dashboard.views.download import download
from dashboard.views.filters import about, choose_scope, same_filters
from dashboard.views.incident_words import DISSATISFACTION, VOLUME, brief, headline, short
from dashboard.views.incidents import card, incidents_of
from dashboard.views.nothing import nothing_yet
from dashboard.views.parts import address, answer, chart, empty, heading, put, reading_progress
from dashboard.views.session import ask, brands, look, now, session, work_out
from dashboard.views.shares_table import shares_table, sure
from dashboard.words import count, direction, interval, moment, percent, points, sentence, step_named
from sentiment.spikes.store.history import last_judged
from sentiment.spikes.store.incidents import KeptIncident
from sentiment.taxonomy import taxonomy

TITLE = "Today"
ICON = ":material/today:"
LEAST = 8
"""Voices below which nothing is said of days, or of a day."""
EARLY = 0.1
"""Of the voices of these days, the part that may still be unread before calm is told."""
FEWEST = 30
"""Voices below which a source is not compared with others."""
NAMED = 2
"""More sources or brands than this are counted, not named."""
LEFT_OUT = "Left out of the lines, not of the table: fewer than three voices, which say nothing."
CARDS = 3
"""Open incidents told in full on the first screen."""


def show() -> None:
    """Draw the page."""
    scope = choose_scope()
    reading_progress()
    days = ask(figures.by_day, scope)
    if not days["mentions"].sum():
        _nothing(scope)
        return
    earlier = ask(figures.by_day, scope.before)
    current, former = share_of(days), share_of(earlier)
    incidents = incidents_of(scope)
    _answer(scope, days, incidents, current, former)
    _metrics(scope, days, earlier, current, former)
    _over_time(scope, days, current, former, incidents)
    left, right = st.columns(2, gap="large")
    with left:
        _dimensions(scope)
    with right:
        _sources(scope)
    _brands(scope)


def _unheard(scope: Scope) -> str | None:
    """Which sources were not read up to now, as promised: "forum has not been read since Tue 3 Mar 2026, 09:00."."""
    at, kept = now(), look(health.states)
    late = [
        (read_as_of(kept.get(source.name, {})), source.name)
        for source in session().config.sources
        if source.brand in {None, scope.brand} and (not scope.sources or source.name in scope.sources)
        if behind(source, kept.get(source.name), at)
    ]
    if not late or scope.end <= at:
        return None
    longest, name = min(late, key=lambda one: one[0] or datetime.min.replace(tzinfo=UTC))
    read = "never been read" if longest is None else f"not been read since {moment(longest, scope.zone)}"
    others = f", nor {count(len(late) - 1, 'other source', 'other sources')} as promised" if len(late) > 1 else ""
    return f"{short(name, scope.brand)} has {read}{others}: what was said there since then is unknown."


def _nothing(scope: Scope) -> None:
    if nothing_yet(scope.brand):
        return
    unheard = _unheard(scope)
    if unheard is not None:
        empty(
            f"Whether anything was said about {scope.brand} in these days is unknown.",
            f"{unheard} The Sources page says what went wrong and what to do.",
        )
        return
    empty(
        f"Nothing was said about {scope.brand} in these days.",
        "Choose a longer period or more sources above. If that is a surprise, the Sources page says whether "
        "something could not be read.",
    )


def _answer(scope: Scope, days: pd.DataFrame, incidents: list[KeptIncident], current: Share, former: Share) -> None:
    unheard = _unheard(scope)
    found = change(current, former)
    live = [one for one in incidents if one.incident.live and one.incident.track != VOLUME]
    clause = direction(current, former, found)
    if live:
        worst = live[0]
        more = f" {len(live) - 1} more below." if len(live) > 1 else ""
        told = f"Something is wrong: {brief(worst, session().zone)}.{more}"
        under = sentence(f"over the whole period, {clause}")
    elif days["voices"].sum() < LEAST:
        told = f"Too few to tell: {count(days['voices'].sum(), 'voice', 'voices')} in these days."
        under = "Choose a longer period above; from eight voices on, this page says how they are."
    elif days["unread"].sum() > EARLY * (days["read"] + days["unread"]).sum():
        read, whole = count(days["read"].sum()), count((days["read"] + days["unread"]).sum(), "voice", "voices")
        told = f"Too early to tell: {read} of {whole} of these days are read."
        under = f"So far {clause}." if current.value is not None else "Figures come as soon as the first are."
    elif look(last_judged) is None:
        told = f"Too early to tell whether anything is unusual at {scope.brand}; {clause}."
        under = "What was collected has not been judged yet: that comes next, once it is read."
    elif found is not None and found.sure and found.value > 0:
        told = f"No spike is open at {scope.brand}, but {clause}."
        under = f"That is {points(found.value)} against the {scope.days} days before, surely between {interval(found)}."
    else:
        known = "" if unheard is None else ", as far as it was read"
        told = f"Nothing unusual is open at {scope.brand}{known}; {clause}."
        under = "A spike opens here as soon as dissatisfaction rises beyond what chance and habit explain."
    answer(told, under if unheard is None else f"{unheard} {under}")
    for incident in live[:CARDS]:
        put(card(incident))


def _metrics(scope: Scope, days: pd.DataFrame, earlier: pd.DataFrame, current: Share, former: Share) -> None:
    found = change(current, former)
    counted = int(days["mentions"].sum())
    same_time_before = ask(figures.mentions_until, scope.before, _same_hour_before(scope, now()))
    now_mean, before_mean = _satisfaction(days), _satisfaction(earlier)
    with st.container(horizontal=True, key="metrics"):
        st.metric(
            "Dissatisfaction",
            percent(current.value, 1),
            None if found is None else _ascii(points(found.value)),
            delta_color="inverse" if found is not None and found.sure else "off",
            delta_description=_around(current)
            if found is None
            else f"95 % sure: {interval(found).removesuffix(' points')}",
            help="Voices that are negative, as a share of all voices read. Near-identical posts are one voice. "
            "The interval allows for days differing more than chance.",
            border=True,
            height="stretch",
        )
        st.metric(
            "Mentions",
            count(counted),
            _ascii(_relative(counted, same_time_before)),
            delta_color="off",
            delta_description="on the days before" if same_time_before else "",
            help=f"{count(int(days['voices'].sum()))} voices: near-identical posts count once. "
            "The days before are counted up to the same hour.",
            border=True,
            height="stretch",
        )
        st.metric(
            "Satisfaction",
            "–" if now_mean is None else f"{now_mean:.2f} of 5",
            None if now_mean is None or before_mean is None else f"{now_mean - before_mean:+.2f}",
            delta_color="off",
            delta_description="" if before_mean is None else f"from {before_mean:.2f}",
            help="Mean of what each voice's satisfaction was read as, from 1 (outraged) to 5 (delighted).",
            border=True,
            height="stretch",
        )


def _around(current: Share) -> str:
    """The interval of a share that nothing earlier is compared with."""
    return "" if current.low is None else f"95 % sure: {percent(current.low)} to {percent(current.high)}"


def _ascii(delta: str | None) -> str | None:
    """Streamlit reads the direction of a change from an ASCII sign."""
    return None if delta is None else delta.replace("−", "-")


def _same_hour_before(scope: Scope, at: datetime) -> datetime:
    """As many days before by the clock on the wall: the end of the hour under way, or of a period that is over."""
    if at >= scope.end:
        return scope.before.end
    hour = at.astimezone(scope.zone).replace(minute=0, second=0, microsecond=0, tzinfo=None) + timedelta(hours=1)
    return (hour - timedelta(days=scope.days)).replace(tzinfo=scope.zone).astimezone(UTC)


def _satisfaction(days: pd.DataFrame) -> float | None:
    read = int(days["read"].sum())
    return float(days["satisfaction"].sum()) / read / 100 if read else None


def _relative(value: int, before: int) -> str | None:
    if not before:
        return None
    ratio = round(100 * (value / before - 1))
    return f"{'+' if ratio > 0 else '−' if ratio < 0 else '±'}{abs(ratio)} %"


def _over_time(scope: Scope, days: pd.DataFrame, current: Share, former: Share, incidents: list[KeptIncident]) -> None:
    drawn = work_out(_by_day, days, scope.first, scope.last)
    tolerance = timedelta(hours=6)
    spans = gaps_of(scope, tolerance)
    marks = [(i.began, i.last_seen, headline(i, scope.zone)) for i in incidents if i.incident.track == DISSATISFACTION]
    notes = ["Shaded: the 95 % interval of each day."]
    if former.value is not None:
        notes.append("Dashed: the share of the days before.")
    if spans:
        notes.append("Hatched: a source was not fully read, so that its figures there are unknown.")
    if charts.left_out(drawn):
        notes.append(LEFT_OUT)
    if marks:
        notes.append("Bands with a triangle: spikes.")
    chart(
        _worst_day(drawn),
        work_out(charts.share_over_time, drawn, gaps=spans, spikes=marks, before=former.value, zone=scope.zone),
        work_out(_table_by_day, drawn, days),
        name="dissatisfaction-by-day",
        note=" ".join(notes),
        manifest=scope,
    )
    put(
        f'<p><a href="{address("trends", same_filters(scope))}" target="_self">'
        "By the hour, week or month, and beside other brands</a></p>"
    )


def _by_day(days: pd.DataFrame, first: date, last: date) -> pd.DataFrame:
    return in_steps(of_days(days), Step.DAY, first=first, last=last)


def _table_by_day(drawn: pd.DataFrame, days: pd.DataFrame) -> pd.DataFrame:
    return drawn.assign(day=days["day"])[["day", "share", "low", "high", "negative", "read", "mentions"]]


def _worst_day(drawn: pd.DataFrame) -> str:
    known = drawn[drawn["read"] >= LEAST]
    if known.empty:
        return "Dissatisfaction by day: too few voices to say which stands out."
    worst = known.loc[known["low"].astype(float).idxmax()]
    when = step_named(worst["start"], worst["end"], Step.DAY)
    return f"Dissatisfaction by day stands out most {when}, at {percent(worst['share'])}."


def gaps_of(scope: Scope, tolerance: timedelta) -> list[tuple[datetime, datetime, str]]:
    """The spans within a scope that its sources have not fully read, with their names."""
    # To the minute, so that what is drawn of a gap that lasts is the same for all readers of it.
    until = min(scope.end, now().replace(second=0, microsecond=0))
    found = look(health.spans, scope.start, until)
    gaps = health.gaps(
        found, scope.sources or tuple(ask(figures.sources_of, scope.brand)), scope.start, until, tolerance
    )
    return [(row.start, row.end, str(row.source)) for row in gaps.itertuples()]


def _dimensions(scope: Scope) -> None:
    facets = tuple(figures.dimensions_of_lens(scope.lens))
    found = ask(changes.by_facet, scope, facets)
    lens = taxonomy().lenses[scope.lens].label
    labels = [taxonomy().label(facet) for facet in found["facet"]]
    found = work_out(highest_first, found, labels, [s.part for s in found["now"]])
    heading(sentence(work_out(_dimension_finding, found)))
    kept = same_filters(scope)
    links = [address("mentions", kept | about(facet)) for facet in found["facet"]]
    put(
        work_out(
            shares_table,
            "Dimension",
            found,
            links,
            note=f"{lens}: dissatisfied voices about each, as a share of all voices read.",
        )
    )
    download("dimensions", partial(flat, found, "dimension"), scope)


def _dimension_finding(found: pd.DataFrame) -> str:
    known = found[found["order"] > 0]
    if known.empty:
        return "no dimension has a dissatisfied voice in this period"
    worse = [row for row in found.itertuples() if sure(row.change) and row.change.value > 0]
    better = [row for row in found.itertuples() if sure(row.change) and row.change.value < 0]
    if known.iloc[0]["now"].whole < LEAST:
        return "too few voices to say what most dissatisfaction is about"
    top = known.iloc[0]["label"]
    if worse:
        worst = max(worse, key=lambda row: row.change.value)
        if worst.label == top:
            return f"{top} got worse ({points(worst.change.value)}), and most dissatisfaction is about it"
        return f"{worst.label} got worse ({points(worst.change.value)}); most dissatisfaction is about {top}"
    if better:
        best = min(better, key=lambda row: row.change.value)
        return f"{best.label} improved ({points(best.change.value)}); most dissatisfaction is about {top}"
    return f"most dissatisfaction is about {top}; no dimension changed clearly"


def _sources(scope: Scope) -> None:
    found = ask(changes.by_source, scope)
    labels = [short(source, scope.brand) for source in found["source"]]
    found = work_out(highest_first, found, labels, [s.part for s in found["now"]])
    heading(sentence(work_out(source_finding, found)))
    kept = same_filters(scope) | {"sentiment": "negative"}
    links = [address("mentions", kept | {"source": name}) for name in found["source"]]
    put(work_out(shares_table, "Source", found, links, note="Dissatisfied voices as a share of those of the source."))
    download("sources", partial(flat, found, "source"), scope)


def source_finding(found: pd.DataFrame) -> str:
    """Which source is worse than which, where that is sure; found: columns label and now (its share)."""
    known = sorted((row for row in found.itertuples() if row.now.whole >= FEWEST), key=lambda row: -row.now.value)
    if not known:
        return f"no source has {FEWEST} voices yet, too few to compare them"
    worst, *others = known
    if not others:
        return f"at {worst.label}, {percent(worst.now.value)} of voices are dissatisfied"
    above, _ = apart(worst.now, [row.now for row in others])
    if not above:
        return f"no source is clearly worse than another: {percent(others[-1].now.value)} to {percent(worst.now.value)}"
    return f"{worst.label} ({percent(worst.now.value)}) is clearly worse than {_names(others, above, 'sources')}"


def _names(rows: Sequence[Any], places: Sequence[int], noun: str) -> str:
    """Those of these rows, by name if they are two at most: "Calder Coaches", "3 other brands", "every other brand"."""
    if len(places) > NAMED:
        return f"{'all' if len(places) == len(rows) else ''} {len(places)} other {noun}".strip()
    return " and ".join(str(rows[place].label) for place in places)


def _brands(scope: Scope) -> None:
    names = tuple(brands())
    if len(names) < 2:
        return
    whole = replace(scope, sources=())
    found = ask(changes.by_brand, whole, names)
    found = work_out(_of_brands_read, found)
    if len(found) < 2:
        return
    found = work_out(highest_first, found, list(found["brand"]), [s.value or 0.0 for s in found["now"]])
    heading(sentence(work_out(brand_finding, scope.brand, found)))
    links = [
        address("mentions", same_filters(replace(whole, brand=name), sentiment="negative")) for name in found["brand"]
    ]
    where = ", at all sources whichever are chosen above" if scope.sources else ""
    put(
        work_out(
            shares_table, "Brand", found, links, note=f"Dissatisfied voices as a share of those of the brand{where}."
        )
    )
    download("brands", partial(flat, found, "brand"), whole)


def _of_brands_read(found: pd.DataFrame) -> pd.DataFrame:
    return found[[s.whole > 0 for s in found["now"]]]


def brand_finding(brand: str, found: pd.DataFrame) -> str:
    """How a brand stands beside each of the others, where that is sure; found: columns label and now (its share)."""
    rows = list(found.itertuples())
    own = next((row for row in rows if row.label == brand), None)
    if own is None:
        return f"nothing was read about {brand} to compare with other brands"
    others = [row for row in rows if row is not own]
    above, below = apart(own.now, [row.now for row in others])
    parts = [
        f"clearly {word} than {_names(others, places, 'brands')}"
        for places, word in ((above, "worse"), (below, "better"))
        if places
    ]
    if not parts:
        return f"no other brand is clearly better or worse than {brand} ({percent(own.now.value)})"
    same = len(others) - len(above) - len(below)
    rest = f"; {count(same, 'other', 'others')} not clearly different" if same else ""
    return f"{brand} ({percent(own.now.value)}) is {' and '.join(parts)}{rest}"
