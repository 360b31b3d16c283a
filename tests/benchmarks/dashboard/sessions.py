"""Many readers at once, without browsers: python sessions.py groundswell.toml READERS.

Serves the dashboard as `groundswell up` does and speaks Streamlit's websocket (proto BackMsg and ForwardMsg): every
reader opens Today, then Trends, then Mentions, all at the same time. Prints seconds from asking to the finished script,
the server's processor time for each, which needs no quiet machine to compare, and what its memory grew by a reader.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from pathlib import Path

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.browser.conftest import served

PAGES = ("", "trends", "mentions")


def main() -> None:
    """Print one line a page and the memory."""
    config, readers = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    with served(config) as address:
        (server,) = [
            p for p in psutil.Process().children(recursive=True) if "streamlit" in p.name() or "run" in p.cmdline()
        ]
        _, _, alone = asyncio.run(_all(address, 1, server))
        took, worked, full = asyncio.run(_all(address, readers, server))
        grown = (full - alone) / max(1, readers - 1)
    for page, seconds in took.items():
        ordered = sorted(seconds)
        p95 = ordered[max(0, round(0.95 * len(ordered)) - 1)]
        print(
            f"{page or 'today':10} {readers} readers: median {statistics.median(ordered):.2f} s, 95th {p95:.2f} s, "
            f"{worked[page] / readers * 1000:.0f} ms of the processor each"
        )
    print(f"memory: {alone / 1e6:.0f} MB with one reader, {grown / 1e6:.1f} MB more for each further one")


async def _all(
    address: str, readers: int, server: psutil.Process
) -> tuple[dict[str, list[float]], dict[str, float], int]:
    """Seconds of every reader and of the server's processor by page, and its resident bytes while all are there."""
    took: dict[str, list[float]] = {page: [] for page in PAGES}
    worked: dict[str, float] = {}
    url = address.replace("http", "ws", 1) + "/_stcore/stream"
    lines = [
        connect(url, subprotocols=[Subprotocol("streamlit")], max_size=None, origin=Origin(address))
        for _ in range(readers)
    ]
    sockets = await asyncio.gather(*[line.__aenter__() for line in lines])
    for page in PAGES:
        before = _processor(server)
        took[page] = list(await asyncio.gather(*[_open(socket, page) for socket in sockets]))
        worked[page] = _processor(server) - before
    resident: int = server.memory_info().rss
    await asyncio.gather(*[socket.close() for socket in sockets])
    return took, worked, resident


def _processor(server: psutil.Process) -> float:
    used = server.cpu_times()
    return float(used.user + used.system)


async def _open(socket: ClientConnection, page: str) -> float:
    ask = BackMsg()
    ask.rerun_script.page_name = page
    ask.rerun_script.query_string = ""
    started = time.perf_counter()
    await socket.send(ask.SerializeToString())
    while True:
        answer = ForwardMsg()
        answer.ParseFromString(await socket.recv(decode=False))
        if answer.WhichOneof("type") == "script_finished":
            return time.perf_counter() - started


if __name__ == "__main__":
    main()
