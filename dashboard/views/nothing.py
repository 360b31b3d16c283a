"""What a page says of a brand of which nothing was collected yet, and what to do about it."""

from __future__ import annotations

from dashboard.queries import figures, health
from dashboard.standing import State, standing
from dashboard.views.parts import address, empty, put
from dashboard.views.session import ask, look, now, session


def nothing_yet(brand: str) -> bool:
    """Say that nothing was ever collected about a brand, and why if a source fails; False where something was."""
    if brand in ask(figures.brands_present):
        return False
    empty(*told(brand, failing(), any_source=bool(session().config.sources)))
    put(f'<p><a href="{address("sources", {})}" target="_self">How the sources stand</a></p>')
    return True


def failing() -> list[str]:
    """The configured sources that could not be read when they were last asked."""
    kept, at, zone = look(health.states), now(), session().zone
    return [
        source.name
        for source in session().config.sources
        if standing(source, kept.get(source.name), at, zone).state is State.FAILING
    ]


def told(brand: str, failed: list[str], *, any_source: bool) -> tuple[str, str]:
    """What is so, and what to do next."""
    if failed:
        names = failed[0] if len(failed) == 1 else f"{len(failed)} sources"
        return (
            f"Nothing is known about {brand}: {names} could not be read.",
            "This is no calm. The Sources page says what went wrong and what to do.",
        )
    if not any_source:
        return (
            "Nothing has been collected yet, and no source is configured.",
            "Add one with “groundswell sources add KIND”, or bring a file in with “groundswell import FILE”.",
        )
    return (
        f"Nothing has been collected about {brand} yet.",
        "Start the collectors with “groundswell up”, or bring a file in with “groundswell import FILE”.",
    )
