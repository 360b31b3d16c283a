"""Correcting a reading from the screen: effective at once in every figure, and undone as easily."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.queries import labels
from dashboard.views.parts import plain
from dashboard.views.session import look, now, session
from dashboard.words import ago
from sentiment.reading import Sentiment
from sentiment.store.corrections import ABOUT_US, CannotCorrect, Change, correct, undo_correction
from sentiment.taxonomy import taxonomy

ABSENT = "not about this"
NAME_LIMIT = 100
NAME_HERE = "corrector-of-one"


def offer_correction(mention_id: int, sentiment: str, aspects: Sequence[Any], *, about_us: bool = True) -> None:
    """A button that opens the corrections of one mention; aspects: as `mention_card.card` takes them."""
    if st.button("Correct", key=f"correct-{mention_id}", icon=":material/edit:", type="tertiary"):
        _dialog(mention_id, sentiment, {str(a.aspect): str(a.polarity) for a in aspects}, about_us)


@st.dialog("What is true of this mention?", width="medium")
def _dialog(mention_id: int, sentiment: str, aspects: dict[str, str], about_us: bool) -> None:
    correction_form(mention_id, sentiment, aspects, about_us=about_us)


def correction_form(mention_id: int, sentiment: str, aspects: dict[str, str], *, about_us: bool = True) -> None:
    """What is held true of a mention (aspects: their polarities), ready to be said otherwise; and what was, to undo."""
    st.caption("What you say replaces the reading in all figures at once. The reading itself is kept beside it.")
    who = _who()
    states = [s.value for s in Sentiment]
    chosen = st.segmented_control("Sentiment", states, default=sentiment, required=True, key=f"sentiment-{mention_id}")
    words = {name: aspect.label for name, aspect in taxonomy().aspects.items()}
    changed: dict[str, str | None] = {}
    for aspect, polarity in aspects.items():
        said = st.segmented_control(
            words.get(aspect, aspect),
            [*states, ABSENT],
            default=polarity,
            required=True,
            key=f"aspect-{mention_id}-{aspect}",
        )
        if said != polarity:
            changed[aspect] = None if said == ABSENT else said
    missing = [name for name in words if name not in aspects]
    added = st.selectbox(
        "Also about",
        missing,
        index=None,
        format_func=words.__getitem__,
        key=f"added-{mention_id}",
        placeholder="nothing else",
    )
    if added:
        changed[added] = st.segmented_control(
            f"{words[added]} is", states, default="negative", required=True, key=f"added-polarity-{mention_id}"
        )
    ours = not st.checkbox(
        "It is not about us",
        value=not about_us,
        key=f"elsewhere-{mention_id}",
        help="It then counts in no figure; you find it again under “Show: not about us”.",
    )
    anything = bool(changed) or chosen != sentiment or ours != about_us
    if st.button("Save", type="primary", disabled=not anything or not who.strip(), key=f"save-{mention_id}"):
        changes = [Change(field="aspect", aspect=aspect, after=polarity) for aspect, polarity in changed.items()]
        if chosen != sentiment:
            changes.insert(0, Change(field="sentiment", after=chosen))
        if ours != about_us:
            changes.append(Change(field=ABOUT_US, after="yes" if ours else "no"))
        _save(mention_id, who.strip(), changes)
    if not who.strip():
        st.caption("Give your name to save: a correction says who made it.")
    _history(mention_id)


def _who() -> str:
    """The name of whoever corrects; the page below may ask for it, too, so that this field is another."""
    st.session_state.setdefault(NAME_HERE, st.session_state.get("corrector") or "")

    def named() -> None:
        st.session_state["corrector"] = st.session_state[NAME_HERE]

    return st.text_input("Your name", key=NAME_HERE, max_chars=NAME_LIMIT, on_change=named) or ""


def _save(mention_id: int, who: str, changes: Sequence[Change]) -> None:
    store, at = session().store, now()
    try:
        with store.write() as conn:
            for one in changes:
                correct(conn, store, mention_id, field=one.field, aspect=one.aspect, after=one.after, who=who, now=at)
    except CannotCorrect as error:
        st.error(plain(str(error)))
        return
    st.toast("Corrected; all figures follow.", icon=":material/check:")
    st.rerun()


def _history(mention_id: int) -> None:
    found = look(labels.corrections, mention_id)
    standing = found[found["undone_at"].isna()]
    for row in standing.itertuples():
        with st.container(horizontal=True, vertical_alignment="center"):
            what = row.aspect or str(row.field).replace("_", " ")
            st.text(f"{what}: {row.before or ABSENT} → {row.after or ABSENT}, {row.who}, {ago(row.at, now())}")
            if st.button("Undo", key=f"undo-{row.id}", icon=":material/undo:", type="tertiary"):
                _undo(int(row.id))


def _undo(number: int) -> None:
    store = session().store
    try:
        with store.write() as conn:
            undo_correction(conn, store, number, now())
    except CannotCorrect as error:
        st.error(plain(str(error)))
        return
    st.rerun()
