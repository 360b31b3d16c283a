"""The chart in a mail: what was observed against what is usual, as a Vega-Lite specification and as PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import vl_convert

from dashboard.alerts.alert import Point

WIDTH, HEIGHT = 500, 200
"""Points; drawn at twice the size, so that the picture is sharp on dense screens."""
OBSERVED, USUAL, BAND, MARK, UNREAD = "#b42318", "#475467", "#d0d5dd", "#fef0c7", "#e4e7ec"
_CLOCK = "utchours(datum.value) === 0 ? utcFormat(datum.value, '%a %-d') : utcFormat(datum.value, '%H:%M')"
"""Days by name where they begin, else the time of day on a 24-hour clock."""
FONT = "DejaVu Sans, Helvetica, Arial, sans-serif"
_LABELS = {"labelFont": FONT, "labelFontSize": 13, "labelColor": USUAL}
_AXIS = {
    **_LABELS,
    "titleFont": FONT,
    "titleFontSize": 13,
    "titleFontWeight": "normal",
    "titleColor": USUAL,
    "grid": False,
}
_TIME_AXIS = {"title": None, "tickCount": 7, "labelExpr": _CLOCK}
_LEGEND = {**_LABELS, "orient": "top", "title": None, "symbolType": "stroke", "labelLimit": 300}


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
        for point in _closed(points)
    ]
    time = {"field": "at", "type": "temporal", "scale": {"type": "utc"}, "axis": {**_AXIS, **_TIME_AXIS}}
    scale = {"domain": [words["observed"], words["usual"]], "range": [OBSERVED, USUAL]}
    amount = {"type": "quantitative", "axis": {**_AXIS, "title": words["axis"], "grid": True, "tickMinStep": 1}}

    def line(field: str, **mark: Any) -> dict[str, Any]:
        name = words["observed"] if field == "observed" else words["usual"]
        return {
            "mark": {"type": "line", "interpolate": "step-after", **mark},
            "encoding": {
                "x": time,
                "y": {"field": field, **amount},
                "color": {"datum": name, "scale": scale, "legend": _LEGEND},
            },
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
            _bands(_unread(_closed(points)), UNREAD, zone),
            {
                "mark": {"type": "area", "interpolate": "step-after", "color": BAND, "opacity": 0.6},
                "encoding": {"x": time, "y": {"field": "lower", **amount}, "y2": {"field": "upper"}},
            },
            line("expected", strokeDash=[4, 3], strokeWidth=1.5),
            line("observed", strokeWidth=2, invalid="break-paths-show-domains"),
        ],
    }


def png(spec: Mapping[str, Any], weekdays: Sequence[str], months: Sequence[str]) -> bytes:
    """A specification drawn, with short names of weekdays (Monday first) and months.

    No address outside the specification is ever read. Raises ValueError where it cannot be drawn.
    """
    days = [weekdays[-1], *weekdays[:-1]]
    names = {"days": days, "shortDays": days, "months": list(months), "shortMonths": list(months)}
    locale = {"dateTime": "%x, %X", "date": "%Y-%m-%d", "time": "%H:%M", "periods": ["AM", "PM"], **names}
    drawn: bytes = vl_convert.vegalite_to_png(
        dict(spec), scale=2, allowed_base_urls=[], time_format_locale=locale, show_warnings=False
    )
    return drawn


def _closed(points: Sequence[Point]) -> list[Point]:
    """The points with the last one repeated at its end, for a step is drawn from one point to the next."""
    return [*points, replace(points[-1], at=points[-1].at + (points[-1].at - points[-2].at))]


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
