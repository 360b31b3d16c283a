"""Which texts a term rule is about: whole words side by side, whatever their case, in its brand and language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.identity import normal_words
from sentiment.terms import BadRule, applying, in_order, passage, term_rule, told


def about(term: str, text: str, **options: str) -> bool:
    rule = term_rule(term, "positive", **options)
    return applying([rule], text, brand="Northwind", language="en") == [rule]


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("sick", "That deck was SICK!", True),
        ("sick", "I was seasick", False),
        ("sick", "a sickening smell", False),
        ("not bad", "Honestly, not  bad.", True),
        ("not bad", "not a bad trip", False),
        ("Straße", "die STRASSE war gesperrt", True),
        ("café", "the Café au lait", True),
        ("sick", "see https://example.org/sick", False),
        ("sick", "thanks @sick", False),
    ],
)
def test_a_term_is_found_as_whole_words_in_any_case(term: str, text: str, found: bool) -> None:
    assert about(term, text) is found


def test_a_rule_is_about_its_brand_and_language_only() -> None:
    assert about("sick", "sick", brand="Northwind", language="en")
    assert not about("sick", "sick", brand="Calder")
    assert not about("sick", "sick", language="de")


@pytest.mark.parametrize("term", ["", "  ", "!!!", "https://example.org", "a b c d e f g"])
def test_a_term_without_words_or_with_too_many_is_refused(term: str) -> None:
    with pytest.raises(BadRule):
        term_rule(term, "positive")


def test_a_rule_that_says_nothing_is_refused() -> None:
    for after in (None, "cross"):
        with pytest.raises(BadRule):
            term_rule("sick", after)


def test_the_longer_term_is_laid_over_last() -> None:
    short, long = term_rule("bad", "negative"), term_rule("not bad", "positive")
    assert in_order([long, short]) == [short, long]


def test_rules_are_told_in_words() -> None:
    assert told(term_rule("sick", "positive")) == "“sick” means positive"
    assert told(term_rule("queue", "negative", aspect="timeliness")) == "“queue” is negative about Timeliness"
    assert told(term_rule("queue", None, aspect="timeliness")) == "“queue” is not about Timeliness"


def test_a_passage_shows_the_term_and_is_short() -> None:
    text = "x " * 500 + "that was sick indeed " + "y " * 500
    shown = passage(text, term_rule("sick", "positive"))
    assert "sick" in shown
    assert len(shown) < 140
    words = "seventeenletters " * 20
    assert (
        passage(f"{words}sick {words}", term_rule("sick", "positive"), around=20)
        == "…seventeenletters sick seventeenletters…"
    )


@given(st.text(max_size=60), st.text(max_size=30))
def test_a_text_matches_its_own_words_and_nothing_breaks(text: str, other: str) -> None:
    words = normal_words(text)
    if 0 < len(words) <= 6 and "\x00" not in text:
        rule = term_rule(text, "negative")
        assert rule.matches(normal_words(f"{other} {' '.join(words)} {other}"))
        passage(f"{other}{text}", rule)


@pytest.mark.parametrize("term", ["x" * 201, "㌖" * 150])
def test_a_term_too_long_to_be_kept_is_refused(term: str) -> None:
    with pytest.raises(BadRule, match="too long"):
        term_rule(term, "positive")


@pytest.mark.parametrize(
    ("term", "text", "shown"),
    [
        ("sick", "a sickening seasick trip, @sick " + "x " * 100 + "and SICK food", "SICK food"),
        ("not bad", "bad and not good, " + "y " * 100 + "but not  bad at all", "not  bad at all"),
        ("spass", "kein spassiger " + "z " * 100 + "Spaß war das", "Spaß war das"),
    ],
)
def test_a_passage_shows_the_whole_term_and_no_part_of_another_word(term: str, text: str, shown: str) -> None:
    assert passage(text, term_rule(term, "positive"), around=16).endswith(shown)
