"""What makes a mention suspect, and what must never: an outage that hundreds complain about in like words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from collector.mention import Kind
from collector.suspicion import Said, Suspect, Suspicion, of_hour, of_text
from tests.fakes import NOW


def said(number: int, **changes: object) -> Said:
    values: dict[str, object] = {
        "id": number,
        "kind": Kind.REVIEW,
        "author": f"author {number}",
        "voice": 1,
        "created_at": NOW + timedelta(minutes=number),
        "words": 12,
    }
    return Said(**(values | changes))  # type: ignore[arg-type]  # the defaults above, changed by name


AUTHORS = {f"author {number}" for number in range(1, 100)}


def test_the_same_long_words_by_many_new_authors_are_copies() -> None:
    found = of_hour([said(n) for n in range(1, 7)], AUTHORS)
    assert set(found) == {1, 2, 3, 4, 5, 6}
    assert found[1] == Suspect(suspicion=Suspicion.COPIED, reason="the same words by 6 new authors within an hour")


@pytest.mark.parametrize(
    ("count", "changes", "new"),
    [
        (4, {}, AUTHORS),  # too few
        (40, {"words": 6}, AUTHORS),  # "the app is down again today": short words are alike by chance
        (40, {}, set()),  # people we know
        (40, {"author": None}, AUTHORS),  # nobody is named
        (40, {"author": "one"}, {"one"}),  # one author
        (40, {"kind": Kind.ARTICLE}, AUTHORS),  # one agency's report in forty newspapers
        (40, {"kind": Kind.MESSAGE}, AUTHORS),  # a mailbox
    ],
)
def test_these_are_no_copies(count: int, changes: dict[str, object], new: set[str]) -> None:
    assert of_hour([said(n, **changes) for n in range(1, count + 1)], new) == {}


def test_of_equal_posts_the_first_stands_for_somebody_said_it() -> None:
    assert set(of_hour([said(n, kind=Kind.POST) for n in range(1, 8)], AUTHORS)) == {2, 3, 4, 5, 6, 7}


def test_different_words_are_never_copies_however_many_complain() -> None:
    assert of_hour([said(n, voice=n) for n in range(1, 90)], AUTHORS) == {}


def test_one_author_who_posts_on_and_on_floods_and_only_the_first_stands() -> None:
    posts = [said(n, kind=Kind.POST, author="bot", voice=n) for n in range(1, 13)]
    found = of_hour(posts, ())
    assert set(found) == set(range(2, 13))
    assert found[2].reason == "12 posts by one author within an hour"
    assert of_hour(posts[:10], ()) == {}
    assert of_hour([said(n, author="bot", voice=n) for n in range(1, 40)], ()) == {}


def test_what_names_only_a_day_is_neither_flood_nor_copies_for_nobody_knows_that_it_was_within_an_hour() -> None:
    posts = [said(n, kind=Kind.POST, author="bot", voice=n, created_at=NOW) for n in range(1, 13)]
    reviews = [said(n, created_at=NOW) for n in range(1, 13)]
    assert of_hour(posts, ()) == {}
    assert of_hour(reviews, AUTHORS) == {}
    assert len(of_hour([*posts, said(13, kind=Kind.POST, author="bot", voice=13)], ())) == 12
    assert len(of_hour([*reviews, said(13)], AUTHORS)) == 13


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("Cheap flights http://a.example http://b.example www.c.example now", True),
        ("http://a.example http://b.example http://c.example", True),
        ("Late again, see https://a.example/status", False),
        (("My claim: https://a.example/1, the answer https://a.example/2 and what the law says https://law.example/3 "
         "which is why I will never ever fly with them again until they pay back every cent that they owe me"), False),
        ("", False),
    ],
)  # fmt: skip
def test_a_text_that_is_there_for_its_links_is_spam(text: str, links: bool) -> None:
    found = of_text(text)
    assert (found is not None and found.suspicion is Suspicion.LINKS) == links
