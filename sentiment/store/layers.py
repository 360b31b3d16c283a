"""What is held true of a mention: the reading, then term rules, then what people said. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sentiment.reading import Sentiment
from sentiment.terms import TermRule

HELD = ("mention_id", "model", "sentiment", "satisfaction", "stage", "intent", "loyalty", "language", "validated",
        "abstained")  # fmt: skip
"""What a label takes over from its reading."""
SATISFIED = {-1: (100, 250), 0: (250, 350), 1: (350, 500)}
"""Hundredths of satisfaction that go with a sentiment: those whose nearest whole star is of it (1 and 2 are negative,
3 is neutral, 4 and 5 are positive)."""


def effective(
    row: Mapping[Any, Any], rules: Sequence[TermRule], corrections: Sequence[Mapping[Any, Any]]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The label and its aspects, as rows, of a row of a reading; rules are those that apply to its text.

    A sentiment that was changed takes satisfaction with it, to the nearest value that goes with it, unless a person
    said how satisfied the writer is.
    """
    label = {name: row[name] for name in HELD} | {"corrected": bool(corrections), "about_us": True, "rule_id": None}
    aspects = {
        name: {"mention_id": row["mention_id"], "aspect": name, "polarity": p, "confidence": c, "start": s, "end": e}
        for name, p, c, s, e in row["aspects"]
    }
    for rule in rules:
        before = label["sentiment"], dict(aspects)
        _lay_over(label, aspects, rule.as_change())
        if (label["sentiment"], aspects) != before:
            label["rule_id"] = rule.id
    for change in corrections:
        _lay_over(label, aspects, change)
    if label["sentiment"] != row["sentiment"] and all(change["field"] != "satisfaction" for change in corrections):
        lowest, highest = SATISFIED[label["sentiment"]]
        label["satisfaction"] = min(max(label["satisfaction"], lowest), highest)
    return label, list(aspects.values())


def _lay_over(label: dict[str, Any], aspects: dict[str, dict[str, Any]], change: Mapping[Any, Any]) -> None:
    field, after = change["field"], change["after"]
    if field == "aspect" and after is None:
        aspects.pop(change["aspect"], None)
    elif field == "aspect":
        before = aspects.get(change["aspect"], {"start": 0, "end": 0})
        aspects[change["aspect"]] = before | {
            "mention_id": label["mention_id"],
            "aspect": change["aspect"],
            "polarity": Sentiment(after).sign,
            "confidence": 1000,
        }
    elif field == "sentiment":
        label["sentiment"] = Sentiment(str(after)).sign
        label["abstained"] = False
    elif field == "satisfaction":
        label["satisfaction"] = round(100 * float(after))
    elif field == "about_us":
        label["about_us"] = after == "yes"
    else:
        label[field] = after
