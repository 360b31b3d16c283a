"""Days, dimensions and sources against the days before: shares with intervals, as tables. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from dashboard.shares import Share, change, share


def share_of(days: pd.DataFrame) -> Share:
    """Dissatisfaction over days: columns negative and read."""
    return share(list(days["negative"]), list(days["read"]))


def changes_by(
    frame: pd.DataFrame, former: pd.DataFrame, key: str, days: pd.DataFrame | None, old: pd.DataFrame | None
) -> pd.DataFrame:
    """Share of negatives of each facet or source now and before, with the change and whether it is sure.

    days, old: the voices read each day (of everything, or None for the group's own) that are the whole.
    """
    rows = []
    for name in sorted(set(frame[key]) | set(former[key])):
        shares = [_group(part[part[key] == name], whole) for part, whole in ((frame, days), (former, old))]
        rows.append((name, *shares, change(*shares)))
    return pd.DataFrame.from_records(rows, columns=[key, "now", "before", "change"])


def _group(part: pd.DataFrame, whole: pd.DataFrame | None) -> Share:
    if whole is None:
        return share(list(part["negative"]), list(part["read"]))
    negatives = part.groupby("day")["negative"].sum()
    return share([int(negatives.get(day, 0)) for day in whole["day"]], list(whole["read"]))


def apart(one: Share, others: Sequence[Share]) -> tuple[list[int], list[int]]:
    """The places of those that `one` is clearly above, and of those that it is clearly below."""
    found = [(place, change(one, other)) for place, other in enumerate(others)]
    sure = [(place, moved.value) for place, moved in found if moved is not None and moved.sure]
    return [place for place, value in sure if value > 0], [place for place, value in sure if value < 0]


def highest_first(found: pd.DataFrame, labels: Sequence[str], order: Sequence[float | None]) -> pd.DataFrame:
    """What `changes_by` found, each row labelled, those with the highest of `order` first; both become columns."""
    return found.assign(label=labels, order=order).sort_values("order", ascending=False, kind="stable")


def flat(found: pd.DataFrame, head: str) -> pd.DataFrame:
    """What `highest_first` gives, as a table of plain numbers: shares and changes from 0 to 1."""
    return pd.DataFrame(
        {
            head: found["label"],
            "dissatisfied voices": [s.part for s in found["now"]],
            "voices read": [s.whole for s in found["now"]],
            "share": [s.value for s in found["now"]],
            "share before": [s.value for s in found["before"]],
            "change": [None if c is None else c.value for c in found["change"]],
            "change at least": [None if c is None else c.low for c in found["change"]],
            "change at most": [None if c is None else c.high for c in found["change"]],
        }
    )
