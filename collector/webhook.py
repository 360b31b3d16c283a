"""The address that inbound webhooks are sent to: an ASGI application that checks, saves, and only then says yes.

    POST /hooks/{source}
    Content-Type: application/json
    X-Groundswell-Timestamp: seconds since 1970
    X-Groundswell-Signature: sha256=HMAC-SHA256(secret, timestamp + "." + body), in hex

The signature is over the raw body, so that nothing is read of what is not signed. Answers: 202 saved (with what was set
aside), 400 no JSON, 401 not signed or too old, 404 no such webhook, 405 not a POST, 413 too large, 415 not JSON, 503
the store is busy: send it again. The same request twice changes nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from collector.answer import read_json
from collector.brand import Brand
from collector.claim import rejects_of
from collector.collect import listener_of
from collector.errors import CollectorError
from collector.judge import judged
from collector.payload import Parsed
from collector.sources import SourceConfig
from collector.sources.webhook import KIND, parse
from collector.store import Store, StoreError
from collector.store.mentions import save_mentions
from collector.store.runs import count_page, end_run, save_rejects, set_state, start_run
from collector.store.suspects import look_at_new

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

PREFIX = "/hooks/"
SHOWN = 20
"""Rejects that an answer names."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Refused(Exception):
    """Why a request is not taken: its status and one sentence for the sender."""

    status: int
    reason: str


class Receiver:
    """The ASGI application for the webhooks among these sources."""

    def __init__(
        self, store: Store, sources: Sequence[SourceConfig], brands: Sequence[Brand], now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._brands = brands
        self._now = now
        self._looking = threading.Lock()
        self._unseen = threading.Event()
        self._sources = {source.name: source for source in sources if source.kind == KIND and source.enabled}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (or the server's start and stop)."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        if scope["type"] != "http":
            return
        try:
            answer = await self._take(scope, receive)
        except _Refused as refused:
            await _answer(send, refused.status, {"error": refused.reason})
            return
        await _answer(send, 202, answer)
        # Only now: no sender should wait until everything that others brought is looked at, too.
        await asyncio.to_thread(self._look)

    def _look(self) -> None:
        """Look at what is new; where another request is at it, that one goes on until this one's is looked at, too."""
        self._unseen.set()
        while self._unseen.is_set() and self._looking.acquire(blocking=False):
            try:
                self._unseen.clear()
                look_at_new(self._store)
            except StoreError as error:
                log.warning("new mentions wait to be looked at", error=str(error))
            finally:
                self._looking.release()

    async def _take(self, scope: Scope, receive: Receive) -> dict[str, Any]:
        config = self._sources.get(str(scope["path"]).removeprefix(PREFIX))
        if config is None or not str(scope["path"]).startswith(PREFIX):
            raise _Refused(404, "There is no webhook at this address.")
        if scope["method"] != "POST":
            raise _Refused(405, "Send it with POST.")
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise _Refused(415, "Send application/json.")
        body = await _body(receive, headers, config.settings.size)
        now = self._now()
        check_signature(headers, body, config.settings, now)
        try:
            parsed = parse(read_json(body, headers["content-type"], "The request"), config.settings)
        except CollectorError as error:
            raise _Refused(400, str(error)[:500]) from error
        try:
            return await asyncio.to_thread(self._save, config, parsed, now)
        except StoreError as error:
            log.warning("a webhook could not be saved", source=config.name, error=str(error))
            raise _Refused(503, "It could not be saved; send it again.") from error

    def _save(self, config: SourceConfig, parsed: Parsed, now: datetime) -> dict[str, Any]:
        listener = listener_of(config, self._brands)
        verdicts = judged(self._store, listener, parsed.items, now)
        rejects = [*parsed.rejects, *rejects_of(verdicts)]
        unmatched = sum(not verdict.mentions and verdict.reject is None for verdict in verdicts)
        with self._store.write() as conn:
            run_id = start_run(conn, config.name, config.kind, now)
            saved = save_mentions(conn, self._store, [m for verdict in verdicts for m in verdict.mentions])
            kept = save_rejects(conn, config.name, run_id, rejects, now)
            added = {"new": saved.new, "edited": saved.edited, "unchanged": saved.unchanged}
            count_page(conn, run_id, **added, unmatched=unmatched, rejected=kept)
            end_run(conn, run_id, now, error_kind=None, error=None)
            set_state(conn, config.name, config.kind, last_success=now)
        aside = [{"place": reject.place, "reason": reject.reason} for reject in rejects[:SHOWN]]
        return added | {"unmatched": unmatched, "rejected": len(rejects), "rejects": aside}


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What the header X-Groundswell-Signature must be."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={digest.hexdigest()}"


def check_signature(headers: Mapping[str, str], body: bytes, settings: Any, now: datetime) -> None:
    """Refuse a request whose signature is wrong, or whose timestamp is too far from now."""
    timestamp = headers.get("x-groundswell-timestamp", "")
    right = signature(settings.secret, timestamp, body)
    if not hmac.compare_digest(right.encode(), headers.get("x-groundswell-signature", "").encode()):
        raise _Refused(401, "The signature is missing or wrong.")
    if not timestamp.isdecimal() or abs(now.timestamp() - int(timestamp[:15])) > settings.tolerance.total_seconds():
        raise _Refused(401, "The timestamp is too far from the present; check the sender's clock.")


async def _body(receive: Receive, headers: Mapping[str, str], limit: int) -> bytes:
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length[:15]) > limit:
        raise _Refused(413, f"Send at most {limit:,} bytes.")
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Refused(400, "The request was broken off.")
        body += message.get("body", b"")
        if len(body) > limit:
            raise _Refused(413, f"Send at most {limit:,} bytes.")
        if not message.get("more_body", False):
            return bytes(body)


async def _answer(send: Send, status: int, content: Mapping[str, Any]) -> None:
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 405:
        headers.append((b"allow", b"POST"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _live(receive: Receive, send: Send) -> None:
    """Take part in the server's start and stop; there is nothing to do at either."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
