"""Counts by hour and day of brand, facet and source: moved in the transaction that changes a mention or its label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    Row,
    Select,
    String,
    Subquery,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    select,
    true,
    union_all,
)

from collector.store import metadata
from collector.store.runs import upsert
from collector.store.tables import CHUNK, mention
from collector.store.turn import take_turn
from sentiment.store.readings import label, label_aspect
from sentiment.taxonomy import ALL, taxonomy

FIGURES = ("mentions", "voices", "negative", "neutral", "positive", "unread", "satisfaction")
"""mentions: posts; the others count voices. satisfaction: sum in hundredths over voices that were read."""
KEYS = ("brand", "facet", "source")
_LEFT_OUT = "suspects left out"


def _count_table(name: str, bucket: str, meaning: str) -> Table:
    return Table(
        name,
        metadata,
        Column("brand", String(100), primary_key=True),
        Column("facet", String(100), primary_key=True, comment="all, aspect/<name> or <lens>/<dimension>"),
        Column("source", String(100), primary_key=True),
        Column(bucket, Integer, primary_key=True, autoincrement=False, comment=meaning),
        *(Column(figure, BigInteger, nullable=False) for figure in FIGURES),
        sqlite_with_rowid=False,
    )


count_hour = _count_table("count_hour", "hour", "hours since 1970, UTC")
count_day = _count_table("count_day", "day", "days since 1970 in the owner's zone")

aspect_facet = Table(
    "aspect_facet",
    metadata,
    Column("aspect", String(40), primary_key=True),
    Column("facet", String(100), primary_key=True),
)
"""Which facets an aspect counts towards: the taxonomy, as the counts were made by it."""

version = Table(
    "version",
    metadata,
    Column("name", String(50), primary_key=True),
    Column("number", BigInteger, nullable=False),
)
"""Grows with every change of what it names ("counts"), so that screens know when to ask again."""


def place_facets(conn: Connection) -> None:
    """Make the facet table match the taxonomy; where it did not, the counts are made anew."""
    wanted = {(aspect, facet) for aspect in taxonomy().aspects for facet in taxonomy().facets_of(aspect)}
    present = {tuple(row) for row in conn.execute(select(aspect_facet.c.aspect, aspect_facet.c.facet))}
    if wanted == present:
        return
    conn.execute(delete(aspect_facet))
    conn.execute(insert(aspect_facet), [{"aspect": a, "facet": f} for a, f in sorted(wanted)])
    rebuild(conn)


def data_version(conn: Connection) -> int:
    """A number that changes whenever any count does."""
    return conn.scalar(select(version.c.number).where(version.c.name == "counts")) or 0


def suspects_left_out(conn: Connection, wanted: bool | None) -> bool:
    """Whether suspect mentions count as voices in this store: as wanted from now on, or (None) as was said last."""
    if wanted is None:
        return bool(conn.scalar(select(version.c.number).where(version.c.name == _LEFT_OUT)))
    statement = upsert(conn, version).values(name=_LEFT_OUT, number=int(wanted))
    conn.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"number": int(wanted)}))
    return wanted


def _contributions(bucket: str, *, some: bool) -> Subquery:
    """One row a mention and facet: its keys, whether it is a voice, its polarity (NULL: unread), its satisfaction.

    some: of the mentions of the parameter "ids" only.
    """
    time = mention.c[bucket]
    everything = select(
        mention.c.brand,
        literal(ALL).label("facet"),
        mention.c.source,
        time.label(bucket),
        mention.c.head,
        label.c.sentiment.label("polarity"),
        label.c.satisfaction,
    ).select_from(mention.outerjoin(label, label.c.mention_id == mention.c.id))
    # A mention that a person found not to be about the brand counts nowhere; one without a label is unread.
    everything = everything.where(func.coalesce(label.c.about_us, true()))
    # One negative aspect makes its dimension negative; else the highest sign stands (sentiment.taxonomy.strongest).
    lowest, highest = func.min(label_aspect.c.polarity), func.max(label_aspect.c.polarity)
    by_facet = (
        select(
            mention.c.brand,
            aspect_facet.c.facet,
            mention.c.source,
            time.label(bucket),
            mention.c.head,
            case((lowest == -1, -1), else_=highest).label("polarity"),
            label.c.satisfaction,
        )
        .select_from(mention)
        .join(label, label.c.mention_id == mention.c.id)
        .join(label_aspect, label_aspect.c.mention_id == mention.c.id)
        .join(aspect_facet, aspect_facet.c.aspect == label_aspect.c.aspect)
        .where(label.c.about_us == true())
        .group_by(
            mention.c.id,
            mention.c.brand,
            aspect_facet.c.facet,
            mention.c.source,
            time,
            mention.c.head,
            label.c.satisfaction,
        )
    )
    if some:
        among = mention.c.id.in_(bindparam("ids", expanding=True))
        everything, by_facet = everything.where(among), by_facet.where(among)
    return union_all(everything, by_facet).subquery("contribution")


def _counted(bucket: str, sign: int, *, some: bool = False) -> Select[tuple[object, ...]]:
    part = _contributions(bucket, some=some)
    voice = part.c.head == true()

    def voices(condition: object = None) -> object:
        matches = voice if condition is None else and_(voice, condition)  # type: ignore[arg-type]  # a column clause
        return (sign * func.sum(case((matches, 1), else_=0))).cast(BigInteger)

    keys = [part.c[name] for name in (*KEYS, bucket)]
    return (
        select(
            *keys,
            (sign * func.count()).cast(BigInteger).label("mentions"),
            voices().label("voices"),  # type: ignore[attr-defined]  # a column clause
            voices(part.c.polarity == -1).label("negative"),  # type: ignore[attr-defined]  # a column clause
            voices(part.c.polarity == 0).label("neutral"),  # type: ignore[attr-defined]  # a column clause
            voices(part.c.polarity == 1).label("positive"),  # type: ignore[attr-defined]  # a column clause
            voices(part.c.polarity.is_(None)).label("unread"),  # type: ignore[attr-defined]  # a column clause
            (sign * func.sum(case((voice, func.coalesce(part.c.satisfaction, 0)), else_=0)))
            .cast(BigInteger)
            .label("satisfaction"),
        )
        .where(true())
        .group_by(*keys)
        .order_by(*keys)
    )


def add_to_counts(conn: Connection, ids: Sequence[int], *, sign: int) -> None:
    """Add (sign 1) or take away (sign -1) what these mentions contribute at this moment of the transaction."""
    if not ids:
        return
    for table, bucket in ((count_hour, "hour"), (count_day, "day")):
        for start in range(0, len(ids), CHUNK):
            conn.execute(_moving(conn, table, bucket, sign), {"ids": list(ids[start : start + CHUNK])})
    bump(conn, "counts")


_MOVING: dict[tuple[str, str, int], Any] = {}
"""Statements by dialect, bucket and sign: to put one together takes longer than to run it."""


def _moving(conn: Connection, table: Table, bucket: str, sign: int) -> Any:
    key = (conn.dialect.name, bucket, sign)
    if key not in _MOVING:
        statement = upsert(conn, table).from_select([*KEYS, bucket, *FIGURES], _counted(bucket, sign, some=True))
        _MOVING[key] = statement.on_conflict_do_update(
            index_elements=[*KEYS, bucket],
            set_={figure: table.c[figure] + statement.excluded[figure] for figure in FIGURES},
        )
    return _MOVING[key]


def bump(conn: Connection, name: str) -> None:
    """Make a data version grow."""
    statement = upsert(conn, version).values(name=name, number=1)
    conn.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"number": version.c.number + 1}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A count that is not what a recount from scratch gives."""

    table: str
    key: tuple[object, ...]
    kept: tuple[int, ...]
    recounted: tuple[int, ...]


