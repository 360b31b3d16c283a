"""The wire format of `groundswell spikes`: a CSV of counts per series and time, checked row by row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

HOUR = 3600
TRUE_WORDS = frozenset({"1", "true", "yes", "y", "t", "1.0", ""})
FALSE_WORDS = frozenset({"0", "false", "no", "n", "f", "0.0"})
ISO_WEEK = re.compile(r"^(\d{4})-?W(\d{2})(?:-?(\d))?$")
NAMED_REJECTS = 1000


class Spacing(StrEnum):
    """How far apart the buckets are."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


SPACING_SECONDS = {Spacing.HOURLY: HOUR, Spacing.DAILY: 24 * HOUR, Spacing.WEEKLY: 7 * 24 * HOUR}


class CountsUnreadable(Exception):
    """The file as a whole cannot be judged; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """One row that was not judged, with the line of the file it stands on."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Series × steps; `present` marks the rows of the file, `time` holds their times as written."""

    names: tuple[str, ...]
    spacing: Spacing
    first_step: int
    anchor_day: int
    count: NDArray[np.int64]
    total: NDArray[np.int64]
    has_total: NDArray[np.bool_]
    covered: NDArray[np.bool_]
    present: NDArray[np.bool_]
    time: NDArray[np.object_]
    set_aside: tuple[SetAside, ...]
    set_aside_count: int


def read_counts(path: Path, *, zone: ZoneInfo, spacing: Spacing | None = None) -> Counts:
    """Read `series,time,count[,total][,covered]`; rows that cannot be used are set aside, each with its reason.

    Times are ISO 8601 (or an ISO week such as 2026-W05); without an offset they are read in `zone`. A bucket that
    has no row is unknown, not zero. Raises CountsUnreadable where nothing can be judged.
    """
    table = _table(path)
    rejects = _Rejects(len(table))
    name = table["series"].str.strip()
    rejects.add(name == "", "series is empty")
    count = _whole(table["count"], "count", rejects, required=True)
    if "total" in table:
        total = _whole(table["total"], "total", rejects, required=False)
    else:
        total = np.full(len(table), -1, dtype=np.int64)
    rejects.add((total >= 0) & (total < count), "total is smaller than count")
    covered = _covered(table, rejects)
    seconds, wall = _times(table["time"].str.strip(), zone, rejects)
    rejects.add(
        name.isin(set(name[total >= 0])).to_numpy() & (total < 0), "total is empty though its series has totals"
    )
    if not rejects.good.any():
        reason = rejects.named[0].reason if rejects.named else "it has no rows"
        msg = f"{path.name}: no row can be judged ({reason})"
        raise CountsUnreadable(msg)
    spacing = spacing or _spacing(path, name, seconds, rejects.good)
    steps, anchor = _steps(seconds, wall, spacing, rejects)
    order = pd.Series(pd.factorize(name, sort=False)[0])
    key = pd.DataFrame({"series": order, "step": steps})
    rejects.add(
        (key[rejects.good].duplicated(keep="first").reindex(key.index, fill_value=False)).to_numpy(),
        "a row for this series and time came before",
    )
    return _grid(name, table["time"], (steps, count, total, covered), anchor=anchor, spacing=spacing, rejects=rejects)


