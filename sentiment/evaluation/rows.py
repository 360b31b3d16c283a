"""Labelled texts to judge a classifier by, from a JSONL file with a text and any of the labels a line."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collector.tabular.encoding import encoding_of
from collector.tabular.jsonlines import TOO_LONG, lines_of
from sentiment.reading import Intent, Loyalty, Sentiment, Stage
from sentiment.taxonomy import taxonomy

SIGNS = {
    "-": Sentiment.NEGATIVE, "0": Sentiment.NEUTRAL, "+": Sentiment.POSITIVE,
    "negative": Sentiment.NEGATIVE, "neutral": Sentiment.NEUTRAL, "positive": Sentiment.POSITIVE,
}  # fmt: skip


LABELS = ("sentiment", "satisfaction", "aspects", "stage", "intent", "loyalty")


class RowProblem(Exception):
    """No line of the file can be judged by; the message names the file and what is wrong with its first line."""


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


def load_rows(path: Path) -> tuple[list[Labelled], list[str]]:
    """Every row of the file, and a sentence for each that was set aside because it cannot be judged by.

    Fields: text; sentiment or label; satisfaction 1 to 5 (sentiment follows from it where missing); aspects as
    {name: "-" | "0" | "+"}; stage; intent; loyalty; lang or language; domain. Raises RowProblem if no row is left.
    """
    rows, problems = [], []
    with path.open(encoding=encoding_of(path).codec, errors="replace") as lines:
        for number, line in lines_of(lines):
            try:
                row = labelled(json.loads(line or ""))
            except (json.JSONDecodeError, RecursionError) as problem:
                what = TOO_LONG if line is None else f"not JSON ({problem})"
                problems.append(f"{path.name}, line {number}: {what}")
            except ValueError as problem:
                problems.append(f"{path.name}, line {number}: {problem}")
            except (TypeError, AttributeError):
                problems.append(f"{path.name}, line {number}: not an object with the fields of a labelled text")
            else:
                if any(getattr(row, name) is not None for name in LABELS):
                    rows.append(row)
                else:
                    problems.append(f"{path.name}, line {number}: no label; there are {', '.join(LABELS)}")
    if not rows:
        raise RowProblem(f"{path}: no row can be judged by ({problems[0] if problems else 'it has none'})")
    return rows, problems


def labelled(fields: dict[str, Any]) -> Labelled:
    """One row out of its JSON fields; raises ValueError with what is wrong, else TypeError or AttributeError."""
    if fields.get("text") is None:
        raise ValueError("no text")
    satisfaction = fields.get("satisfaction")
    if satisfaction is not None and (isinstance(satisfaction, bool) or satisfaction not in range(1, 6)):
        raise ValueError(f"satisfaction is a whole number from 1 to 5, not {satisfaction!r}")
    said = next((fields[name] for name in ("sentiment", "label") if fields.get(name) is not None), None)
    sentiment = None if said is None else _sentiment(said)
    if sentiment is None and satisfaction is not None:
        sentiment = Sentiment.of_sign((satisfaction > 3) - (satisfaction < 3))
    aspects = fields.get("aspects")
    return Labelled(
        text=str(fields["text"]),
        language=_name(fields.get("lang", fields.get("language"))),
        domain=_name(fields.get("domain")),
        sentiment=sentiment,
        satisfaction=None if satisfaction is None else int(satisfaction),
        aspects=None if aspects is None else {_aspect(name): _sign(sign) for name, sign in aspects.items()},
        stage=Stage(fields["stage"]) if fields.get("stage") else None,
        intent=Intent(fields["intent"]) if fields.get("intent") else None,
        loyalty=Loyalty(fields["loyalty"]) if fields.get("loyalty") else None,
    )


def _sentiment(said: Any) -> Sentiment:
    if said not in list(Sentiment):
        raise ValueError(f"a sentiment is one of {', '.join(Sentiment)}, not {said!r:.60}")
    return Sentiment(said)


def _aspect(name: str) -> str:
    if name not in taxonomy().aspects:
        raise ValueError(f"there is no aspect {name!r}; there are {', '.join(taxonomy().aspects)}")
    return name


def _sign(sign: Any) -> Sentiment:
    if sign not in SIGNS:
        raise ValueError(f"the sign of an aspect is one of {', '.join(SIGNS)}, not {sign!r}")
    return SIGNS[sign]


def _name(value: Any) -> str | None:
    return None if value is None else str(value)
