"""A small HTTP proxy on loopback that knows every name: whatever is asked for leads to one server behind it."""

from __future__ import annotations

import socket
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass(slots=True)
class Proxy:
    """Where it listens, what it was asked for, and what it leads to."""

    behind: tuple[str, int]
    login: str | None = None
    refuses: bool = False
    asked: list[str] = field(default_factory=list)
    base: str = ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def log_message(self, *_: object) -> None:
        """Be quiet."""

    def _admitted(self) -> bool:
        self.proxy.asked.append(f"{self.command} {self.path}")
        wanted = None if self.proxy.login is None else "Basic " + b64encode(self.proxy.login.encode()).decode()
        if self.proxy.refuses or (wanted is not None and self.headers.get("proxy-authorization") != wanted):
            self.send_response(407 if wanted else 403, "No way through")
            self.send_header("content-length", "0")
            self.end_headers()
            return False
        return True

    def do_GET(self) -> None:
        if not self._admitted():
            return
        parts = urlsplit(self.path)
        behind = HTTPConnection(*self.proxy.behind, timeout=10)
        headers = {name: value for name, value in self.headers.items() if not name.lower().startswith("proxy-")}
        behind.request("GET", f"{parts.path}?{parts.query}", headers=headers)
        answer = behind.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        behind.close()

    def do_CONNECT(self) -> None:
        if not self._admitted():
            return
        with socket.create_connection(self.proxy.behind, 10) as behind:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=_pump, args=(behind, self.connection), daemon=True)
            back.start()
            _pump(self.connection, behind)
            back.join(10)
        self.close_connection = True


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def proxying(behind: str, **options: str | bool) -> Iterator[Proxy]:
    """A proxy that leads to the server at an address."""
    parts = urlsplit(behind)
    proxy = Proxy(behind=(parts.hostname or "", parts.port or 0), **options)  # type: ignore[arg-type]  # as named
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("BoundHandler", (_Handler,), {"proxy": proxy}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        proxy.base = f"http://127.0.0.1:{server.server_address[1]}"
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
