"""The small readings that every source shares: ids that come as numbers, dates with and without a zone."""

from __future__ import annotations

from typing import Any

from collector.mention import Item, Kind
from collector.payload import moment, read_each
from collector.sources import kinds


def an_item(element: Any) -> Item:
    return Item(kind=Kind.POST, created_at=moment("2026-11-25T18:00:00Z"), **element)


def test_ids_that_come_as_numbers_are_taken_as_their_digits_and_other_oddities_are_left_out() -> None:
    said = {"external_id": 5, "text": "late again", "author": 2**60, "parent_id": 0, "author_name": 7}
    (item,) = read_each([said], an_item, name="external_id", what="An answer").items
    assert (item.external_id, item.author, item.parent_id) == ("5", str(2**60), "0")
    assert item.author_name is None
    (item,) = read_each([said | {"author": True}], an_item, name="external_id", what="An answer").items
    assert item.author is None
    (reject,) = read_each([said | {"text": 9}], an_item, name="external_id", what="An answer").rejects
    assert "its text is '9', not a text" in reject.reason


def test_an_author_that_x_names_by_a_number_is_known_to_be_the_same_one() -> None:
    post = {"id": "1", "text": "Aurora Air is late", "created_at": "2026-11-25T18:00:00Z"}
    x: Any = kinds()["x"]
    settings = x.Settings(bearer_token="token", monthly_budget=100)
    parsed = x.parse({"data": [post | {"author_id": one} for one in (77, "77")], "meta": {}}, settings)
    assert [item.author for item in parsed.items] == ["77", "77"]
