"""Rows against time, as colour: how bad each dimension was, and how much of each day a source was read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pandas as pd

from dashboard.charts.parts import CONFIG, SPACED, Spec, number, time_axis
from dashboard.theme import ACCENT, HEAT

CUT = "(lastindexof(slice(datum.label, 0, 25), ' ') > 7 ? lastindexof(slice(datum.label, 0, 25), ' ') : 24)"
TWO_LINES = (
    f"length(datum.label) > 24 ? [slice(datum.label, 0, {CUT}), "
    f"truncate(trim(slice(datum.label, {CUT})), 24)] : datum.label"
)
"""Names of more than 24 characters on two lines, broken between words where there are any."""
FEW_DAYS = 6
FEW = 8
"""Cells of fewer voices are pale."""


def heat_map(cells: pd.DataFrame, order: Sequence[str], *, unit: str, height: int = 300) -> Spec:
    """Share by row and time. cells: row (label), start (ISO date), end (ISO date), share (0 to 1), negative, read."""
    rows = [
        {
            "row": str(cell.row),
            "start": str(cell.start),
            "end": str(cell.end),
            "value": number(cell.share),
            "negative": int(cell.negative),
            "read": int(cell.read),
        }
        for cell in cells.itertuples()
    ]
    told = [
        {"field": "row", "title": "Dimension"},
        {"field": "start", "type": "temporal", "title": unit, "format": "%a %-d %b %Y"},
        {"field": "value", "type": "quantitative", "title": "Dissatisfied", "format": ".1%"},
        {"field": "negative", "title": "Dissatisfied voices", "format": ","},
        {"field": "read", "title": "Voices read", "format": ","},
    ]
    # A share of three voices may be 100 %: it must not take the colours from all the others.
    shares = zip(cells["share"], cells["read"], strict=True)
    solid = [value for value, read in ((number(share), read) for share, read in shares) if value and read >= FEW]
    scale = {"range": list(HEAT), "domain": [0, max([0.04, *solid])], "clamp": True}
    spec = _map(rows, scale, "share of all voices", told, height=height, order=order)
    spec["encoding"]["opacity"] = {"condition": {"test": f"datum.read < {FEW}", "value": 0.35}, "value": 1}
    return spec


def coverage_calendar(cells: pd.DataFrame, *, height: int) -> Spec:
    """How much of each day a source was read. cells: source, day (date), covered (0 to 1)."""
    rows = [
        {
            "row": str(cell.source),
            "start": cell.day.isoformat(),
            "end": (cell.day + timedelta(days=1)).isoformat(),
            "value": float(cell.covered),
        }
        for cell in cells.itertuples()
    ]
    told = [
        {"field": "row", "title": "Source"},
        {"field": "start", "type": "temporal", "title": "Day", "format": "%a %-d %b %Y"},
        {"field": "value", "type": "quantitative", "title": "Read", "format": ".0%"},
    ]
    scale = {"domain": [0, 1], "range": ["#d9a441", "#cfe3f3", ACCENT]}
    return _map(rows, scale, "of the day read", told, height=height)


def _map(
    rows: list[dict[str, Any]],
    scale: dict[str, Any],
    legend: str,
    told: list[dict[str, str]],
    *,
    height: int,
    order: Sequence[str] | None = None,
) -> Spec:
    x = time_axis("start")
    days = sorted({row["start"] for row in rows})
    if len(days) <= FEW_DAYS:
        # Else there would be several ticks a day, each with the name of the day.
        x["axis"] |= {"values": days}
    return {
        "data": {"values": rows},
        "height": height,
        "width": "container",
        "config": CONFIG,
        "mark": {"type": "rect", "stroke": "#88888855", "strokeWidth": 0.5},
        "encoding": {
            "x": x,
            "x2": {"field": "end"},
            "y": {
                "field": "row",
                "type": "nominal",
                "axis": {
                    "title": None,
                    "grid": False,
                    "labelExpr": TWO_LINES,
                    "labelLimit": 170,
                    "labelOverlap": False,
                },
                **({} if order is None else {"sort": list(order)}),
            },
            "color": {
                "field": "value",
                "type": "quantitative",
                "scale": {"interpolate": "rgb", **scale},
                "legend": {
                    "format": ".0%",
                    "labelExpr": SPACED,
                    "orient": "top",
                    "title": legend,
                    "gradientLength": 160,
                },
            },
            "tooltip": told,
        },
    }
