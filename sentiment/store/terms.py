"""Term rules at work: what one would change, switching it on and off, and bringing every mention in line with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from sqlalchemy import Connection, Select, or_, select, update

from collector.store import Store
from collector.store.search import matching
from collector.store.tables import CHUNK, mention
from collector.store.turn import take_turn
from sentiment.reading import Sentiment
from sentiment.store.layers import effective
from sentiment.store.readings import (
    label,
    present_readings,
    reading_row,
    relabel_counted,
    rules_for,
    standing_corrections,
)
from sentiment.store.term_rules import add_rule, end_rule, rule, rule_of, rules_on
from sentiment.terms import TermRule, in_order, passage

PREVIEWED = 2_000
"""Mentions that a preview looks at, newest first; a second or two."""
EXAMPLES = 8
WALKED = 5_000
"""Mentions whose texts settling looks at in one transaction: some tens of milliseconds where none has the term."""
MOST_SPELLINGS = 3
"""Places of a term where ss may be written ß that a preview searches for in either spelling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A mention that a rule would change: the place of its text, and what is held of it before and after, in words."""

    mention_id: int
    passage: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What switching a rule on would do.

    looked_at  mentions with the words that were looked at; `more`: there are others, older ones
    matching   those of them that the rule is about and that were read
    changes    how many would change, by (before, after) in words
    kept       matching ones that stay as they are because a person said so
    """

    looked_at: int
    more: bool
    matching: int
    changes: Mapping[tuple[str, str], int]
    kept: int
    examples: Sequence[Example]

    @property
    def changed(self) -> int:
        """Mentions that would change."""
        return sum(self.changes.values())


def preview(conn: Connection, made: TermRule, limit: int = PREVIEWED) -> Preview:
    """What a rule would change among the newest mentions that have its words; changes nothing."""
    ids = list(conn.scalars(_candidates(conn, made).order_by(mention.c.id.desc()).limit(limit + 1)))
    present = rules_on(conn)
    changes: Counter[tuple[str, str]] = Counter()
    examples: list[Example] = []
    matched = kept = 0
    for start in range(0, min(len(ids), limit), CHUNK):
        part = ids[start : min(start + CHUNK, limit)]
        found = present_readings(conn, part)
        old, new = (rules_for(conn, found, rules) for rules in (present, in_order([*present, made])))
        said = standing_corrections(conn, part)
        texts = {row.id: row.text for row in conn.execute(_texts(part))}
        for mention_id, reading in sorted(found.items(), reverse=True):
            if made not in new.get(mention_id, ()):
                continue
            matched += 1
            row, corrections = reading_row(mention_id, reading), said.get(mention_id, ())
            before, after = (
                _told(made, *effective(row, rules.get(mention_id, ()), corrections)) for rules in (old, new)
            )
            if before != after:
                changes[before, after] += 1
                shown = passage(texts[mention_id], made)
                examples.append(Example(mention_id=mention_id, passage=shown, before=before, after=after))
            elif any(change["field"] == made.field and change["aspect"] == made.aspect for change in corrections):
                kept += 1
    return Preview(
        looked_at=min(len(ids), limit),
        more=len(ids) > limit,
        matching=matched,
        changes=dict(changes),
        kept=kept,
        examples=examples[:EXAMPLES],
    )


def _texts(ids: Sequence[int]) -> Select[Any]:
    return select(mention.c.id, mention.c.text).where(mention.c.id.in_(ids))


def _told(made: TermRule, held: Mapping[str, Any], aspects: Sequence[Mapping[str, Any]]) -> str:
    if made.aspect is None:
        return Sentiment.of_sign(held["sentiment"]).value
    signs = [row["polarity"] for row in aspects if row["aspect"] == made.aspect]
    return Sentiment.of_sign(signs[0]).value if signs else "not about it"


def switch_on(conn: Connection, made: TermRule, *, who: str, now: datetime) -> int:
    """Record a rule as on; what is read from now on follows it, and `settle` brings what was read before in line."""
    return add_rule(conn, made, who, now)


def switch_off(conn: Connection, rule_id: int, *, who: str, now: datetime) -> bool:
    """Record a rule as off; `settle` restores what it changed. Whether it was on."""
    return end_rule(conn, rule_id, who, now)


def settle(store: Store, stop: Callable[[], bool] = lambda: False) -> Iterator[int]:
    """Bring mentions in line with rules that were switched on or off, some thousand a transaction, and tell how many.

    Every text is looked at, by the very test that a new reading goes through: an index cuts words in other places.
    Counts move in the same transactions. It may be stopped or killed at any point and goes on from there; several at
    once do the same work twice, to the same end.
    """
    while True:
        with store.read() as conn:
            waiting = unsettled(conn)
        if not waiting or stop():
            return
        with store.write() as conn:
            take_turn(conn)
            due = select(rule).where(rule.c.settled_to.is_not(None)).order_by(rule.c.id).limit(1)
            # Whoever switches it off meanwhile waits, or it would be noted as settled by what it was before.
            row = conn.execute(due.with_for_update()).first()
            done = 0 if row is None else _settle_some(conn, store, row)
        yield done


def unsettled(conn: Connection) -> bool:
    """Whether some mentions are not in line with the rules yet."""
    return conn.scalar(select(rule.c.id).where(rule.c.settled_to.is_not(None)).limit(1)) is not None


def _settle_some(conn: Connection, store: Store, row: Any) -> int:
    made = rule_of(row)
    changed = select(label.c.mention_id).where(label.c.rule_id == row.id, label.c.mention_id > row.settled_to)
    query = select(mention.c.id, mention.c.text).where(mention.c.id > row.settled_to)
    if made.brand is not None:
        query = query.where(mention.c.brand == made.brand)
    walked = conn.execute(query.order_by(mention.c.id).limit(WALKED)).all()
    place = walked[-1].id if len(walked) == WALKED else None
    if place is not None:
        changed = changed.where(label.c.mention_id <= place)
    ids = sorted({one.id for one in walked if made.is_in(one.text)} | set(conn.scalars(changed)))
    for start in range(0, len(ids), CHUNK):
        relabel_counted(conn, store, ids[start : start + CHUNK])
    conn.execute(update(rule).where(rule.c.id == row.id).values(settled_to=place))
    return len(ids)


def _candidates(conn: Connection, made: TermRule) -> Select[int]:
    """Ids of mentions whose text may have the term: by the index, as it was written and as normal words."""
    written = {f'"{term.replace(chr(34), " ")}"' for term in (made.term, *_spellings(made.words))}
    found = [mention.c.id.in_(matching(conn, words)) for words in sorted(written)]
    query = select(mention.c.id).where(or_(*found))
    return query if made.brand is None else query.where(mention.c.brand == made.brand)


def _spellings(words: Sequence[str]) -> list[str]:
    """Normal words as they may be written: ss stands for ß, too, which the index keeps apart."""
    parts = " ".join(words).split("ss")
    doubtful = min(len(parts) - 1, MOST_SPELLINGS)
    rest = "ss".join(parts[doubtful:])
    return [
        "".join(part + sign for part, sign in zip(parts, signs, strict=False)) + rest
        for signs in product(("ss", "ß"), repeat=doubtful)
    ]
