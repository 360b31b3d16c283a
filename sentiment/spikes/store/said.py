"""The voices behind a spike and those of the weeks before it, as the explanation looks at them."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, true

from collector.store import from_hour
from collector.store.tables import mention
from sentiment.spikes.drivers import Said
from sentiment.spikes.spike import SeriesKey, Spike
from sentiment.store.readings import label, label_aspect
from sentiment.taxonomy import taxonomy

BEFORE_HOURS = 28 * 24
GUARD_HOURS = 48
MOST_NOW = 3_000
MOST_BEFORE = 3_000


def said_in(conn: Connection, found: Spike) -> list[Said]:
    """Voices read in a spike's window, at its brand and source; the newest if there are very many."""
    return _said(conn, found.series, *found.span(), MOST_NOW)


def said_before(conn: Connection, found: Spike) -> list[Said]:
    """Voices of the four weeks that end two days before the window."""
    end = found.span()[0] - GUARD_HOURS
    return _said(conn, found.series, end - BEFORE_HOURS, end, MOST_BEFORE)


def _said(conn: Connection, key: SeriesKey, first: int, end: int, most: int) -> list[Said]:
    rows = conn.execute(
        select(
            mention.c.id,
            func.substr(mention.c.text, 1, 2000).label("text"),
            mention.c.source,
            mention.c.created_at,
            mention.c.place,
            mention.c.segment,
            func.coalesce(label.c.language, mention.c.language).label("language"),
            mention.c.url,
            mention.c.reach,
            label.c.sentiment,
        )
        .join(label, label.c.mention_id == mention.c.id)
        .where(
            mention.c.brand == key.brand,
            mention.c.source == key.source,
            mention.c.hour >= first,
            mention.c.hour < end,
            mention.c.created_at >= from_hour(first),
            mention.c.created_at < from_hour(end),
            mention.c.head == true(),
            label.c.about_us == true(),
        )
        .order_by(mention.c.created_at.desc(), mention.c.id)
        .limit(most)
    ).all()
    aspects = _negative_aspects(conn, [row.id for row in rows])
    inside = None if key.dimension is None else _aspects_of(key.dimension)
    found = []
    for row in rows:
        bad = aspects.get(row.id, ())
        about = bad if inside is None else tuple(name for name in bad if name in inside)
        found.append(
            Said(
                mention_id=row.id,
                text=row.text,
                source=row.source,
                said_at=row.created_at,
                negative=row.sentiment == -1 if inside is None else bool(about),
                aspects=about,
                place=row.place,
                segment=row.segment,
                language=row.language,
                url=row.url,
                reach=row.reach,
            )
        )
    return found


def _aspects_of(facet: str) -> frozenset[str]:
    return frozenset(name for name in taxonomy().aspects if facet in taxonomy().facets_of(name))


def _negative_aspects(conn: Connection, ids: list[int]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for start in range(0, len(ids), 500):
        rows = conn.execute(
            select(label_aspect.c.mention_id, label_aspect.c.aspect)
            .where(label_aspect.c.mention_id.in_(ids[start : start + 500]), label_aspect.c.polarity == -1)
            .order_by(label_aspect.c.mention_id, label_aspect.c.aspect)
        )
        for row in rows:
            found[row.mention_id] = (*found.get(row.mention_id, ()), row.aspect)
    return found
