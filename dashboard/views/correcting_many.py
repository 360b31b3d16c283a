"""Correcting several mentions at once, and undoing what was corrected together; effective at once in every figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from dashboard.queries import labels
from dashboard.views.parts import plain
from dashboard.views.session import look, now, session
from dashboard.words import ago, count
from sentiment.reading import Sentiment
from sentiment.store.corrections import ABOUT_US, CannotCorrect, Change, correct_together, undo_batch
from sentiment.taxonomy import taxonomy

NAME_LIMIT = 100
SAY_SENTIMENT, ADD, REMOVE, NOT_US, US = "sentiment", "add", "remove", "elsewhere", "ours"
WORDS = {
    SAY_SENTIMENT: "The sentiment is …",
    ADD: "They are about …",
    REMOVE: "They are not about …",
    NOT_US: "They are not about us",
    US: "They are about us after all",
}


def offer_many(ids: Sequence[int], clear: Callable[[], None]) -> None:
    """What can be said of the mentions selected (store ids), all together; `clear` unselects them afterwards.

    It opens over the page, so that nothing moves below the hand that selects.
    """
    many = count(len(ids))
    with st.popover(
        f"Correct {many} selected" if ids else "Correct selected",
        # Under another key it closes when nothing is selected any more; else it would stay open, and empty.
        key="many" if ids else "many-none",
        icon=":material/done_all:",
        disabled=not ids,
    ):
        if not ids:
            return
        typed = st.text_input("Your name", key="corrector", max_chars=NAME_LIMIT, persist_state="session")
        what = str(st.selectbox("Say of all", list(WORDS), format_func=WORDS.__getitem__, key="many-what"))
        change, told = _change(what)
        who = (typed or "").strip()
        with st.container(horizontal=True):
            st.button(
                f"Correct {many}",
                key="many-save",
                type="primary",
                disabled=not who,
                on_click=_save,
                args=(tuple(ids), change, told, who, clear),
            )
            st.button("Unselect", key="many-clear", type="tertiary", on_click=clear)
        st.caption(
            "Effective at once in all figures; what the model said is kept beside it, and the whole can be undone."
            if who
            else "Give your name and press Enter: a correction says who made it."
        )


def _change(what: str) -> tuple[Change, str]:
    """What is chosen, and the same in words."""
    states = [s.value for s in Sentiment]
    names = {name: aspect.label for name, aspect in taxonomy().aspects.items()}
    if what == SAY_SENTIMENT:
        said = str(st.selectbox("Sentiment of all", states, key="many-sentiment"))
        return Change(field="sentiment", after=said), f"sentiment {said}"
    if what in {NOT_US, US}:
        return Change(field=ABOUT_US, after="no" if what == NOT_US else "yes"), (
            "not about us" if what == NOT_US else "about us"
        )
    aspect = str(st.selectbox("Aspect", list(names), format_func=names.__getitem__, key="many-aspect"))
    if what == REMOVE:
        return Change(field="aspect", aspect=aspect, after=None), f"not about {names[aspect]}"
    said = str(st.selectbox("which is", states, key="many-polarity"))
    return Change(field="aspect", aspect=aspect, after=said), f"{said} about {names[aspect]}"


def _save(ids: tuple[int, ...], change: Change, told: str, who: str, clear: Callable[[], None]) -> None:
    store = session().store
    with store.write() as conn:
        made = correct_together(conn, store, [(i, change) for i in ids], what=told, who=who, now=now())
    corrected = f"{count(made.changed, 'mention', 'mentions')} corrected; all figures follow."
    parts = [corrected if made.changed else "Nothing was corrected."]
    if made.same:
        parts.append(f"{count(made.same)} said so already.")
    if made.unread:
        parts.append(f"{count(made.unread)} not read yet: left as they are.")
    st.toast(" ".join(parts), icon=":material/check:")
    clear()


def show_batches() -> None:
    """What was lately corrected together, each to be undone as a whole."""
    found = look(labels.batches)
    if not found:
        return
    with st.expander("Corrected together lately", icon=":material/history:"):
        for batch in found:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.text(
                    f"{count(batch.mentions, 'mention', 'mentions')}: {batch.what}, {batch.who}, {ago(batch.at, now())}"
                )
                st.button(
                    "Undo all",
                    key=f"undo-batch-{batch.id}",
                    icon=":material/undo:",
                    type="tertiary",
                    on_click=_undo,
                    args=(batch.id,),
                )


def _undo(batch: int) -> None:
    store = session().store
    try:
        with store.write() as conn:
            undone = undo_batch(conn, store, batch, now())
    except CannotCorrect as error:
        st.toast(plain(str(error)), icon=":material/info:")
        return
    st.toast(f"{count(undone, 'mention is', 'mentions are')} as before; all figures follow.", icon=":material/undo:")
