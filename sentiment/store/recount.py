"""Counting from scratch, some days a transaction from the newest back: after a change of taxonomy, to mend, to verify.

While it is under way, the days that it has reached are exact. In those before, "all" moves with every mention, and the
other facets stand as they were, by the taxonomy that they were counted by: no day is ever half counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from time import sleep
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    type_coerce,
)

from collector.store import EPOCH, MICROSECOND, Store
from collector.store.tables import mention
from collector.store.turn import take_turn
from sentiment.store.counts import (
    EVER,
    FIGURES,
    KEYS,
    LENGTHS,
    TABLES,
    adding,
    aspect_facet,
    counted,
    counted_anew_from,
    set_counted_anew_from,
)
from sentiment.taxonomy import taxonomy

MOST = 5_000
"""Mentions counted in one statement, and in one transaction unless a single day has more: a second or less."""
GIVE_WAY = timedelta(milliseconds=150)
"""Between two transactions: others who wait to write on SQLite look only every tenth of a second whether they may."""
_DAY = timedelta(days=1) // MICROSECOND
_at: ColumnElement[int] = type_coerce(mention.c.created_at, BigInteger)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recount:
    """How far a recount is. since: the first day that it has counted; part: of the time it has to go over, 0 to 1."""

    since: date
    part: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A count that is not what a recount from scratch gives."""

    table: str
    key: tuple[object, ...]
    kept: tuple[int, ...]
    recounted: tuple[int, ...]


def place_facets(conn: Connection, most: int = MOST) -> None:
    """Make the facet table match the taxonomy; where it did not, a recount begins with the newest days."""
    wanted = {(aspect, facet) for aspect in taxonomy().aspects for facet in taxonomy().facets_of(aspect)}
    present = {tuple(row) for row in conn.execute(select(aspect_facet.c.aspect, aspect_facet.c.facet))}
    if wanted == present:
        return
    conn.execute(delete(aspect_facet))
    conn.execute(insert(aspect_facet), [{"aspect": a, "facet": f} for a, f in sorted(wanted)])
    begin(conn)
    step(conn, most)


def begin(conn: Connection) -> None:
    """Let everything be counted from scratch, from the newest day on; `recount` does it."""
    take_turn(conn)
    set_counted_anew_from(conn, EVER)


def rebuild(store: Store, stop: Callable[[], bool] = lambda: False, *, most: int = MOST) -> Iterator[Recount]:
    """Count everything from scratch, and tell after each transaction how far it is."""
    with store.write() as conn:
        begin(conn)
    yield from recount(store, stop, most=most)


def recount(store: Store, stop: Callable[[], bool] = lambda: False, *, most: int = MOST) -> Iterator[Recount]:
    """Go on with the recount that is under way, if any, and tell after each transaction how far it is.

    It may be stopped or killed at any point and goes on from there; several at once share the days.
    """
    while not stop():
        with store.write() as conn:
            step(conn, most)
            at = under_way(conn)
        if at is None:
            return
        yield at
        sleep(GIVE_WAY.total_seconds())


