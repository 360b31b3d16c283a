"""What single sites do in ways of their own: quotas, switched-off comments, answers in words, broken keys."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest

from collector.errors import BadSettings, BudgetSpent, CollectorError, PayloadChanged, RateLimited, SourceRefused
from collector.http import UNSAID, Client
from collector.sources import Page, Walk, kinds
from collector.sources.gdelt import read_loosely
from collector.sources.google_business import original
from collector.sources.youtube import midnight_pacific
from tests.collector.clock import Clock

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@contextmanager
def answering(answer: Callable[[httpx.Request], Any]) -> Iterator[Client]:
    """A client whose every request gets what `answer` says: a status and JSON (or text)."""

    def respond(request: httpx.Request) -> httpx.Response:
        status, said = answer(request)
        body = said if isinstance(said, str) else json.dumps(said)
        return httpx.Response(status, stream=httpx.ByteStream(body.encode()))

    clock = Clock(moment=NOW)
    client = Client(now=clock.now, sleep=clock.sleep, transport=httpx.MockTransport(respond))
    with client.bound() as run:
        yield run


def pages(kind: str, client: Client, **options: Any) -> list[Page]:
    module: Any = kinds()[kind]
    return list(module.fetch(module.Settings(**options), client, None, Walk(now=NOW, terms=("aurora",))))


def refused(reason: str) -> dict[str, Any]:
    return {"error": {"code": 403, "message": reason, "errors": [{"reason": reason}]}}


# ------------------------------------------------------------------ YouTube

YOUTUBE = {"channels": ("UC1",), "api_key": "key"}


def test_a_used_up_youtube_quota_waits_for_midnight_in_california() -> None:
    with answering(lambda _: (403, refused("quotaExceeded"))) as client, pytest.raises(RateLimited) as caught:
        pages("youtube", client, **YOUTUBE)
    assert caught.value.until == datetime(2026, 11, 21, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "midnight"),
    [
        (datetime(2026, 7, 1, 6, 59, tzinfo=UTC), datetime(2026, 7, 1, 7, tzinfo=UTC)),
        (datetime(2026, 3, 8, 9, tzinfo=UTC), datetime(2026, 3, 9, 7, tzinfo=UTC)),
        (datetime(2026, 11, 1, 8, tzinfo=UTC), datetime(2026, 11, 2, 8, tzinfo=UTC)),
    ],
)
def test_midnight_in_california_knows_summer_time(now: datetime, midnight: datetime) -> None:
    assert midnight_pacific(now) == midnight


def test_comments_switched_off_are_said_and_are_no_error() -> None:
    with answering(lambda _: (403, refused("commentsDisabled"))) as client:
        (page,) = pages("youtube", client, **YOUTUBE)
    assert "switched off" in (page.note or "")


@pytest.mark.parametrize("reason", ["rateLimitExceeded", "userRateLimitExceeded"])
def test_a_youtube_that_is_asked_too_often_is_left_alone_for_a_while(reason: str) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> Any:
        asked.append(request)
        return 403, refused(reason)

    with answering(answer) as client, pytest.raises(RateLimited) as caught:
        pages("youtube", client, channels=("UC1", "UC2"), api_key="key")
    assert not isinstance(caught.value, BudgetSpent)
    assert caught.value.until == NOW + UNSAID
    assert len(asked) == 1, "the other channels are left alone too"


def test_comments_of_youtube_are_read_back_without_a_page_size_which_goes_with_no_ids() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> Any:
        asked.append(request)
        return 200, {"items": []}

    module: Any = kinds()["youtube"]
    with answering(answer) as client:
        assert module.check(module.Settings(**YOUTUBE), client, ["a", "b"]).gone == ["a", "b"]
    assert (asked[0].url.params["id"], "maxResults" in asked[0].url.params) == ("a,b", False)


def test_another_refusal_of_youtube_is_an_error() -> None:
    with answering(lambda _: (403, refused("forbidden"))) as client, pytest.raises(SourceRefused, match="forbidden"):
        pages("youtube", client, **YOUTUBE)


def test_replies_that_a_thread_did_not_bring_are_fetched() -> None:
    def said(name: str, parent: str | None = None) -> dict[str, Any]:
        snippet = {"textDisplay": name, "publishedAt": "2026-11-19T00:00:00Z", "parentId": parent}
        return {"id": name, "snippet": snippet}

    def answer(request: httpx.Request) -> Any:
        if request.url.path.endswith("/comments"):
            return 200, {"items": [said(f"r{n}", "t") for n in range(3)]}
        thread = {"topLevelComment": said("t"), "totalReplyCount": 3}
        return 200, {"items": [{"id": "t", "snippet": thread, "replies": {"comments": [said("r1", "t")]}}]}

    with answering(answer) as client:
        (page,) = pages("youtube", client, **YOUTUBE)
    assert sorted(item.external_id for item in page.items) == ["r0", "r1", "r2", "t"]


# ------------------------------------------------------------------ the others


@pytest.mark.parametrize(
    ("status", "said", "advice"),
    [
        (401, {"error": "AuthMissing", "message": "Authentication Required"}, "app password"),
        (
            400,
            {"error": "InvalidRequest", "message": "No service configured for app.bsky.feed.searchPosts"},
            "base_url",
        ),
    ],
)
def test_a_bluesky_server_that_only_keeps_accounts_says_what_to_do(status: int, said: Any, advice: str) -> None:
    with answering(lambda _: (status, said)) as client, pytest.raises(SourceRefused, match=advice):
        pages("bluesky", client)


def test_a_throttled_stack_exchange_says_for_how_long() -> None:
    message = {"error_id": 502, "error_name": "throttle_violation", "error_message": "more available in 4000 seconds"}
    with answering(lambda _: (400, message)) as client, pytest.raises(RateLimited) as caught:
        pages("stack_exchange", client)
    assert caught.value.until == NOW + timedelta(seconds=4000)


def test_a_backoff_of_stack_exchange_is_kept_before_the_next_request() -> None:
    asked: list[datetime] = []

    def answer(_request: httpx.Request) -> Any:
        asked.append(client.now())
        item = {"question_id": len(asked), "title": "aurora", "creation_date": int(NOW.timestamp()) - len(asked)}
        return 200, {"items": [item], "has_more": len(asked) < 3, "backoff": 20}

    with answering(answer) as client:
        pages("stack_exchange", client)
    assert [later - before for before, later in pairwise(asked)] == [timedelta(seconds=20)] * 2


def test_lemmy_s_rate_limit_hides_behind_a_400() -> None:
    with answering(lambda _: (400, {"error": "rate_limit_error"})) as client, pytest.raises(RateLimited):
        pages("lemmy", client, base_url="https://lemmy.example")


def test_gdelt_s_answers_in_words_are_quoted_and_its_stray_backslashes_mended() -> None:
    said = "The specified phrase is too short."
    with answering(lambda _: (200, said)) as client, pytest.raises(PayloadChanged, match="phrase is too short"):
        pages("gdelt", client)
    assert read_loosely('{"articles": [{"title": "a \\d b \\" c \\u00e9"}]}')["articles"][0]["title"] == 'a \\d b " c é'
    assert read_loosely("") == {"articles": []}


def test_hacker_news_limit_in_a_200_is_an_error() -> None:
    limit = {"hits": [], "nbHits": 0, "message": "you can only fetch the 1000 hits for this query"}
    with answering(lambda _: (200, limit)) as client, pytest.raises(PayloadChanged, match="1000 hits"):
        pages("hacker_news", client)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("app_store_connect", {"apps": ("1",), "issuer_id": "i", "key_id": "k", "private_key": "no key"}),
        ("google_play", {"packages": ("a",), "service_account": "no json"}),
        ("google_play", {"packages": ("a",), "service_account": '{"client_email": "a", "private_key": "no key"}'}),
    ],
)
def test_a_key_that_is_no_key_is_named_and_not_shown(kind: str, options: dict[str, Any]) -> None:
    with answering(lambda _: (200, {})) as client, pytest.raises(BadSettings) as caught:
        pages(kind, client, **options)
    assert "no key" not in str(caught.value)


def test_google_s_translations_are_taken_off() -> None:
    assert original("(Translated by Google) Good\n\n(Original)\nGut") == "Gut"
    assert original("Gut\n\n(Translated by Google)\nGood") == "Gut"
    assert original("Gut") == "Gut"


@pytest.mark.parametrize("kind", sorted(set(kinds()) - {"files", "demo", "imap", "webhook"}))
@pytest.mark.parametrize("said", ["null", "[]", "{}", '"x"', "7", '{"error": "x"}', '[{"id": 1}]', "<html></html>"])
def test_an_answer_in_any_other_shape_ends_in_a_named_error_or_calm(kind: str, said: str) -> None:
    from tests.collector.test_collect import OPTIONS

    name = next(one for one in OPTIONS if one.split(" ", maxsplit=1)[0] == kind)
    fields = kinds()[kind].Settings.__dataclass_fields__
    options = {"base_url": "https://site.example"} if "base_url" in fields else {}
    options |= json.loads(json.dumps(OPTIONS[name]).replace("{base}", "https://site.example"))
    options = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}

    def answer(request: httpx.Request) -> Any:
        return 200, {"access_token": "t"} if request.method == "POST" else said

    with answering(answer) as client:
        try:
            got = pages(kind, client, **options)
        except CollectorError:
            return
    assert sum(len(page.items) for page in got) == 0
