"""When a source is read next: more often while much is said there, within the pauses that its owner allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from collector.sources import SourceConfig

A_RUN = 10
"""New mentions that a run should bring: fewer make requests for little, more come late."""
LOOKED_BACK = (timedelta(hours=1), timedelta(days=1))
"""What the rate is taken from: the last hour for a sudden rise, the last day for what is usual."""
SPARE_RUNS = 20
"""Runs that the rest of a site's allowance must last for; below that we ask no more often than configured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """How long until a source is read again, and why, for a person."""

    length: timedelta
    because: str


def pause_of(
    source: SourceConfig,
    *,
    rate: float,
    pages: int = 1,
    budget_left: int | None = None,
    wait: timedelta | None = None,
) -> Pause:
    """The pause after a run: never longer than the source's `every`, never shorter than its `at_least`.

    rate         new mentions an hour, lately
    pages        requests that the run made
    budget_left  requests that the site still grants, where it says so
    wait         how long the site asked us to stay away; the only thing that may make a pause longer than `every`
    """
    if wait is not None and wait > source.every:
        return Pause(length=wait, because="until then the site, or its budget, allows no more")
    if source.at_least is None:
        return Pause(length=source.every, because="that is its configured pause")
    if budget_left is not None and budget_left < SPARE_RUNS * max(pages, 1):
        return Pause(length=source.every, because=f"the site grants only {budget_left:,} more requests for now")
    runs_wanted = rate / A_RUN * (source.every / timedelta(hours=1))
    length = max(source.at_least, source.every / max(1.0, runs_wanted))
    told = f"about {rate:,.0f} new mentions an hour lately" if rate >= 1 else "little is said there lately"
    if length == source.every:
        return Pause(length=length, because=f"{told}, so the configured pause is enough")
    if length == source.at_least:
        return Pause(length=length, because=f"{told}, and its shortest pause is configured so")
    return Pause(length=length, because=f"{told}, so that a run brings about {A_RUN}")


def rate_of(said: Mapping[timedelta, int]) -> float:
    """New mentions an hour, from how many were said in the last hour and in the last day: the higher of the two."""
    return max((count / (length / timedelta(hours=1)) for length, count in said.items()), default=0.0)


def waits(state: Mapping[Any, Any], now: datetime) -> timedelta | None:
    """How long a site asked us to stay away, by a row of source_state."""
    until: datetime | None = state.get("wait_until")
    return until - now if until is not None and until > now else None