def under_way(conn: Connection) -> Recount | None:
    """How far the recount is; None where there is none."""
    anew = counted_anew_from(conn)
    if anew is None:
        return None
    first, last = (conn.scalar(select(which(_at))) for which in (func.min, func.max))
    if first is None or last is None:
        return Recount(since=EPOCH.date(), part=0.0)
    days = last // _DAY + 1 - first // _DAY
    since = min(max(anew, first // _DAY), last // _DAY + 1)
    return Recount(since=EPOCH.date() + timedelta(days=since), part=(last // _DAY + 1 - since) / days)


def step(conn: Connection, most: int = MOST) -> None:
    """Count the next days of a recount under way, as many as have about `most` mentions; nothing to do without one."""
    take_turn(conn)
    until = counted_anew_from(conn)
    if until is None:
        return
    first = _first_day(conn, until, most)
    for table, bucket in TABLES:
        _clear(conn, table, bucket, first, until)
        for among in _parts(conn, bucket, first, until, most):
            conn.execute(adding(conn, table, bucket, counted(bucket, among)))
    set_counted_anew_from(conn, None if first == -EVER else first)


def _first_day(conn: Connection, until: int, most: int) -> int:
    """The first of the days before `until` that together have up to `most` mentions; the newest with any at least."""
    at = select(_at).where(_at < until * _DAY).order_by(_at.desc()).limit(1)
    beyond: int | None = conn.scalar(at.offset(most))
    if beyond is None:
        return -EVER
    newest: int = conn.execute(at).scalar_one()
    return min(beyond // _DAY + 1, newest // _DAY)


def _parts(conn: Connection, bucket: str, first: int, until: int, most: int) -> Iterator[list[ColumnElement[bool]]]:
    """Conditions that together select the mentions of these days, each up to `most` of them."""
    within = _within(bucket, first, until)
    # The addition of nothing keeps a database from going along the primary key instead of the time.
    number = mention.c.id + 0
    behind: list[ColumnElement[bool]] = []
    while True:
        ids = select(number).where(*within, *behind).order_by(number)
        last: int | None = conn.scalar(ids.offset(most).limit(1))
        if last is None:
            yield [*within, *behind]
            return
        yield [*within, *behind, number < last]
        behind = [number >= last]


def _within(bucket: str, first: int, until: int) -> list[ColumnElement[bool]]:
    """Which mentions belong to the buckets of the days [first, until); an index serves the time."""
    if bucket == "hour":
        return [_at >= first * _DAY, _at < until * _DAY]
    # A day of the owner's zone begins up to fourteen hours before that of UTC, or twelve behind it.
    return [_at >= (first - 1) * _DAY, _at < (until + 1) * _DAY, mention.c.day >= first, mention.c.day < until]


def _clear(conn: Connection, table: Table, bucket: str, first: int, until: int) -> None:
    """Remove the counts of the days [first, until)."""
    keys = _keys(table)
    present = [row._asdict() for row in conn.execute(select(keys).where(keys.c[KEYS[-1]].is_not(None)))]
    if not present:
        return
    # Named one by one, each is a seek in the primary key, which begins with them; at once, all counts are gone through.
    own = [table.c[name] == bindparam(f"{name}_") for name in KEYS]
    statement = delete(table).where(*own, *_between(table, bucket, first, until))
    conn.execute(statement, [{f"{name}_": value for name, value in one.items()} for one in present])


def _between(table: Table, bucket: str, first: int, until: int) -> list[ColumnElement[bool]]:
    length = LENGTHS[bucket]
    return [table.c[bucket] >= first * length, table.c[bucket] < until * length]


def _keys(table: Table) -> CTE:
    """The brands, facets and sources of a table of counts, each found behind the last one in the primary key's order.

    Rows whose source is NULL are where it ended. A DISTINCT would go through all counts.
    """
    found: CTE | None = None
    for place, name in enumerate(KEYS):
        former, first, next_ = KEYS[:place], table.alias(), table.alias()
        least = select(func.min(first.c[name]))
        if found is None:
            start = select(least.scalar_subquery().label(name))
        else:
            own, known = least.where(*(first.c[one] == found.c[one] for one in former)), found.c[former[-1]]
            start = select(*(found.c[one] for one in former), own.scalar_subquery().label(name))
            start = start.where(known.is_not(None))
        each = start.cte(f"each_{table.name}_{name}", recursive=True)
        behind = select(func.min(next_.c[name])).where(
            *(next_.c[one] == each.c[one] for one in former), next_.c[name] > each.c[name]
        )
        step_ = select(*(each.c[one] for one in former), behind.scalar_subquery()).where(each.c[name].is_not(None))
        found = each.union_all(step_)
    assert found is not None
    return found


def verify(conn: Connection, most: int = MOST) -> list[Difference]:
    """Recount everything from scratch and name each count that differs."""
    found: list[Difference] = []
    until = EVER
    while until > -EVER:
        first = _first_day(conn, until, most)
        for table, bucket in TABLES:
            found += _differences(conn, table, bucket, first, until)
        until = first
    return sorted(found, key=lambda one: (one.table, str(one.key)))


def _differences(conn: Connection, table: Table, bucket: str, first: int, until: int) -> Iterator[Difference]:
    keys = _keys(table)
    own = and_(*(table.c[name] == keys.c[name] for name in KEYS))
    there = select(table).select_from(keys.join(table, own)).where(*_between(table, bucket, first, until))
    kept = _by_key(conn.execute(there).all())
    fresh = _by_key(conn.execute(counted(bucket, _within(bucket, first, until))).all())
    nothing = (0,) * len(FIGURES)
    for key in kept.keys() | fresh.keys():
        before, now = kept.get(key, nothing), fresh.get(key, nothing)
        if before != now:
            yield Difference(table=table.name, key=key, kept=before, recounted=now)


def _by_key(rows: Sequence[Row[*tuple[Any, ...]]]) -> dict[tuple[object, ...], tuple[int, ...]]:
    width = len(KEYS) + 1
    return {tuple(row)[:width]: tuple(int(figure) for figure in tuple(row)[width:]) for row in rows}
