"""What the owner configures about telling people: the mail server, people with their routes, the pace of alerts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time, timedelta
from email.headerregistry import Address
from email.policy import SMTP
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dashboard.alerts.silence import Silence
from dashboard.alerts.words import languages
from sentiment.spikes.spike import Severity


class Security(StrEnum):
    """How the connection to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}
"""RFC 6409 (submission), RFC 8314 (implicit TLS), RFC 5321."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """The mail server that sends alerts.

    sender    "alerts@example.com" or "Groundswell <alerts@example.com>"
    port      None: the usual one of the chosen security
    timeout   for each answer of the server
    ca_file   PEM file of the authority to trust; None: those of the system
    """

    host: str
    sender: str
    port: int | None = None
    security: Security = Security.STARTTLS
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: timedelta = timedelta(seconds=30)
    ca_file: Path | None = None
    reply_to: str | None = None

    def __post_init__(self) -> None:
        address_of(self.sender)
        if self.reply_to is not None:
            address_of(self.reply_to)
        if self.user is not None and self.password is None:
            raise ValueError("has a user but no password")
        if self.timeout <= timedelta(0):
            raise ValueError("timeout must be longer than nothing, e.g. 30s")

    @property
    def port_used(self) -> int:
        """The port connected to."""
        return PORTS[self.security] if self.port is None else self.port


class DigestEvery(StrEnum):
    """How often a manager gets the summary."""

    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manager:
    """A person (or a team's mailbox or chat room) to tell, and what they are told of.

    brands, dimensions, sources   told of incidents that touch any of each; empty: of all.
                                  A dimension is "Reliability", "rater/Reliability" or "aspect/delay"
    min_severity   milder incidents are not sent
    catch_all      told of what is on no other person's route, and only of that
    operations     also told when a source is stale or failing
    escalate_after told only of incidents on their route that nobody acknowledged for this long
    quiet_hours    "22:00-07:00" in `timezone`: what is milder than `wake_for` waits for their end
    chat           Apprise URLs (Slack, Teams, json:// …); they carry secrets
    digest         a summary every day or week at `digest_at` in `timezone` (weekly: on Mondays)
    digest_empty   also when there is nothing to say
    """

    name: str
    email: str | None = None
    chat: tuple[str, ...] = field(default=(), repr=False)
    brands: tuple[str, ...] = ()
    dimensions: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    min_severity: Severity = Severity.LOW
    catch_all: bool = False
    operations: bool = False
    escalate_after: timedelta | None = None
    timezone: str = "UTC"
    quiet_hours: str | None = None
    wake_for: Severity = Severity.CRITICAL
    language: str = "en"
    digest: DigestEvery | None = None
    digest_at: str = "08:00"
    digest_empty: bool = False

    def __post_init__(self) -> None:
        if self.email is None and not self.chat:
            raise ValueError(f"{self.name} has neither email nor chat; give one, or remove the entry")
        if self.email is not None:
            address_of(self.email)
        if self.escalate_after is not None and self.escalate_after <= timedelta(0):
            raise ValueError("escalate_after must be longer than nothing, e.g. 2h")
        if self.language not in languages():
            raise ValueError(
                f"language {self.language!r} is not known; messages are written in {', '.join(languages())}"
            )
        zone_of(self.timezone)
        clock_of(self.digest_at)
        if self.quiet_hours is not None:
            quiet_of(self.quiet_hours)

    @property
    def zone(self) -> ZoneInfo:
        """The zone of quiet hours, digests and all times in this person's messages."""
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """The pace of alerts.

    base_url   where people open the dashboard; without it messages carry no links
    secret     signs the links in mails (confirm, unsubscribe)
    per_hour   messages that one person gets one by one within an hour; what comes on top is gathered in one
    gather     the pause between two gathered messages to one person
    settle     how long after the last sign of an incident its end is told: when it cannot reopen any more
    past       an incident whose last sign is older than this is history: told in a gathered message
    attempts   tries before a delivery fails for good (the pause doubles from 1 minute up to 2 hours)
    lease      how long a sender may take over one message before another may try
    require_confirmation   send nothing but the question to an address that never confirmed
    planned    silences known beforehand: a campaign, a strike
    """

    base_url: str | None = None
    secret: str | None = field(default=None, repr=False)
    per_hour: int = 3
    gather: timedelta = timedelta(minutes=30)
    settle: timedelta = timedelta(hours=25)
    past: timedelta = timedelta(hours=48)
    attempts: int = 30
    lease: timedelta = timedelta(minutes=5)
    require_confirmation: bool = False
    planned: tuple[Silence, ...] = ()

    def __post_init__(self) -> None:
        if self.require_confirmation and not (self.base_url and self.secret):
            raise ValueError("require_confirmation needs base_url and secret, for the link that people confirm with")
        if self.base_url is not None and not self.base_url.startswith(("http://", "https://")):
            raise ValueError(f"base_url {self.base_url!r} must start with http:// or https://")
        if self.per_hour < 1 or self.attempts < 1:
            raise ValueError("per_hour and attempts must be 1 or more")


def address_of(text: str) -> Address:
    """The one mail address in "a@b.c" or "Name <a@b.c>"; ValueError with a sentence where there is none, or several."""
    header = SMTP.header_factory("To", "" if any(ord(c) < 32 for c in text) else text)
    found: tuple[Address, ...] = header.addresses
    if len(found) != 1 or not found[0].username or not found[0].domain:
        raise ValueError(f"{text!r} is no mail address; write name@example.com")
    return found[0]


def zone_of(name: str) -> ZoneInfo:
    """A zone by its IANA name; ValueError with a sentence where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"timezone {name!r} is not known; write one like Europe/Berlin") from error


def clock_of(text: str) -> time:
    """A time of day from "08:00"; ValueError with a sentence otherwise."""
    try:
        return time.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(f"{text!r} is no time of day; write it like 08:00") from error


def quiet_of(text: str) -> tuple[time, time]:
    """Start and end of quiet hours from "22:00-07:00"; ValueError with a sentence otherwise."""
    start, dash, end = text.replace("–", "-").partition("-")
    if not dash:
        raise ValueError(f"quiet_hours {text!r} must be two times, like 22:00-07:00")
    span = clock_of(start), clock_of(end)
    if span[0] == span[1]:
        raise ValueError(f"quiet_hours {text!r} start and end at the same time; remove the key to have none")
    return span
