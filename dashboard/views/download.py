"""What is on the screen, to take away: a table as workbook, CSV or Parquet, a chart as picture; made when asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.charts import Spec
from dashboard.exports import Kind, Shown
from dashboard.queries import figures
from dashboard.scope import Scope
from dashboard.views.session import ask, now, session

WORDS = {
    Kind.XLSX: "Excel",
    Kind.CSV: "CSV",
    Kind.ZIP: "CSV with its manifest (zip)",
    Kind.PARQUET: "Parquet",
    Kind.PNG: "Picture (PNG)",
    Kind.SVG: "Picture (SVG)",
}
MIME = {
    Kind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Kind.CSV: "text/csv",
    Kind.ZIP: "application/zip",
    Kind.PARQUET: "application/vnd.apache.parquet",
    Kind.PNG: "image/png",
    Kind.SVG: "image/svg+xml",
}


def download(
    name: str,
    table: pd.DataFrame | Callable[[], pd.DataFrame],
    manifest: Scope | Mapping[str, Any],
    chart: Spec | None = None,
    *,
    finding: str = "",
    label: str = "Download",
) -> None:
    """A menu of the files that hold exactly this table, and this chart if there is one.

    name      names the files and must be unique on the page: "dissatisfaction-by-day"
    table     or what makes it; a file is made when it is asked for, not before
    manifest  what selected it: a scope, or filters by the words on the screen
    finding   the sentence above the chart, which becomes the title of the picture
    """
    filters = filters_of(manifest) if isinstance(manifest, Scope) else manifest
    made_at, here = now(), session()

    def content(kind: Kind) -> bytes:
        return Shown(
            name=name,
            table=table() if callable(table) else table,
            chart=chart,
            finding=finding,
            filters=filters,
            made_at=made_at,
            zone=here.zone,
            lens=manifest.lens if isinstance(manifest, Scope) else here.config.general.lens,
            models=ask(figures.models_read),
        ).file(kind)

    # A fragment, and nothing in it until it is opened: a page has many of these, and none may slow it down.
    @st.fragment
    def menu() -> None:
        with st.popover(label, icon=":material/download:", key=f"files-{name}", on_change="rerun") as shown:
            if shown.open:
                for kind in Kind:
                    if chart is not None or not kind.drawn:
                        _button(name, kind, partial(content, kind))

    with st.container(width="content"):
        menu()


def _button(name: str, kind: Kind, content: Callable[[], bytes]) -> None:
    st.download_button(
        WORDS[kind],
        content,
        file_name=f"groundswell-{name}.{kind}",
        mime=MIME[kind],
        key=f"file-{name}-{kind}",
        on_click="ignore",
        type="tertiary",
        width="stretch",
    )


def filters_of(scope: Scope) -> dict[str, Any]:
    """A scope by the words on the screen."""
    return {
        "brand": scope.brand,
        "sources": list(scope.sources) or "all",
        "first day": scope.first.isoformat(),
        "last day": scope.last.isoformat(),
    }
