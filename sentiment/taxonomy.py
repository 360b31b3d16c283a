"""Aspects and the lenses that group them into the dimensions a manager knows, as written in taxonomy.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from sentiment.reading import Sentiment

ALL = "all"
"""The facet of every mention, whatever it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aspect:
    """The smallest thing that a mention can be about."""

    name: str
    label: str
    means: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """A framework: dimensions, each a group of aspects; an aspect stands in at most one."""

    name: str
    label: str
    dimensions: Mapping[str, tuple[str, ...]]

    def dimension_of(self, aspect: str) -> str | None:
        """The dimension that holds an aspect, None where this lens leaves it out."""
        return next((name for name, aspects in self.dimensions.items() if aspect in aspects), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxonomy:
    """All aspects and lenses, in the order of the file.

    A facet is what counts are kept by: "all", "aspect/<name>" or "<lens>/<dimension>".
    """

    aspects: Mapping[str, Aspect]
    lenses: Mapping[str, Lens]
    default_lens: str

    def facets_of(self, aspect: str) -> list[str]:
        """Every facet that an aspect belongs to: its own and one for each lens that places it."""
        groups = ((lens, lens.dimension_of(aspect)) for lens in self.lenses.values())
        return [f"aspect/{aspect}", *(f"{lens.name}/{dimension}" for lens, dimension in groups if dimension)]

    def facets(self) -> list[str]:
        """Every facet there is."""
        dimensions = [f"{lens.name}/{name}" for lens in self.lenses.values() for name in lens.dimensions]
        return [ALL, *(f"aspect/{name}" for name in self.aspects), *dimensions]

    def label(self, facet: str) -> str:
        """A facet in words: "Timeliness", "Reliability", "All mentions"."""
        if facet == ALL:
            return "All mentions"
        group, _, name = facet.partition("/")
        return self.aspects[name].label if group == "aspect" and name in self.aspects else name

    def dimensions_of(self, polarities: Mapping[str, Sentiment], lens: str | None = None) -> dict[str, Sentiment]:
        """Dimensions of a lens that these aspects touch; one negative aspect makes its dimension negative."""
        chosen = self.lenses[lens or self.default_lens]
        touched: dict[str, list[Sentiment]] = {}
        for aspect, polarity in polarities.items():
            if dimension := chosen.dimension_of(aspect):
                touched.setdefault(dimension, []).append(polarity)
        return {dimension: strongest(signs) for dimension, signs in touched.items()}


def strongest(polarities: Iterable[Sentiment]) -> Sentiment:
    """The polarity of a group: negative if any is, else positive if any is, else neutral."""
    found = set(polarities)
    return next((s for s in (Sentiment.NEGATIVE, Sentiment.POSITIVE) if s in found), Sentiment.NEUTRAL)


@cache
def taxonomy() -> Taxonomy:
    """The taxonomy that ships with the package."""
    raw = tomllib.loads(resources.files("sentiment").joinpath("taxonomy.toml").read_text(encoding="utf-8"))
    aspects = {name: Aspect(name=name, **fields) for name, fields in raw["aspect"].items()}
    lenses = {
        name: Lens(
            name=name,
            label=fields["label"],
            dimensions={group: tuple(members) for group, members in fields["groups"].items()},
        )
        for name, fields in raw["lens"].items()
    }
    default = next(name for name, fields in raw["lens"].items() if fields.get("default"))
    return Taxonomy(aspects=aspects, lenses=lenses, default_lens=default)
