"""How sites say "wait": the five shapes of a rate limit's reset, read from headers and body.

Shapes met in the wild (header names in any case):

    epoch seconds      x-rate-limit-reset (X), ratelimit-reset (atproto)
    ISO 8601           X-RateLimit-Reset (Mastodon), RateLimit-ResetTime (Yelp)
    seconds remaining  X-Ratelimit-Reset (Reddit), RateLimit-Reset (IETF draft 03 to 07)
    Retry-After        seconds or an HTTP-date (RFC 9110, section 10.2.3)
    in the body        `backoff` seconds (Stack Exchange), `extras.wait_seconds` (Discourse)
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

LONGEST = timedelta(days=1)
"""A site that asks for more (or sends nonsense) is asked again after this long."""
EPOCH_FROM = 1e9
"""A number from here on is a moment (2001 or later), below it is a count of seconds (31 years)."""
EPOCH_MILLISECONDS_FROM = 1e11

_RESETS = (
    "x-rate-limit-reset",
    "x-ratelimit-reset",
    "ratelimit-reset",
    "ratelimit-resettime",
    "x-rate-limit-resettime",
)
_REMAINING = ("x-rate-limit-remaining", "x-ratelimit-remaining", "ratelimit-remaining")
_COMBINED_REMAINING = re.compile(r"(?:\bremaining=|;\s*r=|user-hour-rem:)\s*(\d+)", re.IGNORECASE)
_COMBINED_RESET = re.compile(r"(?:\breset=|;\s*t=)\s*(\d+)", re.IGNORECASE)
_COMBINED = ("ratelimit", "x-rate-limit")
"""All in one: `RateLimit: limit=10, remaining=0, reset=30`, `"default";r=0;t=30` (IETF draft), Apple's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """What an answer says about our allowance.

    remaining    requests still granted, None where it is not said
    resets_at    when the allowance is renewed (aware UTC)
    retry_at     when we were explicitly asked to come back (aware UTC)
    """

    remaining: int | None = None
    resets_at: datetime | None = None
    retry_at: datetime | None = None

    @property
    def until(self) -> datetime | None:
        """When to come back after a refusal."""
        return self.retry_at or self.resets_at


def rate_limit(headers: Mapping[str, str], body: bytes, now: datetime) -> RateLimit:
    """Read every shape; nonsense is ignored, and no moment is before `now` or more than a day after it."""
    lower = {name.lower(): value for name, value in headers.items()}
    return RateLimit(
        remaining=_remaining(lower),
        resets_at=_first(_moment(lower[name], now) for name in _RESETS if name in lower) or _combined_reset(lower, now),
        retry_at=_moment(lower.get("retry-after"), now) or _in_body(body, now),
    )


def _first(moments: Any) -> datetime | None:
    return next((moment for moment in moments if moment is not None), None)


def _remaining(headers: Mapping[str, str]) -> int | None:
    for name in _REMAINING:
        number = _number(headers.get(name))
        if number is not None:
            return max(0, int(number))
    for name in _COMBINED:
        found = _COMBINED_REMAINING.search(headers.get(name, ""))
        if found:
            return int(found.group(1)[:9])
    return None


def _combined_reset(headers: Mapping[str, str], now: datetime) -> datetime | None:
    found = _COMBINED_RESET.search(headers.get("ratelimit", ""))
    return _moment(found.group(1), now) if found else None


def _in_body(body: bytes, now: datetime) -> datetime | None:
    if b"backoff" not in body and b"wait_seconds" not in body:
        return None
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    extras = data.get("extras")
    asked = data.get("backoff") or (extras.get("wait_seconds") if isinstance(extras, dict) else None)
    return _moment(str(asked), now) if asked is not None else None


def _number(value: str | None) -> float | None:
    try:
        number = float(value.strip()) if value else None
    except ValueError:
        return None
    return number if number is not None and math.isfinite(number) else None


def _moment(value: str | None, now: datetime) -> datetime | None:
    if not value:
        return None
    number = _number(value)
    if number is None:
        moment = _date(value.strip())
        return None if moment is None else _bounded(moment, now)
    if number >= EPOCH_MILLISECONDS_FROM:
        number /= 1000
    seconds = number - now.timestamp() if number >= EPOCH_FROM else number
    return _bounded(now + timedelta(seconds=min(max(seconds, 0.0), LONGEST.total_seconds())), now)


def _date(value: str) -> datetime | None:
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(value)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return None


def _bounded(moment: datetime, now: datetime) -> datetime:
    return min(max(moment, now), now + LONGEST)
