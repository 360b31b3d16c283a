"""What all charts share: their look, the axis of time, and values as a specification holds them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from dashboard.steps import Step
from dashboard.theme import NEGATIVE, OTHERS

Spec = dict[str, Any]
DRAWN = 3
"""Voices below which a share or mean is not drawn: it would leap between nothing and all."""
STROKES = ((NEGATIVE, [1, 0]), *OTHERS)
"""Colours and dashes of lines beside each other, the reader's own first."""
CONFIG = {
    "view": {"stroke": None},
    "axis": {"gridOpacity": 0.5},
    "legend": {"orient": "top", "title": None},
    # Streamlit has every mark tell its raw fields to whoever hovers over it; ours say theirs in words.
    "mark": {"tooltip": None},
}
CLOCK = "utchours(datum.value) ? utcFormat(datum.value, '%H:%M') : utcFormat(datum.value, '%a %-d %b')"
"""Hours on a 24-hour clock; where a day begins, the day."""
SPACED = "replace(datum.label, '%', '\u202f%')"
"""Per cent as everywhere on the screens: with a narrow space before the sign."""
PERCENT = {"format": ".0%", "labelExpr": SPACED, "tickCount": 4, "title": None}
_TICKS = {Step.DAY: "%-d %b", Step.WEEK: "%-d %b", Step.MONTH: "%b %Y"}
_MOMENTS = {
    Step.HOUR: ("Hour from", "%a %-d %b %Y, %H:%M"),
    Step.DAY: ("Day", "%a %-d %b %Y"),
    Step.WEEK: ("Week from", "%a %-d %b %Y"),
    Step.MONTH: ("Month from", "%-d %b %Y"),
}


def line_of(name: str, names: Sequence[str], **legend: Any) -> dict[str, Any]:
    """How the line of this name is drawn among these, the first of them the reader's own: by its colour and dashes."""
    colours, dashes = zip(*STROKES[: len(names)], strict=True)
    shown = {"symbolType": "stroke", "symbolSize": 500, "symbolStrokeWidth": 2.5, "labelLimit": 150}
    # Two columns fit a phone. The dashes have no legend: not every browser's Vega-Lite makes one of both.
    return {
        "color": {
            "datum": name,
            "scale": {"domain": [*names], "range": colours},
            "legend": shown | {"columns": 2} | legend,
        },
        "strokeDash": {"datum": name, "scale": {"domain": [*names], "range": dashes}, "legend": None},
    }


def time_axis(field: str, step: Step = Step.DAY, domain: list[str] | None = None) -> dict[str, Any]:
    """An axis of wall-clock time, which no browser moves into its own zone."""
    labels = {"labelExpr": CLOCK} if step is Step.HOUR else {"format": _TICKS[step]}
    axis = {"title": None, "grid": False, "labelOverlap": True, "labelBound": True, "tickCount": 6, **labels}
    scale: dict[str, Any] = {"type": "utc"} if domain is None else {"type": "utc", "domain": domain}
    return {"field": field, "type": "temporal", "scale": scale, "axis": axis}


def moment_told(field: str, step: Step = Step.DAY) -> dict[str, str]:
    """The line of a tooltip that says when."""
    title, form = _MOMENTS[step]
    return {"field": field, "type": "temporal", "title": title, "format": form}


def wall(moment: datetime, zone: ZoneInfo) -> str:
    """A moment as wall-clock time of the reader's zone."""
    return moment.astimezone(zone).replace(tzinfo=None).isoformat(timespec="seconds")


def wall_day(day: date) -> str:
    """The wall-clock time at which a day begins."""
    return datetime(day.year, day.month, day.day).isoformat(timespec="seconds")  # noqa: DTZ001  # wall-clock time


def number(value: Any) -> float | None:
    """A value as a specification holds it; None where it is unknown."""
    return None if pd.isna(value) else float(value)
