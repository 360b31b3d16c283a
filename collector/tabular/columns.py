"""Which column holds what: guessed from its name (in a dozen languages) and its cells, unless somebody says."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from collector.errors import BadSettings
from collector.tabular import is_blank
from collector.tabular.dates import Evidence as DateEvidence
from collector.tabular.months import plain
from collector.tabular.ratings import Evidence as RatingEvidence


class Field(StrEnum):
    """What a column can hold; all but `title` are fields of an Item."""

    EXTERNAL_ID = "external_id"
    CREATED_AT = "created_at"
    EDITED_AT = "edited_at"
    RATING = "rating"
    TITLE = "title"
    TEXT = "text"
    AUTHOR = "author"
    AUTHOR_NAME = "author_name"
    LANGUAGE = "language"
    URL = "url"
    PARENT_ID = "parent_id"
    REACH = "reach"
    PLACE = "place"
    SEGMENT = "segment"
    BRAND = "brand"
    KIND = "kind"


_SPLIT = re.compile(r"[\W_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_TOO_COMMON = {"name"}
"""Names that say something only if nothing stands beside them: a package has a name, too."""
CHECKED_ROWS = 500
"""Rows whose cells a guess is held against."""


def known_name(cell: str) -> bool:
    """Whether a header cell is a name that some field goes by."""
    return _normal(cell) in _ranks()


def _normal(name: str) -> str:
    return " ".join(word for word in _SPLIT.split(plain(_CAMEL.sub(" ", name))) if word)


@cache
def _written() -> dict[str, list[str]]:
    file = resources.files("collector.tabular").joinpath("columns.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


@cache
def _ranks() -> dict[str, dict[Field, int]]:
    """For each name in columns.toml, the fields that go by it and how far down their lists it stands."""
    ranks: dict[str, dict[Field, int]] = {}
    for field in Field:
        for rank, name in enumerate(_written()[field]):
            ranks.setdefault(_normal(name), {}).setdefault(field, rank)
    return ranks


# ------------------------------------------------------------------ the mapping

Columns = Mapping[Field, tuple[int, ...]]
"""Positions of the columns that a field is made of; several are joined by a line break."""


def map_columns(names: Sequence[str], sample: Sequence[Sequence[Any]], given: Mapping[str, str]) -> Columns:
    """Find a column for every field that has one. given: field → column name, "A+B" for two, "" for none.

    Raises BadSettings where `given` names a field or a column that does not exist, or no text is found.
    """
    looks = [_Look.at([row[position] for row in sample]) for position in range(len(names))]
    check_fields(given)
    mapping = {Field(field): _positions(field, wanted, names) for field, wanted in given.items()}
    taken = {position for positions in mapping.values() for position in positions}
    for _, field, position in sorted(_candidates(names, looks), key=lambda entry: (-entry[0], entry[2])):
        if field not in mapping and position not in taken:
            mapping[field] = (position,)
            taken.add(position)
    halves = [p for p, name in enumerate(names) if _is_half(name) and looks[p].fits(Field.TEXT)]
    if Field.TEXT not in given and len(halves) > 1 and mapping.get(Field.TEXT, (halves[0],))[0] in halves:
        mapping[Field.TEXT] = tuple(halves)
        taken.update(halves)
    free = [position for position in range(len(names)) if position not in taken]
    if Field.TEXT not in mapping and (longest := _longest(free, looks)) is not None:
        mapping[Field.TEXT] = (longest,)
        free.remove(longest)
    dated = [position for position in free if looks[position].dates > 0.9]
    if Field.CREATED_AT not in mapping and len(dated) == 1:
        mapping[Field.CREATED_AT] = (dated[0],)
    found = {field: positions for field, positions in mapping.items() if positions}
    if Field.TEXT not in found and Field.TITLE in found and not given.get(Field.TITLE):
        found[Field.TEXT] = found.pop(Field.TITLE)
    if Field.TEXT not in found:
        raise BadSettings(
            f"No column looks like the text of a review. Name it with --map text=COLUMN. {_listed(names)}"
        )
    return found


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 30} more" if len(names) > 30 else ""
    return f"The columns are {', '.join(repr(name[:60]) for name in names[:30])}{more}."


def check_fields(given: Mapping[str, str]) -> None:
    """Raise BadSettings, with the nearest field there is, where a mapping names one that there is not."""
    for field in given:
        if field not in set(Field):
            near = get_close_matches(field, list(Field), n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise BadSettings(f"There is no field {field!r} to map a column to.{hint} There are {', '.join(Field)}.")


def _positions(field: str, wanted: str, names: Sequence[str]) -> tuple[int, ...]:
    if not wanted:
        return ()
    folded = {name.casefold(): position for position, name in reversed(list(enumerate(names)))}
    parts = [wanted] if wanted.strip().casefold() in folded else wanted.split("+")
    found = []
    for part in parts:
        position = folded.get(" ".join(part.split()).casefold())
        if position is None:
            near = get_close_matches(part.strip(), names, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise BadSettings(f"There is no column {part.strip()!r} for {field}.{hint} {_listed(names)}")
        found.append(position)
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What the cells of a column look like; shares are of the cells that are not blank.

    length  mean characters of a cell
    """

    filled: int
    dates: float
    ratings: float
    unique: float
    links: float
    length: float
    worded: float

    @classmethod
    def at(cls, cells: Iterable[Any]) -> _Look:
        present = [cell for cell in cells if not is_blank(cell)]
        count = max(1, len(present))
        dates, ratings = DateEvidence(), RatingEvidence()
        for cell in present:
            dates.see(cell)
            ratings.see(cell, None)
        words = [str(cell) for cell in present]
        return cls(
            filled=len(present),
            dates=dates.readable / count,
            ratings=ratings.readable / count,
            unique=len(set(words)) / count,
            links=sum(word.startswith(("http://", "https://", "www.")) for word in words) / count,
            length=sum(map(len, words)) / count,
            worded=sum(any(map(str.isalpha, word)) for word in words) / count,
        )

    def fits(self, field: Field) -> bool:
        """Whether cells like these can be the field's; an empty column can be any but the text."""
        if not self.filled:
            return field is not Field.TEXT
        dated = self.dates >= 0.5
        return {
            Field.CREATED_AT: dated,
            Field.EDITED_AT: dated,
            Field.RATING: self.ratings >= 0.5 and not dated,
            Field.TEXT: self.worded >= 0.5 and self.links < 0.9 and not dated,
            Field.TITLE: self.worded >= 0.5 and self.links < 0.9 and not dated,
            Field.EXTERNAL_ID: self.unique >= 0.95 and self.length <= 200,
            Field.URL: self.links >= 0.5,
            Field.REACH: self.worded < 0.5 and not dated,
            Field.LANGUAGE: self.length <= 15,
            Field.AUTHOR: self.length <= 100 and (self.filled == 1 or self.unique * self.filled > 1),
            Field.AUTHOR_NAME: self.length <= 100 and (self.filled == 1 or self.unique * self.filled > 1),
        }.get(field, self.length <= 100 and not dated)


