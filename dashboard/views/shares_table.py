"""Shares side by side: bar, share, change and voices, each row a way to the mentions."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import pandas as pd

from dashboard.shares import Change, Share
from dashboard.views.tables import Column, bar, small, table
from dashboard.words import count, percent, points

_COLUMNS = (
    Column(words="", wide=True),
    Column(words="share", number=True),
    Column(words="95 % interval", number=True, roomy=True),
    Column(words="change, points", number=True),
    Column(words="dissatisfied voices", number=True, wide=True),
)


def sure(found: Change | None) -> bool:
    """Whether a change is known and clear of chance."""
    return found is not None and found.sure


def shares_table(
    head: str, found: pd.DataFrame, links: Sequence[str], *, under: Sequence[str] = (), note: str = ""
) -> str:
    """HTML of rows with label, now, before and change, as `comparison.changes_by` makes them.

    under: a line below each label; note: what the shares are of.
    """
    top = max([s.value or 0.0 for s in [*found["now"], *found["before"]]] + [0.01])
    below = list(under) or [""] * len(found)
    rows = [
        (
            f'<a href="{link}" target="_self">{escape(str(row.label))}</a>{small(line)}',
            bar(row.now.value or 0.0, top, row.before.value),
            percent(row.now.value, 1),
            _interval(row.now),
            _change(row.change),
            count(row.now.part),
        )
        for row, link, line in zip(found.itertuples(), links, below, strict=True)
    ]
    known = [found for found in found["change"] if found is not None]
    notes = [note] if note else []
    notes += ["The line in a bar is the share of the days before."] if known else []
    notes += ["“?”: the change could be chance."] if any(not found.sure for found in known) else []
    legend = f'<p class="gs-small">{escape(" ".join(notes))}</p>' if notes else ""
    return table([Column(words=head), *_COLUMNS], rows) + legend


def _interval(found: Share) -> str:
    return "–" if found.low is None else f"{percent(found.low)} to {percent(found.high)}"


def _change(found: Change | None) -> str:
    if found is None:
        return "–"
    told = points(found.value).replace(" points", "")
    if not found.sure:
        return f'<span class="gs-small" title="could be chance">{told} ?</span>'
    return f"<strong>{'▲' if found.value > 0 else '▼'} {told}</strong>"
