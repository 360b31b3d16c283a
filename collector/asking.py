"""How a page is asked for: what is sent, how much an answer may cost, and what is remembered of it for next time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypedDict


class Validator(Protocol):
    """What was remembered of an answer for a conditional GET (a row of the store's `validator`)."""

    @property
    def etag(self) -> str | None:
        """The entity tag, quoted as it came."""
        ...

    @property
    def last_modified(self) -> str | None:
        """The Last-Modified header, as it came."""
        ...

    @property
    def fetched_at(self) -> datetime:
        """When the full answer came, aware UTC."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """Validators of an answer, to be saved with the page that was made of it."""

    url: str
    etag: str | None
    last_modified: str | None
    fetched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one answer may cost us.

    size      decoded bytes
    silence   longest pause of the other side
    whole     everything from connecting to the last byte, however it drips
    patience  all waits of one request together; a longer one ends the run as RateLimited
    run_patience  all waits for refusals and failures of one run together
    """

    size: int = 20_000_000
    silence: timedelta = timedelta(seconds=20)
    whole: timedelta = timedelta(seconds=60)
    patience: timedelta = timedelta(minutes=2)
    run_patience: timedelta = timedelta(minutes=15)
    attempts: int = 5
    redirects: int = 5


class How(TypedDict, total=False):
    """How to ask.

    headers      sent to whoever answers
    auth         headers sent only to the origins that the owner wrote (see Client.bound)
    accept       statuses that are no error to the caller
    conditional  send the validators of last time; a 304 comes back as `unchanged`
    gap          pause after this request, where the site asks for more than ours
    """

    headers: Mapping[str, str]
    auth: Mapping[str, str]
    accept: frozenset[int]
    conditional: bool
    gap: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request as a source wants it."""

    method: str
    url: str
    content: bytes | None = None
    json: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    auth: Mapping[str, str] = field(default_factory=dict)
    accept: frozenset[int] = frozenset()
    conditional: bool = False
    gap: timedelta | None = None
