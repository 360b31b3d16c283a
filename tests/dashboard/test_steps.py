"""Steps cover the days asked for once, whatever their length, and add up to what was counted."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import pairwise

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from dashboard.steps import Step, begin, following, in_steps, of_days, steps_between
from dashboard.words import step_named
from sentiment.store.counts import FIGURES

DATES = st.dates(date(2000, 1, 1), date(2060, 1, 1))
STEPS = st.sampled_from(Step)


def counted(first: date, negatives: list[int]) -> pd.DataFrame:
    days = pd.DataFrame(dict.fromkeys(FIGURES, 10), index=range(len(negatives)))
    return days.assign(
        day=[first + timedelta(days=n) for n in range(len(negatives))], negative=negatives, read=20, satisfaction=6_000
    )


@given(DATES, st.integers(0, 400), STEPS)
def test_steps_follow_each_other_and_cover_the_days(first: date, more: int, step: Step) -> None:
    last = first + timedelta(days=more if step is not Step.HOUR else min(more, 20))
    spans = list(steps_between(first, last, step))
    assert spans[0][0] == datetime.combine(first, time())
    assert spans[-1][1] == datetime.combine(last + timedelta(days=1), time())
    assert all(end == start for (_, end), (start, _) in pairwise(spans))


@given(st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1)), STEPS)  # noqa: DTZ001  # wall-clock time
def test_a_moment_lies_in_its_step(at: datetime, step: Step) -> None:
    start = begin(at, step)
    assert start <= at < following(start, step)
    assert begin(start, step) == start


@given(DATES, st.lists(st.integers(0, 10), min_size=1, max_size=120), STEPS)
def test_steps_add_up_to_the_days(first: date, negatives: list[int], step: Step) -> None:
    days = counted(first, negatives)
    if step is Step.HOUR:
        days = days.head(10)
    steps = in_steps(of_days(days), step, first=first, last=days["day"].iloc[-1])
    for name in ("negative", "read", "mentions", "voices", "unread"):
        assert steps[name].sum() == days[name].sum()
    known = steps[steps["read"] > 0]
    assert ((known["low"] <= known["share"]) & (known["share"] <= known["high"])).all()
    assert (known["satisfaction"] == 3.0).all()


def test_an_earlier_period_is_laid_over_the_later_one() -> None:
    first = date(2026, 3, 2)
    earlier = counted(first - timedelta(days=7), [1, 2, 3, 4, 5, 6, 7])
    shifted = in_steps(of_days(earlier), Step.DAY, first=first, last=first + timedelta(days=6), shift=timedelta(days=7))
    assert list(shifted["negative"]) == [1, 2, 3, 4, 5, 6, 7]


def test_a_step_without_readings_is_unknown_not_zero() -> None:
    first = date(2026, 3, 2)
    steps = in_steps(of_days(counted(first, [1])), Step.DAY, first=first, last=first + timedelta(days=1))
    assert pd.isna(steps["share"].iloc[1])
    assert pd.isna(steps["satisfaction"].iloc[1])
    assert steps["mentions"].iloc[1] == 0


def test_steps_are_named_as_people_name_them() -> None:
    day = datetime(2026, 11, 16)  # noqa: DTZ001  # wall-clock time
    assert step_named(day, day + timedelta(days=1), Step.DAY) == "on Mon 16 Nov"
    assert step_named(day, day + timedelta(days=7), Step.WEEK) == "from 16 to 22 Nov"
    assert step_named(day, day + timedelta(days=1), Step.WEEK) == "on Mon 16 Nov"
    assert step_named(datetime(2026, 11, 1), datetime(2026, 12, 1), Step.MONTH) == "in November 2026"  # noqa: DTZ001
    assert step_named(day.replace(hour=14), day.replace(hour=15), Step.HOUR) == "on Mon 16 Nov, 14:00–15:00"
    assert step_named(datetime(2026, 11, 30), datetime(2026, 12, 7), Step.WEEK) == "from 30 Nov to 6 Dec"  # noqa: DTZ001
