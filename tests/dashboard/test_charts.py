"""Charts are valid Vega-Lite, hatch what is unknown, and draw wall-clock time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
import vl_convert

from dashboard import charts
from dashboard.charts.radar import clearest_sector
from dashboard.steps import Step, in_steps, of_days
from tests.conftest import BERLIN

FIRST = date(2026, 3, 1)


def some_days(count: int = 30, step: Step = Step.DAY) -> pd.DataFrame:
    days = pd.DataFrame(
        {
            "day": [FIRST + timedelta(days=n) for n in range(count)],
            "negative": [n % 7 for n in range(count)],
            "read": [0 if n == 3 else 20 for n in range(count)],
            "mentions": 24,
            "voices": 21,
            "neutral": 5,
            "positive": 6,
            "unread": 1,
            "satisfaction": 5_400,
        }
    )
    return in_steps(of_days(days), step, first=FIRST, last=FIRST + timedelta(days=count - 1))


def drawn(spec: charts.Spec) -> str:
    return str(vl_convert.vegalite_to_svg(spec | {"width": 600}))


def heat() -> charts.Spec:
    cells = pd.DataFrame(
        [("Reliability", "2026-03-01", "2026-03-02", 2, 20, 0.1), ("Value", "2026-03-01", "2026-03-02", 0, 0, None)],
        columns=["row", "start", "end", "negative", "read", "share"],
    )
    return charts.heat_map(cells, ["Reliability", "Value"], unit="Day")


def observed() -> charts.Spec:
    at = datetime(2026, 3, 29, tzinfo=UTC)
    rows = [
        {"at": at + timedelta(hours=n), "observed": None if n == 4 else n, "expected": 1.5, "lower": 0, "upper": 4}
        for n in range(9)
    ]
    return charts.observed_and_expected(pd.DataFrame(rows), zone=BERLIN)


def coverage() -> charts.Spec:
    cells = pd.DataFrame([("forum", FIRST, 0.5), ("reviews", FIRST, 1.0)], columns=["source", "day", "covered"])
    return charts.coverage_calendar(cells, height=120)


@pytest.mark.parametrize(
    "spec",
    [
        charts.share_over_time(some_days(), before=0.2, zone=BERLIN),
        charts.share_over_time(
            some_days(40, Step.WEEK), step=Step.WEEK, name="a", others=[("b", some_days(40, Step.WEEK))], zone=BERLIN
        ),
        charts.voices_over_time(some_days(), zone=BERLIN),
        charts.satisfaction_over_time(some_days(), name="a", others=[("b", some_days())]),
        charts.radar(["Reliability", "Value for money", "Care"], [("a", [0.1, 0.2, None]), ("b", [0.0, 0.3, 0.1])]),
        heat(),
        observed(),
        coverage(),
    ],
    ids=["share", "compared", "voices", "satisfaction", "radar", "heat", "observed", "coverage"],
)
def test_every_chart_draws(spec: charts.Spec) -> None:
    assert "<svg" in drawn(spec)


def test_gaps_are_hatched_and_named_spikes_marked_and_cut_to_the_chart() -> None:
    start = datetime(2026, 3, 5, tzinfo=UTC)
    far = datetime(2025, 1, 1, tzinfo=UTC)
    spec = charts.share_over_time(
        some_days(),
        gaps=[(start, start + timedelta(days=2), "forum")],
        spikes=[(far, far + timedelta(days=9), "long ago"), (start, start + timedelta(hours=9), "late")],
        zone=BERLIN,
    )
    lines = [layer for layer in spec["layer"] if layer["mark"]["type"] == "rule"]
    assert len(lines[0]["data"]["values"]) > 5
    assert {row["what"] for row in lines[0]["data"]["values"]} == {"forum"}
    marks = [layer for layer in spec["layer"] if layer["mark"].get("shape") == "triangle-down"]
    assert [row["what"] for row in marks[0]["data"]["values"]] == ["late"]
    assert "<svg" in drawn(spec)


def test_a_day_without_readings_has_no_share_rather_than_zero() -> None:
    values: list[dict[str, Any]] = charts.share_over_time(some_days(), zone=BERLIN)["data"]["values"]
    assert values[3]["share"] is None
    assert values[4]["share"] is not None


def test_a_day_of_too_few_voices_is_not_drawn_as_all_or_nothing() -> None:
    days = some_days()
    assert not charts.left_out(days)
    few = days.assign(read=days["read"].where(days.index != 4, 2))
    assert charts.left_out(few)
    values: list[dict[str, Any]] = charts.share_over_time(few, zone=BERLIN)["data"]["values"]
    assert [values[4][name] for name in ("share", "low", "high")] == [None, None, None]
    layer = charts.satisfaction_over_time(days.assign(own=days["own"].where(days.index != 4, 2)))["layer"][0]
    assert [row["satisfaction"] is None for row in layer["data"]["values"][4:6]] == [True, False]


def test_the_days_of_a_short_heat_map_are_named_once() -> None:
    assert drawn(heat()).count(">1 Mar<") == 1


def test_times_are_wall_clock_times_of_the_readers_zone() -> None:
    assert observed()["data"]["values"][0]["at"] == "2026-03-29T01:00:00"
    assert observed()["data"]["values"][1]["at"] == "2026-03-29T03:00:00"


def test_the_names_of_a_radars_rings_stand_where_no_line_crosses_them() -> None:
    # A line from one spoke to the next runs along a ring where both its ends lie on it.
    assert clearest_sector([[0.5, 0.5, 0.5, 0.75]], 4) in {2, 3}
    assert clearest_sector([[0.7, 0.7, 1.0, 1.0], [0.8, 0.8, 0.5, 0.5]], 4) == 0
    assert clearest_sector([[0.0, 0.0, 0.0]], 3) in range(3)


def test_lines_are_told_apart_by_dashes_as_well_as_by_colour() -> None:
    spec = charts.share_over_time(some_days(), name="a", others=[("b", some_days())], zone=BERLIN)
    assert 'stroke-dasharray="6,3"' in drawn(spec)
    assert drawn(spec).count('role-legend-symbol"') == 2
