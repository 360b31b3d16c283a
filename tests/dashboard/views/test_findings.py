"""What headings say of sources and brands: only what the intervals bear out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from dashboard.alerts.settings import Manager
from dashboard.comparison import apart
from dashboard.scope import Scope
from dashboard.shares import Share, share
from dashboard.steps import Step
from dashboard.views import alerts, sources, trends
from dashboard.views.comparing import Other
from dashboard.views.courses import Course, Question
from dashboard.views.dimensions import stands_out, too_few
from dashboard.views.parts import in_percent, shown_as
from dashboard.views.today import brand_finding, source_finding
from dashboard.words import days_named, language_named, times_in
from sentiment.language import CANDIDATES


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


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ([], "all 5 sources are read as promised"),
        (["a"], "a is not read as promised"),
        (["a", "b"], "a and b are not read as promised"),
        (["a", "b", "c"], "a, b and 1 other are not read as promised"),
        (["a", "b", "c", "d"], "a, b and 2 others are not read as promised"),
        (["a", "b", "c", "d", "e"], "none of the 5 sources is read as promised"),
    ],
)
def test_all_sources_that_are_late_are_told_of(bad: list[str], told: str) -> None:
    assert sources.finding(bad, 0, 5) == told


def test_a_source_that_was_never_read_is_not_called_read_as_promised() -> None:
    assert sources.finding([], 1, 1) == "1 of 1 source was not read yet"
    assert sources.finding([], 0, 1) == "the source is read as promised"


def test_nobody_counts_as_told_whom_nothing_can_reach() -> None:
    by_mail, by_chat = Manager(name="A", email="a@example.org"), Manager(name="B", chat=("json://127.0.0.1",))
    assert alerts.finding((by_mail,), mail=False, failed=0)[0].startswith("Nobody is told yet")
    told, missing = alerts.finding((by_mail, by_chat), mail=False, failed=0)
    assert told == "1 person is told when dissatisfaction rises, 1 cannot be reached by mail."
    assert "[mail]" in missing
    assert alerts.finding((by_mail, by_chat), mail=True, failed=0) == (
        "2 people are told when dissatisfaction rises.",
        "",
    )
    assert alerts.finding((by_mail,), mail=True, failed=2)[0] == "2 alerts could not be delivered."


@pytest.mark.parametrize(
    ("readers", "ending"),
    [
        ("America/New_York", "; your own clock is that of America/New_York."),
        ("Europe/Paris", "Europe/Berlin."),
        ("No/Where", "Europe/Berlin."),
        (None, "Europe/Berlin."),
    ],
)
def test_a_reader_by_another_clock_is_told_whose_times_these_are(readers: str | None, ending: str) -> None:
    told = times_in(ZoneInfo("Europe/Berlin"), readers, datetime(2026, 7, 1, tzinfo=UTC))
    assert told.startswith("All days and times are those of Europe/Berlin")
    assert told.endswith(ending)


def test_days_are_named_with_their_years() -> None:
    assert days_named(date(2026, 10, 27), date(2026, 11, 25)) == "27 Oct to 25 Nov 2026"
    assert days_named(date(2025, 12, 27), date(2026, 1, 5)) == "27 Dec 2025 to 5 Jan 2026"
    assert days_named(date(2026, 11, 25), date(2026, 11, 25)) == "Wed 25 Nov 2026"


def test_every_language_that_reading_tells_apart_has_a_name() -> None:
    assert all(language_named(code).istitle() for code in CANDIDATES)
    assert language_named("others") == "others"


def test_a_dimension_stands_out_only_where_enough_voices_were_read() -> None:
    columns = ["row", "start", "end", "negative", "read", "share"]
    one = ("Value", "2026-03-02", "2026-03-03", 1, 1, 1.0)
    many = ("Reliability", "2026-03-01", "2026-03-02", 4, 40, 0.1)
    calm = ("Value", "2026-03-01", "2026-03-02", 0, 40, 0.0)

    def told(*cells: tuple[object, ...]) -> str:
        return stands_out(pd.DataFrame(cells, columns=columns))

    assert told(one, many) == "Reliability stands out most on 1 Mar: 10\u202f% of all voices"
    assert told(one, calm) == "too few voices to say which dimension stands out, and when"
    assert told(calm) == "no dimension has a dissatisfied voice"


@pytest.mark.parametrize(
    ("name", "values", "words", "form"),
    [
        ("share", [0.356, None], "dissatisfied", "%.1f %%"),
        ("at", [datetime(2026, 3, 1, 14, tzinfo=UTC)], "hour from", "D MMM YYYY, HH:mm"),
        ("day", [date(2026, 3, 1)], "day", "D MMM YYYY"),
        ("read", [1_200], "voices read", "localized"),
        ("observed", [3.0, None], "observed", "localized"),
        ("expected", [1.5], "expected", "%.2f"),
        ("dimension", ["Value"], "dimension", None),
    ],
)
def test_figures_stand_on_the_screen_in_words_and_with_units(
    name: str, values: list[object], words: str, form: str | None
) -> None:
    told: dict[str, Any] = {**shown_as(name, pd.Series(values))}
    assert (told["label"], told.get("type_config", {}).get("format")) == (words, form)


def test_shares_stand_on_the_screen_in_per_cent() -> None:
    shown = in_percent(pd.DataFrame({"share": [0.356, None], "read": [250, 0]}))
    assert shown["share"].round(1).tolist()[0] == 35.6
    assert shown["share"].isna().tolist() == [False, True]
    assert shown["read"].tolist() == [250, 0]


def test_a_few_voices_are_no_finding_of_trends_or_dimensions() -> None:
    zone = ZoneInfo("Europe/Berlin")
    scope = Scope(
        brand="Harbor Air", sources=(), first=date(2026, 3, 1), last=date(2026, 3, 30), zone=zone, lens="rater"
    )
    asked = Question(scope=scope, step=Step.DAY, facet="all", others=())

    def told(part: int, whole: int) -> str:
        own = Course(other=Other(name="Harbor Air", scope=scope), steps=pd.DataFrame(), share=share([part], [whole]))
        return trends.finding(asked, own, [])

    assert told(1, 1) == "Too few to tell: 1 voice of Harbor Air in these days."
    assert told(4, 8) == "Dissatisfaction with Harbor Air is 50\u202f%."
    assert too_few({"Value": share([1], [1])}) == "too few to tell: 1 voice was read in these days"
    assert too_few({"Value": share([1], [8])}) is None
