"""The dashboard as it is served: the screens of app.py, and the POST by which mail programs unsubscribe."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import streamlit as st

from collector.store import Store
from dashboard.alerts.one_click import one_click
from dashboard.config import find_config, load_config
from dashboard.views import today  # noqa: F401  # loaded as the server starts, not while somebody waits for a screen
from sentiment.store import open_store


@cache
def _opened() -> tuple[Store, str]:
    config = load_config(find_config(None))
    store = open_store(
        config.store_url, zone=config.zone, salt=config.salt, keep_authors=config.general.keep_author_names
    )
    return store, config.alerts.secret or ""


app = st.App("app.py", routes=[one_click(_opened, lambda: datetime.now(UTC))])
