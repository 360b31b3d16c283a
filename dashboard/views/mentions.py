"""Mentions: what people said, filtered and searched, a page at a time, with the evidence of each reading marked."""

from __future__ import annotations

from datetime import datetime
from html import escape

import pandas as pd
import streamlit as st

from dashboard.passage import Evidence, link, marked
from dashboard.queries import mentions
from dashboard.queries.mentions import Place, Wanted
from dashboard.scope import Scope
from dashboard.views.correcting import offer_correction
from dashboard.views.filters import choose_scope, facet_names
from dashboard.views.parts import answer, aspects_of, download, empty, put, reading_progress, sign
from dashboard.views.session import ask, look, now, session
from dashboard.words import count, moment
from sentiment.reading import Sentiment
from sentiment.taxonomy import taxonomy

TITLE = "Mentions"
ICON = ":material/forum:"
SIZE = 20
COUNTED = 5_000
"""Matches are counted up to here; "more than 5,000" says as much as an exact figure, and costs nothing."""
UNREAD, CORRECTED = "not read yet", "corrected by people"
SENTIMENTS = ["any", *(s.value for s in Sentiment), UNREAD, CORRECTED]
ANYTHING = "anything"
SORTS = ["newest first", "oldest first"]


def show() -> None:
    """Draw the page."""
    scope = choose_scope()
    wanted = _choose(scope)
    reading_progress()
    after = _place(wanted)
    found = look(mentions.page, wanted, after=after, size=SIZE + 1)
    matching = ask(mentions.how_many, wanted, COUNTED + 1)
    if found.empty:
        _nothing(wanted, after)
        return
    more, found = len(found) > SIZE, found.head(SIZE)
    told = (
        f"More than {count(COUNTED)} mentions match"
        if matching > COUNTED
        else count(matching, "mention matches", "mentions match")
    )
    answer(told)
    show_mentions(found)
    _leaf(found, after, more)
    ids = tuple(int(i) for i in found["id"])
    download(lambda: table_of(ids), "mentions", "Download these as CSV")


def _choose(scope: Scope) -> Wanted:
    facets = facet_names(scope.lens)
    with st.container(horizontal=True, vertical_alignment="bottom", key="mention-filters"):
        words = st.text_input(
            "Search",
            key="q",
            bind="query-params",
            placeholder='refund "two hours" -parking',
            max_chars=200,
            help='Words that must all occur, "exact phrases", and -words that must not.',
            width=240,
        )
        sentiment = st.selectbox("Sentiment", SENTIMENTS, key="sentiment", bind="query-params", width=160)
        about = st.selectbox("About", [ANYTHING, *facets], key="about", bind="query-params", width=200)
        polarity = "any"
        if about != ANYTHING:
            polarity = str(st.selectbox("which is", SENTIMENTS[:4], key="polarity", bind="query-params", width=130))
        order = st.selectbox("Order", SORTS, key="order", bind="query-params", width=150)
    known = {s.value for s in Sentiment}
    return Wanted(
        scope=scope,
        words=(words or "").strip(),
        sentiment=Sentiment(sentiment) if sentiment in known else None,
        unread=sentiment == UNREAD,
        corrected=sentiment == CORRECTED,
        facet=facets.get(str(about)),
        polarity=Sentiment(polarity) if polarity in known else None,
        oldest_first=order == SORTS[1],
    )


def _place(wanted: Wanted) -> Place | None:
    """Where the page in the address begins; another question starts from the beginning again."""
    if st.session_state.get("asked") not in {None, wanted} and "after" in st.query_params:
        del st.query_params["after"]
    st.session_state["asked"] = wanted
    return mentions.place_of(st.query_params.get("after", ""))


def _nothing(wanted: Wanted, after: Place | None) -> None:
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


def _leaf(found: pd.DataFrame, after: Place | None, more: bool) -> None:
    last = found.iloc[-1]

    def go(place: str | None) -> None:
        if place is None:
            st.query_params.pop("after", None)
        else:
            st.query_params["after"] = place

    with st.container(horizontal=True):
        if after is not None:
            st.button("First page", icon=":material/first_page:", on_click=go, args=(None,))
        if more:
            place = Place(created_at=_datetime(last["created_at"]), id=int(last["id"]))
            st.button("Next page", icon=":material/navigate_next:", on_click=go, args=(str(place),), shortcut="Alt+N")


