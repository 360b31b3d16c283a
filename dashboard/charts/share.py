"""A share over time with its interval, beside others, over what was not read and what stood out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from dashboard.charts.marks import Marked, gap_layers, spike_layers
from dashboard.charts.parts import CONFIG, DRAWN, PERCENT, Spec, line_of, moment_told, number, time_axis
from dashboard.steps import Step
from dashboard.theme import NEGATIVE, NEUTRAL, OTHERS

CROWDED = 45
"""More points than this are drawn small."""
FIGURES = [
    {"field": "share", "type": "quantitative", "title": "Dissatisfied", "format": ".1%"},
    {"field": "low", "type": "quantitative", "title": "At least", "format": ".1%"},
    {"field": "high", "type": "quantitative", "title": "At most", "format": ".1%"},
    {"field": "negative", "type": "quantitative", "title": "Dissatisfied voices", "format": ","},
    {"field": "read", "type": "quantitative", "title": "Voices read", "format": ","},
]


def share_over_time(
    steps: pd.DataFrame,
    *,
    zone: ZoneInfo,
    step: Step = Step.DAY,
    name: str = "",
    others: Sequence[tuple[str, pd.DataFrame]] = (),
    gaps: Sequence[Marked] = (),
    spikes: Sequence[Marked] = (),
    before: float | None = None,
    height: int = 260,
) -> Spec:
    """Line of a share with its interval; gaps hatched, spikes banded, an earlier level dashed, others as thin lines.

    steps, others  columns start, end (wall-clock), share, low, high (0 to 1, None where nothing was read), read,
                   negative; others have a line and a name each, and stand on the same axis
    gaps, spikes   spans not fully read, with what is missing; spans with what happened
    """
    lines = [_rows(steps, name), *(_rows(frame, other) for other, frame in others)]
    begin, end = lines[0][0]["start"], lines[0][-1]["end"]
    top = max([float(row["share"] or 0.0) for rows in lines for row in rows] + [before or 0.0, 0.1])
    x = time_axis("middle", step, [begin, end])
    y = {"type": "quantitative", "axis": PERCENT, "scale": {"domain": [0, min(1.0, top * 1.3)], "nice": True}}
    layers: list[Spec] = [
        *gap_layers(gaps, begin, end, x, zone),
        *spike_layers(spikes, begin, end, x, zone),
        {
            "mark": {"type": "area", "opacity": 0.18, "color": NEGATIVE, "clip": True},
            "encoding": {
                "x": x,
                "y": {"field": "low", **y},
                "y2": {"field": "high"},
                "tooltip": [moment_told("start", step), *FIGURES],
            },
        },
        *_other_lines(lines[1:], [name, *(other for other, _ in others)], x, y, step),
        *_line(None, NEGATIVE, x, y, step, small=len(lines[0]) > CROWDED),
    ]
    if others:
        layers[-2]["encoding"] |= line_of(name, [name, *(other for other, _ in others)])
    if before is not None:
        layers.append(
            {
                "data": {"values": [{"before": before}]},
                "mark": {"type": "rule", "strokeDash": [6, 4], "color": NEUTRAL, "strokeWidth": 1.5},
                "encoding": {"y": {"field": "before", **y}},
            }
        )
    return {"data": {"values": lines[0]}, "layer": layers, "height": height, "width": "container", "config": CONFIG}


def left_out(steps: pd.DataFrame, voices: str = "read") -> bool:
    """Whether a figure of these steps is known and yet not drawn, for it is that of too few voices (a column)."""
    return bool(((steps[voices] > 0) & (steps[voices] < DRAWN)).any())


def _rows(steps: pd.DataFrame, name: str) -> list[dict[str, Any]]:
    return [
        {
            "start": row.start.isoformat(),
            "middle": (row.start + (row.end - row.start) / 2).isoformat(timespec="seconds"),
            "end": row.end.isoformat(),
            "name": name,
            **{f: number(getattr(row, f)) if row.read >= DRAWN else None for f in ("share", "low", "high")},
            **{figure: int(getattr(row, figure)) for figure in ("read", "negative")},
        }
        for row in steps.itertuples()
    ]


def _other_lines(
    lines: Sequence[list[dict[str, Any]]],
    names: Sequence[str],
    x: dict[str, Any],
    y: dict[str, Any],
    step: Step,
) -> list[Spec]:
    found: list[Spec] = []
    for rows, (colour, _) in zip(lines, OTHERS, strict=False):
        drawn = _line(rows, colour, x, y, step, small=True, width=1.6)
        drawn[0]["encoding"] |= line_of(rows[0]["name"], names)
        found += drawn
    return found


def _line(
    rows: list[dict[str, Any]] | None,
    colour: str,
    x: dict[str, Any],
    y: dict[str, Any],
    step: Step,
    *,
    small: bool,
    width: float = 2.2,
) -> list[Spec]:
    where = {"x": x, "y": {"field": "share", **y}}
    own: Spec = {} if rows is None else {"data": {"values": rows}}
    whose = [] if rows is None else [{"field": "name", "title": "Whose"}]
    return [
        {**own, "mark": {"type": "line", "color": colour, "strokeWidth": width}, "encoding": dict(where)},
        {
            **own,
            "mark": {"type": "point", "filled": True, "color": colour, "size": 10 if small else 34},
            "encoding": {**where, "tooltip": [*whose, moment_told("start", step), *FIGURES]},
        },
    ]
