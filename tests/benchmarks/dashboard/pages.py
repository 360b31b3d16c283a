"""Seconds that a page takes, cold and warm, on the store of a configuration: python pages.py groundswell.toml.

Cold is the first look after a start: the process remembers no answer, and the system holds nothing of an SQLite file in
memory, so that every page of it comes from the disk.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path

import streamlit as st
from streamlit.testing.v1 import AppTest

PAGES = ["today", "incidents", "trends", "dimensions", "mentions", "sources"]
AGAIN = 5


def main() -> None:
    """Print one line a page."""
    os.environ["GROUNDSWELL_CONFIG"] = sys.argv[1]
    _timed(AppTest.from_string("import dashboard.app", default_timeout=600))
    print(f"{'page':12} {'cold s':>8} {'warm s':>8}   (cold: nothing in memory; warm: median of {AGAIN})")
    for name in PAGES:
        st.cache_resource.clear()
        _forget(Path(sys.argv[1]).with_name("groundswell.db"))
        app = AppTest.from_string(f"from dashboard.views import {name}\n{name}.show()", default_timeout=600)
        cold = _timed(app)
        warm = statistics.median(_timed(app) for _ in range(AGAIN))
        print(f"{name:12} {cold:8.2f} {warm:8.2f}")


def _forget(file: Path) -> None:
    """Let go of what the system holds of a file in memory; what is not written yet stays."""
    if file.exists():
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _timed(app: AppTest) -> float:
    started = time.perf_counter()
    app.run()
    if app.exception:
        raise SystemExit(app.exception[0].value)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
