"""Counts equal a recount, whatever happens to mentions, readings and corrections."""

from __future__ import annotations

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from collector.store import Store
from collector.store.mentions import GONE_AT_SOURCE, delete_mentions, ids_of, save_mentions
from collector.store.tables import mention
from sentiment.read import read_unread
from sentiment.reading import Sentiment
from sentiment.store import open_store
from sentiment.store.corrections import (
    CannotCorrect,
    Change,
    correct,
    correct_together,
    corrected_texts,
    undo_batch,
    undo_correction,
)
from sentiment.store.counts import count_day, count_hour, data_version
from sentiment.store.readings import (
    claim,
    correction,
    correction_batch,
    label,
    label_aspect,
    save_readings,
    unreadable,
    waiting,
)
from sentiment.store.recount import rebuild, verify
from sentiment.store.reread import queue_other_models
from sentiment.store.term_rules import rules_on
from sentiment.store.terms import settle, switch_off, switch_on
from sentiment.terms import term_rule
from tests.conftest import BERLIN
from tests.fakes import NOW, FakeReader, a_mention, a_reading


def save(store: Store, *mentions):
    with store.write() as conn:
        return save_mentions(conn, store, mentions)


def read(store: Store, reader: FakeReader | None = None, **options):
    return read_unread(store, reader or FakeReader(), clock=lambda: NOW, **options)


def count(store: Store, facet: str = "all") -> dict[str, int]:
    with store.read() as conn:
        found = conn.execute(select(count_hour).where(count_hour.c.facet == facet)).mappings().all()
    names = ("mentions", "voices", "negative", "neutral", "positive", "unread", "satisfaction")
    return {name: int(sum(row[name] for row in found)) for name in names}


def assert_exact(store: Store) -> None:
    with store.read() as conn:
        assert verify(conn) == []


def test_an_unread_mention_is_counted_as_unread(any_store: Store) -> None:
    save(any_store, a_mention("1"), a_mention("2"))
    assert count(any_store) == {
        "mentions": 2, "voices": 2, "negative": 0, "neutral": 0, "positive": 0, "unread": 2, "satisfaction": 0
    }  # fmt: skip


def test_reading_moves_a_mention_to_its_sentiment_aspect_and_dimensions(any_store: Store) -> None:
    save(any_store, a_mention("1", text="late"), a_mention("2", text="a lovely crew"), a_mention("3", text="we sailed"))
    assert read(any_store).read == 3
    every = count(any_store)
    assert (every["negative"], every["neutral"], every["positive"], every["unread"]) == (1, 1, 1, 0)
    assert every["satisfaction"] == 150 + 300 + 450
    for facet in ("aspect/timeliness", "rater/Reliability", "good_service/Reliability"):
        assert count(any_store, facet)["negative"] == 1, facet
    assert count(any_store, "rater/Assurance")["positive"] == 1
    assert_exact(any_store)


def test_a_dimension_counts_a_mention_once_and_negative_wins(any_store: Store) -> None:
    save(any_store, a_mention("1"))
    with any_store.write() as conn:
        claimed = claim(conn, "me", NOW, timedelta(minutes=1), 10)
        aspects = {"timeliness": Sentiment.NEGATIVE, "accuracy": Sentiment.POSITIVE, "performance": Sentiment.NEUTRAL}
        save_readings(conn, any_store, [(claimed[0], a_reading(aspects=aspects))], NOW)
    assert count(any_store, "rater/Reliability") == {
        "mentions": 1, "voices": 1, "negative": 1, "neutral": 0, "positive": 0, "unread": 0, "satisfaction": 150
    }  # fmt: skip


def test_copies_count_as_mentions_but_as_one_voice(any_store: Store) -> None:
    words = "the ferry was late again and nobody on the pier knew anything about it at all"
    save(any_store, *(a_mention(str(i), text=words) for i in range(5)))
    read(any_store)
    assert (count(any_store)["mentions"], count(any_store)["voices"], count(any_store)["negative"]) == (5, 1, 1)


