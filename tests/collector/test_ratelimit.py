"""Every shape in which a site says how long to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.ratelimit import LONGEST, rate_limit

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
IN_A_MINUTE = NOW + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"x-rate-limit-reset": str(int(IN_A_MINUTE.timestamp()))}, b""),
        ({"ratelimit-reset": str(int(IN_A_MINUTE.timestamp()))}, b""),
        ({"X-RateLimit-Reset": "2026-11-20T12:01:00.000000Z"}, b""),
        ({"RateLimit-ResetTime": "2026-11-20T12:01:00+00:00"}, b""),
        ({"X-Ratelimit-Reset": "60"}, b""),
        ({"X-Ratelimit-Reset": "60.0"}, b""),
        ({"Retry-After": "60"}, b""),
        ({"retry-after": "Fri, 20 Nov 2026 12:01:00 GMT"}, b""),
        ({"RateLimit": "limit=10, remaining=0, reset=60"}, b""),
        ({"RateLimit": '"default";r=0;t=60'}, b""),
        ({}, b'{"error_id": 502, "backoff": 60}'),
        ({}, b'{"errors": ["slow"], "extras": {"wait_seconds": 60}}'),
        ({"x-rate-limit-reset": str(int(IN_A_MINUTE.timestamp()) * 1000)}, b""),
    ],
)
def test_each_shape_of_a_reset_is_understood(headers: dict[str, str], body: bytes) -> None:
    assert rate_limit(headers, body, NOW).until == IN_A_MINUTE


def test_an_explicit_retry_after_outranks_the_window_s_reset() -> None:
    limit = rate_limit({"retry-after": "5", "x-ratelimit-reset": "300", "x-ratelimit-remaining": "0"}, b"", NOW)
    assert limit.until == NOW + timedelta(seconds=5)
    assert limit.remaining == 0


@pytest.mark.parametrize("value", ["", "soon", "nan", "inf", "-5", "1e400", "Fri, 99 Nov 2026", "\x00", "9" * 400])
def test_nonsense_never_makes_us_wait_long_or_fail(value: str) -> None:
    limit = rate_limit({"retry-after": value, "x-rate-limit-reset": value, "x-rate-limit-remaining": value}, b"", NOW)
    assert limit.until is None or NOW <= limit.until <= NOW + LONGEST


@given(st.text(max_size=30), st.binary(max_size=60))
def test_whatever_comes_the_wait_is_bounded(value: str, body: bytes) -> None:
    limit = rate_limit({"retry-after": value, "ratelimit": value, "ratelimit-reset": value}, b"backoff" + body, NOW)
    for moment in (limit.retry_at, limit.resets_at):
        assert moment is None or NOW <= moment <= NOW + LONGEST


def test_apple_s_combined_header_gives_what_is_left() -> None:
    assert rate_limit({"X-Rate-Limit": "user-hour-lim:3600;user-hour-rem:3545;"}, b"", NOW).remaining == 3545
