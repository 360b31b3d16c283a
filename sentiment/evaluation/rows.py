"""Labelled texts to judge a classifier by, from a JSONL file with a text and any of the labels a line."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment.reading import Intent, Loyalty, Sentiment, Stage
from sentiment.taxonomy import taxonomy

SIGNS = {
    "-": Sentiment.NEGATIVE, "0": Sentiment.NEUTRAL, "+": Sentiment.POSITIVE,
    "negative": Sentiment.NEGATIVE, "neutral": Sentiment.NEUTRAL, "positive": Sentiment.POSITIVE,
}  # fmt: skip


class RowProblem(Exception):
    """A line of the file cannot be judged by; the message names file, line and label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A text with its true labels; None is not labelled, an empty mapping of aspects is "about none of them"."""

    text: str
    language: str | None = None
    domain: str | None = None
    sentiment: Sentiment | None = None
    satisfaction: int | None = None
    aspects: dict[str, Sentiment] | None = None
    stage: Stage | None = None
    intent: Intent | None = None
    loyalty: Loyalty | None = None


def load_rows(path: Path) -> list[Labelled]:
    """Every row of the file.

    Fields: text; sentiment or label; satisfaction 1 to 5 (sentiment follows from it where missing); aspects as
    {name: "-" | "0" | "+"}; stage; intent; loyalty; lang or language; domain. Raises RowProblem.
    """
    rows = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                rows.append(labelled(json.loads(line)))
            except (ValueError, KeyError, TypeError, AttributeError) as problem:
                raise RowProblem(f"{path}, line {number}: {problem!r}") from problem
    if not rows:
        raise RowProblem(f"{path}: no rows")
    return rows


def labelled(fields: dict[str, Any]) -> Labelled:
    """One row out of its JSON fields; raises KeyError or ValueError with what is wrong."""
    satisfaction = fields.get("satisfaction")
    said = fields.get("sentiment", fields.get("label"))
    sentiment = Sentiment(said) if said is not None else None
    if sentiment is None and satisfaction is not None:
        sentiment = Sentiment.of_sign((satisfaction > 3) - (satisfaction < 3))
    aspects = fields.get("aspects")
    return Labelled(
        text=str(fields["text"]),
        language=fields.get("lang", fields.get("language")),
        domain=fields.get("domain"),
        sentiment=sentiment,
        satisfaction=None if satisfaction is None else int(satisfaction),
        aspects=None if aspects is None else {_aspect(name): SIGNS[sign] for name, sign in aspects.items()},
        stage=Stage(fields["stage"]) if fields.get("stage") else None,
        intent=Intent(fields["intent"]) if fields.get("intent") else None,
        loyalty=Loyalty(fields["loyalty"]) if fields.get("loyalty") else None,
    )


def _aspect(name: str) -> str:
    if name not in taxonomy().aspects:
        raise ValueError(f"there is no aspect {name!r}; there are {', '.join(taxonomy().aspects)}")
    return name
