"""The sample company: enough of it, varied, the same every time, and labelled as what it is."""

from __future__ import annotations

import collections
import itertools
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import httpx
import pytest

from collector.demo.companies import COMPANIES, Channel, source_name
from collector.demo.habits import BLAMED, PRAISED
from collector.demo.planted import INCIDENTS, Shape, planted
from collector.demo.rhythm import lasting
from collector.demo.story import Sample, truth
from collector.demo.wording import LANGUAGES, phrases, sentence, wordbook
from collector.errors import BadSettings, PayloadChanged
from collector.identity import clean_text
from collector.mention import Item
from collector.sources import Cursor, Page, Walk, demo, kinds
from sentiment.taxonomy import taxonomy

NOW = datetime(2026, 3, 4, 16, 20, tzinfo=UTC)
POSTS = demo.Settings(company="kelpwind", channel=Channel.POSTS)


class NoNetwork:
    """A client that must not be asked for anything."""

    def __getattr__(self, name: str) -> object:
        raise httpx.ConnectError(f"the demo asked the network for {name}")


def pages(settings: demo.Settings, cursor: Cursor | None = None, **walk: object) -> Iterator[Page]:
    return demo.fetch(settings, NoNetwork(), cursor, Walk(**({"now": NOW} | walk)))  # type: ignore[arg-type]  # a seam


def items(settings: demo.Settings, cursor: Cursor | None = None, **walk: object) -> list[Item]:
    return [item for page in pages(settings, cursor, **walk) for item in page.items]


def every_settings() -> list[demo.Settings]:
    return [demo.Settings(company=c.key, channel=channel) for c in COMPANIES.values() for channel in c.daily]


@cache
def everything() -> list[tuple[demo.Settings, Item, Sample]]:
    return [
        (settings, item, sample)
        for settings in every_settings()
        for item, sample in zip(items(settings), demo.samples(settings, NOW), strict=True)
    ]


def test_the_demo_is_a_kind_of_source() -> None:
    assert kinds()["demo"] is demo


def test_there_are_at_least_twenty_thousand_mentions_of_five_brands_over_120_days() -> None:
    found = everything()
    assert 20_000 <= len(found) <= 26_000
    assert {settings.company for settings, _, _ in found} == set(COMPANIES)
    assert min(item.created_at for _, item, _ in found) < NOW - timedelta(days=119)
    assert NOW - timedelta(hours=3) < max(item.created_at for _, item, _ in found) <= NOW


def test_six_languages_are_spoken_and_each_is_varied() -> None:
    texts = collections.defaultdict(list)
    for _, item, _ in everything():
        texts[item.language].append(item.text)
    assert set(texts) == set(LANGUAGES)
    for language, said in texts.items():
        assert len(said) > 800, language
        assert len(set(said)) / len(said) > 0.85, language


def test_the_same_day_and_seed_give_the_same_items_and_another_seed_gives_others() -> None:
    again = items(demo.Settings(company="kelpwind", channel=Channel.POSTS))
    assert again == items(POSTS)
    other = items(demo.Settings(company="kelpwind", channel=Channel.POSTS, seed=2))
    assert [item.text for item in other] != [item.text for item in again]


def test_a_later_hour_of_the_same_day_only_adds_to_what_an_earlier_one_gave() -> None:
    early, late = items(POSTS, now=NOW - timedelta(hours=6)), items(POSTS)
    assert late[: len(early)] == early
    assert len(late) > len(early)


def test_samples_are_marked_as_samples_and_name_no_real_place() -> None:
    for settings, item, _ in everything():
        assert item.external_id.startswith("sample-")
        assert item.url is not None
        assert re.match(rf"https://sample-{settings.channel}\.example/", item.url)
        assert item.author is not None
        assert item.author.startswith("sample-")
        assert item.author_name is not None
        assert item.author_name.startswith("Sample")
        assert item.place is not None
        assert item.place.endswith("(sample)")
        assert source_name(settings.company, settings.channel).startswith("Sample ")


def test_every_text_is_clean_short_and_without_an_open_slot() -> None:
    for _, item, _ in everything():
        assert clean_text(item.text) == item.text
        assert "{" not in item.text
        assert "##" not in item.text
        assert "  " not in item.text
        assert len(item.text) < 1_000
    words = [len(item.text.split()) for _, item, _ in everything()]
    assert sum(words) / len(words) < 22


def test_ids_are_unique_within_a_source_and_times_ascend() -> None:
    for settings in every_settings():
        found = items(settings)
        assert len({item.external_id for item in found}) == len(found)
        assert all(one.created_at <= other.created_at for one, other in itertools.pairwise(found))


