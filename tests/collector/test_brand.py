"""When a text speaks of a brand."""

from __future__ import annotations

import pytest

from collector.brand import Brand, asked_of
from collector.errors import BadSettings
from tests.collector.growing import filled, growth

DELTA = Brand(
    name="Delta",
    aliases=("Delta Air Lines", "日本航空", "Crédit Sud"),
    handles=("delta", "@fly.delta.example"),
    exclusions=("river delta", "delta variant", "mekong"),
)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("DELTA lost my bag", "name Delta"),
        ("Delta's seats", "name Delta"),
        ("Delta’s seats", "name Delta"),
        ("#delta again", "name Delta"),
        ("#DeltaAirLines is late", "hashtag #deltaairlines"),
        ("delta-air-lines!", "name Delta"),
        ("thanks @Delta", "handle @delta"),
        ("thanks @fly.delta.example.", "handle @fly.delta.example"),
        ("昨日日本航空に乗った", "alias 日本航空"),
        ("credit sud non, CRÉDIT SUD oui", "alias Crédit Sud"),
        ("cre\u0301dit sud", "alias Crédit Sud"),
        ("the river delta, then Delta lost my bag", "name Delta"),
    ],
)
def test_a_name_is_found_as_a_whole_word_in_any_case_and_script(text: str, why: str) -> None:
    assert DELTA.match(text) == why


@pytest.mark.parametrize(
    "text",
    [
        "",
        "deltas and deltoids",
        "the river delta at dawn",
        "the Delta variant is back",
        "the delta of the Mekong",
        "@deltaforce and @delta_support",
        "@delta.example",
        "ideltap",
    ],
)
def test_what_only_looks_like_the_brand_is_not_claimed(text: str) -> None:
    assert DELTA.match(text) is None


def test_another_language_is_not_claimed_where_the_brand_names_its_languages() -> None:
    brand = Brand(name="Orange", languages=("fr", "es"))
    assert brand.match("Orange en panne", "fr-FR") == "name Orange"
    assert brand.match("an orange a day", "en") is None
    assert brand.match("Orange en panne", None) == "name Orange"


def test_sources_are_asked_for_their_own_terms_first() -> None:
    brand = Brand(name="Delta", handles=("delta",), terms={"hacker_news": ["Delta Air Lines"], "our forum": ["seats"]})
    assert brand.asked("hn", "hacker_news") == ("Delta Air Lines",)
    assert brand.asked("our forum", "discourse") == ("seats",)
    assert brand.asked("bsky", "bluesky") == ("Delta", "@delta")
    assert asked_of([brand, Brand(name="Delta")], "bsky", "bluesky") == ("Delta", "@delta")


def test_a_brand_without_a_name_is_refused_in_words() -> None:
    with pytest.raises(BadSettings, match="empty name"):
        Brand(name="  ")


def test_a_pattern_in_a_name_is_only_text() -> None:
    assert Brand(name="Yes! (Airways)").match("I flew YES! (airways)") == "name Yes! (Airways)"
    assert Brand(name="A.B").match("axb") is None


def test_a_name_within_somebody_s_address_is_not_the_brand_s() -> None:
    assert DELTA.match(f"write to {'x' * 100}.y@delta.example or --me+you@sky.delta") is None


@pytest.mark.parametrize("part", ["-", ".", "a", "-@", "@a", "a@a", "Delta@", "delta "])
def test_the_time_to_look_for_a_brand_grows_with_the_text(part: str) -> None:
    brand = Brand(name="Aurora Air", handles=("@aurora",))
    assert growth(lambda length: brand.match(filled(part, length // 2) + str(length))) < 8
