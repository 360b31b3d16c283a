"""Chat rooms and webhooks through Apprise, against a real HTTP server on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zoneinfo import ZoneInfo

import pytest

from dashboard.alerts.channels import MessageRefused, ServerUnreachable
from dashboard.alerts.channels.chat import TEXT_SHOWN, bounded, harmless, send
from dashboard.alerts.message import Envelope, Message, write_incident
from dashboard.alerts.words import words
from tests.dashboard.alerts.conftest import an_alert, free_port

# One of Apprise's plug-ins imports a module that Python 3.13 drops; it brings its own replacement there.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@dataclass
class Webhook:
    port: int
    status: int = 200
    posts: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/hook/secret-token"


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    hook = Webhook(port=0)

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    hook.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield hook
    server.shutdown()
    thread.join()
    server.server_close()


def a_message(**changes: object) -> Message:
    envelope = Envelope(
        message_id="<a@b.example>", why="Ann is told.", link="https://groundswell.example/incident?id=12"
    )
    return write_incident(an_alert(points=(), **changes), words("en", ZoneInfo("UTC")), envelope)


def test_a_webhook_gets_subject_figures_and_link(webhook: Webhook) -> None:
    send(webhook.url, a_message())
    [post] = webhook.posts
    assert post["title"].startswith("Northwind Ferries: 31 dissatisfied voices about Reliability")
    assert "2 to 12 would be usual" in post["message"]
    assert "https://groundswell.example/incident?id=12" in post["message"]


def test_a_long_message_ends_with_the_link(webhook: Webhook) -> None:
    quotes = tuple(an_alert().quotes[0] for _ in range(5))
    drivers = tuple(an_alert().drivers) * 40
    message = a_message(quotes=quotes, drivers=drivers, note="x" * 400, brand="B" * 60)
    send(
        webhook.url,
        Message(subject=message.subject, text=message.text * 5, html="", message_id="<a@b>", link="https://l"),
    )
    assert len(webhook.posts[0]["message"]) <= TEXT_SHOWN
    assert webhook.posts[0]["message"].endswith("… https://l")


@pytest.mark.parametrize("call", ["@channel", "@everyone", "<!here>", "<@U123>", "<#C1>"])
def test_public_text_cannot_call_a_room_together(call: str) -> None:
    assert call not in harmless(f"they said {call} loudly")
    assert harmless("mail me: ann@northwind.example, 3 < 4") == "mail me: ann@northwind.example, 3 < 4"


@pytest.mark.parametrize("status", [500, 404, 401])
def test_a_room_that_refuses_is_named_without_its_secret(webhook: Webhook, status: int) -> None:
    webhook.status = status
    with pytest.raises(ServerUnreachable, match="json did not take the message") as caught:
        send(webhook.url, a_message())
    assert "secret-token" not in str(caught.value)


def test_a_room_that_is_down_is_named() -> None:
    with pytest.raises(ServerUnreachable, match="json did not take"):
        send(f"json://127.0.0.1:{free_port()}/", a_message())


def test_an_address_that_is_none_is_final() -> None:
    with pytest.raises(MessageRefused, match="starting with carrier: is not one"):
        send("carrier://pigeon", a_message())


def test_an_address_that_cannot_be_read_is_not_repeated_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(MessageRefused):
        send("slack://secret-token", a_message())
    assert "secret-token" not in caplog.text


def test_a_room_that_takes_less_gets_less_with_the_link(webhook: Webhook) -> None:
    # Rocket.Chat takes 1,000 characters; a longer message would be refused again and again.
    message = a_message(quotes=tuple(an_alert().quotes[0] for _ in range(5)), note="word " * 80)
    assert len(message.text) > 1_000
    send(f"rocket://{'t' * 24}/{'k' * 24}@127.0.0.1:{webhook.port}/", message)
    [post] = webhook.posts
    said = json.dumps(post, ensure_ascii=False)
    assert "Northwind Ferries: 31 dissatisfied voices" in said
    assert "https://groundswell.example/incident?id=12" in said
    assert max(len(value) for value in post.values() if isinstance(value, str)) <= 1_000


@pytest.mark.parametrize("most", [0, 5, 20, 40, 1_000])
def test_what_is_cut_is_never_longer_than_allowed(most: int) -> None:
    assert len(bounded("one line\n" * 30, most, "https://l/incident?id=1")) <= most
