"""Where labels come from: what the model read, which term rules there are, and what people said, singly or together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, func, select

from collector.store.tables import mention
from dashboard.queries.mentions import ASPECT, EVIDENCE_SHOWN, words_or_none
from sentiment.reading import Sentiment
from sentiment.store.readings import correction, correction_batch, label, reading
from sentiment.store.samples import sampled
from sentiment.store.term_rules import rule, rule_of
from sentiment.terms import TermRule, told

LATEST = 5_000
"""Mentions that are asked for their language: all of a large store would take seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Corrections that somebody made together and did not undo; mentions: how many they still change."""

    id: int
    what: str
    who: str
    at: datetime
    mentions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRule:
    """A term rule with its record; off_at: None while it is on. changed: mentions that it changes now."""

    rule: TermRule
    who: str
    at: datetime
    off_by: str | None
    off_at: datetime | None
    changed: int


def batches(conn: Connection, limit: int = 5) -> list[Batch]:
    """The latest corrections made together that stand, the newest first; without those of a sample's checks."""
    query = (
        select(correction_batch, func.count(correction.c.mention_id.distinct()).label("mentions"))
        .join(correction, correction.c.batch_id == correction_batch.c.id)
        .where(correction_batch.c.undone_at.is_(None), correction.c.undone_at.is_(None))
        .where(correction_batch.c.id.not_in(select(sampled.c.batch_id).where(sampled.c.batch_id.is_not(None))))
        .group_by(*correction_batch.c)
        .order_by(correction_batch.c.id.desc())
        .limit(limit)
    )
    return [
        Batch(id=row.id, what=row.what, who=row.who, at=row.at, mentions=row.mentions) for row in conn.execute(query)
    ]


def rules(conn: Connection) -> list[KeptRule]:
    """All term rules, those that are on first, then the newest first."""
    many = select(label.c.rule_id, func.count()).where(label.c.rule_id.is_not(None)).group_by(label.c.rule_id)
    changed: dict[int, int] = {row[0]: row[1] for row in conn.execute(many)}
    rows = conn.execute(select(rule).order_by(rule.c.off_at.is_not(None), rule.c.id.desc()))
    return [
        KeptRule(
            rule=rule_of(row),
            who=row.who,
            at=row.at,
            off_by=row.off_by,
            off_at=row.off_at,
            changed=changed.get(row.id, 0),
        )
        for row in rows
    ]


def rules_frame(found: Sequence[KeptRule]) -> pd.DataFrame:
    """Rules with their record as a table."""
    return pd.DataFrame(
        [
            {
                "term": kept.rule.term,
                "about": kept.rule.aspect or "the whole mention",
                "means": None if kept.rule.after is None else kept.rule.after.value,
                "brand": kept.rule.brand,
                "language": kept.rule.language,
                "who": kept.who,
                "at": kept.at,
                "off_by": kept.off_by,
                "off_at": kept.off_at,
                "changed": kept.changed,
            }
            for kept in found
        ]
    )


def languages(conn: Connection) -> list[str]:
    """The languages that the latest mentions were read in."""
    latest = select(label.c.language).order_by(label.c.mention_id.desc()).limit(LATEST).subquery()
    return sorted(conn.scalars(select(latest.c.language).where(latest.c.language.is_not(None)).distinct()))


def rules_told(conn: Connection) -> dict[int, str]:
    """Every rule in words, by its number."""
    return {row.id: told(rule_of(row)) for row in conn.execute(select(rule))}


def corrections(conn: Connection, mention_id: int) -> pd.DataFrame:
    """What people said instead about a mention: id, field, aspect, before, after, who, at, undone_at; oldest first."""
    names = ["id", "field", "aspect", "before", "after", "who", "at", "undone_at"]
    query = select(*(correction.c[name] for name in names)).where(correction.c.mention_id == mention_id)
    rows = [tuple(row) for row in conn.execute(query.order_by(correction.c.id))]
    return words_or_none(pd.DataFrame.from_records(rows, columns=names))


def aspects_read(conn: Connection, ids: Sequence[int], *, model: str | None = None) -> pd.DataFrame:
    """What the model read of these mentions, whatever rules and people say: the columns of `aspects`.

    model: None stands for the one that each mention's label goes by.
    """
    rows = []
    for row in _readings(conn, ids, model):
        for name, sign, confidence, start, end in row.aspects:
            evidence = str(row.text)[start:end][:EVIDENCE_SHOWN]
            rows.append((row.mention_id, name, Sentiment.of_sign(sign).value, confidence / 1000, start, end, evidence))
    return pd.DataFrame.from_records(sorted(rows, key=lambda row: (row[0], row[4])), columns=ASPECT)


def sentiments_read(conn: Connection, ids: Sequence[int]) -> dict[int, str]:
    """The sentiment that the model read of these mentions, in a word, whatever rules and people say."""
    return {row.mention_id: Sentiment.of_sign(row.sentiment).value for row in _readings(conn, ids, None)}


def _readings(conn: Connection, ids: Sequence[int], model: str | None) -> list[Any]:
    query = (
        select(reading.c.mention_id, reading.c.sentiment, reading.c.aspects, mention.c.text)
        .join(mention, mention.c.id == reading.c.mention_id)
        .where(reading.c.mention_id.in_(ids))
    )
    if model is not None:
        return list(conn.execute(query.where(reading.c.model == model)))
    held = (label.c.mention_id == reading.c.mention_id) & (label.c.model == reading.c.model)
    return list(conn.execute(query.join(label, held)))
