"""Where labels come from, asked of SQLite and of PostgreSQL: readings, rules, corrections together, the sample."""

from __future__ import annotations

from sqlalchemy import select

from collector.store import Store
from collector.store.mentions import save_mentions
from dashboard.queries import labels, mentions, quality
from dashboard.queries.mentions import Only, Wanted
from dashboard.queries.places import Order
from dashboard.scope import Scope
from sentiment.read import read_unread
from sentiment.store.checks import SKIP, check
from sentiment.store.corrections import Change, correct, correct_together, corrected_texts
from sentiment.store.readings import label
from sentiment.store.samples import draw, monday_of, next_to_check
from sentiment.store.terms import settle, switch_off, switch_on
from sentiment.terms import term_rule
from tests.conftest import BERLIN
from tests.fakes import NOW, FakeReader, a_mention

DAY = NOW.astimezone(BERLIN).date()
SCOPE = Scope(brand="Northwind Ferries", first=DAY, last=DAY, zone=BERLIN, lens="rater")


def filled(store: Store) -> list[int]:
    texts = ["late and sick", "a lovely crew", "we sailed", "late", "late once more", "lovely"]
    with store.write() as conn:
        save_mentions(conn, store, [a_mention(str(n), text=text, reach=n or None) for n, text in enumerate(texts)])
    read_unread(store, FakeReader(), clock=lambda: NOW)
    with store.write() as conn:
        ids = list(conn.scalars(select(label.c.mention_id).order_by(label.c.mention_id)))
        save_mentions(conn, store, [a_mention("new", text="nobody has read this one")])
        switch_on(conn, term_rule("sick", "positive"), who="Kim", now=NOW)
        switch_on(conn, term_rule("crew", "negative", brand="nobody"), who="Kim", now=NOW)
        switch_off(conn, 2, who="Ada", now=NOW)
        correct(conn, store, ids[1], field="sentiment", after="neutral", who="Ada", now=NOW)
        changes = [(ids[2], Change(field="about_us", after="no")), (ids[3], Change(field="about_us", after="no"))]
        correct_together(conn, store, changes, what="not about us", who="Ada", now=NOW)
    list(settle(store))
    return ids


def test_every_part_and_every_order_is_what_it_says(any_store: Store) -> None:
    ids = filled(any_store)
    with any_store.read() as conn:

        def found(**changes) -> list[int]:
            return list(mentions.page(conn, Wanted(scope=SCOPE, **changes))["id"])

        assert found(only=Only.RULED) == [ids[0]]
        assert sorted(found(only=Only.ELSEWHERE)) == ids[2:4]
        assert sorted(found(only=Only.CORRECTED)) == ids[1:4]
        assert len(found(only=Only.UNREAD)) == 1
        assert found(only=Only.SUSPECT) == []
        everything = set(found())
        assert everything == {*ids, *found(only=Only.UNREAD)} - set(ids[2:4])
        for order in Order:
            assert set(found(order=order)) == everything
        assert found(order=Order.REACH)[0] == ids[5]
        assert found(order=Order.DISSATISFIED)[0] == ids[4]


def test_what_the_model_read_is_told_whatever_rules_and_people_say(any_store: Store) -> None:
    ids = filled(any_store)
    with any_store.read() as conn:
        read = labels.sentiments_read(conn, ids)
        assert [read[i] for i in ids] == ["negative", "positive", "neutral", "negative", "negative", "positive"]
        aspects = labels.aspects_read(conn, ids[:1])
        assert list(aspects.itertuples(index=False, name=None)) == [
            (ids[0], "timeliness", "negative", 0.9, 0, 5, "late ")
        ]
        on, off = labels.rules(conn)
        assert (on.rule.term, on.changed, on.off_at) == ("sick", 1, None)
        assert (off.rule.term, off.changed, off.off_by) == ("crew", 0, "Ada")
        assert labels.rules_told(conn)[int(on.rule.id or 0)] == "“sick” means positive"
        assert labels.languages(conn) == ["en"]
        (batch,) = labels.batches(conn)
        assert (batch.what, batch.mentions) == ("not about us", 2)
        assert len(labels.rules_frame([on, off])) == 2


def test_checks_of_a_sample_are_counted_and_stay_out_of_the_batches(any_store: Store) -> None:
    filled(any_store)
    with any_store.write() as conn:
        monday = monday_of(DAY)
        draw(conn, monday, NOW, BERLIN)
        for verdict in ("negative", "negative", SKIP):
            mention_id = next_to_check(conn, monday)
            check(conn, any_store, monday, mention_id, verdict=verdict, who="Kim", now=NOW)
    with any_store.read() as conn:
        how = quality.progress(conn, monday)
        assert (how.size, how.checked, how.skipped, how.gone, how.left) == (6, 2, 1, 0, 3)
        assert len(quality.checked(conn)) == 2
        assert [batch.what for batch in labels.batches(conn)] == ["not about us"]
        asked = quality.asked(conn, monday, next_to_check(conn, monday))
        assert asked.sentiment.value in {"negative", "neutral", "positive"}


def test_saying_that_a_mention_is_about_us_after_all_teaches_nothing(any_store: Store) -> None:
    ids = filled(any_store)
    with any_store.write() as conn:
        correct(conn, any_store, ids[2], field="about_us", after="yes", who="Ada", now=NOW)
        assert [text for text, _ in corrected_texts(conn)] == ["a lovely crew"]
