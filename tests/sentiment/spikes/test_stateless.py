"""Judging a file of counts: formats, bad rows, and what comes out."""

from __future__ import annotations

import io
import json
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
