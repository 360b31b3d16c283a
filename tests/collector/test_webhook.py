"""The inbound webhook over real HTTP: what is signed is saved before we say yes, and nothing else is."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import uvicorn
from sqlalchemy import func, select

from collector.brand import Brand
from collector.errors import BadSettings
from collector.sources import SourceConfig
from collector.sources.webhook import Settings
from collector.store import Store
from collector.store.runs import reject, run, state_of
from collector.store.tables import mention
from collector.webhook import Receiver, signature
from tests.collector.clock import Clock

SECRET = "sixteen or more characters"
ITEM = {"id": "1", "text": "Aurora Air lost my bag", "created_at": "2026-11-18T09:30:00Z", "rating": 1}


@dataclass(slots=True)
class Hook:
    base: str
    clock: Clock
    store: Store

    def send(self, content: Any, **changes: Any) -> httpx.Response:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        at = str(int((self.clock.moment + changes.pop("late", timedelta())).timestamp()))
        headers = {
            "content-type": "application/json",
            "x-groundswell-timestamp": at,
            "x-groundswell-signature": signature(changes.pop("secret", SECRET), at, body),
        }
        path = changes.pop("path", "/hooks/crm")
        return httpx.post(self.base + path, content=body, headers=headers | changes.pop("headers", {}))

    def count(self, table: Any) -> int:
        with self.store.read() as conn:
            return int(conn.scalar(select(func.count()).select_from(table)) or 0)


@pytest.fixture
def hook(store: Store) -> Iterator[Hook]:
    """The application behind a real server."""
    clock = Clock(moment=datetime(2026, 11, 20, 12, tzinfo=UTC))
    config = SourceConfig(name="crm", kind="webhook", settings=Settings(secret=SECRET, size=100_000))
    app = Receiver(store, [config], (Brand(name="Aurora Air"),), clock.now)
    started = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            started.set()

    server = Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    started.wait(30)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Hook(base=f"http://127.0.0.1:{port}", clock=clock, store=store)
    server.should_exit = True
    thread.join()


def test_a_signed_request_is_saved_and_sent_twice_is_saved_once(hook: Hook) -> None:
    answer = hook.send([ITEM, ITEM | {"id": "2", "text": "about nobody"}, {"id": "3"}])
    assert answer.status_code == 202
    assert answer.json() == {
        "new": 1,
        "edited": 0,
        "unchanged": 0,
        "unmatched": 1,
        "rejected": 1,
        "rejects": [{"place": "id 3", "reason": "the field 'created_at' is missing"}],
    }
    assert hook.send([ITEM]).json()["unchanged"] == 1
    assert (hook.count(mention), hook.count(reject), hook.count(run)) == (1, 1, 2)
    with hook.store.read() as conn:
        state = state_of(conn, "crm")
    assert state is not None
    assert state["last_success"] == hook.clock.moment
    assert hook.send(ITEM | {"text": "Aurora Air found my bag"}).json()["edited"] == 1


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"secret": "another sixteen characters"}, 401),
        ({"headers": {"x-groundswell-signature": ""}}, 401),
        ({"headers": {"x-groundswell-timestamp": "1"}}, 401),
        ({"late": timedelta(minutes=-6)}, 401),
        ({"late": timedelta(minutes=6)}, 401),
        ({"path": "/hooks/other"}, 404),
        ({"path": "/"}, 404),
        ({"headers": {"content-type": "text/csv"}}, 415),
    ],
)
def test_what_is_not_signed_sealed_and_addressed_is_refused(hook: Hook, changes: dict[str, Any], status: int) -> None:
    answer = hook.send([ITEM], **changes)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert hook.count(mention) == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"<html>", 400),
        (b"[" * 90_000, 400),
        (b'"text"', 400),
        (b" " * 100_001, 413),
        (b'[{"id":"9","text":"Aurora Air \\ud800","created_at":"2026-11-18T09:30:00Z"}]', 202),
    ],
)
def test_a_broken_body_is_named_and_breaks_nothing(hook: Hook, body: bytes, status: int) -> None:
    assert hook.send(body).status_code == status
    assert hook.send([ITEM]).status_code == 202


def test_an_endless_body_is_cut_off(hook: Hook) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(1_000):
            yield b" " * 10_000

    headers = {"content-type": "application/json"}
    try:
        status = httpx.post(f"{hook.base}/hooks/crm", content=endless(), headers=headers).status_code
    except httpx.TransportError:
        status = 413  # the server hung up on us, which is as good
    assert status == 413


def test_another_method_is_refused(hook: Hook) -> None:
    answer = httpx.get(f"{hook.base}/hooks/crm")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(BadSettings, match="16 characters"):
        Settings(secret="short")


def test_the_answer_does_not_wait_until_new_mentions_are_looked_at(store: Store) -> None:
    clock = Clock(moment=datetime(2026, 11, 20, 12, tzinfo=UTC))
    config = SourceConfig(name="crm", kind="webhook", settings=Settings(secret=SECRET, size=100_000))
    app = Receiver(store, [config], (Brand(name="Aurora Air"),), clock.now)
    body, at = json.dumps(ITEM).encode(), str(int(clock.moment.timestamp()))
    headers = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "x-groundswell-timestamp": at,
        "x-groundswell-signature": signature(SECRET, at, body),
    }
    scope = {
        "type": "http",
        "path": "/hooks/crm",
        "method": "POST",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    when_answered: list[tuple[int, int]] = []

    def due() -> int:
        with store.read() as conn:
            return int(conn.scalar(select(func.count()).where(mention.c.suspicion_due)) or 0)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: dict[str, Any]) -> None:
        if "status" in message:
            when_answered.append((message["status"], due()))

    asyncio.run(app(scope, receive, send))
    assert when_answered == [(202, 1)]
    assert due() == 0
