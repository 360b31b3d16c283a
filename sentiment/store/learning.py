"""Texts of the store that training uses beside people's corrections."""

from __future__ import annotations

import random

from sqlalchemy import Connection, select

from collector.store.tables import CHUNK, mention
from sentiment.store.readings import label

MOST_OTHERS = 5_000
LATEST = 200_000
"""Texts are drawn from this many latest mentions, so that a large archive costs no more than a small one."""


def other_texts(conn: Connection, most: int, seed: int = 1) -> list[str]:
    """Texts of read mentions that nobody corrected, drawn evenly from the latest; the same ones for the same store."""
    latest = (
        select(label.c.mention_id).where(label.c.corrected.is_(False)).order_by(label.c.mention_id.desc()).limit(LATEST)
    )
    ids = sorted(conn.scalars(latest))
    drawn = random.Random(seed).sample(ids, min(most, len(ids)))  # noqa: S311 - which to look at, no secret
    texts: list[str] = []
    for start in range(0, len(drawn), CHUNK):
        chosen = select(mention.c.text).where(mention.c.id.in_(drawn[start : start + CHUNK])).order_by(mention.c.id)
        texts += conn.scalars(chosen)
    return texts
