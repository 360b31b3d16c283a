"""What a brand's days are compared with: earlier days, or other brands on the same days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from dashboard.queries import figures
from dashboard.scope import Scope
from dashboard.views.choices import choose_many
from dashboard.views.incident_words import short
from dashboard.views.session import ask, brands

BEFORE, YEAR_AGO = "the days before", "a year before"
YEAR = timedelta(weeks=52)
"""A whole number of weeks, so that weekdays meet weekdays."""
MOST = 4
"""More lines than this cannot be told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Something to compare with. shift: what lays its days over those of the scope."""

    name: str
    scope: Scope
    shift: timedelta = timedelta(0)

    @property
    def whose(self) -> str:
        """Where its figure comes from: "in the days before", "a year before", "at Calder Coaches"."""
        return {BEFORE: f"in {BEFORE}", YEAR_AGO: YEAR_AGO}.get(self.name, f"at {self.name}")


def choose_others(scope: Scope) -> list[Other]:
    """Show the filter and return what it selects, in the order chosen."""
    rivals = [name for name in brands() if name != scope.brand]
    options = [BEFORE, YEAR_AGO, *rivals]
    chosen = choose_many(
        "Compare with", "compare", options, default=[BEFORE], placeholder="Nothing", most=MOST, width=420
    )
    return [_other(scope, name) for name in chosen]


def _other(scope: Scope, name: str) -> Other:
    if name in {BEFORE, YEAR_AGO}:
        shift = timedelta(days=scope.days) if name == BEFORE else YEAR
        earlier = replace(scope, first=scope.first - shift, last=scope.last - shift)
        return Other(name=name, scope=earlier, shift=shift)
    return Other(name=name, scope=replace(scope, brand=name, sources=same_sources(scope, name)))


def same_sources(scope: Scope, brand: str) -> tuple[str, ...]:
    """The sources of another brand that answer to those chosen: by name, or by name but for the brand in it.

    None of them is a source that has nothing, so that a comparison never widens by itself.
    """
    if not scope.sources:
        return ()
    wanted = {short(name, scope.brand) for name in scope.sources} | set(scope.sources)
    theirs: Sequence[str] = ask(figures.sources_of, brand)
    return tuple(name for name in theirs if {name, short(name, brand)} & wanted) or scope.sources
