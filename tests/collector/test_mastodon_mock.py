"""The Mastodon kind against mastodon-mock, a server that somebody else wrote."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from collector.brand import Brand
from collector.collect import RunReport, collect
from collector.http import Client
from collector.sources import SourceConfig
from collector.sources.mastodon import Settings
from collector.store import Store
from collector.store.tables import mention
from tests.collector.clock import Clock

TOKEN = {"authorization": "Bearer mock_token"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running mastodon-mock on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "mastodon_mock",
        "serve",
        "--in-memory",
        "--port",
        str(port),
        "--log-level",
        "error",
    ]
    log = tmp_path_factory.mktemp("mock") / "log"
    with Path(log).open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=log.parent)
        base = f"http://127.0.0.1:{port}"
        try:
            transport = httpx.HTTPTransport(retries=8)  # waits for the port to open, a little longer each time
            with httpx.Client(transport=transport, timeout=30) as http:
                http.get(f"{base}/api/v1/instance").raise_for_status()
            yield base
        finally:
            process.terminate()
            process.wait(timeout=20)


def say(base: str, text: str, **more: Any) -> str:
    answer = httpx.post(f"{base}/api/v1/statuses", json={"status": text, **more}, headers=TOKEN).raise_for_status()
    return str(answer.json()["id"])


def run(store: Store, base: str, clock: Clock, tag: str, **options: Any) -> RunReport:
    settings = Settings(base_url=base, tags=(tag,), token="mock_token", **options)
    config = SourceConfig(name="toots", kind="mastodon", settings=settings, brand="Aurora Air")
    client = Client(now=clock.now, sleep=clock.sleep)
    return collect(store, config, (Brand(name="Aurora Air"),), client, now=clock.now)


def texts(store: Store) -> list[str]:
    with store.read() as conn:
        return sorted(conn.scalars(select(mention.c.text)))


def test_posts_edits_and_faults_of_a_real_server(server: str, store: Store) -> None:
    clock = Clock()
    ids = [say(server, f"Flight {n} was late again #AuroraLate <b>&</b>") for n in range(95)]
    clock.moment = Clock().moment
    first = run(store, server, clock, "AuroraLate")
    assert (first.error, first.new) == (None, 95)
    assert texts(store)[0] == "Flight 0 was late again #AuroraLate <b>&</b>"

    edited = {"status": "Flight 94 was late, then cancelled #AuroraLate"}
    httpx.put(f"{server}/api/v1/statuses/{ids[-1]}", json=edited, headers=TOKEN).raise_for_status()
    say(server, "Flight 95 was on time #AuroraLate")
    effect = {"type": "ratelimit", "headers": {"Retry-After": "2"}}
    limited = {"effect": effect, "match": {"path": "/api/v1/timelines/tag/*"}, "count": 1}
    httpx.post(f"{server}/api/v1/_mock/faults", json=limited, headers=TOKEN).raise_for_status()
    clock.moment = Clock().moment
    second = run(store, server, clock, "AuroraLate")
    assert (second.error, second.new, second.edited) == (None, 1, 1)
    assert "Flight 94 was late, then cancelled #AuroraLate" in texts(store)


def test_an_unknown_tag_is_calm(server: str, store: Store) -> None:
    report = run(store, server, Clock(), "nobodysaidthis")
    assert (report.error, report.new) == (None, 0)


@pytest.mark.parametrize(
    ("effect", "kind"),
    [({"type": "malformed"}, "PayloadChanged"), ({"type": "status", "status": 401}, "SourceRefused")],
)
def test_what_a_real_server_does_wrong_has_a_name(server: str, store: Store, effect: dict[str, Any], kind: str) -> None:
    say(server, "once #AuroraFault")
    fault = {"effect": effect, "match": {"path": "/api/v1/timelines/tag/*"}, "count": 5}
    httpx.post(f"{server}/api/v1/_mock/faults", json=fault, headers=TOKEN).raise_for_status()
    try:
        assert run(store, server, Clock(), "AuroraFault").error_kind == kind
    finally:
        httpx.delete(f"{server}/api/v1/_mock/faults", headers=TOKEN).raise_for_status()
