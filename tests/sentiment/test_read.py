"""A text that breaks the model is set aside; a model that is broken sets nothing aside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from collector.store import Store
from collector.store.mentions import save_mentions
from sentiment.read import read_unread
from sentiment.reading import Reading
from sentiment.store.readings import count_set_aside, waiting
from tests.fakes import NOW, FakeReader, a_mention


class OutOfMemory(FakeReader):
    """A reader that can read nothing at all."""

    def read(self, texts: Sequence[str], languages: Sequence[str | None] | None = None) -> list[Reading]:
        raise MemoryError("no room for the batch")


def test_a_model_that_can_read_nothing_takes_no_mention_off_the_queue(store: Store) -> None:
    with store.write() as conn:
        save_mentions(conn, store, [a_mention(str(i), text=f"late {i}") for i in range(20)])
    with pytest.raises(MemoryError):
        read_unread(store, OutOfMemory(), clock=lambda: NOW)
    with store.read() as conn:
        assert (waiting(conn), count_set_aside(conn)) == (20, 0)
    report = read_unread(store, FakeReader(), clock=lambda: NOW + timedelta(minutes=11))
    assert (report.read, report.set_aside, report.waiting) == (20, 0, 0)
