"""A mail server that refuses, or sends less than it was asked for: no message is passed over in silence."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from collector.brand import Brand
from collector.collect import RunReport, collect
from collector.http import Client
from collector.sources import SourceConfig
from collector.sources.imap import Security, Settings
from collector.store import Store
from collector.store.runs import reject
from collector.store.tables import mention
from tests.collector.clock import Clock

COMMANDS = {"search": b"UID SEARCH", "sizes": b"RFC822.SIZE", "bodies": b"BODY.PEEK"}


@dataclass(slots=True)
class Folder:
    """Twenty messages; commands that are refused, uids that are not sent, and those of them that are gone."""

    refused: str | None = None
    unsent: dict[str, set[int]] = field(default_factory=dict)
    expunged: set[int] = field(default_factory=set)
    uid_behind: bool = False

    def answer(self, command: bytes) -> Iterator[bytes]:
        asked = next((name for name, words in COMMANDS.items() if words in command), None)
        if asked is not None and asked == self.refused:
            yield b"NO [UNAVAILABLE] The mail store is busy"
            return
        uids = [uid for uid in self._named(command) if uid not in self.unsent.get(asked or "", ())]
        if asked == "search":
            yield b"* SEARCH " + b" ".join(b"%d" % uid for uid in uids)
        for uid in uids:
            body = b"Subject: Crossing %d\r\nMessage-ID: <%d@mail.example>\r\n\r\nIt was late\r\n" % (uid, uid)
            if asked == "sizes":
                yield b"* %d FETCH (UID %d RFC822.SIZE %d)" % (uid, uid, len(body))
            if asked == "bodies" and self.uid_behind:
                yield b"* %d FETCH (BODY[] {%d}\r\n%s UID %d)" % (uid, len(body), body, uid)
            elif asked == "bodies":
                yield b"* %d FETCH (UID %d BODY[] {%d}\r\n%s)" % (uid, uid, len(body), body)
        if command.startswith(b"CAPABILITY"):
            yield b"* CAPABILITY IMAP4rev1"
        if command.startswith(b"EXAMINE"):
            yield b"* 20 EXISTS\r\n* OK [UIDVALIDITY 7] x"
        yield b"OK done"

    def _named(self, command: bytes) -> list[int]:
        words = command.replace(b")", b"").split()
        if words[0] != b"UID":
            return []
        if words[1] == b"FETCH":
            return [int(uid) for uid in words[2].split(b",")]
        if words[-2].endswith(b"SINCE"):
            return list(range(1, 21))
        if words[-1].endswith(b":*"):
            return list(range(int(words[-1][:-2]), 21))
        return [int(uid) for uid in words[-1].split(b",") if int(uid) not in self.expunged]


@contextmanager
def serving(folder: Folder) -> Iterator[int]:
    """The folder as a mail server on loopback; gives its port."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"* OK ready\r\n")
            for line in self.rfile:
                tag, _, command = line.strip().partition(b" ")
                *told, status = folder.answer(command)
                self.wfile.write(b"".join(one + b"\r\n" for one in told) + tag + b" " + status + b"\r\n")
                if command.startswith(b"LOGOUT"):
                    return

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def read(store: Store, port: int) -> RunReport:
    clock = Clock()
    settings = Settings(host="127.0.0.1", port=port, user="u", password="secret", security=Security.NONE)
    config = SourceConfig(name="mail", kind="imap", settings=settings, brand="Aurora Air")
    client = Client(now=clock.now, sleep=clock.sleep)
    return collect(store, config, (Brand(name="Aurora Air"),), client, now=clock.now)


@pytest.mark.parametrize("refused", list(COMMANDS))
def test_a_refused_command_ends_the_run_and_its_messages_are_read_by_the_next(store: Store, refused: str) -> None:
    folder = Folder(refused=refused)
    with serving(folder) as port:
        first = read(store, port)
        assert (first.error_kind, first.new) == ("SourceUnavailable", 0)
        assert "mail store is busy" in str(first.error)
        folder.refused = None
        assert read(store, port).new == 20


@pytest.mark.parametrize("step", ["sizes", "bodies"])
def test_a_message_that_does_not_come_is_set_aside_by_name_unless_it_is_gone(store: Store, step: str) -> None:
    with serving(Folder(unsent={step: {3, 4}}, expunged={4})) as port:
        report = read(store, port)
    assert (report.error, report.new, report.rejected) == (None, 18, 1)
    with store.read() as conn:
        assert conn.execute(select(reject.c.place, reject.c.reason)).one() == (
            "uid 3",
            "the server did not send the message",
        )


def test_a_uid_behind_its_message_counts_as_answered(store: Store) -> None:
    with serving(Folder(uid_behind=True)) as port:
        report = read(store, port)
    assert (report.error, report.new, report.rejected) == (None, 20, 0)
    with store.read() as conn:
        assert "Crossing 1\nIt was late" in set(conn.scalars(select(mention.c.text)))
