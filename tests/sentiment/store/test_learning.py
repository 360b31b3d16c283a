"""Which uncorrected texts keep a model in place while it learns from corrections."""

from __future__ import annotations

from collector.store import Store
from collector.store.mentions import save_mentions
from sentiment.read import read_unread
from sentiment.store.corrections import correct
from sentiment.store.learning import other_texts
from tests.fakes import NOW, FakeReader, a_mention


def test_other_texts_are_read_and_uncorrected_and_drawn_the_same_each_time(any_store: Store) -> None:
    with any_store.write() as conn:
        save_mentions(conn, any_store, [a_mention(f"{n}", text=f"late again {n}") for n in range(30)])
    read_unread(any_store, FakeReader(), clock=lambda: NOW)
    with any_store.write() as conn:
        save_mentions(conn, any_store, [a_mention("unread", text="not read yet")])
        correct(conn, any_store, 1, field="sentiment", after="positive", who="Kim", now=NOW)
        assert len(other_texts(conn, 100)) == 29
        few = other_texts(conn, 10)
        assert few == other_texts(conn, 10)
        assert len(set(few)) == 10
        assert not {"not read yet", "late again 0"} & set(other_texts(conn, 100))