def test_an_edit_returns_the_mention_to_the_queue_and_its_old_label_goes(any_store: Store) -> None:
    save(any_store, a_mention("1", text="late"))
    read(any_store)
    save(any_store, a_mention("1", text="a lovely crew", fetched_at=NOW + timedelta(hours=1)))
    assert (count(any_store)["negative"], count(any_store)["unread"]) == (0, 1)
    read(any_store)
    assert (count(any_store)["positive"], count(any_store, "aspect/timeliness")["negative"]) == (1, 0)
    assert_exact(any_store)


def test_a_reading_of_a_text_that_was_edited_meanwhile_is_not_saved(any_store: Store) -> None:
    save(any_store, a_mention("1", text="late"))
    with any_store.write() as conn:
        claimed = claim(conn, "me", NOW, timedelta(minutes=1), 10)
    save(any_store, a_mention("1", text="lovely", fetched_at=NOW + timedelta(hours=1)))
    with any_store.write() as conn:
        assert save_readings(conn, any_store, [(claimed[0], a_reading())], NOW) == 0
    assert count(any_store)["unread"] == 1


def test_deleting_moves_the_counts(any_store: Store) -> None:
    save(any_store, a_mention("1", text="late"), a_mention("2", text="late indeed"))
    read(any_store)
    with any_store.write() as conn:
        ids = list(conn.scalars(select(mention.c.id).limit(1)))
        delete_mentions(conn, any_store, ids, reason="erased", now=NOW)
    assert count(any_store)["negative"] == 1
    assert_exact(any_store)


def test_what_its_source_shows_again_is_read_again_and_counted(any_store: Store) -> None:
    save(any_store, a_mention("1", text="late"), a_mention("2", text="late indeed"))
    read(any_store)
    with any_store.write() as conn:
        delete_mentions(conn, any_store, ids_of(conn, "reviews", ["1"]), reason=GONE_AT_SOURCE, now=NOW)
    save(any_store, a_mention("1", text="late"))
    assert (count(any_store)["negative"], count(any_store)["unread"]) == (1, 1)
    assert_exact(any_store)
    assert read(any_store).read == 1
    assert (count(any_store)["negative"], count(any_store)["unread"]) == (2, 0)
    assert_exact(any_store)


def test_a_correction_counts_at_once_and_can_be_undone(any_store: Store) -> None:
    save(any_store, a_mention("1", text="late"))
    read(any_store)
    with any_store.write() as conn:
        (mention_id,) = conn.scalars(select(mention.c.id))
        made = correct(conn, any_store, mention_id, field="sentiment", after="positive", who="Kim", now=NOW)
        correct(conn, any_store, mention_id, field="aspect", aspect="timeliness", after=None, who="Kim", now=NOW)
        correct(conn, any_store, mention_id, field="aspect", aspect="price", after="negative", who="Kim", now=NOW)
    assert (count(any_store)["negative"], count(any_store)["positive"]) == (0, 1)
    assert (count(any_store, "rater/Reliability")["voices"], count(any_store, "rater/Value")["negative"]) == (0, 1)
    with any_store.write() as conn:
        undo_correction(conn, any_store, made, NOW)
    assert (count(any_store)["negative"], count(any_store)["positive"]) == (1, 0)
    with any_store.read() as conn:
        assert [row.before for row in conn.execute(select(correction).order_by(correction.c.id))] == [
            "negative", "negative", None
        ]  # fmt: skip
    assert_exact(any_store)


