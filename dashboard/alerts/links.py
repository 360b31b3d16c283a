"""The links in messages: where the dashboard tells more, and the signed tokens by which people confirm or unsubscribe.

A token is address and purpose with an HMAC-SHA256, in URL-safe base64: whoever holds the mail may use it, nobody can
make one. It does not expire, for unsubscribing must work from the oldest mail (RFC 8058).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from urllib.parse import urlencode

from dashboard.alerts.settings import AlertSettings

_LENGTH = 16
"""Bytes of the signature: 128 bits."""


def confirm(token: str, secret: str) -> str | None:
    """The address that a confirmation token speaks for; None if the token is not ours."""
    return _address(token, "confirm", secret)


def unsubscribe(token: str, secret: str) -> str | None:
    """The address that an unsubscribe token speaks for; None if the token is not ours."""
    return _address(token, "unsubscribe", secret)


def token_of(address: str, purpose: str, secret: str) -> str:
    """The token for an address; purpose is "confirm" or "unsubscribe"."""
    raw = address.lower().encode()
    return base64.urlsafe_b64encode(_signature(raw, purpose, secret) + raw).decode().rstrip("=")


def incident_link(settings: AlertSettings, incident_id: int) -> str | None:
    """Where the dashboard shows an incident."""
    return _link(settings, "incident", id=str(incident_id))


def page_link(settings: AlertSettings, page: str) -> str | None:
    """Where the dashboard shows one of its pages."""
    return _link(settings, page)


def confirm_link(settings: AlertSettings, address: str) -> str | None:
    """Where the person behind an address confirms it."""
    return (
        None
        if settings.secret is None
        else _link(settings, "confirm", token=token_of(address, "confirm", settings.secret))
    )


def unsubscribe_link(settings: AlertSettings, address: str) -> str | None:
    """Where the person behind an address stops all mails to it."""
    if settings.secret is None:
        return None
    return _link(settings, "unsubscribe", token=token_of(address, "unsubscribe", settings.secret))


def _link(settings: AlertSettings, page: str, **query: str) -> str | None:
    if settings.base_url is None:
        return None
    address = f"{settings.base_url.rstrip('/')}/{page}"
    return f"{address}?{urlencode(query)}" if query else address


def _address(token: str, purpose: str, secret: str) -> str | None:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        signature, address = raw[:_LENGTH], raw[_LENGTH:]
        found = address.decode()
    except (binascii.Error, ValueError):
        return None
    return found if address and hmac.compare_digest(signature, _signature(address, purpose, secret)) else None


def _signature(address: bytes, purpose: str, secret: str) -> bytes:
    return hmac.new(secret.encode(), purpose.encode() + b"\0" + address, hashlib.sha256).digest()[:_LENGTH]
