"""The sample company: five fictional ferry lines, what their travellers say, and the incidents planted among it."""

from __future__ import annotations

from datetime import date
from importlib.resources import files


def configuration(anchor: date | None = None) -> str:
    """The groundswell.toml with which the demo runs.

    anchor: the day that the incidents count back from, the same for every source even where their first runs lie
    days apart; None: each source takes the day of its first run.
    """
    text = (files(__name__) / "groundswell.toml").read_text(encoding="utf-8")
    if anchor is None:
        return text
    return text.replace('kind = "demo"\n', f'kind = "demo"\nanchor = {anchor.isoformat()}\n')
