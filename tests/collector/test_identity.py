"""Text made fit for storing."""

from __future__ import annotations

import pytest

from collector.identity import clean_text
from tests.collector.growing import filled, growth


@pytest.mark.parametrize(
    ("said", "kept"),
    [("cafe\u0301", "caf\u00e9"), (" late\x00r \u202egnorw", "later gnorw"), ("q\u0307\u0323", "q\u0323\u0307")],
)
def test_text_is_composed_and_loses_what_cannot_be_seen(said: str, kept: str) -> None:
    assert clean_text(said) == kept


def test_a_long_row_of_combining_marks_costs_no_more_than_its_length() -> None:
    assert growth(lambda length: clean_text("a" + filled("\u0316\u0301", length))) < 8
