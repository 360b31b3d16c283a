"""The client against a server that misbehaves in every way we know."""

from __future__ import annotations

import tracemalloc
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from collector.address import GuardedNetwork, is_plainly_private, is_public, trusted
from collector.asking import Limits
from collector.brand import Brand
from collector.collect import collect
from collector.errors import (
    AddressForbidden,
    PayloadChanged,
    RateLimited,
    SourceRefused,
    SourceUnavailable,
    Stopped,
    TooLarge,
)
from collector.http import Client
from collector.sources import SourceConfig, generic_json
from collector.store import Store
from tests.collector.clock import Clock
from tests.collector.server import serving
from tests.collector.world import World, posts

TAG = "/api/v1/timelines/tag/auroraair"


@contextmanager
def asking(*faults: str | None, limits: Limits | None = None, **bound: Any) -> Iterator[Any]:
    """A client bound to a server with these faults ahead of it."""
    world = World(posts=posts(30, datetime.now(UTC)), faults=deque(faults))
    clock = Clock()
    with serving(world) as base:
        client = Client(now=clock.now, sleep=clock.sleep, limits=limits)
        with client.bound(home=[base], trusted=trusted([base]), **bound) as run:
            yield SimpleNamespace(world=world, clock=clock, base=base, client=run, process=client)


def test_an_honest_answer_is_read_without_waiting() -> None:
    with asking() as at:
        assert len(at.client.json(at.base + TAG).data) == 20
        assert at.clock.waits == []


@pytest.mark.parametrize(
    "fault", ["429-retry-after", "429-retry-date", "429-epoch", "429-iso", "429-seconds", "429-body"]
)
def test_every_shape_of_wait_is_waited_out(fault: str) -> None:
    with asking(fault) as at:
        began = at.clock.moment
        assert at.client.json(at.base + TAG).status == 200
        # The server names a time by the real clock, which goes on while ours stands.
        assert 0.9 <= at.clock.waited <= 4 + (datetime.now(UTC) - began).total_seconds()
        assert len(at.world.asked) == 2


@pytest.mark.parametrize("fault", ["500", "502", "503", "reset", "cut", "truncated"])
def test_a_passing_failure_is_retried_with_growing_waits(fault: str) -> None:
    with asking(fault, fault, fault) as at:
        assert len(at.client.json(at.base + TAG).data) == 20
        assert at.clock.waits == sorted(at.clock.waits)
        assert 3 <= at.clock.waited <= 15


def test_a_kept_connection_that_was_reset_is_replaced() -> None:
    with asking(None, "reset-after", None) as at:
        for _ in range(3):
            assert len(at.client.json(at.base + TAG).data) == 20


def test_a_failure_that_stays_ends_in_a_named_error_after_bounded_waits() -> None:
    with asking(*["500"] * 20) as at:
        with pytest.raises(SourceUnavailable, match=r"answered 500: an HTML page titled 'Bad day'"):
            at.client.json(at.base + TAG)
        assert len(at.world.asked) == Limits().attempts
        assert at.clock.waited < 120


def test_a_wait_too_long_for_this_run_says_until_when() -> None:
    with asking("429-long") as at:
        with pytest.raises(RateLimited) as caught:
            at.client.json(at.base + TAG)
        assert timedelta(hours=1.9) < caught.value.until - at.clock.moment < timedelta(hours=2.1)
        assert at.clock.waits == []


def test_a_refusal_for_the_rate_that_does_not_say_how_long_is_tried_again_and_then_left_alone() -> None:
    with asking(*["429"] * 20) as at:
        with pytest.raises(RateLimited) as caught:
            at.client.json(at.base + TAG)
        assert caught.value.until > at.clock.moment + timedelta(minutes=10)
        assert len(at.world.asked) == Limits().attempts


def test_an_allowance_used_up_holds_the_host_for_every_client_of_the_process() -> None:
    clock = Clock()
    used_up = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "600"}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, headers=used_up, stream=httpx.ByteStream(b"{}")))
    client = Client(now=clock.now, sleep=clock.sleep, transport=transport)
    with client.bound() as run:
        run.json("https://api.example/one")
        assert run.budget_left == 0
    with client.bound() as other, pytest.raises(RateLimited):
        other.json("https://api.example/two")


