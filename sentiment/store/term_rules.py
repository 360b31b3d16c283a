"""The table of term rules, and which of them are on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, Row, String, Table, insert, select, update

from collector.store import Utc, metadata
from sentiment.reading import Sentiment
from sentiment.terms import TermRule, in_order

_ID = BigInteger().with_variant(Integer, "sqlite")

rule = Table(
    "term_rule",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("term", String(200), nullable=False, comment="as it was written"),
    Column("words", String(500), nullable=False, comment="normal words with a space between them"),
    Column("aspect", String(40), comment="NULL: it is about the sentiment of the whole mention"),
    Column("after", String(20), comment="negative, neutral or positive; NULL: not about the aspect"),
    Column("language", String(20), comment="NULL: every language"),
    Column("brand", String(100), comment="NULL: every brand"),
    Column("who", String(200), nullable=False),
    Column("at", Utc, nullable=False),
    Column("off_by", String(200)),
    Column("off_at", Utc),
    Column("settled_to", _ID, comment="mentions up to this one follow it already; NULL: all do"),
)
"""What words mean here, who said so and when; a rule that was switched off stays in the record."""


def rules_on(conn: Connection) -> list[TermRule]:
    """The rules that are on, in the order in which they are laid over a reading."""
    return in_order(rule_of(row) for row in conn.execute(select(rule).where(rule.c.off_at.is_(None))))


def rule_of(row: Row[Any]) -> TermRule:
    """The rule that a row of the table stands for."""
    return TermRule(
        id=row.id,
        term=row.term,
        words=tuple(row.words.split(" ")),
        aspect=row.aspect,
        after=None if row.after is None else Sentiment(row.after),
        language=row.language,
        brand=row.brand,
    )


def add_rule(conn: Connection, made: TermRule, who: str, now: datetime) -> int:
    """Record a rule as on, with no mention following it yet; returns its number."""
    values = {
        "term": made.term,
        "words": " ".join(made.words),
        "aspect": made.aspect,
        "after": None if made.after is None else made.after.value,
        "language": made.language,
        "brand": made.brand,
        "who": who,
        "at": now,
        "settled_to": 0,
    }
    return int(conn.execute(insert(rule).values(values).returning(rule.c.id)).scalar_one())


def end_rule(conn: Connection, rule_id: int, who: str, now: datetime) -> bool:
    """Record a rule as off, with every mention still following it; whether it was on."""
    done = update(rule).where(rule.c.id == rule_id, rule.c.off_at.is_(None))
    return bool(conn.execute(done.values(off_by=who, off_at=now, settled_to=0)).rowcount)
