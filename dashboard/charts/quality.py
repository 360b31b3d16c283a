"""How often readings are right, sample by sample."""

from __future__ import annotations

import pandas as pd

from dashboard.charts.parts import CONFIG, PERCENT, Spec, wall_day
from dashboard.theme import ACCENT


def accuracy_over_weeks(weeks: pd.DataFrame, *, height: int = 180) -> Spec:
    """A point with its interval a sample. weeks: week (its Monday), right, low, high (0 to 1), checked, model."""
    rows = [
        {
            "week": wall_day(row.week),
            "right": row.right,
            "low": row.low,
            "high": row.high,
            "checked": int(row.checked),
            "model": str(row.model),
        }
        for row in weeks.itertuples()
    ]
    x = {
        "field": "week",
        "type": "temporal",
        "scale": {"type": "utc", "padding": 24},
        "axis": {"title": None, "grid": False, "format": "%-d %b", "values": [row["week"] for row in rows]},
    }
    y = {"type": "quantitative", "scale": {"domain": [0, 1]}, "axis": PERCENT}
    told = [
        {"field": "week", "type": "temporal", "title": "Week from", "format": "%a %-d %b %Y"},
        {"field": "right", "type": "quantitative", "title": "Right", "format": ".0%"},
        {"field": "low", "type": "quantitative", "title": "95 % from", "format": ".0%"},
        {"field": "high", "type": "quantitative", "title": "to", "format": ".0%"},
        {"field": "checked", "title": "Checked"},
        {"field": "model", "title": "Model"},
    ]
    return {
        "data": {"values": rows},
        "height": height,
        "width": "container",
        "config": CONFIG,
        "encoding": {"x": x, "tooltip": told},
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 2, "color": ACCENT, "opacity": 0.6},
                "encoding": {"y": {"field": "low", **y}, "y2": {"field": "high"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1, "color": ACCENT},
                "encoding": {"y": {"field": "right", **y}},
            },
        ],
    }
