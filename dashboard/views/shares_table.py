"""Shares side by side as a table that reads on any screen: bar, share, change and voices, each row a way to the mentions."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import pandas as pd

from dashboard.shares import Change
from dashboard.words import count, percent, points


def sure(found: Change | None) -> bool:
    """Whether a change is known and clear of chance."""
    return found is not None and found.sure


def shares_table(head: str, found: pd.DataFrame, links: Sequence[str], *, under: Sequence[str] = ()) -> str:
    """HTML of rows with label, now, before and change (as `comparison.changes_by` makes them); `under`: a line below each."""
    top = max([s.value or 0.0 for s in [*found["now"], *found["before"]]] + [0.01])
    rows = []
    for number, (row, link) in enumerate(zip(found.itertuples(), links, strict=True)):
        value, before = row.now.value or 0.0, row.before.value
        tick = "" if before is None else f'<i style="left:{100 * before / top:.1f}%"></i>'
        below = f'<br><span class="gs-small">{escape(under[number])}</span>' if under else ""
        rows.append(
            f'<tr><th scope="row"><a href="{link}" target="_self">{escape(str(row.label))}</a>{below}</th>'
            f'<td class="wide"><div class="gs-bar"><span style="width:{100 * value / top:.1f}%"></span>{tick}</div></td>'
            f'<td class="number">{percent(row.now.value, 1)}</td><td class="number">{_change(row.change)}</td>'
            f'<td class="number wide">{count(row.now.part)}</td></tr>'
        )
    return (
        f'<div class="gs-scroll"><table><thead><tr><th scope="col">{escape(head)}</th>'
        '<td class="wide"></td><th scope="col" class="number">share</th>'
        '<th scope="col" class="number">change</th><th scope="col" class="number wide">voices</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _change(found: Change | None) -> str:
    if found is None:
        return "–"
    told = points(found.value).replace(" points", "")
    if not found.sure:
        return f'<span class="gs-small" title="could be chance">{told} ?</span>'
    return f"<strong>{'▲' if found.value > 0 else '▼'} {told}</strong>"
