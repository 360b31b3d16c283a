"""How a server misbehaves: waits asked for in eight shapes, bombs, and answers that are not what they say."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

BOMB = gzip.compress(b"[" + b" " * 50_000_000 + b"]")
"""50 kB that become 50 MB."""

WAITS: dict[str, Callable[[], tuple[dict[str, str], bytes]]] = {
    "429-retry-after": lambda: ({"Retry-After": "3"}, b"slow down"),
    "429-retry-date": lambda: ({"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=3))}, b""),
    "429-epoch": lambda: ({"x-rate-limit-reset": str(int(datetime.now(UTC).timestamp()) + 3)}, b"{}"),
    "429-iso": lambda: ({"X-RateLimit-Reset": (datetime.now(UTC) + timedelta(seconds=3)).isoformat()}, b"{}"),
    "429-seconds": lambda: ({"X-Ratelimit-Reset": "3", "X-Ratelimit-Remaining": "0"}, b"{}"),
    "429-body": lambda: ({}, b'{"backoff": 3, "error_name": "throttle_violation"}'),
    "429-long": lambda: ({"Retry-After": "7200"}, b"{}"),
    "429": lambda: ({}, b"<html><title>Too many</title></html>"),
}


def spoiled(fault: str, body: bytes) -> tuple[bytes, dict[str, str]]:
    """The bytes and headers that a fault makes of an honest answer, under status 200."""
    typed = {"Content-Type": "application/json"}
    packed = {**typed, "Content-Encoding": "gzip"}
    answers: dict[str, tuple[bytes, dict[str, str]]] = {
        "reset-after": (body, typed),
        "truncated": (body[: len(body) // 2], typed),
        "html": (b"<!doctype html><html><title>Just a moment</title></html>", {"Content-Type": "text/html"}),
        "gzip": (gzip.compress(body), packed),
        "bomb": (BOMB, packed),
        "double-bomb": (gzip.compress(BOMB), {**typed, "Content-Encoding": "gzip, gzip"}),
        "latin-1": (
            body.decode().replace("Aurora", "Aur\u00f3ra").encode("latin-1"),
            {"Content-Type": "application/json; charset=utf-8"},
        ),
    }
    return answers[fault]
