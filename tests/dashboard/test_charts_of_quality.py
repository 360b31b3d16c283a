"""The chart of measured accuracy is valid Vega-Lite, with one point and one interval a sample."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import vl_convert

from dashboard import charts


def test_accuracy_over_weeks_is_drawn_with_its_intervals() -> None:
    weeks = pd.DataFrame(
        [
            {"week": date(2026, 3, 2) + timedelta(days=7 * n), "right": 0.8, "low": 0.7, "high": 0.9}
            | {"checked": 50, "model": "<b>m</b>"}
            for n in range(5)
        ]
    )
    spec = charts.accuracy_over_weeks(weeks)
    svg = str(vl_convert.vegalite_to_svg(spec | {"width": 600}))
    assert svg.count('aria-roledescription="point"') == 5
    assert svg.count('aria-roledescription="rule mark"') == 5
    assert "<b>" not in svg