def test_a_correction_stands_when_the_mention_is_read_again(any_store: Store) -> None:
    save(any_store, a_mention("1", text="late"))
    read(any_store)
    with any_store.write() as conn:
        (mention_id,) = conn.scalars(select(mention.c.id))
        correct(conn, any_store, mention_id, field="sentiment", after="positive", who="Kim", now=NOW)
    assert sum(queue_other_models(any_store, "fake-2")) == 1
    newer = FakeReader()
    newer.name = "fake-2"
    read(any_store, newer)
    with any_store.read() as conn:
        held = conn.execute(select(label)).one()
    assert (held.model, held.sentiment, held.corrected) == ("fake-2", 1, True)


@pytest.mark.parametrize(("field", "after"), [("sentiment", "cross"), ("satisfaction", "7"), ("mood", "x")])
def test_a_correction_outside_its_closed_set_is_refused(store: Store, field: str, after: str) -> None:
    with store.write() as conn, pytest.raises(ValueError):
        correct(conn, store, 1, field=field, after=after, who="Kim", now=NOW)


def test_what_was_not_read_cannot_be_corrected(store: Store) -> None:
    save(store, a_mention("1"))
    with store.write() as conn, pytest.raises(CannotCorrect):
        correct(conn, store, 1, field="sentiment", after="positive", who="Kim", now=NOW)


def test_a_poison_text_is_set_aside_and_the_others_are_read(store: Store) -> None:
    save(store, *(a_mention(str(i), text="poison" if i == 7 else f"late {i}") for i in range(20)))
    report = read(store)
    assert (report.read, report.set_aside, report.waiting) == (19, 1, 0)
    with store.read() as conn:
        assert conn.execute(select(unreadable.c.error)).scalar_one() == "RuntimeError: the model choked"


def test_a_claim_that_runs_out_returns_to_the_queue(any_store: Store) -> None:
    save(any_store, a_mention("1"))
    with any_store.write() as conn:
        assert len(claim(conn, "one", NOW, timedelta(minutes=10), 5)) == 1
        assert claim(conn, "two", NOW, timedelta(minutes=10), 5) == []
        assert len(claim(conn, "two", NOW + timedelta(minutes=11), timedelta(minutes=10), 5)) == 1


def test_reading_stops_when_told_and_resumes(store: Store) -> None:
    save(store, *(a_mention(str(i)) for i in range(30)))
    answers = iter([False, True])
    assert read(store, batch=10, stop=lambda: next(answers)).waiting == 20
    told: list[tuple[int, int]] = []
    assert read(store, batch=10, progress=lambda done, left: told.append((done, left))).waiting == 0
    assert told == [(10, 10), (20, 0)]


def test_verify_names_a_count_that_was_tampered_with(store: Store) -> None:
    save(store, a_mention("1", text="late"))
    read(store)
    with store.write() as conn:
        conn.execute(update(count_day).where(count_day.c.facet == "all").values(negative=5))
    with store.read() as conn:
        (difference,) = verify(conn)
    assert (difference.table, difference.kept[2], difference.recounted[2]) == ("count_day", 5, 1)
    assert list(rebuild(store)) == []
    assert_exact(store)


