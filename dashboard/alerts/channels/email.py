"""Mail: a Message in RFC 5322 shape, handed to the owner's SMTP server over TLS, every answer bounded in time."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from typing import Any

from dashboard.alerts.channels import (
    CertificateRefused,
    ChannelError,
    LoginRefused,
    MessageRefused,
    NoAnswer,
    RecipientRefused,
    ServerUnreachable,
    TryLater,
)
from dashboard.alerts.message import Message, one_line
from dashboard.alerts.settings import MailSettings, Security, address_of


class _Unbroken(EmailPolicy):
    """Headers of plain ASCII on one line, up to the 998 characters that RFC 5322 allows; other subjects encoded whole.

    The standard library would break a long subject right behind its colon, which some programs show as an empty one,
    turn a long address in List-Unsubscribe into an encoded word, which none can follow, and double the space where
    it breaks before a word that is not ASCII.
    """

    def fold(self, name: str, value: str) -> str:
        return self._whole(name, value) or super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        whole = self._whole(name, value)
        return super().fold_binary(name, value) if whole is None else whole.encode("ascii")

    def _whole(self, name: str, value: str) -> str | None:
        line = f"{name}: {value}"
        if line.isascii() and len(line) <= 998:
            return line + self.linesep
        if name != "Subject" or self.utf8:
            return None
        return f"{name}: {Header(str(value), 'utf-8', header_name=name).encode(linesep=self.linesep)}{self.linesep}"


MESSAGE_ANSWERED = 120.0
"""Seconds that a server has to answer to a message, which it may scan first (RFC 5321, 4.5.3.2.6: ten minutes)."""


class _Smtp(smtplib.SMTP):
    """A connection that tells a message that may have been taken from one that was not."""

    def data(self, msg: Any) -> tuple[int, bytes]:
        if self.sock is not None:
            self.sock.settimeout(max(float(self.timeout), MESSAGE_ANSWERED))
        try:
            return super().data(msg)
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            raise NoAnswer(
                "The mail server was given the message and did not say whether it took it: it may come twice."
            ) from error


class _SmtpOverTls(_Smtp, smtplib.SMTP_SSL):
    """The same, where TLS comes first."""


_POLICY = _Unbroken(linesep=SMTP.linesep)
ANSWER_SHOWN = 200
"""Characters of a server's answer that are repeated to the owner."""


def compose(settings: MailSettings, to: str, name: str | None, message: Message, now: datetime) -> EmailMessage:
    """A Message as mail to one address: text and HTML, the chart inside, one thread an incident.

    Headers: Message-ID, References and In-Reply-To (RFC 5322), List-Unsubscribe (RFC 2369) with the one-click
    POST (RFC 8058), Auto-Submitted (RFC 3834) so that holiday notices do not answer.
    """
    recipient = address_of(to)
    mail = EmailMessage(policy=_POLICY if to.isascii() else _POLICY.clone(utf8=True))
    mail["From"] = address_of(settings.sender)
    mail["To"] = Address(display_name=one_line(name or "", 80), addr_spec=recipient.addr_spec)
    if settings.reply_to is not None:
        mail["Reply-To"] = address_of(settings.reply_to)
    mail["Subject"] = one_line(message.subject, 200)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message.message_id
    if message.thread is not None and message.thread != message.message_id:
        mail["In-Reply-To"] = message.thread
        mail["References"] = message.thread
    mail["Auto-Submitted"] = "auto-generated"
    ways = [f"mailto:{address_of(settings.reply_to or settings.sender).addr_spec}?subject=unsubscribe"]
    if message.unsubscribe is not None:
        # One click works over HTTPS alone, and programs take the first way that they know.
        secure = message.unsubscribe.startswith("https://")
        ways.insert(0 if secure else 1, message.unsubscribe)
        if secure:
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail["List-Unsubscribe"] = ", ".join(f"<{way}>" for way in ways)
    mail.set_content(message.text, cte="quoted-printable")
    mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
    if message.chart is not None:
        _, html = mail.iter_parts()
        html.add_related(
            message.chart, "image", "png", cid=f"<{message.chart_id}>", filename="chart.png", disposition="inline"
        )
    return mail


