"""What has come in since a page was drawn: asked every few seconds by everybody who looks, so only counts and ids."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from sentiment.spikes.store import incident
from sentiment.store.counts import count_day
from sentiment.taxonomy import ALL


def mentions_in_all(conn: Connection, brands: Sequence[str]) -> int:
    """How many mentions of these brands there are."""
    query = select(func.coalesce(func.sum(count_day.c.mentions), 0))
    return int(conn.scalar(query.where(count_day.c.brand.in_(brands), count_day.c.facet == ALL)) or 0)


def incident_ids(conn: Connection, brands: Sequence[str]) -> frozenset[int]:
    """The incidents of these brands."""
    return frozenset(conn.scalars(select(incident.c.id).where(incident.c.brand.in_(brands))))
