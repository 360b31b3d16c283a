"""Counts by hour and day of brand, facet and source: moved in the transaction that changes a mention or its label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Integer,
    Select,
    String,
    Subquery,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal,
    select,
    true,
    union_all,
)

from collector.store import metadata
from collector.store.runs import upsert
from collector.store.tables import CHUNK, mention
from sentiment.store.readings import label, label_aspect
from sentiment.taxonomy import ALL

FIGURES = ("mentions", "voices", "negative", "neutral", "positive", "unread", "satisfaction")
"""mentions: posts; the others count voices. satisfaction: sum in hundredths over voices that were read."""
KEYS = ("brand", "facet", "source")
LENGTHS = {"hour": 24, "day": 1}
"""Buckets of a day."""
EVER = 3_000_000
"""Days since 1970 that no date reaches, nor its negative."""
_LEFT_OUT, _ANEW = "suspects left out", "counted anew from"


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
TABLES = ((count_hour, "hour"), (count_day, "day"))

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


# Made once: every page asks for it before each of its figures, and to make a statement takes longer than to run this.
_COUNTS = select(version.c.number).where(version.c.name == "counts")


def data_version(conn: Connection) -> int:
    """A number that changes whenever any count does."""
    return conn.scalar(_COUNTS) or 0


def suspects_left_out(conn: Connection, wanted: bool | None) -> bool:
    """Whether suspect mentions count as voices in this store: as wanted from now on, or (None) as was said last."""
    if wanted is None:
        return bool(conn.scalar(select(version.c.number).where(version.c.name == _LEFT_OUT)))
    statement = upsert(conn, version).values(name=_LEFT_OUT, number=int(wanted))
    conn.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"number": int(wanted)}))
    return wanted


def counted_anew_from(conn: Connection) -> int | None:
    """The day from which on counts are those of a recount under way (see sentiment.store.recount); None: there is none.

    Before it, facets but "all" stand still as they were: those of another taxonomy could not be moved by this one's.
    """
    found: int | None = conn.scalar(select(version.c.number).where(version.c.name == _ANEW))
    return found


def set_counted_anew_from(conn: Connection, day: int | None) -> None:
    """Say from which day on counts are those of the recount under way, or (None) that it has ended."""
    if day is None:
        conn.execute(delete(version).where(version.c.name == _ANEW))
    else:
        statement = upsert(conn, version).values(name=_ANEW, number=day)
        conn.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"number": day}))
    bump(conn, "counts")


def _contributions(
    bucket: str, among: Sequence[ColumnElement[bool]], among_facets: Sequence[ColumnElement[bool]]
) -> Subquery:
    """One row a mention and facet: its keys, whether it is a voice, its polarity (NULL: unread), its satisfaction.

    among: which mentions; among_facets: of which of them other facets than "all".
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
    everything = everything.where(func.coalesce(label.c.about_us, true()), *among)
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
        .where(label.c.about_us == true(), *among, *among_facets)
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
    return union_all(everything, by_facet).subquery("contribution")


def counted(
    bucket: str,
    among: Sequence[ColumnElement[bool]],
    *,
    among_facets: Sequence[ColumnElement[bool]] = (),
    sign: int = 1,
) -> Select[tuple[object, ...]]:
    """What mentions contribute to the counts by hour or day: the keys, the bucket and the figures, times `sign`."""
    part = _contributions(bucket, among, among_facets)
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
    anew = counted_anew_from(conn)
    day = -EVER if anew is None else anew
    for table, bucket in TABLES:
        for start in range(0, len(ids), CHUNK):
            which = {"ids": list(ids[start : start + CHUNK]), "facets_from": day * LENGTHS[bucket]}
            conn.execute(_moving(conn, table, bucket, sign), which)
    bump(conn, "counts")


_MOVING: dict[tuple[str, str, int], Any] = {}
"""Statements by dialect, bucket and sign: to put one together takes longer than to run it."""


def _moving(conn: Connection, table: Table, bucket: str, sign: int) -> Any:
    key = (conn.dialect.name, bucket, sign)
    if key not in _MOVING:
        chosen = mention.c.id.in_(bindparam("ids", expanding=True))
        facets_from = mention.c[bucket] >= bindparam("facets_from", type_=Integer)
        _MOVING[key] = adding(conn, table, bucket, counted(bucket, [chosen], among_facets=[facets_from], sign=sign))
    return _MOVING[key]


def adding(conn: Connection, table: Table, bucket: str, figures: Select[Any]) -> Any:
    """The statement that adds to a table of counts what `counted` selects."""
    statement = upsert(conn, table).from_select([*KEYS, bucket, *FIGURES], figures)
    return statement.on_conflict_do_update(
        index_elements=[*KEYS, bucket],
        set_={figure: table.c[figure] + statement.excluded[figure] for figure in FIGURES},
    )


def bump(conn: Connection, name: str) -> None:
    """Make a data version grow."""
    statement = upsert(conn, version).values(name=name, number=1)
    conn.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"number": version.c.number + 1}))


def drop_empty_buckets(conn: Connection) -> int:
    """Remove buckets that deletions left at zero; returns how many."""
    return sum(conn.execute(delete(table).where(table.c.mentions == 0)).rowcount for table, _ in TABLES)
