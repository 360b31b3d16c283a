"""A radar: a few profiles over the dimensions of a lens."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, hypot, pi, sin
from textwrap import wrap
from typing import Any

from dashboard.charts.parts import CONFIG, STROKES, Spec, line_of
from dashboard.theme import GAP, NEGATIVE

WIDTH, HEIGHT = 340, 270
"""Points; fits a phone. Circles must stay round, so it does not stretch."""
RADIUS = 98
"""Points from the middle to the outermost ring: what the names around it leave."""
INK = "#7d8188"
"""A grey that reads on white and on dark alike: Vega-Lite follows no theme in text that is no axis."""
RINGS = (0.25, 0.5, 0.75, 1.0)
NAMED_RINGS = (0.5, 1.0)
"""All four could not be told apart beside each other."""
NAME = (13, 6)
"""Points from the middle of a ring's name to its sides, and to its upper and lower edge."""


def radar(axes: Sequence[str], profiles: Sequence[tuple[str, Sequence[float | None]]]) -> Spec:
    """A closed line for each profile over at least three axes, in their order from the top clockwise.

    profiles: a name with its values, 0 to 1 each (None counts as 0, and its tooltip says nothing was read). The rings
    are quarters of a round figure just above the largest value.
    """
    top = _round_up(max((value or 0.0 for _, values in profiles for value in values), default=0.0))
    names = [name for name, _ in profiles]
    layers: list[Spec] = [_rings(len(axes)), _spokes(len(axes))]
    for (name, values), (colour, _) in reversed(list(zip(profiles, STROKES, strict=False))):
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
                "mark": {"type": "line", "strokeWidth": 2},
                "encoding": {**_PLACE, "order": {"field": "order"}, **line_of(name, names, labelLimit=300, columns=1)},
            },
            {
                "data": {"values": points},
                "mark": {"type": "point", "filled": True, "size": 45, "color": colour},
                "encoding": {**_PLACE, "tooltip": told},
            },
        ]
    shares = [[(value or 0.0) / top for value in values] for _, values in profiles]
    layers += [_ring_names(top, len(axes), clearest_sector(shares, len(axes))), *_axis_names(axes)]
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


def clearest_sector(profiles: Sequence[Sequence[float]], count: int) -> int:
    """The spoke after which the names of the rings, half-way to the next, stand furthest from every line.

    profiles: shares of the outermost ring, 0 to 1, one a spoke.
    """
    lines = [
        (_point(number, count, one[number]), _point(number + 1, count, one[(number + 1) % count]))
        for one in profiles
        for number in range(count)
    ]

    def room(sector: int) -> float:
        names = [_between(sector, count, ring) for ring in NAMED_RINGS]
        return min((_apart(name, *line) for name in names for line in lines), default=0.0)

    return max(range(count), key=room)


def _apart(name: dict[str, float], start: dict[str, float], end: dict[str, float]) -> float:
    """From a name's middle to a line, in halves of the name's width across and of its height up."""
    (x, y), (dx, dy) = (
        (((one["x"] - start["x"]) * RADIUS / NAME[0]), (one["y"] - start["y"]) * RADIUS / NAME[1])
        for one in (name, end)
    )
    along = min(1.0, max(0.0, (x * dx + y * dy) / (dx * dx + dy * dy or 1.0)))
    return hypot(x - along * dx, y - along * dy)


def _between(sector: int, count: int, ring: float) -> dict[str, float]:
    return _point(sector + 0.5, count, ring * cos(pi / count))


def _ring_names(top: float, count: int, sector: int) -> Spec:
    """Half-way between two spokes, where no name of theirs stands."""
    rows = [{**_between(sector, count, ring), "told": f"{100 * ring * top:.0f}\u202f%"} for ring in NAMED_RINGS]
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
