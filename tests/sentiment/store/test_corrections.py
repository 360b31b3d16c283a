"""Corrections made together: effective at once, undone together, and never in the way of what others said."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from collector.store import Store
from collector.store.mentions import save_mentions
from collector.store.tables import mention
from sentiment.read import read_unread
from sentiment.reading import Sentiment
from sentiment.store.corrections import CannotCorrect, Change, correct, correct_together, corrected_texts, undo_batch
from sentiment.store.counts import count_hour
from sentiment.store.readings import correction, label, label_aspect, reading
from sentiment.store.recount import verify
from tests.fakes import NOW, FakeReader, a_mention

TEXTS = ("late again", "a lovely crew", "we sailed", "late and wet")
POSITIVE = Change(field="sentiment", after="positive")
NOT_US = Change(field="about_us", after="no")


@pytest.fixture
def ids(any_store: Store) -> list[int]:
    """Four mentions, all read."""
    with any_store.write() as conn:
        save_mentions(conn, any_store, [a_mention(str(n), text=text) for n, text in enumerate(TEXTS)])
    read_unread(any_store, FakeReader(), clock=lambda: NOW)
    with any_store.read() as conn:
        return list(conn.scalars(select(mention.c.id).order_by(mention.c.id)))


def everything(conn: Connection) -> tuple[int, int, int, int]:
    """mentions, negative, neutral, positive of all."""
    rows = conn.execute(select(count_hour).where(count_hour.c.facet == "all")).mappings().all()
    m, n, z, p = (sum(row[name] for row in rows) for name in ("mentions", "negative", "neutral", "positive"))
    return int(m), int(n), int(z), int(p)


def test_many_are_corrected_at_once_and_undone_at_once(any_store: Store, ids: list[int]) -> None:
    with any_store.write() as conn:
        assert everything(conn) == (4, 2, 1, 1)
        made = correct_together(conn, any_store, [(i, POSITIVE) for i in ids], what="4 positive", who="Kim", now=NOW)
        assert (made.changed, made.same, made.unread) == (3, 1, 0)
        assert everything(conn) == (4, 0, 0, 4)
        assert verify(conn) == []
        assert undo_batch(conn, any_store, made.batch, NOW) == 3
        assert everything(conn) == (4, 2, 1, 1)
        assert verify(conn) == []
        with pytest.raises(CannotCorrect):
            undo_batch(conn, any_store, made.batch, NOW)


def test_undoing_a_batch_leaves_what_was_said_before_and_since(any_store: Store, ids: list[int]) -> None:
    first = ids[0]
    with any_store.write() as conn:
        correct(conn, any_store, first, field="sentiment", after="neutral", who="Ada", now=NOW)
        made = correct_together(conn, any_store, [(i, POSITIVE) for i in ids], what="all", who="Kim", now=NOW)
        correct(conn, any_store, ids[3], field="sentiment", after="neutral", who="Ada", now=NOW + timedelta(hours=1))
        undo_batch(conn, any_store, made.batch, NOW + timedelta(hours=2))
        held = dict(conn.execute(select(label.c.mention_id, label.c.sentiment)).all())
        assert (held[first], held[ids[3]]) == (0, 0)
        assert verify(conn) == []


def test_aspects_are_added_and_removed_together(any_store: Store, ids: list[int]) -> None:
    added = Change(field="aspect", aspect="price", after="negative")
    removed = Change(field="aspect", aspect="timeliness", after=None)
    with any_store.write() as conn:
        changes = [(i, change) for i in ids for change in (added, removed)]
        made = correct_together(conn, any_store, changes, what="aspects", who="Kim", now=NOW)
        assert made.changed == 4
        found = conn.execute(select(label_aspect.c.aspect)).scalars().all()
        assert sorted(found) == ["courtesy", *["price"] * 4]
        assert len(conn.execute(select(correction)).all()) == 6
        undo_batch(conn, any_store, made.batch, NOW)
        assert sorted(conn.scalars(select(label_aspect.c.aspect))) == ["courtesy", "timeliness", "timeliness"]


def test_what_is_not_about_us_counts_nowhere_until_that_is_undone(any_store: Store, ids: list[int]) -> None:
    with any_store.write() as conn:
        made = correct_together(conn, any_store, [(ids[0], NOT_US)], what="not us", who="Kim", now=NOW)
        assert everything(conn) == (3, 1, 1, 1)
        facet = select(count_hour.c.negative).where(count_hour.c.facet == "aspect/timeliness")
        assert sum(conn.scalars(facet)) == 1
        assert verify(conn) == []
        undo_batch(conn, any_store, made.batch, NOW)
        assert everything(conn) == (4, 2, 1, 1)


def test_mentions_that_were_not_read_are_told_and_left_alone(any_store: Store, ids: list[int]) -> None:
    with any_store.write() as conn:
        save_mentions(conn, any_store, [a_mention("new", text="nobody has read this one")])
        new = conn.scalars(select(mention.c.id).where(mention.c.external_id == "new")).one()
        made = correct_together(conn, any_store, [(new, POSITIVE), (ids[0], POSITIVE)], what="two", who="Kim", now=NOW)
        assert (made.changed, made.unread) == (1, 1)
        assert verify(conn) == []


def test_the_reading_is_kept_beside_the_correction(any_store: Store, ids: list[int]) -> None:
    with any_store.write() as conn:
        correct_together(conn, any_store, [(i, POSITIVE) for i in ids], what="all", who="Kim", now=NOW)
        assert sorted(conn.scalars(select(reading.c.sentiment))) == [-1, -1, 0, 1]
        assert set(conn.scalars(select(label.c.sentiment))) == {1}


def test_a_corrected_sentiment_takes_satisfaction_to_the_nearest_that_goes_with_it(
    any_store: Store, ids: list[int]
) -> None:
    def satisfaction() -> int:
        return conn.scalars(select(label.c.satisfaction).where(label.c.mention_id == ids[0])).one()

    with any_store.write() as conn:
        assert satisfaction() == 150
        correct(conn, any_store, ids[0], field="sentiment", after="positive", who="Kim", now=NOW)
        assert satisfaction() == 350
        correct(conn, any_store, ids[0], field="satisfaction", after="2", who="Kim", now=NOW)
        assert satisfaction() == 200
        assert verify(conn) == []


@pytest.mark.parametrize(("field", "after"), [("about_us", "perhaps"), ("about_us", None), ("sentiment", None)])
def test_a_change_outside_its_closed_set_cannot_be_made(field: str, after: str | None) -> None:
    with pytest.raises(ValueError):
        Change(field=field, after=after)


def test_what_is_not_about_us_is_nothing_to_learn_from(any_store: Store, ids: list[int]) -> None:
    with any_store.write() as conn:
        correct_together(conn, any_store, [(ids[0], NOT_US), (ids[1], NOT_US)], what="x", who="Kim", now=NOW)
        correct(conn, any_store, ids[2], field="sentiment", after="positive", who="Kim", now=NOW)
        ((text, labels),) = corrected_texts(conn)
    assert (text, labels["sentiment"]) == (TEXTS[2], Sentiment.POSITIVE)
