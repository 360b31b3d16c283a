"""Logins by signed or refreshed tokens: Google's service accounts and refresh tokens, Apple's ES256 keys."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt

from collector.errors import BadSettings, PayloadChanged

if TYPE_CHECKING:
    from collector.http import Client

LIFE = timedelta(minutes=15)
"""How long a signed token lives: Apple allows twenty minutes, Google an hour."""


def signed(claims: dict[str, Any], key: str, algorithm: str, *, key_id: str | None, now: datetime) -> str:
    """A JWT over these claims, issued at `now`; BadSettings where the key is no such key."""
    times = {"iat": int(now.timestamp()), "exp": int((now + LIFE).timestamp())}
    headers = {"kid": key_id} if key_id else None
    try:
        return jwt.encode(claims | times, key.replace("\\n", "\n"), algorithm=algorithm, headers=headers)
    except (ValueError, TypeError, jwt.PyJWTError) as error:
        raise BadSettings(
            f"The private key cannot sign with {algorithm} ({error}); give it whole, in PEM form."
        ) from error


def service_account_token(client: Client, account: str, scope: str, token_url: str) -> str:
    """An access token for a Google service account, given as the JSON of its key file (RFC 7523).

    https://developers.google.com/identity/protocols/oauth2/service-account
    """
    try:
        known = json.loads(account)
        email, key, key_id = known["client_email"], known["private_key"], known.get("private_key_id")
    except (ValueError, KeyError, TypeError) as error:
        raise BadSettings(
            "The service account is not the JSON of a Google key file (client_email, private_key)."
        ) from error
    claims = {"iss": email, "scope": scope, "aud": token_url}
    assertion = signed(claims, key, "RS256", key_id=key_id, now=client.now())
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
    return access_token(client.post(token_url, form).data, "Google")


def refreshed_token(client: Client, token_url: str, *, client_id: str, client_secret: str, refresh_token: str) -> str:
    """An access token for a refresh token (RFC 6749, section 6)."""
    form = {
        "grant_type": "refresh_token",
        "client_id": client_id,
        "client_secret": client_secret,
        "refresh_token": refresh_token,
    }
    return access_token(client.post(token_url, form).data, "Google")


def access_token(data: Any, who: str) -> str:
    """The access token of a token answer."""
    token = data.get("access_token") if isinstance(data, dict) else None
    if not isinstance(token, str) or not token:
        raise PayloadChanged(f"{who}'s answer to the login holds no access_token.")
    return token