def verify(conn: Connection) -> list[Difference]:
    """Recount everything from scratch and name each count that differs."""
    found: list[Difference] = []
    for table, bucket in ((count_hour, "hour"), (count_day, "day")):
        width = len(KEYS) + 1
        kept = _by_key(conn.execute(select(table)).all(), width)
        fresh = _by_key(conn.execute(_counted(bucket, 1)).all(), width)
        nothing = (0,) * len(FIGURES)
        found += [
            Difference(table=table.name, key=key, kept=kept.get(key, nothing), recounted=fresh.get(key, nothing))
            for key in sorted(kept.keys() | fresh.keys(), key=str)
            if kept.get(key, nothing) != fresh.get(key, nothing)
        ]
    return found


def _by_key(rows: Sequence[Row[*tuple[Any, ...]]], width: int) -> dict[tuple[object, ...], tuple[int, ...]]:
    return {tuple(row)[:width]: tuple(int(figure) for figure in tuple(row)[width:]) for row in rows}


def rebuild(conn: Connection) -> None:
    """Throw all counts away and count from scratch."""
    take_turn(conn)
    for table, bucket in ((count_hour, "hour"), (count_day, "day")):
        conn.execute(delete(table))
        conn.execute(insert(table).from_select([*KEYS, bucket, *FIGURES], _counted(bucket, 1)))
    bump(conn, "counts")


def drop_empty_buckets(conn: Connection) -> int:
    """Remove buckets that deletions left at zero; returns how many."""
    return sum(conn.execute(delete(table).where(table.c.mentions == 0)).rowcount for table in (count_hour, count_day))
