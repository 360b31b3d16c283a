"""Mentions: what people said, filtered and searched, a page at a time, as cards to read or a table to work through."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from collector.store.tables import CHUNK
from dashboard.queries import labels, matches, mentions
from dashboard.queries.mentions import Only, Wanted
from dashboard.queries.places import Order, Place, place_after, place_of
from dashboard.scope import Scope
from dashboard.views.choices import choose
from dashboard.views.correcting import offer_correction
from dashboard.views.correcting_many import offer_many, show_batches
from dashboard.views.download import download, filters_of
from dashboard.views.filters import choose_scope, facet_names
from dashboard.views.mention_card import Machine, card
from dashboard.views.mention_rows import about_told, rows_of
from dashboard.views.nothing import nothing_yet
from dashboard.views.parts import answer, aspects_of, empty, put, reading_progress
from dashboard.views.session import ask, look, session
from dashboard.words import count
from sentiment.reading import Sentiment

TITLE = "Mentions"
ICON = ":material/forum:"
SIZE = 20
COUNTED = 5_000
"""Matches that no count tells are counted one by one up to here: "more than 5,000" says as much as their number."""
ANY = "any"
SENTIMENTS = {ANY: "any", **{s.value: s.value for s in Sentiment}}
ONLY = {
    ANY: "everything",
    Only.UNREAD.value: "not read yet",
    Only.CORRECTED.value: "corrected by people",
    Only.RULED.value: "changed by a term rule",
    Only.SUSPECT.value: "suspected of being made up",
    Only.ELSEWHERE.value: "not about us",
}
ORDERS = {
    Order.NEWEST.value: "newest first",
    Order.OLDEST.value: "oldest first",
    Order.REACH.value: "widest reach first",
    Order.DISSATISFIED.value: "least satisfied first",
}
CARDS, TABLE = "cards", "table"
VIEWS = {CARDS: ":material/view_agenda: Cards", TABLE: ":material/table_rows: Table"}
TABLE_SIZE = 100


def show() -> None:
    """Draw the page."""
    scope = choose_scope()
    wanted = _choose(scope)
    reading_progress()
    after = _place(wanted)
    bar = st.container(horizontal=True, vertical_alignment="center", key="mention-bar")
    with bar:
        view = choose("How to show them", "view", VIEWS, tabs=True)
    size = TABLE_SIZE if view == TABLE else SIZE
    finding = st.empty()
    found = look(mentions.page, wanted, after=after, size=size + 1, many=ask(matches.many, wanted))
    if found.empty:
        _nothing(wanted, after)
        show_batches()
        return
    more, found = len(found) > size, found.head(size)
    # To count what a search finds may take longer than to find a page of it, which is drawn first.
    with finding:
        answer("Counting what matches …" if wanted.words else _how_many(wanted))
    if view == TABLE:
        _table(found, bar)
    else:
        _cards(found, bar)
    _leaf(wanted, found, after, more)
    if wanted.words:
        with finding:
            answer(_how_many(wanted))
    show_batches()
    ids = tuple(int(i) for i in found["id"])
    download("mentions", partial(table_of, ids), _manifest(wanted), label="Download these")


def _how_many(wanted: Wanted) -> str:
    matching = ask(matches.how_many, wanted, COUNTED)
    if matching.more:
        return f"More than {count(matching.number)} mentions match"
    return count(matching.number, "mention matches", "mentions match")


def _choose(scope: Scope) -> Wanted:
    facets = {ANY: "anything", **{facet: words for words, facet in facet_names(scope.lens).items()}}
    with st.container(horizontal=True, vertical_alignment="bottom", key="mention-filters"):
        words = st.text_input(
            "Search",
            key="q",
            bind="query-params",
            placeholder='refund "two hours" -parking',
            max_chars=200,
            help='Words that must all occur, "exact phrases", and -words that must not.',
            width=190,
        )
        sentiment = choose("Sentiment", "sentiment", SENTIMENTS, width=120)
        about = choose("About", "about", facets, width=165)
        polarity = choose("which is", "polarity", SENTIMENTS, width=130) if about != ANY else ANY
        only = choose("Show", "only", ONLY, width=170)
        order = choose("Order", "order", ORDERS, width=165)
    return Wanted(
        scope=scope,
        words=(words or "").strip(),
        sentiment=None if sentiment == ANY else Sentiment(sentiment),
        only=None if only == ANY else Only(only),
        facet=None if about == ANY else about,
        polarity=None if polarity == ANY else Sentiment(polarity),
        order=Order(order),
    )


def _manifest(wanted: Wanted) -> dict[str, Any]:
    said: dict[str, Any] = {
        "search": wanted.words or None,
        "sentiment": wanted.sentiment,
        "about": wanted.facet,
        "which is": wanted.polarity,
        "only": None if wanted.only is None else ONLY[wanted.only],
        "order": ORDERS[wanted.order],
    }
    return filters_of(wanted.scope) | {name: value for name, value in said.items() if value is not None}


def _place(wanted: Wanted) -> Place | None:
    """Where the page in the address begins; another question starts from the beginning again."""
    if st.session_state.get("asked") not in {None, wanted} and "after" in st.query_params:
        del st.query_params["after"]
    st.session_state["asked"] = wanted
    return place_of(st.query_params.get("after", ""))


def _nothing(wanted: Wanted, after: Place | None) -> None:
    if nothing_yet(wanted.scope.brand):
        return
    if after is not None:
        empty("There are no further mentions.", "Go back with your browser, or change a filter above.")
    elif wanted.words:
        empty(
            f"No mention in this selection has “{wanted.words[:80]}”.",
            "Try fewer words, a longer period or all sources. Words must occur as written: “refund” does not find "
            "“refunds”.",
        )
    else:
        empty("No mention matches these filters.", "Remove a filter above, or choose a longer period.")


def _leaf(wanted: Wanted, found: pd.DataFrame, after: Place | None, more: bool) -> None:
    last: dict[str, Any] = {str(name): value for name, value in found.iloc[-1].items()}

    def go(place: str | None) -> None:
        if place is None:
            st.query_params.pop("after", None)
        else:
            st.query_params["after"] = place

    with st.container(horizontal=True):
        if after is not None:
            st.button("First page", icon=":material/first_page:", on_click=go, args=(None,))
        if more:
            place = str(place_after(wanted.order, last))
            st.button("Next page", icon=":material/navigate_next:", on_click=go, args=(place,), shortcut="Alt+N")


# ------------------------------------------------------------------ as cards


def show_mentions(found: pd.DataFrame, *, correcting: bool = True, selecting: bool = False) -> None:
    """Mentions as cards, each with what was read and why, and what the model said where that is not what is held.

    selecting: each can be ticked; what is ticked stands in the session's state under "pick-<id>".
    """
    # One frame a mention, and rows of each, were a third of the page's time.
    aspects: dict[int, list[Any]] = {}
    for one in aspects_of(found).itertuples():
        aspects.setdefault(int(one.mention_id), []).append(one)
    errors = look(mentions.why_unreadable, [int(i) for i in found["id"]])
    machines, rules = _machines(found), look(labels.rules_told)
    for row in found.to_dict("records"):
        number = int(row["id"])
        own = aspects.get(number, [])
        rule = None if pd.isna(row["rule_id"]) else rules.get(int(row["rule_id"]))
        with st.container(border=True, key=f"mention-{number}", gap=None):
            told = {str(name): value for name, value in row.items()}
            put(card(told, own, error=errors.get(number), machine=machines.get(number), rule=rule))
            if correcting and row["sentiment"] is not None:
                with st.container(horizontal=True, vertical_alignment="center"):
                    if selecting:
                        st.checkbox("Select", key=f"pick-{number}")
                    offer_correction(number, row["sentiment"], own, about_us=bool(row["about_us"]))


def _machines(found: pd.DataFrame) -> dict[int, Machine]:
    """What the model said of those of these mentions that rules or people say something else of."""
    changed = found[found["corrected"].fillna(0).astype(bool) | found["rule_id"].notna()]
    ids = [int(i) for i in changed["id"]]
    if not ids:
        return {}
    aspects = look(labels.aspects_read, ids)
    return {
        number: Machine(
            sentiment=sentiment,
            aspects={str(a.aspect): str(a.polarity) for a in aspects[aspects["mention_id"] == number].itertuples()},
        )
        for number, sentiment in look(labels.sentiments_read, ids).items()
    }


def _cards(found: pd.DataFrame, bar: DeltaGenerator) -> None:
    ids = [int(i) for i, sentiment in zip(found["id"], found["sentiment"], strict=True) if sentiment is not None]

    def pick(chosen: bool) -> None:
        for number in ids:
            st.session_state[f"pick-{number}"] = chosen

    picked = [number for number in ids if st.session_state.get(f"pick-{number}")]
    with bar:
        offer_many(picked, partial(pick, False))
        if len(ids) > 1 and not picked:
            words = f"Select these {len(ids)}"
            st.button(words, key="pick-all", icon=":material/select_all:", type="tertiary", on_click=pick, args=(True,))
    show_mentions(found, selecting=True)


# ------------------------------------------------------------------ as a table


def _table(found: pd.DataFrame, bar: DeltaGenerator) -> None:
    turn = st.session_state.setdefault("table-turn", 0)
    # A table remembers places, not mentions: once others stand in its rows, it is another table.
    shown = hash(tuple(int(i) for i in found["id"]))

    def clear() -> None:
        # A table forgets what was selected in it only under another key.
        st.session_state["table-turn"] = turn + 1

    event = st.dataframe(
        rows_of(found),
        key=f"mentions-table-{turn}-{shown}",
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        height=560,
        placeholder="",
        alt="Mentions, one a row; select rows to read them in full and to correct them together",
        column_config={
            "when": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm", width=140),
            "satisfaction": st.column_config.NumberColumn(format="%.1f", width=100),
            "text": st.column_config.TextColumn(width="large"),
            "original": st.column_config.LinkColumn(display_text="original", width="small"),
        },
    )
    chosen: Sequence[int] = event["selection"]["rows"]
    picked = found.iloc[[place for place in chosen if place < len(found)]]
    with bar:
        offer_many([int(row["id"]) for row in picked.to_dict("records") if row["sentiment"] is not None], clear)
    if picked.empty:
        st.caption(
            "Select rows (click, or arrow keys and space) to read them in full here and to correct them together."
        )
    else:
        show_mentions(picked.head(SIZE))


def table_of(ids: tuple[int, ...]) -> pd.DataFrame:
    """Those of these mentions that are still there, with whole texts, in the order given, times in the owner's zone:
    what is held of them, and what the model itself said."""
    parts = [_part_of_table(ids[start : start + CHUNK]) for start in range(0, max(1, len(ids)), CHUNK)]
    return pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]


def _part_of_table(ids: tuple[int, ...]) -> pd.DataFrame:
    frame = look(mentions.ones, list(ids), whole_texts=True)
    told = about_told(look(mentions.aspects, list(ids)), lambda aspect, polarity: f"{aspect}: {polarity}", "; ")
    machine = about_told(look(labels.aspects_read, list(ids)), lambda aspect, polarity: f"{aspect}: {polarity}", "; ")
    sentiments = look(labels.sentiments_read, list(ids))
    zone = session().zone
    frame["created_at"] = [pd.Timestamp(at).tz_convert(zone) for at in frame["created_at"]]
    frame["aspects"] = [told.get(int(i), "") for i in frame["id"]]
    frame["model_sentiment"] = [sentiments.get(int(i)) for i in frame["id"]]
    frame["model_aspects"] = [machine.get(int(i), "") for i in frame["id"]]
    return frame.drop(columns=["length", "voice_id", "head", "validated", "rule_id"])
