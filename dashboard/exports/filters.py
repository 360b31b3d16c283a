"""Which rows leave: of a time, a brand, a source, a dimension, a sentiment; each checked before a file is begun."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

from collector.errors import BadSettings
from sentiment.reading import Sentiment
from sentiment.taxonomy import taxonomy


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What was asked for; None asks for everything.

    since, until  aware; [since, until)
    dimension     a facet ("rater/Reliability", "aspect/timeliness") or just its name in the default lens
    """

    since: datetime | None = None
    until: datetime | None = None
    brand: str | None = None
    source: str | None = None
    dimension: str | None = None
    sentiment: str | None = None

    @property
    def facet(self) -> str | None:
        """The facet that `dimension` names. Raises BadSettings with the nearest known one."""
        if self.dimension is None:
            return None
        facets = taxonomy().facets()
        wanted = self.dimension.strip().casefold()
        ways = (wanted, f"{taxonomy().default_lens}/{wanted}", f"aspect/{wanted}")
        for way in ways:
            if found := next((facet for facet in facets if facet.casefold() == way), None):
                return found
        by_name = [facet for facet in facets if facet.partition("/")[2].casefold() == wanted]
        if len(by_name) == 1:
            return by_name[0]
        names = [*facets, *(facet.partition("/")[2] for facet in facets)]
        raise BadSettings(f"There is no dimension {self.dimension!r}. {nearest(self.dimension, names)}")

    @property
    def sign(self) -> int | None:
        """-1, 0 or 1 for `sentiment`. Raises BadSettings for anything else."""
        if self.sentiment is None:
            return None
        try:
            return Sentiment(self.sentiment.strip().casefold()).sign
        except ValueError:
            raise BadSettings(
                f"There is no sentiment {self.sentiment!r}. It is negative, neutral or positive."
            ) from None

    def said(self, zone: ZoneInfo) -> dict[str, Any]:
        """The filters that are set, as a manifest says them: times in `zone`, the dimension as its facet."""
        given = {name: value for name, value in asdict(self).items() if value is not None}
        times = {name: v.astimezone(zone).isoformat() for name, v in given.items() if isinstance(v, datetime)}
        return given | times | ({"dimension": self.facet} if self.dimension is not None else {})


def nearest(wanted: str, known: Collection[str]) -> str:
    """The nearest known name in a sentence, or all of them."""
    known = list(map(str, known))
    if near := get_close_matches(wanted, known, n=1):
        return f"The nearest known one is {near[0]!r}."
    return f"Known are {', '.join(sorted(set(known))[:40])}."
