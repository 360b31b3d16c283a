"""The wire format of `groundswell spikes`: a CSV of counts per series and time, checked row by row."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

HOUR = 3600
COLUMNS = ("series", "time", "count", "total", "covered")
SEPARATORS = ",;\t|"
BEYOND = -1
"""Holds what a row has beyond the header."""
TRUE_WORDS = frozenset({"1", "true", "yes", "y", "t", "1.0", ""})
FALSE_WORDS = frozenset({"0", "false", "no", "n", "f", "0.0"})
ISO_WEEK = re.compile(r"^(\d{4})-?W(\d{2})(?:-?(\d))?$")
NAMED_REJECTS = 1000
NEARLY_ALL = 0.9
SPARSEST = 4
"""Rows may leave out buckets, but regular rows four and more buckets apart are sums over longer than a bucket."""


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

    Columns may be parted by commas, semicolons, tabs or bars. Times are ISO 8601 (or an ISO week such as 2026-W05);
    without an offset they are read in `zone`: of two rows for the hour that the clock repeats, the latter is the hour
    after; an hour that the clock leaves out is set aside. A bucket that has no row is unknown, not zero: rows of every
    other day are daily with unknown days. Raises CountsUnreadable where nothing can be judged.
    """
    table, lines, broken = _table(path)
    rejects = _Rejects(lines, broken)
    name = table["series"].str.strip()
    rejects.add(name == "", "series is empty")
    count = _whole(table["count"], "count", rejects, required=True)
    if "total" in table:
        total = _whole(table["total"], "total", rejects, required=False)
    else:
        total = np.full(len(table), -1, dtype=np.int64)
    rejects.add((total >= 0) & (total < count), "total is smaller than count")
    covered = _covered(table, rejects)
    seconds, wall, skipped = _times(name, table["time"].str.strip(), zone, rejects)
    rejects.add(
        name.isin(set(name[total >= 0])).to_numpy() & (total < 0), "total is empty though its series has totals"
    )
    if not rejects.good.any():
        reason = rejects.named[0].reason if rejects.named else "it has no rows"
        msg = f"{path.name}: no row can be judged ({reason})"
        raise CountsUnreadable(msg)
    spacing = spacing or _spacing(path, name, seconds, rejects.good)
    if spacing is Spacing.HOURLY:
        rejects.add(skipped, f"the clock leaves this hour out in {zone.key}")
    steps, anchor = _steps(seconds, wall, spacing, rejects)
    order = pd.Series(pd.factorize(name, sort=False)[0])
    key = pd.DataFrame({"series": order, "step": steps})
    rejects.add(
        (key[rejects.good].duplicated(keep="first").reindex(key.index, fill_value=False)).to_numpy(),
        "a row for this series and time came before",
    )
    return _grid(name, table["time"], (steps, count, total, covered), anchor=anchor, spacing=spacing, rejects=rejects)


def _table(path: Path) -> tuple[pd.DataFrame, NDArray[np.int64], list[SetAside]]:
    """The known columns, the line on which each row begins, and the rows that do not fit under the header."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _parsed(path, file)
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path.name}: not a readable CSV file in UTF-8 ({error})"
        raise CountsUnreadable(msg) from error


def _parsed(path: Path, file: TextIO) -> tuple[pd.DataFrame, NDArray[np.int64], list[SetAside]]:
    above = 0
    for head in file:
        # Excel's own first line is "sep=;".
        if head.strip() and not head.lower().startswith("sep="):
            break
        above += 1
    else:
        msg = f"{path.name}: not a readable CSV file in UTF-8 (it is empty)"
        raise CountsUnreadable(msg)
    separator = max(SEPARATORS, key=lambda mark: len(set(COLUMNS) & set(_header(head, mark))))
    header = _header(head, separator)
    missing = [column for column in COLUMNS[:3] if column not in header]
    if missing:
        msg = (
            f"{path.name}: no column {', '.join(missing)}; the first line must name series,time,count[,total][,covered]"
        )
        raise CountsUnreadable(msg)
    above += 1
    table = None if _quotes(path) else _plain(file, header, separator)
    if table is not None:
        empty = (table == "").all(axis=1).to_numpy()
        return table[~empty].reset_index(drop=True), np.flatnonzero(~empty) + above + 1, []
    file.seek(0)
    for _ in range(above):
        next(file)
    return _row_by_row(path, file, header, separator, above)


def _quotes(path: Path) -> bool:
    """Whether a cell may hold a line's end, so that rows are not lines."""
    with path.open("rb") as file:
        return any(b'"' in part for part in iter(lambda: file.read(1 << 20), b""))


def _plain(file: TextIO, header: Sequence[str], separator: str) -> pd.DataFrame | None:
    """All rows at once; None where one has more cells than the header, which only a slower reading can name."""
    names = [*range(len(header)), BEYOND]
    try:
        table = pd.read_csv(
            file, sep=separator, header=None, names=names, index_col=False, dtype=str, keep_default_na=False,
            skip_blank_lines=False, quoting=csv.QUOTE_NONE,
        )  # fmt: skip
    except pd.errors.EmptyDataError:
        return pd.DataFrame({column: [] for column in COLUMNS if column in header}, dtype=str)
    except pd.errors.ParserError:
        return None
    if (table[BEYOND] != "").any():
        return None
    return pd.DataFrame({column: table[header.index(column)] for column in COLUMNS if column in header})