def test_requests_to_one_public_host_keep_their_distance() -> None:
    clock = Clock()
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=httpx.ByteStream(b"{}")))
    client = Client(now=clock.now, sleep=clock.sleep, transport=transport, gap=timedelta(seconds=2))
    with client.bound() as run:
        for path in "abc":
            run.json(f"https://api.example/{path}")
        run.json("https://other.example/")
    assert clock.waits == [2.0, 2.0]


def test_all_waits_of_a_run_together_are_bounded() -> None:
    limits = Limits(run_patience=timedelta(seconds=20))
    with asking(*["500", "500", None] * 20, limits=limits) as at:

        def ask_often() -> None:
            for _ in range(20):
                at.client.json(at.base + TAG)

        with pytest.raises(SourceUnavailable):
            ask_often()
        assert at.clock.waited <= 20


# ------------------------------------------------------------------ hostile answers


def test_html_where_json_is_expected_is_named() -> None:
    with asking("html") as at, pytest.raises(PayloadChanged, match="HTML page titled 'Just a moment' where JSON"):
        at.client.json(at.base + TAG)


def test_json_that_always_breaks_off_is_named() -> None:
    with asking(*["truncated"] * 9) as at, pytest.raises(PayloadChanged, match="breaks off after"):
        at.client.json(at.base + TAG)


def test_a_redirect_loop_ends() -> None:
    with asking(*["loop"] * 30) as at, pytest.raises(SourceRefused, match="redirects more than 5 times"):
        at.client.json(at.base + TAG)


@pytest.mark.parametrize("fault", ["inside", "file"])
def test_a_redirect_into_the_private_network_or_to_a_file_is_refused(fault: str) -> None:
    with asking(fault) as at, pytest.raises(AddressForbidden):
        at.client.json(at.base + TAG)


@pytest.mark.parametrize("fault", ["bomb", "double-bomb"])
def test_a_gzip_bomb_neither_passes_nor_fills_memory(fault: str) -> None:
    with asking(limits=Limits(size=1_000_000)) as at:
        at.client.json(at.base + TAG)
        at.world.faults.append(fault)
        tracemalloc.start()
        try:
            with pytest.raises((TooLarge, PayloadChanged)):
                at.client.json(at.base + TAG)
            assert tracemalloc.get_traced_memory()[1] < 10_000_000
        finally:
            tracemalloc.stop()


def test_a_compressed_answer_is_read() -> None:
    with asking("gzip") as at:
        assert len(at.client.json(at.base + TAG).data) == 20


def test_a_slow_drip_ends_at_the_limit_on_the_whole() -> None:
    with asking("drip", limits=Limits(whole=timedelta(seconds=0.4))) as at:
        with pytest.raises(TooLarge, match="took longer than"):
            at.client.json(at.base + TAG)
        assert len(at.world.asked) == 1


def test_a_wrong_character_set_is_seen_through() -> None:
    with asking("latin-1") as at:
        assert "Auróra Air" in at.client.json(at.base + TAG).data[0]["content"]


# ------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1",
        "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1", "::",
        "::127.0.0.1", "::10.0.0.1", "::7f00:1", "fec0::1", "64:ff9b:1::a00:1", "64:ff9b:1::808:808",
    ],
)  # fmt: skip
def test_private_addresses_are_known_however_they_are_written(address: str) -> None:
    assert not is_public(address)


def test_public_addresses_are_public() -> None:
    assert is_public("93.184.216.34")
    assert is_public("2606:2800:220:1:248:1893:25c8:1946")
    assert is_public("64:ff9b::5db8:d822")


def test_a_public_name_that_leads_inside_is_refused_unless_allowed() -> None:
    def inside(_host: str, _port: int) -> list[str]:
        return ["93.184.216.34", "10.0.0.7"]

    guarded = GuardedNetwork(allow_private=False, trusted_origins=frozenset(), lookup=inside)
    with pytest.raises(AddressForbidden, match="allow_private"):
        guarded.checked("forum.example", 443)
    allowed = GuardedNetwork(allow_private=True, trusted_origins=frozenset(), lookup=inside)
    assert allowed.checked("forum.example", 443) == ["93.184.216.34", "10.0.0.7"]


def test_only_addresses_private_on_their_face_are_taken_as_meant() -> None:
    assert trusted(["http://localhost:8080/x", "http://10.0.0.5", "https://forum.example"]) == {
        ("localhost", 8080),
        ("10.0.0.5", 80),
    }
    assert is_plainly_private("intranet")
    assert not is_plainly_private("forum.example")


