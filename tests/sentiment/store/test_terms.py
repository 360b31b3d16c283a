"""Term rules in the store: what a preview promises happens, a person's word wins, and off restores everything."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from collector.store import Store
from collector.store.mentions import delete_mentions, save_mentions
from collector.store.tables import mention
from sentiment.read import read_unread
from sentiment.store import open_store
from sentiment.store.corrections import Change, correct, correct_together
from sentiment.store.counts import count_hour
from sentiment.store.readings import label, label_aspect, relabel_counted
from sentiment.store.recount import verify
from sentiment.store.reread import queue_other_models
from sentiment.store.term_rules import rules_on
from sentiment.store.terms import preview, settle, switch_off, switch_on, unsettled
from sentiment.terms import BadRule, TermRule, term_rule
from tests.conftest import BERLIN
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


ODD = (
    "Spaß war das", "der SPASS war gross", "it was slow.Terrible boat", "slow/terrible/again", "see slow.terrible.com",
    "slow @crew terrible", "slow https://example.org/x terrible", "ｓｌｏｗ terrible", "so_slow", "slowly",
    "Maße und Masse",
    "eﬃcient", "RT slow", "e-slow terrible", "slow-terrible", "İslow", "slow\u0301 terrible", "1.slow 2.terrible",
)  # fmt: skip
"""Texts that an index cuts into other words than a rule goes by."""


def relabelled(store: Store) -> list[tuple[int, int, int | None]]:
    """(mention, sentiment, rule) of every label, as reading everything anew would write them; nothing is kept."""
    with store.write() as conn:
        relabel_counted(conn, store, list(conn.scalars(select(mention.c.id))))
        found = conn.execute(
            select(label.c.mention_id, label.c.sentiment, label.c.rule_id).order_by(label.c.mention_id)
        )
        return [(row.mention_id, row.sentiment, row.rule_id) for row in found]


def held(store: Store) -> list[tuple[int, int, int | None]]:
    with store.read() as conn:
        assert verify(conn) == []
        found = conn.execute(
            select(label.c.mention_id, label.c.sentiment, label.c.rule_id).order_by(label.c.mention_id)
        )
        return [(row.mention_id, row.sentiment, row.rule_id) for row in found]


@pytest.mark.parametrize("term", ["spass", "Spaß", "slow", "terrible", "slow terrible", "masse", "efficient"])
def test_settling_changes_whatever_a_fresh_reading_would(any_store: Store, term: str) -> None:
    with any_store.write() as conn:
        save_mentions(conn, any_store, [a_mention(str(n), text=text) for n, text in enumerate(ODD)])
    read_unread(any_store, FakeReader(), clock=lambda: NOW)
    number = put_on(any_store, term_rule(term, "positive"))
    settled = held(any_store)
    assert settled == relabelled(any_store)
    assert any(rule == number for _, _, rule in settled)
    with any_store.write() as conn:
        switch_off(conn, number, who="Ada", now=NOW)
    list(settle(any_store))
    settled = held(any_store)
    assert settled == relabelled(any_store)
    assert not any(rule for _, _, rule in settled)


_PIECES = st.sampled_from(["slow", "Spaß", "SPASS", "gro", "ß", "ss", "boat", "ﬁ", "@", "https://a.b/", "_", "RT "])
_JOINTS = st.sampled_from([" ", ".", "/", "-", "", ", ", "\n", "\u0301"])
_TEXTS = st.lists(st.tuples(_PIECES, _JOINTS), min_size=1, max_size=6).map(lambda parts: "".join(map("".join, parts)))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(_TEXTS, min_size=1, max_size=8), term=_TEXTS)
def test_settling_equals_relabelling_everything(texts: list[str], term: str) -> None:
    try:
        made = term_rule(term, "positive")
    except BadRule:
        return
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(str(Path(folder) / "s.db"), zone=BERLIN, salt=b"s")
        try:
            with store.write() as conn:
                save_mentions(conn, store, [a_mention(str(n), text=text) for n, text in enumerate(texts)])
            read_unread(store, FakeReader(), clock=lambda: NOW)
            put_on(store, made)
            assert held(store) == relabelled(store)
        finally:
            store.engine.dispose()


def test_a_preview_finds_either_spelling_of_a_sharp_s(any_store: Store) -> None:
    texts = ["der Spaß auf der Straße", "der Spass auf der Straße", "der SPASS auf der Strasse"]
    with any_store.write() as conn:
        save_mentions(conn, any_store, [a_mention(str(n), text=text) for n, text in enumerate(texts)])
    read_unread(any_store, FakeReader(), clock=lambda: NOW)
    with any_store.read() as conn:
        for term in ("spass auf der strasse", "Spaß auf der Straße", "Spass auf der Straße"):
            assert preview(conn, term_rule(term, "positive")).matching == 3


def at_once(*tasks: Callable[[], object]) -> None:
    """Run these in threads of their own, begun together; what any of them raises is raised here."""
    gate = Barrier(len(tasks))

    def begun(task: Callable[[], object]) -> None:
        gate.wait()
        task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        for done in [pool.submit(begun, task) for task in tasks]:
            done.result()


def test_several_at_once_that_move_the_same_mentions_keep_counts_exact(any_store: Store) -> None:
    texts = [f"sick and late number {n}" for n in range(400)]
    with any_store.write() as conn:
        save_mentions(conn, any_store, [a_mention(str(n), text=text) for n, text in enumerate(texts)])
    read_unread(any_store, FakeReader(), clock=lambda: NOW)
    again = FakeReader()
    again.name = "fake-2"
    with any_store.write() as conn:
        ids = list(conn.scalars(select(mention.c.id)))
        switch_on(conn, SICK, who="Kim", now=NOW)
        switch_on(conn, term_rule("number", "negative", aspect="price"), who="Kim", now=NOW)
    assert sum(queue_other_models(any_store, again.name)) > 0

    def work() -> None:
        list(settle(any_store))

    def correcting() -> None:
        for part in (ids[:150], ids[150:300]):
            changes = [(i, Change(field="sentiment", after="neutral")) for i in part]
            with any_store.write() as conn:
                correct_together(conn, any_store, changes, what="x", who="Ada", now=NOW)

    def collecting() -> None:
        later = NOW + timedelta(hours=1)
        edited = [a_mention(str(n), text=f"sick and edited {n}", fetched_at=later) for n in range(100)]
        with any_store.write() as conn:
            save_mentions(conn, any_store, [a_mention("new", text="sick and new"), *edited])

    def reading() -> None:
        read_unread(any_store, again, clock=lambda: NOW, batch=200)

    def deleting() -> None:
        with any_store.write() as conn:
            delete_mentions(conn, any_store, ids[380:], reason="erased", now=NOW)

    at_once(work, work, correcting, collecting, reading, deleting)
    read_unread(any_store, again, clock=lambda: NOW)
    assert held(any_store) == relabelled(any_store)
    labels(any_store)