def _row_by_row(
    path: Path, file: TextIO, header: Sequence[str], separator: str, above: int
) -> tuple[pd.DataFrame, NDArray[np.int64], list[SetAside]]:
    places = {column: header.index(column) for column in COLUMNS if column in header}
    columns: dict[str, list[str]] = {column: [] for column in places}
    lines, broken = [], []
    reader = csv.reader(file, delimiter=separator, strict=True)
    while True:
        line = above + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            if above + reader.line_num > line:
                msg = f"{path.name}: the quote that opens on line {line} does not close where it should"
                raise CountsUnreadable(msg) from error
            broken.append(SetAside(line=line, reason=f"not a row of a CSV file ({error})"))
            continue
        if not any(cells):
            continue
        if any(cell.strip() for cell in cells[len(header) :]):
            broken.append(SetAside(line=line, reason=f"the row has {len(cells)} cells, the header {len(header)}"))
            continue
        cells += [""] * (len(header) - len(cells))
        for column, place in places.items():
            columns[column].append(cells[place])
        lines.append(line)
    return pd.DataFrame(columns, dtype=str), np.array(lines, dtype=np.int64), broken


def _header(line: str, separator: str) -> list[str]:
    return [cell.strip().lower() for cell in next(csv.reader([line], delimiter=separator))]


class _Rejects:
    """Rows set aside, each for the first reason found."""

    def __init__(self, lines: NDArray[np.int64], broken: Sequence[SetAside]) -> None:
        self.lines = lines
        self.good = np.ones(len(lines), dtype=np.bool_)
        self.named = list(broken[:NAMED_REJECTS])
        self.total = len(broken)

    def add(self, bad: object, reason: str) -> None:
        mask = np.asarray(bad, dtype=np.bool_) & self.good
        rows = np.flatnonzero(mask)
        self.good[rows] = False
        self.total += len(rows)
        room = max(NAMED_REJECTS - len(self.named), 0)
        self.named.extend(SetAside(line=int(self.lines[row]), reason=reason) for row in rows[:room])


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


def _times(
    name: pd.Series[str], text: pd.Series[str], zone: ZoneInfo, rejects: _Rejects
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Seconds since the epoch in UTC, the wall clock of the zone counted as if it were UTC, and what it leaves out."""
    unique, place = np.unique(text.to_numpy(dtype=str), return_inverse=True)
    moments = np.zeros((2, len(unique)), dtype=np.int64)
    offsets = np.zeros((2, len(unique)), dtype=np.int64)
    bad, skipped = np.zeros(len(unique), dtype=np.bool_), np.zeros(len(unique), dtype=np.bool_)
    for at, written in enumerate(unique):
        try:
            *both, skipped[at] = _moments(str(written), zone)
            for time, moment in enumerate(both):
                moments[time, at] = int(moment.timestamp())
                offset = moment.tz_convert(zone).utcoffset() or pd.Timedelta(0)
                offsets[time, at] = int(offset.total_seconds())
        except (ValueError, OverflowError, TypeError):
            bad[at] = True
    rejects.add(bad[place], "time is not an ISO 8601 time")
    # Only a second row of the same series and words tells that the repeated hour has come.
    second = np.zeros(len(text), dtype=np.int64)
    repeated = np.flatnonzero((moments[0] != moments[1])[place])
    if len(repeated):
        rows = pd.DataFrame({"name": name.iloc[repeated].to_numpy(), "place": place[repeated]})
        second[repeated] = rows.groupby(["name", "place"]).cumcount() == 1
    seconds = moments[second, place]
    return seconds, seconds + offsets[second, place], skipped[place]


def _moments(written: str, zone: ZoneInfo) -> tuple[pd.Timestamp, pd.Timestamp, bool]:
    """The moment, the later one if the clock of the zone shows this time twice, and whether it never shows it."""
    week = ISO_WEEK.match(written)
    if week is not None:
        moment = pd.Timestamp.fromisocalendar(int(week[1]), int(week[2]), int(week[3] or 1))
    elif not written[:4].isdigit() or len(written) < 8:
        msg = "not ISO 8601"
        raise ValueError(msg)
    else:
        moment = pd.Timestamp(written)
    if moment.tzinfo is not None:
        there = moment.tz_convert("UTC")
        return there, there, False
    first, later = (moment.tz_localize(zone, ambiguous=early, nonexistent="shift_forward") for early in (True, False))
    return first, later, first.tz_localize(None) != moment


def _spacing(path: Path, name: pd.Series[str], seconds: NDArray[np.int64], good: NDArray[np.bool_]) -> Spacing:
    """The coarsest spacing that nearly all gaps are multiples of, rows that are left out between them or not."""
    table = pd.DataFrame({"name": name[good], "seconds": seconds[good]}).drop_duplicates()
    table = table.sort_values(["name", "seconds"])
    gaps = table.groupby("name")["seconds"].diff().dropna().to_numpy(dtype=np.float64)
    if not len(gaps):
        msg = f"{path.name}: every series has one row, so the spacing is unknown; it takes two rows of a series"
        raise CountsUnreadable(msg)
    smallest = float(np.quantile(gaps, 1 - NEARLY_ALL, method="lower"))
    for spacing, length in reversed(SPACING_SECONDS.items()):
        buckets = np.maximum(np.round(gaps / length), 1)
        if np.mean(np.abs(gaps - buckets * length) <= 0.05 * length) >= NEARLY_ALL and smallest < SPARSEST * length:
            return spacing
    usual = float(np.median(gaps))
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
