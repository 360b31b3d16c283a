"""The mailbox kind: how a message reads, and a run against a real dovecot."""

from __future__ import annotations

import imaplib
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from collector.brand import Brand
from collector.collect import RunReport, collect
from collector.errors import BadSettings
from collector.http import Client
from collector.sources import SourceConfig
from collector.sources.imap import Security, Settings, own_words, parse
from collector.store import Store
from collector.store.runs import reject, state_of
from collector.store.tables import mention
from tests.collector.clock import Clock
from tests.collector.growing import filled, growth

DOVECOT = shutil.which("dovecot") or "/usr/sbin/dovecot"
SETTINGS = Settings(host="h", user="u", password="secret")
SEEN_AT = datetime(2026, 11, 20, tzinfo=UTC)


def test_only_the_sender_s_own_words_are_read() -> None:
    assert own_words("mine\n\nOn Tue, 1 Jan 2026, A wrote:\n> theirs") == "mine"
    assert own_words("mine\n-- \nA. Person\nDirector") == "mine"
    assert own_words("mine\n-----Original Message-----\nFrom: x@y.example") == "mine"
    assert own_words("> theirs\nmine\n> theirs again\n> and more\n") == "mine"
    assert own_words("on time and friendly: we wrote: bravo") == "on time and friendly: we wrote: bravo"
    assert own_words("mine\n\n-----\n\nFrom: A <x@y.example>\ntheirs") == "mine"


def test_a_reply_below_the_quotation_is_read() -> None:
    assert own_words("On Tue, 24 Nov 2026, Hotel wrote:\n> How was it?\n\nTerrible.\n-- \nA. Person") == "Terrible."
    assert own_words("-----Original Message-----\n> How was it?\nTerrible.") == "Terrible."
    assert own_words("\n__________\nFrom: x@y.example\n\nTerrible.\n\nOn Mon, 23 Nov, A wrote:\nx") == "Terrible."
    assert own_words("> theirs alone") == ""


def test_the_mail_of_a_contact_form_is_read_though_it_begins_with_a_sender() -> None:
    form = "From: Jane <jane@mail.example>\nSubject: Complaint\n\nMessage:\nThe crew lost my bag."
    assert own_words(f"{form}\n\n-- \nSent from a contact form") == form
    assert own_words(f"A new message:\n\n{form}") == f"A new message:\n\n{form}"


@pytest.mark.parametrize(
    "part", ["-", "on schrieb", "from: @", "-----\n", ">\n", "\n\nOn Monday at ten, A wrote:\n", "a\n"]
)
def test_the_time_to_read_a_mail_grows_with_its_length(part: str) -> None:
    assert growth(lambda length: own_words(filled(part, length))) < 8


@pytest.mark.parametrize(
    "head",
    [
        "Auto-Submitted: auto-replied\n",
        "From: MAILER-DAEMON@mail.example\n",
        "Return-Path: <>\n",
        'Content-Type: multipart/report; boundary="b"\n',
    ],
)
def test_automatic_messages_are_left_out(head: str) -> None:
    assert parse(f"{head}Subject: x\n\nbody".encode(), SETTINGS, seen_at=SEEN_AT).items == []


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff\xfe\x00",
        b"Subject: =?utf-8?b?////?=\n\nx",
        b"Content-Type: text/plain; charset=klingon\n\nna\xefve",
        b"Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=a\n\n--a",
        b"From: \xe4 <\nDate: never\nMessage-ID: <<<\n\nx",
        b"Content-Transfer-Encoding: base64\n\n!!!!",
    ],
)
def test_a_malformed_message_breaks_nothing(payload: bytes) -> None:
    parsed = parse(payload, SETTINGS, seen_at=SEEN_AT)
    assert len(parsed.items) + len(parsed.rejects) == 1


def test_a_folder_cannot_smuggle_commands() -> None:
    with pytest.raises(BadSettings):
        Settings(host="h", user="u", password="secret", folder='x"\r\nA1 DELETE')


# ------------------------------------------------------------------ dovecot


