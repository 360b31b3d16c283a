"""Dates as people write them: what each means, and when a column must be asked about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import BadSettings
from collector.tabular.dates import (
    AmbiguousDates,
    DateFormat,
    DateOrder,
    Evidence,
    NotADate,
    given_format,
    read_date,
)

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY_FIRST = DateFormat(zone=UTC, order=DateOrder.DAY_FIRST)
MONTH_FIRST = DateFormat(zone=UTC, order=DateOrder.MONTH_FIRST)
NAIVE = datetime(2024, 3, 5, 14, 30)  # noqa: DTZ001  as a workbook's cell gives it


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]  # year, month, day, …


def seen(*cells: object) -> Evidence:
    evidence = Evidence()
    for cell in cells:
        evidence.see(cell)
    return evidence


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2024-03-05", at(2024, 3, 5)),
        ("2024-03-05T14:30:00Z", at(2024, 3, 5, 14, 30)),
        ("2024-03-05 14:30:00+02:00", at(2024, 3, 5, 12, 30)),
        ("2024-03-05 14:30:00 UTC", at(2024, 3, 5, 14, 30)),
        ("2024/3/5", at(2024, 3, 5)),
        ("20240305", at(2024, 3, 5)),
        ("20240305143000", at(2024, 3, 5, 14, 30)),
        ("05.03.2024", at(2024, 3, 5)),
        ("5.3.24 14.30 Uhr", at(2024, 3, 5, 14, 30)),
        ("05/03/2024 2:30 PM", at(2024, 3, 5, 14, 30)),
        ("05/03/2024 12:30 a.m.", at(2024, 3, 5, 0, 30)),
        ("Dienstag, 5. März 2024", at(2024, 3, 5)),
        ("5 mars 2024 à 14:30", at(2024, 3, 5, 14, 30)),
        ("5 de marzo de 2024", at(2024, 3, 5)),
        ("5 marca 2024", at(2024, 3, 5)),
        ("March 5, 2024", at(2024, 3, 5)),
        ("Mar 5th, 2024 at 2:30 pm", at(2024, 3, 5, 14, 30)),
        ("Tue, 05 Mar 2024 14:30:00 +0100", at(2024, 3, 5, 13, 30)),
        ("Tue Mar 05 14:30:00 +0000 2024", at(2024, 3, 5, 14, 30)),
        ("Tue Mar 05 2024 14:30:00 GMT+0100 (Central European Standard Time)", at(2024, 3, 5, 13, 30)),
        ("2024年3月5日", at(2024, 3, 5)),
        ("1709649000", at(2024, 3, 5, 14, 30)),
        (1709649000000, at(2024, 3, 5, 14, 30)),
        (1709649000.0, at(2024, 3, 5, 14, 30)),
        (date(2024, 3, 5), at(2024, 3, 5)),
        (NAIVE, at(2024, 3, 5, 14, 30)),
    ],
)
def test_a_date_is_read_as_it_is_written(cell: object, moment: datetime) -> None:
    assert read_date(cell, DAY_FIRST, NOW) == moment


def test_the_same_numbers_are_another_day_where_the_month_comes_first() -> None:
    assert read_date("05/03/2024", DAY_FIRST, NOW).month == 3
    assert read_date("05/03/2024", MONTH_FIRST, NOW).month == 5


def test_a_date_without_a_zone_is_one_of_the_owners() -> None:
    summer = read_date("2024-07-01 10:00", DateFormat(zone=BERLIN), NOW)
    winter = read_date("2024-01-01 10:00", DateFormat(zone=BERLIN), NOW)
    assert (summer.hour, winter.hour) == (8, 9)


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("1970-01-01", "before 1990"),
        ("2099-01-01", "in the future"),
        ("0001-01-01", "before 1990"),
        ("9999-12-31T23:59:59-12:00", "no date that can be kept"),
        ("31.02.2024", "no date"),
        ("soon", "no date"),
        ("5 Foo 2024", "no month"),
        ("05/03/2024 14:30 XYZ", "zone"),
        (12, "no date"),
        (True, "no date"),
        ("12345678901234567890", "no date"),
        ("٠٥/٠٣/٢٠٢٤ ", None),
    ],
)
def test_what_is_no_date_says_why(cell: object, why: str | None) -> None:
    if why is None:
        assert read_date(cell, DAY_FIRST, NOW).day == 5  # digits of other scripts are digits
        return
    with pytest.raises(NotADate, match=why):
        read_date(cell, DAY_FIRST, NOW)


def test_one_day_past_twelve_decides_for_the_whole_column() -> None:
    assert seen("05/03/2024", "13/03/2024", "01/02/2024").order("Date") is DateOrder.DAY_FIRST
    assert seen("05/03/2024", "03/13/2024", "01/02/2024").order("Date") is DateOrder.MONTH_FIRST


def test_full_stops_mean_the_day_comes_first() -> None:
    assert seen("05.03.2024").order("Datum") is DateOrder.DAY_FIRST


def test_a_column_that_nothing_decides_must_be_asked_about() -> None:
    with pytest.raises(AmbiguousDates, match=r"'Date'.*05/03/2024.*--date-format"):
        seen("05/03/2024", "01/02/2024").order("Date")


def test_a_column_that_contradicts_itself_must_be_asked_about() -> None:
    with pytest.raises(AmbiguousDates, match="contradict"):
        seen("13/03/2024", "03/14/2024").order("Date")


def test_one_slip_in_two_hundred_dates_does_not_stop_the_rest() -> None:
    assert seen(*["13/03/2024"] * 200, "03/14/2024").order("Date") is DateOrder.DAY_FIRST


def test_dates_that_need_no_order_ask_for_none() -> None:
    assert seen("2024-03-05", "5 March 2024", "03/03/2024", 1709649000).order("Date") is None


def test_a_pattern_overrides_what_would_be_found() -> None:
    assert read_date("24-03-05", given_format("%y-%m-%d", UTC), NOW) == datetime(2024, 3, 5, tzinfo=UTC)
    assert read_date(45356.5, given_format("excel", UTC), NOW) == datetime(2024, 3, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize("wanted", ["yyyy-mm-dd", "%Q", ""])
def test_a_pattern_that_cannot_work_is_named(wanted: str) -> None:
    with pytest.raises(BadSettings, match="date format"):
        given_format(wanted, UTC)


@given(st.datetimes(min_value=datetime(1990, 1, 2), max_value=datetime(2026, 3, 9)))  # noqa: DTZ001  made aware below
def test_any_moment_survives_the_ways_in_which_it_is_written(moment: datetime) -> None:
    whole = moment.replace(microsecond=0)
    aware = whole.replace(tzinfo=UTC)
    assert read_date(whole.strftime("%d.%m.%Y %H:%M:%S"), DAY_FIRST, NOW) == aware
    assert read_date(whole.strftime("%m/%d/%Y %I:%M:%S %p"), MONTH_FIRST, NOW) == aware
    assert read_date(aware.isoformat(), DAY_FIRST, NOW) == aware
    assert read_date(aware.strftime("%a, %d %b %Y %H:%M:%S +0000"), DAY_FIRST, NOW) == aware


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_dates(text: str) -> None:
    Evidence().see(text)
    try:
        moment = read_date(text, DAY_FIRST, NOW)
    except NotADate:
        return
    assert moment.utcoffset() == timedelta()
