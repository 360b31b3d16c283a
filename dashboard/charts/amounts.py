"""How much was said and how satisfied it sounds, over time."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pandas as pd

from dashboard.charts.marks import Marked, gap_layers
from dashboard.charts.parts import CONFIG, DRAWN, STROKES, Spec, line_of, moment_told, number, time_axis
from dashboard.steps import Step
from dashboard.theme import NEGATIVE, POSITIVE

KINDS = {"negative": NEGATIVE, "neutral": "#b9bec6", "positive": POSITIVE, "not read yet": "#e3d9a6"}


def voices_over_time(
    steps: pd.DataFrame,
    *,
    zone: ZoneInfo,
    step: Step = Step.DAY,
    gaps: Sequence[Marked] = (),
    height: int = 220,
) -> Spec:
    """Voices stacked by sentiment. steps: start, end (wall-clock), negative, neutral, positive, unread."""
    rows = []
    for row in steps.itertuples():
        base = 0
        for kind in KINDS:
            voices = int(row.unread if kind == "not read yet" else getattr(row, kind))
            if voices:
                start, end = row.start.isoformat(), row.end.isoformat()
                rows.append(
                    {"start": start, "end": end, "kind": kind, "voices": voices, "from": base, "to": base + voices}
                )
            base += voices
    begin, end = steps["start"].iloc[0].isoformat(), steps["end"].iloc[-1].isoformat()
    x = time_axis("start", step, [begin, end])
    present = [kind for kind in KINDS if any(row["kind"] == kind for row in rows)] or list(KINDS)[:3]
    bars: Spec = {
        "mark": {"type": "rect", "stroke": "#88888844", "strokeWidth": 0.5},
        "encoding": {
            "x": x,
            "x2": {"field": "end"},
            "y": {
                "field": "from",
                "type": "quantitative",
                "axis": {
                    "title": f"voices {'an' if step is Step.HOUR else 'a'} {step}",
                    "tickCount": 4,
                    "tickMinStep": 1,
                },
            },
            "y2": {"field": "to"},
            "color": {
                "field": "kind",
                "type": "nominal",
                "scale": {"domain": present, "range": [KINDS[kind] for kind in present]},
                "legend": {"columns": 3},
            },
            "tooltip": [
                moment_told("start", step),
                {"field": "kind", "title": "Sentiment"},
                {"field": "voices", "title": "Voices", "format": ","},
            ],
        },
    }
    return {
        "data": {"values": rows},
        "layer": [bars, *gap_layers(gaps, begin, end, x, zone)],
        "height": height,
        "width": "container",
        "config": CONFIG,
    }


def satisfaction_over_time(
    steps: pd.DataFrame,
    *,
    step: Step = Step.DAY,
    name: str = "",
    others: Sequence[tuple[str, pd.DataFrame]] = (),
    height: int = 220,
) -> Spec:
    """Mean satisfaction, 1 to 5. steps, others: start, end (wall-clock), satisfaction (None: nothing read), own."""
    begin, end = steps["start"].iloc[0].isoformat(), steps["end"].iloc[-1].isoformat()
    x = time_axis("middle", step, [begin, end])
    y = {
        "field": "satisfaction",
        "type": "quantitative",
        "scale": {"domain": [1, 5]},
        "axis": {"values": [1, 2, 3, 4, 5], "title": None},
    }
    names = [name, *(other for other, _ in others)]
    layers: list[Spec] = []
    drawn = zip([(name, steps), *others], STROKES, strict=False)
    for (whose, frame), (colour, _) in reversed(list(drawn)):
        rows = [
            {
                "start": row.start.isoformat(),
                "middle": (row.start + (row.end - row.start) / 2).isoformat(timespec="seconds"),
                "name": whose,
                "satisfaction": number(row.satisfaction) if row.own >= DRAWN else None,
                "own": int(row.own),
            }
            for row in frame.itertuples()
        ]
        told = [
            *([{"field": "name", "title": "Whose"}] if others else []),
            moment_told("start", step),
            {"field": "satisfaction", "title": "Satisfaction, of 5", "format": ".2f"},
            {"field": "own", "title": "Voices read", "format": ","},
        ]
        layers += [
            {
                "data": {"values": rows},
                "mark": {"type": "line", "color": colour, "strokeWidth": 2},
                "encoding": {"x": x, "y": y, **(line_of(whose, names) if others else {})},
            },
            {
                "data": {"values": rows},
                "mark": {"type": "point", "filled": True, "color": colour, "size": 14},
                "encoding": {"x": x, "y": y, "tooltip": told},
            },
        ]
    return {"layer": layers, "height": height, "width": "container", "config": CONFIG}
