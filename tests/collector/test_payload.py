"""The small readings that every source shares: ids that come as numbers, dates with and without a zone."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

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
    post: dict[str, Any] = {"id": "1", "text": "Aurora Air is late", "created_at": "2026-11-25T18:00:00Z"}
    x: Any = kinds()["x"]
    settings = x.Settings(bearer_token="token", monthly_budget=100)
    parsed = x.parse({"data": [post | {"author_id": one} for one in (77, "77")], "meta": {}}, settings)
    assert [item.author for item in parsed.items] == ["77", "77"]


ZONES = {
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "CET": 1, "CEST": 2, "BST": 1, "JST": 9, "AEST": 10, "AEDT": 11, "GMT": 0, "UT": 0, "UTC": 0, "Z": 0,
    "": 0, "+0530": 5.5, "-0500 (EST)": -5, "EST-0500": -5, "IST": 5.5, "BRT": -3, "HKT": 8, "SGT": 8, "ACDT": 10.5,
    "NPT": 5.75, "AST": -4, "ET": -5, "PT": -8, "MEZ": 1, "GMT+0530": 5.5, "GMT-07:00": -7, "UTC+3": 3, "GMT+2": 2,
    "+0530 IST": 5.5, "-700": -7, "GMT+0530 (India Standard Time)": 5.5, "Europe/Brussels": 1, "Asia/Kolkata": 5.5,
}  # fmt: skip


@pytest.mark.parametrize(("zone", "hours"), ZONES.items())
def test_an_abbreviated_zone_is_applied(zone: str, hours: float) -> None:
    at = datetime(2026, 11, 25, 18, tzinfo=UTC) - timedelta(hours=hours)
    assert moment(f"Wed, 25 Nov 2026 18:00:00 {zone}") == at


def test_the_m_of_an_hour_after_noon_is_no_zone() -> None:
    assert moment("Nov 25, 2026 6:00 P.M.") == datetime(2026, 11, 25, 18, tzinfo=UTC)


def test_a_name_for_summer_and_winter_alike_goes_by_the_date() -> None:
    assert moment("Sat, 25 Jul 2026 6:00 PM ET") == datetime(2026, 7, 25, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "at"),
    {
        "Tue Mar 10 2026 18:00:00 GMT+0530 (India Standard Time)": datetime(2026, 3, 10, 12, 30, tzinfo=UTC),
        "2026-03": datetime(2026, 3, 1, tzinfo=UTC),
        "2026": datetime(2026, 1, 1, tzinfo=UTC),
        "March 2026": datetime(2026, 3, 1, tzinfo=UTC),
        "03.10.2026 18:00": datetime(2026, 10, 3, 18, tzinfo=UTC),
        "03/10/2026": datetime(2026, 3, 10, tzinfo=UTC),
        "25/10/2026": datetime(2026, 10, 25, tzinfo=UTC),
        "10. März 2026 18:00": datetime(2026, 3, 10, 18, tzinfo=UTC),
        "2026-03-10T18:00:00-05:00Z": datetime(2026, 3, 10, 23, tzinfo=UTC),
        "1773165600": datetime(2026, 3, 10, 18, tzinfo=UTC),
    }.items(),
)
def test_a_date_is_read_as_people_and_programs_write_it(written: str, at: datetime) -> None:
    assert moment(written) == at


@pytest.mark.parametrize(
    "written",
    [
        "Wed, 30 Nov -0001 00:00:00 +0000",
        "0000-00-00",
        "September",
        "18:00",
        "Monday,",
        "Mon, 2 Mar 15:04:05 EST",
        "5",
        "10 March",
    ],
)
def test_what_names_no_year_is_no_date_rather_than_one_of_today(written: str) -> None:
    with pytest.raises(ValueError, match="is no date"):
        moment(written)


def test_a_text_that_is_longer_than_any_date_is_not_tried() -> None:
    began = time.process_time()
    with pytest.raises(ValueError, match="is no date"):
        moment("1." * 1_000_000)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("zone", ["AMT", "XYZ", "Nowhere/At_all"])
def test_a_date_whose_zone_is_not_known_or_means_several_is_no_date_rather_than_another_time(zone: str) -> None:
    with pytest.raises(ValueError, match=f"the zone '{zone}' is not known"):
        moment(f"Wed, 25 Nov 2026 18:00:00 {zone}")
