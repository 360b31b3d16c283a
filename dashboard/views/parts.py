"""Parts that pages are made of: safe HTML, charts with their table and download, empty states, links and progress."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from html import escape
from importlib import resources
from string import punctuation
from typing import Any, Literal
from urllib.parse import urlencode

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from dashboard import charts
from dashboard.queries import mentions
from dashboard.scope import Scope
from dashboard.theme import SIGNS
from dashboard.views import live
from dashboard.views.download import download
from dashboard.views.session import look

SHARES = {"share", "low", "high", "right", "covered"}
FIGURES = {
    "share": "dissatisfied",
    "low": "95 % from",
    "high": "95 % to",
    "negative": "dissatisfied voices",
    "read": "voices read",
    "unread": "not read yet",
    "covered": "of the day read",
    "at": "hour from",
    "lower": "usually from",
    "upper": "usually to",
    "start": "from",
    "end": "to before",
}
"""Names of columns in the files, and their words on the screen."""


def put(html: str) -> None:
    """Show HTML of our own; whatever came from outside was escaped by `escape` before."""
    st.html(f'<div class="gs">{html}</div>')


def answer(told: str, under: str = "") -> None:
    """The page's finding as its heading, with a line below it."""
    below = f'<p class="gs-sub">{escape(under)}</p>' if under else ""
    put(f'<p class="gs-answer" role="heading" aria-level="1">{escape(told)}</p>{below}')


def heading(told: str) -> None:
    """A heading within the page. Streamlit's own would take names of brands and sources in it for Markdown."""
    put(f"<h2>{escape(told)}</h2>")


def plain(words: str) -> str:
    """Words from outside as Streamlit's messages and captions show them: those read Markdown."""
    return "".join(f"\\{sign}" if sign in punctuation else sign for sign in " ".join(words.split()))


def style() -> None:
    """The stylesheet, once a page."""
    st.html(f"<style>{resources.files('dashboard').joinpath('theme.css').read_text(encoding='utf-8')}</style>")


def address(page: str, query: dict[str, Any]) -> str:
    """A link to another page with its filters, fit for an href."""
    return escape(f"{page}?{urlencode(query, doseq=True)}", quote=True)


def empty(what: str, then: str, *, within: bool = False) -> None:
    """Say that there is nothing, and what to do next. within: a page that has another heading than this."""
    role = "" if within else ' role="heading" aria-level="1"'
    put(f'<div class="gs-card"><p{role}><strong>{escape(what)}</strong></p><p>{escape(then)}</p></div>')


def chart(
    finding: str,
    spec: charts.Spec,
    table: pd.DataFrame,
    *,
    name: str,
    note: str = "",
    manifest: Scope | Mapping[str, Any] | None = None,
) -> None:
    """A chart under the sentence that it shows, with the same figures as a table and as a file.

    manifest: what selected it, for the files; None where nothing did.
    """
    heading(finding)
    width: Literal["stretch", "content"] = "stretch" if spec["width"] == "container" else "content"
    st.vega_lite_chart(spec, alt=f"Chart: {finding}", key=f"chart-{name}", width=width)
    if note:
        st.caption(note)
    with st.container(horizontal=True, vertical_alignment="top", key=f"under-{name}"):
        download(name, table, manifest or {}, spec, finding=finding)
        with st.expander("The figures as a table", icon=":material/table:"):
            st.dataframe(
                in_percent(table),
                placeholder="–",
                hide_index=True,
                key=f"table-{name}",
                alt=f"Table: {finding}",
                column_config={str(column): shown_as(str(column), table[column]) for column in table.columns},
            )


def in_percent(table: pd.DataFrame) -> pd.DataFrame:
    """The same figures with shares of 100, which a column can show with a steady number of digits."""
    return table.assign(**{name: 100 * pd.to_numeric(table[name]) for name in table.columns if name in SHARES})


def shown_as(name: str, values: pd.Series) -> ColumnConfig:
    """How a column of a chart's figures stands on the screen: in words, with units, and times as everywhere else."""
    words = FIGURES.get(name, name)
    first = values.iloc[0] if len(values) else None
    if pd.api.types.is_datetime64_any_dtype(values) or isinstance(first, datetime):
        return st.column_config.DatetimeColumn(words, format="D MMM YYYY, HH:mm")
    if isinstance(first, date):
        return st.column_config.DateColumn(words, format="D MMM YYYY")
    if name in SHARES:
        return st.column_config.NumberColumn(words, format="%.1f %%")
    if pd.api.types.is_numeric_dtype(values):
        whole = bool((values.dropna() % 1 == 0).all())
        return st.column_config.NumberColumn(words, format="localized" if whole else "%.2f")
    return st.column_config.Column(words)


def sign(sentiment: str | None) -> str:
    """A sentiment with its shape, as HTML."""
    if sentiment is None or sentiment not in SIGNS:
        return '<span class="gs-sign">not read yet</span>'
    return f'<span class="gs-sign gs-{sentiment}">{sentiment}</span>'


def reading_progress() -> None:
    """How far reading is, and what is new since the page was drawn; looked at again by itself."""
    live.watch()


def aspects_of(frame: pd.DataFrame) -> pd.DataFrame:
    """The aspects of the mentions of a page."""
    return look(mentions.aspects, [int(i) for i in frame["id"]])
