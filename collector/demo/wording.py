"""The sentences of one language: how a phrase file reads, and how a sentence's slots are filled."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, TypeVar

LANGUAGES = ("en", "de", "fr", "es", "it", "pt")
_SLOT = re.compile(r"\{(\w+)\}")
_SIGNS = {"-": -1, "0": 0, "+": 1}
_NAMES = ("port", "port2", "ship", "brand", "weekday", "mon")
_VARIED = ("money", "steep", "cheap")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence with open slots, and what its writer means.

    parts         text, slot name, text, slot name, … text
    aspects       (aspect, sign) pairs, sign -1, 0 or 1
    satisfaction  1 to 5 where the wording says more than plain praise or blame
    stage         "before" or "after" the use of the service; None: during it
    """

    parts: tuple[str, ...]
    aspects: tuple[tuple[str, int], ...] = ()
    satisfaction: int | None = None
    stage: str | None = None


def sentence(entry: str, aspects: tuple[tuple[str, int], ...] = ()) -> Sentence:
    """Parse one entry of a phrase file; `aspects` are those its section stands for."""
    text, _, meant = entry.partition("##")
    satisfaction: int | None = None
    stage: str | None = None
    found = dict(aspects)
    for token in meant.split():
        if token in {"before", "after"}:
            stage = token
        elif token.isdigit():
            satisfaction = int(token)
        else:
            found[token[:-1]] = _SIGNS[token[-1]]
    return Sentence(
        parts=tuple(_SLOT.split(text.strip())),
        aspects=tuple(found.items()),
        satisfaction=satisfaction,
        stage=stage,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wordbook:
    """What sample travellers can say in one language.

    slots     values by slot name
    said      sentences by (aspect, mood); mood is neg, pos, ask, wry, less or more
    general   sentences on the company as a whole, by mood
    small     openers, closers and joints by (section, mood)
    keep      words that stay capitalised within a sentence; `lower`: those that do not, where most do (German)
    """

    language: str
    slots: Mapping[str, Sequence[str]]
    said: Mapping[tuple[str, str], Sequence[Sentence]]
    general: Mapping[str, Sequence[Sentence]]
    small: Mapping[tuple[str, str], Sequence[Sentence]]
    tags: Sequence[str]
    keep: frozenset[str]
    lower: frozenset[str]

    def inner(self, text: str) -> str:
        """A sentence as it reads after a colon or comma."""
        first = text.split(maxsplit=1)[0].strip("¿¡,.!?")
        small = first in self.lower if self.lower else first not in self.keep
        at = len(text) - len(text.lstrip("¿¡"))
        return text[:at] + text[at].lower() + text[at + 1 :] if small else text


_MOOD_SIGN = {"neg": -1, "wry": -1, "less": -1, "pos": 1, "more": 1, "ask": 0}
_SECTIONS = {"slots", "general", "openers", "closers", "joints", "case", "tags"}


@cache
def wordbook(language: str) -> Wordbook:
    """Read the phrase file of a language."""
    raw = phrases(language)
    said = {
        (aspect, mood): [sentence(entry, ((aspect, _MOOD_SIGN[mood]),)) for entry in entries]
        for aspect, section in raw.items()
        if aspect not in _SECTIONS
        for mood, entries in section.items()
    }
    return Wordbook(
        language=language,
        slots=raw["slots"],
        said=said,
        general={mood: [sentence(entry) for entry in entries] for mood, entries in raw["general"].items()},
        small={
            (section, mood): [sentence(entry) for entry in entries]
            for section in ("openers", "closers", "joints")
            for mood, entries in raw[section].items()
        },
        tags=raw["tags"]["words"],
        keep=frozenset(raw["case"].get("keep", ())),
        lower=frozenset(raw["case"].get("lower", ())),
    )


def phrases(name: str) -> Mapping[str, Any]:
    """A phrase file as it stands, by its name without the ending."""
    return tomllib.loads((files("collector.demo") / "phrases" / f"{name}.toml").read_text(encoding="utf-8"))


def pick(rng: Random, options: Sequence[_T]) -> _T:
    """One of the options; through random() alone, whose stream is the same in every Python release."""
    return options[int(rng.random() * len(options))]


def weighted(rng: Random, weights: Mapping[str, float]) -> str:
    """One of the keys, as often as its weight says."""
    left = rng.random() * sum(weights.values())
    for name, weight in weights.items():
        left -= weight
        if left < 0:
            return name
    return name


class Filling:
    """The slot values of one text: chosen once, so that its sentences speak of the same ship and port."""

    __slots__ = ("_book", "_chosen", "_rng")

    def __init__(self, rng: Random, book: Wordbook, names: Mapping[str, str]) -> None:
        self._rng, self._book, self._chosen = rng, book, dict(names)

    def fill(self, said: Sentence, *, inner: bool = False) -> str:
        """The sentence in words, without its full stop; capitalised unless it continues another."""
        parts = said.parts
        if len(parts) == 1:
            text = parts[0]
        else:
            text = "".join(part if i % 2 == 0 else self._value(part) for i, part in enumerate(parts))
        if inner and not (parts[0] == "" and parts[1] in _NAMES):
            return self._book.inner(text)
        return text[0].upper() + text[1:]

    def _value(self, slot: str) -> str:
        if slot in self._chosen:
            return self._chosen[slot]
        value = pick(self._rng, self._book.slots[slot])
        if "{" in value:
            value = "".join(part if i % 2 == 0 else self._value(part) for i, part in enumerate(_SLOT.split(value)))
        if slot not in _VARIED:
            self._chosen[slot] = value
        return value
