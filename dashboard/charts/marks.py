"""Spans of time marked across a chart: what was not fully read is hatched, spikes are banded and pointed at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.charts.parts import Spec, wall
from dashboard.theme import GAP, SPIKE

Marked = tuple[datetime, datetime, str]
"""A span, its ends aware, and what it is."""
HATCHES = 160
"""Slanted lines across a whole chart: as near as Vega-Lite comes to a hatched area."""


def gap_layers(gaps: Sequence[Marked], begin: str, end: str, x: Mapping[str, Any], zone: ZoneInfo) -> list[Spec]:
    """Hatching over spans that were not fully read."""
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


def spike_layers(spikes: Sequence[Marked], begin: str, end: str, x: Mapping[str, Any], zone: ZoneInfo) -> list[Spec]:
    """A band and a triangle over each spike."""
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


def _within(spans: Sequence[Marked], begin: str, end: str, zone: ZoneInfo) -> list[dict[str, str]]:
    """The parts of spans that lie within the chart, as wall-clock time."""
    found = []
    for start, stop, what in spans:
        shown_from, shown_to = max(wall(start, zone), begin), min(wall(stop, zone), end)
        if shown_from < shown_to:
            found.append({"start": shown_from, "end": shown_to, "what": what})
    return found
