"""What becomes of an item: kept, set aside with its reason, or nobody's."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collector.brand import Brand
from collector.claim import Listener, Verdict, fit
from collector.identity import is_blank
from collector.mention import TEXT_LIMIT, Item, Kind
from collector.sources import Reject, SourceConfig

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ITEM = Item(
    external_id="1", kind=Kind.POST, text="Aurora Air was late", created_at=NOW - timedelta(hours=1), author="a"
)
BRANDS = (Brand(name="Aurora Air", own=True, aliases=("aurora",)), Brand(name="Borealis"))


def judge(item: Item, *, brand: str | None = None, recheck: bool = False, keep_authors: bool = False) -> Verdict:
    config = SourceConfig(name="s", kind="mastodon", settings=None, brand=brand)
    return Listener(config=config, brands=BRANDS, recheck=recheck).judge(
        item, NOW, salt=b"x", keep_authors=keep_authors
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"text": " \x00\u202e "}, "no text"),
        ({"text": "\u200b\u2060\ufeff\u3164 \ufe0f\u0301"}, "no text"),
        ({"text": "", "rating": 2.0}, "rating of 2 without words"),
        ({"text": "x" * (TEXT_LIMIT + 1)}, "longer than"),
        ({"external_id": " "}, "no id"),
        ({"created_at": datetime(1970, 1, 1, tzinfo=UTC)}, "1970-01-01 cannot be right"),
        ({"created_at": datetime(2099, 1, 1, tzinfo=UTC)}, "2099-01-01 cannot be right"),
        ({"created_at": datetime(2026, 11, 20)}, "no zone"),  # noqa: DTZ001 (that is the point)
        ({"brand": "Nobody"}, "not configured"),
    ],
)
def test_what_cannot_be_kept_is_set_aside_with_its_reason(changes: dict[str, Any], reason: str) -> None:
    verdict = judge(replace(ITEM, **changes))
    assert verdict.reject is not None
    assert reason in verdict.reject.reason
    assert not verdict.mentions


def test_a_mention_is_made_for_each_brand_that_is_named_and_says_why() -> None:
    verdict = judge(replace(ITEM, text="Aurora Air is worse than Borealis"))
    assert [(m.brand, m.matched) for m in verdict.mentions] == [
        ("Aurora Air", "name Aurora Air"),
        ("Borealis", "name Borealis"),
    ]


def test_an_item_that_names_no_brand_is_nobody_s() -> None:
    verdict = judge(replace(ITEM, text="lovely day"))
    assert (list(verdict.mentions), verdict.reject) == ([], None)


def test_all_items_of_a_source_of_one_brand_belong_to_it_unless_its_search_is_loose() -> None:
    silent = replace(ITEM, text="lovely day")
    assert judge(silent, brand="Borealis").mentions[0].matched == "source"
    assert not judge(silent, brand="Borealis", recheck=True).mentions
    assert not judge(ITEM, brand="Borealis", recheck=True).mentions


def test_a_row_may_name_its_brand_by_an_alias() -> None:
    assert judge(replace(ITEM, brand="AURORA ")).mentions[0].brand == "Aurora Air"


def test_an_item_stays_with_the_brands_that_hold_it() -> None:
    config = SourceConfig(name="s", kind="mastodon", settings=None)
    verdict = Listener(config=config, brands=BRANDS).judge(
        ITEM, NOW, salt=b"x", keep_authors=False, held={"Aurora Air": "alias aurora", "Borealis": "name Borealis"}
    )
    assert [(m.brand, m.matched) for m in verdict.mentions] == [
        ("Aurora Air", "name Aurora Air"),
        ("Borealis", "name Borealis"),
    ]


def test_authors_are_hashed_and_named_only_if_the_owner_wants() -> None:
    named = replace(ITEM, author_name="Ann Example")
    hidden, kept = judge(named).mentions[0], judge(named, keep_authors=True).mentions[0]
    assert hidden.author_name is None
    assert kept.author_name == "Ann Example"
    assert hidden.author_key == kept.author_key
    assert hidden.author_key is not None
    assert len(hidden.author_key) == 32


def test_every_field_is_brought_within_its_bounds() -> None:
    fitted = fit(
        replace(
            ITEM,
            external_id="x" * 900,
            text="nul\x00 \u202eturned \ud800 end ",
            rating=math.nan,
            reach=-3,
            url="javascript:alert(1)",
            place="  a\n b " + "c" * 500,
            language="EN_us",
            edited_at=NOW - timedelta(days=9),
        ),
        NOW,
    )
    assert not isinstance(fitted, Reject)
    assert len(fitted.external_id) <= 500
    assert fitted.text == "nul turned \ufffd end"
    assert (fitted.rating, fitted.reach, fitted.url, fitted.edited_at) == (None, None, None, None)
    assert fitted.place is not None
    assert fitted.place.startswith("a b c")
    assert len(fitted.place) <= 200
    assert fitted.language == "en"


def test_long_ids_that_differ_at_the_end_stay_different() -> None:
    one, two = (fit(replace(ITEM, external_id="x" * 900 + end), NOW) for end in "ab")
    assert not isinstance(one, Reject)
    assert not isinstance(two, Reject)
    assert one.external_id != two.external_id


@pytest.mark.parametrize("text", ["👍", "❤️", "ok", "ا", "e\u0301", "?!", "\u200bx"])
def test_whatever_can_be_seen_is_a_text(text: str) -> None:
    assert not is_blank(text)
