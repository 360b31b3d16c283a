"""An incident's hours against what was usual."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pandas as pd

from dashboard.charts.parts import CLOCK, CONFIG, Spec, line_of, number, wall
from dashboard.theme import ACCENT


def observed_and_expected(points: pd.DataFrame, *, zone: ZoneInfo, height: int = 240) -> Spec:
    """What an incident's series counted against what was usual.

    points: at (aware), observed (None where not covered), and expected, lower, upper where they are known.
    """
    rows = [
        {
            "at": wall(row.at, zone),
            "observed": number(row.observed),
            "expected": number(getattr(row, "expected", None)),
            "lower": number(getattr(row, "lower", None)),
            "upper": number(getattr(row, "upper", None)),
        }
        for row in points.itertuples()
    ]
    x = {
        "field": "at",
        "type": "temporal",
        "scale": {"type": "utc"},
        "axis": {
            "title": None,
            "grid": False,
            "labelOverlap": True,
            "labelBound": True,
            "tickCount": 6,
            "labelExpr": CLOCK,
        },
    }
    amount = {"type": "quantitative", "axis": {"title": "dissatisfied voices", "tickMinStep": 1, "tickCount": 4}}
    names = ["observed", "expected"]
    tooltip = [
        {"field": "at", "type": "temporal", "title": "Hour", "format": "%a %-d %b, %H:%M"},
        {"field": "observed", "title": "Observed"},
        {"field": "expected", "title": "Expected", "format": ".1f"},
        {"field": "upper", "title": "Upper bound", "format": ".0f"},
    ]
    return {
        "data": {"values": rows},
        "height": height,
        "width": "container",
        "config": CONFIG,
        "layer": [
            {
                "mark": {"type": "area", "opacity": 0.15, "color": ACCENT, "interpolate": "step-after"},
                "encoding": {
                    "x": x,
                    "y": {"field": "lower", **amount},
                    "y2": {"field": "upper"},
                    "tooltip": tooltip,
                },
            },
            {
                "mark": {"type": "line", "interpolate": "step-after"},
                "encoding": {"x": x, "y": {"field": "expected", **amount}, **line_of("expected", names)},
            },
            {
                "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2},
                "encoding": {
                    "x": x,
                    "y": {"field": "observed", **amount},
                    **line_of("observed", names),
                    "tooltip": tooltip,
                },
            },
        ],
    }
