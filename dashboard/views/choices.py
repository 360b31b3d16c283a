"""Choices whose values stand in the address: a stable word for machines there, its words on the screen.

Streamlit can bind a widget to the address itself, but then forgets its value when the reader goes to another page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal

import streamlit as st

_NOTHING = object()
EARLIEST = date(1990, 1, 1)
"""Days before it are taken for it: what stands in an address may be anything, and time has an end there."""


def choose(
    label: str,
    key: str,
    options: Mapping[str, str],
    *,
    default: str | None = None,
    width: int | Literal["stretch"] = "stretch",
    tabs: bool = False,
) -> str:
    """Show a choice and return the value chosen; `options` are values with their words.

    default: None stands for the first. The address names the value, or nothing for the default, so that a link keeps
    its meaning when words change; one that names the words instead is understood too. tabs: as segments beside each
    other, as wide as they are.
    """
    default = next(iter(options)) if default is None else default
    given = st.query_params.get(key)
    if given != st.session_state.get(f"{key}-in-address", _NOTHING) or key not in st.session_state:
        # The page was opened, or a link or the back button changed the address: it decides, not what was chosen before.
        st.session_state[key] = _value(given, options, default)
    kept = st.session_state[key]
    # Said again each time: a value left from another page is otherwise dropped for the first option.
    st.session_state[key] = kept if kept in options else default
    if tabs:
        picked = st.segmented_control(
            label, [*options], format_func=lambda value: options[value], key=key, label_visibility="collapsed"
        )
        chosen = str(picked or default)
    else:
        chosen = str(st.selectbox(label, [*options], format_func=lambda value: options[value], key=key, width=width))
    if chosen != _value(given, options, default):
        if chosen == default:
            st.query_params.pop(key, None)
        else:
            st.query_params[key] = chosen
    st.session_state[f"{key}-in-address"] = st.query_params.get(key)
    return chosen


def choose_many(
    label: str,
    key: str,
    options: Sequence[str],
    *,
    default: Sequence[str] = (),
    placeholder: str,
    most: int | None = None,
    width: int = 220,
) -> list[str]:
    """Show a choice of several and return them in the order chosen; the address names each, or one empty for none."""
    given = st.query_params.get_all(key) if key in st.query_params else None
    if given != st.session_state.get(f"{key}-in-address", _NOTHING) or key not in st.session_state:
        st.session_state[key] = _values(given, options, default)[:most]
    else:
        st.session_state[key] = [value for value in st.session_state[key] if value in options]
    chosen = st.multiselect(label, options, key=key, placeholder=placeholder, max_selections=most, width=width)
    if chosen != _values(given, options, default):
        if chosen == [*default]:
            st.query_params.pop(key, None)
        else:
            st.query_params[key] = chosen or [""]
    st.session_state[f"{key}-in-address"] = st.query_params.get_all(key) if key in st.query_params else None
    return chosen


def choose_dates(label: str, key: str, default: tuple[date, date], *, latest: date, width: int) -> tuple[date, date]:
    """Show a choice of first and last day and return them; the address names both."""
    given = st.query_params.get_all(key)
    if given != st.session_state.get(f"{key}-in-address", _NOTHING) or key not in st.session_state:
        st.session_state[key] = _dates(given, default, latest)
    else:
        st.session_state[key] = st.session_state[key]
    # Two days in the session make it a choice of a span, which its type does not say.
    picked: object = st.date_input(label, min_value=EARLIEST, max_value=latest, key=key, width=width)
    days: tuple[date, ...] = picked if isinstance(picked, tuple) else ()
    if len(days) != 2:
        # The reader has chosen the first day and not yet the last.
        return (days[0], days[0]) if days else default
    first, last = days
    if (first, last) != _dates(given, default, latest):
        st.query_params[key] = [first.isoformat(), last.isoformat()]
    st.session_state[f"{key}-in-address"] = st.query_params.get_all(key)
    return first, last


def _values(given: Sequence[str] | None, options: Sequence[str], default: Sequence[str]) -> list[str]:
    return [value for value in (default if given is None else dict.fromkeys(given)) if value in options]


def _dates(given: Sequence[str], default: tuple[date, date], latest: date) -> tuple[date, date]:
    try:
        first, last = sorted(min(max(date.fromisoformat(day), EARLIEST), latest) for day in (given[0], given[-1]))
    except (ValueError, IndexError):
        return default
    return first, last


def _value(given: str | None, options: Mapping[str, str], default: str) -> str:
    if given is None:
        return default
    if given in options:
        return given
    return next((value for value, words in options.items() if words == given), default)
