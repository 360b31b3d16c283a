"""Shares side by side: bar, share, change and voices, each row a way to the mentions."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import pandas as pd

from dashboard.shares import Change
from dashboard.views.tables import Column, bar, small, table
from dashboard.words import count, percent, points

_COLUMNS = (
    Column(words="", wide=True),
    Column(words="share", number=True),
    Column(words="change", number=True),
    Column(words="voices", number=True, wide=True),
)


def sure(found: Change | None) -> bool:
    """Whether a change is known and clear of chance."""
    return found is not None and found.sure


def shares_table(head: str, found: pd.DataFrame, links: Sequence[str], *, under: Sequence[str] = ()) -> str:
    """HTML of rows with label, now, before and change, as `comparison.changes_by` makes them; `under`: a line below."""
    top = max([s.value or 0.0 for s in [*found["now"], *found["before"]]] + [0.01])
    below = list(under) or [""] * len(found)
    rows = [
        (
            f'<a href="{link}" target="_self">{escape(str(row.label))}</a>{small(line)}',
            bar(row.now.value or 0.0, top, row.before.value),
            percent(row.now.value, 1),
            _change(row.change),
            count(row.now.part),
        )
        for row, link, line in zip(found.itertuples(), links, below, strict=True)
    ]
    return table([Column(words=head), *_COLUMNS], rows)


def _change(found: Change | None) -> str:
    if found is None:
        return "–"
    told = points(found.value).replace(" points", "")
    if not found.sure:
        return f'<span class="gs-small" title="could be chance">{told} ?</span>'
    return f"<strong>{'▲' if found.value > 0 else '▼'} {told}</strong>"
