"""A server on loopback that speaks each source's wire format over one set of posts, and misbehaves on demand."""

from __future__ import annotations

import json
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.collector.faults import WAITS, spoiled
from tests.collector.wires import WIRES
from tests.collector.wires_first import FIRST_WIRES
from tests.collector.wires_talk import of_ids, x_job
from tests.collector.world import World

ROUTES: tuple[tuple[str, Callable[[World, str, dict[str, str]], Any]], ...] = (*FIRST_WIRES, *WIRES)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world: World

    def log_message(self, *_: object) -> None:
        """Be quiet."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: ",".join(values) for name, values in parse_qs(parts.query).items()}
        with self.world.lock:
            self.world.asked.append((parts.path, query))
            self.world.headers.append({name.lower(): value for name, value in self.headers.items()})
            fault = self.world.faults.popleft() if self.world.faults else None
        if fault is None:
            self._honest(parts.path, query)
        elif fault in WAITS:
            headers, body = WAITS[fault]()
            self._send(429, body, headers)
        else:
            self._misbehave(fault, parts.path, query)

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        with self.world.lock:
            self.world.asked.append((self.path, {}))
            self.world.uploads[self.path.rsplit("/", 1)[1]] = body.decode().split()
        self._send(200, b"", {})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", "0")))
        if self.path == "/2/compliance/jobs":
            job = json.dumps({"data": x_job(self.world, "created")}).encode()
            self._send(200, job, {"Content-Type": "application/json"})
            return
        with self.world.lock:
            self.world.asked.append((self.path, {}))
            self.world.logins += 1
            token = f"access-{self.world.logins}"
            if self.world.tokens is not None:
                self.world.tokens = {token}
        answer = {
            "access_token": token,
            "accessJwt": token,
            "refreshJwt": f"refresh-{self.world.logins}",
            "did": "did:plc:me",
        }
        self._send(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _honest(self, path: str, query: dict[str, str]) -> None:
        if self.world.plain_links and path.startswith("/wp-json"):
            moved = {} if path.endswith("/") else {"Location": f"{path}/"}
            self._send(301 if moved else 200, b"", {"Content-Type": "text/html", **moved})
            return
        if self.world.plain_links and "rest_route" in query:
            path = f"/wp-json{query['rest_route']}"
        body, more = self._body(path, query), {}
        if isinstance(body, tuple):
            body, more = body
        if body is None:
            self._send(404, b'{"error": "Record not found"}', {"Content-Type": "application/json"})
            return
        if path.startswith("/xrpc/") and self.world.tokens is not None:
            token = self.headers.get("authorization", "").removeprefix("Bearer ")
            if token not in self.world.tokens:
                status, error = (400, "ExpiredToken") if token else (403, "AuthMissing")
                self._send(status, json.dumps({"error": error, "message": error}).encode(), {})
                return
        if path == "/feed.xml":
            tag = f'"{zlib.crc32(body)}"'
            if self.headers.get("if-none-match") == tag:
                self._send(304, b"", {"ETag": tag})
                return
            self._send(200, body, {"Content-Type": "application/rss+xml", "ETag": tag})
            return
        self._send(200, body, {"Content-Type": "application/json", **more})

    def _body(self, path: str, query: dict[str, str]) -> Any:
        """The honest answer's bytes (with further headers, where the wire has any); None: no such address."""
        for part, answer in ROUTES:
            if part in path:
                asked_back = {"id[]", "uris", "include"} & set(query)
                given = of_ids(answer)(self.world, path, query) if asked_back else answer(self.world, path, query)
                if given is None:
                    return None
                if isinstance(given, tuple):
                    return json.dumps(given[0]).encode(), given[1]
                return given if isinstance(given, bytes) else json.dumps(given).encode()
        return None

    def _misbehave(self, fault: str, path: str, query: dict[str, str]) -> None:
        body = self._body(path, query) or b"{}"
        body = body[0] if isinstance(body, tuple) else body
        typed = {"Content-Type": "application/json"}
        if fault in {"500", "502", "503"}:
            self._send(int(fault), b"<html><title>Bad day</title></html>", {"Content-Type": "text/html"})
        elif fault in {"loop", "inside", "file"}:
            inside, file = "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd"
            self._send(302, b"", {"Location": {"loop": self.path, "inside": inside, "file": file}[fault]})
        elif fault == "cut":
            self._send(200, body[: len(body) // 2], typed, length=len(body))
            self.close_connection = True
        elif fault == "drip":
            self._drip()
        elif fault == "reset":
            self._reset()
        else:
            self._send(200, *spoiled(fault, body))
            if fault == "reset-after":
                self._reset()

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        waiter = threading.Event()
        try:
            for _ in range(200):
                self.wfile.write(b" ")
                self.wfile.flush()
                waiter.wait(0.05)
        except OSError:
            pass
        self.close_connection = True

    def _reset(self) -> None:
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _send(self, status: int, body: bytes, headers: dict[str, str], length: int | None = None) -> None:
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
        except OSError:
            self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the game."""


@contextmanager
def serving(world: World) -> Iterator[str]:
    """Serve a world on a free port of loopback; gives its address."""
    handler = type("BoundHandler", (Handler,), {"world": world})
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        world.base = f"http://127.0.0.1:{server.server_address[1]}"
        yield world.base
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