@dataclass(slots=True)
class Mailbox:
    port: int
    clock: Clock
    writer: imaplib.IMAP4 | None = None

    def box(self) -> imaplib.IMAP4:
        box = imaplib.IMAP4("127.0.0.1", self.port, timeout=20)
        box.login("feedback", "secret")
        return box

    def put(self, number: int, text: str, **headers: str) -> None:
        message = EmailMessage()
        message["From"] = f"Customer {number} <c{number}@mail.example>"
        message["Subject"] = f"Flight {number}"
        message["Date"] = format_datetime(self.clock.moment - timedelta(minutes=5))
        message["Message-ID"] = f"<m{number}@mail.example>"
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(text)
        if self.writer is None:
            self.writer = self.box()
        self.writer.append("INBOX", None, None, message.as_bytes())  # type: ignore[arg-type]  # None is allowed: now, no flags

    def collect(self, store: Store, **options: Any) -> RunReport:
        given: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": "feedback",
            "password": "secret",
        } | options
        settings = Settings(security=Security.NONE, **given)
        config = SourceConfig(name="mail", kind="imap", settings=settings, brand="Aurora Air")
        client = Client(now=self.clock.now, sleep=self.clock.sleep)
        return collect(store, config, (Brand(name="Aurora Air"),), client, now=self.clock.now)


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    """A dovecot of our own on a free port, with one user."""
    if not Path(DOVECOT).exists() or os.geteuid() != 0:
        pytest.skip("needs Debian's dovecot-imapd, and root to start it")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    owner = pwd.getpwnam("nobody")
    home = Path("/run") / f"groundswell-imap-{port}"  # short: dovecot's sockets lie in it
    (home / "mail").mkdir(parents=True)
    os.chown(home / "mail", owner.pw_uid, owner.pw_gid)
    config = home / "dovecot.conf"
    config.write_text(
        f"""
        protocols = imap
        listen = 127.0.0.1
        base_dir = {home}/run
        log_path = {home}/log
        ssl = no
        disable_plaintext_auth = no
        auth_failure_delay = 0
        mail_location = maildir:{home}/mail
        first_valid_uid = 1
        passdb {{
          driver = static
          args = password=secret
        }}
        userdb {{
          driver = static
          args = uid={owner.pw_uid} gid={owner.pw_gid} home={home}/mail
        }}
        service imap-login {{
          chroot =
          inet_listener imap {{
            port = {port}
          }}
          inet_listener imaps {{
            port = 0
          }}
        }}
        """
    )
    # Its output goes nowhere: the daemon keeps what it is given, and a pipe would never end.
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "timeout": 30}
    subprocess.run([DOVECOT, "-c", str(config)], check=True, **quiet)
    try:
        opened = Mailbox(port=port, clock=Clock())
        yield opened
        if opened.writer is not None:
            opened.writer.logout()
    finally:
        subprocess.run([DOVECOT, "-c", str(config), "stop"], check=True, **quiet)
        shutil.rmtree(home)


def texts(store: Store) -> list[str]:
    with store.read() as conn:
        return sorted(conn.scalars(select(mention.c.text)))


def test_a_real_mailbox_is_read_once_and_left_as_it_was(mailbox: Mailbox, store: Store) -> None:
    for number in range(120):
        mailbox.put(number, f"Bag {number} is lost\n-- \nsignature")
    mailbox.put(900, "I am out of office", Auto_Submitted="auto-replied")
    mailbox.put(901, "x" * 200_000)
    first = mailbox.collect(store, size=100_000)
    assert (first.error, first.new, first.rejected) == (None, 120, 1)
    assert "Flight 0\nBag 0 is lost" in texts(store)
    with store.read() as conn:
        assert conn.scalar(select(reject.c.reason)) is not None
    with mailbox.box() as box:
        box.select("INBOX", readonly=True)
        assert box.search(None, "UNSEEN")[1][0].count(b" ") == 121

    again = mailbox.collect(store, size=100_000)
    assert (again.new, again.unchanged) == (0, 0)
    with mailbox.box() as box:
        box.select("INBOX")
        box.store("100:122", "+FLAGS", r"\Deleted")
        box.expunge()
    mailbox.put(950, "one more", In_Reply_To="<m1@mail.example>")
    later = mailbox.collect(store, size=100_000)
    assert (later.error, later.new) == (None, 1)
    assert "one more" in texts(store)


def test_a_wrong_password_or_folder_is_named(mailbox: Mailbox, store: Store) -> None:
    assert mailbox.collect(store, password="wrong").error_kind == "SourceRefused"
    assert mailbox.collect(store, folder="Nowhere").error_kind == "SourceRefused"
    assert mailbox.collect(store, port=1).error_kind == "SourceUnavailable"
    with store.read() as conn:
        state = state_of(conn, "mail")
    assert state is not None
    assert "secret" not in state["last_error"]
