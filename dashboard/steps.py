"""Time cut into steps (hours, days, weeks, months) of the reader's wall clock, with the figures of each. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from dashboard.shares import Share, share
from sentiment.store.counts import FIGURES

if TYPE_CHECKING:
    import pandas as pd


class Step(StrEnum):
    """How long a step is. Weeks begin on Monday."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def begin(at: datetime, step: Step) -> datetime:
    """The wall-clock time at which the step that holds a wall-clock time begins."""
    if step is Step.HOUR:
        return at.replace(minute=0, second=0, microsecond=0)
    day = datetime.combine(at.date(), time())
    if step is Step.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if step is Step.MONTH else day


def following(start: datetime, step: Step) -> datetime:
    """Where the next step begins."""
    if step is Step.MONTH:
        return (start.replace(day=1) + timedelta(days=32)).replace(day=1)
    return start + {Step.HOUR: timedelta(hours=1), Step.DAY: timedelta(days=1), Step.WEEK: timedelta(days=7)}[step]


def steps_between(first: date, last: date, step: Step) -> Iterator[tuple[datetime, datetime]]:
    """The steps of the days from first to last, both included; the outer ones cut to those days."""
    opens, closes = datetime.combine(first, time()), datetime.combine(last, time()) + timedelta(days=1)
    start = begin(opens, step)
    while start < closes:
        end = following(start, step)
        yield max(start, opens), min(end, closes)
        start = end


def in_steps(
    figures: pd.DataFrame, step: Step, *, first: date, last: date, shift: timedelta = timedelta(0)
) -> pd.DataFrame:
    """One row a step of the days from first to last.

    figures  columns at (wall-clock), the counted FIGURES, read (the whole of the share) and own (voices read that
             the satisfaction is the mean of)
    shift    added to each time first: so an earlier period is laid over a later one

    The rows have start, end, the sums, share with low and high, and satisfaction from 1 to 5 (None: nothing read).
    """
    spans = list(steps_between(first, last, step))
    numbers = {begin(start, step): number for number, (start, _) in enumerate(spans)}
    placed = [numbers.get(begin(at + shift, step)) for at in figures["at"]]
    placed_figures = figures.assign(step=placed).dropna(subset="step")
    sums = placed_figures.groupby("step")[[*_SUMS, "satisfaction"]].sum().reindex(range(len(spans)), fill_value=0)
    found = _shares(placed_figures, len(spans))
    own = sums["own"].where(sums["own"] > 0)
    # Here and not above: half of the time that a command takes to start would be spent on it.
    import pandas as pd

    return pd.DataFrame(
        {
            "start": pd.Series([start for start, _ in spans], dtype="object"),
            "end": pd.Series([end for _, end in spans], dtype="object"),
            **{name: sums[name].astype("int64") for name in _SUMS},
            "share": pd.Series([one.value for one in found], dtype="float64"),
            "low": pd.Series([one.low for one in found], dtype="float64"),
            "high": pd.Series([one.high for one in found], dtype="float64"),
            "satisfaction": sums["satisfaction"] / own / 100,
        }
    )


_SUMS = [*(name for name in FIGURES if name != "satisfaction"), "read", "own"]


def _shares(figures: pd.DataFrame, count: int) -> list[Share]:
    """The share of each step, from the parts that fall into it, with what their spread says of its interval."""
    parts: list[tuple[list[int], list[int]]] = [([], []) for _ in range(count)]
    for number, negative, read in zip(figures["step"], figures["negative"], figures["read"], strict=True):
        negatives, wholes = parts[int(number)]
        negatives.append(int(negative))
        wholes.append(int(read))
    return [share(negatives, wholes) for negatives, wholes in parts]


def of_days(days: pd.DataFrame) -> pd.DataFrame:
    """Figures by day (column day) as `in_steps` takes them: at the day's midnight, read being the whole."""
    return days.assign(at=[datetime.combine(day, time()) for day in days["day"]], own=days["read"]).drop(columns="day")
