"""How ratings are written in a column, and what they are worth in stars from 1 to 5."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from collector.errors import BadSettings

_WORDS = {"one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0}
_NOTHING = {"", "-", "–", "n/a", "na", "none", "null", "nan", "not rated", "no rating", "?", "star_rating_unspecified"}
_NUMBER = re.compile(r"(?P<value>-?\d+(?:[.,]\d+)?)\s*(?:(?:/|out of|von|sur|de|of)\s*(?P<of>\d+)|(?P<percent>%))?\D*$")
_SCALE = re.compile(r"(?P<low>\d+(?:\.\d+)?)\s*(?:-|–|to|\.\.)\s*(?P<high>\d+(?:\.\d+)?)$")


class NotARating(ValueError):
    """A cell cannot be read as a rating; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The least and the best rating that can be given; zero_is_none: 0 stands for "not rated"."""

    low: float
    high: float
    zero_is_none: bool = False

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}" + (" (0: not rated)" if self.zero_is_none else "")

    def stars(self, value: float) -> float | None:
        """A rating on the scale of 1 to 5: 1 + 4·(value − low)/(high − low). Raises NotARating outside the scale."""
        if self.zero_is_none and value == 0:
            return None
        if not self.low <= value <= self.high:
            raise NotARating(f"the rating {value:g} lies outside of {self}")
        if (self.low, self.high) == (1, 5):
            return value
        return round(1 + 4 * (value - self.low) / (self.high - self.low), 4)


STARS = Scale(low=1, high=5)


def given_scale(wanted: str) -> Scale:
    """The scale that somebody asked for, such as "0-10". Raises BadSettings."""
    found = _SCALE.match(wanted.strip())
    if not found or float(found["low"]) >= float(found["high"]):
        raise BadSettings(
            f"The rating scale {wanted!r} is not known. Give the least and the best, such as 1-5 or 0-10."
        )
    return Scale(low=float(found["low"]), high=float(found["high"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A rating as written; of: the best one, where the cell itself says so ("4/5", "80 %", "★★★★☆")."""

    value: float
    of: float | None = None


def read_raw(cell: Any, decimal: str | None = None) -> Raw | None:
    """What a cell says; None where it says that there is no rating. decimal: "," or "." if somebody fixed it.

    Raises NotARating.
    """
    if cell is None or isinstance(cell, bool):
        return None
    if isinstance(cell, (int, float)):
        return Raw(value=float(cell)) if math.isfinite(cell) else None
    text = str(cell).strip().casefold()
    if text in _NOTHING:
        return None
    if "★" in text or "⭐" in text:
        given, empty = text.count("★") + text.count("⭐"), text.count("☆")
        return Raw(value=given, of=given + empty if empty else 5)
    if text in _WORDS:
        return Raw(value=_WORDS[text], of=5)
    if decimal is not None:
        text = text.replace("," if decimal == "." else ".", "")
    found = _NUMBER.match(text)
    if not found:
        raise NotARating(f"{str(cell)[:40]!r} is no rating")
    return Raw(
        value=float(found["value"].replace(",", ".")),
        of=100 if found["percent"] else float(found["of"]) if found["of"] else None,
    )


@dataclass(slots=True)
class Evidence:
    """What the cells of one column have shown so far."""

    lowest: float = math.inf
    highest: float = -math.inf
    between: bool = False
    """Whether a rating lies strictly between 0 and 1."""
    readable: int = 0
    unreadable: int = 0

    def see(self, cell: Any, decimal: str | None) -> None:
        """Take one more cell that is not blank into account."""
        try:
            raw = read_raw(cell, decimal)
        except NotARating:
            self.unreadable += 1
            return
        if raw is None:
            return
        self.readable += 1
        if raw.of is None:
            self.lowest, self.highest = min(self.lowest, raw.value), max(self.highest, raw.value)
            self.between = self.between or 0 < raw.value < 1

    def scale(self) -> Scale:
        """The smallest usual scale that holds all ratings seen: 1 to 5, 0 to 5, 1 or 0 to 10, 0 to 100.

        Raises BadSettings where none does.
        """
        if self.highest <= 5 and self.lowest >= 0:
            if self.between:
                return Scale(low=0, high=5)
            return Scale(low=1, high=5, zero_is_none=self.lowest < 1)
        if self.highest <= 10 and self.lowest >= 0:
            return Scale(low=0 if self.lowest < 1 else 1, high=10)
        if self.highest <= 100 and self.lowest >= 0:
            return Scale(low=0, high=100)
        if not self.readable or self.highest == -math.inf:
            return STARS
        raise BadSettings(
            f"Ratings go from {self.lowest:g} to {self.highest:g}, which is no scale that is known. "
            "Give it with --rating-scale, such as 1-5 or 0-10, or leave the column out with --map rating="
        )


def stars_of(cell: Any, scale: Scale, decimal: str | None) -> float | None:
    """A cell in stars from 1 to 5; None where there is no rating. Raises NotARating."""
    raw = read_raw(cell, decimal)
    if raw is None:
        return None
    if raw.of is None:
        return scale.stars(raw.value)
    return Scale(low=0 if raw.of > 5 else 1, high=raw.of, zero_is_none=raw.of <= 5).stars(raw.value)
