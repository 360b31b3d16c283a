"""Reading quality: how often the model is right, measured on a weekly random sample that people check by keystroke."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from html import escape

import pandas as pd
import streamlit as st

from dashboard import accuracy, charts
from dashboard.accuracy import FEWEST, Checked, Group
from dashboard.queries import mentions, quality
from dashboard.shares import Share, change, share
from dashboard.views.download import download
from dashboard.views.mention_card import card, label_of
from dashboard.views.parts import answer, chart, empty, heading, plain, put, reading_progress, sign
from dashboard.views.session import look, now, session
from dashboard.views.tables import Column, table
from dashboard.words import count, language_named, percent
from sentiment.reading import Sentiment
from sentiment.store.checks import SKIP, check, take_back
from sentiment.store.corrections import CannotCorrect
from sentiment.store.samples import Sample, draw, due, next_to_check, sample_of

TITLE = "Reading quality"
ICON = ":material/fact_check:"
NAME_LIMIT = 100
KEYS = {Sentiment.NEGATIVE: "1", Sentiment.NEUTRAL: "2", Sentiment.POSITIVE: "3"}
ASPECT_KEYS = "456789"
SHOWN_WEEKS = 12


def show() -> None:
    """Draw the page."""
    monday = look(due, now(), session().zone)
    if monday is None:
        empty(
            "There is no sample to check yet.",
            "It is drawn when all that waits is read, from 50 mentions on, and then weekly by “groundswell up”.",
        )
        reading_progress()
        return
    found = look(sample_of, monday)
    if found is None:
        with session().store.write() as conn:
            found = draw(conn, monday, now(), session().zone)
    everything = look(quality.checked)
    models = accuracy.by_model(everything)
    model = found.model if found is not None else models[0].name
    ours = [one for one in everything if one.model == model]
    _answer(ours)
    if found is not None:
        _check(found)
    if everything:
        _measured(ours, everything, model)


def _answer(ours: Sequence[Checked]) -> None:
    measured = accuracy.accuracy(ours)
    if measured.whole < FEWEST:
        answer(
            f"{count(measured.whole)} of at least {FEWEST} readings are checked: too few to tell how good they are.",
            "Check those below: one key each, a few minutes in all.",
        )
        return
    answer(
        f"Sentiment is read rightly in {percent(measured.value)} of mentions.",
        f"{_interval(measured)}; measured on {count(measured.whole, 'mention', 'mentions')} drawn at random and "
        "checked by people, never on those that somebody happened to correct.",
    )


def _interval(measured: Share) -> str:
    return f"95 % interval {percent(measured.low)} to {percent(measured.high)}"


# ------------------------------------------------------------------ checking


def _check(found: Sample) -> None:
    how = look(quality.progress, found.monday)
    heading("This week’s sample")
    last = found.monday + timedelta(days=6)
    st.caption(
        f"{count(how.size)} of the {count(found.population, 'mention', 'mentions')} read in the week of "
        f"{_day(found.monday)} to {_day(last)}, drawn at random; the same for everyone."
    )
    done = how.size - how.left
    st.progress(done / how.size if how.size else 1.0, text=_far(how))
    mention_id = look(next_to_check, found.monday)
    if mention_id is None:
        empty(
            "This week’s sample is checked.",
            f"Thank you. The next one is drawn on {_day(found.monday + timedelta(days=14))}.",
            within=True,
        )
        _back(found.monday, _who())
        return
    _question(found.monday, mention_id)


def _far(how: quality.Progress) -> str:
    parts = [f"{count(how.checked)} checked", f"{count(how.left)} to go"]
    if how.skipped:
        parts.append(f"{count(how.skipped)} skipped")
    if how.gone:
        parts.append(f"{count(how.gone)} edited or deleted since")
    return ", ".join(parts)


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def _who() -> str:
    who = (st.session_state.get("corrector") or "").strip()
    if who and not st.session_state.get("renaming"):
        # Once it is given, the field goes: while it had the focus, keys would be typed into it.
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"Checking as {plain(who)}")
            st.button("Change", key="rename", type="tertiary", on_click=_rename)
        return who
    st.text_input("Your name", key="corrector-here", max_chars=NAME_LIMIT, width=260, on_change=_named)
    st.caption("Give your name first, and press Enter: the record says who checked.")
    return ""


def _rename() -> None:
    st.session_state["renaming"] = True


def _named() -> None:
    st.session_state["corrector"] = (st.session_state.get("corrector-here") or "").strip()
    st.session_state["renaming"] = False


def _question(monday: date, mention_id: int) -> None:
    who = _who()
    asked = look(quality.asked, monday, mention_id)
    row = look(mentions.ones, [mention_id]).to_dict("records")[0]
    # As the model read it: what rules or people have made of it since would tell the answer.
    row |= {
        "sentiment": asked.sentiment.value,
        "satisfaction": None,
        "corrected": False,
        "rule_id": None,
        "about_us": True,
    }
    with st.container(border=True, key="question", gap="small"):
        put(card({str(name): value for name, value in row.items()}, list(asked.aspects.itertuples())))
        wrong = _aspects(mention_id, asked.aspects)
        st.caption("Is the sentiment right? Aspects count as right unless you say first what is true of them.")
        with st.container(horizontal=True, key="verdicts"):
            said = _verdict(mention_id, "Right", "Y", asked.sentiment.value, who)
            for sentiment, key in KEYS.items():
                said = _verdict(mention_id, sentiment.value.capitalize(), key, sentiment.value, who) or said
            said = _verdict(mention_id, "Skip", "S", SKIP, who) or said
    if said is not None:
        _record(monday, mention_id, said, wrong, who)
    _back(monday, who)


def _verdict(mention_id: int, words: str, key: str, verdict: str, who: str) -> str | None:
    # Its mention is part of the button: a key that is pressed twice says nothing of the next one, not seen yet.
    pressed = st.button(
        words,
        key=f"verdict-{words.lower()}-{mention_id}",
        shortcut=key,
        disabled=not who,
    )
    return verdict if pressed else None


def _aspects(mention_id: int, aspects: pd.DataFrame) -> dict[str, str | None]:
    """Buttons that say what is true of the aspects that were read wrongly; returns that: polarity or
    None (not about it).

    Each press says the next: not about it, then the other polarities, then right again.
    """
    marked: dict[str, str | None] = st.session_state.setdefault(f"wrong-{mention_id}", {})

    def turn(aspect: str, polarity: str) -> None:
        after = [None, *(sign.value for sign in Sentiment if sign.value != polarity)]
        place = after.index(marked[aspect]) + 1 if aspect in marked else 0
        marked.pop(aspect, None)
        if place < len(after):
            marked[aspect] = after[place]

    if aspects.empty:
        return marked

    with st.container(horizontal=True, key="aspects-of-question"):
        for place, one in enumerate(aspects.itertuples()):
            name = str(one.aspect)
            st.button(
                f"{label_of(name)}, {one.polarity}: {_found(name, marked)}",
                key=f"aspect-{mention_id}-{name}",
                icon=":material/close:" if name in marked else ":material/check:",
                shortcut=ASPECT_KEYS[place] if place < len(ASPECT_KEYS) else None,
                on_click=turn,
                args=(name, str(one.polarity)),
                type="tertiary",
            )
    return marked


def _found(aspect: str, marked: Mapping[str, str | None]) -> str:
    if aspect not in marked:
        return "right"
    return f"wrong, {marked[aspect]}" if marked[aspect] else "wrong, not about it"


def _record(monday: date, mention_id: int, verdict: str, wrong: Mapping[str, str | None], who: str) -> None:
    store = session().store
    try:
        with store.write() as conn:
            check(conn, store, monday, mention_id, verdict=verdict, wrong=wrong, who=who, now=now())
    except CannotCorrect as error:
        st.toast(plain(str(error)), icon=":material/info:")
    st.session_state.pop(f"wrong-{mention_id}", None)
    st.rerun()


def _back(monday: date, who: str) -> None:
    if st.button("Take back my last answer", key="take-back", shortcut="B", type="tertiary", disabled=not who):
        store = session().store
        with store.write() as conn:
            taken = take_back(conn, store, monday, who, now())
        if taken is None:
            st.toast("There is no answer of yours in this sample.", icon=":material/info:")
        else:
            st.rerun()


# ------------------------------------------------------------------ what was measured


def _measured(ours: Sequence[Checked], everything: Sequence[Checked], model: str) -> None:
    heading(_confused(ours))
    put(_confusion(ours))
    _weeks(everything)
    models = [(group.name, group) for group in accuracy.by_model(everything)]
    heading("By model and language")
    put(_groups("Model", "checked", models))
    put(_groups("Language", "checked", [(language_named(group.name), group) for group in accuracy.by_language(ours)]))
    precise = [(label_of(group.name), group) for group in accuracy.aspect_precision(ours)]
    if precise:
        heading("Aspects: how often people agree when the model names one")
        put(_groups("Aspect", "named", precise))
        st.caption("What the model overlooks is not counted here: only what it named was put before you.")
    _card(model)
    download("reading-quality", lambda: as_frame(everything), {})


def _confused(ours: Sequence[Checked]) -> str:
    wrong = {pair: many for pair, many in accuracy.confusion(ours).items() if many and pair[0] is not pair[1]}
    if not wrong:
        return "No sentiment was read wrongly so far" if ours else "Nothing is checked of this model yet"
    (said, true), many = max(wrong.items(), key=lambda item: item[1])
    return f"The commonest mistake: “{said}” where “{true}” is true ({count(many)} of {count(len(ours))})"


def _confusion(ours: Sequence[Checked]) -> str:
    counted = accuracy.confusion(ours)
    columns = [Column(words="The model said"), *(Column(words=f"truly {true}", number=True) for true in Sentiment)]
    rows = []
    for said in Sentiment:
        cells = [
            f"<strong>{count(counted[said, true])}</strong>" if said is true else count(counted[said, true])
            for true in Sentiment
        ]
        rows.append([sign(said.value), *cells])
    return table(columns, rows)


def _weeks(everything: Sequence[Checked]) -> None:
    weeks = accuracy.by_week(everything)[:SHOWN_WEEKS]
    if sum(group.enough for _, group in weeks) < 2:
        heading("Week by week")
        put(_groups("Sample", "checked", [(f"week of {_day(week)}", group) for week, group in weeks]))
        return
    models = {one.monday: one.model for one in everything}
    rows = [
        {
            "week": week,
            "checked": group.share.whole,
            "right": group.share.value,
            "low": group.share.low,
            "high": group.share.high,
            "model": models[week],
        }
        for week, group in reversed(weeks)
        if group.enough
    ]
    frame = pd.DataFrame(rows)
    chart(_drift(everything), charts.accuracy_over_weeks(frame), frame, name="accuracy-by-week", manifest={})


def _drift(everything: Sequence[Checked]) -> str:
    newest, *before = [group.share for _, group in accuracy.by_week(everything) if group.enough]
    usual = share([one.part for one in before], [one.whole for one in before])
    moved = change(newest, usual)
    if moved is None or not moved.sure:
        return "The newest sample is not clearly different from those before"
    return f"The newest sample is {'better' if moved.value > 0 else 'worse'} than those before ({percent(usual.value)})"


def _groups(what: str, of: str, groups: Sequence[tuple[str, Group]]) -> str:
    columns = [
        Column(words=what),
        Column(words=of, number=True),
        Column(words="right", number=True),
        Column(words="95 % interval", number=True, wide=True),
    ]
    rows = []
    for name, group in groups:
        told = group.share.value if group.enough else None
        rows.append(
            [
                escape(name),
                count(group.share.whole),
                percent(told) if told is not None else '<span class="gs-small">too few</span>',
                f"{percent(group.share.low)} to {percent(group.share.high)}" if told is not None else "",
            ]
        )
    return table(columns, rows)


def _card(model: str) -> None:
    told = accuracy.card_accuracy(model)
    if not told:
        return
    heading("What the model’s own card says")
    st.caption("Measured by its makers on texts that it was not trained on; your texts may be easier or harder.")
    rows = [[escape(name), percent(value)] for name, value in told.items()]
    put(table([Column(words="Texts"), Column(words="sentiment right", number=True)], rows))


def as_frame(everything: Sequence[Checked]) -> pd.DataFrame:
    """Every check as a row: week, model, language, what was said and what is true, aspects named and wrong."""
    return pd.DataFrame(
        [
            {
                "week": one.monday,
                "model": one.model,
                "language": one.language,
                "said": one.said.value,
                "true": one.true.value,
                "right": one.right,
                "aspects": "; ".join(one.aspects),
                "aspects wrong": "; ".join(one.wrong),
            }
            for one in everything
        ]
    )
