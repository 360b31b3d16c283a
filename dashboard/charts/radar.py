"""A radar: a few profiles over the dimensions of a lens."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin
from textwrap import wrap
from typing import Any

from dashboard.charts.parts import CONFIG, Spec
from dashboard.theme import GAP, NEGATIVE, OTHERS

WIDTH, HEIGHT = 340, 270
"""Points; fits a phone. Circles must stay round, so it does not stretch."""
RADIUS = 98
"""Points from the middle to the outermost ring: what the names around it leave."""
INK = "#7d8188"
"""A grey that reads on white and on dark alike: Vega-Lite follows no theme in text that is no axis."""
_LEGEND = {"symbolType": "stroke", "labelLimit": 300, "direction": "vertical"}
RINGS = (0.25, 0.5, 0.75, 1.0)


def radar(axes: Sequence[str], profiles: Sequence[tuple[str, Sequence[float | None]]]) -> Spec:
    """A closed line for each profile over at least three axes, in their order from the top clockwise.

    profiles: a name with its values, 0 to 1 each (None counts as 0, and its tooltip says nothing was read). The rings
    are quarters of a round figure just above the largest value.
    """
    top = _round_up(max((value or 0.0 for _, values in profiles for value in values), default=0.0))
    names = [name for name, _ in profiles]
    strokes = [(NEGATIVE, [1, 0]), *OTHERS]
    scale = {"domain": names, "range": [colour for colour, _ in strokes[: len(names)]]}
    layers: list[Spec] = [_rings(len(axes)), _spokes(len(axes)), _ring_names(top, len(axes)), *_axis_names(axes)]
    for (name, values), (colour, dash) in reversed(list(zip(profiles, strokes, strict=False))):
        points = [
            {
                **_point(number, len(axes), (value or 0.0) / top),
                "order": number,
                "axis": axis,
                "name": name,
                "value": value,
            }
            for number, (axis, value) in enumerate(zip(axes, values, strict=True))
        ]
        closed = [*points, {**points[0], "order": len(points)}]
        shade = {"color": {"datum": name, "scale": scale, "legend": _LEGEND}}
        told = [
            {"field": "axis", "title": "Dimension"},
            {"field": "name", "title": "Whose"},
            {"field": "value", "type": "quantitative", "title": "Dissatisfied", "format": ".1%"},
        ]
        if colour == NEGATIVE:
            layers.append(
                {
                    "data": {"values": closed},
                    "mark": {"type": "line", "filled": True, "color": colour, "opacity": 0.12},
                    "encoding": {**_PLACE, "order": {"field": "order"}},
                }
            )
        layers += [
            {
                "data": {"values": closed},
                "mark": {"type": "line", "strokeWidth": 2, "strokeDash": dash},
                "encoding": {**_PLACE, "order": {"field": "order"}, **shade},
            },
            {
                "data": {"values": points},
                "mark": {"type": "point", "filled": True, "size": 45, "color": colour},
                "encoding": {**_PLACE, "tooltip": told},
            },
        ]
    return {"layer": layers, "width": WIDTH, "height": HEIGHT, "autosize": "pad", "config": CONFIG}


def _across(points: int) -> dict[str, Any]:
    edge = points / 2 / RADIUS
    return {"type": "quantitative", "scale": {"domain": [-edge, edge], "nice": False}, "axis": None}


_PLACE: dict[str, Any] = {"x": {"field": "x", **_across(WIDTH)}, "y": {"field": "y", **_across(HEIGHT)}}


def _round_up(value: float) -> float:
    """The next of 4, 8, 12, 20, 40 … %: figures whose quarters are whole."""
    return next((step for step in (0.04, 0.08, 0.12, 0.2, 0.28, 0.4, 0.6, 0.8) if value <= step), 1.0)


def _point(number: float, count: int, radius: float) -> dict[str, float]:
    angle = 2 * pi * number / count
    return {"x": round(radius * sin(angle), 4), "y": round(radius * cos(angle), 4)}


def _rings(count: int) -> Spec:
    rows = [
        {**_point(number, count, ring), "order": number, "ring": ring} for ring in RINGS for number in range(count + 1)
    ]
    return {
        "data": {"values": rows},
        "mark": {"type": "line", "color": GAP, "opacity": 0.35, "strokeWidth": 1},
        "encoding": {**_PLACE, "order": {"field": "order"}, "detail": {"field": "ring"}},
    }


def _spokes(count: int) -> Spec:
    rows = [{**_point(number, count, 1.0), "zero": 0} for number in range(count)]
    return {
        "data": {"values": rows},
        "mark": {"type": "rule", "color": GAP, "opacity": 0.35},
        "encoding": {**_PLACE, "x2": {"field": "zero"}, "y2": {"field": "zero"}},
    }


def _ring_names(top: float, count: int) -> Spec:
    """Half-way between the first two spokes, where no name and few points stand."""
    at = cos(pi / count)
    rows = [{**_point(0.5, count, ring * at), "told": f"{100 * ring * top:.0f}\u202f%"} for ring in RINGS]
    return {
        "data": {"values": rows},
        "mark": {"type": "text", "align": "center", "baseline": "middle", "fontSize": 10, "color": INK},
        "encoding": {**_PLACE, "text": {"field": "told"}},
    }


def _axis_names(axes: Sequence[str]) -> list[Spec]:
    """The names around it, each leaning away from the middle."""
    found: list[Spec] = []
    for number, axis in enumerate(axes):
        place = _point(number, len(axes), 1.09)
        lean = "center" if abs(place["x"]) < 0.2 else "left" if place["x"] > 0 else "right"
        found.append(
            {
                "data": {"values": [{**place, "told": wrap(axis, 15, break_long_words=False) or [""]}]},
                "mark": {"type": "text", "align": lean, "baseline": "middle", "fontSize": 11, "color": INK},
                "encoding": {**_PLACE, "text": {"field": "told"}},
            }
        )
    return found
