"""Messages of a mailbox (feedback@, a survey tool's mails) over IMAP.

Wire facts (RFC 3501): within one UIDVALIDITY uids only grow, with holes where mail was expunged; another UIDVALIDITY
makes all uids void. `UID SEARCH UID 99:*` gives the last message even if its uid is below 99. The folder is opened
read-only and fetched with BODY.PEEK, so nothing is marked as read. Automatic answers, delivery reports and bounces
are left out (Auto-Submitted, RFC 3834; multipart/report); the quoted tail and the signature of a message are cut off.
"""

from __future__ import annotations

import email
import hashlib
import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default as modern
from email.utils import parseaddr, parsedate_to_datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from collector.answer import decode
from collector.errors import BadSettings, PayloadChanged, SourceRefused, SourceUnavailable
from collector.html import text_of, titled
from collector.mention import Item, Kind
from collector.options import need
from collector.payload import Parsed
from collector.sources import Cursor, Page, Reject, Span, Walk
from collector.walk import FIRST_LOOK

if TYPE_CHECKING:
    from collector.http import Client

KIND = "imap"
PAGE = 50
TIMEOUT = 30.0
"""Seconds that the server may be silent."""

_QUOTED = re.compile(
    r"^(?:-{3,} ?(?:original message|ursprüngliche nachricht|message d'origine|mensaje original).*"
    r"|(?:on|am|le|el|il) .{6,200}(?:wrote|schrieb.*|a écrit|escribió|ha scritto) ?:"
    r"|_{10,})$",
    re.IGNORECASE,
)
_RULE = re.compile(r"[-_]{3,}")
_SENDER = re.compile(r"from: .+@.+", re.IGNORECASE)
"""Opens a quotation only below a rule: mails of contact forms begin with it."""
_REPLY = re.compile(r"^(?:(?:re|aw|fwd?|wg|tr|sv|rv)\s*:\s*)+", re.IGNORECASE)
_SIZE = re.compile(rb"UID (\d+).*?RFC822\.SIZE (\d+)|RFC822\.SIZE (\d+).*?UID (\d+)")
_UID = re.compile(rb"UID (\d+)")


