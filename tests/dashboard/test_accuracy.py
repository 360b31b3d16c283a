"""Measured accuracy: from the checked sample only, with its interval, and silent where too few were checked."""

from __future__ import annotations

import json
from datetime import date, timedelta
from importlib import resources

from hypothesis import given
from hypothesis import strategies as st

from dashboard import accuracy
from dashboard.accuracy import Checked
from sentiment.reading import Sentiment

MONDAY = date(2026, 3, 9)
NEGATIVE, NEUTRAL, POSITIVE = Sentiment


def one(said: Sentiment = NEGATIVE, true: Sentiment = NEGATIVE, week: int = 0, **changes) -> Checked:
    values = {"model": "m-1", "language": "en", "aspects": ("price",), "wrong": ()}
    return Checked(monday=MONDAY + timedelta(days=7 * week), said=said, true=true, **(values | changes))


def test_accuracy_is_the_share_of_right_sentiments_with_wilsons_interval() -> None:
    measured = accuracy.accuracy([one()] * 40 + [one(true=POSITIVE)] * 10)
    assert (measured.part, measured.whole, measured.value) == (40, 50, 0.8)
    # Wilson (1927) for 40 of 50, by hand: 0.670 to 0.888.
    assert (round(measured.low, 3), round(measured.high, 3)) == (0.670, 0.888)


def test_weeks_models_and_languages_are_told_apart() -> None:
    checked = [one()] * 12 + [one(true=POSITIVE, week=1, model="m-2", language="de")] * 9
    assert [(week, g.share.value, g.enough) for week, g in accuracy.by_week(checked)] == [
        (MONDAY + timedelta(days=7), 0.0, False),
        (MONDAY, 1.0, True),
    ]
    assert [g.name for g in accuracy.by_model(checked)] == ["m-2", "m-1"]
    assert [(g.name, g.share.whole) for g in accuracy.by_language(checked)] == [("en", 12), ("de", 9)]


def test_precision_of_an_aspect_counts_what_the_model_named_only() -> None:
    checked = [one()] * 8 + [one(wrong=("price",))] * 2 + [one(aspects=(), wrong=("price",))]
    (group,) = accuracy.aspect_precision(checked)
    assert (group.name, group.share.part, group.share.whole) == ("price", 8, 10)


@given(st.lists(st.tuples(st.sampled_from(Sentiment), st.sampled_from(Sentiment), st.integers(0, 3)), max_size=60))
def test_everything_adds_up(rows: list[tuple[Sentiment, Sentiment, int]]) -> None:
    checked = [one(said, true, week) for said, true, week in rows]
    counted = accuracy.confusion(checked)
    whole = accuracy.accuracy(checked)
    assert sum(counted.values()) == len(checked) == whole.whole
    assert sum(many for (said, true), many in counted.items() if said is true) == whole.part
    assert sum(group.share.whole for _, group in accuracy.by_week(checked)) == len(checked)
    assert sum(group.share.part for group in accuracy.by_model(checked)) == whole.part


def test_the_card_is_told_of_the_shipped_model_only() -> None:
    assert accuracy.card_accuracy("somebody-else") == {}


def test_the_shipped_models_card_tells_its_accuracy() -> None:
    folder = resources.files("sentiment").joinpath("model")
    name = json.loads(folder.joinpath("reader.json").read_text(encoding="utf-8"))["name"]
    told = accuracy.card_accuracy(name)
    assert told
    assert all(0.3 < value < 1 for value in told.values())
