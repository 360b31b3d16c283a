"""DataFrames as charts: Vega-Lite specifications that work on light and dark screens and at any width.

Times are given as wall-clock time of the reader's zone and drawn on a UTC axis, so that no browser moves them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from dashboard.theme import ACCENT, GAP, HEAT, NEGATIVE, NEUTRAL, POSITIVE, SPIKE

Spec = dict[str, Any]
HATCHES = 160
"""Slanted lines across a whole chart: as near as Vega-Lite comes to a hatched area."""
_CONFIG = {"view": {"stroke": None}, "axis": {"gridOpacity": 0.5}, "legend": {"orient": "top", "title": None}}
_HOURS = "utchours(datum.value) ? utcFormat(datum.value, '%H:%M') : utcFormat(datum.value, '%a %-d %b')"
_PERCENT = {"format": ".0%", "tickCount": 4, "title": None}


def share_over_time(
    days: pd.DataFrame,
    *,
    gaps: Sequence[tuple[datetime, datetime, str]] = (),
    spikes: Sequence[tuple[datetime, datetime, str]] = (),
    before: float | None = None,
    zone: ZoneInfo,
    height: int = 260,
) -> Spec:
    """Line of a daily share with its interval; gaps hatched, spikes as bands with a marker, the earlier level dashed.

    days    columns day (date), share, low, high (0 to 1, None where nothing was read), read, negative
    gaps    spans not fully read, with what is missing; spikes: spans with what happened
    """
    rows = [
        {
            "day": row.day.isoformat(),
            "share": _number(row.share),
            "low": _number(row.low),
            "high": _number(row.high),
            "read": int(row.read),
            "negative": int(row.negative),
        }
        for row in days.itertuples()
    ]
    first, last = days["day"].iloc[0], days["day"].iloc[-1]
    begin, end = _wall_day(first), _wall_day(last + timedelta(days=1))
    top = max([float(row["share"] or 0.0) for row in rows] + [before or 0.0, 0.1])
    x = {
        "field": "day",
        "type": "temporal",
        "scale": {"type": "utc", "domain": [begin, end]},
        "axis": {"title": None, "grid": False, "labelOverlap": True, "tickCount": 6, "format": "%-d %b"},
    }
    y = {"type": "quantitative", "axis": _PERCENT, "scale": {"domain": [0, min(1.0, top * 1.3)], "nice": True}}
    tooltip = [
        {"field": "day", "type": "temporal", "title": "Day", "format": "%a %-d %b %Y"},
        {"field": "share", "type": "quantitative", "title": "Dissatisfied", "format": ".1%"},
        {"field": "low", "type": "quantitative", "title": "At least", "format": ".1%"},
        {"field": "high", "type": "quantitative", "title": "At most", "format": ".1%"},
        {"field": "negative", "type": "quantitative", "title": "Dissatisfied voices", "format": ","},
        {"field": "read", "type": "quantitative", "title": "Voices read", "format": ","},
    ]
    layers = [
        *_gap_layers(gaps, begin, end, x, zone),
        *_spike_layers(spikes, begin, end, x, zone),
        {
            "mark": {"type": "area", "opacity": 0.18, "color": NEGATIVE, "clip": True},
            "encoding": {"x": x, "y": {"field": "low", **y}, "y2": {"field": "high"}},
        },
        {
            "mark": {"type": "line", "color": NEGATIVE, "strokeWidth": 2.2},
            "encoding": {"x": x, "y": {"field": "share", **y}},
        },
        {
            "mark": {"type": "point", "filled": True, "color": NEGATIVE, "size": 34 if len(rows) <= 45 else 10},
            "encoding": {"x": x, "y": {"field": "share", **y}, "tooltip": tooltip},
        },
    ]
    if before is not None:
        layers.append(
            {
                "data": {"values": [{"before": before}]},
                "mark": {"type": "rule", "strokeDash": [6, 4], "color": NEUTRAL, "strokeWidth": 1.5},
                "encoding": {"y": {"field": "before", **y}},
            }
        )
    return {"data": {"values": rows}, "layer": layers, "height": height, "width": "container", "config": _CONFIG}


def _gap_layers(
    gaps: Sequence[tuple[datetime, datetime, str]], begin: str, end: str, x: Mapping[str, Any], zone: ZoneInfo
) -> list[Spec]:
    spans = _within(gaps, begin, end, zone)
    if not spans:
        return []
    whole = datetime.fromisoformat(end) - datetime.fromisoformat(begin)
    step = whole / HATCHES
    lines = []
    for span in spans:
        at, stop = datetime.fromisoformat(span["start"]), datetime.fromisoformat(span["end"])
        while at < stop:
            lines.append({"start": at.isoformat(), "end": min(at + 2 * step, stop).isoformat(), "what": span["what"]})
            at += step
    shared = {"x": {**x, "field": "start"}, "x2": {"field": "end"}}
    tooltip = [{"field": "what", "title": "Not fully read"}]
    return [
        {
            "data": {"values": spans},
            "mark": {"type": "rect", "color": GAP, "opacity": 0.1},
            "encoding": {**shared, "tooltip": tooltip},
        },
        {
            "data": {"values": lines},
            "mark": {"type": "rule", "color": GAP, "opacity": 0.45, "strokeWidth": 1},
            "encoding": {**shared, "y": {"value": "height"}, "y2": {"value": 0}, "tooltip": tooltip},
        },
    ]


def _spike_layers(
    spikes: Sequence[tuple[datetime, datetime, str]], begin: str, end: str, x: Mapping[str, Any], zone: ZoneInfo
) -> list[Spec]:
    spans = _within(spikes, begin, end, zone)
    if not spans:
        return []
    start = {**x, "field": "start"}
    tooltip = [{"field": "what", "title": "Spike"}]
    return [
        {
            "data": {"values": spans},
            "mark": {"type": "rect", "color": SPIKE, "opacity": 0.16},
            "encoding": {"x": start, "x2": {"field": "end"}, "tooltip": tooltip},
        },
        {
            "data": {"values": spans},
            "mark": {"type": "point", "shape": "triangle-down", "filled": True, "color": SPIKE, "size": 110},
            "encoding": {"x": start, "y": {"value": 6}, "tooltip": tooltip},
        },
    ]


def voices_over_time(days: pd.DataFrame, *, height: int = 180) -> Spec:
    """Stacked daily voices by sentiment. days: day (date), negative, neutral, positive, unread."""
    kinds = ("negative", "neutral", "positive", "unread")
    rows = [
        {"day": row.day.isoformat(), "kind": kind, "voices": int(getattr(row, kind)), "order": order}
        for row in days.itertuples()
        for order, kind in enumerate(kinds)
        if getattr(row, kind) or kind != "unread"
    ]
    return {
        "data": {"values": rows},
        "height": height,
        "width": "container",
        "config": _CONFIG,
        "mark": {"type": "bar"},
        "encoding": {
            "x": {
                "field": "day",
                "type": "temporal",
                "timeUnit": "utcyearmonthdate",
                "axis": {"title": None, "grid": False, "labelOverlap": True, "tickCount": 6, "format": "%-d %b"},
            },
            "y": {"field": "voices", "type": "quantitative", "axis": {"title": "voices a day", "tickCount": 4}},
            "color": {
                "field": "kind",
                "type": "nominal",
                "scale": {"domain": list(kinds), "range": [NEGATIVE, "#b9bec6", POSITIVE, "#e3d9a6"]},
            },
            "order": {"field": "order"},
            "tooltip": [
                {"field": "day", "type": "temporal", "title": "Day", "format": "%a %-d %b %Y"},
                {"field": "kind", "title": "Sentiment"},
                {"field": "voices", "title": "Voices", "format": ","},
            ],
        },
    }


def heat_map(cells: pd.DataFrame, order: Sequence[str], *, unit: str, height: int = 300) -> Spec:
    """Share by row and time. cells: row (label), start (ISO date), end (ISO date), share (0 to 1), negative, read."""
    rows = [
        {
            "row": str(cell.row),
            "start": str(cell.start),
            "end": str(cell.end),
            "share": _number(cell.share),
            "negative": int(cell.negative),
            "read": int(cell.read),
        }
        for cell in cells.itertuples()
    ]
    return {
        "data": {"values": rows},
        "height": height,
        "width": "container",
        "config": _CONFIG,
        "mark": {"type": "rect", "stroke": "#88888844", "strokeWidth": 0.5},
        "encoding": {
            "x": {
                "field": "start",
                "type": "temporal",
                "scale": {"type": "utc"},
                "axis": {"title": None, "grid": False, "labelOverlap": True, "tickCount": 6, "format": "%-d %b"},
            },
            "x2": {"field": "end"},
            "y": {
                "field": "row",
                "type": "nominal",
                "sort": list(order),
                "axis": {"title": None, "labelLimit": 150, "grid": False},
            },
            "color": {
                "field": "share",
                "type": "quantitative",
                "scale": {"range": list(HEAT), "domainMin": 0, "interpolate": "rgb"},
                "legend": {"format": ".0%", "orient": "top", "title": "share of all voices", "gradientLength": 160},
            },
            "tooltip": [
                {"field": "row", "title": "Dimension"},
                {"field": "start", "type": "temporal", "title": unit, "format": "%a %-d %b %Y"},
                {"field": "share", "type": "quantitative", "title": "Dissatisfied", "format": ".1%"},
                {"field": "negative", "title": "Dissatisfied voices", "format": ","},
                {"field": "read", "title": "Voices read", "format": ","},
            ],
        },
    }


def observed_and_expected(points: pd.DataFrame, *, zone: ZoneInfo, height: int = 240) -> Spec:
    """What an incident's series counted against what was usual.

    points: at (aware), observed (None where not covered), and expected, lower, upper where they are known.
    """
    rows = [
        {
            "at": _wall(row.at, zone),
            "observed": _number(row.observed),
            "expected": _number(getattr(row, "expected", None)),
            "lower": _number(getattr(row, "lower", None)),
            "upper": _number(getattr(row, "upper", None)),
        }
        for row in points.itertuples()
    ]
    x = {
        "field": "at",
        "type": "temporal",
        "scale": {"type": "utc"},
        "axis": {"title": None, "grid": False, "labelOverlap": True, "tickCount": 6, "labelExpr": _HOURS},
    }
    amount = {"type": "quantitative", "axis": {"title": "dissatisfied voices", "tickMinStep": 1, "tickCount": 4}}
    names = {"scale": {"domain": ["observed", "expected"], "range": [NEGATIVE, ACCENT]}}
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
        "config": _CONFIG,
        "layer": [
            {
                "mark": {"type": "area", "opacity": 0.15, "color": ACCENT, "interpolate": "step-after"},
                "encoding": {"x": x, "y": {"field": "lower", **amount}, "y2": {"field": "upper"}},
            },
            {
                "mark": {"type": "line", "interpolate": "step-after", "strokeDash": [5, 4]},
                "encoding": {"x": x, "y": {"field": "expected", **amount}, "color": {"datum": "expected", **names}},
            },
            {
                "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2},
                "encoding": {
                    "x": x,
                    "y": {"field": "observed", **amount},
                    "color": {"datum": "observed", **names},
                    "tooltip": tooltip,
                },
            },
        ],
    }


def coverage_calendar(cells: pd.DataFrame, *, height: int) -> Spec:
    """How much of each day a source was read. cells: source, day (date), covered (0 to 1)."""
    rows = [
        {
            "source": str(cell.source),
            "day": cell.day.isoformat(),
            "end": (cell.day + timedelta(days=1)).isoformat(),
            "covered": float(cell.covered),
        }
        for cell in cells.itertuples()
    ]
    return {
        "data": {"values": rows},
        "height": height,
        "width": "container",
        "config": _CONFIG,
        "mark": {"type": "rect", "stroke": "#88888855", "strokeWidth": 0.5},
        "encoding": {
            "x": {
                "field": "day",
                "type": "temporal",
                "scale": {"type": "utc"},
                "axis": {"title": None, "grid": False, "labelOverlap": True, "tickCount": 6, "format": "%-d %b"},
            },
            "x2": {"field": "end"},
            "y": {"field": "source", "type": "nominal", "axis": {"title": None, "labelLimit": 130, "grid": False}},
            "color": {
                "field": "covered",
                "type": "quantitative",
                "scale": {"domain": [0, 1], "range": ["#d9a441", "#cfe3f3", ACCENT], "interpolate": "rgb"},
                "legend": {"format": ".0%", "orient": "top", "title": "of the day read", "gradientLength": 160},
            },
            "tooltip": [
                {"field": "source", "title": "Source"},
                {"field": "day", "type": "temporal", "title": "Day", "format": "%a %-d %b %Y"},
                {"field": "covered", "type": "quantitative", "title": "Read", "format": ".0%"},
            ],
        },
    }


def _within(
    spans: Sequence[tuple[datetime, datetime, str]], begin: str, end: str, zone: ZoneInfo
) -> list[dict[str, str]]:
    """The parts of spans that lie within the chart, as wall-clock time."""
    found = []
    for start, stop, what in spans:
        shown_from, shown_to = max(_wall(start, zone), begin), min(_wall(stop, zone), end)
        if shown_from < shown_to:
            found.append({"start": shown_from, "end": shown_to, "what": what})
    return found


def _wall(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).replace(tzinfo=None).isoformat(timespec="seconds")


def _wall_day(day: date) -> str:
    return datetime(day.year, day.month, day.day).isoformat(timespec="seconds")  # noqa: DTZ001  # wall-clock time


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
