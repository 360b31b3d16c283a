"""How many mentions match what a reader wants: from the counts where they tell it, else counted up to a bound."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from collector.store.search import terms_of
from dashboard.queries import mentions
from dashboard.queries.mentions import Wanted
from dashboard.scope import day_number
from sentiment.store.counts import count_day
from sentiment.taxonomy import ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """How many mentions match; more: there are more than `number`."""

    number: int
    more: bool = False


def how_many(conn: Connection, wanted: Wanted, most: int) -> Matches:
    """How many mentions match: exactly where counts by day tell it, else counted no further than `most`.

    Only the latter looks at mentions, and none is looked at where the counts show that there are more than `most`.
    """
    if _of_days(wanted):
        one = wanted.sentiment if wanted.facet is None else wanted.polarity
        if one is None and wanted.sentiment is None:
            return Matches(number=_summed(conn, wanted, "mentions"))
        # Signs are counted by voices, and each of them is at least one mention. A voice counts for one sign of a
        # facet, which one of its aspects then has.
        alone = wanted.facet is None or wanted.sentiment is None
        if one is not None and alone and _summed(conn, wanted, one.value) > most:
            return Matches(number=most, more=True)
    number = mentions.how_many(conn, wanted, most + 1)
    return Matches(number=min(number, most), more=number > most)


def _of_days(wanted: Wanted) -> bool:
    """Whether nothing but whole days, sources, a facet and a sign selects: what there are counts of."""
    return (
        wanted.only is None
        and wanted.start is None
        and wanted.end is None
        and not wanted.one_a_voice
        and not any(terms_of(wanted.words))
    )


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
