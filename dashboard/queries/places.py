"""What comes first among mentions, and the place in that order where a page of them goes on, as an address holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pandas as pd

from collector.store import micros


class Order(StrEnum):
    """What comes first."""

    NEWEST = "newest"
    OLDEST = "oldest"
    REACH = "reach"
    DISSATISFIED = "dissatisfied"


BY_TIME = frozenset({Order.NEWEST, Order.OLDEST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page begins: after this mention. key: what its order goes by, as a whole number."""

    key: int
    id: int

    def __str__(self) -> str:
        return f"{self.key}-{self.id}"


NO_REACH, UNREAD_LAST = 0, 501
"""Where mentions stand whose reach is not known, or below nothing, and those that have no satisfaction yet."""


def place_of(text: str) -> Place | None:
    """The place that its string names, None for anything else a URL may hold."""
    key, _, number = text.rpartition("-")
    known = key.removeprefix("-")
    if not (known.isdecimal() and number.isdecimal() and len(known) <= 17 and len(number) <= 18):
        return None
    return Place(key=int(key), id=int(number))


def place_after(order: Order, row: Mapping[str, Any]) -> Place:
    """The place behind a mention; `row` has the columns of ROW."""
    if order is Order.REACH:
        key = NO_REACH if pd.isna(row["reach"]) else max(NO_REACH, int(row["reach"]))
    elif order is Order.DISSATISFIED:
        key = UNREAD_LAST if pd.isna(row["satisfaction"]) else round(100 * row["satisfaction"])
    else:
        at = row["created_at"]
        key = micros(at.to_pydatetime() if isinstance(at, pd.Timestamp) else at)
    return Place(key=key, id=int(row["id"]))