def test_another_port_of_the_owner_s_own_host_is_not_trusted() -> None:
    with asking() as at, pytest.raises(AddressForbidden):
        at.client.json("http://127.0.0.1:1/")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x.example", "gopher://x", "http://", "http://[bad", "x"])
def test_only_web_addresses_are_asked(url: str) -> None:
    with asking() as at, pytest.raises(AddressForbidden):
        at.client.get(url)


# ------------------------------------------------------------------ secrets, validators, stopping


def test_keys_go_only_home_and_never_into_an_error() -> None:
    secret, clock, seen = "sesame-12345", Clock(), []
    auth = {"authorization": f"Bearer {secret}"}

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.url.host, request.headers.get("authorization")))
        if request.url.host == "api.example":
            away = {"location": "https://evil.example/take"}
            return httpx.Response(302, headers=away, stream=httpx.ByteStream(b""))
        return httpx.Response(403, stream=httpx.ByteStream(b'{"error": "bad key sesame-12345"}'))

    client = Client(now=clock.now, sleep=clock.sleep, transport=httpx.MockTransport(answer))
    with client.bound(home=["https://api.example"], secrets=[secret]) as run, pytest.raises(SourceRefused) as caught:
        run.json("https://api.example/x", {"api_token": secret, "q": secret}, auth=auth)
    assert seen == [("api.example", f"Bearer {secret}"), ("evil.example", None)]
    assert secret not in str(caught.value)
    assert "bad key ***" in str(caught.value)
    assert secret not in run.shown(f"https://u:{secret}@api.example/x?a={secret}&token={secret}")


@pytest.mark.parametrize(
    "home", [("https://api.example:8443",), ("https://api.example:8443", "http://api.example:8443")]
)
def test_keys_never_follow_a_redirect_from_https_to_http(home: tuple[str, ...]) -> None:
    clock, seen = Clock(), []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.url.scheme, request.headers.get("authorization")))
        if request.url.scheme == "https":
            bare = {"location": "http://api.example:8443/x"}
            return httpx.Response(302, headers=bare, stream=httpx.ByteStream(b""))
        return httpx.Response(200, stream=httpx.ByteStream(b"{}"))

    client = Client(now=clock.now, sleep=clock.sleep, transport=httpx.MockTransport(answer))
    with client.bound(home=home) as run:
        run.json("https://api.example:8443/x", auth={"authorization": "Bearer barley"})
    assert seen == [("https", "Bearer barley"), ("http", None)]


def test_the_headers_of_a_described_api_go_only_home_and_never_into_an_error(store: Store) -> None:
    seen, clock = [], Clock()

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.url.host, request.headers.get("x-api-key"), request.headers.get("authorization")))
        if request.url.host == "api.example":
            away = {"location": "https://evil.example/take"}
            return httpx.Response(302, headers=away, stream=httpx.ByteStream(b""))
        return httpx.Response(403, stream=httpx.ByteStream(b'{"error": "bad key sesame-12345"}'))

    settings = generic_json.Settings(
        base_url="https://api.example/reviews",
        headers={"X-Api-Key": "sesame-12345"},
        authorization="Bearer barley",
        map={"created_at": "at", "text": "said"},
    )
    config = SourceConfig(name="api", kind="generic_json", settings=settings, brand="Aurora Air")
    client = Client(now=clock.now, sleep=clock.sleep, transport=httpx.MockTransport(answer))
    report = collect(store, config, (Brand(name="Aurora Air"),), client, now=clock.now)
    assert seen == [("api.example", "sesame-12345", "Bearer barley"), ("evil.example", None, None)]
    assert "bad key ***" in str(report.error)


def test_an_unchanged_page_is_not_sent_again_but_fully_read_once_a_day() -> None:
    with asking() as at:
        url = at.base + "/feed.xml"
        at.client.get(url, conditional=True)
        (fresh,) = at.client.take_fresh()
        assert at.client.take_fresh() == []
        with at.process.bound(trusted=trusted([at.base]), validators={url: fresh}) as again:
            assert again.get(url, conditional=True).unchanged
            assert again.take_fresh() == []
            at.clock.moment += timedelta(days=1)
            assert not again.get(url, conditional=True).unchanged


def test_a_request_to_stop_is_heard_during_a_wait() -> None:
    with asking("500", stop=lambda: True) as at, pytest.raises(Stopped):
        at.client.json(at.base + TAG)
