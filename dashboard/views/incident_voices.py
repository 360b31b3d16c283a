"""The voices behind an incident: all that its worst spike counted, or those that one part of its reason stands for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.behind import voices_of
from dashboard.queries import mentions
from dashboard.queries.mentions import Wanted
from dashboard.scope import Scope
from dashboard.views.download import download, filters_of
from dashboard.views.filters import DATES, of_brand
from dashboard.views.filters import about as about_facet
from dashboard.views.incident_words import about
from dashboard.views.mentions import show_mentions, table_of
from dashboard.views.parts import address, empty, heading, put
from dashboard.views.session import look, session
from dashboard.words import count, language_named
from sentiment.reading import Sentiment
from sentiment.spikes.spike import SeriesKey, Spike
from sentiment.spikes.store.incidents import KeptIncident
from sentiment.spikes.store.said import said_in

SHOWN = 10
MOST = 100_000
"""Voices are counted up to here; no spike has nearly as many."""
GROUPS = {"aspect": "about", "place": "from", "segment": "of", "language": "in"}
"""What the reason is divided by, with the word that leads to a part: voices about Comfort, from Calais, in French."""


def wanted_behind(peak: Spike, start: datetime, end: datetime) -> Wanted:
    """The dissatisfied voices that a spike counted: of its brand, source and dimension, within its window."""
    series: SeriesKey = peak.series
    zone = session().zone
    scope = Scope(
        brand=series.brand,
        sources=(series.source,),
        first=start.astimezone(zone).date(),
        last=end.astimezone(zone).date(),
        zone=zone,
        lens=session().config.general.lens,
    )
    whole = series.dimension is None
    return Wanted(
        scope=scope,
        sentiment=Sentiment.NEGATIVE if whole else None,
        facet=series.dimension,
        polarity=None if whole else Sentiment.NEGATIVE,
        start=start,
        end=end,
        one_a_voice=True,
    )


def all_of(wanted: Wanted) -> tuple[int, ...]:
    """The mentions of all the voices that a spike counted, newest first."""
    return tuple(int(number) for number in look(mentions.page, wanted, size=MOST)["id"])


def show_behind(kept: KeptIncident) -> None:
    """The newest of the voices that the spike counted, all of them as a file, and the way to them among the others."""
    wanted = wanted_behind(kept.peak, *kept.window)
    found = look(mentions.page, wanted, size=SHOWN)
    if found.empty:
        return
    whole = look(mentions.how_many, wanted, MOST)
    heading(f"The {count(whole, 'voice', 'voices')} behind it")
    show_mentions(found)
    if whole > SHOWN:
        st.caption(f"The newest {SHOWN} of {count(whole)} are shown; the file holds them all.")
    with st.container(horizontal=True, vertical_alignment="center"):
        scope = wanted.scope
        said = filters_of(scope) | {"incident": kept.id, "about": about(kept.peak.series), "sentiment": "negative"}

        def all_of_it() -> pd.DataFrame:
            return table_of(all_of(wanted))

        download(f"incident-{kept.id}-mentions", all_of_it, said, label=f"Download all {count(whole)}")
        query: dict[str, Any] = {**of_brand(scope.brand), "source": list(scope.sources), "period": DATES}
        query["days"] = [scope.first.isoformat(), scope.last.isoformat()]
        query |= {"sentiment": "negative"} if wanted.facet is None else about_facet(wanted.facet)
        put(f'<a href="{address("mentions", query)}" target="_self">See them among the mentions of these days</a>')


def show_part(kept: KeptIncident, group: str, part: str) -> None:
    """Only the voices that a part of the reason stands for, from the very window that was explained."""
    parts = (kept.explanation or {}).get("parts", {}).get(group, ())
    named = {str(one["label"]): one for one in parts}
    told = language_named(part) if group == "language" else part
    ids = voices_of(look(said_in, kept.peak), group, part, list(named))
    if part not in named or not ids:
        empty(
            f"No dissatisfied voice {GROUPS[group]} “{told[:80]}” is behind it now.",
            "It may have been corrected, edited or deleted since the spike was explained.",
            within=True,
        )
    else:
        heading(f"{count(len(ids), 'voice', 'voices')} {GROUPS[group]} {told}")
        observed = float(named[part]["observed"])
        if round(observed, 1) != len(ids):
            st.caption(f"Counted as {observed:.1f}: a voice about several aspects counts in part for each of them.")
        show_mentions(look(mentions.ones, ids[:SHOWN]))
        if len(ids) > SHOWN:
            st.caption(f"The newest {SHOWN} are shown; the file holds all {len(ids)}.")
        said = {"incident": kept.id, "brand": kept.incident.brand, group: part}
        download(f"incident-{kept.id}-part", lambda: table_of(tuple(ids)), said, label=f"Download all {len(ids)}")
    put(f'<p><a href="{address("incident", {"id": kept.id})}" target="_self">The whole incident</a></p>')
