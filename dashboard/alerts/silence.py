"""When alerts stay silent: a span with an end and a reason, set from the dashboard or planned in the configuration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sentiment.spikes.spike import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What an incident is about, as far as routes and silences look at it.

    dimensions   facets ("rater/Reliability", "aspect/delay") or bare names; empty: dissatisfaction as a whole
    """

    brand: str
    dimensions: tuple[str, ...]
    sources: tuple[str, ...]
    severity: Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """No alert about what it covers is sent within [start, end); detection and the dashboard go on.

    brands, dimensions, sources   empty: all; an incident is covered when everything it touches is named
    up_to   worse incidents are told all the same; None: nothing is
    """

    start: datetime
    end: datetime
    reason: str
    by: str | None = None
    brands: tuple[str, ...] = ()
    dimensions: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    up_to: Severity | None = None
    id: int | None = None

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("start and end need a zone, e.g. 2026-05-01T08:00:00+02:00")
        if self.end <= self.start:
            raise ValueError(
                "the end must come after the start; a silence without an end would hide incidents for ever"
            )
        if not self.reason.strip():
            raise ValueError("give a reason, so that others know why nothing was told")


def rank(severity: Severity) -> int:
    """Severities in order, mildest 0."""
    return list(Severity).index(severity)


def named(name: str, among: Iterable[str]) -> bool:
    """Whether a name or facet is among those given: case does not matter, "Reliability" means every lens's."""
    folded = name.casefold()
    bare = folded.rpartition("/")[2]
    return any(one.casefold() in {folded, bare} or one.casefold().rpartition("/")[2] == folded for one in among)


def covers(silence: Silence, topic: Topic, at: datetime) -> bool:
    """Whether a silence holds an alert about this topic back at this moment."""
    return (
        silence.start <= at < silence.end
        and (silence.up_to is None or rank(topic.severity) <= rank(silence.up_to))
        and (not silence.brands or named(topic.brand, silence.brands))
        and _all_named(topic.dimensions, silence.dimensions)
        and _all_named(topic.sources, silence.sources)
    )


def silenced_by(silences: Iterable[Silence], topic: Topic, at: datetime) -> Silence | None:
    """The silence that holds an alert back: the one that ends last."""
    found = [silence for silence in silences if covers(silence, topic, at)]
    return max(found, key=lambda silence: silence.end, default=None)


def _all_named(touched: tuple[str, ...], given: tuple[str, ...]) -> bool:
    # An incident that reaches beyond what was silenced is news.
    return not given or (bool(touched) and all(named(name, given) for name in touched))
