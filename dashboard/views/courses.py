"""Courses: how a subject moved in the days asked for, and how what it is compared with did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from dashboard.queries import figures, trends
from dashboard.scope import Scope
from dashboard.shares import Share, share
from dashboard.steps import Step
from dashboard.views.comparing import Other
from dashboard.views.download import filters_of
from dashboard.views.filters import DATES, about, of_brand
from dashboard.views.session import ask, now, work_out
from sentiment.taxonomy import ALL, taxonomy

ANYTHING = "anything"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """One line of the charts: whose it is, its steps and its share over all of them. Shared by all readers."""

    other: Other
    steps: pd.DataFrame
    share: Share

    @property
    def name(self) -> str:
        """What its line is called."""
        return self.other.name

    @property
    def scope(self) -> Scope:
        """Its brand and days."""
        return self.other.scope

    @property
    def satisfaction(self) -> float | None:
        """Mean over all voices read, 1 to 5."""
        own = self.steps["own"]
        known = self.steps[own > 0]
        return float((known["satisfaction"] * known["own"]).sum() / own.sum()) if len(known) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the page is asked: whose days, in which steps, about what, beside what."""

    scope: Scope
    step: Step
    facet: str
    others: tuple[Other, ...]

    @property
    def subject(self) -> str:
        """Of whom or what: "Kelpwind", "Reliability of Kelpwind"."""
        brand = self.scope.brand
        return brand if self.facet == ALL else f"{taxonomy().label(self.facet)} of {brand}"

    @property
    def said(self) -> dict[str, Any]:
        """The filters by the words on the screen."""
        return filters_of(self.scope) | {
            "step": self.step.value,
            "about": ANYTHING if self.facet == ALL else taxonomy().label(self.facet),
            "compared with": [other.name for other in self.others] or "nothing",
        }


def course_of(asked: Question, other: Other) -> Course:
    """The figures of one line, laid over the days that were asked for; steps that have not begun are left out."""
    scope = asked.scope
    steps = ask(trends.course, other.scope, asked.facet, asked.step, laid_over=scope)
    # Steps begin with whole hours, so that all readers of an hour are shown the same.
    hour = now().astimezone(scope.zone).replace(minute=0, second=0, microsecond=0, tzinfo=None)
    days = ask(figures.by_day, other.scope, asked.facet)
    whole = days if asked.facet == ALL else ask(figures.by_day, other.scope)
    return work_out(_course, other, steps, days, whole, hour)


def _course(other: Other, steps: pd.DataFrame, days: pd.DataFrame, whole: pd.DataFrame, hour: datetime) -> Course:
    begun = [start <= hour for start in steps["start"]]
    return Course(other=other, steps=steps[begun], share=share(list(days["negative"]), list(whole["read"])))


def mentions_of(asked: Question, scope: Scope, first: date, last: date) -> dict[str, Any]:
    """The query parameters of the mentions of these days of a scope that are dissatisfied about what was asked."""
    query: dict[str, Any] = {**of_brand(scope.brand), "period": DATES, "days": [first.isoformat(), last.isoformat()]}
    if scope.sources:
        query["source"] = list(scope.sources)
    return query | ({"sentiment": "negative"} if asked.facet == ALL else about(asked.facet))