class Security(StrEnum):
    """How the connection is protected."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of a mailbox.

    host, port, user, password  of the IMAP account
    folder    the folder to read; it is never changed
    security  tls, starttls or none
    size      bytes that a message may have at most; a larger one is set aside
    """

    host: str = ""
    port: int = 993
    user: str = ""
    password: str | None = field(default=None, repr=False, metadata={"env": "GROUNDSWELL_IMAP_PASSWORD"})
    folder: str = "INBOX"
    security: Security = Security.TLS
    item_kind: Kind = Kind.MESSAGE
    size: int = 5_000_000

    def __post_init__(self) -> None:
        need(KIND, "host", self.host, '"imap.example.org"')
        need(KIND, "user", self.user, '"feedback@example.org"')
        need(KIND, "password", self.password, "the account's password")
        if not 0 < self.port < 65_536:
            raise BadSettings(f"The port {self.port} of the mailbox is no port number.")
        if any(character in self.folder for character in '\r\n"\\'):
            raise BadSettings(f"The folder {self.folder!r} has characters that no folder has.")


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Read what arrived beyond the last uid."""
    state = dict(cursor or {})
    begins = walk.since or walk.now - FIRST_LOOK
    with _mailbox(settings) as box:
        validity = _validity(box)
        if state.get("validity") != validity:
            state = {"validity": validity, "uid": 0, "from": begins.isoformat()}
        uids = _newer(box, state["uid"], begins)
        for start in range(0, len(uids), PAGE):
            wanted = uids[start : start + PAGE]
            parsed = _read(box, wanted, settings, client.now())
            state = state | {"uid": wanted[-1]}
            yield Page(items=parsed.items, rejects=parsed.rejects, cursor=state)
        span = Span(start=datetime.fromisoformat(state["from"]), end=walk.now)
        yield Page(items=(), cursor=state, covered=span)


@contextmanager
def _mailbox(settings: Settings) -> Iterator[imaplib.IMAP4]:
    """An open, read-only folder; whatever goes wrong has a name."""
    where = f"The mailbox {settings.user} at {settings.host}"
    try:
        box = _connected(settings)
    except (OSError, imaplib.IMAP4.error) as error:
        raise SourceUnavailable(f"{where} cannot be reached ({error}).") from error
    try:
        _refused_unless(lambda: box.login(settings.user, settings.password or ""), f"{where} refuses the login")
        _refused_unless(lambda: box.select(f'"{settings.folder}"', readonly=True), f"{where} has no folder")
        yield box
    except (OSError, imaplib.IMAP4.abort) as error:
        raise SourceUnavailable(f"{where} broke off ({error}).") from error
    except imaplib.IMAP4.error as error:
        raise PayloadChanged(f"{where} answered oddly ({str(error)[:200]}).") from error
    finally:
        with suppress(OSError, imaplib.IMAP4.error):  # the server may have hung up first
            box.logout()


def _connected(settings: Settings) -> imaplib.IMAP4:
    if settings.security == Security.TLS:
        context = ssl.create_default_context()
        return imaplib.IMAP4_SSL(settings.host, settings.port, ssl_context=context, timeout=TIMEOUT)
    box = imaplib.IMAP4(settings.host, settings.port, timeout=TIMEOUT)
    if settings.security == Security.STARTTLS:
        box.starttls(ssl.create_default_context())
    return box


def _refused_unless(act: Any, sentence: str) -> None:
    try:
        status, said = act()
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        raise SourceRefused(f"{sentence} ({str(error)[:200]}). Check this source's options.") from error
    if status != "OK":
        raise SourceRefused(f"{sentence} ({said!r:.200}). Check this source's options.")


def _validity(box: imaplib.IMAP4) -> int:
    _status, said = box.response("UIDVALIDITY")
    value = said[0] if said else None
    return int(value) if isinstance(value, bytes) and value.isdigit() else 0


def _newer(box: imaplib.IMAP4, last: int, since: datetime) -> list[int]:
    """The uids beyond the last one, of messages that arrived since a day."""
    day = since.strftime("%d-%b-%Y")
    criteria = f"(UID {last + 1}:*)" if last else f"(SINCE {day})"
    return sorted(uid for uid in _found(box, criteria) if uid > last)


def _found(box: imaplib.IMAP4, criteria: str) -> set[int]:
    """The uids that a search gives."""
    lines = [line for line in _asked(box, "SEARCH", criteria) if isinstance(line, bytes)]
    return {int(uid) for line in lines for uid in line.split()}


def _asked(box: imaplib.IMAP4, command: str, *arguments: str) -> Sequence[Any]:
    """What the server says to a UID command; a refusal must not read like a folder without mail.

    Raises SourceUnavailable for any other status than OK.
    """
    status, data = box.uid(command, *arguments)
    if status != "OK":
        raise SourceUnavailable(
            f"The mailbox answered {status} to {command} ({data!r:.200}). The next run tries again."
        )
    return data


def _read(box: imaplib.IMAP4, uids: Sequence[int], settings: Settings, seen_at: datetime) -> Parsed:
    items: list[Item] = []
    sizes = _sizes(box, uids)
    large = {uid: size for uid, size in sizes.items() if size > settings.size}
    rejects = [Reject(place=f"uid {uid}", reason=f"the message has {size:,} bytes") for uid, size in large.items()]
    small = [uid for uid in uids if uid in sizes and sizes[uid] <= settings.size]
    bodies = _bodies(box, small) if small else []
    for uid, body in bodies:
        parsed = parse(body, settings, seen_at=seen_at, place="uid ?" if uid is None else f"uid {uid}")
        items += parsed.items
        rejects += parsed.rejects
    unanswered = set(uids) - large.keys() - {uid for uid, _body in bodies}
    return Parsed(items=items, rejects=[*rejects, *_unanswered(box, unanswered)])


def _bodies(box: imaplib.IMAP4, uids: Sequence[int]) -> list[tuple[int | None, bytes]]:
    """The messages with their uids, which stand before or behind a message's bytes."""
    data = _asked(box, "FETCH", ",".join(map(str, uids)), "(UID BODY.PEEK[])")
    bodies: list[tuple[int | None, bytes]] = []
    for part, behind in zip(data, [*data[1:], b""], strict=True):
        if isinstance(part, tuple):
            found = _UID.search(part[0]) or (_UID.search(behind) if isinstance(behind, bytes) else None)
            bodies.append((int(found.group(1)) if found else None, part[1]))
    return bodies


