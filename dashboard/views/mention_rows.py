"""Mentions as rows of a table on the screen."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from dashboard.passage import ALLOWED
from dashboard.theme import SIGNS
from dashboard.views.mention_card import label_of
from dashboard.views.parts import aspects_of
from dashboard.views.session import session

SHOWN = 240
"""Characters of a text in a row."""


def rows_of(found: pd.DataFrame) -> pd.DataFrame:
    """Mentions as rows of the table on the screen; times in the owner's zone, texts cut.

    What is read first stands first: a phone shows two columns.
    """
    about = about_told(aspects_of(found), lambda aspect, polarity: f"{label_of(aspect)} {SIGNS[polarity]}", ", ")
    zone = session().zone
    rows = [
        {
            "sentiment": f"{SIGNS[row['sentiment']]} {row['sentiment']}" if row["sentiment"] else "not read yet",
            "text": str(row["text"])[:SHOWN].replace("\n", " "),
            "when": pd.Timestamp(row["created_at"]).tz_convert(zone),
            "satisfaction": row["satisfaction"],
            "about": about.get(int(row["id"]), ""),
            "source": row["source"],
            "reach": row["reach"],
            "corrected": "by a person" if row["corrected"] else "by a rule" if not pd.isna(row["rule_id"]) else "",
            "suspected": row["suspicion_reason"] or "",
            "original": _web(row["url"]),
        }
        for row in found.to_dict("records")
    ]
    frame = pd.DataFrame(rows)
    return frame if frame["suspected"].any() else frame.drop(columns="suspected")


def _web(url: object) -> str | None:
    return url if isinstance(url, str) and url.strip().lower().startswith(tuple(f"{s}://" for s in ALLOWED)) else None


def about_told(aspects: pd.DataFrame, tell: Callable[[str, str], str], between: str) -> dict[int, str]:
    """What each mention is about, as `tell` tells an aspect and its polarity; by the number of the mention."""
    return {
        int(str(mention_id)): between.join(tell(str(a.aspect), str(a.polarity)) for a in part.itertuples())
        for mention_id, part in aspects.groupby("mention_id")
    }