def _datetime(value: pd.Timestamp | datetime) -> datetime:
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value


def show_mentions(found: pd.DataFrame, *, correcting: bool = True) -> None:
    """Mentions as cards, each with what was read and why."""
    aspects = aspects_of(found)
    errors = look(mentions.why_unreadable, [int(i) for i in found["id"]])
    for row in found.to_dict("records"):
        own = aspects[aspects["mention_id"] == row["id"]]
        with st.container(border=True, key=f"mention-{row['id']}", gap=None):
            put(card(row, own, errors.get(int(row["id"]))))
            if correcting and row["sentiment"] is not None:
                offer_correction(int(row["id"]), row["sentiment"], own)


def card(row: dict[str, object], aspects: pd.DataFrame, error: str | None = None) -> str:
    """One mention as HTML; everything from outside escaped."""
    label = {name: aspect.label for name, aspect in taxonomy().aspects.items()}
    evidence = [
        Evidence(
            start=int(a.start), end=int(a.end), polarity=str(a.polarity), label=label.get(str(a.aspect), str(a.aspect))
        )
        for a in aspects.itertuples()
    ]
    text = marked(str(row["text"]), evidence, length=int(str(row["length"])))
    return (
        f'<div class="gs-meta">{" ".join(f"<span>{part}</span>" for part in _meta(row))}</div>'
        f'<div class="gs-text" dir="auto">{text}</div>'
        f'<ul class="gs-tags" aria-label="What was read">{_tags(row, aspects, label, error)}</ul>'
    )


def _meta(row: dict[str, object]) -> list[str]:
    at = row["created_at"]
    assert isinstance(at, datetime)
    parts = [escape(moment(at, session().zone)), escape(str(row["source"])), escape(str(row["kind"]))]
    if _known(row["rating"]):
        parts.append(f"{float(str(row['rating'])):g} of 5 stars")
    named = (row[name] for name in ("author_name", "place", "segment", "language"))
    parts += [f"<bdi>{escape(str(value)[:80])}</bdi>" for value in named if _known(value)]
    if _known(row["reach"]):
        parts.append(f"reach {count(float(str(row['reach'])))}")
    if not row["head"]:
        parts.append("near-copy of an earlier mention")
    if at > now():
        parts.append("<strong>dated in the future</strong>")
    original = link(row["url"] if isinstance(row["url"], str) else None, "original")
    return [*parts, original] if original else parts


def _tags(row: dict[str, object], aspects: pd.DataFrame, label: dict[str, str], error: str | None) -> str:
    if error:
        return f'<li class="gs-tag">could not be read: {escape(error[:160])}</li>'
    tags = [sign(row["sentiment"] if isinstance(row["sentiment"], str) else None)]
    if _known(row["satisfaction"]):
        tags.append(f"satisfaction {float(str(row['satisfaction'])):.1f} of 5")
        tags += [
            f"{escape(label.get(str(a.aspect), str(a.aspect)))} {sign(str(a.polarity))}" for a in aspects.itertuples()
        ]
        if row["intent"] not in {None, "other"}:
            tags.append(escape(str(row["intent"])))
    if row["abstained"] is True or row["abstained"] == 1:
        tags.append("the model was not sure")
    if row["corrected"] is True or row["corrected"] == 1:
        tags.append("corrected by a person")
    return "".join(f'<li class="gs-tag">{tag}</li>' for tag in tags)


def _known(value: object) -> bool:
    return not pd.isna(value) and value != ""


def table_of(ids: tuple[int, ...]) -> pd.DataFrame:
    """These mentions with whole texts and what was read of them, in the order given, times in the owner's zone."""
    frame = look(mentions.ones, list(ids), whole_texts=True).set_index("id").loc[list(ids)].reset_index()
    aspects = look(mentions.aspects, list(ids))
    told = {
        int(str(mention_id)): "; ".join(f"{a.aspect}: {a.polarity}" for a in part.itertuples())
        for mention_id, part in aspects.groupby("mention_id")
    }
    zone = session().zone
    frame["created_at"] = [_datetime(at).astimezone(zone) for at in frame["created_at"]]
    frame["aspects"] = [told.get(int(i), "") for i in frame["id"]]
    return frame.drop(columns=["length", "voice_id", "head", "validated"])
