"""Shares and their intervals: properties that must hold for any counts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dashboard.shares import change, design_effect, share

days = st.lists(
    st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=40
)


@given(days)
def test_a_share_lies_within_its_interval_and_the_interval_within_zero_and_one(counted: list[tuple[int, int]]) -> None:
    found = share([y for y, _ in counted], [n for _, n in counted])
    if found.value is None:
        assert found.whole == 0
        return
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.value <= found.high <= 1


@given(days, days)
def test_a_change_is_the_difference_and_lies_within_its_interval(
    now: list[tuple[int, int]], before: list[tuple[int, int]]
) -> None:
    later, earlier = (share([y for y, _ in counted], [n for _, n in counted]) for counted in (now, before))
    found = change(later, earlier)
    if later.value is None or earlier.value is None:
        assert found is None
        return
    assert found is not None
    assert found.value == later.value - earlier.value
    assert found.low <= found.value <= found.high


def test_days_that_differ_more_than_chance_make_a_share_less_sure() -> None:
    even = share([20] * 10, [100] * 10)
    uneven = share([0, 40] * 5, [100] * 10)
    assert even.value == uneven.value
    assert design_effect([0, 40] * 5, [100] * 10) > 10
    assert uneven.high - uneven.low > 3 * (even.high - even.low)  # type: ignore[operator]  # both are known


def test_wilson_agrees_with_a_worked_example() -> None:
    """Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662 by the score method."""
    found = share([81], [263])
    assert round(found.low or 0, 4) == 0.2553
    assert round(found.high or 0, 4) == 0.3662


def test_newcombes_interval_of_a_difference_agrees_with_a_worked_example() -> None:
    """Newcombe 1998, table II: 56/70 against 48/80 by method 10 gives 0.0524 to 0.3339."""
    found = change(share([56], [70]), share([48], [80]))
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)