def test_the_data_version_grows_with_every_change_and_only_then(store: Store) -> None:
    def now() -> int:
        with store.read() as conn:
            return data_version(conn)

    start = now()
    save(store, a_mention("1"))
    after_save = now()
    save(store, a_mention("1"))
    assert start < after_save == now()


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(
            ["save", "edit", "delete", "read", "correct", "undo", "together", "undo together", "not us", "on", "off"]
        ),
        st.integers(0, 7),
        st.sampled_from(["late", "a lovely crew, but late", "we sailed today and that is that", "lovely"]),
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(operations=OPERATIONS)
def test_counts_equal_a_recount_after_any_history(migrated: Path, operations: list[tuple[str, int, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(shutil.copy(migrated, folder), zone=BERLIN, salt=b"salt")
        for step, (operation, number, words) in enumerate(operations):
            now = NOW + timedelta(hours=step)
            longer = f"{words} as I have said so many times before about this very company of yours"
            if operation in {"save", "edit"}:
                save(store, a_mention(str(number), text=longer if number % 2 else words, fetched_at=now))
            elif operation == "read":
                read(store)
            elif operation in {"on", "off"}:
                _rule(store, operation, number, now)
            else:
                with store.write() as conn:
                    _touch(conn, store, operation, number, now)
            assert_exact(store)
        store.engine.dispose()


def _rule(store: Store, operation: str, number: int, now) -> None:
    terms = [("late", "positive", None), ("lovely", "negative", "price"), ("crew", None, "courtesy")]
    with store.write() as conn:
        if operation == "on":
            term, after, aspect = terms[number % 3]
            switch_on(conn, term_rule(term, after, aspect=aspect), who="Kim", now=now)
        else:
            for row in rules_on(conn)[:1]:
                switch_off(conn, row.id, who="Kim", now=now)
    assert_exact(store)
    # Half of them are left as they are after a kill: some mentions follow the rule and some do not.
    for _ in settle(store, stop=lambda: number % 2 == 1):
        assert_exact(store)


def _touch(conn, store: Store, operation: str, number: int, now) -> None:
    ids = list(conn.scalars(select(mention.c.id).where(mention.c.external_id == str(number))))
    if operation == "delete":
        delete_mentions(conn, store, ids, reason="erased", now=now, bury=number % 2 == 0)
    elif operation == "correct":
        read_ids = list(conn.scalars(select(label.c.mention_id).where(label.c.mention_id.in_(ids))))
        for mention_id in read_ids:
            correct(conn, store, mention_id, field="aspect", aspect="price", after="negative", who="Kim", now=now)
    elif operation in {"together", "not us"}:
        changes = [Change(field="about_us", after="no"), Change(field="sentiment", after="positive")]
        chosen = (
            changes[:1]
            if operation == "not us"
            else [*changes[1:], Change(field="aspect", aspect="price", after="neutral")]
        )
        every = list(conn.scalars(select(mention.c.id).where(mention.c.id % 2 == number % 2)))
        correct_together(conn, store, [(i, c) for i in every for c in chosen], what="all", who="Kim", now=now)
    elif operation == "undo together":
        for batch in conn.scalars(select(correction_batch.c.id).where(correction_batch.c.undone_at.is_(None))).all()[
            :1
        ]:
            undo_batch(conn, store, batch, now)
    elif operation == "undo":
        open_ones = list(conn.scalars(select(correction.c.id).where(correction.c.undone_at.is_(None))))
        for correction_id in open_ones[:1]:
            try:
                undo_correction(conn, store, correction_id, now)
            except CannotCorrect:
                continue


def test_readings_go_with_their_mention(any_store: Store) -> None:
    save(any_store, a_mention("1", text="late"))
    read(any_store)
    with any_store.write() as conn:
        delete_mentions(conn, any_store, list(conn.scalars(select(mention.c.id))), reason="erased", now=NOW)
        assert waiting(conn) == 0
        for table in ("reading", "label", "label_aspect", "unread"):
            assert conn.scalar(text(f"SELECT COUNT(*) FROM {table}")) == 0
        assert conn.execute(select(label_aspect)).all() == []


def test_corrected_mentions_are_what_training_learns_from(store: Store) -> None:
    save(store, a_mention("1", text="late"), a_mention("2", text="late too"))
    read(store)
    with store.write() as conn:
        first = conn.scalars(select(mention.c.id).order_by(mention.c.id)).first()
        correct(conn, store, first, field="satisfaction", after="2", who="Kim", now=NOW)
        correct(conn, store, first, field="aspect", aspect="price", after="positive", who="Kim", now=NOW)
        ((text_, labels),) = corrected_texts(conn)
    assert text_ == "late"
    assert labels["aspects"] == {"timeliness": "-", "price": "+"}
    assert (labels["satisfaction"], labels["sentiment"], labels["stage"]) == (2, "negative", "during")
