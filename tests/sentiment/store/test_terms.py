"""Term rules in the store: what a preview promises happens, a person's word wins, and off restores everything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select

from collector.store import Store
from collector.store.mentions import save_mentions
from collector.store.tables import mention
from sentiment.read import read_unread
from sentiment.store.corrections import correct
from sentiment.store.counts import count_hour, verify
from sentiment.store.readings import label, label_aspect
from sentiment.store.term_rules import rules_on
from sentiment.store.terms import preview, settle, switch_off, switch_on, unsettled
from sentiment.terms import TermRule, term_rule
from tests.fakes import NOW, FakeReader, a_mention

SICK = term_rule("sick", "positive")


@pytest.fixture
def read_store(any_store: Store) -> Store:
    """Six mentions, read: three have the word, one of them of another brand."""
    texts = ["that deck was SICK", "sick and late", "late", "a lovely crew", "seasick and late"]
    made = [a_mention(str(n), text=text) for n, text in enumerate(texts)]
    made.append(a_mention("o", text="sick and late", brand="Calder Coaches"))
    with any_store.write() as conn:
        save_mentions(conn, any_store, made)
    read_unread(any_store, FakeReader(), clock=lambda: NOW)
    return any_store


def labels(store: Store) -> Sequence[Any]:
    with store.read() as conn:
        assert verify(conn) == []
        rows = conn.execute(
            select(mention.c.brand, mention.c.text, label)
            .join(label, label.c.mention_id == mention.c.id)
            .order_by(mention.c.id)
        ).all()
        aspects = conn.execute(select(label_aspect).order_by(*label_aspect.primary_key)).all()
    return [*rows, *aspects]


def put_on(store: Store, made: TermRule) -> int:
    with store.write() as conn:
        number = switch_on(conn, made, who="Kim", now=NOW)
    for _ in settle(store):
        pass
    return number


def negatives(store: Store) -> int:
    with store.read() as conn:
        return int(sum(conn.scalars(select(count_hour.c.negative).where(count_hour.c.facet == "all"))))


def test_a_rule_does_what_its_preview_says_and_off_restores_everything(read_store: Store) -> None:
    before = labels(read_store)
    with read_store.read() as conn:
        seen = preview(conn, SICK)
    assert (seen.matching, seen.changed, seen.kept, seen.more) == (3, 3, 0, False)
    assert seen.changes == {("neutral", "positive"): 1, ("negative", "positive"): 2}
    assert "sick" in seen.examples[0].passage.lower()
    assert labels(read_store) == before
    number = put_on(read_store, SICK)
    after = labels(read_store)
    assert [row.sentiment for row in after[:6]] == [1, 1, -1, 1, -1, 1]
    assert [row.rule_id for row in after[:6]] == [number, number, None, None, None, number]
    assert negatives(read_store) == 2
    with read_store.write() as conn:
        assert switch_off(conn, number, who="Ada", now=NOW)
        assert not switch_off(conn, number, who="Ada", now=NOW)
    assert list(settle(read_store)) != []
    assert labels(read_store) == before


def test_a_rule_of_one_brand_and_language_leaves_the_others(read_store: Store) -> None:
    put_on(read_store, term_rule("sick", "positive", brand="Calder Coaches"))
    assert [row.brand for row in labels(read_store)[:6] if row.rule_id] == ["Calder Coaches"]
    with read_store.read() as conn:
        assert preview(conn, term_rule("sick", "positive", language="de")).matching == 0


def test_a_persons_correction_wins_over_a_rule_whichever_comes_first(read_store: Store) -> None:
    with read_store.write() as conn:
        first, second = conn.scalars(select(mention.c.id).order_by(mention.c.id).limit(2)).all()
        correct(conn, read_store, first, field="sentiment", after="negative", who="Ada", now=NOW)
        seen = preview(conn, SICK)
        assert (seen.matching, seen.changed, seen.kept) == (3, 2, 1)
    put_on(read_store, SICK)
    with read_store.write() as conn:
        correct(conn, read_store, second, field="sentiment", after="neutral", who="Ada", now=NOW)
    assert [row.sentiment for row in labels(read_store)[:2]] == [-1, 0]


def test_what_is_read_after_a_rule_was_switched_on_follows_it(read_store: Store) -> None:
    number = put_on(read_store, SICK)
    with read_store.write() as conn:
        save_mentions(conn, read_store, [a_mention("later", text="a sick and late boat, really")])
    read_unread(read_store, FakeReader(), clock=lambda: NOW)
    with read_store.read() as conn:
        row = conn.execute(
            select(label).join(mention, mention.c.id == label.c.mention_id).where(mention.c.external_id == "later")
        ).one()
    assert (row.sentiment, row.rule_id) == (1, number)
    labels(read_store)


def test_a_rule_about_an_aspect_moves_the_aspect_and_its_dimension(read_store: Store) -> None:
    put_on(read_store, term_rule("late", None, aspect="timeliness"))
    put_on(read_store, term_rule("deck", "negative", aspect="appearance"))
    with read_store.read() as conn:
        held = dict(conn.execute(select(label_aspect.c.aspect, label_aspect.c.polarity)).all())
        dimension = select(count_hour.c.negative).where(count_hour.c.facet == "rater/Tangibles")
        assert sum(conn.scalars(dimension)) == 1
    assert held == {"courtesy": 1, "appearance": -1}
    labels(read_store)


def test_settling_that_was_stopped_is_finished_by_whoever_reads_next(read_store: Store) -> None:
    with read_store.write() as conn:
        switch_on(conn, SICK, who="Kim", now=NOW)
    assert list(settle(read_store, stop=lambda: True)) == []
    with read_store.read() as conn:
        assert unsettled(conn)
    read_unread(read_store, FakeReader(), clock=lambda: NOW)
    with read_store.read() as conn:
        assert not unsettled(conn)
    assert negatives(read_store) == 2


def test_the_longer_of_two_terms_has_the_last_word(read_store: Store) -> None:
    put_on(read_store, term_rule("sick and late", "neutral"))
    put_on(read_store, SICK)
    assert [row.sentiment for row in labels(read_store)[:2]] == [1, 0]
    with read_store.read() as conn:
        assert [rule.term for rule in rules_on(conn)] == ["sick", "sick and late"]


@pytest.mark.parametrize("term", ['sick" OR 1', "sick'); DROP TABLE mention", "sick*", "NEAR(sick"])
def test_a_hostile_term_is_only_words(read_store: Store, term: str) -> None:
    with read_store.read() as conn:
        preview(conn, term_rule(term, "positive"))
    put_on(read_store, term_rule(term, "positive"))
    labels(read_store)


def test_a_preview_says_where_it_stopped_looking(read_store: Store) -> None:
    with read_store.read() as conn:
        seen = preview(conn, term_rule("late", "positive"), limit=2)
    assert (seen.looked_at, seen.more) == (2, True)
