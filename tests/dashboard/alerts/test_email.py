"""Mail over a real SMTP server: what arrives, and what is said when it cannot."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from dashboard.alerts.channels import (
    CertificateRefused,
    LoginRefused,
    MessageRefused,
    NoAnswer,
    RecipientRefused,
    ServerUnreachable,
    TryLater,
)
from dashboard.alerts.channels.email import check, compose, send
from dashboard.alerts.message import Envelope, Message, one_line, write_incident
from dashboard.alerts.settings import MailSettings, Security
from dashboard.alerts.words import words
from tests.dashboard.alerts.conftest import NOW, Mailbox, MailServer, an_alert, free_port

BERLIN = ZoneInfo("Europe/Berlin")
ENVELOPE = Envelope(
    message_id="<incident-12.opened.aa@groundswell.example>",
    thread="<incident-12.opened.aa@groundswell.example>",
    why="You get this because Ann is told of everything.",
    link="https://groundswell.example/incident?id=12",
    unsubscribe="https://groundswell.example/unsubscribe?token=abc",
)


def a_message(**changes: object) -> Message:
    return replace(write_incident(an_alert(), words("en", BERLIN), ENVELOPE), **changes)


def test_a_mail_arrives_with_text_html_and_chart_over_starttls_and_login(mail_server: MailServer) -> None:
    send(mail_server.settings, "ann@northwind.example", "Ann", a_message(), NOW)

    [mail] = mail_server.mailbox.mails
    assert mail_server.mailbox.recipients == ["ann@northwind.example"]
    assert mail["From"] == "Groundswell <alerts@groundswell.example>"
    assert mail["To"] == "Ann <ann@northwind.example>"
    assert mail["Subject"].startswith("Northwind Ferries: 31 dissatisfied voices about Reliability in 6 hours")
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "31 dissatisfied voices about Reliability within 6 hours; 2 to 12 would be usual." in text.get_content()
    assert "https://groundswell.example/incident?id=12" in html.get_content()
    [picture] = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert picture.get_content().startswith(b"\x89PNG")
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in html.get_content()
    assert 'alt="Chart: dissatisfied voices an hour' in html.get_content()


def test_headers_keep_a_thread_offer_unsubscribing_and_ask_for_no_automatic_answer(mail_server: MailServer) -> None:
    later = a_message(message_id="<incident-12.resolved.aa@groundswell.example>", thread=ENVELOPE.message_id)
    send(mail_server.settings, "ann@northwind.example", "Ann", later, NOW)

    [mail] = mail_server.mailbox.mails
    assert mail["Message-ID"] == "<incident-12.resolved.aa@groundswell.example>"
    assert mail["References"] == mail["In-Reply-To"] == "<incident-12.opened.aa@groundswell.example>"
    assert mail["List-Unsubscribe"] == (
        "<https://groundswell.example/unsubscribe?token=abc>, <mailto:alerts@groundswell.example?subject=unsubscribe>"
    )
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_long_headers_stay_whole_on_the_way(mail_server: MailServer) -> None:
    link = f"https://groundswell.example/unsubscribe?token={'Ab3_-' * 30}"
    german = "Northwind Ferries: 9 unzufriedene Stimmen insgesamt in 1 Stunde, höchstens 3 erwartet"
    for subject in ("one " * 30, "zwölf Fähren " * 12, "北风渡轮" * 40, german):
        send(mail_server.settings, "ann@northwind.example", "Ann", a_message(subject=subject, unsubscribe=link), NOW)
        raw = mail_server.mailbox.raw[-1].decode("ascii")
        mail = mail_server.mailbox.mails[-1]
        assert f"\r\nList-Unsubscribe: <{link}>, <mailto:" in raw
        assert mail["Subject"].strip() == one_line(subject, 200)
        assert all(len(line) <= 998 for line in raw.split("\r\n"))
        assert "\r\nSubject: " in raw


def test_without_a_dashboard_address_unsubscribing_is_a_mail_to_the_sender() -> None:
    settings = MailSettings(host="localhost", sender="alerts@groundswell.example")
    mail = compose(settings, "ann@northwind.example", None, a_message(unsubscribe=None), NOW)
    assert mail["List-Unsubscribe"] == "<mailto:alerts@groundswell.example?subject=unsubscribe>"
    assert mail["List-Unsubscribe-Post"] is None


def test_one_click_is_offered_only_where_programs_may_follow_it() -> None:
    settings = MailSettings(host="localhost", sender="alerts@groundswell.example", reply_to="us@groundswell.example")
    link = "http://127.0.0.1:8501/unsubscribe?token=abc"
    mail = compose(settings, "ann@northwind.example", None, a_message(unsubscribe=link), NOW)
    assert mail["List-Unsubscribe"] == f"<mailto:us@groundswell.example?subject=unsubscribe>, <{link}>"
    assert mail["List-Unsubscribe-Post"] is None


@pytest.mark.parametrize(
    "subject", ["Hello\r\nBcc: eve@evil.example", "Hello\nBcc: eve@evil.example", "a\0b\u202ec\x1b[2J"]
)
def test_a_hostile_subject_stays_one_line(mail_server: MailServer, subject: str) -> None:
    send(mail_server.settings, "ann@northwind.example", "Ann\r\nBcc: eve@evil.example", a_message(subject=subject), NOW)

    [mail] = mail_server.mailbox.mails
    assert mail["Bcc"] is None
    assert mail_server.mailbox.recipients == ["ann@northwind.example"]
    assert all(ord(c) >= 32 and c != "\u202e" for c in mail["Subject"])


def test_a_lone_surrogate_and_every_script_survive_the_way(mail_server: MailServer) -> None:
    alert = an_alert(brand="Fähre 北风 🚢 \ud83d", dimension="Verlässlichkeit")
    message = write_incident(alert, words("en", BERLIN), ENVELOPE)
    send(mail_server.settings, "ann@northwind.example", "Ännchen 北", message, NOW)

    [mail] = mail_server.mailbox.mails
    assert "Fähre 北风 🚢" in mail["Subject"]
    assert "Ännchen 北" in mail["To"]


def test_a_wrong_password_is_named_without_repeating_it(mail_server: MailServer) -> None:
    settings = replace(mail_server.settings, password="wrong-secret")
    with pytest.raises(LoginRefused, match="refused the login of groundswell") as caught:
        send(settings, "ann@northwind.example", None, a_message(), NOW)
    assert caught.value.retry
    assert "wrong-secret" not in str(caught.value)
    assert "wrong-secret" not in repr(settings)
    assert mail_server.mailbox.mails == []


def test_a_server_that_is_down_is_named_with_its_address() -> None:
    settings = MailSettings(host="127.0.0.1", port=free_port(), sender="a@b.example", security=Security.NONE)
    with pytest.raises(ServerUnreachable, match=r"127\.0\.0\.1:\d+ cannot be reached: Connection refused") as caught:
        send(settings, "ann@northwind.example", None, a_message(), NOW)
    assert caught.value.retry


def test_a_name_that_does_not_exist_is_named() -> None:
    settings = MailSettings(host="mail.invalid", sender="a@b.example", timeout=timedelta(seconds=2))
    with pytest.raises(ServerUnreachable, match=r"mail\.invalid:587 cannot be reached"):
        check(settings)


def test_one_refused_recipient_is_final_and_named(mail_server: MailServer) -> None:
    mail_server.mailbox.refuse["gone@northwind.example"] = "550 5.1.1 No such user"
    with pytest.raises(RecipientRefused, match=r"gone@northwind\.example was not accepted.*550 5\.1\.1") as caught:
        send(mail_server.settings, "gone@northwind.example", None, a_message(), NOW)
    assert not caught.value.retry
    send(mail_server.settings, "ann@northwind.example", None, a_message(), NOW)
    assert mail_server.mailbox.recipients == ["ann@northwind.example"]


def test_a_greylisted_recipient_is_tried_again(mail_server: MailServer) -> None:
    mail_server.mailbox.refuse["ann@northwind.example"] = "451 4.7.1 Greylisted"
    with pytest.raises(TryLater, match="Greylisted") as caught:
        send(mail_server.settings, "ann@northwind.example", None, a_message(), NOW)
    assert caught.value.retry


@pytest.mark.parametrize(
    ("answer", "error"), [("452 4.3.1 Disk full", TryLater), ("554 5.7.1 Looks like spam", MessageRefused)]
)
def test_the_answer_to_the_message_decides_whether_it_is_tried_again(
    mail_server: MailServer, answer: str, error: type[Exception]
) -> None:
    mail_server.mailbox.answer = answer
    with pytest.raises(error, match=answer.split(maxsplit=2)[2]):
        send(mail_server.settings, "ann@northwind.example", None, a_message(), NOW)


def test_a_server_that_hangs_up_over_a_message_may_have_taken_it(mail_server: MailServer) -> None:
    mail_server.mailbox.hang_up = True
    with pytest.raises(NoAnswer, match="did not say whether it took it: it may come twice"):
        send(mail_server.settings, "ann@northwind.example", "Ann", a_message(), NOW)
    assert len(mail_server.mailbox.mails) == 1


def test_a_server_may_take_longer_over_a_message_than_over_other_answers(mail_server: MailServer) -> None:
    answered = threading.Event()
    mail_server.mailbox.before_answer = lambda: answered.wait(1.5) or None
    send(replace(mail_server.settings, timeout=timedelta(seconds=1)), "ann@northwind.example", "Ann", a_message(), NOW)
    assert len(mail_server.mailbox.mails) == 1


def test_a_certificate_of_an_unknown_authority_is_refused(mail_server: MailServer) -> None:
    with pytest.raises(CertificateRefused, match="is not trusted"):
        send(replace(mail_server.settings, ca_file=None), "ann@northwind.example", None, a_message(), NOW)
    assert mail_server.mailbox.mails == []


def test_a_certificate_for_another_name_is_refused(mail_server: MailServer) -> None:
    with pytest.raises(CertificateRefused, match="127\\.0\\.0\\.1"):
        check(replace(mail_server.settings, host="127.0.0.1"))


def test_a_ca_file_that_is_none_is_named(mail_server: MailServer, tmp_path: Path) -> None:
    with pytest.raises(CertificateRefused, match="cannot be read as a PEM certificate"):
        check(replace(mail_server.settings, ca_file=tmp_path / "missing.pem"))


def test_a_login_is_never_sent_to_a_server_without_starttls(ca_file: Path) -> None:
    port = free_port()
    controller = Controller(Mailbox(), hostname="127.0.0.1", port=port)
    controller.start()
    settings = MailSettings(host="localhost", port=port, sender="a@b.example", user="u", password="p", ca_file=ca_file)
    try:
        with pytest.raises(ServerUnreachable, match="does not offer STARTTLS"):
            check(settings)
    finally:
        controller.stop()


class ImplicitTls(Controller):
    """A server that speaks TLS from the first byte, as on port 465."""

    def factory(self) -> SMTP:
        return SMTP(self.handler)


def test_implicit_tls_works(server_tls: ssl.SSLContext, ca_file: Path) -> None:
    mailbox, port = Mailbox(), free_port()
    controller = ImplicitTls(mailbox, hostname="localhost", port=port, ssl_context=server_tls)
    controller.start()
    settings = MailSettings(host="localhost", port=port, sender="a@b.example", security=Security.TLS, ca_file=ca_file)
    try:
        send(settings, "ann@northwind.example", None, a_message(), NOW)
    finally:
        controller.stop()
    assert len(mailbox.mails) == 1


@contextmanager
def _silent_server() -> Iterator[int]:
    """Accepts connections and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        held: list[socket.socket] = []

        def accept() -> None:
            try:
                while True:
                    held.append(listener.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in held:
            connection.close()


@pytest.mark.parametrize("security", list(Security))
def test_a_server_that_never_answers_is_given_up_after_the_timeout(security: Security) -> None:
    with _silent_server() as port:
        settings = MailSettings(
            host="127.0.0.1", port=port, sender="a@b.example", security=security, timeout=timedelta(seconds=0.2)
        )
        with pytest.raises(ServerUnreachable):
            check(settings)


def test_an_authority_may_be_given_as_a_file(authority: trustme.CA, mail_server: MailServer) -> None:
    assert mail_server.settings.ca_file is not None
    check(mail_server.settings)