def _unanswered(box: imaplib.IMAP4, uids: Set[int]) -> list[Reject]:
    """Messages asked for that did not come though they are still there; one expunged meanwhile is no loss."""
    if not uids:
        return []
    box.noop()  # only now may the server tell what was expunged during a FETCH
    there = _found(box, f"(UID {','.join(map(str, sorted(uids)))})").intersection(uids)
    return [Reject(place=f"uid {uid}", reason="the server did not send the message") for uid in sorted(there)]


def _sizes(box: imaplib.IMAP4, uids: Sequence[int]) -> dict[int, int]:
    sizes = {}
    for line in _asked(box, "FETCH", ",".join(map(str, uids)), "(UID RFC822.SIZE)"):
        found = _SIZE.search(line) if isinstance(line, bytes) else None
        if found:
            uid, size = (found.group(1), found.group(2)) if found.group(1) else (found.group(4), found.group(3))
            sizes[int(uid)] = int(size)
    return sizes


def parse(payload: bytes, settings: Settings, *, seen_at: datetime, place: str = "message") -> Parsed:
    """The one item of a message, none for an automatic one, or a reject with the reason."""
    try:
        message = email.message_from_bytes(payload, policy=modern)
        item = _item(message, payload, settings, seen_at)
    except (ValueError, LookupError, TypeError, AttributeError, IndexError) as error:
        head = payload[:500].decode("latin-1")
        return Parsed(rejects=[Reject(place=place, reason=f"the message cannot be read ({error})"[:300], raw=head)])
    return Parsed(items=[] if item is None else [item])


def _item(message: EmailMessage, payload: bytes, settings: Settings, seen_at: datetime) -> Item | None:
    if _automatic(message):
        return None
    name, address = parseaddr(_header(message, "From"))
    parent = _header(message, "In-Reply-To").strip() or None
    subject = _REPLY.sub("", " ".join(_header(message, "Subject").split()))
    text = own_words(_text(message))
    return Item(
        external_id=_header(message, "Message-ID").strip() or f"sha256:{hashlib.sha256(payload).hexdigest()}",
        kind=settings.item_kind,
        text=text if parent else titled(subject, text),
        created_at=_date(_header(message, "Date")) or seen_at,
        author=address.lower() or None,
        author_name=name or address or None,
        parent_id=parent,
    )


def _header(message: EmailMessage, name: str) -> str:
    """A header as text; broken ones read as far as they can be."""
    try:
        return str(message.get(name, ""))
    except (ValueError, LookupError, IndexError, AttributeError, TypeError):
        raw = next((value for known, value in message.raw_items() if known.lower() == name.lower()), "")
        return str(raw)


def _automatic(message: EmailMessage) -> bool:
    submitted = _header(message, "Auto-Submitted").strip().lower()
    sender = parseaddr(_header(message, "From"))[1].lower()
    return (
        (bool(submitted) and not submitted.startswith("no"))
        or message.get_content_type() == "multipart/report"
        or sender.startswith(("mailer-daemon@", "postmaster@"))
        or _header(message, "Return-Path").strip() == "<>"
    )


def _text(message: EmailMessage) -> str:
    """The plain text of a message, or its HTML as text."""
    parts = [part for part in message.walk() if not part.is_multipart() and part.get_filename() is None]
    for kind, read in (("text/plain", str), ("text/html", text_of)):
        texts = [read(_decoded(part)) for part in parts if part.get_content_type() == kind]
        if any(text.strip() for text in texts):
            return "\n".join(texts)
    return ""


def _decoded(part: Any) -> str:
    body = part.get_payload(decode=True)
    return decode(body, f"charset={part.get_content_charset() or 'utf-8'}") if isinstance(body, bytes) else ""


def own_words(text: str) -> str:
    """What the sender wrote: without the quotation at the end and without the signature.

    A quotation ends the text only where something stands before it; a reply may also be written below.
    """
    lines: list[str] = []
    said, before = False, ""
    for line in text.replace("\r\n", "\n").split("\n"):
        stripped = line.strip()
        if line.rstrip() == "--":
            break
        quoted = _QUOTED.match(stripped) or (_RULE.fullmatch(before) and _SENDER.match(stripped))
        if quoted and said:
            break
        if not quoted and not stripped.startswith(">"):
            lines.append(line)
            said = said or (stripped != "" and not _RULE.fullmatch(stripped))
        before = stripped or before
    while lines and (not lines[-1].strip() or _RULE.fullmatch(lines[-1].strip())):
        lines.pop()
    return "\n".join(lines).strip()


def _date(written: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(written)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
