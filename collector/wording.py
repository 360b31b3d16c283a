"""How an address is put together and how it is shown: with its parameters, and without its secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

_SECRET_NAMES = re.compile(
    r"key|token|secret|password|passwd|pwd|auth|sig|session|jwt|credential|^(?:code|pass)$", re.IGNORECASE
)


def with_params(url: str, params: Mapping[str, Any] | None) -> str:
    """An address with its parameters; None is left out, a list is repeated."""
    if not params:
        return url
    pairs = [
        (name, str(one).lower() if isinstance(one, bool) else str(one))
        for name, value in params.items()
        for one in (value if isinstance(value, (list, tuple)) else (value,))
        if one is not None
    ]
    return f"{url}{'&' if '?' in url else '?'}{urlencode(pairs)}" if pairs else url


def shown(url: str) -> str:
    """An address fit for errors and logs: no login, no values of likely keys, at most 300 characters."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        netloc = host if parts.port is None else f"{host}:{parts.port}"
    except ValueError:
        return url.split("?", maxsplit=1)[0][:300]
    query = "&".join(
        f"{quote(name)}={'***' if _SECRET_NAMES.search(name) else quote(value)}"
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    return urlunsplit((parts.scheme, netloc, parts.path, query, ""))[:300]


def redacted(text: str, secrets: Iterable[str]) -> str:
    """A text without these secrets, plain or as they stand in an address."""
    for secret in secrets:
        text = text.replace(secret, "***").replace(quote(secret, safe=""), "***")
    return text
