"""Ratings as tools write them, brought to stars from 1 to 5."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import BadSettings
from collector.tabular.ratings import Evidence, NotARating, Scale, given_scale, stars_of

STARS = Scale(low=1, high=5)


def scale_of(*cells: object) -> Scale:
    evidence = Evidence()
    for cell in cells:
        evidence.see(cell, None)
    return evidence.scale()


@pytest.mark.parametrize(
    ("cells", "scale"),
    [
        ([1, 3, 5], "1 to 5"),
        (["4,5", "2"], "1 to 5"),
        ([0, 3, 5], "1 to 5 (0: not rated)"),
        ([0.5, 5], "0 to 5"),
        ([0, 10], "0 to 10"),
        ([2, 9], "1 to 10"),
        ([15, 100], "0 to 100"),
        (["4/5", "2/5"], "1 to 5"),
    ],
)
def test_the_scale_shows_in_the_ratings(cells: list[object], scale: str) -> None:
    assert str(scale_of(*cells)) == scale


def test_ratings_of_no_usual_scale_must_be_asked_about() -> None:
    with pytest.raises(BadSettings, match=r"-5 to 240.*--rating-scale"):
        scale_of(-5, 240)


@pytest.mark.parametrize(
    ("cell", "scale", "stars"),
    [
        ("4,5", STARS, 4.5),
        ("4.5 stars", STARS, 4.5),
        ("★★★☆☆", STARS, 3),
        ("⭐⭐⭐⭐", STARS, 4),
        ("FOUR", STARS, 4),
        ("8/10", STARS, 4.2),
        ("3 von 5", STARS, 3),
        ("50 %", STARS, 3),
        (0, Scale(low=0, high=10), 1),
        (10, Scale(low=0, high=10), 5),
        (0, Scale(low=1, high=5, zero_is_none=True), None),
        ("n/a", STARS, None),
        (None, STARS, None),
        (float("nan"), STARS, None),
    ],
)
def test_a_rating_is_worth_its_share_of_the_scale(cell: object, scale: Scale, stars: float | None) -> None:
    assert stars_of(cell, scale, None) == stars


@pytest.mark.parametrize("cell", ["7", "-1", "good", "1e999", "9/5"])
def test_what_is_no_rating_says_so(cell: str) -> None:
    with pytest.raises(NotARating):
        stars_of(cell, STARS, None)


def test_the_decimal_sign_can_be_fixed() -> None:
    assert stars_of("4,5", STARS, ",") == 4.5
    with pytest.raises(NotARating):
        stars_of("4,5", STARS, ".")  # 45, and no star


def test_a_scale_that_cannot_be_is_refused() -> None:
    assert given_scale("0-10") == Scale(low=0, high=10)
    for wanted in ("ten", "5-1", ""):
        with pytest.raises(BadSettings, match="scale"):
            given_scale(wanted)


@given(low=st.integers(0, 50), width=st.integers(1, 100), share=st.floats(0, 1))
def test_stars_stay_between_one_and_five(low: int, width: int, share: float) -> None:
    stars = Scale(low=low, high=low + width).stars(low + share * width)
    assert stars is not None
    assert 1 <= stars <= 5