def _candidates(names: Sequence[str], looks: Sequence[_Look]) -> Iterable[tuple[float, Field, int]]:
    for position, name in enumerate(names):
        for field, score in _scores(_normal(name)).items():
            look = looks[position]
            if look.fits(field):
                # Where several names would do, people write their opinion in the column with the longest cells.
                yield score + (min(look.length, 300) if field is Field.TEXT else 0), field, position


def _scores(name: str) -> dict[Field, float]:
    """How surely a header names each field: whole names before names that stand inside a longer one."""
    scores: dict[Field, float] = {}
    words = name.split()
    for length in range(len(words), 0, -1):
        for start in range(len(words) - length + 1):
            part = " ".join(words[start : start + length])
            whole = length == len(words)
            if part in _TOO_COMMON and not whole:
                continue
            for field, rank in _ranks().get(part, {}).items():
                score = 1000 - rank if whole else 300 + 20 * length - rank
                scores[field] = max(score, scores.get(field, 0))
    return scores


def _is_half(name: str) -> bool:
    return not {_normal(half) for half in _written()["halves"]}.isdisjoint(_normal(name).split())


def _longest(free: Sequence[int], looks: Sequence[_Look]) -> int | None:
    """The free column with the longest cells, if those are sentences rather than names."""
    best = max(free, key=lambda position: looks[position].length, default=None)
    if best is None or looks[best].length < 20 or not looks[best].fits(Field.TEXT):
        return None
    return best
