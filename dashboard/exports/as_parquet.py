"""A table as Parquet (zstd), in row groups that are bounded by rows and by size."""

from __future__ import annotations

from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from dashboard.exports.guard import writable
from dashboard.exports.table import Cell, Table

GROUP_ROWS = 20_000
GROUP_CHARACTERS = 32_000_000


ABOUT = b"groundswell"
"""Key of the file's metadata under which its manifest stands as JSON."""


def write(table: Table, out: BinaryIO, *, zone: ZoneInfo, raw: bool, about: str | None = None) -> None:
    """Write typed columns; times are timestamps in `zone`. `raw` changes nothing: no program evaluates Parquet.

    about: the manifest as JSON, kept in the file's own metadata.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(column.name, _type(column.cell, zone)) for column in table.columns])
    if about is not None:
        schema = schema.with_metadata({ABOUT: about.encode()})
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        held: list[tuple[Any, ...]] = []
        size = 0
        for row in table.rows:
            cells = tuple(writable(value) if isinstance(value, str) else value for value in row)
            held.append(cells)
            size += sum(len(value) for value in cells if isinstance(value, str))
            if len(held) >= GROUP_ROWS or size >= GROUP_CHARACTERS:
                writer.write_table(_group(held, schema))
                held, size = [], 0
        if held:
            writer.write_table(_group(held, schema))


def _group(rows: list[tuple[Any, ...]], schema: Any) -> Any:
    import pyarrow as pa

    columns = [pa.array(cells, field.type) for cells, field in zip(zip(*rows, strict=True), schema, strict=True)]
    return pa.Table.from_arrays(columns, schema=schema)


def _type(cell: Cell, zone: ZoneInfo) -> Any:
    import pyarrow as pa

    aspect = pa.struct(
        [("aspect", pa.string()), ("polarity", pa.string()), ("confidence", pa.float64()), ("evidence", pa.string())]
    )
    return {
        Cell.TEXT: pa.string(),
        Cell.WHOLE: pa.int64(),
        Cell.NUMBER: pa.float64(),
        Cell.FLAG: pa.bool_(),
        Cell.TIME: pa.timestamp("us", tz=zone.key),
        Cell.DAY: pa.date32(),
        Cell.ASPECTS: pa.list_(aspect),
    }[cell]
