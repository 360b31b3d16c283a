"""DataFrames as charts: Vega-Lite specifications that work on light and dark screens and at any width.

Times are given as wall-clock time of the reader's zone and drawn on a UTC axis, so that no browser moves them.
"""

from dashboard.charts.amounts import satisfaction_over_time, voices_over_time
from dashboard.charts.heat import FEW, coverage_calendar, heat_map
from dashboard.charts.incident import observed_and_expected
from dashboard.charts.marks import Marked
from dashboard.charts.parts import Spec
from dashboard.charts.quality import accuracy_over_weeks
from dashboard.charts.radar import radar
from dashboard.charts.share import left_out, share_over_time

__all__ = [
    "FEW",
    "Marked",
    "Spec",
    "accuracy_over_weeks",
    "coverage_calendar",
    "heat_map",
    "left_out",
    "observed_and_expected",
    "radar",
    "satisfaction_over_time",
    "share_over_time",
    "voices_over_time",
]
