"""What leaves as a file: a table of named, typed columns whose rows stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class What(StrEnum):
    """What can be exported."""

    MENTIONS = "mentions"
    DAILY = "daily"
    SPIKES = "spikes"
    INCIDENTS = "incidents"
    COMPLAINTS = "complaints"


class Format(StrEnum):
    """The kinds of file that can be written."""

    CSV = "csv"
    XLSX = "xlsx"
    JSONL = "jsonl"
    PARQUET = "parquet"


class Cell(StrEnum):
    """What the cells of a column are; any of them may be None.

    TIME is an aware datetime; DAY a date; ASPECTS a list of dicts with aspect, polarity, confidence and evidence.
    """

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    FLAG = "flag"
    TIME = "time"
    DAY = "day"
    ASPECTS = "aspects"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of an export."""

    name: str
    cell: Cell


Row = Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Columns, and rows that can be walked through once."""

    name: str
    columns: Sequence[Column]
    rows: Iterator[Row]


def in_words(aspects: Sequence[dict[str, Any]]) -> str:
    """Aspects in one cell: "timeliness negative: two hours late; care positive"."""
    return "; ".join(
        f"{a['aspect']} {a['polarity']}" + (f": {' '.join(a['evidence'].split())}" if a["evidence"] else "")
        for a in aspects
    )
