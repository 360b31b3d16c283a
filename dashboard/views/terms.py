"""Term rules: what a word means here; what a rule would change is shown before it is switched on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from html import escape

import streamlit as st

from dashboard.queries import labels
from dashboard.queries.labels import KeptRule
from dashboard.views.download import download
from dashboard.views.parts import answer, empty, heading, plain, put
from dashboard.views.session import ask, brands, look, now, session
from dashboard.words import ago, count, language_named
from sentiment.reading import Sentiment
from sentiment.store.terms import Preview, preview, settle, switch_off, switch_on, unsettled
from sentiment.taxonomy import taxonomy
from sentiment.terms import TERM_LIMIT, BadRule, TermRule, term_rule, told

TITLE = "Term rules"
ICON = ":material/translate:"
NAME_LIMIT = 100
WHOLE, ABSENT, EVERY = "whole", "absent", ""
PATIENCE = timedelta(seconds=4)
"""How long a page brings mentions in line with a rule; what is left then goes on with the next reading."""


def show() -> None:
    """Draw the page."""
    found = look(labels.rules)
    on = [kept for kept in found if kept.off_at is None]
    _answer(on)
    if look(unsettled):
        _unsettled()
    who = _try()
    if found:
        _list(who, on, [kept for kept in found if kept.off_at is not None])
        download("term-rules", lambda: labels.rules_frame(found), {})


def _answer(on: list[KeptRule]) -> None:
    changed = sum(kept.changed for kept in on)
    if on:
        words = f"{count(len(on), 'term rule is', 'term rules are')} on"
        told_of = f"{words} and {'changes' if len(on) == 1 else 'change'} {count(changed, 'mention', 'mentions')}."
    else:
        told_of = "No term rule is on."
    answer(
        told_of,
        "A rule says what a word means here where the model takes it otherwise: “sick” may be praise. It stands over "
        "the model’s reading and under what people say of a single mention.",
    )


def _unsettled() -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Some mentions do not follow the rules yet; the next reading brings them in line.")
        st.button("Go on now", key="settle", icon=":material/play_arrow:", type="tertiary", on_click=_settle)


def _settle() -> None:
    until = now() + PATIENCE
    for _ in settle(session().store, stop=lambda: now() > until):
        continue


# ------------------------------------------------------------------ trying one


def _try() -> str:
    """Let a rule be tried; returns the name of whoever does."""
    heading("Try a rule")
    typed = st.text_input("Your name", key="corrector", max_chars=NAME_LIMIT, persist_state="session", width=220)
    who = (typed or "").strip()
    made = _rule()
    if made is None:
        return who
    _preview(made, ask(preview, made))
    st.button(
        "Switch it on",
        key="switch-on",
        type="primary",
        icon=":material/toggle_on:",
        disabled=not who,
        on_click=_switch_on,
        args=(made, who),
    )
    if not who:
        st.caption("Give your name above and press Enter to switch it on: a rule says who made it.")
    return who


def _rule() -> TermRule | None:
    aspects = {WHOLE: "the whole mention", **{name: a.label for name, a in taxonomy().aspects.items()}}
    known = [(code, language_named(code)) for code in ask(labels.languages)]
    with st.container(horizontal=True, vertical_alignment="bottom", key="rule"):
        term = st.text_input("Word or expression", key="rule-term", max_chars=TERM_LIMIT, placeholder="sick", width=175)
        about = str(_select("about", "rule-about", aspects, 175))
        after = {s.value: s.value for s in (Sentiment.POSITIVE, Sentiment.NEUTRAL, Sentiment.NEGATIVE)}
        if about != WHOLE:
            after[ABSENT] = "not meant by it"
        said = str(_select("is", "rule-after", after, 150))
        brand = _select("at", "rule-brand", {EVERY: "every brand", **{name: name for name in brands()}}, 165)
        languages = {EVERY: "every language", **dict(sorted(known, key=lambda one: one[1]))}
        language = _select("in", "rule-language", languages, 145)
    if not (term or "").strip():
        st.caption(
            "Whole words, in any case: “sick” is not found in “seasick”. Nothing changes before you switch a rule on."
        )
        return None
    try:
        return term_rule(
            str(term),
            None if said == ABSENT else said,
            aspect=None if about == WHOLE else about,
            brand=brand,
            language=language,
        )
    except BadRule as error:
        empty("This cannot be a rule.", str(error), within=True)
        return None


def _select(label: str, key: str, options: Mapping[str, str], width: int) -> str:
    return str(st.selectbox(label, [*options], format_func=lambda value: options[value], key=key, width=width))


def _preview(made: TermRule, seen: Preview) -> None:
    if not seen.matching:
        empty(
            f"No mention that was read has “{made.term}”"
            + (" in this brand or language." if made.brand or made.language else "."),
            "The rule would only be about what is read from now on. Check how customers write it.",
            within=True,
        )
        return
    changes = ", ".join(
        f"{count(many)} from {before} to {after}"
        for (before, after), many in sorted(seen.changes.items(), key=lambda change: -change[1])
    )
    parts = [
        f"{count(seen.matching, 'mention has', 'mentions have')} it; {count(seen.changed)} would change"
        + (f": {changes}." if changes else ".")
    ]
    if seen.kept:
        parts.append(f"{count(seen.kept)} would stay as a person said.")
    if seen.more:
        parts.append(f"Only the newest {count(seen.looked_at)} with these words were looked at; older ones follow too.")
    put(
        f'<div class="gs-card"><p><strong>{escape(told(made))}</strong></p>'
        f"<p>{escape(' '.join(parts))}</p>{_examples(seen)}</div>"
    )


def _examples(seen: Preview) -> str:
    return "".join(
        f'<blockquote dir="auto">{escape(one.passage)}<br>'
        f'<span class="gs-small" dir="ltr">{escape(one.before)} → {escape(one.after)}</span></blockquote>'
        for one in seen.examples
    )


def _switch_on(made: TermRule, who: str) -> None:
    with session().store.write() as conn:
        switch_on(conn, made, who=who, now=now())
    _settle()
    st.session_state["rule-term"] = ""
    st.toast(f"On: {plain(told(made))}. All figures follow.", icon=":material/check:")


# ------------------------------------------------------------------ those there are


def _list(who: str, on: list[KeptRule], off: list[KeptRule]) -> None:
    if on:
        heading("On")
    for kept in on:
        with st.container(border=True, key=f"rule-{kept.rule.id}", horizontal=True, vertical_alignment="center"):
            put(_told(kept))
            st.button(
                "Switch off",
                key=f"off-{kept.rule.id}",
                icon=":material/toggle_off:",
                type="tertiary",
                disabled=not who,
                help=None if who else "Give your name above first",
                on_click=_switch_off,
                args=(kept, who),
            )
    if off:
        with st.expander(f"Switched off: {len(off)}", icon=":material/history:"):
            for kept in off:
                put(_told(kept))


def _told(kept: KeptRule) -> str:
    where = [f"at {kept.rule.brand}"] if kept.rule.brand else []
    where += [f"in texts read as {language_named(kept.rule.language)}"] if kept.rule.language else []
    said = f"{kept.who}, {ago(kept.at, now())}"
    if kept.off_at is not None:
        said += f"; switched off by {kept.off_by}, {ago(kept.off_at, now())}"
    else:
        said += f"; changes {count(kept.changed, 'mention', 'mentions')}"
    return (
        f"<strong>{escape(told(kept.rule))}</strong> {escape(' '.join(where))}"
        f'<br><span class="gs-small">{escape(said)}</span>'
    )


def _switch_off(kept: KeptRule, who: str) -> None:
    with session().store.write() as conn:
        switch_off(conn, int(kept.rule.id or 0), who=who, now=now())
    _settle()
    st.toast(f"Off: {plain(told(kept.rule))}. What it changed is as before.", icon=":material/undo:")
