"""What headings say of sources and brands: only what the intervals bear out."""

from __future__ import annotations

import pandas as pd
import pytest

from dashboard.comparison import apart
from dashboard.shares import Share, share
from dashboard.views.today import brand_finding, source_finding


def rows(**found: Share) -> pd.DataFrame:
    """Rows of labels and shares, as `comparison.highest_first` makes them."""
    return pd.DataFrame({"label": list(found), "now": list(found.values())}).sort_values(
        "now", key=lambda column: [-(one.value or 0.0) for one in column]
    )


def test_only_what_is_clear_of_chance_is_above_or_below() -> None:
    one = share([50], [100])
    assert apart(one, [share([10], [100]), share([48], [100]), share([90], [100]), share([], [])]) == ([0], [2])


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({"forum": share([9], [20])}, "no source has 30 voices yet, too few to compare them"),
        ({"forum": share([40], [100])}, "at forum, 40\u202f% of voices are dissatisfied"),
        (
            {"forum": share([40], [100]), "app": share([45], [100])},
            "no source is clearly worse than another: 40\u202f% to 45\u202f%",
        ),
        (
            {"forum": share([10], [100]), "app": share([60], [100]), "mail": share([58], [100])},
            "app (60\u202f%) is clearly worse than forum",
        ),
        (
            {"app": share([60], [100]), **{name: share([10], [100]) for name in "abc"}},
            "app (60\u202f%) is clearly worse than all 3 other sources",
        ),
    ],
)
def test_a_source_is_called_worse_only_than_those_it_is_clearly_worse_than(found: dict[str, Share], told: str) -> None:
    assert source_finding(rows(**found)) == told


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({"us": share([40], [100]), "them": share([45], [100])}, "no other brand is clearly better or worse than us"),
        (
            {"us": share([40], [100]), "them": share([80], [100]), "it": share([5], [100]), "she": share([42], [100])},
            "us (40\u202f%) is clearly worse than it and clearly better than them; 1 other not clearly different",
        ),
        ({"them": share([1], [10]), "it": share([1], [10])}, "nothing was read about us to compare"),
    ],
)
def test_the_brand_shown_is_compared_with_each_of_the_others(found: dict[str, Share], told: str) -> None:
    assert brand_finding("us", rows(**found)).startswith(told)
