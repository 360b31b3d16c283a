"""Where a collector may connect: public addresses, resolved once and pinned, never a private network by surprise."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

import httpcore
import httpx

from collector.errors import AddressForbidden, SourceUnavailable

Origin = tuple[str, int]
"""Host (lower case) and port."""
Resolve = Callable[[str, int], list[str]]


class Site(NamedTuple):
    """What credentials are meant for: over http, a host and port are another site than over https."""

    scheme: str
    origin: Origin


_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LOCAL = tuple(map(ipaddress.ip_network, ("::/96", "fec0::/10", "64:ff9b:1::/48")))
"""Local though Python takes them for global: IPv4 in IPv6 and site addresses of old (RFC 4291, 2.5.5.1 and 2.5.7), and
a network's own NAT64 (RFC 8215)."""
_PORTS = {"http": 80, "https": 443}


def resolve(host: str, port: int) -> list[str]:
    """Every address of a host, as the system's resolver gives them."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SourceUnavailable(
            f"The name {host!r} cannot be resolved ({error}). Check the address and this machine's DNS."
        ) from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether an address belongs to the public Internet, looking through the ways to write IPv4 in IPv6."""
    ip = ipaddress.ip_address(address.split("%", 1)[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if any(ip in network for network in _LOCAL):
            return False
    return ip.is_global and not ip.is_multicast


def is_plainly_private(host: str) -> bool:
    """Whether an address is private on its face: nobody writes localhost or 10.0.0.5 by mistake.

    A public-looking name that merely resolves into a private network does not count: whoever owns the name could
    point it there.
    """
    host = host.lower().rstrip(".")
    try:
        return not is_public(host)
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal", ".lan", ".home.arpa"))


def origin_of(url: str) -> Origin:
    """Host and port of an http(s) address; AddressForbidden for any other scheme or a broken address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressForbidden(f"The address {url[:200]!r} is malformed ({error}).") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise AddressForbidden(f"Only http and https addresses are collected, not {url[:200]!r}.")
    return parts.hostname.lower(), port or _PORTS[parts.scheme]


def site_of(url: str) -> Site:
    """The site of an http(s) address; AddressForbidden for any other scheme or a broken address."""
    origin = origin_of(url)
    return Site(urlsplit(url).scheme, origin)


def trusted(urls: Iterable[str]) -> frozenset[Origin]:
    """The origins among the owner's own addresses that are private on their face, and therefore meant."""
    origins = (origin_of(url) for url in urls)
    return frozenset(origin for origin in origins if is_plainly_private(origin[0]))


class GuardedNetwork(httpcore.NetworkBackend):
    """Connections that resolve once, refuse private addresses, connect to exactly what was checked, and end in time.

    `deadline` (monotonic seconds) bounds everything that one answer may take: names, handshakes, headers and body,
    however slowly they drip.
    """

    def __init__(self, *, allow_private: bool, trusted_origins: frozenset[Origin], lookup: Resolve = resolve) -> None:
        self._allow_private = allow_private
        self._trusted = trusted_origins
        self._lookup = lookup
        self._inner = httpcore.SyncBackend()
        self.deadline: float = float("inf")

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first of the host's checked addresses that answers."""
        failure: Exception | None = None
        for address in self.checked(host, port):
            try:
                stream = self._inner.connect_tcp(address, port, self.left(timeout), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream, self)
        raise failure or httpcore.ConnectError(f"{host} has no address")

    def checked(self, host: str, port: int) -> list[str]:
        """The host's addresses; AddressForbidden if any of them is private and nobody allowed it."""
        addresses = self._lookup(host, port)
        if self._allow_private or (host.lower(), port) in self._trusted:
            return addresses
        for address in addresses:
            if not is_public(address):
                raise AddressForbidden(
                    f"{host} leads to {address}, inside a private network. If that is meant, set "
                    "allow_private = true for this source."
                )
        return addresses

    def left(self, timeout: float | None) -> float:
        """The smaller of a timeout and what is left until the deadline; ReadTimeout when nothing is."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the answer took longer than allowed")
        return left if timeout is None else min(timeout, left)

    def sleep(self, seconds: float) -> None:
        """Part of the backend's protocol; the pool itself never waits here."""
        self._inner.sleep(seconds)


class _TimedStream(httpcore.NetworkStream):
    """A stream whose every read and write ends by the network's deadline."""

    def __init__(self, stream: httpcore.NetworkStream, network: GuardedNetwork) -> None:
        self._stream = stream
        self._network = network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._network.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._network.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._network.left(timeout))
        return _TimedStream(secured, self._network)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class GuardedTransport(httpx.HTTPTransport):
    """httpx's transport over a guarded network. httpx offers no argument for the backend, so the pool is replaced."""

    def __init__(self, network: GuardedNetwork, *, ssl_context: Any) -> None:
        super().__init__(verify=ssl_context)
        self._pool.close()
        self._pool = cast(
            "Any",
            httpcore.ConnectionPool(
                ssl_context=ssl_context, max_connections=4, keepalive_expiry=30, network_backend=network
            ),
        )
