"""What leaves comes back: any text through the guard, any mention through every format."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.claim import fit
from collector.identity import clean_text
from collector.mention import Item, Kind, Mention
from collector.sources import Reject, Walk
from collector.sources.files import Settings, fetch
from collector.store import Store
from dashboard.exports import frame_to_csv
from dashboard.exports.guard import guarded, unguarded, writable
from tests.collector.files.writing import CLIENT
from tests.dashboard.exports.keeping import BERLIN, keep, write_out
from tests.fakes import NOW

FORMULA_STARTS = "=+-@\t\r\n＝＋－＠"
ANY_TEXT = st.text(max_size=60) | st.builds(
    lambda quotes, start, rest: quotes + start + rest,
    st.sampled_from(["", "'", "''"]), st.sampled_from(FORMULA_STARTS), st.text(max_size=20),
)  # fmt: skip


@given(ANY_TEXT)
def test_the_guard_can_always_be_taken_off(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert guarded(text)[:1] not in set(FORMULA_STARTS)


@given(st.lists(ANY_TEXT, min_size=1, max_size=8))
def test_any_text_on_a_screen_comes_back_from_a_strict_parser(texts: list[str]) -> None:
    content = frame_to_csv(pd.DataFrame({"text": pd.Series(texts, dtype=object), "n": range(len(texts))}))
    header, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
    assert header == ["text", "n"]
    assert [unguarded(row[0]) for row in rows] == [writable(text) for text in texts]
    assert [row[1] for row in rows] == [str(n) for n in range(len(texts))]


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40).map(clean_text)
TEXTS = st.one_of(
    st.builds(lambda start, rest: clean_text(f"{start}words {rest}"), st.sampled_from(["", "=", "'=", "-"]), WORDS),
    st.just('line one\nline two; "quoted", and so on\n\nend'),
)
MOMENTS = st.datetimes(datetime(1990, 1, 2), datetime(2026, 3, 9)).map(lambda t: t.replace(tzinfo=UTC))  # noqa: DTZ001
ITEMS = st.builds(
    Item,
    external_id=WORDS.filter(str.strip),
    kind=st.sampled_from(Kind),
    text=TEXTS,
    created_at=MOMENTS,
    edited_at=st.none() | st.just(NOW - timedelta(minutes=5)),
    rating=st.none() | st.floats(1, 5),
    language=st.none() | st.sampled_from(["de", "en", "ja"]),
    url=st.none() | st.just("https://example.org/?a=1&b=ü"),
    parent_id=st.none() | WORDS.filter(str.strip),
    reach=st.none() | st.integers(0, 2**40),
    place=st.none() | WORDS.filter(str.strip),
    segment=st.none() | WORDS.filter(str.strip),
)


def as_mention(item: Item) -> Mention | None:
    kept = fit(item, NOW)
    if isinstance(kept, Reject):
        return None
    return Mention(
        source="reviews", brand="Aurora Air", fetched_at=NOW,
        **{name: getattr(kept, name) for name in SAME if name != "brand"},
    )  # fmt: skip


SAME = (
    "external_id", "kind", "text", "created_at", "edited_at", "rating", "language", "url", "parent_id", "reach",
    "place", "segment", "brand",
)  # fmt: skip


def taken_in(path: Path) -> dict[str, Item]:
    pages = list(fetch(Settings(path=path, zone=BERLIN), CLIENT, None, Walk(now=NOW)))
    assert [reject for page in pages for reject in page.rejects] == []
    return {item.external_id: item for page in pages for item in page.items}


@pytest.mark.parametrize("name", ["m.csv", "raw.csv", "m.jsonl", "m.parquet"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=st.lists(ITEMS, min_size=1, max_size=6))
def test_importing_an_export_gives_the_same_mentions(
    store: Store, tmp_path: Path, name: str, items: list[Item]
) -> None:
    with store.write() as conn:
        from sqlalchemy import select

        from collector.store.mentions import delete_mentions
        from collector.store.tables import mention

        delete_mentions(conn, store, list(conn.scalars(select(mention.c.id))), reason="test", now=NOW, bury=False)
    mentions = {m.external_id: m for m in map(as_mention, items) if m is not None}
    keep(store, *mentions.values())
    if not mentions:
        return
    (tmp_path / name).unlink(missing_ok=True)
    write_out(store, "mentions", tmp_path / name, raw=name.startswith("raw"))
    back = taken_in(tmp_path / name)
    assert {i: tuple(getattr(item, same) for same in SAME) for i, item in back.items()} == {
        i: tuple(getattr(m, same) for same in SAME) for i, m in mentions.items()
    }


def test_importing_a_workbook_gives_the_same_mentions_to_the_second(store: Store, tmp_path: Path) -> None:
    texts = ["=1+1", "two\nlines", "'-x", "🙂 ünï", "_x0041_", "00123"]
    made = [
        Mention(source="reviews", brand="Aurora Air", external_id=f"0{n}", kind=Kind.POST, text=text, place="007",
                rating=n % 5 + 1.0, created_at=NOW - timedelta(days=n * 40, seconds=n), fetched_at=NOW)
        for n, text in enumerate(texts)
    ]  # fmt: skip
    keep(store, *made)
    write_out(store, "mentions", tmp_path / "m.xlsx")
    back = taken_in(tmp_path / "m.xlsx")
    assert [(back[m.external_id].text, back[m.external_id].created_at, back[m.external_id].place) for m in made] == [
        (m.text, m.created_at, "007") for m in made
    ]
