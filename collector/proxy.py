"""Reaching sites through the owner's HTTP proxy, with the rule on private networks kept."""

from __future__ import annotations

import ssl
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import httpcore
import httpx

from collector.address import GuardedNetwork, GuardedTransport, Origin, is_plainly_private, origin_of
from collector.errors import AddressForbidden, BadSettings, SourceUnavailable

DIRECT = "direct"
"""What a source says that shall not use the proxy of all."""


def check_proxy(proxy: str) -> None:
    """BadSettings unless this is the address of an HTTP proxy, or "direct"."""
    try:
        usable = proxy == DIRECT or origin_of(proxy) is not None
    except AddressForbidden:
        usable = False
    if not usable:
        raise BadSettings('proxy needs an address such as "http://proxy.example.org:3128", or "direct" for none.')


def password_of(proxy: str | None) -> list[str]:
    """What of a proxy's address must never be shown."""
    password = urlsplit(proxy).password if proxy else None
    return [password, unquote(password)] if password else []


def place_of(proxy: str) -> str:
    """Host and port of a proxy, fit for an error."""
    return ":".join(str(part) for part in origin_of(proxy))


class ProxiedTransport(httpx.BaseTransport):
    """The owner's own private addresses directly, everything else through the proxy.

    The proxy looks names up for itself, so what was checked here cannot be pinned there: a name that leads into a
    private network here is refused, one that is unknown here is left to the proxy (which should know its own rules).

    network  its deadline bounds every answer; it must trust the proxy's origin
    trusted  origins that may be private, which are asked directly
    """

    def __init__(
        self,
        proxy: str,
        network: GuardedNetwork,
        *,
        ssl_context: ssl.SSLContext,
        trusted: frozenset[Origin],
        allow_private: bool,
    ) -> None:
        self._direct = GuardedTransport(network, ssl_context=ssl_context)
        self._proxied = _through(proxy, network, ssl_context)
        self._trusted = trusted
        self._allow_private = allow_private
        self._rule = GuardedNetwork(allow_private=allow_private, trusted_origins=trusted)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request on its way."""
        host, port = origin_of(str(request.url))
        if (host, port) in self._trusted:
            return self._direct.handle_request(request)
        self._check(host, port)
        return self._proxied.handle_request(request)

    def _check(self, host: str, port: int) -> None:
        if self._allow_private:
            return
        try:
            self._rule.checked(host, port)
        except SourceUnavailable:
            if is_plainly_private(host):
                raise AddressForbidden(f"{host} is inside a private network; the proxy is not asked for it.") from None

    def close(self) -> None:
        """Close all connections."""
        self._direct.close()
        self._proxied.close()


def _through(proxy: str, network: GuardedNetwork, ssl_context: ssl.SSLContext) -> httpx.HTTPTransport:
    """httpx's transport through a proxy. It offers no argument for the network, so the pool is replaced."""
    parts = httpx.Proxy(proxy)
    transport = GuardedTransport(network, ssl_context=ssl_context)
    transport._pool.close()
    pool = httpcore.HTTPProxy(
        proxy_url=httpcore.URL(
            scheme=parts.url.raw_scheme, host=parts.url.raw_host, port=parts.url.port, target=parts.url.raw_path
        ),
        proxy_auth=parts.raw_auth,
        ssl_context=ssl_context,
        proxy_ssl_context=ssl_context if parts.url.scheme == "https" else None,
        max_connections=4,
        keepalive_expiry=30,
        network_backend=network,
    )
    transport._pool = cast("Any", pool)
    return transport