def send(settings: MailSettings, to: str, name: str | None, message: Message, now: datetime) -> None:
    """Send one message to one address; returns once the server has taken it.

    Raises a ChannelError that says what happened and what to do.
    """
    mail = compose(settings, to, name, message, now)
    sender = address_of(settings.sender).addr_spec
    with _connected(settings) as smtp:
        try:
            smtp.send_message(mail, from_addr=sender, to_addrs=[address_of(to).addr_spec])
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = next(iter(error.recipients.values()))
            raise _by_code(code, answer, f"{to} was not accepted as a recipient", RecipientRefused) from error
        except smtplib.SMTPSenderRefused as error:
            what = f"{sender} was not accepted as the sender"
            raise _by_code(error.smtp_code, error.smtp_error, what, MessageRefused) from error
        except smtplib.SMTPDataError as error:
            what = f"The message to {to} was not accepted"
            raise _by_code(error.smtp_code, error.smtp_error, what, MessageRefused) from error
        except smtplib.SMTPNotSupportedError as error:
            raise RecipientRefused(
                f"{_server(settings)} cannot send to {to}: it does not support addresses beyond ASCII. "
                "Use another address for this person."
            ) from error


def check(settings: MailSettings) -> None:
    """Connect, secure the connection and log in, without sending; raises ChannelError as `send` does."""
    with _connected(settings):
        pass


@contextmanager
def _connected(settings: MailSettings) -> Iterator[smtplib.SMTP]:
    server = _server(settings)
    smtp: smtplib.SMTP | None = None
    try:
        smtp = _open(settings)
        _log_in(smtp, settings)
        yield smtp
    except ssl.SSLCertVerificationError as error:
        raise CertificateRefused(
            f"The certificate of {server} is not trusted: {error.verify_message}. "
            "Use the name that the certificate carries, or give the authority's file as ca_file in [mail]."
        ) from error
    except ssl.SSLError as error:
        raise ServerUnreachable(
            f"{server} does not speak TLS as configured ({error.reason or error}). "
            "Check security in [mail]: starttls is usual on port 587, tls on port 465."
        ) from error
    except smtplib.SMTPServerDisconnected as error:
        raise ServerUnreachable(f"{server} broke the connection off or did not answer in time.") from error
    except smtplib.SMTPConnectError as error:
        raise _by_code(error.smtp_code, error.smtp_error, f"{server} turned the connection away", TryLater) from error
    except smtplib.SMTPException as error:
        raise ServerUnreachable(f"{server} gave an answer that is not understood: {_shown(str(error))}.") from error
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ServerUnreachable(
            f"{server} cannot be reached: {reason}. Check host and port in [mail], and the network."
        ) from error
    finally:
        if smtp is not None:
            _close(smtp)


def _open(settings: MailSettings) -> smtplib.SMTP:
    seconds = settings.timeout.total_seconds()
    if settings.security is Security.TLS:
        return _SmtpOverTls(settings.host, settings.port_used, timeout=seconds, context=_trust(settings))
    smtp = _Smtp(settings.host, settings.port_used, timeout=seconds)
    if settings.security is Security.STARTTLS:
        try:
            smtp.starttls(context=_trust(settings))
        except smtplib.SMTPNotSupportedError as error:
            _close(smtp)
            raise ServerUnreachable(
                f'{_server(settings)} does not offer STARTTLS. Check the port, or set security = "tls" in [mail].'
            ) from error
        except BaseException:
            _close(smtp)
            raise
    return smtp


def _trust(settings: MailSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if settings.ca_file is None else str(settings.ca_file))
    except (OSError, ssl.SSLError) as error:
        raise CertificateRefused(
            f"ca_file {settings.ca_file} in [mail] cannot be read as a PEM certificate."
        ) from error


def _log_in(smtp: smtplib.SMTP, settings: MailSettings) -> None:
    if settings.user is None:
        return
    try:
        smtp.login(settings.user, settings.password or "")
    except smtplib.SMTPAuthenticationError as error:
        if 400 <= error.smtp_code < 500:
            raise TryLater(f"{_server(settings)} cannot check the login now ({error.smtp_code}).") from error
        raise LoginRefused(
            f"{_server(settings)} refused the login of {settings.user} ({error.smtp_code}). "
            "Check user and password in [mail]; many providers want an app password."
        ) from error
    except smtplib.SMTPNotSupportedError as error:
        raise LoginRefused(
            f"{_server(settings)} offers no login here. Check port and security in [mail], or remove user and password."
        ) from error


def _by_code(code: int, answer: bytes | str, what: str, refused: type[ChannelError]) -> ChannelError:
    """4xx asks to try again, 5xx is final (RFC 5321, 4.2.1)."""
    said = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    sentence = f"{what}: {code} {_shown(said)}".rstrip(". ") + "."
    return TryLater(sentence) if 400 <= code < 500 else refused(sentence)


def _shown(answer: str) -> str:
    return one_line(answer, ANSWER_SHOWN)


def _server(settings: MailSettings) -> str:
    return f"The mail server {settings.host}:{settings.port_used}"


def _close(smtp: smtplib.SMTP) -> None:
    try:
        smtp.quit()
    except (smtplib.SMTPException, OSError):
        smtp.close()
