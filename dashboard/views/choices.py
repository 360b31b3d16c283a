"""A choice whose value stands in the address: a stable word for machines there, its words on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import streamlit as st

_NOTHING = object()


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
    if st.session_state[key] not in options:
        st.session_state[key] = default
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


def _value(given: str | None, options: Mapping[str, str], default: str) -> str:
    if given is None:
        return default
    if given in options:
        return given
    return next((value for value, words in options.items() if words == given), default)
