"""Explanations: parts that always add up, phrases that can be read, quotes that cover them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.spikes.drivers import Said, explain, mostly
from sentiment.spikes.phrases import choose_quotes, phrases_in, shorten, telling_phrases
from sentiment.spikes.spike import SeriesKey, Severity, Spike, SpikeClass

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def spike(observed: int, expected: float, voices: int, share: float) -> Spike:
    return Spike(
        series=SeriesKey(brand="Aurora", source="web", dimension="rater/Reliability"),
        at=500_000,
        window=6,
        spike_class=SpikeClass.DISSATISFACTION,
        observed=observed,
        expected=expected,
        lower=2,
        upper=12,
        voices=voices,
        share_observed=observed / max(voices, 1),
        share_expected=share,
        p=1e-6,
        p_count=1e-6,
        p_share=1e-6,
        score=6.0,
        severity=Severity.HIGH,
    )


words = st.sampled_from(["late", "bag", "queue", None])
voices = st.lists(
    st.builds(
        Said,
        mention_id=st.integers(1, 10**6),
        text=st.text(max_size=40),
        source=st.just("web"),
        said_at=st.just(NOW),
        negative=st.booleans(),
        aspects=st.lists(st.sampled_from(["timeliness", "accuracy", "speed"]), unique=True, max_size=3).map(tuple),
        place=words,
        segment=words,
        language=st.sampled_from(["en", "de", None]),
    ),
    max_size=40,
)


@given(
    now=voices,
    before=voices,
    observed=st.integers(3, 500),
    expected=st.floats(0.01, 400),
    others_and_share=st.tuples(st.integers(0, 1000), st.floats(0.001, 0.9)),
)
def test_the_parts_of_an_explanation_always_add_up_to_the_excess(
    now: list[Said], before: list[Said], observed: int, expected: float, others_and_share: tuple[int, float]
) -> None:
    others, share = others_and_share
    told = explain(spike(observed, expected, observed + others, share), now, before, facet_label="Reliability")
    assert told.causes.volume + told.causes.mix + told.causes.negativity == pytest.approx(told.excess)
    for parts in told.parts.values():
        assert sum(part.excess for part in parts) == pytest.approx(told.excess, abs=1e-6)
        assert sum(part.observed for part in parts) == pytest.approx(observed)


def said(text: str, *, negative: bool = True, aspects: tuple[str, ...] = ("timeliness",)) -> Said:
    return Said(mention_id=1, text=text, source="web", said_at=NOW, negative=negative, aspects=aspects)


def test_the_sentence_says_how_many_how_many_usually_and_about_what() -> None:
    now = [said(f"We missed connection {n} because the flight was delayed") for n in range(31)]
    before = [said("The bag was lost", aspects=("accuracy",)) for _ in range(40)]
    told = explain(spike(31, 6.0, 129, 0.07), now, before, facet_label="Reliability", aspect_label=str.capitalize)
    assert told.sentence.startswith(
        "31 dissatisfied voices about Reliability within 6 hours, where 2 to 12 would be usual "
        "(24 % of all voices, against 7 % usually); mostly Timeliness; said more often than usual: “"
    )
    assert "missed connection" in told.sentence
    assert "lost" not in told.sentence


def test_only_half_of_an_excess_is_mostly_about_something() -> None:
    assert mostly([("no aspect named", 6.0), ("Price", 5.0)], 10.0) == "mostly Price"
    assert mostly([("Price", 3.0), ("Comfort", 3.5), ("others", 3.5)], 10.0) == "above all Comfort"
    assert mostly([("Price", 2.9), ("Comfort", 2.5)], 10.0) is None
    assert mostly([], 10.0) is None


def test_what_no_voice_names_is_no_part_of_the_reason() -> None:
    now = [replace(said("late again"), language="en") for _ in range(3)]
    before = [replace(said("late", aspects=()), segment="business"), said("late")]
    told = explain(spike(3, 1.0, 10, 0.1), now, before, facet_label="Reliability")
    assert set(told.parts) == {"aspect", "segment", "language"}
    for parts in told.parts.values():
        assert sum(part.excess for part in parts) == pytest.approx(told.excess)


def test_phrases_hold_no_stop_words_at_their_ends_no_handles_and_no_addresses() -> None:
    found = phrases_in(
        "@airline_help The check-in desk was closed at https://example.org/x and I wrote to a@b.org! D’accord"
    )
    assert "check-in desk" in found
    assert "wrote" in found
    assert not any("airline" in phrase or "example" in phrase or phrase.startswith("the ") for phrase in found)
    assert not any("was" in phrase.split() for phrase in found)


def test_a_negation_may_lead_a_phrase() -> None:
    assert "no hot water" in phrases_in("There is no hot water")
    assert "kein warmes wasser" in phrases_in("Es gibt kein warmes Wasser")


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        ("Der Zug ist schon wieder verspätet", "Das Personal ist freundlich", "verspätet"),
        ("Le bagage est perdu depuis hier", "Le personnel est agréable", "bagage"),
        ("El vuelo ha sido cancelado otra vez", "La comida es muy buena", "cancelado"),
        ("Il rimborso non è arrivato", "La camera è bella", "rimborso"),
        ("O voo foi cancelado", "A comida é boa", "cancelado"),
        ("De bagage is nog steeds zoek", "Het ontbijt is lekker", "bagage"),
    ],
)
def test_phrases_are_found_in_several_languages(now: str, before: str, expected: str) -> None:
    found = telling_phrases([f"{now} {n}" for n in range(8)], [f"{before} {n}" for n in range(40)])
    assert any(expected in phrase.words for phrase in found)


def test_what_was_always_said_is_not_telling() -> None:
    now = ["bad food and lost luggage"] * 10
    before = ["bad food"] * 60
    assert telling_phrases(now, before)[0].words == "lost luggage"
    assert not any(p.words == "bad food" for p in telling_phrases(now, before))


def test_quotes_cover_the_phrases_before_they_repeat() -> None:
    texts = ["the lift is broken again", "the lift is broken", "no hot water since monday", "the lift is broken today"]
    phrases = telling_phrases(texts * 3, ["nice view"] * 30)
    chosen = choose_quotes(texts, phrases, most=2)
    assert {"lift" in texts[place] for place in chosen} == {True, False}


@given(st.text(max_size=2000))
def test_any_text_can_be_read_and_shortened(text: str) -> None:
    phrases_in(text)
    assert len(shorten(text)) <= 280
