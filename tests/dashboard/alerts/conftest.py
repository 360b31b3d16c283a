"""A real mail server on loopback, with a certificate of its own authority, and alerts made up for tests."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from sqlalchemy import select

from collector.store import Store
from dashboard.alerts import outbox
from dashboard.alerts.alert import Alert, Driver, Event, Point, Quote
from dashboard.alerts.decide import Followed, Telling
from dashboard.alerts.settings import AlertSettings, MailSettings, Manager
from dashboard.alerts.silence import Topic
from sentiment.spikes.spike import Severity, SpikeClass

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
USER, PASSWORD = "groundswell", "right"


@dataclass
class Mailbox:
    """What the server took, and what it shall answer: by recipient at RCPT, for everybody at DATA, or not at all."""

    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    answer: str = "250 OK"
    hang_up: bool = False
    before_answer: Callable[[], None] | None = None

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802  # aiosmtpd's name
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        if not self.answer.startswith("250"):
            return self.answer
        mail = message_from_bytes(envelope.content or b"", policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.raw.append(bytes(envelope.content or b""))
        self.recipients.extend(envelope.rcpt_tos)
        if self.before_answer is not None:
            self.before_answer()
        if self.hang_up:
            _server.transport.abort()
        return self.answer


@dataclass(frozen=True)
class MailServer:
    mailbox: Mailbox
    settings: MailSettings


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _login(_server: Any, _session: Any, _envelope: Any, _mechanism: str, auth: Any) -> AuthResult:
    right = isinstance(auth, LoginPassword) and (auth.login, auth.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture(scope="session")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
def mail_server(server_tls: ssl.SSLContext, ca_file: Path) -> Iterator[MailServer]:
    """A server that wants STARTTLS and a login, and the settings that satisfy it."""
    mailbox, port = Mailbox(), free_port()
    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=port,
        tls_context=server_tls,
        require_starttls=True,
        auth_required=True,
        authenticator=_login,
    )
    controller.start()
    settings = MailSettings(
        host="localhost",
        port=port,
        sender="Groundswell <alerts@groundswell.example>",
        user=USER,
        password=PASSWORD,
        ca_file=ca_file,
        timeout=timedelta(seconds=5),
    )
    yield MailServer(mailbox=mailbox, settings=settings)
    controller.stop()


def an_alert(**changes: Any) -> Alert:
    """An alert with everything in it."""
    hours = range(72, -1, -1)
    points = tuple(
        Point(
            at=NOW - timedelta(hours=hour),
            observed=None if 40 < hour < 48 else 9 if hour < 4 else hour % 3,
            expected=1.2,
            lower=0,
            upper=4,
        )
        for hour in hours
    )
    values: dict[str, Any] = {
        "event": Event.OPENED,
        "incident_id": 12,
        "brand": "Northwind Ferries",
        "dimension": "Reliability",
        "source": "reviews",
        "severity": Severity.HIGH,
        "spike_class": SpikeClass.DISSATISFACTION,
        "started_at": NOW - timedelta(hours=6),
        "last_seen": NOW,
        "hours": 6,
        "observed": 31,
        "expected": 6.8,
        "lower": 2,
        "upper": 12,
        "share": 0.24,
        "usual_share": 0.07,
        "drivers": (Driver(label="Delays", excess=15.7), Driver(label="Refunds", excess=8.5)),
        "phrases": ("no refund",),
        "quotes": (Quote(text="Nobody told us anything.", source="reviews", said_at=NOW - timedelta(hours=1)),),
        "points": points,
    }
    return Alert(**(values | changes))


def a_followed(incident_id: int = 12, **changes: Any) -> Followed:
    """An incident as deciding sees it, with the alert that tells it."""
    topic = Topic(
        brand=changes.pop("brand", "Northwind Ferries"),
        dimensions=changes.pop("dimensions", ("rater/Reliability",)),
        sources=("reviews",),
        severity=changes.pop("severity", Severity.HIGH),
    )
    values: dict[str, Any] = {
        "opened_at": NOW - timedelta(hours=1),
        "last_seen": NOW,
        "resolved_at": None,
        "reopenings": 0,
        "acknowledged": False,
        "quiet": timedelta(days=30),
    } | changes

    def tell(event: Event) -> Alert:
        return an_alert(
            event=event,
            incident_id=incident_id,
            brand=topic.brand,
            severity=topic.severity,
            started_at=values["opened_at"],
            last_seen=values["last_seen"],
            calm_since=values["resolved_at"],
            points=(),
        )

    return Followed(id=incident_id, topic=topic, tell=tell, **values)


def a_telling(*managers: Manager, mail: MailSettings | None = None, **pace: Any) -> Telling:
    """Everything configured, with a mail server that need not exist."""
    server = mail or MailSettings(host="localhost", sender="Groundswell <alerts@groundswell.example>")
    settings = AlertSettings(**({"base_url": "https://groundswell.example", "secret": "hush"} | pace))
    return Telling(alerts=settings, mail=server, managers=managers)


def a_manager(name: str = "Ann", **changes: Any) -> Manager:
    return Manager(name=name, email=f"{name.lower()}@northwind.example", **changes)


@pytest.fixture
def post(any_store: Store) -> Store:
    """A store with an outbox, on SQLite and on PostgreSQL."""
    return any_store


def deliveries(store: Store) -> list[Any]:
    """Every delivery in the outbox, in the order in which they were decided."""
    with store.read() as conn:
        return list(conn.execute(select(outbox.delivery).order_by(outbox.delivery.c.id)).mappings())
