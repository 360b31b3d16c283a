"""Who is told of what: routes by brand, dimension, source and severity, the catch-all, and escalation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from dashboard.alerts.settings import Manager
from dashboard.alerts.silence import Topic, named, rank
from sentiment.taxonomy import taxonomy


def on_route(manager: Manager, topic: Topic) -> bool:
    """Whether a topic touches a brand, a dimension and a source of this person, however mild it is."""
    return (
        (not manager.brands or named(topic.brand, manager.brands))
        and _touches(topic.dimensions, manager.dimensions)
        and _touches(topic.sources, manager.sources)
    )


def told(topic: Topic, managers: Sequence[Manager]) -> list[Manager]:
    """Who is told of an incident: those on whose route it is, else the catch-all; nobody below their severity."""
    regular = [manager for manager in managers if manager.escalate_after is None]
    found = [manager for manager in regular if not manager.catch_all and on_route(manager, topic)]
    if not found:
        found = [manager for manager in regular if manager.catch_all and on_route(manager, topic)]
    return [manager for manager in found if _bad_enough(manager, topic)]


def escalated(topic: Topic, managers: Sequence[Manager], open_for: timedelta) -> list[Manager]:
    """Who is told because nobody acknowledged the incident for `open_for`."""
    return [
        manager
        for manager in managers
        if manager.escalate_after is not None
        and manager.escalate_after <= open_for
        and on_route(manager, topic)
        and _bad_enough(manager, topic)
    ]


def described(manager: Manager) -> list[str]:
    """A route in names, for the line that says why somebody is told; empty: everything."""
    return [
        *manager.brands,
        *(taxonomy().label(name) if "/" in name else name for name in manager.dimensions),
        *manager.sources,
    ]


def _bad_enough(manager: Manager, topic: Topic) -> bool:
    return rank(topic.severity) >= rank(manager.min_severity)


def _touches(touched: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return not wanted or any(named(name, wanted) for name in touched)
