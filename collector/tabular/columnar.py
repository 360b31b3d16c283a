"""A Parquet file as a table, read in small batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from collector.errors import PayloadChanged
from collector.tabular import COLUMN_LIMIT, Broken, Format, Row, is_blank, name_columns

_BATCH = 250
"""Rows held at once: a column of million-character texts stays within 250 MB."""


class ParquetTable:
    """A Parquet file, read as a table; cells come as text, numbers, dates or None."""

    format = Format.PARQUET
    warnings: Sequence[str] = ()
    typed = True

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.path = path
        try:
            with pq.ParquetFile(path) as file:
                names = file.schema_arrow.names
                self.count: int = file.metadata.num_rows
        except (pa.ArrowException, OSError) as error:
            raise PayloadChanged(f"{path.name} is no Parquet file that can be read ({str(error)[:200]}).") from error
        if len(names) > COLUMN_LIMIT:
            raise PayloadChanged(f"{path.name} has {len(names)} columns; at most {COLUMN_LIMIT} are read.")
        self.columns: Sequence[str] = name_columns(names)
        self.details: Sequence[str] = ()
        self._done = 0

    def rows(self) -> Iterator[Row | Broken]:
        """Every row that holds anything."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        number = 0
        try:
            with pq.ParquetFile(self.path, pre_buffer=False, buffer_size=1 << 20) as file:
                for batch in file.iter_batches(batch_size=_BATCH, use_threads=False):
                    for cells in zip(*(_column(column) for column in batch.columns), strict=True):
                        number += 1
                        if not all(map(is_blank, cells)):
                            yield Row(f"row {number}", cells)
                    self._done = number
        except (pa.ArrowException, OSError) as error:
            raise PayloadChanged(
                f"{self.path.name} is damaged after row {number} ({str(error)[:200]}); the rows before are kept."
            ) from error

    def share_read(self) -> float | None:
        """Share of the rows that the file says it has."""
        return min(1.0, self._done / self.count) if self.count else None


def _column(column: Any) -> list[Any]:
    import pyarrow as pa

    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        # Python's datetime knows microseconds; nanoseconds below them say nothing about when people speak.
        column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
    elif pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    try:
        values: list[Any] = column.to_pylist()
    except (ValueError, OverflowError):
        values = [_one(scalar) for scalar in column]
    return [value.decode("utf-8", "replace") if isinstance(value, bytes) else value for value in values]


def _one(scalar: Any) -> Any:
    """A single value; what Python cannot hold (the year 300,000) as the number it is written as, which is no date."""
    try:
        return scalar.as_py()
    except (ValueError, OverflowError):
        return str(scalar.value)
