"""One mention as HTML: where it was said, its text with the evidence marked, what was read of it and by whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

import pandas as pd

from dashboard.passage import Evidence, link, marked
from dashboard.views.parts import sign
from dashboard.views.session import now, session
from dashboard.words import count, language_named, moment
from sentiment.taxonomy import taxonomy


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the model read of a mention, where rules or people say otherwise; aspects: their polarities."""

    sentiment: str
    aspects: Mapping[str, str]


def card(
    row: Mapping[str, object],
    aspects: Sequence[Any],
    *,
    error: str | None = None,
    machine: Machine | None = None,
    rule: str | None = None,
) -> str:
    """One mention as HTML; everything from outside escaped.

    aspects: its rows of `dashboard.queries.mentions.aspects`, as tuples with names; error: why it could not be read;
    machine: what the model said, to be told beside what is held; rule: the term rule that changed it, in words.
    """
    evidence = [
        Evidence(start=int(a.start), end=int(a.end), polarity=str(a.polarity), label=label_of(str(a.aspect)))
        for a in aspects
    ]
    text = marked(str(row["text"]), evidence, length=int(str(row["length"])))
    return (
        f'<div class="gs-meta">{" ".join(f"<span>{part}</span>" for part in _meta(row))}</div>'
        f'<div class="gs-text" dir="auto">{text}</div>'
        f'<ul class="gs-tags" aria-label="What was read">{_tags(row, aspects, error, rule)}</ul>'
        f"{_machine(machine)}"
    )


def label_of(aspect: str) -> str:
    """An aspect in words."""
    known = taxonomy().aspects
    return known[aspect].label if aspect in known else aspect


def _meta(row: Mapping[str, object]) -> list[str]:
    at = row["created_at"]
    said_at = at.to_pydatetime() if isinstance(at, pd.Timestamp) else at
    if not isinstance(said_at, datetime):
        raise TypeError(f"a mention is said at a moment, not at {at!r}")
    parts = [escape(moment(said_at, session().zone)), escape(str(row["source"])), escape(str(row["kind"]))]
    if _known(row["rating"]):
        parts.append(f"{float(str(row['rating'])):g} of 5 stars")
    language = language_named(str(row["language"])) if _known(row["language"]) else None
    named = [*(row[name] for name in ("author_name", "place", "segment")), language]
    parts += [f"<bdi>{escape(str(value)[:80])}</bdi>" for value in named if _known(value)]
    if _known(row["reach"]):
        parts.append(f"reach {count(float(str(row['reach'])))}")
    if not row["head"]:
        parts.append("near-copy of an earlier mention")
    if said_at > now():
        parts.append("<strong>dated in the future</strong>")
    original = link(row["url"] if isinstance(row["url"], str) else None, "original")
    return [*parts, original] if original else parts


def _tags(row: Mapping[str, object], aspects: Sequence[Any], error: str | None, rule: str | None) -> str:
    if error:
        return f'<li class="gs-tag">could not be read: {escape(error[:160])}</li>'
    tags = [sign(row["sentiment"] if isinstance(row["sentiment"], str) else None)]
    if _known(row["satisfaction"]):
        tags.append(f"satisfaction {float(str(row['satisfaction'])):.1f} of 5")
    if _known(row["sentiment"]):
        tags += [f"{escape(label_of(str(a.aspect)))} {sign(str(a.polarity))}" for a in aspects]
        if _known(row["intent"]) and row["intent"] != "other":
            tags.append(escape(str(row["intent"])))
    if _is(row["abstained"], True):
        tags.append("the model was not sure")
    if rule:
        tags.append(f"term rule: {escape(rule[:120])}")
    if _is(row["corrected"], True):
        tags.append("corrected by a person")
    if _is(row["about_us"], False):
        tags.append("<strong>not about us</strong>, counted nowhere")
    if _known(row["suspicion"]):
        tags.append(f"suspected: {escape(str(row['suspicion_reason'] or row['suspicion'])[:120])}")
    return "".join(f'<li class="gs-tag">{tag}</li>' for tag in tags)


def _machine(machine: Machine | None) -> str:
    if machine is None:
        return ""
    parts = [sign(machine.sentiment)]
    parts += [f"{escape(label_of(aspect))} {sign(polarity)}" for aspect, polarity in machine.aspects.items()]
    return f'<p class="gs-small gs-machine">The model said: {", ".join(parts)}</p>'


def _is(value: object, wanted: bool) -> bool:
    """Whether a flag of a frame is set so: databases give 0 and 1, and a mention without a label gives nothing."""
    return not pd.isna(value) and bool(value) is wanted


def _known(value: object) -> bool:
    return not pd.isna(value) and value != ""
