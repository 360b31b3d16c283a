"""The chart in a mail: what was observed against what is usual, as a Vega-Lite specification and as PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import vl_convert

from dashboard.alerts.alert import Point

WIDTH, HEIGHT = 500, 200
"""Points; drawn at twice the size, so that the picture is sharp on dense screens."""
OBSERVED, USUAL, BAND, MARK, UNREAD = "#b42318", "#475467", "#d0d5dd", "#fef0c7", "#e4e7ec"
FONT = "DejaVu Sans, Helvetica, Arial, sans-serif"


def specification(
    points: Sequence[Point], start: datetime, end: datetime, zone: ZoneInfo, words: Mapping[str, str]
) -> dict[str, Any]:
    """Observed line over the usual range; [start, end] marked, hours that were not read greyed.

    Times are drawn as wall-clock time of `zone`.
    """
    rows = [
        {
            "at": _wall(point.at, zone),
            "observed": point.observed,
            "expected": point.expected,
            "lower": point.lower,
            "upper": point.upper,
        }
        for point in points
    ]
    axis = {
        "labelFont": FONT,
        "labelFontSize": 13,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "titleFont": FONT,
        "labelColor": USUAL,
        "titleColor": USUAL,
        "grid": False,
    }
    time = {
        "field": "at",
        "type": "temporal",
        "scale": {"type": "utc"},
        "axis": {**axis, "title": None, "tickCount": 7},
    }
    series = {
        "scale": {"domain": [words["observed"], words["usual"]], "range": [OBSERVED, USUAL]},
        "legend": {
            "orient": "top",
            "title": None,
            "labelFont": FONT,
            "labelFontSize": 13,
            "labelColor": USUAL,
            "symbolType": "stroke",
        },
    }
    amount = {"type": "quantitative", "axis": {**axis, "title": words["axis"], "grid": True, "tickMinStep": 1}}

    def line(field: str, **mark: Any) -> dict[str, Any]:
        name = words["observed"] if field == "observed" else words["usual"]
        return {
            "mark": {"type": "line", "interpolate": "step-after", **mark},
            "encoding": {"x": time, "y": {"field": field, **amount}, "color": {"datum": name, **series}},
        }

    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": WIDTH,
        "height": HEIGHT,
        "background": "white",
        "config": {"view": {"stroke": None}, "font": FONT},
        "data": {"values": rows},
        "layer": [
            _bands([(start, end)], MARK, zone),
            _bands(_unread(points), UNREAD, zone),
            {
                "mark": {"type": "area", "interpolate": "step-after", "color": BAND, "opacity": 0.6},
                "encoding": {"x": time, "y": {"field": "lower", **amount}, "y2": {"field": "upper"}},
            },
            line("expected", strokeDash=[4, 3], strokeWidth=1.5),
            line("observed", strokeWidth=2, invalid="break-paths-show-domains"),
        ],
    }


def png(spec: Mapping[str, Any]) -> bytes:
    """A specification drawn; no address outside it is ever read. Raises ValueError where it cannot be drawn."""
    drawn: bytes = vl_convert.vegalite_to_png(dict(spec), scale=2, allowed_base_urls=[])
    return drawn


def _wall(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).replace(tzinfo=None).isoformat() + "Z"


def _unread(points: Sequence[Point]) -> list[tuple[datetime, datetime]]:
    return [(one.at, following.at) for one, following in pairwise(points) if one.observed is None]


def _bands(spans: Sequence[tuple[datetime, datetime]], colour: str, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "data": {"values": [{"start": _wall(start, zone), "end": _wall(end, zone)} for start, end in spans]},
        "mark": {"type": "rect", "color": colour},
        "encoding": {"x": {"field": "start", "type": "temporal", "scale": {"type": "utc"}}, "x2": {"field": "end"}},
    }
