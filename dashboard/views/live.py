"""What is new since a page was drawn, told in a corner: nothing on the page moves until the reader asks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from dashboard.queries import health, news
from dashboard.views.incident_words import headline
from dashboard.views.session import ask, brands, look, session
from dashboard.words import count, sentence
from sentiment.spikes.store.incidents import incident_by_id
from sentiment.store.recount import under_way
from sentiment.store.rezone import moving_days

LIVE_EVERY = 3.0
"""Seconds between two looks while anything waits to be read."""
STILL_EVERY = 10.0
OUTDATED = 1.5
"""When this many times as much has been read as when the page was drawn, hardly a figure on it still holds: that is
told even while more waits."""
FEW = 50
"""Mentions read that are told only once all are."""
TOLD = 2
"""Spikes told by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """How far things were at a moment: mentions of the brands looked at; read, waiting and set aside of all."""

    mentions: int
    read: int
    waiting: int
    aside: int
    incidents: frozenset[int]


def marks() -> Marks:
    """How far things are now, for the brand chosen on the page, or for all where none is."""
    everyone = tuple(brands())
    chosen = st.session_state.get("brand")
    whose = (str(chosen),) if chosen in everyone else everyone
    # The sum of all counts is known before it is asked what waits: the other way round, what was read or came in
    # meanwhile would be told as read twice.
    whole = ask(news.mentions_in_all, everyone)
    waiting, aside = look(health.to_read)
    return Marks(
        mentions=ask(news.mentions_in_all, whose),
        read=max(0, whole - waiting - aside),
        waiting=waiting,
        aside=aside,
        incidents=look(news.incident_ids, whose),
    )


def outdated(drawn: Marks, at: Marks) -> bool:
    """Whether the page should be drawn anew by itself: it was empty, and so there is nothing on it to lose."""
    return drawn.read == 0 and at.read > 0


def told(drawn: Marks, at: Marks) -> str | None:
    """What is new, in a few words; None where nothing is."""
    spikes, mentions = len(at.incidents - drawn.incidents), at.mentions - drawn.mentions
    parts = [count(spikes, "new spike", "new spikes")] if spikes else []
    parts += [count(mentions, "new mention", "new mentions")] if mentions > 0 else []
    much = at.read >= max(OUTDATED * drawn.read, drawn.read + FEW)
    if not parts and at.read > drawn.read and (much or not at.waiting):
        parts = [f"{count(at.read - drawn.read)} more read"]
    if parts and at.waiting:
        parts[-1] += f", {count(at.waiting)} still to be read"
    return " and ".join(parts) or None


def watch() -> None:
    """Show how far reading is and what is new since now, looking again every few seconds."""
    drawn = marks()
    since, just_drawn = [drawn], [drawn]
    _counting()

    @st.fragment(run_every=LIVE_EVERY if drawn.waiting else STILL_EVERY)
    def looking() -> None:
        # As the page is drawn, it is as it was a moment ago.
        at = just_drawn.pop() if just_drawn else marks()
        if outdated(drawn, at):
            st.rerun()
        _progress(drawn, at)
        found = told(since[-1], at)
        if found:
            _notice(found, sorted(at.incidents - since[-1].incidents, reverse=True), lambda: since.append(at))

    looking()


def _counting() -> None:
    """Say which figures may still be those of an older taxonomy or zone, while they are counted anew."""
    at = look(under_way)
    if at is not None:
        st.caption(
            f"Dimensions and aspects are being counted anew: done back to {at.since.day} {at.since:%B %Y} "
            f"({at.part:.0%} of the time), as they were before that. “groundswell up” goes on with it."
        )
    moved = look(moving_days)
    if moved is not None:
        st.caption(
            f"Mentions are being moved to the days of {session().zone.key}: {moved:.0%} are, the others still stand on "
            "those of the zone before. “groundswell up” goes on with it."
        )


def _progress(drawn: Marks, at: Marks) -> None:
    """The lines above a page; one that was not there when it was drawn does not push it down later."""
    if drawn.waiting:
        total = at.read + at.waiting
        left = "figures grow until all are." if at.waiting else "that is all."
        st.progress(at.read / total if total else 1.0, text=f"{count(at.read)} of {count(total)} mentions read; {left}")
    if drawn.aside:
        st.caption(
            f"{count(at.aside, 'text', 'texts')} could not be read and "
            f"{'was' if at.aside == 1 else 'were'} set aside: see Sources."
        )


def _notice(found: str, spikes: Sequence[int], later: Callable[[], None]) -> None:
    with st.container(key="live", border=True, horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f'<div class="gs" role="status"><strong>{escape(sentence(found))}</strong>{_named(spikes)}</div>')
        if st.button("Show", key="show-news", type="primary", help="Draws this page anew; your filters stay."):
            st.rerun()
        st.button("Later", key="later-news", type="tertiary", on_click=later)


def _named(spikes: Sequence[int]) -> str:
    lines = []
    for number in spikes[:TOLD]:
        one = look(incident_by_id, number)
        if one is not None:
            words = escape(sentence(headline(one, session().zone)))
            lines.append(f'<p><a href="incident?id={number}" target="_self">{words}</a></p>')
    return "".join(lines)
