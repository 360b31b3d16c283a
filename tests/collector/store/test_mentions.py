"""Saving, editing, grouping and deleting mentions."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select

from collector.store import Store
from collector.store.mentions import GONE_AT_SOURCE, delete_mentions, ids_of, ids_of_author, said_since, save_mentions
from collector.store.search import matching, terms_of
from collector.store.suspects import look_at_new
from collector.store.tables import mention, revision, voice_key
from collector.store.voices import MOST_HELD, VOICE_MEMORY
from tests.fakes import NOW, a_mention

COPY = "Booked for the nine o'clock crossing and it simply never came, thanks for nothing at all"


def save(store: Store, *mentions):
    with store.write() as conn:
        return save_mentions(conn, store, mentions)


def rows(store: Store):
    with store.read() as conn:
        return conn.execute(select(mention).order_by(mention.c.id)).all()


def test_saving_the_same_page_twice_changes_nothing(any_store: Store) -> None:
    page = [a_mention(str(i)) for i in range(20)]
    assert save(any_store, *page).new == 20
    before = rows(any_store)
    again = save(any_store, *page)
    assert (again.new, again.edited, again.unchanged) == (0, 0, 20)
    assert rows(any_store) == before


def test_an_id_that_comes_twice_in_a_page_is_one_mention_and_the_last_wins(any_store: Store) -> None:
    save(any_store, a_mention("1", text="first wording"), a_mention("1", text="second wording"))
    assert [row.text for row in rows(any_store)] == ["second wording"]


def test_the_same_id_at_two_sources_or_for_two_brands_is_two_mentions(any_store: Store) -> None:
    save(any_store, a_mention("1"), a_mention("1", source="other"), a_mention("1", brand="Harbour Lines"))
    assert len(rows(any_store)) == 3


def test_an_edit_makes_a_revision_and_keeps_what_was_said_before(any_store: Store) -> None:
    save(any_store, a_mention("1", text="It was fine"))
    later = NOW + timedelta(hours=1)
    saved = save(any_store, a_mention("1", text="It was awful", fetched_at=later, edited_at=later))
    assert saved.edited == 1
    (row,) = rows(any_store)
    assert (row.text, row.revision) == ("It was awful", 2)
    with any_store.read() as conn:
        assert [r.text for r in conn.execute(select(revision))] == ["It was fine"]


def test_an_older_edit_never_overwrites_a_newer_one(any_store: Store) -> None:
    newer, older = NOW + timedelta(hours=2), NOW + timedelta(hours=1)
    save(any_store, a_mention("1", text="newest", edited_at=newer))
    save(any_store, a_mention("1", text="stale copy", edited_at=older))
    assert rows(any_store)[0].text == "newest"


def test_changed_reach_is_refreshed_without_a_revision(any_store: Store) -> None:
    save(any_store, a_mention("1", reach=3))
    saved = save(any_store, a_mention("1", reach=90))
    assert (saved.edited, saved.unchanged) == (0, 1)
    assert (rows(any_store)[0].reach, rows(any_store)[0].revision) == (90, 1)


def test_near_duplicates_are_one_voice(any_store: Store) -> None:
    save(
        any_store,
        a_mention("1", text=COPY),
        a_mention("2", text=f"RT @someone: {COPY}"),
        a_mention("3", text=f"{COPY} https://example.test/x"),
        a_mention("4", text="An entirely different thing was said about the lovely food on board today"),
    )
    voices = [(row.voice_id == rows(any_store)[0].id, row.head) for row in rows(any_store)]
    assert voices == [(True, True), (True, False), (True, False), (False, True)]


def test_two_people_who_say_thanks_are_two_voices(any_store: Store) -> None:
    save(any_store, a_mention("1", text="Thanks a lot"), a_mention("2", text="Thanks a lot"))
    assert [row.head for row in rows(any_store)] == [True, True]


def test_voices_of_different_brands_stay_apart(any_store: Store) -> None:
    save(any_store, a_mention("1", text=COPY), a_mention("2", text=COPY, brand="Harbour Lines"))
    assert [row.head for row in rows(any_store)] == [True, True]


def test_when_the_head_of_a_voice_goes_its_eldest_follower_takes_over(any_store: Store) -> None:
    save(any_store, a_mention("1", text=COPY), a_mention("2", text=COPY), a_mention("3", text=COPY))
    with any_store.write() as conn:
        delete_mentions(conn, any_store, ids_of(conn, "reviews", ["1"]), reason="deleted at source", now=NOW)
    save(any_store, a_mention("4", text=COPY))
    left = rows(any_store)
    assert [row.head for row in left] == [True, False, False]
    assert {row.voice_id for row in left} == {left[0].id}


def test_a_deleted_mention_does_not_come_back_with_the_next_page(any_store: Store) -> None:
    save(any_store, a_mention("1"), a_mention("2"))
    with any_store.write() as conn:
        assert delete_mentions(conn, any_store, ids_of(conn, "reviews", ["1"]), reason="erased", now=NOW) == 1
    assert save(any_store, a_mention("1"), a_mention("2")).buried == 1
    assert [row.external_id for row in rows(any_store)] == ["2"]


def test_a_mention_that_its_source_shows_again_comes_back_and_can_go_again(any_store: Store) -> None:
    save(any_store, a_mention("1"), a_mention("2"))
    for _round in range(2):
        with any_store.write() as conn:
            ids = ids_of(conn, "reviews", ["1"])
            assert delete_mentions(conn, any_store, ids, reason=GONE_AT_SOURCE, now=NOW) == 1
        again = save(any_store, a_mention("1"), a_mention("2"))
        assert (again.new, again.unchanged, again.buried) == (1, 1, 0)
        assert sorted(row.external_id for row in rows(any_store)) == ["1", "2"]


def test_a_reader_sees_the_store_at_one_moment(any_store: Store) -> None:
    save(any_store, a_mention("1"))
    with any_store.read() as conn:
        before = conn.execute(select(func.count()).select_from(mention)).scalar_one()
        save(any_store, a_mention("2"))
        assert conn.execute(select(func.count()).select_from(mention)).scalar_one() == before
    assert len(rows(any_store)) == 2


def test_a_page_of_edits_and_one_who_looks_for_suspects_never_wait_for_each_other(any_store: Store) -> None:
    said = [a_mention(str(number), text=f"{COPY}, number {number}") for number in range(30)]
    save(any_store, *said)

    def edit(turn: int) -> None:
        again = [replace(one, text=f"{one.text}, again {turn}", fetched_at=NOW + timedelta(hours=turn)) for one in said]
        save(any_store, *(again if turn % 2 else reversed(again)))

    with ThreadPoolExecutor(3) as pool:
        turns = [pool.submit(edit, turn) for turn in range(1, 9)]
        turns += [pool.submit(look_at_new, any_store) for _ in range(8)]
        for turn in turns:
            turn.result(timeout=60)
    assert len(rows(any_store)) == 30


def test_everything_an_author_said_is_found_by_the_key(any_store: Store) -> None:
    save(any_store, a_mention("1", author_key="k"), a_mention("2", author_key="k"), a_mention("3"))
    with any_store.read() as conn:
        assert len(ids_of_author(conn, "k")) == 2


def test_ids_are_never_used_again(store: Store) -> None:
    save(store, a_mention("1"))
    first = rows(store)[0].id
    with store.write() as conn:
        delete_mentions(conn, store, [first], reason="erased", now=NOW)
    save(store, a_mention("2"))
    assert rows(store)[0].id > first


def test_days_are_the_owners_calendar_days(store: Store) -> None:
    late_evening = NOW.replace(hour=23, minute=30)
    save(store, a_mention("1", created_at=late_evening), a_mention("2", created_at=late_evening - timedelta(hours=2)))
    one, other = rows(store)
    assert one.day == other.day + 1


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("late", {"1", "3"}),
        ('"two hours"', {"1"}),
        ("late -crew", {"1"}),
        ('late -"the crew"', {"1"}),
        ('" OR 1=1 -- NEAR(', set()),
        ("crew*", {"3"}),
        ("späť", set()),
    ],
)
def test_search_knows_words_phrases_and_exclusions(any_store: Store, words: str, found: set[str]) -> None:
    save(
        any_store,
        a_mention("1", text="two hours late"),
        a_mention("2", text="lovely food"),
        a_mention("3", text="late, but the crew was great"),
    )
    with any_store.read() as conn:
        query = select(mention.c.external_id).where(mention.c.id.in_(matching(conn, words)))
        assert set(conn.scalars(query)) == found


def test_search_forgets_what_was_edited_or_deleted(any_store: Store) -> None:
    save(any_store, a_mention("1", text="purple"), a_mention("2", text="purple too"))
    save(any_store, a_mention("1", text="green now", fetched_at=NOW + timedelta(hours=1)))
    with any_store.write() as conn:
        delete_mentions(conn, any_store, ids_of(conn, "reviews", ["2"]), reason="erased", now=NOW)
    with any_store.read() as conn:
        assert conn.execute(matching(conn, "purple")).all() == []
        assert len(conn.execute(matching(conn, "green")).all()) == 1


def test_terms_of_a_search_are_words_and_phrases() -> None:
    assert terms_of('late "two hours" -crew -"on board"') == (["late", "two hours"], ["crew", "on board"])


def test_a_mention_survives_saving_and_loading(any_store: Store) -> None:
    said = a_mention(
        "1",
        text="שלום \u200fworld <script>alert(1)</script> 😀",
        rating=4.5,
        author_key="a" * 32,
        language="en",
        url="https://example.test/1",
        parent_id="0",
        reach=12,
        place="Pier 4",
        segment="cabin",
        matched="northwind",
        edited_at=NOW,
    )
    save(any_store, said)
    with any_store.read() as conn:
        row = conn.execute(select(mention)).mappings().one()
        assert {f.name: row[f.name] for f in dataclasses.fields(said)} == dataclasses.asdict(said)
        assert conn.scalar(select(func.count()).select_from(mention)) == 1


def test_a_phrase_that_thousands_share_does_not_crowd_the_index_and_copies_are_still_found(any_store: Store) -> None:
    shared = "the ferry to the islands was late again and nobody at the pier told us why we had to wait so long there"
    texts = [f"{shared} {n} {n * 7} {n * 13} {n * 17} {n * 19} {n * 23}" for n in range(1, 401)]
    for start in range(0, 400, 50):
        with any_store.write() as conn:
            save_mentions(conn, any_store, [a_mention(f"t{n}", text=texts[n]) for n in range(start, start + 50)])
    with any_store.write() as conn:
        save_mentions(conn, any_store, [a_mention("copy", text=f"RT {texts[399]}!")])
        held = conn.scalars(select(func.count()).select_from(voice_key).group_by(voice_key.c.brand, voice_key.c.key))
        voices = {
            row.external_id: row.voice_id for row in conn.execute(select(mention.c.external_id, mention.c.voice_id))
        }
        original = conn.scalar(select(mention.c.id).where(mention.c.external_id == "t399"))
    assert max(held) == MOST_HELD
    assert len({voices[f"t{n}"] for n in range(400)}) == 400
    assert voices["copy"] == original


def test_a_short_text_that_comes_back_for_years_still_finds_its_latest_voice(any_store: Store) -> None:
    said = "the app is down again"
    for n in range(20):
        save(any_store, a_mention(f"t{n}", text=said, created_at=NOW + n * (VOICE_MEMORY + timedelta(days=1))))
    latest = rows(any_store)[-1]
    save(any_store, a_mention("copy", text=said, created_at=latest.created_at + timedelta(hours=1)))
    assert len({row.voice_id for row in rows(any_store)}) == 20
    assert rows(any_store)[-1].voice_id == latest.id


def test_what_a_source_said_lately_is_counted_without_reading_all_that_it_ever_said(any_store: Store) -> None:
    early = NOW - timedelta(days=9)
    save(any_store, a_mention("1"), a_mention("2", created_at=early), a_mention("3", source="other"))
    with any_store.read() as conn:
        assert said_since(conn, "reviews", NOW - timedelta(days=1)) == 1
        assert said_since(conn, "reviews", early) == 2


def test_the_count_of_what_was_said_lately_goes_by_time(store: Store) -> None:
    asked: list[tuple[str, Any]] = []
    event.listen(store.engine, "before_cursor_execute", lambda *args: asked.append(args[2:4]))
    with store.read() as conn:
        said_since(conn, "reviews", NOW)
        ((statement, parameters),) = [one for one in asked if one[0].startswith("SELECT")]
        plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    assert "ix_mention_created" in plan[0].detail


def test_a_page_is_saved_without_going_through_the_archive(store: Store) -> None:
    words = "the crossing left two hours late and nobody at the pier told anybody why"
    save(store, a_mention("1", text=words), a_mention("3"))
    gone = rows(store)[1].id
    asked: list[tuple[str, Any]] = []
    event.listen(store.engine, "before_cursor_execute", lambda *args: asked.append(args[2:4]))
    with store.write() as conn:
        delete_mentions(conn, store, [gone], reason=GONE_AT_SOURCE, now=NOW)
    save(store, a_mention("1", text=f"{words} at all"), a_mention("2", text=words, reach=9), a_mention("3"))
    with store.read() as conn:
        steps = {
            step.detail
            for statement, given in asked
            if statement.startswith(("SELECT", "UPDATE", "DELETE", "INSERT INTO mention_fts"))
            for step in conn.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}", given[0] if isinstance(given, list) else given
            )
        }
    assert any("mention USING" in step for step in steps)
    assert [step for step in steps if step.startswith("SCAN")] == []
