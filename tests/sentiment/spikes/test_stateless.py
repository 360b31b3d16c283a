"""Judging a file of counts: formats, bad rows, and what comes out."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from sentiment.spikes.counts_file import CountsUnreadable, Spacing, read_counts
from sentiment.spikes.spike import SpikeSettings
from sentiment.spikes.stateless import FileSummary, judge_counts, judge_file

START = datetime(2026, 1, 5, tzinfo=UTC)


def judged(
    path: Path, settings: SpikeSettings | None = None, spacing: Spacing | None = None
) -> tuple[FileSummary, list[dict[str, Any]]]:
    out = io.StringIO()
    chosen = settings or SpikeSettings()
    summary = judge_file(path, out, budget_weeks=chosen.budget_weeks, zone=chosen.zone, spacing=spacing)
    return summary, [json.loads(line) for line in out.getvalue().splitlines()]


def hourly_file(path: Path, *, burst: int = 0, totals: bool = True, skip: range = range(0)) -> Path:
    rng = np.random.default_rng(4)
    lines = ["series,time,count,total" if totals else "series,time,count"]
    for name in ("hotel", "airline"):
        for hour in range(24 * 30):
            if hour in skip:
                continue
            voices = int(rng.poisson(8))
            negative = int(rng.binomial(voices, 0.1))
            if name == "airline" and hour >= 24 * 30 - 3:
                negative, voices = negative + burst, voices + burst
            stamp = (START + timedelta(hours=hour)).isoformat()
            lines.append(f"{name},{stamp},{negative},{voices}" if totals else f"{name},{stamp},{negative}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_every_series_and_bucket_gets_one_line_with_the_promised_fields(tmp_path: Path) -> None:
    summary, rows = judged(hourly_file(tmp_path / "counts.csv", burst=9))
    assert summary.spacing is Spacing.HOURLY
    assert (summary.series, summary.judged) == (2, len(rows)) == (2, 2 * 24 * 30)
    assert len({(row["series"], row["time"]) for row in rows}) == len(rows)
    assert {"series", "time", "observed", "expected", "upper", "p", "score", "flagged"} <= set(rows[0])
    assert rows[0]["flagged"] is False
    assert rows[0]["note"] == "too little history"


@pytest.mark.parametrize("totals", [True, False])
def test_a_planted_burst_is_flagged_and_nothing_else_is(tmp_path: Path, totals: bool) -> None:
    summary, rows = judged(hourly_file(tmp_path / "counts.csv", burst=12, totals=totals))
    flagged = [(row["series"], row["time"]) for row in rows if row["flagged"]]
    assert {series for series, _ in flagged} == {"airline"}
    assert all(time >= (START + timedelta(days=30, hours=-3)).isoformat() for _, time in flagged)
    assert summary.flagged == len(flagged)
    last = rows[-1]
    assert last["observed"] > last["upper"] > last["expected"]
    assert last["p"] < 1e-4


def test_scores_rise_with_the_size_of_the_burst(tmp_path: Path) -> None:
    scores = [judged(hourly_file(tmp_path / f"{n}.csv", burst=n))[1][-1]["score"] for n in (0, 4, 8, 16)]
    assert scores == sorted(scores)


def test_rows_that_cannot_be_used_are_named_by_line_and_the_rest_is_judged(tmp_path: Path) -> None:
    path = hourly_file(tmp_path / "counts.csv")
    good = path.read_text(encoding="utf-8")
    bad = [
        "hotel,yesterday,3,4",
        "hotel,2026-01-05T00:00:00+00:00,3,4",
        "hotel,2026-03-01T00:00:00Z,-1,4",
        "hotel,2026-03-01T01:00:00Z,1.5,4",
        "hotel,2026-03-01T02:00:00Z,5,4",
        ",2026-03-01T03:00:00Z,1,4",
        "hotel,2026-03-01T04:00:00Z,many,4",
        "hotel,2026-03-01T05:00:00Z,1,",
    ]
    path.write_text(good + "\n".join(bad) + "\n", encoding="utf-8")
    summary, rows = judged(path)
    lines = good.count("\n")
    assert [row.line for row in summary.set_aside] == list(range(lines + 1, lines + 1 + len(bad)))
    assert summary.set_aside_count == len(bad)
    assert len({row.reason for row in summary.set_aside}) == 6
    assert len(rows) == 2 * 24 * 30


def test_a_missing_or_uncovered_bucket_is_unknown_and_not_zero(tmp_path: Path) -> None:
    whole, _ = judged(hourly_file(tmp_path / "whole.csv"))
    holey, rows = judged(hourly_file(tmp_path / "holey.csv", skip=range(600, 640)))
    assert holey.judged == whole.judged - 80
    assert not any(row["flagged"] for row in rows)
    path = tmp_path / "covered.csv"
    text = hourly_file(path).read_text(encoding="utf-8").splitlines()
    path.write_text(
        "\n".join([text[0] + ",covered", *(line + ",yes" for line in text[1:-1]), text[-1] + ",no"]), encoding="utf-8"
    )
    assert judged(path)[1][-1]["note"] == "not covered"


def test_daily_counts_are_recognised_and_judged(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    lines = ["series,time,count,total"]
    for day in range(150):
        voices = int(rng.poisson(60 if day % 7 < 5 else 30))
        negative = int(rng.binomial(voices, 0.1)) + (25 if day == 149 else 0)
        lines.append(f"shop,{date(2026, 1, 1) + timedelta(days=day)},{negative},{voices + 25 * (day == 149)}")
    path = tmp_path / "daily.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    summary, rows = judged(path)
    assert summary.spacing is Spacing.DAILY
    assert [row["time"] for row in rows if row["flagged"]] == [rows[-1]["time"]]


@pytest.mark.parametrize("form", ["date", "week"])
def test_weekly_counts_are_judged_with_an_annual_profile(tmp_path: Path, form: str) -> None:
    rng = np.random.default_rng(2)
    lines = ["series,time,count"]
    for week in range(260):
        day = date(2021, 1, 4) + timedelta(weeks=week)
        count = int(rng.poisson(20 * np.exp(0.8 * np.cos(2 * np.pi * week / 52)))) + (60 if week == 258 else 0)
        year, number, _ = day.isocalendar()
        lines.append(f"ward,{day if form == 'date' else f'{year}-W{number:02}'},{count}")
    path = tmp_path / "weekly.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    summary, rows = judged(path, SpikeSettings(budget_weeks=300))
    assert summary.spacing is Spacing.WEEKLY
    assert [place for place, row in enumerate(rows) if row["flagged"]] in ([258], [258, 259])
    assert 30 < rows[208]["expected"] < 60


def weekly_file(path: Path, counts: dict[str, Sequence[int]]) -> Path:
    lines = ["series,time,count"]
    for name, weeks in counts.items():
        lines += [f"{name},{date(2021, 1, 4) + timedelta(weeks=week)},{count}" for week, count in enumerate(weeks)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize("loud", [12, 1_000_000])
def test_a_weekly_series_that_was_silent_until_now_is_flagged(tmp_path: Path, loud: int) -> None:
    _, rows = judged(weekly_file(tmp_path / "weekly.csv", {"ward": [0] * 100 + [loud]}))
    assert [place for place, row in enumerate(rows) if row["flagged"]] == [100]


def test_a_weekly_count_above_its_upper_bound_is_flagged(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    calm = {f"ward {mean}": rng.poisson(mean, 156).tolist() for mean in (0.3, 8, 60, 4000)}
    calm |= {f"crowd {mean}": rng.negative_binomial(mean / 4, 0.2, 156).tolist() for mean in (2, 20)}
    for name, weeks in calm.items():
        path = tmp_path / "weekly.csv"
        _, rows = judged(weekly_file(path, {name: weeks}))
        assert all(row["flagged"] for row in rows if row["upper"] is not None and row["observed"] > row["upper"])
        upper = rows[-1]["upper"]
        for count, flagged in ((upper + 1, True), (4 * upper + 9, True), (rows[-1]["expected"], False)):
            _, rows = judged(weekly_file(path, {name: [*weeks[:-1], int(count)]}))
            assert rows[-1]["flagged"] is flagged


def test_times_without_an_offset_are_read_in_the_zone_given(tmp_path: Path) -> None:
    path = hourly_file(tmp_path / "counts.csv")
    path.write_text(path.read_text(encoding="utf-8").replace("+00:00", ""), encoding="utf-8")
    summary, rows = judged(path, SpikeSettings(zone=ZoneInfo("Europe/Berlin")))
    assert summary.set_aside_count == 0
    assert rows[0]["time"] == "2026-01-05T00:00:00"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "not a readable CSV"),
        ("a,b\n1,2\n", "no column series, time, count"),
        ("series,time,count\nx,soon,1\n", "no row can be judged"),
        ("series,time,count\nx,2026-01-01,1\n", "spacing is unknown"),
        ("series,time,count\nx,2026-01-01T00:00Z,1\nx,2026-01-01T00:10Z,1\n", "hours apart"),
    ],
)
def test_a_file_that_cannot_be_judged_says_why(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CountsUnreadable, match=says):
        judged(path)


def restless_file(path: Path, names: list[str], days: int = 200) -> Path:
    """Daily counts of which the first half of the series leaps on one day in twenty."""
    lines = ["series,time,count"]
    for name in names:
        rng = np.random.default_rng(sum(map(ord, name)))
        leaps = int(name.rpartition(" ")[2]) % 2
        counts = rng.poisson(20 * np.where(rng.random(days) < 0.05 * leaps, rng.uniform(1, 4, days), 1))
        lines += [f"{name},{date(2026, 1, 1) + timedelta(days=day)},{count}" for day, count in enumerate(counts)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_the_upper_bound_is_that_of_the_raised_bar_which_each_line_says(tmp_path: Path) -> None:
    names = [f"series {n}" for n in range(12)]
    summary, rows = judged(restless_file(tmp_path / "restless.csv", names), SpikeSettings(budget_weeks=2))
    assert summary.highest_bar == pytest.approx(max(row["bar"] for row in rows), abs=1e-3)
    assert summary.highest_bar > summary.alert_score
    assert all(row["flagged"] == (row["score"] >= row["bar"]) for row in rows if abs(row["score"] - row["bar"]) > 1e-3)
    known = [row for row in rows if row["upper"] is not None]
    # The bound is that of a gamma distribution, the score that of whole counts: two counts apart at most.
    beyond = [row for row in known if row["observed"] > row["upper"] + 2]
    assert beyond
    assert all(row["flagged"] for row in beyond)


def test_the_order_of_a_file_of_many_series_changes_no_line(tmp_path: Path) -> None:
    names = [f"series {n}" for n in range(7)]
    shuffled = [names[n] for n in np.random.default_rng(1).permutation(7)]
    lines = []
    for order in (names, shuffled):
        counts = read_counts(restless_file(tmp_path / "many.csv", order, days=60), zone=ZoneInfo("UTC"), spacing=None)
        lines.append([line.text for line in judge_counts(counts, SpikeSettings(), at_once=3)])
    assert lines[0] == lines[1]
    assert len(lines[0]) == 7 * 60


def test_the_budget_moves_what_is_flagged_but_not_the_scores(tmp_path: Path) -> None:
    path = hourly_file(tmp_path / "counts.csv", burst=4)
    loose, rows = judged(path, SpikeSettings(budget_weeks=0.1))
    strict, others = judged(path, SpikeSettings(budget_weeks=500))
    assert loose.flagged >= strict.flagged
    assert rows[-1]["score"] == others[-1]["score"]


def daily_lines(days: range, separator: str = ",") -> list[str]:
    return [separator.join(["a", str(date(2026, 1, 1) + timedelta(days=day)), "5", "40"]) for day in days]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
@pytest.mark.parametrize("above", ["", "\ufeff", "sep=,\n", "\n"])
def test_other_separators_are_found_by_the_names_of_the_columns(tmp_path: Path, separator: str, above: str) -> None:
    path = tmp_path / "counts.csv"
    header = separator.join(["Series", "time", " count", "total, all"])
    path.write_text("\n".join([above.replace(",", separator) + header, *daily_lines(range(20), separator)]))
    summary, rows = judged(path)
    assert (summary.spacing, len(rows), summary.set_aside_count) == (Spacing.DAILY, 20, 0)


@pytest.mark.parametrize("quote", ["", '"'])
def test_longer_rows_and_those_below_an_empty_line_are_named_by_their_own_line(tmp_path: Path, quote: str) -> None:
    path = tmp_path / "counts.csv"
    lines = ["series,time,count,total", *daily_lines(range(30))]
    lines[10] = lines[10].replace("a", f"{quote}a{quote}", 1)
    lines[11] += ",late note"
    lines[12] += ",,"
    lines[21:21] = ["", ",,,"]
    lines[26] = lines[26].replace(",5,", ",-5,")
    path.write_text("\r\n".join(lines) + "\r\n\r\n")
    summary, rows = judged(path)
    assert [(row.line, row.reason) for row in summary.set_aside] == [
        (12, "the row has 5 cells, the header 4"),
        (27, "count is not a whole number of at least 0"),
    ]
    assert (summary.set_aside_count, len(rows)) == (2, 28)


@pytest.mark.parametrize("quote", ["", '"'])
def test_lines_are_right_where_no_row_is_too_long(tmp_path: Path, quote: str) -> None:
    path = tmp_path / "counts.csv"
    path.write_text(
        "\n".join(
            ["series,time,count,total", f"{quote}a{quote},2026-02-01,1,2", "", "a,never,1,2", "", "a,2026-02-02,1,2"]
        )
    )
    assert [row.line for row in judged(path)[0].set_aside] == [4]


def test_a_quote_that_never_closes_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_text(
        "\n".join(
            [
                "series,time,count,total",
                *daily_lines(range(9)),
                '"' + daily_lines(range(9, 10))[0],
                *daily_lines(range(10, 20)),
            ]
        )
    )
    with pytest.raises(CountsUnreadable, match="line 11 does not close"):
        judged(path)


@pytest.mark.parametrize(
    ("hours", "spacing"),
    [
        ([48] * 30, Spacing.DAILY),
        ([48, 48, 72] * 10, Spacing.DAILY),
        ([24] * 10 + [168] * 20, Spacing.DAILY),
        ([2, 1, 5, 24, 3] * 8, Spacing.HOURLY),
        ([336] * 12, Spacing.WEEKLY),
        ([22, 26, 24, 24] * 10, Spacing.DAILY),
        ([168, 168, 168, 144, 192] * 8, Spacing.WEEKLY),
    ],
)
def test_rows_that_leave_buckets_out_keep_their_spacing(tmp_path: Path, hours: list[int], spacing: Spacing) -> None:
    path = tmp_path / "counts.csv"
    times = START + np.cumsum([0, *hours]) * timedelta(hours=1)
    path.write_text("\n".join(["series,time,count", *(f"a,{time.isoformat()},2" for time in times)]))
    counts = read_counts(path, zone=ZoneInfo("UTC"))
    assert counts.spacing is spacing


@pytest.mark.parametrize("hours", [[6] * 30, [12] * 30, [30.5 * 24] * 30])
def test_sums_over_longer_than_a_bucket_are_refused(tmp_path: Path, hours: list[float]) -> None:
    path = tmp_path / "counts.csv"
    times = START + np.cumsum([0, *hours]) * timedelta(hours=1)
    path.write_text("\n".join(["series,time,count", *(f"a,{time.isoformat()},2" for time in times)]))
    with pytest.raises(CountsUnreadable, match="hours apart; add them up"):
        read_counts(path, zone=ZoneInfo("UTC"))


def test_every_other_day_is_daily_with_unknown_days(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_text("\n".join(["series,time,count,total", *daily_lines(range(0, 100, 2))]))
    counts = read_counts(path, zone=ZoneInfo("UTC"))
    assert counts.present[0].tolist() == [day % 2 == 0 for day in range(99)]
    assert judged(path)[0].set_aside_count == 0


def test_the_hour_that_a_clock_leaves_out_is_set_aside_and_the_next_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_text("\n".join(["series,time,count", *(f"b,2026-03-29 {hour:02}:00,{hour}" for hour in range(24))]))
    counts = read_counts(path, zone=ZoneInfo("Europe/Berlin"))
    assert [(row.line, row.reason) for row in counts.set_aside] == [
        (4, "the clock leaves this hour out in Europe/Berlin")
    ]
    assert counts.count[0].tolist() == [0, 1, *range(3, 24)]


def test_the_second_row_of_the_hour_that_a_clock_repeats_is_the_hour_after(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    hours = [0, 1, 2, 2, 3, 4]
    lines = [f"{name},2026-10-25 {hour:02}:00,{at}" for name in "ab" for at, hour in enumerate(hours)]
    path.write_text("\n".join(["series,time,count", *lines, "b,2026-10-25 02:00,9"]))
    counts = read_counts(path, zone=ZoneInfo("Europe/Berlin"))
    assert counts.count.tolist() == [[0, 1, 2, 3, 4, 5]] * 2
    assert [row.line for row in counts.set_aside] == [14]


def test_a_day_that_begins_after_a_midnight_left_out_is_a_day(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_text("\n".join(["series,time,count", *(f"b,2026-04-{day:02},{day}" for day in range(20, 29))]))
    counts = read_counts(path, zone=ZoneInfo("Africa/Cairo"))
    assert (counts.spacing, counts.set_aside, counts.count[0].tolist()) == (Spacing.DAILY, (), list(range(20, 29)))