def test_a_few_percent_of_the_mentions_repeat_what_another_said() -> None:
    found = everything()
    repeats = [(settings, item) for settings, item, sample in found if sample.repeats]
    assert 0.02 < len(repeats) / len(found) < 0.08
    first = {(settings.company, item.text) for settings, item, sample in found if not sample.repeats}
    for settings, item in repeats:
        original = re.sub(r"^RT @\w+: ", "", item.text)
        assert (settings.company, original) in first or "82 year old" in original


def test_surveys_and_reviews_carry_stars_that_mostly_say_what_the_text_means() -> None:
    rated = [(item, sample) for _, item, sample in everything() if item.rating is not None]
    assert all(item.rating in {1.0, 2.0, 3.0, 4.0, 5.0} for item, _ in rated)
    agreeing = sum(item.rating == sample.intent.satisfaction for item, sample in rated)
    assert 0.8 < agreeing / len(rated) < 0.95


def test_the_labels_of_an_item_are_found_by_its_id() -> None:
    for settings, item, sample in everything()[:: len(everything()) // 50]:
        found = truth(item.external_id, seed=settings.seed, company=settings.company, channel=settings.channel)
        assert found == sample
    with pytest.raises(LookupError):
        truth("review-17", seed=1, company="kelpwind", channel=Channel.POSTS)


def test_nothing_that_an_item_means_reaches_the_pipeline() -> None:
    assert not {"intent", "sentiment", "aspects", "planted"} & set(Item.__slots__)


def test_labels_speak_the_taxonomy() -> None:
    known = set(taxonomy().aspects)
    assert set(BLAMED) == set(PRAISED) == known
    for language in LANGUAGES:
        assert {aspect for aspect, _ in wordbook(language).said} == known
    for _, _, sample in everything():
        assert set(sample.intent.aspects) <= known


def test_every_language_can_say_every_aspect_in_every_mood() -> None:
    for language in LANGUAGES:
        moods = collections.defaultdict(set)
        for aspect, mood in wordbook(language).said:
            moods[aspect].add(mood)
        assert all(found == {"neg", "pos", "ask", "wry", "less", "more"} for found in moods.values())


def test_every_slot_of_every_sentence_can_be_filled() -> None:
    given = {"brand", "ship", "port", "port2"}
    for language in LANGUAGES:
        book = wordbook(language)
        said = [*book.said.values(), *book.general.values(), *book.small.values()]
        used = {slot for some in said for one in some for slot in one.parts[1::2]}
        planted_words = [entry for section in phrases("planted").values() for entry in section.get(language, [])]
        used |= {slot for entry in planted_words for slot in sentence(entry).parts[1::2]}
        assert used <= set(book.slots) | given, language


def test_days_differ_more_than_chance_alone_would_have_it() -> None:
    days = collections.Counter(
        item.created_at.date()
        for settings, item, sample in everything()
        if sample.planted is None and not sample.repeats and settings.company == "kelpwind"
    )
    counts = list(days.values())[1:-1]
    mean = sum(counts) / len(counts)
    variance = sum((count - mean) ** 2 for count in counts) / (len(counts) - 1)
    assert variance > 1.3 * mean


def test_nights_are_quieter_than_days() -> None:
    hours = collections.Counter(item.created_at.hour for _, item, _ in everything())
    assert sum(hours[h] for h in (1, 2, 3)) * 4 < sum(hours[h] for h in (18, 19, 20))


def test_the_noise_of_neighbouring_days_is_alike() -> None:
    values = [lasting(("some", "series"), day) for day in range(400)]
    products = [one * other for one, other in itertools.pairwise(values)]
    assert 0.3 < sum(products) / len(products) < 0.8


# ------------------------------------------------------------------ planted incidents


def test_between_six_and_ten_incidents_are_planted_and_all_lie_within_the_history() -> None:
    found = planted(NOW)
    assert 6 <= len(found) <= 10
    assert [one.start for one in found] == sorted((one.start for one in found), reverse=True)
    for one in found:
        assert NOW - timedelta(days=110) < one.start < one.end < NOW
        assert one.brand in {company.name for company in COMPANIES.values()}
        assert set(one.facets) <= set(taxonomy().facets())
        assert bool(one.facets) == one.alerts


@pytest.mark.parametrize("incident", INCIDENTS, ids=lambda incident: incident.key)
def test_the_extra_mentions_of_an_incident_lie_in_its_window_and_mean_what_it_is_about(incident) -> None:  # type: ignore[no-untyped-def]  # parametrized
    dated = next(one for one in planted(NOW) if one.key == incident.key)
    found = [(s, item, sample) for s, item, sample in everything() if sample.planted == incident.key]
    assert len(found) == dated.extra
    assert {source_name(s.company, s.channel) for s, _, _ in found} == set(dated.sources)
    for _, item, sample in found:
        assert dated.start <= item.created_at < dated.end
        for aspect, sign in incident.aspects[:1]:
            assert sample.intent.aspects[aspect] == sign
        assert sample.intent.sentiment in ((0, 1) if incident.mood == "chat" else (-1,))
    words = {sample.text for _, _, sample in found}
    assert len(words) > (0.8 if incident.shape is not Shape.COPIES else 0.0) * len(found)


def test_a_surge_without_anger_and_a_storm_of_copies_must_not_alert() -> None:
    assert {one.key for one in planted(NOW) if not one.alerts} == {"film", "copies"}


# ------------------------------------------------------------------ cursor


def test_pages_hold_five_hundred_items_and_say_how_far_they_reach() -> None:
    found = list(pages(POSTS))
    assert [len(page.items) for page in found[:-1]] == [500] * (len(found) - 1)
    spans = [page.covered for page in found]
    assert all(span is not None for span in spans)
    assert all(one.end == other.start for one, other in itertools.pairwise(spans))  # type: ignore[union-attr]  # just asserted
    assert spans[-1] is not None
    assert spans[-1].end == NOW


def test_a_walk_that_starts_again_from_any_page_gives_every_item_once() -> None:
    small = demo.Settings(company="ostrelle", channel=Channel.APP, page_size=37)
    whole = items(small)
    cursor: Cursor | None = None
    found: list[Item] = []
    while True:
        page = next(pages(small, cursor))
        found += page.items
        cursor = page.cursor
        if len(page.items) < 37:
            break
    assert found == whole


def test_a_walk_cut_short_says_so_and_the_next_one_goes_on() -> None:
    first = list(pages(POSTS, max_pages=2))
    assert len(first) == 2
    assert first[-1].note
    rest = items(POSTS, first[-1].cursor)
    assert [item for page in first for item in page.items] + rest == items(POSTS)


def test_the_demo_stays_alive_and_gives_what_was_said_since() -> None:
    cursor = list(pages(POSTS))[-1].cursor
    assert items(POSTS, cursor) == []
    later = NOW + timedelta(days=3, hours=2)
    fresh = items(POSTS, cursor, now=later)
    assert 30 < len(fresh) < 150
    assert all(NOW < item.created_at <= later for item in fresh)
    assert not {item.external_id for item in fresh} & {item.external_id for item in items(POSTS)}


def test_a_clock_that_was_put_back_gives_nothing_twice() -> None:
    cursor = list(pages(POSTS))[-1].cursor
    (page,) = pages(POSTS, cursor, now=NOW - timedelta(hours=5))
    assert not page.items
    assert page.covered is None
    assert page.cursor == cursor


def test_a_backfill_gives_the_same_items_again_under_the_same_ids() -> None:
    cursor = list(pages(POSTS))[-1].cursor
    again = items(POSTS, cursor, since=NOW - timedelta(days=10))
    assert again == items(POSTS)[-len(again) :]


def test_sources_that_begin_on_different_days_tell_one_story_when_the_anchor_is_set() -> None:
    anchored = demo.Settings(company="kelpwind", channel=Channel.POSTS, anchor=NOW.date())
    tomorrow = items(anchored, now=NOW + timedelta(days=1))
    assert tomorrow[: len(items(POSTS))] == items(POSTS)


def test_a_foreign_cursor_is_named() -> None:
    with pytest.raises(PayloadChanged, match="cursor"):
        list(pages(POSTS, {"page": 3}))


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"company": "titanic", "channel": Channel.POSTS}, "kelpwind"),
        ({"company": "ostrelle", "channel": Channel.SURVEY}, "posts"),
        ({"company": "ostrelle", "channel": Channel.POSTS, "page_size": 0}, "page_size"),
    ],
)
def test_settings_that_mean_nothing_are_named_with_what_would(options: dict[str, object], named: str) -> None:
    with pytest.raises(BadSettings, match=named):
        demo.Settings(**options)  # type: ignore[arg-type]  # wrong on purpose


def test_the_documentation_lists_what_is_planted() -> None:
    text = (Path(__file__).parents[3] / "docs" / "demo.md").read_text(encoding="utf-8")
    for incident in INCIDENTS:
        (row,) = [line for line in text.splitlines() if line.startswith(f"| {incident.key} |")]
        assert COMPANIES[incident.company].name in row
        assert incident.story in row
        assert f"| {sum(incident.extra.values())} (" in row
        assert f"| {'yes' if incident.alerts else 'no'} |" in row
