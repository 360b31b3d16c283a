"""One incident, opened by a mail's link: what happened, why, what people said, and what has been done about it."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.alerts.incidents import topic_of
from dashboard.alerts.outbox import State, told_of
from dashboard.alerts.silence import Silence
from dashboard.alerts.wishes import add_silence
from dashboard.views.alerts import STATES
from dashboard.views.download import download
from dashboard.views.incident_reason import explain, say
from dashboard.views.incident_voices import GROUPS, show_behind, show_part
from dashboard.views.incident_words import about, figures, headline, short, state
from dashboard.views.parts import address, chart, empty, heading, put
from dashboard.views.session import look, now, session
from dashboard.views.tables import Column, small, table
from dashboard.words import ago, count, day_span, moment, sentence, span
from sentiment.spikes.store.incidents import (
    KeptIncident,
    acknowledge,
    comment,
    history_of,
    incident_by_id,
    present,
)

TITLE = "Incident"
ICON = ":material/campaign:"
HIDDEN = True
"""Opened by links only: without an id there is nothing to show."""
SILENCES = {"4 hours": 4, "1 day": 24, "1 week": 168}


def show() -> None:
    """Draw the page."""
    given = st.query_params.get("id", "")
    kept = look(incident_by_id, int(given)) if given.isdecimal() and len(given) < 18 else None
    if kept is None:
        empty(
            f"There is no incident {given[:20]}." if given else "No incident is chosen.",
            "Choose one on the Spikes page. An incident goes when the mentions behind it are erased or kept no longer.",
        )
        put(f'<p><a href="{address("incidents", {})}" target="_self">All spikes</a></p>')
        return
    _head(kept)
    group, part = st.query_params.get("by", ""), st.query_params.get("only", "")
    if group in GROUPS and part:
        show_part(kept, group, part)
        return
    _actions(kept)
    say(kept)
    _chart(kept)
    explain(kept)
    show_behind(kept)
    _history(kept)


def _head(kept: KeptIncident) -> None:
    zone, peak = session().zone, kept.peak
    start, end = kept.window
    weeks = (kept.explanation or {}).get("weeks")
    chance = _chance(float(weeks)) if weeks else ""
    today = look(present, peak)
    moved = (
        f" The counts have changed since: today they say {count(today.observed)} of {count(today.voices)}."
        if (today.observed, today.voices) != (peak.observed, peak.voices)
        else ""
    )
    worst = f"Worst from {day_span(start, end, zone)}."
    stands = sentence(state(kept, zone))
    facts = f"{stands} {kept.severity.value.capitalize()} severity; {peak.spike_class.value}. {worst}{chance}{moved}"
    put(
        f'<p class="gs-answer" role="heading" aria-level="1">{escape(sentence(headline(kept, zone)))}</p>'
        f'<p class="gs-sub">{escape(figures(peak))}</p><p class="gs-sub">{escape(facts)}</p>'
    )


def _chance(weeks: float) -> str:
    if weeks < 1:
        return ""
    often = "less than once in ten years" if weeks > 520 else f"about once in {count(weeks, 'week', 'weeks')}"
    return f" By chance this happens {often}."


def _actions(kept: KeptIncident) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", key="actions"):
        who = (
            st.text_input("Your name", key="corrector", max_chars=100, persist_state="session", width=220) or ""
        ).strip()
        if kept.acknowledged_by:
            st.text(f"Taken on by {kept.acknowledged_by}, {ago(kept.acknowledged_at or now(), now())}")
        elif st.button(
            "Take it on",
            icon=":material/front_hand:",
            disabled=not who,
            type="primary",
            help="Stops repeated alerts about it; resolves nothing.",
        ):
            with session().store.write() as conn:
                acknowledge(conn, kept.id, who, now())
            st.rerun()
        with st.popover("Comment", icon=":material/chat:", disabled=not who):
            note = st.text_area("What others should know", key="note", max_chars=2_000)
            if st.button("Save comment", disabled=not note.strip()):
                with session().store.write() as conn:
                    comment(conn, kept.id, note.strip(), who, now())
                st.rerun()
        if kept.incident.live:
            with st.popover("Silence", icon=":material/notifications_off:", disabled=not who):
                _silence(kept, who)
    if not who:
        st.caption("Give your name to take it on, comment or silence: others see who did.")


def _silence(kept: KeptIncident, who: str) -> None:
    st.caption("No alert about it is sent for this long. The screens and the detection go on.")
    length = st.segmented_control("For", list(SILENCES), default="1 day", required=True, key="silence-length")
    why = st.text_input("Why", key="silence-reason", max_chars=300)
    if st.button("Silence alerts", disabled=not why.strip()):
        topic, at = topic_of(kept), now()
        made = Silence(
            start=at,
            end=at + timedelta(hours=SILENCES[str(length)]),
            reason=why.strip(),
            by=who,
            brands=(topic.brand,),
            dimensions=topic.dimensions,
            sources=topic.sources,
        )
        with session().store.write() as conn:
            add_silence(conn, made, at)
            comment(conn, kept.id, f"Silenced for {length}: {why.strip()}", who, at)
        st.rerun()


def _chart(kept: KeptIncident) -> None:
    points = (kept.explanation or {}).get("points", ())
    if not points:
        return
    frame = pd.DataFrame(list(points))
    frame["at"] = [datetime.fromisoformat(str(at)) for at in frame["at"]]
    zone, peak = session().zone, kept.peak
    whole = "" if peak.series.dimension is None else f", about {about(peak.series)}"
    table = frame.assign(at=[at.astimezone(zone) for at in frame["at"]])
    chart(
        f"{count(peak.observed, 'dissatisfied voice', 'dissatisfied voices')} in {span(timedelta(hours=peak.window))}, "
        f"{peak.expected:.1f} expected, at {short(peak.series.source, peak.series.brand)}{whole}",
        charts.observed_and_expected(frame, zone=zone),
        table,
        name=f"incident-{kept.id}",
        manifest={"incident": kept.id, "brand": kept.incident.brand, "source": peak.series.source},
        note="The band holds 95 % of calm hours. Where the line breaks, the source was not fully read.",
    )


def _history(kept: KeptIncident) -> None:
    zone, brand = session().zone, kept.incident.brand
    watched = (member.series for member in kept.incident.members)
    series = {one.name(): f"{about(one)} at {short(one.source, brand)}" for one in watched}
    happened: list[dict[str, Any]] = [
        {
            "when": event.at.astimezone(zone),
            "what": event.kind + (f": {series.get(event.subject, event.subject)}" if event.subject else ""),
            "who": event.by or "Groundswell",
            "note": event.note or "",
        }
        for event in look(history_of, kept.id)
    ]
    alerted: list[dict[str, Any]] = [
        {
            "when": (told["sent_at"] or told["due"]).astimezone(zone),
            "what": f"alert {STATES[State(told['state'])]}: {told['event']}",
            "who": told["person"],
            "note": told["reason"] or told["last_error"] or "",
        }
        for told in look(told_of, kept.id)
    ]
    rows = sorted([*happened, *alerted], key=lambda row: row["when"])
    if not rows:
        return
    heading("What happened since")
    cells = [
        (
            escape(moment(row["when"], zone)),
            f"<bdi>{escape(row['what'])}</bdi>{small(row['note'])}",
            f"<bdi>{escape(row['who'])}</bdi>",
        )
        for row in rows
    ]
    put(table([Column(words=words) for words in ("When", "What", "Who")], cells, named=False))
    download(f"incident-{kept.id}-history", pd.DataFrame(rows), {"incident": kept.id})
