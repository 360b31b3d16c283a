"""What the page on reading quality asks: the weekly sample, what was checked of it, and what the model said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
from sqlalchemy import Connection, func, select

from collector.store import EPOCH
from collector.store.tables import mention
from dashboard.accuracy import Checked
from dashboard.queries.labels import aspects_read
from sentiment.reading import Sentiment
from sentiment.store.checks import SKIP
from sentiment.store.samples import number_of, sampled


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a sample is checked: mentions in it, checked, skipped, and gone (edited or deleted before anyone did)."""

    size: int
    checked: int
    skipped: int
    gone: int

    @property
    def left(self) -> int:
        """How many wait to be checked."""
        return self.size - self.checked - self.skipped - self.gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A mention of a sample as it is put before a person: what the model said, whatever is held of it now.

    aspects  as `dashboard.queries.mentions.aspects`
    """

    mention_id: int
    sentiment: Sentiment
    aspects: pd.DataFrame


def progress(conn: Connection, monday: date) -> Progress:
    """How far the sample of a week is checked."""
    here = sampled.c.week == number_of(monday)
    by_verdict = select(sampled.c.verdict, func.count()).where(here).group_by(sampled.c.verdict)
    counted: dict[str | None, int] = {row[0]: row[1] for row in conn.execute(by_verdict)}
    present = (
        select(func.count())
        .select_from(sampled)
        .join(mention, (mention.c.id == sampled.c.mention_id) & (mention.c.revision == sampled.c.revision))
        .where(here, sampled.c.verdict.is_(None))
    )
    waiting = counted.pop(None, 0)
    skipped = counted.pop(SKIP, 0)
    checked = sum(counted.values())
    return Progress(
        size=waiting + skipped + checked,
        checked=checked,
        skipped=skipped,
        gone=waiting - (conn.scalar(present) or 0),
    )


def checked(conn: Connection) -> list[Checked]:
    """Everything that was checked of all samples, oldest week first; what was skipped is left out."""
    query = select(sampled).where(sampled.c.verdict.is_not(None), sampled.c.verdict != SKIP)
    return [
        Checked(
            monday=EPOCH.date() + timedelta(days=row.week),
            model=row.model,
            language=row.language,
            said=Sentiment.of_sign(row.sentiment),
            true=Sentiment(row.verdict),
            aspects=tuple(row.aspects),
            wrong=tuple(row.wrong),
        )
        for row in conn.execute(query.order_by(sampled.c.week, sampled.c.place))
    ]


def asked(conn: Connection, monday: date, mention_id: int) -> Asked:
    """What the model said of a mention when the sample was drawn."""
    row = conn.execute(
        select(sampled.c.sentiment, sampled.c.model).where(
            sampled.c.week == number_of(monday), sampled.c.mention_id == mention_id
        )
    ).one()
    return Asked(
        mention_id=mention_id,
        sentiment=Sentiment.of_sign(row.sentiment),
        aspects=aspects_read(conn, [mention_id], model=row.model),
    )
