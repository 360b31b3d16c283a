"""The full-text index over mentions: FTS5 beside the table on SQLite, a GIN index of the server on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    column,
    exists,
    false,
    func,
    not_,
    select,
    text,
)

_INDEX = text("INSERT INTO mention_fts(rowid, text) SELECT id, text FROM mention WHERE id IN :ids").bindparams(
    bindparam("ids", expanding=True)
)
_UNINDEX = text(
    "INSERT INTO mention_fts(mention_fts, rowid, text) SELECT 'delete', id, text FROM mention WHERE id IN :ids"
).bindparams(bindparam("ids", expanding=True))


def index_texts(conn: Connection, ids: Sequence[int]) -> None:
    """Make the present texts of these mentions findable (one statement a batch: row triggers cost tenfold)."""
    if conn.dialect.name == "sqlite" and ids:
        conn.execute(_INDEX, {"ids": list(ids)})


def unindex_texts(conn: Connection, ids: Sequence[int]) -> None:
    """Take the present texts of these mentions out of the index; before they change or go."""
    if conn.dialect.name == "sqlite" and ids:
        conn.execute(_UNINDEX, {"ids": list(ids)})


def matching(conn: Connection, words: str) -> Select[int]:
    """A select of the ids of mentions whose text matches: words, "exact phrases", and -excluded ones.

    Nothing a reader types can be a syntax error: every term is quoted before it reaches the database. Exclusions
    alone match nothing.
    """
    wanted, unwanted = terms_of(words)
    if not wanted:
        return select(column("id", BigInteger)).select_from(text("mention")).where(false())
    if conn.dialect.name == "postgresql":
        return _matching_postgres(wanted, unwanted)
    return select(_entries(wanted, unwanted))


def matching_among(words: str, ids: Select[int]) -> Select[int]:
    """A select of those of these ids of mentions whose text matches, for a search that wants any words; SQLite alone.

    It goes along the entries of the index that match and keeps these: unlike a look-up in `matching` it need not find
    all that match first, which takes most of a second where nearly every text of a large store does.
    """
    wanted, unwanted = terms_of(words)
    entry = _entries(wanted, unwanted)
    return select(entry).where((entry + 0).in_(ids))


def has(conn: Connection, words: str) -> ColumnElement[bool]:
    """Whether a mention of the statement matches, each asked by itself: for a search that wants any words."""
    wanted, unwanted = terms_of(words)
    if conn.dialect.name == "postgresql":
        return and_(*_said(wanted, unwanted))
    # Unique: two of these in one statement would otherwise share the words of the last.
    query: BindParameter[str] = bindparam("query", _fts_query(wanted, unwanted), unique=True)
    entry = text("mention_fts WHERE mention_fts MATCH :query AND rowid = mention.id").bindparams(query)
    return exists(select(text("1")).select_from(entry))


def is_rare(conn: Connection, words: str, most: int) -> bool:
    """Whether no more than `most` texts match: counted on SQLite, as the planner expects it on PostgreSQL."""
    wanted, unwanted = terms_of(words)
    if not wanted:
        return True
    if conn.dialect.name == "postgresql":
        said = select(text("1")).select_from(text("mention")).where(*_said(wanted, unwanted))
        made = said.compile(dialect=conn.dialect)
        told = conn.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {made}", made.params).scalar_one()
        return int(told[0]["Plan"]["Plan Rows"]) <= most
    counted = text("SELECT count(*) FROM (SELECT 1 FROM mention_fts WHERE mention_fts MATCH :query LIMIT :most)")
    number = conn.scalar(counted, {"query": _fts_query(wanted, unwanted), "most": most + 1}) or 0
    return number <= most


def _entries(wanted: Sequence[str], unwanted: Sequence[str]) -> ColumnElement[int]:
    # Unique: two of these in one statement would otherwise share the words of the last.
    query: BindParameter[str] = bindparam("query", _fts_query(wanted, unwanted), unique=True)
    ids = text("SELECT rowid AS id FROM mention_fts WHERE mention_fts MATCH :query").bindparams(query)
    return ids.columns(column("id", BigInteger)).subquery().c.id


def _fts_query(wanted: Sequence[str], unwanted: Sequence[str]) -> str:
    query = " AND ".join(_quoted(term) for term in wanted)
    for term in unwanted:
        query = f"({query}) NOT {_quoted(term)}"
    return query


def terms_of(words: str) -> tuple[list[str], list[str]]:
    """What a reader typed, as wanted and unwanted terms (a term is a word or a quoted phrase)."""
    wanted: list[str] = []
    unwanted: list[str] = []
    for index, part in enumerate(words.replace("\0", " ").split('"')):
        if index % 2:
            target = unwanted if wanted and wanted[-1] == "-" else wanted
            if target is unwanted:
                wanted.pop()
            if part.strip():
                target.append(part.strip())
            continue
        for word in part.split():
            if word.startswith("-") and len(word) > 1:
                unwanted.append(word[1:])
            else:
                wanted.append(word)
    return [term for term in wanted if any(c.isalnum() for c in term)], [
        term for term in unwanted if any(c.isalnum() for c in term)
    ]


def _quoted(term: str) -> str:
    return '"' + term.replace('"', '""') + '"'


def _matching_postgres(wanted: Sequence[str], unwanted: Sequence[str]) -> Select[int]:
    return select(column("id", BigInteger)).select_from(text("mention")).where(*_said(wanted, unwanted))


def _said(wanted: Sequence[str], unwanted: Sequence[str]) -> list[ColumnElement[bool]]:
    vector = func.to_tsvector(text("'simple'"), text("mention.text"))
    queries = {term: func.phraseto_tsquery(text("'simple'"), term) for term in (*wanted, *unwanted)}
    found: list[ColumnElement[bool]] = [vector.bool_op("@@")(queries[term]) for term in wanted]
    return found + [not_(vector.bool_op("@@")(queries[term])) for term in unwanted]
