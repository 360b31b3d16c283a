"""How many mentions match what a reader wants: from the counts where they tell it, else counted up to a bound."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection, Select, func, literal, select

from collector.store.search import matching_among, terms_of
from collector.store.tables import mention
from dashboard.queries import mentions
from dashboard.queries.mentions import Wanted
from dashboard.queries.places import BY_TIME, Order
from dashboard.scope import day_number
from sentiment.store.counts import count_day, counted_anew_from
from sentiment.store.readings import label
from sentiment.taxonomy import ALL

PAGE = 20
ENTRIES = 100
"""Entries of the index by reach, which holds the time too, that are read at the price of one mention."""
LATEST = 100_000
"""Mentions of the days among which those that have a common word are counted first: mostly there are enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """How many mentions match; more: there are more than `number`."""

    number: int
    more: bool = False


def how_many(conn: Connection, wanted: Wanted, most: int, *, latest: int = LATEST) -> Matches:
    """How many mentions match: exactly where counts by day tell it, else counted no further than `most`.

    Only the latter looks at mentions, and none is looked at where the counts show that there are more than `most`.
    """
    told, exact = _told(conn, wanted)
    if exact:
        return Matches(number=told)
    if told > most:
        return Matches(number=most, more=True)
    number = _counted(conn, wanted, most + 1, latest)
    return Matches(number=min(number, most), more=number > most)


def _counted(conn: Connection, wanted: Wanted, most: int, latest: int) -> int:
    """How many mentions match, counted no further than `most`."""
    # Of those who are few (`only`), each is looked up by its number, which leaves nothing to go along for.
    if wanted.only is not None or not mentions.common(conn, wanted.words):
        return mentions.how_many(conn, wanted, most)
    ids = select(mention.c.id).where(*mentions.among(wanted)).order_by(mention.c.created_at.desc())
    number = _having(conn, wanted, ids.limit(latest), most)
    if number < most and conn.scalar(ids.offset(latest).limit(1)) is not None:
        number = _having(conn, wanted, ids, most)
    return number


def _having(conn: Connection, wanted: Wanted, ids: Select[int], most: int) -> int:
    """How many of these mentions match; the full-text index is gone along until `most` do."""
    hit = matching_among(wanted.words, ids).subquery()
    # The addition of nothing keeps SQLite from asking the full-text index for each mention by itself.
    them = hit.join(mention, mention.c.id == hit.c.id + 0).outerjoin(label, label.c.mention_id == mention.c.id)
    conditions = mentions.other_conditions(conn, replace(wanted, words=""))
    some = select(literal(1)).select_from(them).where(*conditions).limit(most).subquery()
    return conn.scalar(select(func.count()).select_from(some)) or 0


def many(conn: Connection, wanted: Wanted) -> bool:
    """Whether so many match that a page of them is sooner met along the index of their order than by sorting them all.

    Of N mentions, M of which match, PAGE * N / M are looked at along the index until a page is full, and M to sort.
    By time there is nothing to choose.
    """
    if wanted.order in BY_TIME:
        return False
    told, _ = _told(conn, replace(wanted, words=""))
    if any(terms_of(wanted.words)):
        told = 0 if mentions.seldom(conn, wanted.words) else told // mentions.FREQUENT
    there = conn.scalar(select(func.max(mention.c.id))) or 0
    return told**2 * (ENTRIES if wanted.order is Order.REACH else 1) > PAGE * there


def _told(conn: Connection, wanted: Wanted) -> tuple[int, bool]:
    """How many mentions match at least, by the counts alone, and whether that is exact."""
    if not _of_days(wanted) or (wanted.facet is not None and _being_counted_anew(conn, wanted)):
        return 0, False
    one = wanted.sentiment if wanted.facet is None else wanted.polarity
    if one is None and wanted.sentiment is None:
        return _summed(conn, wanted, "mentions"), True
    # Signs are counted by voices, and each of them is at least one mention. A voice counts for one sign of a
    # facet, which one of its aspects then has.
    alone = wanted.facet is None or wanted.sentiment is None
    return (_summed(conn, wanted, one.value) if one is not None and alone else 0), False


def _of_days(wanted: Wanted) -> bool:
    """Whether nothing but whole days, sources, a facet and a sign selects: what there are counts of."""
    return (
        wanted.only is None
        and wanted.start is None
        and wanted.end is None
        and not wanted.one_a_voice
        and not any(terms_of(wanted.words))
    )


def _being_counted_anew(conn: Connection, wanted: Wanted) -> bool:
    """Whether facets of some of the days are counted by an older taxonomy than the one that finds the mentions."""
    anew = counted_anew_from(conn)
    return anew is not None and day_number(wanted.scope.first) < anew


def _summed(conn: Connection, wanted: Wanted, figure: str) -> int:
    scope = wanted.scope
    query = select(func.coalesce(func.sum(count_day.c[figure]), 0)).where(
        count_day.c.brand == scope.brand,
        count_day.c.facet == (wanted.facet or ALL),
        count_day.c.day.between(day_number(scope.first), day_number(scope.last)),
    )
    if scope.sources:
        query = query.where(count_day.c.source.in_(scope.sources))
    return int(conn.scalar(query) or 0)
