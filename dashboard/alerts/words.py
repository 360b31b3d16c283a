"""Figures, times, names and phrases in the language of the person who reads them, from templates/*.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

FALLBACK = "en"


@cache
def _all(table: str = "words") -> Mapping[str, Mapping[str, str]]:
    file = resources.files("dashboard.alerts").joinpath(f"templates/{table}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def languages() -> list[str]:
    """The languages that messages can be written in."""
    return list(_all())


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The phrases of one language and the zone that times are told in."""

    language: str
    zone: ZoneInfo

    def __getitem__(self, key: str) -> str:
        return _all()[self.language][key]

    def say(self, key: str, **values: object) -> str:
        """A phrase with its gaps filled in."""
        return self[key].format(**values)

    def name(self, label: str) -> str:
        """An aspect or dimension by what it is called in this language; any other name as it is."""
        return _all("names").get(self.language, {}).get(label, label)

    def number(self, value: float, digits: int = 0) -> str:
        """A figure with the decimal sign of the language."""
        return f"{value:.{digits}f}".replace(".", self["decimal"])

    def percent(self, share: float) -> str:
        """A share of 0 to 1 as per cent; below ten with one decimal where that is not nought."""
        tenths = round(share * 1000)
        return self.say("percent", n=self.number(share * 100, 1 if tenths < 100 and tenths % 10 else 0))

    def moment(self, at: datetime) -> str:
        """Day of the week, day, month and time of day in the reader's zone."""
        return self.say("moment", **self._parts(at), clock=f"{at.astimezone(self.zone):%H:%M}")

    def span(self, hours: int) -> str:
        """A length of time in whole hours, days or weeks."""
        for unit, size in (("week", 168), ("day", 24)):
            if hours % size == 0 and (hours >= 3 * size or hours == size):
                return self.some(unit, hours // size)
        return self.some("hour", hours)

    def rarity(self, weeks: float) -> str:
        """A time in which something happens once by chance: in weeks, from two years on in years, at most a hundred."""
        if weeks < 104:
            return self.some("week", max(1, int(weeks)))
        return self.some("year", min(100, int(weeks / 52)))

    def some(self, unit: str, count: int) -> str:
        """So many hours, days, weeks or years."""
        return self[unit] if count == 1 else self.say(f"{unit}s", n=count)

    def both(self, names: Sequence[str]) -> str:
        """Names in a row: "A, B and C"."""
        if len(names) < 2:
            return "".join(names)
        return f"{', '.join(names[:-1])} {self['and']} {names[-1]}"

    def _parts(self, at: datetime) -> dict[str, str]:
        local = at.astimezone(self.zone)
        return {
            "weekday": self["weekdays"].split()[local.weekday()],
            "day": str(local.day),
            "month": self["months"].split()[local.month - 1],
        }


def words(language: str, zone: ZoneInfo) -> Words:
    """The words of a language; English where messages do not know it."""
    return Words(language=language if language in _all() else FALLBACK, zone=zone)
