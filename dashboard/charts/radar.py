"""A radar: a few profiles over the dimensions of a lens."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin
from textwrap import wrap
from typing import Any

from dashboard.charts.parts import CONFIG, Spec
from dashboard.theme import GAP, NEGATIVE, OTHERS

SIZE = 320
"""Points; fits a phone. A radar must be square, so it does not stretch."""
EDGE = 1.45
"""How far the square reaches beyond the outermost ring: room for the names around it."""
RINGS = (0.25, 0.5, 0.75, 1.0)


def radar(axes: Sequence[str], profiles: Sequence[tuple[str, Sequence[float | None]]], *, size: int = SIZE) -> Spec:
    """A closed line for each profile over at least three axes, in their order from the top clockwise.

    profiles: a name with its values, 0 to 1 each (None counts as 0, and its tooltip says nothing was read). The rings
    are quarters of a round figure just above the largest value.
    """
    top = _round_up(max((value or 0.0 for _, values in profiles for value in values), default=0.0))
    names = [name for name, _ in profiles]
    strokes = [(NEGATIVE, [1, 0]), *OTHERS]
    scale = {"domain": names, "range": [colour for colour, _ in strokes[: len(names)]]}
    layers: list[Spec] = [_rings(len(axes)), _spokes(len(axes)), _ring_names(top), *_axis_names(axes)]
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
        shade = {"color": {"datum": name, "scale": scale, "legend": {"symbolType": "stroke", "labelLimit": 260}}}
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
    return {"layer": layers, "width": size, "height": size, "config": CONFIG}


_ACROSS = {"type": "quantitative", "scale": {"domain": [-EDGE, EDGE], "nice": False}, "axis": None}
_PLACE: dict[str, Any] = {"x": {"field": "x", **_ACROSS}, "y": {"field": "y", **_ACROSS}}


def _round_up(value: float) -> float:
    """The next of 4, 8, 12, 20, 40 … %: figures whose quarters are whole."""
    return next((step for step in (0.04, 0.08, 0.12, 0.2, 0.28, 0.4, 0.6, 0.8) if value <= step), 1.0)


def _point(number: int, count: int, radius: float) -> dict[str, float]:
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


def _ring_names(top: float) -> Spec:
    rows = [{"x": 0.03, "y": ring, "told": f"{100 * ring * top:.0f}\u202f%"} for ring in RINGS]
    return {
        "data": {"values": rows},
        "mark": {"type": "text", "align": "left", "baseline": "bottom", "fontSize": 10, "color": GAP},
        "encoding": {**_PLACE, "text": {"field": "told"}},
    }


def _axis_names(axes: Sequence[str]) -> list[Spec]:
    """The names around it, each leaning away from the middle."""
    found: list[Spec] = []
    for number, axis in enumerate(axes):
        place = _point(number, len(axes), 1.12)
        lean = "center" if abs(place["x"]) < 0.2 else "left" if place["x"] > 0 else "right"
        found.append(
            {
                "data": {"values": [{**place, "told": wrap(axis, 13) or [""]}]},
                "mark": {"type": "text", "align": lean, "baseline": "middle", "fontSize": 11, "color": GAP},
                "encoding": {**_PLACE, "text": {"field": "told"}},
            }
        )
    return found
