"""What another model read waits to be read anew, in batches that may end anywhere and lose or repeat nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from collector.store import Store
from collector.store.mentions import save_mentions
from dashboard.queries.health import to_read
from sentiment.read import ReadReport, read_unread
from sentiment.store.readings import claim, label, unread, unreadable, waiting
from sentiment.store.reread import queue_other_models
from tests.fakes import NOW, FakeReader, a_mention


def called(name: str) -> FakeReader:
    made = FakeReader()
    made.name = name
    return made


def fill(store: Store, texts: dict[str, str]) -> None:
    with store.write() as conn:
        save_mentions(conn, store, [a_mention(name, text=words) for name, words in texts.items()])


def read(store: Store, name: str, batch: int = 512, **options) -> ReadReport:
    return read_unread(store, called(name), clock=lambda: NOW, batch=batch, **options)


def test_what_was_queued_stays_and_what_was_read_meanwhile_is_left_alone(any_store: Store) -> None:
    fill(any_store, {str(n): f"late {n}" for n in range(20)})
    read(any_store, "one")
    stops = iter([False, False, False, True, True])
    assert list(queue_other_models(any_store, "two", lambda: next(stops), most=6)) == [6, 6, 6]
    with any_store.read() as conn:
        ids = sorted(conn.scalars(select(unread.c.mention_id)), reverse=True)
        assert ids == sorted(conn.scalars(select(label.c.mention_id)), reverse=True)[:18], "the newest come first"
    answers = iter([False, True])
    assert read(any_store, "two", batch=5, stop=lambda: next(answers)).read == 5
    assert sum(queue_other_models(any_store, "two", most=6)) == 2
    with any_store.read() as conn:
        assert waiting(conn) == 15
    assert read(any_store, "two").read == 15
    assert list(queue_other_models(any_store, "two", most=6)) == []


def test_one_that_is_being_read_keeps_its_claim(any_store: Store) -> None:
    fill(any_store, {"1": "late"})
    read(any_store, "one")
    assert sum(queue_other_models(any_store, "two")) == 1
    with any_store.write() as conn:
        assert len(claim(conn, "me", NOW, timedelta(minutes=10), 5)) == 1
    assert sum(queue_other_models(any_store, "two")) == 0
    with any_store.write() as conn:
        assert claim(conn, "you", NOW, timedelta(minutes=10), 5) == []


@pytest.mark.parametrize("known", [False, True])
def test_a_text_that_broke_a_model_is_tried_by_the_next_and_by_that_once(any_store: Store, known: bool) -> None:
    fill(any_store, {"1": "late" if known else "poison"})
    read(any_store, "none of them")
    if known:
        fill(any_store, {"1": "late"})
        assert sum(queue_other_models(any_store, "one")) == 1
        with any_store.write() as conn:
            (number,) = conn.scalars(select(unread.c.mention_id))
            conn.execute(unread.delete())
            conn.execute(unreadable.insert().values(mention_id=number, model="one", error="choked", at=NOW))
    else:
        assert sum(queue_other_models(any_store, "one")) == 1
        assert read(any_store, "one").set_aside == 1
    assert sum(queue_other_models(any_store, "one")) == 0, "it said what it has to say"
    assert sum(queue_other_models(any_store, "two")) == 1
    with any_store.read() as conn:
        assert to_read(conn) == (1, 0)