def _table(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", on_bad_lines="warn")
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        msg = f"{path.name}: not a readable CSV file in UTF-8 ({error})"
        raise CountsUnreadable(msg) from error
    table.columns = pd.Index([str(column).strip().lower() for column in table.columns])
    missing = [column for column in ("series", "time", "count") if column not in table]
    if missing:
        msg = (
            f"{path.name}: no column {', '.join(missing)}; the first line must name series,time,count[,total][,covered]"
        )
        raise CountsUnreadable(msg)
    return table


class _Rejects:
    """Rows set aside, each for the first reason found."""

    def __init__(self, rows: int) -> None:
        self.good = np.ones(rows, dtype=np.bool_)
        self.named: list[SetAside] = []
        self.total = 0

    def add(self, bad: object, reason: str) -> None:
        mask = np.asarray(bad, dtype=np.bool_) & self.good
        rows = np.flatnonzero(mask)
        self.good[rows] = False
        self.total += len(rows)
        room = max(NAMED_REJECTS - len(self.named), 0)
        self.named.extend(SetAside(line=int(row) + 2, reason=reason) for row in rows[:room])


def _whole(column: pd.Series[str], name: str, rejects: _Rejects, *, required: bool) -> NDArray[np.int64]:
    text = column.str.strip()
    empty = (text == "").to_numpy()
    number = pd.to_numeric(text.where(text != "", "-1"), errors="coerce").to_numpy(dtype=np.float64)
    bad = ~np.isfinite(number) | (number != np.floor(number)) | (number > 1e15) | ((number < 0) & ~empty)
    rejects.add(bad, f"{name} is not a whole number of at least 0")
    if required:
        rejects.add(empty, f"{name} is empty")
    return np.where(bad, -1, np.nan_to_num(number, posinf=0, neginf=0)).astype(np.int64)


def _covered(table: pd.DataFrame, rejects: _Rejects) -> NDArray[np.bool_]:
    if "covered" not in table:
        return np.ones(len(table), dtype=np.bool_)
    word = table["covered"].str.strip().str.lower()
    rejects.add(~word.isin(TRUE_WORDS | FALSE_WORDS), "covered is neither true nor false")
    return np.asarray(~word.isin(FALSE_WORDS), dtype=np.bool_)


def _times(text: pd.Series[str], zone: ZoneInfo, rejects: _Rejects) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Seconds since the epoch in UTC, and the wall clock of the zone counted as if it were UTC."""
    unique, place = np.unique(text.to_numpy(dtype=str), return_inverse=True)
    moments = np.zeros(len(unique), dtype=np.int64)
    walls = np.zeros(len(unique), dtype=np.int64)
    bad = np.zeros(len(unique), dtype=np.bool_)
    for at, written in enumerate(unique):
        try:
            moment = _moment(str(written), zone)
            moments[at] = int(moment.timestamp())
            local = moment.tz_convert(zone)
            walls[at] = moments[at] + int((local.utcoffset() or pd.Timedelta(0)).total_seconds())
        except (ValueError, OverflowError, TypeError):
            bad[at] = True
    rejects.add(bad[place], "time is not an ISO 8601 time")
    return moments[place], walls[place]


def _moment(written: str, zone: ZoneInfo) -> pd.Timestamp:
    week = ISO_WEEK.match(written)
    if week is not None:
        day = pd.Timestamp.fromisocalendar(int(week[1]), int(week[2]), int(week[3] or 1))
        return day.tz_localize(zone)
    if not written[:4].isdigit() or len(written) < 8:
        msg = "not ISO 8601"
        raise ValueError(msg)
    moment = pd.Timestamp(written)
    if moment.tzinfo is None:
        return moment.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    return moment.tz_convert("UTC")


def _spacing(path: Path, name: pd.Series[str], seconds: NDArray[np.int64], good: NDArray[np.bool_]) -> Spacing:
    table = pd.DataFrame({"name": name[good], "seconds": seconds[good]}).drop_duplicates()
    table = table.sort_values(["name", "seconds"])
    gaps = table.groupby("name")["seconds"].diff().dropna()
    if gaps.empty:
        msg = f"{path.name}: every series has one row, so the spacing is unknown; it takes two rows of a series"
        raise CountsUnreadable(msg)
    usual = float(gaps.median())
    for spacing, length in SPACING_SECONDS.items():
        if 0.95 * length <= usual <= 1.05 * length:
            return spacing
    msg = (
        f"{path.name}: rows are {usual / HOUR:g} hours apart; add them up to hours, days or weeks first, "
        "or name the spacing if most rows are missing"
    )
    raise CountsUnreadable(msg)


def _steps(
    seconds: NDArray[np.int64], wall: NDArray[np.int64], spacing: Spacing, rejects: _Rejects
) -> tuple[NDArray[np.int64], int]:
    """Step numbers since the epoch; weeks count from the weekday that most rows stand on."""
    if spacing is Spacing.HOURLY:
        return seconds // HOUR, 0
    days = wall // (24 * HOUR)
    if spacing is Spacing.DAILY:
        return days, 0
    weekday = days % 7
    anchor = int(np.bincount(weekday[rejects.good]).argmax())
    rejects.add(weekday != anchor, "time is on another weekday than the other weeks")
    return (days - anchor) // 7, anchor


def _grid(
    name: pd.Series[str],
    time: pd.Series[str],
    columns: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]],
    *,
    anchor: int,
    spacing: Spacing,
    rejects: _Rejects,
) -> Counts:
    steps, count, total, covered = columns
    good = rejects.good
    rows, names = pd.factorize(name[good], sort=False)
    first = int(steps[good].min())
    width = int(steps[good].max()) - first + 1
    if width * len(names) > 2_000_000_000:
        msg = f"the times span {width} steps for {len(names)} series, too many to judge at once; split the file"
        raise CountsUnreadable(msg)
    place = (rows, steps[good] - first)
    shape = (len(names), width)
    counts, totals = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    present, known = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
    written = np.full(shape, None, dtype=np.object_)
    counts[place], totals[place], known[place] = count[good], np.maximum(total[good], 0), covered[good]
    present[place] = True
    written[place] = time[good].to_numpy(dtype=object)
    has_total = np.zeros(len(names), dtype=np.bool_)
    has_total[rows[total[good] >= 0]] = True
    return Counts(
        names=tuple(str(n) for n in names),
        spacing=spacing,
        first_step=first,
        anchor_day=anchor,
        count=counts,
        total=np.where(has_total[:, None], totals, counts),
        has_total=has_total,
        covered=known,
        present=present,
        time=written,
        set_aside=tuple(sorted(rejects.named, key=lambda row: row.line)),
        set_aside_count=rejects.total,
    )
