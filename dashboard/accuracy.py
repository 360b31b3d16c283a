"""How often the model is right, measured on what people checked: accuracy, confusion, precision. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources

from dashboard.shares import Share, share
from sentiment.reading import Sentiment

FEWEST = 30
"""Checked mentions below which no accuracy is told as a finding: its interval would be wider than 35 points."""
FEWEST_IN_GROUP = 10
"""The same for an aspect, a week or a language beside others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One mention of a sample that a person checked.

    said, true  what the model said and what is true
    aspects     the aspects that the model named; `wrong` are those of them that it should not have, or not so
    """

    monday: date
    model: str
    language: str | None
    said: Sentiment
    true: Sentiment
    aspects: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether the sentiment was read rightly."""
        return self.said is self.true


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The measured share of one week, model, language or aspect, over those that were checked."""

    name: str
    share: Share

    @property
    def enough(self) -> bool:
        """Whether so many were checked that the share says something."""
        return self.share.whole >= FEWEST_IN_GROUP


def accuracy(checked: Sequence[Checked]) -> Share:
    """The share whose sentiment was read rightly, with Wilson's interval: the sample is drawn at random."""
    return share([sum(one.right for one in checked)], [len(checked)])


def confusion(checked: Sequence[Checked]) -> dict[tuple[Sentiment, Sentiment], int]:
    """How many were said to be one thing and truly are another, by (said, true); all nine pairs."""
    counted = Counter((one.said, one.true) for one in checked)
    return {(said, true): counted[said, true] for said in Sentiment for true in Sentiment}


def by_week(checked: Sequence[Checked]) -> list[tuple[date, Group]]:
    """Accuracy of each week's sample, the newest first."""
    weeks = sorted({one.monday for one in checked}, reverse=True)
    return [(week, _group(week.isoformat(), [one for one in checked if one.monday == week])) for week in weeks]


def by_model(checked: Sequence[Checked]) -> list[Group]:
    """Accuracy of each model, the one of the newest sample first."""
    newest = sorted(checked, key=lambda one: one.monday, reverse=True)
    models = dict.fromkeys(one.model for one in newest)
    return [_group(model, [one for one in checked if one.model == model]) for model in models]


def by_language(checked: Sequence[Checked]) -> list[Group]:
    """Accuracy in each language, the most checked first."""
    counted = Counter(one.language or "unknown" for one in checked)
    return [
        _group(name, [one for one in checked if (one.language or "unknown") == name])
        for name, _ in counted.most_common()
    ]


def _group(name: str, checked: Sequence[Checked]) -> Group:
    return Group(name=name, share=accuracy(checked))


def aspect_precision(checked: Sequence[Checked]) -> list[Group]:
    """Of the times that the model named an aspect, the share in which people agreed; the most named first."""
    named = Counter(aspect for one in checked for aspect in one.aspects)
    wrong = Counter(aspect for one in checked for aspect in one.wrong if aspect in one.aspects)
    return [Group(name=name, share=share([many - wrong[name]], [many])) for name, many in named.most_common()]


def card_accuracy(model: str) -> Mapping[str, float]:
    """Sentiment accuracy that the shipped model's card tells, by set of texts; nothing for another model."""
    folder = resources.files("sentiment").joinpath("model")
    settings, scores = (
        json.loads(folder.joinpath(f).read_text(encoding="utf-8")) for f in ("reader.json", "scores.json")
    )
    if settings["name"] != model:
        return {}
    return {name: figures["sentiment accuracy"] for name, figures in scores.items() if "sentiment accuracy" in figures}
