"""The chart in a mail: what was observed against what is usual, as a Vega-Lite specification and as PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time
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
_LABELS = {"labelFont": FONT, "labelFontSize": 16, "labelColor": USUAL}
_AXIS = {
    **_LABELS,
    "titleFont": FONT,
    "titleFontSize": 16,
    "titleFontWeight": "normal",
    "titleColor": USUAL,
    "grid": False,
}
_TIME_AXIS = {"title": None, "tickCount": 5, "labelExpr": _CLOCK}
_LEGEND = {**_LABELS, "orient": "top", "title": None, "symbolType": "stroke", "labelLimit": 300}


def specification(
    points: Sequence[Point],
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
    words: Mapping[str, str],
    *,
    ranges: bool = True,
) -> dict[str, Any]:
    """Observed line over the usual range; [start, end] marked as far as points reach, what was not read greyed.

    ranges   whether the usual range is known, or only what is expected
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
    marked = (max(start, points[0].at), min(end, _closed(points)[-1].at))
    when = {"field": "at", "type": "temporal", "scale": {"type": "utc"}, "axis": {**_AXIS, **_TIME_AXIS}}
    scale = {"domain": [words["observed"], words["usual"]], "range": [OBSERVED, USUAL]}
    amount = {"type": "quantitative", "axis": {**_AXIS, "title": words["axis"], "grid": True, "tickMinStep": 1}}

    def line(field: str, **mark: Any) -> dict[str, Any]:
        name = words["observed"] if field == "observed" else words["usual"]
        return {
            "mark": {"type": "line", "interpolate": "step-after", **mark},
            "encoding": {
                "x": when,
                "y": {"field": field, **amount},
                "color": {"datum": name, "scale": scale, "legend": _LEGEND},
            },
        }

    area = {
        "mark": {"type": "area", "interpolate": "step-after", "color": BAND, "opacity": 0.6},
        "encoding": {"x": when, "y": {"field": "lower", **amount}, "y2": {"field": "upper"}},
    }
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": WIDTH,
        "height": HEIGHT,
        "background": "white",
        "config": {"view": {"stroke": None}, "font": FONT},
        "data": {"values": rows},
        "layer": [
            _bands([marked] if marked[0] < marked[1] else [], MARK, zone),
            _bands(_unread(_closed(points)), UNREAD, zone),
            *([area] if ranges else []),
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


def by_day(points: Sequence[Point], zone: ZoneInfo) -> list[Point]:
    """Hours put together to the calendar days of `zone`; of what was not read neither side counts, and no range."""
    days: dict[datetime, list[Point]] = {}
    for point in points:
        day = datetime.combine(point.at.astimezone(zone).date(), time(), zone)
        days.setdefault(day, []).append(point)
    found = []
    for day, hours in days.items():
        known = [point for point in hours if point.observed is not None]
        found.append(
            Point(
                at=day,
                observed=sum(point.observed or 0 for point in known) if known else None,
                expected=sum(point.expected for point in known),
                lower=0.0,
                upper=0.0,
            )
        )
    return found


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
